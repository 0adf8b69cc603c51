"""``out=``: every operator of PyTorch's database that takes it, with results written into tensors of all kinds, in both libraries.

What is given as ``out`` is of the right form or not: of another shape or dtype, strided, expanded, one of the operands or a
shifted view of it, a tuple with one that is wrong.  Compared are what is returned, what is in ``out`` afterwards and how that
lies in memory, warnings, and errors.  ``python -m fuzz.outs [NAME ...]`` prints what differs.
"""

from __future__ import annotations

import re
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from typing import Any

import torch

import adjoint
from fuzz.databases.comparison import difference
from fuzz.databases.exceptions import LOOSE, NO_VALUES
from fuzz.databases.operators import OPERATORS, sampled, tensors
from fuzz.databases.report import Report
from fuzz.databases.translation import Lacking, translated

DTYPES = ("float32", "int64", "complex64", "bool")
"""The operators' operands: the first of these that an operator takes, or all that were asked for."""


@dataclass
class Call:
    """One sample in one library: its operands, made anew, and the forms of its results."""

    library: Any
    function: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    forms: list[tuple[tuple[int, ...], str]]  # shape and dtype of each result
    several: bool

    def made(self, change: Callable[[Any, tuple[int, ...], Any], Any], only: int | None = None) -> Any:
        """What is given as ``out``: ``change`` of the library, the shape and the dtype of each result (or of one of them)."""
        outs = []
        for place, (shape, dtype) in enumerate(self.forms):
            made = change if only in (None, place) else right
            outs.append(made(self.library, shape, getattr(self.library, dtype)))
        return tuple(outs) if self.several else outs[0]

    def operands(self) -> list[Any]:
        """The tensors among the operands."""
        return tensors((self.args, self.kwargs))


