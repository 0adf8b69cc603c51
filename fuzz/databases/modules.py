"""Modules: the samples of PyTorch's module database, with both libraries, in step.

Each module is constructed, printed, called, differentiated twice, copied, saved, and loaded by the other library.
"""

from __future__ import annotations

import copy
import io
import pickle
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import torch
from torch.testing._internal.common_modules import module_db

import adjoint
from fuzz.databases.comparison import TOLERANCE, difference, numbers
from fuzz.databases.operators import seed, tensors
from fuzz.databases.report import Report, reported
from fuzz.databases.translation import translated

MODULES = {info.name: info for info in module_db}
DTYPES = ("float32", "float64", "float16", "bfloat16", "complex64")
NARROW = ("float16", "bfloat16")
"""What PyTorch refuses in these, Adjoint may compute."""

# Module -> what its difference looks like, and why it is there.
KNOWN: dict[str, tuple[str, str]] = {
    "nn.LinearCrossEntropyLoss": (
        r"second .*requires_grad: False \| True",
        "Of the loss in chunks PyTorch has no second derivatives",
    ),
    "nn.TransformerDecoderLayer": (
        "forward .*strides|bfloat16 .*values",
        "Strides of a sum of operands that lie in conflicting orders; bfloat16 rounds to either side of relu's kink",
    ),
    "nn.TransformerEncoder": ("bfloat16 .*values", "bfloat16 rounds to either side of relu's kink"),
}

Arguments = tuple[tuple[Any, ...], dict[str, Any]]


@dataclass
class Sample:
    """What a module is made of and called with, in PyTorch's values."""

    construct: Arguments
    forward: Arguments | None
    training: bool
    error: bool = False
    """Whether the database has it for the error that it raises, whose text is then compared."""


def sampled(name: str, dtype: str, most: int | None = None) -> Iterator[tuple[int, Sample]]:
    """The samples of a module in a dtype, with their numbers; at most so many, always the same ones."""
    info = MODULES[name]
    samples = []
    for training, grad in product((True, False), repeat=2):
        if dtype.startswith("complex") and getattr(torch, dtype) not in info.supported_dtypes("cpu"):
            continue
        torch.manual_seed(1)
        random.seed(1)
        given = {"device": "cpu", "dtype": getattr(torch, dtype), "requires_grad": grad, "training": training}
        made = [(each, False) for each in info.module_inputs_func(info, **given)]
        if info.module_error_inputs_func is not None and dtype not in NARROW:
            made += [(e.module_error_input, True) for e in info.module_error_inputs_func(info, **given)]
        samples += [_sample(each, training, error) for each, error in made]
    numbered = list(enumerate(samples))
    if most is not None and len(numbered) > most:
        numbered = sorted(random.Random(name).sample(numbered, most), key=lambda pair: pair[0])
    yield from numbered


def _sample(given: Any, training: bool, error: bool) -> Sample:
    first, then = given.constructor_input, given.forward_input
    forward = None if then is None else (_leaves(tuple(then.args)), _leaves(then.kwargs))
    return Sample((first.args, first.kwargs), forward, training, error)


def _leaves(value: Any) -> Any:
    """The arguments, without the history of those that were computed, which their copies here have not."""
    if isinstance(value, torch.Tensor):
        return value if value.is_leaf else value.detach().requires_grad_()
    if isinstance(value, dict):
        return {k: _leaves(v) for k, v in value.items()}
    return type(value)(map(_leaves, value)) if type(value) in (list, tuple) else value


def compare(name: str, dtype: str, most: int | None = None, only: set[int] | None = None) -> Report:
    """Run a module's samples in a dtype, at most so many, or those of some numbers."""
    return reported(
        name, dtype, (s for s in sampled(name, dtype, most) if only is None or s[0] in only),
        lambda sample: _one(MODULES[name].module_cls, dtype, sample),
        lambda f: name in KNOWN and re.search(KNOWN[name][0], str(f)),
    )  # fmt: skip


