"""Operator: what one row of a table says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from adjoint.autograd.overlap import USUAL, Overlap
from adjoint.declare.kernel_dtypes import Kernel
from adjoint.declare.outs import Out

MISSING: Any = type("MISSING", (), {"__repr__": lambda self: "MISSING"})()

ARRAY, OPTIONAL, ARRAYS, VALUE = "array", "optional", "arrays", "value"
_KINDS = {"Array": ARRAY, "Array | None": OPTIONAL, "Arrays": ARRAYS}


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter of an operator's forward."""

    name: str
    kind: str  # ARRAY, OPTIONAL (an array or None), ARRAYS (a sequence of arrays), VALUE (anything else)
    default: Any = MISSING
    keyword_only: bool = False


@dataclass(slots=True, eq=False)  # a row is equal to itself only
class Operator:
    """A declared operator.

    ``forward`` computes on arrays.  ``gradients`` maps the names of inputs (a tuple of them) to the formula that gives
    their gradients; a formula's parameter names say what it needs:

    ======================  =========================================================================
    ``g``                   the gradient that arrives (``gs``: those of all outputs, zeros where none did)
    ``arrived``             beside ``gs``: a tuple of bools, which of them did; what is made of zeros would depend on inputs
    ``result``              the output; of several, by their names in ``outputs``
    an input's name         that input
    ``<input>_shape``       its shape only; likewise ``<input>_dtype``
    a value's name          that argument
    a name in ``keeps``     what the forward returned beside its result
    ``needed``              for a formula of several inputs: a tuple of bools, which gradients are asked for
    ======================  =========================================================================
    """

    name: str
    forward: Callable[..., Any]
    gradients: dict[tuple[str, ...], Callable[..., Any]]
    elementwise: bool = False
    view: bool = False
    turns: tuple[bool, bool] | None = None  # view: whether its values are conjugates, and whether negatives of the memory's
    fused: bool = True  # whether forward and formulas have a compiled reading as a whole where arrays are large
    least: int | None = None  # from how many elements on they are read so, where that is sooner than other rows
    plain: Callable[..., Any] | None = None  # what forward is while all values have their defaults
    promote: str = "same"  # elementwise: "same", "float" (integers become the default dtype), "bool" (the result is)
    wide: bool = False  # elementwise: whether halves beside a number are computed in float32, the number as it is
    outputs: tuple[str, ...] | str | None = None  # names of several outputs; "list" for a number that varies
    apart: bool = False  # whether its callers take its outputs apart, so that nobody sees a named tuple of them
    differentiable: tuple[str, ...] | None = None  # which of the outputs have gradients; all, if None
    keeps: dict[str, Callable[..., Any] | None] = field(default_factory=dict)
    node_name: str = ""
    variadic: str | None = None  # the value parameter that may be given as separate arguments
    tangent: Any = None  # forward mode: None (from the formulas), "linear", "multilinear", or a formula
    jvp: Callable[..., Any] | None = None
    writer: Callable[..., Any] | None = None  # the in-place forward: writes into its first argument and returns it
    where: tuple[str, ...] = ()
    doc: str | None = None
    scalar: Operator | None = None  # elementwise: the row that takes over where the last operand is a Python number
    scalar_first: bool | Operator = False  # whether the first operand may be a number; the row that takes over then
    numbers_alone: bool = False  # elementwise: whether all operands may be Python numbers
    numbers: bool = True  # elementwise: whether operands may be Python numbers
    beside_numpy: bool = False  # elementwise: whether its special method takes NumPy arrays as tensors
    check: Callable[..., Any] | None = None  # raises PyTorch's error for operands of differing or unsupported dtypes
    stored: frozenset[Any] = frozenset()  # elementwise: dtypes that are stored only (adjoint.stored) and that it takes all the same
    kernel: Kernel | None = None  # with which dtypes PyTorch computes it; with all that the forward does, if None
    overlap: Overlap = USUAL  # what may share memory where it writes
    out: Out | None = None  # what may be given as ``out``; None where nothing may
    held: tuple[str, ...] = ()  # inputs whose memory is kept: assigning to their `data` changes no backward
    flat: tuple[str, ...] = ()  # inputs in which their own gradients are step functions, or the result
    again: str = ""  # the node of such gradients, where it is not that of this row with "Backward" behind it
    lies: Any = None  # how its results lie in memory (:mod:`.arranging`); as they were computed, if None
    joint: dict[str, tuple[str, ...]] = field(default_factory=dict)  # whose gradient PyTorch has from a function of which
    steps: Callable[..., Any] | None = None  # how PyTorch computes it, where its nodes are several (:mod:`.steps`)
    reads: dict[str, str] = field(default_factory=dict)  # how a gradient's formula reads, where that is code
    _params: tuple[Param, ...] | None = None
    _built: dict[str, Any] = field(default_factory=dict)

    @property
    def params(self) -> tuple[Param, ...]:
        """The forward's parameters."""
        if self._params is None:
            self._params = _parameters(self.forward, self.elementwise)
        return self._params

    @property
    def arrays(self) -> tuple[Param, ...]:
        """Those of the parameters that are arrays."""
        found = self._built.get("arrays")
        if found is None:
            found = self._built["arrays"] = tuple(p for p in self.params if p.kind != VALUE)
        return found  # type: ignore[no-any-return]

    @property
    def values(self) -> tuple[Param, ...]:
        """Those of the parameters that are not."""
        found = self._built.get("values")
        if found is None:
            found = self._built["values"] = tuple(p for p in self.params if p.kind == VALUE)
        return found  # type: ignore[no-any-return]

    @property
    def differentiable_inputs(self) -> tuple[str, ...]:
        """The inputs that have a gradient, in the order of the parameters."""
        having = {name for names in self.gradients for name in names}
        return tuple(p.name for p in self.params if p.name in having)

    @property
    def backward_name(self) -> str:
        """The name of the node's class: ``mul`` gives ``MulBackward0``; the first, where there are several."""
        return self.backward_names[0]

    @property
    def backward_names(self) -> list[str]:
        """All names that ``node`` chooses from: ``"SumBackward0 if dim is None else SumBackward1"`` has two."""
        if self.node_name:
            return [choice.split()[0] for choice in self.node_name.split(" else ")]
        return ["".join(word[:1].upper() + word[1:] for word in self.name.split("_")) + "Backward0"]

    @property
    def takes_large(self) -> bool:
        """Whether the formulas have a compiled reading as a whole."""
        several = any(p.kind == ARRAYS for p in self.arrays)
        return self.fused and not several and self.outputs is None and not self.view

    @property
    def function(self) -> Callable[..., Any]:
        """The operator on tensors: ``torch.name``."""
        built = self._built.get("function")
        if built is not None:
            return built
        from adjoint.declare.emit import build

        return build(self, "function")

    @property
    def recorded(self) -> Callable[..., Any]:
        """``recorded(result, *operands)``: as ``function(*operands)`` where the result (and what the forward keeps beside it)
        is already there, because one kernel computed several operators on large arrays."""
        built = self._built.get("recorded")
        if built is not None:
            return built
        from adjoint.declare.emit import build

        return build(self, "recorded")

    def step_by_step(self, *args: Any, **kwargs: Any) -> Any:
        """The operator as its ``steps`` compute it, for who has to see each of them."""
        given = {**dict(zip((p.name for p in self.params), args)), **kwargs}
        for p in self.arrays:
            given[f"{p.name}_shape"] = given[p.name]._array.shape
        assert self.steps is not None
        return self.steps(*[given[name] for name in asks_for(self.steps)])

    @property
    def inplace(self) -> Callable[..., Any]:
        """The operator that writes into its first operand: ``Tensor.name_``."""
        built = self._built.get("inplace")
        if built is None:
            from adjoint.declare.inplace import inplace_method

            built = self._built["inplace"] = inplace_method(self)
        return built