def right(lib: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """A tensor of the right form with other numbers in it."""
    return lib.full(shape, 1, dtype=dtype)


def _strided(lib: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    return lib.ones(tuple(n * 2 for n in shape), dtype=dtype)[tuple(slice(None, None, 2) for _ in shape)]


def _transposed(lib: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    return lib.ones(shape[::-1], dtype=dtype).permute(*range(len(shape))[::-1]) if shape else lib.ones((), dtype=dtype)


def _expanded(lib: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    return lib.ones((1,) * len(shape), dtype=dtype).expand(shape)


def _larger(lib: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    return lib.ones((*shape[:-1], shape[-1] + 1) if shape else (2,), dtype=dtype)


def _wide(lib: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    return lib.ones((*shape, 2), dtype=dtype)


def _empty(lib: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    return lib.empty((0,), dtype=dtype)


def _of_dtype(name: str) -> Callable[..., Any]:
    return lambda lib, shape, dtype: lib.ones(shape, dtype=getattr(lib, name))


def _empty_of_dtype(name: str) -> Callable[..., Any]:
    return lambda lib, shape, dtype: lib.empty((0,), dtype=getattr(lib, name))


def _grad(lib: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    made = lib.ones(shape, dtype=dtype)
    return made.requires_grad_() if dtype.is_floating_point or dtype.is_complex else made


def _meta(lib: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    return lib.empty(shape, dtype=dtype, device="meta")


def _inference(lib: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    with lib.inference_mode():
        return lib.ones(shape, dtype=dtype)


FORMS: dict[str, Callable[..., Any]] = {
    "right": right, "empty": _empty, "strided": _strided, "transposed": _transposed, "expanded": _expanded, "larger": _larger,
    "one dimension more": _wide,
    **{d: _of_dtype(d) for d in ("int64", "int32", "uint8", "bool", "float64", "float32", "float16", "bfloat16", "complex64")},
    "empty of int64": _empty_of_dtype("int64"), "empty of float64": _empty_of_dtype("float64"),
    "that requires grad": _grad, "of inference mode": _inference,
}  # fmt: skip


def plain(call: Call, form: Callable[..., Any], only: int | None = None) -> Any:
    """The call with ``out`` of a form."""
    return call.made(form, only)


def _operand_itself(call: Call, place: int) -> Any:
    outs = list(call.made(right)) if call.several else [call.made(right)]
    outs[0] = call.operands()[place]
    return tuple(outs) if call.several else outs[0]


def _shifted(call: Call) -> Any:
    """``out`` begins one element behind the first operand, whose memory it shares."""
    first = call.operands()[0]
    memory = call.library.ones(first.numel() + 1, dtype=first.dtype)
    lying = memory[:-1].view(first.shape)
    lying.copy_(first.detach())
    call.args = tuple(lying if a is first else a for a in call.args)
    outs = list(call.made(right)) if call.several else [call.made(right)]
    outs[0] = memory[1:].view(first.shape)
    return tuple(outs) if call.several else outs[0]


def _dual(call: Call) -> Any:
    first = call.operands()[0]
    fwAD = call.library.autograd.forward_ad
    made = fwAD.make_dual(first.detach(), call.library.ones_like(first))
    call.args = tuple(made if a is first else a for a in call.args)
    return call.made(right)


def _dual_out(call: Call) -> Any:
    outs = call.made(right)
    fwAD = call.library.autograd.forward_ad
    first = outs[0] if call.several else outs
    made = fwAD.make_dual(first, call.library.ones_like(first))
    return (made, *outs[1:]) if call.several else made


def ways(call: Call) -> Iterator[tuple[str, Callable[[Call], Any]]]:
    """What may be given as ``out`` to a call, by a name; it is made in each library."""
    for name, form in FORMS.items():
        yield name, lambda c, form=form: c.made(form)
    if call.several:
        for place in range(len(call.forms)):
            for name in ("larger", "bool", "float64", "int64", "complex64", "expanded"):
                yield f"[{place}] {name}", lambda c, form=FORMS[name], place=place: c.made(form, place)
        yield "one tensor", lambda c: c.made(right)[0]
        yield "a list", lambda c: list(c.made(right))
        yield "one too few", lambda c: c.made(right)[:-1]
        yield "one too many", lambda c: (*c.made(right), c.made(right)[0])
        yield "a number among them", lambda c: (*c.made(right)[:-1], 3)
        yield "the same twice", lambda c: (c.made(right)[0],) * len(c.forms)
    else:
        yield "a tuple", lambda c: (c.made(right),)
        yield "a list", lambda c: [c.made(right)]
    yield "None", lambda c: None
    yield "a number", lambda c: 3
    yield "a string", lambda c: "a"
    first = call.operands()
    for place, operand in enumerate(first[:3]):
        if (tuple(operand.shape), str(operand.dtype).removeprefix("torch.")) == call.forms[0]:
            yield f"operand {place}", lambda c, place=place: _operand_itself(c, place)
            if place == 0 and operand.numel() > 1 and any(a is operand for a in call.args):
                yield "a shifted view of the first operand", _shifted
        elif place == 0:
            yield "the first operand, of another form", lambda c: _operand_itself(c, 0)
    if first and (first[0].dtype.is_floating_point or first[0].dtype.is_complex):
        yield "right, operands require grad", lambda c: [c.operands()[0].requires_grad_(), c.made(right)][1]
        if call.forms[0][1].startswith(("float", "complex")):
            yield "right, a dual operand", _dual
            yield "a dual tensor", _dual_out


@dataclass
class Outcome:
    """What a call did."""

    error: str | None
    warned: list[str]
    returned: Any
    outs: Any
    operands: list[Any]
    same: Any
    writes: list[int]


def run(call: Call, way: str, make: Callable[[Call], Any]) -> Outcome:
    """Make the call."""
    lib = call.library
    error, result, outs, before = None, None, None, []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        lib.manual_seed(0)
        level = lib.autograd.forward_ad.dual_level() if "dual" in way else None
        if level is not None:
            level.__enter__()
        try:
            outs = make(call)
            before = _versions(outs)
            result = call.function(*call.args, **call.kwargs, out=outs)
        except Exception as e:
            error = f"{type(e).__name__}: {(str(e).splitlines() or [''])[0]}"
        if level is not None:
            level.__exit__(None, None, None)
    texts = [f"{w.category.__name__}: {str(w.message).split(' (Triggered internally')[0]}" for w in caught]
    texts = [t for t in texts if "torch.jit" not in t]
    given = list(outs) if isinstance(outs, (tuple, list)) else [outs]
    returned = list(result) if isinstance(result, (tuple, list)) else [result]
    same = type(result).__name__, [any(r is g for g in given) for r in returned]
    writes = [after - first for after, first in zip(_versions(outs), before)]
    return Outcome(error, texts, result, outs, call.operands(), same, writes)


def _versions(outs: Any) -> list[int]:
    return [0 if t.is_inference() else t._version for t in tensors(outs)]


def compared(theirs: Outcome, ours: Outcome, loose: float, values: bool) -> str | None:
    """What differs first."""
    if theirs.error != ours.error:
        return f"error: {theirs.error} | {ours.error}"
    if theirs.warned != ours.warned:
        return f"warned: {theirs.warned} | {ours.warned}"
    if theirs.error is not None:
        return None
    if theirs.same != ours.same:
        return f"identity: {theirs.same} | {ours.same}"
    if any(t.dtype in (torch.float64, torch.complex128) for t in _bare(theirs.returned)):
        loose *= 1e5  # computed in single precision
    found = difference(_bare(theirs.returned), _bare(ours.returned), loose=loose, values=values)
    if found is None:
        found = difference(_bare(theirs.operands), _bare(ours.operands), loose=loose, where="operands")
    if found is None and theirs.outs is not None:
        found = f"writes: {theirs.writes} | {ours.writes}" if theirs.writes != ours.writes else None
    return found


def _bare(value: Any) -> Any:
    return [t.detach() for t in tensors(value)]


@dataclass
class Finding:
    """One call that differs."""

    name: str
    dtype: str
    sample: int
    way: str
    what: str

    def __str__(self) -> str:
        return f"{self.name} {self.dtype} #{self.sample} out {self.way}: {self.what}"


def taking() -> list[str]:
    """The operators of the database that take ``out``."""
    return [name for name, info in OPERATORS.items() if info.supports_out]


def fresh(value: Any) -> Any:
    """A copy of PyTorch's operands, as they lie in memory."""
    if isinstance(value, torch.Tensor):
        if value.layout is not torch.strided:
            return value.detach().clone()
        memory = value.detach().untyped_storage().clone()
        return torch.empty(0, dtype=value.dtype).set_(memory, value.storage_offset(), value.shape, value.stride())
    if isinstance(value, dict):
        return {k: fresh(v) for k, v in value.items()}
    return type(value)(fresh(v) for v in value) if type(value) in (list, tuple) else value


_ONCE = re.compile("is deprecated|Casting complex")
"""Warnings that PyTorch gives once in a process."""


def compared_ways(
    info: Any, name: str, sample: Any, only: Container[str] | None = None, alone: bool = True
) -> Iterator[tuple[str, str | None]]:
    """What differs first in a sample, by what is given as ``out``, of all that may be given or only of some.

    Where the process is not the sample's ``alone``, warnings that are given once are left out.
    """
    operands = fresh((sample.input, *sample.args)), fresh(sample.kwargs)
    if "out" in operands[1]:
        return
    try:
        torch.manual_seed(0)
        made = info.op(*fresh(operands[0]), **fresh(operands[1]))
    except Exception:
        return
    several = not isinstance(made, torch.Tensor)
    forms = [(tuple(t.shape), str(t.dtype).removeprefix("torch.")) for t in tensors(made)]
    if not forms or (several and len(forms) != len(made)):
        return
    own = translated(info.op)
    probe = Call(torch, info.op, *fresh(operands), forms, several)
    for way, make in ways(probe):
        if only is None or way in only:
            args, kwargs = translated(operands)
            theirs = run(Call(torch, info.op, *fresh(operands), forms, several), way, make)
            ours = run(Call(adjoint, own, args, kwargs, forms, several), way, make)
            for outcome in () if alone else (theirs, ours):
                outcome.warned = [text for text in outcome.warned if not _ONCE.search(text)]
            yield way, compared(theirs, ours, LOOSE.get(name, 1.0) * 2, name not in NO_VALUES)


def examine(name: str, dtypes: tuple[str, ...] = (), most: int = 3, result: Report | None = None) -> Report:
    """Compare an operator's samples, with all that may be given as ``out``."""
    result = Report() if result is None else result
    info = OPERATORS[name]
    for dtype in dtypes or DTYPES:
        count = 0
        for number, sample in sampled(name, dtype, most):
            count += 1
            try:
                for way, found in compared_ways(info, name, sample):
                    result.compared += 1
                    if found is not None:
                        result.findings.append(Finding(name, dtype, number, way, found))
            except Lacking as lack:
                result.lacking.add(str(lack))
        if count and not dtypes:
            break
    return result


def main() -> None:
    """Print what differs, of the operators named or of all, and the commonest kinds."""
    names = [a for a in sys.argv[1:] if a in OPERATORS]
    dtypes = tuple(a for a in sys.argv[1:] if a in (*DTYPES, "float64", "float16"))
    result = Report()
    for name in names or taking():
        before = len(result.findings)
        examine(name, dtypes, result=result)
        for finding in result.findings[before:]:
            print(finding, flush=True)
    kinds = Counter(re.sub(r"\[[^\]]*\]|\d+", "#", f"{f.way}: {f.what}"[:160]) for f in result.findings)
    for kind, count in kinds.most_common(40):
        print(count, kind)
    print(f"{result.compared} calls, {len(result.findings)} differ; lacking: {', '.join(sorted(result.lacking)) or 'nothing'}")


if __name__ == "__main__":
    main()
