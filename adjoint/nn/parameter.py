"""Parameter and Buffer: tensors that a module knows as its own when they are assigned to it; and those that have no size yet."""

from __future__ import annotations

import sys
from collections import OrderedDict
from typing import Any, NoReturn

from adjoint.autograd.overriding import disabled, made_of_class, overrides
from adjoint.declare.arranging import made_of
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
        if type(data) is not Tensor and not isinstance(data, Parameter) and (not isinstance(data, Tensor) or overrides(type(data))):
            return _marked(data, requires_grad)
        made = _over(cls, data)
        if requires_grad:
            if made.dtype.category < FLOAT:
                raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
            made._set_requires_grad(True)
        return made

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        if id(self) in memo:
            return memo[id(self)]
        copied = type(self)(made_of(self._array.copy(order="K")), self.requires_grad)
        memo[id(self)] = copied
        return copied

    def __repr__(self, *, tensor_contents: str | None = None) -> str:
        return "Parameter containing:\n" + Tensor.__repr__(self)

    def __reduce_ex__(self, protocol: Any) -> Any:
        parts: Any = (from_array(self._array), self.requires_grad, OrderedDict())
        attributes = dict(self.__dict__)
        return (_rebuild_parameter_with_state, (*parts, attributes)) if attributes else (_rebuild_parameter, parts)


def _rebuild_parameter(data: Tensor, requires_grad: bool, backward_hooks: Any) -> Parameter:
    """A parameter from its pickled parts."""
    return Parameter(data, requires_grad)


def _rebuild_parameter_with_state(data: Tensor, requires_grad: bool, backward_hooks: Any, state: Any) -> Parameter:
    """A parameter from its pickled parts, attributes among them."""
    made = Parameter(data, requires_grad)
    made.__dict__.update(state)
    return made


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


class UninitializedTensorMixin:
    """What a parameter or buffer is until its size is known: it has a dtype, a device and nothing else.

    Whatever asks for its elements, an operator or a method, raises ValueError.
    """

    __slots__ = ()

    cls_to_become: Any
    requires_grad: bool

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    @property
    def _array(self) -> NoReturn:
        function = sys._getframe(1).f_code.co_name
        raise ValueError(
            f"Attempted to use an uninitialized parameter in {function}. This error happens when you are using a "
            f"`LazyModule` or explicitly manipulating `torch.nn.parameter.{type(self).__name__}` objects. When using "
            "LazyModules Call `forward` with a dummy batch to initialize the parameters before calling torch functions"
        )

    @_array.setter
    def _array(self, value: Any) -> None:
        _memory.__set__(self, value)

    @property
    def data(self) -> Tensor:
        """A tensor without elements, of the dtype that this one will have."""
        return from_array(_memory.__get__(self))

    @data.setter
    def data(self, value: Tensor) -> None:
        _memory.__set__(self, value._array)

    @property
    def dtype(self) -> Any:
        """The element type."""
        return self.data.dtype

    @property
    def device(self) -> Any:
        """The device."""
        return self.data.device

    @property
    def shape(self) -> NoReturn:
        """Raises RuntimeError: it is not known."""
        raise RuntimeError(
            "Can't access the shape of an uninitialized parameter or buffer. This error usually happens in "
            "`load_state_dict` when trying to load an uninitialized parameter into an initialized one. Call `forward` to "
            "initialize the parameters before accessing their attributes."
        )

    def materialize(self, shape: Any, device: Any = None, dtype: Any = None) -> None:
        """Give it memory, of that shape: from now on it is an ordinary parameter, or buffer."""
        import adjoint

        empty = self.data
        dtype = empty.dtype if dtype is None else dtype
        self.data = adjoint.empty(shape, device=empty.device if device is None else device, dtype=dtype)
        self.__class__ = self.cls_to_become

    def share_memory_(self) -> NoReturn:
        """Raises RuntimeError: there is none."""
        raise RuntimeError(
            "Can't share memory on an uninitialized parameter or buffer. Call `forward` to initialize the parameters before "
            "calling `module.share_memory()`."
        )

    def is_floating_point(self) -> bool:
        """Whether it will be of floating-point numbers."""
        return self.data.is_floating_point()  # type: ignore[no-any-return]

    def is_complex(self) -> bool:
        """Whether it will be of complex numbers."""
        return self.data.is_complex()  # type: ignore[no-any-return]

    def size(self, dim: int | None = None) -> Any:
        """That of no elements."""
        return self.data.size(dim)

    def to(self, *args: Any, **kwargs: Any) -> Any:
        """As it is, of another dtype, or on another device."""
        return self._like(self.data.to(*args, **kwargs))

    def _like(self, empty: Tensor) -> Any:
        made: Any = type(self)
        return made(self.requires_grad, empty.device, empty.dtype)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        if id(self) not in memo:
            memo[id(self)] = self._like(self.data)
        return memo[id(self)]

    def copy_(self, source: Tensor, non_blocking: bool = False) -> Any:
        """Take over another one's dtype."""
        if not is_lazy(source):
            source._array  # noqa: B018
        return self

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __reduce_ex__(self, protocol: Any) -> Any:
        return type(self), (self.requires_grad,)


_memory: Any = Tensor._array


def _conversion(name: str) -> Any:
    def convert(self: Any) -> Any:
        return self._like(getattr(self.data, name)())

    convert.__name__ = name
    return convert


for _name in ("half", "float", "double", "char", "short", "int", "long", "cpu"):
    setattr(UninitializedTensorMixin, _name, _conversion(_name))


class UninitializedParameter(UninitializedTensorMixin, Parameter):  # type: ignore[misc]
    """A parameter whose size is not known yet: that of a lazy module before its first call.

    >>> import adjoint as torch
    >>> p = torch.nn.UninitializedParameter()
    >>> p
    <UninitializedParameter>
    >>> p.materialize((2, 3))
    >>> type(p).__name__, p.shape
    ('Parameter', torch.Size([2, 3]))
    """

    __slots__ = ()

    cls_to_become = Parameter

    def __new__(cls, requires_grad: bool = True, device: Any = None, dtype: Any = None) -> Any:
        import adjoint

        made = _over(cls, adjoint.empty(0, device=device, dtype=dtype))
        return made._set_requires_grad(requires_grad)


class UninitializedBuffer(UninitializedTensorMixin, Tensor):  # type: ignore[misc]
    """A buffer whose size is not known yet: that of a lazy module before its first call."""

    __slots__ = ()

    cls_to_become = Tensor

    def __new__(
        cls, requires_grad: bool = False, device: Any = None, dtype: Any = None, persistent: bool = True
    ) -> Any:
        import adjoint

        made = _over(cls, adjoint.empty(0, device=device, dtype=dtype))
        made.persistent = persistent
        made._is_buffer = True
        return made._set_requires_grad(requires_grad)


def is_lazy(param: Any) -> bool:
    """Whether it is a parameter or buffer whose size is not known yet."""
    return isinstance(param, UninitializedTensorMixin)


__all__ = [
    "Buffer",
    "Parameter",
    "UninitializedBuffer",
    "UninitializedParameter",
    "UninitializedTensorMixin",
    "is_lazy",
]
