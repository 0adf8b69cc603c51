"""One sample of the operator database in both libraries: its operands, calls of it, and how errors are compared."""

from __future__ import annotations

import re
from collections.abc import Callable, Container
from dataclasses import dataclass, field
from typing import Any

import torch

import adjoint
from fuzz.databases.comparison import difference
from fuzz.databases.exceptions import LOOSE, NO_VALUES
from fuzz.databases.operators import seed, tensors
from fuzz.databases.translation import Lacking, translated
from fuzz.run import memory, overlap, plain_text


@dataclass
class Side:
    """One library's operands and functions."""

    library: Any
    operands: tuple[Any, Any, Any]  # the first, those after it, and those by keyword
    processed: Callable[[Any], Any]
    of: Callable[[Any], Any]  # PyTorch's function or tensor in this library

    def call(self, function: Any, operands: tuple[Any, Any, Any] | None = None) -> tuple[Any, BaseException | None]:
        """What a function returns of the operands, or raises."""
        first, args, kwargs = self.operands if operands is None else operands
        return self.attempt(lambda: function(first, *args, **kwargs))

    def attempt(self, function: Callable[[], Any]) -> tuple[Any, BaseException | None]:
        """What a function returns from a fixed state of the generator, or raises."""
        self.library.manual_seed(0)
        try:
            return function(), None
        except Lacking:
            raise
        except Exception as error:
            if self.library is adjoint and isinstance(error, AttributeError):
                lacking = re.search(r"Adjoint does not have (\S+)|has no attribute '(\w+)'", str(error))
                if lacking:
                    raise Lacking(lacking[1] or lacking[2]) from error
            return None, error


@dataclass
class Case:
    """One sample: an operator's operands in PyTorch and, made anew for whoever asks, in Adjoint."""

    info: Any
    name: str
    sample: Any
    dtype: torch.dtype
    wide: bool = False
    """Whether PyTorch computes in double what is narrower, as a judge of whose digits are right."""
    loose: float = field(init=False)
    gauged: bool = field(init=False)
    numbered: bool = field(init=False)
    recorded: bool = field(init=False)

    def __post_init__(self) -> None:
        self.loose = LOOSE.get(self.name, 1.0)
        processed = self.sample.output_process_fn_grad
        self.gauged = (processed is not None and getattr(processed, "__name__", "") != "<lambda>") or self.name in NO_VALUES
        """Whether numbers are compared only after the database's own function has made them unique."""
        self.numbered = self.name not in NO_VALUES
        operands = tensors((self.sample.input, self.sample.args, self.sample.kwargs))
        self.recorded = self.numbered and any(t.requires_grad for t in operands)

    def sides(self) -> tuple[Side, Side]:
        """PyTorch's side and Adjoint's."""
        memo: dict[int, Any] = {}
        theirs: Any = (self.sample.input, self.sample.args, self.sample.kwargs)
        processed = self.sample.output_process_fn_grad
        for leaf in tensors(theirs):  # which samples share
            if leaf.is_leaf:
                leaf.grad = None
        kept: list[Any] = []  # what a memo knows by its identity has to live as long

        def of(value: Any) -> Any:
            kept.append(value)
            if self.wide:
                kept.append(value := self._narrowed(value, memo))
            return translated(value, memo)

        ours = of(theirs)
        if self.wide:
            wide = {id(t): _widened(t) for t in tensors(theirs)}
            kept += wide.values()
            memo.update({id(wide[at]): memo[at] for at in wide})
            theirs = replaced(theirs, wide)
        return Side(torch, theirs, processed, lambda value: value), Side(adjoint, ours, of(processed), of)


    def difference(self, theirs: Any, ours: Any, values: bool = True, loose: float = 1.0, memory: bool = True) -> str | None:
        """What differs first between two results; where PyTorch's are wider, only numbers are compared."""
        if self.wide:
            theirs, ours = (replaced(value, {id(t): t.detach() for t in tensors(value)}) for value in (theirs, ours))
            return difference(self._narrowed(theirs), ours, values, loose * self.loose, memory=False)
        return difference(theirs, ours, values, loose * self.loose, memory=memory)


    def _narrowed(self, value: Any, known: Container[int] = ()) -> Any:
        """A value with the sample's own dtype in place of double."""
        kinds = {torch.float64: self.dtype.to_real(), torch.complex128: self.dtype.to_complex()}
        found = [t for t in tensors(value) if id(t) not in known and t.dtype in kinds]
        return replaced(value, {id(t): t.detach().to(kinds[t.dtype]).requires_grad_(t.requires_grad) for t in found})


def _widened(tensor: torch.Tensor) -> torch.Tensor:
    if tensor.layout is not torch.strided or not (tensor.is_floating_point() or tensor.is_complex()):
        return tensor
    wide = tensor.detach().to(torch.complex128 if tensor.is_complex() else torch.float64)
    return wide.requires_grad_(tensor.requires_grad)


def errors(theirs: BaseException | None, ours: BaseException | None, texts: bool = False) -> str | None:
    """What differs between what two calls raised: its type, and its text if that is asked for; None if nothing does."""
    told = [None if e is None else f"{type(e).__name__}: {(plain_text(e).splitlines() or [''])[0]}" for e in (theirs, ours)]
    same = told[0] == told[1] if texts or None in told else type(theirs).__name__ == type(ours).__name__
    return None if same else f"raised: {told[0]} | {told[1]}"


def shared(theirs: Side, result: Any, ours: Side, our_result: Any) -> str | None:
    """What differs in which operands the results share memory with: to write to one would write to the other."""
    found = []
    for side, made in ((theirs, result), (ours, our_result)):
        places = [memory(t, side.library) for t in tensors(side.operands)]
        found.append([[k for k, at in enumerate(places) if overlap(at, memory(t, side.library))] for t in tensors(made)])
    return None if found[0] == found[1] else f"memory shared with operands: {found[0]} | {found[1]}"


def replaced(value: Any, by: dict[int, Any]) -> Any:
    """A value with other tensors in place of some, which are told by their identity."""
    if isinstance(value, (torch.Tensor, adjoint.Tensor)):
        return by.get(id(value), value)
    if isinstance(value, dict):
        return {k: replaced(v, by) for k, v in value.items()}
    return type(value)(replaced(v, by) for v in value) if type(value) in (list, tuple) else value


def seeds(tensors: list[Any], first: int = 0) -> list[torch.Tensor]:
    """One for each of some tensors."""
    return [seed(t.shape, t.is_complex(), str(t.dtype), first + k) for k, t in enumerate(tensors)]
