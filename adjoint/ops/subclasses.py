"""Subclasses: tensors as instances of the user's classes."""

from __future__ import annotations

from typing import Any

from adjoint.autograd.overriding import made_of_class
from adjoint.dtypes import FLOAT
from adjoint.ops.shape import alias_view
from adjoint.tensor import NO_EDGE, Tensor, attach, dictionary_of, from_array, writes_of

_NO_CLASS = (
    "Creating a Tensor subclass from a class that does not inherit from Tensor is not possible. Make sure your class inherits "
    "from Tensor."
)


def _checked(cls: Any, data: Any, function: str) -> None:
    if not isinstance(cls, type) or not issubclass(cls, Tensor):
        raise TypeError(_NO_CLASS)
    if not isinstance(data, Tensor):
        raise TypeError(f"{function}(): argument 'data' (position 2) must be Tensor, not {type(data).__name__}")
    made_of_class(cls)


def _resolved(tensor: Tensor) -> Tensor:
    """What waits to be computed of a memory is of a class of its own: the values, computed."""
    return tensor if tensor._waits is None else tensor.resolve_conj().resolve_neg()


def _become(tensor: Tensor, cls: type[Tensor]) -> Any:
    """Have a new tensor be an instance of a class."""
    try:
        tensor.__class__ = cls
        return tensor
    except TypeError:  # a class with slots of its own lies otherwise in memory
        made = object.__new__(cls)
        made._array, made._edge, made._writes = tensor._array, tensor._edge, tensor._writes
        dictionary_of(made).update(dictionary_of(tensor))
        return made


@attach
def as_subclass(self: Tensor, cls: Any) -> Any:
    """The tensor as an instance of a class of tensors: a view, gradients flow through it.

    Raises TypeError for a class that is none of tensors.

    >>> import adjoint as torch
    >>> class Metres(torch.Tensor):
    ...     pass
    >>> type(torch.ones(2).as_subclass(Metres) * 2).__name__
    'Metres'
    """
    _checked(cls, self, "as_subclass")
    return _become(alias_view.function(_resolved(self)), cls)


def _make_subclass(
    cls: Any,
    data: Any,
    require_grad: bool = False,
    *,
    dispatch_sizes_strides_policy: str | None = None,
    dispatch_device: bool = False,
    dispatch_layout: bool = False,
    device_for_backend_keys: Any = None,
) -> Any:
    """A leaf of a class of tensors over the memory of ``data``.

    The options by which a class answers for its own sizes, device and layout belong to ``__torch_dispatch__`` and are refused.
    """
    _checked(cls, data, "_make_subclass")
    if dispatch_sizes_strides_policy or dispatch_device or dispatch_layout or device_for_backend_keys is not None:
        raise NotImplementedError("_make_subclass: a class cannot answer for its sizes or device, without __torch_dispatch__")
    if require_grad and data.dtype.category < FLOAT:
        raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
    source = _resolved(data)
    made = from_array(source._array)
    made._writes = writes_of(source)
    made._edge = None if require_grad else NO_EDGE
    return _become(made, cls)


def _make_wrapper_subclass(cls: Any, *args: Any, **kwargs: Any) -> Any:
    """Refused: such a tensor has no memory, and its class computes every operator below autograd (``__torch_dispatch__``)."""
    if not isinstance(cls, type) or not issubclass(cls, Tensor):
        raise TypeError(_NO_CLASS)
    made_of_class(cls)
    raise TypeError(f"{cls.__name__} must define __torch_dispatch__")


def _make_dtensor(cls: Any, *args: Any, **kwargs: Any) -> Any:
    """Refused: Adjoint has no tensors that are spread over processes."""
    raise NotImplementedError("_make_dtensor: Adjoint has no distributed tensors (DTensor)")


for _function in (_make_subclass, _make_wrapper_subclass, _make_dtensor):
    attach(staticmethod(_function), name=_function.__name__)
