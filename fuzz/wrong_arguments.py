"""Wrong arguments: every public function, method and module constructor, called as it should not be, in both libraries.

A call that PyTorch takes (of its databases of operators and modules) is spoilt in one place at a time: another value where
a tensor, a number or a flag is due, an argument too few or too many, a keyword that there is not.  Compared are whether
both refuse, and with which error; and an error of Adjoint's is looked at for what a user cannot know: names from inside,
and texts of NumPy's.  ``python -m fuzz.wrong_arguments [NAME ...]`` prints what differs.
"""

from __future__ import annotations

import re
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import torch

import adjoint
from fuzz.databases.modules import MODULES
from fuzz.databases.modules import sampled as module_samples
from fuzz.databases.operators import OPERATORS, sampled
from fuzz.databases.translation import Lacking, translated

WRONG: tuple[tuple[str, Any], ...] = (
    ("a string", "a"),
    ("None", None),
    ("an empty list", []),
    ("a list of strings", ["a"]),
    ("an int", 3),
    ("a float", 1.5),
    ("a dictionary", {}),
    ("an object", object()),
    ("a tensor of integers", torch.tensor([1, 2, 3])),
    ("a tensor of five dimensions", torch.ones(2, 3, 1, 2, 1)),
    ("a complex tensor", torch.ones(7, dtype=torch.complex64)),
)

INSIDE = re.compile(
    r"\b_[a-zA-Z]\w*|\badjoint\b|<lambda>|\bnumpy\b|\bnp\.|ndarray|ufunc|\bufuncs?\b|\bOP\b|\ba\d\b|llvmlite|\baxis\b|\baxes\b"
    r"|broadcast together|setting an array element|object has no attribute|object of type|\bkept_|is not iterable"
    r"|to unpack \(|cannot unpack"
    r"|not subscriptable|unsupported operand|cannot be interpreted|not supported between|unhashable|operands could not"
    r"|must be real number|could not convert|object is not callable|math domain|einstein|casting|array\(|KeyError"
)
"""What stands in texts that come from inside, or from Python's and NumPy's own."""

THEIR_INSIDE = re.compile(
    "object has no attribute|tuple index out of range|Boolean value of Tensor|not supported between|unsupported operand"
    "|invalid literal|internal error|Could this error message be improved"
)

_KINDS = ("same", "text", "theirs", "type", "inside", "accepted", "refused")


@dataclass
class Finding:
    """What one spoilt call did in both libraries."""

    kind: str
    name: str
    how: str
    theirs: str
    ours: str

    def __str__(self) -> str:
        return f"{self.kind:8} {self.name}: {self.how}\n    PyTorch {self.theirs}\n    Adjoint {self.ours}"


@dataclass
class Result:
    """All that was found, and how many calls there were."""

    findings: list[Finding] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, found: Finding) -> None:
        """Count one call."""
        self.counts[found.kind] += 1
        if found.kind != "same":
            self.findings.append(found)

    def summary(self) -> str:
        """The figures in one line."""
        raised = sum(self.counts[k] for k in ("same", "text", "theirs", "type", "inside"))
        return f"{sum(self.counts.values())} calls, {raised} refused by both: " + ", ".join(
            f"{kind} {self.counts[kind]}" for kind in _KINDS
        )


def spoilt(args: tuple[Any, ...], kwargs: dict[str, Any], most: int) -> Iterator[tuple[str, tuple[Any, ...], dict[str, Any]]]:
    """The call with one thing wrong at a time."""
    yield "a keyword that there is not", args, {**kwargs, "foo": 1}
    yield "no arguments", (), {}
    yield "an argument too few", args[:-1], kwargs
    yield "five arguments too many", (*args, 1, 2, 3, 4, 5), kwargs
    for position in range(min(len(args), most)):
        for what, value in WRONG:
            yield f"{what} at {position + 1}", (*args[:position], value, *args[position + 1 :]), kwargs
    for name in list(kwargs)[:most]:
        for what, value in WRONG:
            yield f"{what} as {name}", args, {**kwargs, name: value}