def _one(made: Any, dtype: str, sample: Sample) -> str | None:
    """The first difference of the two libraries' steps."""
    ours = Sample(translated(sample.construct), translated(sample.forward), sample.training, sample.error)
    runs = _Run(torch, made, dtype, sample), _Run(adjoint, translated(made), dtype, ours)
    for step in _STEPS:
        results, errors = zip(*(run.attempt(step) for run in runs))
        what = f"{step.__name__} "
        if errors[0] is not None or errors[1] is not None:
            if errors[0] is not None and dtype in NARROW:
                return None
            if errors[1] is None and "is not implemented" in str(errors[0]):
                continue  # a second derivative that PyTorch has not
            found = _of_errors(*errors, exactly=sample.error)
            return found and what + found
        # How a gradient lies that no leaf keeps, nobody relies on.
        found = difference(*results, where=what, memory=step is not _Run.second)
        if found is not None and not (" values: " in found and dtype in _WIDER and _as_exact(runs, step, results)):
            return found
        if step is _Run.construction:
            runs[1].module.load_state_dict(translated(dict(runs[0].module.state_dict())))
    return None if sample.forward is None else _across(*runs)


_WIDER = {"float16": "float64", "bfloat16": "float64", "float32": "float64", "complex64": "complex128"}


def _as_exact(runs: tuple[_Run, _Run], step: Callable[[_Run], Any], results: Any) -> bool:
    """Whether Adjoint's numbers are as close as PyTorch's to what the step gives where nothing is rounded."""
    theirs, dtype = runs[0], _WIDER[runs[0].dtype]
    memo: dict[int, Any] = {}
    forward = None if theirs.sample.forward is None else _widened(theirs.sample.forward, getattr(torch, dtype), memo)
    construct = _widened(theirs.sample.construct, getattr(torch, dtype), memo)
    wide = _Run(torch, theirs.made, dtype, Sample(construct, forward, theirs.sample.training))
    if wide.attempt(_Run.construction)[1] is not None:
        return False
    wide.module.load_state_dict(theirs.module.state_dict())
    exact, error = wide.attempt(step)
    if error is not None:
        return False
    for c, a, b in zip(tensors(exact), *map(tensors, results)):
        c, a, b = (numbers(t).astype(numbers(c).dtype) for t in (c, a, b))
        scale = np.abs(c).max(initial=0.3, where=np.isfinite(c))
        own, other = (np.abs(x - c).max(initial=0, where=np.isfinite(c)) for x in (a, b))
        if not other <= 10 * own + TOLERANCE[theirs.dtype] * scale:
            return False
    return True


def _widened(value: Any, dtype: torch.dtype, memo: dict[int, Any]) -> Any:
    """The same arguments with floating tensors and dtypes widened; one tensor stays one."""
    if isinstance(value, torch.Tensor) and (value.is_floating_point() or value.is_complex()):
        if id(value) not in memo:
            memo[id(value)] = value.detach().to(dtype).requires_grad_(value.requires_grad)
        return memo[id(value)]
    if isinstance(value, torch.dtype) and value.is_floating_point:
        return dtype
    if isinstance(value, dict):
        return {k: _widened(v, dtype, memo) for k, v in value.items()}
    return type(value)(_widened(v, dtype, memo) for v in value) if type(value) in (list, tuple) else value


