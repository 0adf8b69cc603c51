"""Nested tensors: a tuple of tensors that functions are called with one by one."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

import adjoint
from adjoint.autograd.overriding import made_of_class, name_of
from adjoint.declare.namespaces import OPERATORS
from adjoint.layouts import jagged, layout
from adjoint.tensor import Size, Tensor

# Functions of the last dimension, which all parts have in common; the other tensors that they take are not nested.
_OF_THE_LAST = frozenset({"layer_norm", "linear", "rms_norm"})
# Functions that are no rows, and are computed element by element.
_OF_EACH = frozenset(
    {
        "alpha_dropout", "celu", "clamp", "clip", "clone", "contiguous", "detach", "double", "dropout", "elu",
        "float", "gelu", "half", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu", "mish", "nan_to_num",
        "ones_like", "rand_like", "randn_like", "relu", "relu6", "selu", "sigmoid", "silu", "softplus", "softsign",
        "tanh", "to", "where", "zeros_like",
    }
)  # fmt: skip
_numbers = itertools.count(1)


class Ragged:
    """A size that differs from part to part; equal to itself alone."""

    def __init__(self) -> None:
        self.number = next(_numbers)

    def __repr__(self) -> str:
        return f"j{self.number}"


def made_of(parts: Sequence[Tensor], form: layout, ragged: Ragged | None = None) -> NestedTensor:
    """A nested tensor of these parts."""
    first = parts[0].ndim if parts else 0
    for i, part in enumerate(parts):
        if part.ndim != first and form is jagged:
            raise RuntimeError("When constructing a nested tensor, all tensors in list must have the same dim")
        if part.ndim != first:
            raise RuntimeError(
                "All Tensors given to nested_tensor must have the same dimension. "
                f"Found dimension {part.ndim} for Tensor at index {i} and dimension {first} for Tensor at index 0."
            )
        if form is jagged and part.shape[1:] != parts[0].shape[1:]:
            raise NotImplementedError("jagged nested tensors whose parts differ in another dimension than their first")
    if form is jagged and not parts:
        raise RuntimeError("Cannot construct a nested tensor from an empty list of tensors")
    made_of_class(NestedTensor)
    made: NestedTensor = object.__new__(NestedTensor)
    made._parts, made._form = tuple(parts), form
    made._ragged = Ragged() if ragged is None and form is jagged else ragged
    return made


class NestedTensor(Tensor):
    """Several tensors of different sizes as one.

    It has no array of its own: whatever is not computed part by part raises NotImplementedError.
    """

    _parts: tuple[Tensor, ...]
    _form: layout
    _ragged: Ragged | None

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = name_of(func) or str(func)
        last = name.rpartition(".")[2] if not name.endswith("__get__") else name.split(".")[-2]
        kwargs = kwargs or {}
        own = vars(NestedTensor).get(last)
        if own is not None and isinstance(args[0], NestedTensor):
            return own.__get__(args[0]) if isinstance(own, property) else own(*args, **kwargs)
        row = OPERATORS.get(last)
        pointwise = last in _OF_EACH or (row is not None and row.elementwise)
        if last.endswith("_") or not (pointwise or last in _OF_THE_LAST):
            _refuse(name)
        nested = [x for x in (*args, *kwargs.values()) if isinstance(x, NestedTensor)]
        if pointwise and any(type(x) is Tensor and x.ndim for x in (*args, *kwargs.values())):
            _refuse(f"{name} of a nested tensor and one that is not,")
        first = nested[0]
        for other in nested[1:]:
            if [p.shape for p in other._parts] != [p.shape for p in first._parts] or other._ragged is not first._ragged:
                raise RuntimeError(
                    f"cannot call binary pointwise function {last}.Tensor with inputs of shapes {_sizes(first)} and {_sizes(other)}"
                )

        def part(x: Any, i: int) -> Any:
            return x._parts[i] if isinstance(x, NestedTensor) else x

        results = [
            func(*[part(x, i) for x in args], **{k: part(v, i) for k, v in kwargs.items()})
            for i in range(len(first._parts))
        ]
        return made_of(results, first._form, first._ragged)

    # What it is

    @property
    def is_nested(self) -> bool:
        """True."""
        return True

    @property
    def layout(self) -> layout:
        """``torch.jagged``, or ``torch.strided``."""
        return self._form

    @property
    def dtype(self) -> Any:
        """The parts' dtype."""
        return self._parts[0].dtype if self._parts else adjoint.get_default_dtype()

    @property
    def device(self) -> Any:
        """The parts' device."""
        return self._parts[0].device if self._parts else adjoint.device("cpu")

    @property
    def ndim(self) -> int:
        """One more than the parts'."""
        return 1 + (self._parts[0].ndim if self._parts else 0)

    @property
    def shape(self) -> Size:
        """The sizes of a jagged one, among them the one that differs.  Raises RuntimeError for others, which have none."""
        if self._form is not jagged:
            raise RuntimeError("Internal error: NestedTensorImpl doesn't support sizes. Please file an issue.")
        return tuple.__new__(Size, (len(self._parts), self._ragged, *self._parts[0].shape[1:]))  # Size() takes integers alone

    @property  # type: ignore[misc]
    def requires_grad(self) -> bool:  # type: ignore[override, misc]
        """Whether any part does."""
        return any(part.requires_grad for part in self._parts)

    @property
    def is_leaf(self) -> bool:
        """Whether all parts are."""
        return all(part.is_leaf for part in self._parts)

    @property
    def grad_fn(self) -> Any:
        """The node of the first part."""
        return self._parts[0].grad_fn if self._parts else None

    @property
    def grad(self) -> NestedTensor | None:  # type: ignore[override, misc]
        """The parts' gradients, once they have some."""
        grads = [part.grad for part in self._parts]
        return None if any(g is None for g in grads) else made_of(grads, self._form, self._ragged)  # type: ignore[arg-type]

    def dim(self) -> int:
        """One more than the parts' dimensions."""
        return self.ndim

    def size(self, dim: int | None = None) -> Any:
        """The sizes, or one of them.  Raises RuntimeError for one that differs from part to part, unless it is a jagged one's."""
        if dim is None:
            return self.shape
        dim = dim % self.ndim
        if dim == 0:
            return len(self._parts)
        if self._form is jagged:
            return self.shape[dim]
        sizes = {part.shape[dim - 1] for part in self._parts}
        if len(sizes) > 1:
            raise RuntimeError(f"Given dimension {dim} is irregular and does not have a size.")
        return sizes.pop()

    def numel(self) -> int:
        """How many elements the parts have together."""
        return sum(part.numel() for part in self._parts)

    def is_contiguous(self, memory_format: Any = None) -> bool:
        """True: parts lie as they are."""
        return True

    # Its parts

    def unbind(self, dim: int = 0) -> tuple[Tensor, ...]:  # type: ignore[override]
        """The parts."""
        if dim != 0:
            raise RuntimeError("unbind(): only supported for NestedTensor on dim=0")
        return self._parts

    def values(self) -> Tensor:
        """The parts of a jagged one, one behind the other."""
        self._check_jagged("values")
        return adjoint.cat(self._parts)

    def offsets(self) -> Tensor:
        """Where in :meth:`values` each part begins, and the last ends."""
        self._check_jagged("offsets")
        lengths = [len(part) for part in self._parts]
        return adjoint.tensor([sum(lengths[:i]) for i in range(len(lengths) + 1)])

    def lengths(self) -> None:
        """None: there is nothing between the parts."""

    def to_padded_tensor(self, padding: float, output_size: Any = None) -> Tensor:
        """The parts one above the other, each filled up with ``padding`` to the largest, or to ``output_size``."""
        sizes = [max(each) for each in zip(*(part.shape for part in self._parts))]
        if output_size is not None and self._form is jagged:
            sizes[0] = output_size[1]
        elif output_size is not None:
            wanted = list(output_size)[1:]
            if any(w < s for w, s in zip(wanted, sizes)):
                raise RuntimeError(
                    "Value in output_size is less than NestedTensor padded size. Truncation is not supported."
                )
            sizes = wanted
        padded = []
        for part in self._parts:
            missing = [m for have, want in reversed([*zip(part.shape, sizes)]) for m in (0, want - have)]
            padded.append(adjoint.nn.functional.pad(part, missing, value=padding))
        return adjoint.stack(padded)

    def __getitem__(self, index: Any) -> Any:
        if not isinstance(index, int):
            _refuse("indexing by anything but a number")
        return self._parts[index]

    def __iter__(self) -> Iterator[Tensor]:
        return iter(self._parts)

    def __len__(self) -> int:
        return int(self.shape[0])

    def tolist(self) -> Any:
        """The parts as lists, but of a jagged one."""
        if self._form is jagged:
            raise RuntimeError(".tolist() is not supported for tensor subclasses, got NestedTensor")
        return [part.tolist() for part in self._parts]

    # What is computed of all

    def sum(self, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:  # type: ignore[override]
        """The sum of all elements of a jagged one."""
        self._check_all("sum", dim, keepdim)
        return self.values().sum(dtype=dtype)

    def mean(self, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:  # type: ignore[override]
        """The mean of all elements of a jagged one."""
        self._check_all("mean", dim, keepdim)
        return self.values().mean(dtype=dtype)

    def softmax(self, dim: int, dtype: Any = None) -> NestedTensor:  # type: ignore[override]
        """The softmax of each part over a dimension that all have."""
        return self._over(dim, lambda part, d: part.softmax(d, dtype=dtype))

    def log_softmax(self, dim: int, dtype: Any = None) -> NestedTensor:  # type: ignore[override]
        """The logarithm of that."""
        return self._over(dim, lambda part, d: part.log_softmax(d, dtype=dtype))

    def _over(self, dim: int, function: Any) -> NestedTensor:
        dim = dim % self.ndim
        if dim == 0:
            _refuse("softmax over the parts")
        return made_of([function(part, dim - 1) for part in self._parts], self._form, self._ragged)

    def _check_jagged(self, name: str) -> None:
        if self._form is not jagged:
            _refuse(f"{name}() of a nested tensor that is not jagged")

    def _check_all(self, name: str, dim: Any, keepdim: bool) -> None:
        self._check_jagged(name)
        if dim is not None or keepdim:
            _refuse(f"{name} over one dimension")

    def __repr__(self) -> str:  # type: ignore[override, misc]
        node = f", grad_fn=<{type(self.grad_fn).__name__}>" if self.grad_fn is not None else ""
        grad = node or (", requires_grad=True" if self.requires_grad else "")
        if self._form is jagged:
            return f"NestedTensor(size={tuple(self.shape)}, offsets={self.offsets()}{grad}, contiguous=True)"
        parts = [repr(part.detach()).replace("\n", "\n  ") for part in self._parts]
        return "nested_tensor([\n  " + ",\n  ".join(parts) + f"\n]{grad})"

    def __reduce_ex__(self, protocol: Any) -> Any:
        return made_of, (self._parts, self._form)


def _sizes(nested: NestedTensor) -> Any:
    return tuple(nested.shape) if nested._form is jagged else [tuple(part.shape) for part in nested._parts]


def _refuse(what: str) -> NoReturn:
    raise NotImplementedError(
        f"{what}: not computed for nested tensors. Take their parts, nested.unbind(), or to_padded_tensor()"
    )