def asks_for(formula: Callable[..., Any]) -> tuple[str, ...]:
    """The parameter names of a formula, in order."""
    if isinstance(formula, np.ufunc):
        return ("g",)
    code = formula.__code__
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


def _parameters(forward: Any, elementwise: bool) -> tuple[Param, ...]:
    forward = getattr(forward, "on_arrays", forward)  # behind an array function of our own
    if isinstance(forward, np.ufunc):
        return tuple(Param(name, ARRAY) for name in ("self", "other")[: forward.nin])
    code = forward.__code__
    names = code.co_varnames
    annotations = forward.__annotations__
    defaults = forward.__defaults__ or ()
    first_default = code.co_argcount - len(defaults)
    found = []
    for i in range(code.co_argcount):
        name = names[i]
        default = defaults[i - first_default] if i >= first_default else MISSING
        kind = _KINDS.get(annotations.get(name, ""))
        if kind is None:
            kind = ARRAY if elementwise and default is MISSING else VALUE
        found.append(Param(name, kind, default))
    for i in range(code.co_argcount, code.co_argcount + code.co_kwonlyargcount):
        name = names[i]
        default = (forward.__kwdefaults__ or {}).get(name, MISSING)
        found.append(Param(name, _KINDS.get(annotations.get(name, ""), VALUE), default, keyword_only=True))
    return tuple(found)