class _Run:
    """A sample under way in one library; its methods are the steps, whose results are compared."""

    def __init__(self, library: Any, made: Any, dtype: str, sample: Sample) -> None:
        self.library, self.made, self.dtype, self.sample = library, made, dtype, sample
        self.module: Any = None

    def attempt(self, step: Callable[[_Run], Any]) -> tuple[Any, BaseException | None]:
        """The step's result, or what it raises."""
        self.library.manual_seed(0)
        try:
            return step(self), None
        except Exception as error:
            return None, error

    def construction(self) -> Any:
        """The module's state as it was drawn, and what is printed of it."""
        args, kwargs = self.sample.construct
        module = self.made(*args, **kwargs).to(getattr(self.library, self.dtype)).train(self.sample.training)
        self.module = module
        public = sorted(k for k in module.__dict__ if not k.startswith("_"))
        parameters, buffers = dict(module.named_parameters()), dict(module.named_buffers())
        return {
            "repr": repr(module), "attributes": public, "parameters": parameters, "buffers": buffers,
            "state": dict(module.state_dict()), "modules": [type(m).__name__ for m in module.modules()],
        }  # fmt: skip

    def forward(self) -> Any:
        """The result, and what became of the buffers."""
        return None if self.sample.forward is None else (self.called(), dict(self.module.named_buffers()))

    def first(self) -> Any:
        """The gradients that a backward leaves."""
        roots = [t for t in tensors(self.called()) if t.requires_grad]
        if not roots:
            return None
        self.library.autograd.backward(roots, self._starts(roots))
        found = [t.grad for t in self._leaves()]
        self.module.zero_grad()
        return found

    def second(self) -> Any:
        """The gradients of gradients."""
        roots = [t for t in tensors(self.called()) if t.requires_grad]
        leaves = self._leaves()
        if not roots or not leaves:
            return None
        first = self.library.autograd.grad(roots, leaves, self._starts(roots), create_graph=True, allow_unused=True)
        again = [g for g in first if g is not None and g.requires_grad]
        if not again:
            return first, None
        return first, self.library.autograd.grad(again, leaves, self._starts(again), allow_unused=True)

    def copied(self) -> Any:
        """The results of what deepcopy and pickle make of the module."""
        if self.sample.forward is None:
            return None
        results = []
        for other in (copy.deepcopy(self.module), pickle.loads(pickle.dumps(self.module))):
            self.library.manual_seed(0)
            results.append(self.called(other))
        return results

    def called(self, module: Any = None) -> Any:
        """What the module, or another one, makes of the sample."""
        args, kwargs = self.sample.forward or ((), {})
        return (module or self.module)(*args, **kwargs) if self.sample.forward is not None else None

    def _leaves(self) -> list[Any]:
        given = [t for t in tensors(list(self.sample.forward or ())) if t.requires_grad]
        return given + [p for p in self.module.parameters() if p.requires_grad]

    def _starts(self, roots: list[Any]) -> list[Any]:
        made = [seed(t.shape, t.is_complex(), str(t.dtype), k) for k, t in enumerate(roots)]
        return made if self.library is torch else translated(made)


_STEPS = (_Run.construction, _Run.forward, _Run.first, _Run.second, _Run.copied)


def _across(theirs: _Run, ours: _Run) -> str | None:
    """Whether each library loads what the other saved."""
    for here, there in ((theirs, ours), (ours, theirs)):
        file = io.BytesIO()
        here.library.save(here.module, file)
        file.seek(0)
        try:
            loaded = there.library.load(file, weights_only=False)
        except Exception as error:
            return f"loading what {here.library.__name__} saved: {type(error).__name__}: {error}"
        a, error = here.attempt(_Run.called)
        there.module = loaded
        b, other = there.attempt(_Run.called)
        if error is not None or other is not None:
            return f"calling what {here.library.__name__} saved: {type(other).__name__}: {other}"
        pair = (a, b) if here is theirs else (b, a)
        found = difference(*pair, values=ours.dtype not in NARROW, where=f"saved by {here.library.__name__} ")
        if found is not None:
            return found
    return None


def _of_errors(theirs: BaseException | None, ours: BaseException | None, exactly: bool) -> str | None:
    texts = [None if e is None else f"{type(e).__name__}: {e}" for e in (theirs, ours)]
    if type(theirs).__name__ != type(ours).__name__ or (exactly and texts[0] != texts[1]):
        return f"raised: {texts[0]} | {texts[1]}"
    return None
