"""Tensors of a kind: what they have in common, and whether what is computed from them keeps the kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, TypeVar

import adjoint
from adjoint.autograd.overriding import DisableTorchFunctionSubclass
from adjoint.pytree import tree_leaves
from adjoint.tensor import Tensor

Kind = TypeVar("Kind", bound="TVTensor")

_KEEPING = frozenset(getattr(Tensor, name) for name in ("clone", "to", "detach", "requires_grad_", "pin_memory"))
"""What gives a tensor of the same kind always."""

_results = {"keep": False}
"""Whether everything else does."""


class _Restored:
    """What puts the choice back that was in force, where it is used in a ``with`` statement."""

    def __init__(self, before: bool) -> None:
        self._before = before

    def __enter__(self) -> _Restored:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, where: TracebackType | None) -> None:
        _results["keep"] = self._before


def set_return_type(return_type: str) -> _Restored:
    """Choose what is computed from a :class:`TVTensor`: a plain ``"Tensor"``, as it is by default, or a ``"TVTensor"`` of its kind.

    The choice is in force from now on, or, in a ``with`` statement, to its end.  Transforms keep the kind in any case.
    Raises ValueError for another name.

    >>> import adjoint as torch
    >>> from adjoint.vision import tv_tensors
    >>> image = tv_tensors.Image(torch.zeros(3, 2, 2))
    >>> with tv_tensors.set_return_type("TVTensor"):
    ...     print(type(image + 1).__name__)
    Image
    >>> type(image + 1).__name__
    'Tensor'
    """
    choices = {"tensor": False, "tvtensor": True}
    if return_type.lower() not in choices:
        raise ValueError(f"return_type must be 'TVTensor' or 'Tensor', got {return_type}")
    restored = _Restored(_results["keep"])
    _results["keep"] = choices[return_type.lower()]
    return restored


class TVTensor(Tensor):
    """A tensor of a kind.  The kinds are its subclasses; a program can have its own, for which it registers kernels
    (``transforms.v2.functional.register_kernel``)."""

    @staticmethod
    def _to_tensor(data: Any, dtype: Any = None, device: Any = None, requires_grad: bool | None = None) -> Tensor:
        if requires_grad is None:
            requires_grad = data.requires_grad if isinstance(data, Tensor) else False
        return adjoint.as_tensor(data, dtype=dtype, device=device).requires_grad_(requires_grad)  # type: ignore[no-any-return]

    @classmethod
    def wrap(cls: type[Kind], tensor: Tensor, like: Any, **kwargs: Any) -> Kind:
        """The tensor as one of this kind; see :func:`adjoint.vision.tv_tensors.wrap`."""
        return tensor.as_subclass(cls)  # type: ignore[return-value]

    @classmethod
    def _wrap_output(cls, output: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None) -> Any:
        """What a function returned for these arguments, its tensors of this kind."""
        if isinstance(output, Tensor) and not isinstance(output, cls):
            output = output.as_subclass(cls)
        if isinstance(output, (tuple, list)):
            output = type(output)(cls._wrap_output(part, args, kwargs) for part in output)
        return output

    @classmethod
    def __torch_function__(
        cls, func: Any, types: tuple[type, ...], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Call the function on the tensors, and have the result of this kind only where that was chosen, or is always so."""
        if not all(issubclass(cls, kind) for kind in types):
            return NotImplemented
        with DisableTorchFunctionSubclass():
            output = func(*args, **(kwargs or {}))
        keep = _results["keep"]
        # The first argument decides: a tensor that is brought to an image's device becomes no image.
        if keep or (func in _KEEPING and isinstance(args[0], cls)):
            return cls._wrap_output(output, args, kwargs)
        # An operator that writes in place returns what it wrote to, which is of this kind.
        return output.as_subclass(Tensor) if isinstance(output, cls) else output

    def _make_repr(self, **kwargs: Any) -> str:
        shown = ", ".join(f"{name}={value}" for name, value in kwargs.items())
        return f"{super().__repr__()[:-1]}, {shown})"

    def __deepcopy__(self: Kind, memo: dict[int, Any]) -> Kind:
        return self.detach().clone().requires_grad_(self.requires_grad)  # type: ignore[return-value]


def _unasked(name: str) -> property:
    """The attribute of a tensor, for which no class is asked: it is looked up at every step, and is no tensor."""

    def get(self: Tensor) -> Any:
        with DisableTorchFunctionSubclass():
            return getattr(super(TVTensor, self), name)

    get.__name__ = name
    return property(get)


for _name in ("shape", "ndim", "device", "dtype"):
    setattr(TVTensor, _name, _unasked(_name))


def metadata_of(kind: type, args: Sequence[Any], kwargs: Mapping[str, Any] | None) -> Any:
    """The first tensor of this kind among arguments, whose metadata a result has."""
    leaves = tree_leaves((tuple(args), tuple((kwargs or {}).values())))
    return next(leaf for leaf in leaves if isinstance(leaf, kind))