def attempt(function: Any, args: Any, kwargs: Any) -> BaseException | None:
    """The error that a call raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            function(*args, **kwargs)
        except Exception as error:
            return error
    return None


def first_line(error: BaseException | None) -> str:
    """The type and the first line of an error."""
    if error is None:
        return "takes it"
    text = str(error).splitlines()
    return f"{type(error).__name__}: {text[0] if text else ''}"


def judged(name: str, how: str, theirs: BaseException | None, ours: BaseException | None) -> Finding | None:
    """What the two outcomes are to each other; None where both take the call."""
    if theirs is None and ours is None:
        return None
    a, b = (first_line(e).replace("TensorBase.", "Tensor.") for e in (theirs, ours))
    if theirs is None:
        kind = "refused"
    elif ours is None:
        kind = "accepted"
    elif leaks(b, a) or (not ours.__suppress_context__ and ours.__context__ is not None and leaks(shown(ours), shown(theirs))):
        kind = "inside"
    elif type(theirs) is not type(ours) and THEIR_INSIDE.search(a):
        kind = "theirs"  # it is PyTorch's error that comes from inside
    elif type(theirs).__name__ != type(ours).__name__:
        kind = "type"
    else:
        kind = "same" if a == b else "text"
    return Finding(kind, name, how, a, b)


def shown(error: BaseException) -> str:
    """What a traceback shows of an error and of those before it."""
    before = None if error.__suppress_context__ else error.__context__
    return first_line(error) + (f" after {shown(before)}" if before is not None else "")


def leaks(text: str, theirs: str) -> bool:
    """Whether an error's text has something of the inside that PyTorch's has not."""
    return any(found not in theirs for found in INSIDE.findall(text.partition(": ")[2]))


def of_operator(name: str, most: int = 4) -> Iterator[Finding]:
    """An operator's function and method, called wrongly."""
    info = OPERATORS[name]
    if name.startswith("__"):
        return  # Python calls these, with operands that have been looked at
    for _, sample in islice(sampled(name, "float32"), 2, 3):
        calls = [("", info.op, sample.input, sample.args)]
        if info.method_variant is not None and isinstance(sample.input, torch.Tensor):
            calls.append(("Tensor.", info.method_variant, sample.input, sample.args))
        for prefix, function, first, rest in calls:
            try:
                own = translated(function) if not prefix else getattr(adjoint.Tensor, info.method_variant.__name__)
            except (Lacking, AttributeError):
                continue
            args = (_plain(first), *map(_plain, rest))
            kwargs = {k: _plain(v) for k, v in sample.kwargs.items()}
            for how, spoilt_args, spoilt_kwargs in spoilt(args, kwargs, most):
                if prefix and (not spoilt_args or not isinstance(spoilt_args[0], torch.Tensor)):
                    continue
                yield from _both(prefix + name, how, function, own, spoilt_args, spoilt_kwargs)


def of_module(name: str, most: int = 6) -> Iterator[Finding]:
    """A module's constructor, and the module, called wrongly."""
    cls = MODULES[name].module_cls
    try:
        own = translated(cls)
    except Lacking:
        return
    for _, sample in islice(module_samples(name, "float32"), 1):
        args, kwargs = sample.construct
        kwargs = {k: v for k, v in kwargs.items() if k not in ("device", "dtype")}
        for how, spoilt_args, spoilt_kwargs in spoilt(args, kwargs, most):
            yield from _both(name, how, cls, own, spoilt_args, spoilt_kwargs)
        if sample.forward is not None:
            modules = cls(*args, **kwargs), own(*translated(args), **translated(kwargs))
            for how, spoilt_args, spoilt_kwargs in spoilt(*sample.forward, most):
                yield from _both(f"{name}.forward", how, *modules, spoilt_args, spoilt_kwargs)


def _plain(value: Any) -> Any:
    return value.detach() if isinstance(value, torch.Tensor) else value


def _both(name: str, how: str, function: Any, own: Any, args: Any, kwargs: Any) -> Iterator[Finding]:
    try:
        ours = translated((args, kwargs))
    except Lacking:
        return
    torch.manual_seed(0)
    adjoint.manual_seed(0)
    theirs = attempt(function, _copied(args), _copied(kwargs))
    if "for 'torch._C.TensorBase' objects doesn't apply" in str(theirs):
        return  # a method that is called with something else than a tensor before the dot
    error = attempt(own, *ours)
    if isinstance(error, AttributeError) and re.match("module '[a-z.]+' has no attribute", str(error)):
        return  # of what Adjoint has not, or of the database's own functions
    found = judged(name, how, theirs, error)
    if found is not None:
        yield found


def _copied(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.clone()
    if isinstance(value, dict):
        return {k: _copied(v) for k, v in value.items()}
    return type(value)(_copied(v) for v in value) if type(value) in (list, tuple) else value


def run(names: Any = None) -> Result:
    """All operators and modules, or those named."""
    result = Result()
    for found in (*OPERATORS, *MODULES) if names is None else names:
        for each in of_operator(found) if found in OPERATORS else of_module(found):
            result.add(each)
    return result


if __name__ == "__main__":
    result = run(sys.argv[1:] or None)
    print(*result.findings, sep="\n")
    print(result.summary())
