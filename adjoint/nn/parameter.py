"""Parameter and Buffer: tensors that a module knows as its own when they are assigned to it."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from adjoint.autograd.overriding import disabled, made_of_class, overrides
from adjoint.dtypes import FLOAT
from adjoint.tensor import NO_EDGE, Tensor, from_array, writes_of

_new = object.__new__


def _over(cls: type, data: Tensor) -> Any:
    """A tensor of class ``cls`` over the memory of ``data``, outside of its graph."""
    made_of_class(cls)
    made: Any = _new(cls)
    made._array = data._array if data._waits is None else data._array.copy()
    made._edge = NO_EDGE
    made._writes = writes_of(data) if data._waits is None else None
    return made


def _marked(data: Any, requires_grad: bool) -> Any:
    """A parameter of a class of tensors of the user's: an instance of that class, marked."""
    made = data.detach().requires_grad_(requires_grad)
    if type(made) is not type(data):
        raise RuntimeError(
            f"Creating a Parameter from an instance of type {type(data).__name__} requires that detach() returns an instance "
            f"of the same type, but return type {type(made).__name__} was found instead. To use the type as a Parameter, "
            "please correct the detach() semantics defined by its __torch_dispatch__() implementation."
        )
    made._is_param = True
    return made


class _ParameterMeta(type):
    """Tensors of other classes that were marked ``_is_param`` count as parameters."""

    def __instancecheck__(cls, instance: Any) -> bool:
        if type.__instancecheck__(cls, instance):
            return True
        return cls is Parameter and isinstance(instance, Tensor) and getattr(instance, "_is_param", False)


class Parameter(Tensor, metaclass=_ParameterMeta):
    """A tensor that is learned: assigned to a module, it appears in ``parameters()``.

    Shares the memory of ``data`` (an empty tensor if None) and requires grad unless told otherwise.

    >>> import adjoint as torch
    >>> torch.nn.Parameter(torch.tensor([1., 2.]))
    Parameter containing:
    tensor([1., 2.], requires_grad=True)
    """

    __slots__ = ()
    __torch_function__ = staticmethod(disabled)

    def __new__(cls, data: Any = None, requires_grad: bool = True) -> Any:
        if data is None:
            import numpy as np

            from adjoint.dtypes import get_default_dtype

            data = from_array(np.empty(0, get_default_dtype().array))
        if type(data) is not Tensor and not isinstance(data, Parameter) and overrides(type(data)):
            return _marked(data, requires_grad)
        made = _over(cls, data)
        if requires_grad:
            if made.dtype.category < FLOAT:
                raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
            made._set_requires_grad(True)
        return made

    def __init__(self, data: Any = None, requires_grad: bool = True) -> None:
        pass

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        if id(self) in memo:
            return memo[id(self)]
        copied = type(self)(from_array(self._array.copy(order="K")), self.requires_grad)
        memo[id(self)] = copied
        return copied

    def __repr__(self, *, tensor_contents: str | None = None) -> str:
        return "Parameter containing:\n" + Tensor.__repr__(self)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _rebuild_parameter, (from_array(self._array), self.requires_grad, OrderedDict())


def _rebuild_parameter(data: Tensor, requires_grad: bool, backward_hooks: Any) -> Parameter:
    """A parameter from its pickled parts."""
    return Parameter(data, requires_grad)


class _BufferMeta(type):
    def __instancecheck__(cls, instance: Any) -> bool:
        if type.__instancecheck__(cls, instance):
            return True
        return cls is Buffer and isinstance(instance, Tensor) and getattr(instance, "_is_buffer", False)


class Buffer(Tensor, metaclass=_BufferMeta):
    """A tensor that belongs to a module's state but is not learned; assigned to a module, it is registered.

    >>> import adjoint as torch
    >>> m = torch.nn.Module()
    >>> m.scale = torch.nn.Buffer(torch.ones(2), persistent=False)
    >>> list(m.state_dict()), [name for name, _ in m.named_buffers()]
    ([], ['scale'])
    """

    __slots__ = ()
    __torch_function__ = staticmethod(disabled)

    def __new__(cls, data: Any = None, *, persistent: bool = True) -> Any:
        if data is None:
            import numpy as np

            from adjoint.dtypes import get_default_dtype

            data = from_array(np.empty(0, get_default_dtype().array))
        made = _over(Tensor, data)
        if data.requires_grad:
            made._edge = data._edge
        made.persistent = persistent
        made._is_buffer = True
        return made


__all__ = ["Buffer", "Parameter"]
