"""The methods and properties of Tensor, which the tables and the modules that attach to it declare."""

# Written by `python -m stubs` from the tables; not by hand.

from builtins import bool as _bool
from builtins import complex as _complex
from builtins import float as _float
from builtins import int as _int
from builtins import type as _type
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, Union, overload

from numpy import ndarray
from typing_extensions import Self

from adjoint import return_types
from adjoint.autograd.hooks import RemovableHandle
from adjoint.autograd.node import Node
from adjoint.device import device as _device
from adjoint.dtypes import dtype as _dtype
from adjoint.interop.storage import TypedStorage, UntypedStorage
from adjoint.layouts import layout as _layout
from adjoint.layouts import memory_format as _memory_format
from adjoint.random import Generator
from adjoint.tensor import Size, Tensor

class Methods:
    @property
    def H(self) -> Tensor:
        """A matrix transposed and conjugated."""

    @property
    def T(self) -> Tensor:
        """The dimensions in reversed order: a matrix transposed."""

    def __abs__(self) -> Tensor: ...
    def __add__(self, other: Tensor | _complex, /) -> Tensor: ...
    def __and__(self, other: Tensor | _complex, /) -> Tensor: ...
    def __array__(self, dtype: Any = None, copy: _bool | None = None) -> ndarray[Any, Any]: ...
    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: _bool = False, /) -> Tensor:
        """What NumPy's functions of tensors return: tensors, truth values as ``uint8``, as PyTorch has it."""

    def __bool__(self) -> _bool: ...
    def __complex__(self) -> _complex: ...
    def __contains__(self, element: Any, /) -> _bool: ...
    def __deepcopy__(self, memo: dict[_int, Any], /) -> Tensor: ...
    def __delitem__(self, index: _int, /) -> None:
        """Raises TypeError: a tensor keeps its sizes."""

    def __div__(self, other: Tensor | _complex, /) -> Tensor: ...
    def __dlpack__(
        self,
        *,
        stream: Any = -1,
        max_version: tuple[_int, _int] | None = None,
        dl_device: tuple[_int, _int] | None = None,
        copy: _bool | None = None,
    ) -> Any:
        """A capsule with this tensor's memory.  Raises BufferError if the tensor requires grad."""

    def __dlpack_device__(self) -> tuple[_int, _int]: ...
    def __eq__(self, other: object, /) -> Tensor: ...  # type: ignore[override]
    def __float__(self) -> _float: ...
    def __floordiv__(self, other: Tensor | _complex, /) -> Tensor: ...
    def __format__(self, spec: str, /) -> str:
        """A tensor without dimensions formats as its number, any other as its text."""

    def __ge__(self, other: Tensor | _complex, /) -> Tensor: ...
    def __getitem__(self, index: Any, /) -> Tensor: ...
    def __gt__(self, other: Tensor | _complex, /) -> Tensor: ...
    def __iadd__(self, other: Tensor | _complex, /) -> Tensor:
        """In-place version of :func:`adjoint.add`."""

    def __iand__(self, other: Tensor | _complex, /) -> Tensor:
        """In-place version of :func:`adjoint.bitwise_and`."""

    def __idiv__(self, other: Tensor | _complex, /) -> Tensor:
        """In-place version of :func:`adjoint.div`."""

    def __ifloordiv__(self, other: Tensor | _complex, /) -> Tensor:
        """In-place version of :func:`adjoint.floor_divide`."""

    def __ilshift__(self, other: Tensor | _complex, /) -> Tensor:
        """In-place version of :func:`adjoint.bitwise_left_shift`."""

    def __imod__(self, other: Tensor | _complex, /) -> Tensor:
        """In-place version of :func:`adjoint.remainder`."""

    def __imul__(self, other: Tensor | _complex, /) -> Tensor:
        """In-place version of :func:`adjoint.mul`."""

    def __index__(self) -> _int: ...
    def __int__(self) -> _int: ...
    def __invert__(self) -> Tensor: ...
    def __ior__(self, other: Tensor | _complex, /) -> Tensor:
        """In-place version of :func:`adjoint.bitwise_or`."""

    def __ipow__(self, other: Tensor | _complex, /) -> Tensor:
        """In-place version of :func:`adjoint.pow`."""

    def __irshift__(self, other: Tensor | _complex, /) -> Tensor:
        """In-place version of :func:`adjoint.bitwise_right_shift`."""

    def __isub__(self, other: Tensor | _complex, /) -> Tensor:
        """In-place version of :func:`adjoint.sub`."""

    def __iter__(self) -> Iterator[Tensor]: ...
    def __itruediv__(self, other: Tensor | _complex, /) -> Tensor:
        """In-place version of :func:`adjoint.div`."""

    def __ixor__(self, other: Tensor | _complex, /) -> Tensor:
        """In-place version of :func:`adjoint.bitwise_xor`."""

    def __le__(self, other: Tensor | _complex, /) -> Tensor: ...
    def __len__(self) -> _int: ...
    def __lshift__(self, other: Tensor | _complex, /) -> Tensor: ...
    def __lt__(self, other: Tensor | _complex, /) -> Tensor: ...
    def __matmul__(self, other: Tensor | _complex, /) -> Tensor: ...
    def __mod__(self, other: Tensor | _complex, /) -> Tensor: ...
    def __mul__(self, other: Tensor | _complex, /) -> Tensor: ...
    def __ne__(self, other: object, /) -> Tensor: ...  # type: ignore[override]
    def __neg__(self) -> Tensor: ...
    def __new__(cls, *args: Any, device: _device | str | _int | None = None) -> Self: ...
    def __or__(self, other: Tensor | _complex, /) -> Tensor: ...
    def __pos__(self) -> Tensor:
        """``+input``: the tensor itself.

        Raises RuntimeError on a bool tensor.
        """

    def __pow__(self, exponent: Tensor | _complex, /) -> Tensor: ...
    def __radd__(self, other: Tensor | _complex, /) -> Tensor: ...
    def __rand__(self, other: Tensor | _complex, /) -> Tensor: ...
    def __rdiv__(self, other: Tensor | _complex, /) -> Tensor: ...
    def __reduce_ex__(self, protocol: Any, /) -> tuple[Any, ...]: ...
    def __repr__(self) -> str: ...
    def __reversed__(self) -> Tensor: ...
    def __rfloordiv__(self, other: Tensor | _complex, /) -> Tensor: ...
    def __rlshift__(self, other: Tensor | _complex, /) -> Tensor: ...
    def __rmatmul__(self, other: Tensor | _complex, /) -> Tensor: ...
    def __rmod__(self, other: Tensor | _complex, /) -> Tensor: ...
    def __rmul__(self, other: Tensor | _complex, /) -> Tensor: ...
    def __ror__(self, other: Tensor | _complex, /) -> Tensor: ...
    def __rpow__(self, other: Tensor | _complex, /) -> Tensor: ...
    def __rrshift__(self, other: Tensor | _complex, /) -> Tensor: ...
    def __rshift__(self, other: Tensor | _complex, /) -> Tensor: ...
    def __rsub__(self, other: Tensor | _complex, /) -> Tensor: ...
    def __rtruediv__(self, other: Tensor | _complex, /) -> Tensor: ...
    def __rxor__(self, other: Tensor | _complex, /) -> Tensor: ...
    def __setitem__(self, index: Any, value: Tensor | _complex, /) -> None: ...
    def __sub__(self, other: Tensor | _complex, /) -> Tensor: ...
    def __truediv__(self, other: Tensor | _complex, /) -> Tensor: ...
    def __xor__(self, other: Tensor | _complex, /) -> Tensor: ...

    _backward_hooks: dict[_int, Any] | None
    """The hooks that see this tensor's gradient, by the numbers of their handles; None where there are none."""

    @property
    def _base(self) -> Tensor | None: ...
    @property
    def _cdata(self) -> _int:
        """A number for the tensor as an object: that of no other."""

    def _coalesced_(self, coalesced: _bool) -> Tensor:
        """Say whether the tensor is coalesced, which nobody checks."""

    @property
    def _current_tangent(self) -> Tensor | None:
        """The tangent at the level that printing shows."""

    def _dimI(self) -> _int:
        """As :func:`sparse_dim`."""

    def _dimV(self) -> _int:
        """As :func:`dense_dim`."""

    _grad_fn: Node | None
    """The node that made this tensor; None for a leaf."""

    def _indices(self) -> Tensor:
        """The places as they are listed, coalesced or not."""

    def _is_view(self) -> _bool:
        """Whether this tensor looks at another one's memory, and autograd knows: not of an inference tensor's."""

    def _make_dtensor(self, *args: Any, **kwargs: Any) -> Any:
        """Refused: Adjoint has no tensors that are spread over processes."""

    def _make_subclass(
        self,
        data: Any,
        require_grad: _bool = False,
        *,
        dispatch_sizes_strides_policy: str | None = None,
        dispatch_device: _bool = False,
        dispatch_layout: _bool = False,
        device_for_backend_keys: Any = None,
    ) -> Any:
        """A leaf of a class of tensors over the memory of ``data``.

        The options by which a class answers for its own sizes, device and layout belong to ``__torch_dispatch__`` and are refused.
        """

    def _make_wrapper_subclass(self, *args: Any, **kwargs: Any) -> Any:
        """Refused: such a tensor has no memory, and its class computes every operator below autograd (``__torch_dispatch__``)."""

    def _memory_size(self) -> _int:
        """How many bytes the memory has that a tensor looks at."""

    def _neg_view(self) -> Tensor:
        """Gradients::

        self: -g
        """

    def _nnz(self) -> _int:
        """How many places are listed."""

    def _typed_storage(self) -> TypedStorage: ...
    def _values(self) -> Tensor:
        """The values as they are listed; no gradient flows through them."""

    def abs(self) -> Tensor:
        """The absolute value of each element; of a complex number, its magnitude, which is real.

        Gradients::

            self: g * sign_of(self)
        """

    def abs_(self) -> Tensor:
        """In-place version of :func:`adjoint.abs`.

        Raises RuntimeError on a complex tensor.
        """

    def absolute(self) -> Tensor:
        """The absolute value of each element; of a complex number, its magnitude, which is real.

        Gradients::

            self: g * sign_of(self)
        """

    def absolute_(self) -> Tensor:
        """In-place version of :func:`adjoint.abs`.

        Raises RuntimeError on a complex tensor.
        """

    def acos(self) -> Tensor:
        """The angle in radians, from 0 to pi, whose cosine each element is; NaN outside of [-1, 1].

        Gradients::

            self: -g / conj(np.sqrt(1 - self * self))
        """

    def acos_(self) -> Tensor:
        """In-place version of :func:`adjoint.acos`."""

    def acosh(self) -> Tensor:
        """The number, not negative, whose hyperbolic cosine each element is; NaN below 1.

        Gradients::

            self: g / (conj(np.sqrt(self - 1) * np.sqrt(self + 1)) if self.dtype.kind == 'c' else np.sqrt((self - 1) * (self + 1)))
        """

    def acosh_(self) -> Tensor:
        """In-place version of :func:`adjoint.acosh`."""

    def add(self, other: Tensor | _complex, *, alpha: _complex = 1) -> Tensor:
        """The sum of two tensors, or of a tensor and a number, element by element: ``input + alpha * other``.

        Gradients::

            self: g
            other: g if alpha == 1 else times(g, conj_number(alpha))
        """

    def add_(self, other: Tensor | _complex, *, alpha: _complex = 1) -> Tensor:
        """In-place version of :func:`adjoint.add`."""

    def addbmm(self, batch1: Tensor, batch2: Tensor, *, beta: _complex = 1, alpha: _complex = 1) -> Tensor:
        """``beta * input + alpha *`` the sum over the batch of ``bmm(batch1, batch2)``.

        Gradients::

            self: _input_gradient
            batch1: batched(_scaled(g, alpha), adjoint_of(batch2))
            batch2: batched(adjoint_of(batch1), _scaled(g, alpha))
        """

    def addbmm_(self, batch1: Tensor, batch2: Tensor, *, beta: _complex = 1, alpha: _complex = 1) -> Tensor:
        """In-place version of :func:`adjoint.addbmm`."""

    def addcdiv(self, tensor1: Tensor, tensor2: Tensor, *, value: _complex = 1) -> Tensor:
        """``input + value * tensor1 / tensor2``, element by element.  Raises RuntimeError where all are integers.

        Gradients::

            self: g
            tensor1: g * conj(constant(python_number(value), g) / tensor2)
            tensor2: -g * conj(constant(python_number(value), g) * tensor1 / (tensor2 * tensor2))
        """

    def addcdiv_(self, tensor1: Tensor, tensor2: Tensor, *, value: _complex = 1) -> Tensor:
        """In-place version of :func:`adjoint.addcdiv`."""

    def addcmul(self, tensor1: Tensor, tensor2: Tensor, *, value: _complex = 1) -> Tensor:
        """``input + value * tensor1 * tensor2``, element by element.

        Gradients::

            self: g
            tensor1: g * times(conj(tensor2), conj_number(value))
            tensor2: g * times(conj(tensor1), conj_number(value))
        """

    def addcmul_(self, tensor1: Tensor, tensor2: Tensor, *, value: _complex = 1) -> Tensor:
        """In-place version of :func:`adjoint.addcmul`."""

    def addmm(self, mat1: Tensor, mat2: Tensor, *, beta: _complex = 1, alpha: _complex = 1) -> Tensor:
        """``beta * input + alpha * (mat1 @ mat2)``, ``input`` broadcast to the shape of the product.

        Gradients::

            self: _input_gradient
            mat1: dot(_scaled(g, alpha), conj(mat2).T)
            mat2: dot(conj(mat1).T, _scaled(g, alpha))
        """

    def addmm_(self, mat1: Tensor, mat2: Tensor, *, beta: _complex = 1, alpha: _complex = 1) -> Tensor:
        """In-place version of :func:`adjoint.addmm`."""

    def addmv(self, mat: Tensor, vec: Tensor, *, beta: _complex = 1, alpha: _complex = 1) -> Tensor:
        """``beta * input + alpha * (mat @ vec)``, ``input`` broadcast to the shape of the product.

        Gradients::

            self: _input_gradient
            mat: _scaled(g, alpha)[:, None] * conj(vec)
            vec: dot(conj(mat).T, _scaled(g, alpha))
        """

    def addmv_(self, mat: Tensor, vec: Tensor, *, beta: _complex = 1, alpha: _complex = 1) -> Tensor:
        """In-place version of :func:`adjoint.addmv`."""

    def addr(self, vec1: Tensor, vec2: Tensor, *, beta: _complex = 1, alpha: _complex = 1) -> Tensor:
        """``beta * input + alpha * outer(vec1, vec2)``, ``input`` broadcast to the shape of the product.

        Gradients::

            self: _input_gradient
            vec1: dot(_scaled(g, alpha), conj(vec2))
            vec2: dot(_scaled(g, alpha).T, conj(vec1))
        """

    def addr_(self, vec1: Tensor, vec2: Tensor, *, beta: _complex = 1, alpha: _complex = 1) -> Tensor:
        """In-place version of :func:`adjoint.addr`."""

    def adjoint(self) -> Tensor:
        """The last two dimensions exchanged, and the elements conjugated.

        >>> import adjoint as torch
        >>> torch.zeros(5, 2, 3).adjoint().shape
        torch.Size([5, 3, 2])
        """

    def all(
        self,
        dim: _int | Sequence[_int] | None = None,
        keepdim: _bool = False,
        *,
        axis: _int | Sequence[_int] | None = None,
        keepdims: _bool | None = None,
    ) -> Tensor:
        """Whether no element is zero, of all, or of those along ``dim``: a bool (of uint8, uint8).

        Not differentiable.
        """

    def allclose(self, other: Tensor, rtol: _float = 1e-05, atol: _float = 1e-08, equal_nan: _bool = False) -> _bool:
        """Whether :func:`isclose` holds for all elements.

        >>> import adjoint as torch
        >>> torch.allclose(torch.tensor([1.]), torch.tensor([1.000001]))
        True
        """

    def amax(
        self,
        dim: _int | Sequence[_int] | None = (),
        keepdim: _bool = False,
        *,
        axis: _int | Sequence[_int] | None = None,
        keepdims: _bool | None = None,
    ) -> Tensor:
        """The largest element, of all, or of those along ``dim`` (one or several); the gradient is shared by equal ones.

        Gradients::

            self: g * (self == result) / sum(self == result, dim)
        """

    def amin(
        self,
        dim: _int | Sequence[_int] | None = (),
        keepdim: _bool = False,
        *,
        axis: _int | Sequence[_int] | None = None,
        keepdims: _bool | None = None,
    ) -> Tensor:
        """The smallest element, of all, or of those along ``dim`` (one or several); the gradient is shared by equal ones.

        Gradients::

            self: g * (self == result) / sum(self == result, dim)
        """

    def aminmax(self, *, dim: _int | None = None, keepdim: _bool = False) -> return_types.aminmax:
        """The smallest and the largest element, of all, or of those along ``dim``, at once.

        Gradients::

            self: g where the least and the greatest are
        """

    def angle(self) -> Tensor:
        """The angle of each complex element in radians; of a real one, 0, or pi where it is negative.

        Gradients::

            self: 0 if self.dtype.kind != 'c' else 1j * self * g / abs(self) ** 2
        """

    def any(
        self,
        dim: _int | Sequence[_int] | None = None,
        keepdim: _bool = False,
        *,
        axis: _int | Sequence[_int] | None = None,
        keepdims: _bool | None = None,
    ) -> Tensor:
        """Whether any element is not zero, of all, or of those along ``dim``: a bool (of uint8, uint8).

        Not differentiable.
        """

    def apply_(self, callable: Callable[[Any], Any]) -> Tensor:
        """Replace every element by what a Python function makes of it."""

    def arccos(self) -> Tensor:
        """The angle in radians, from 0 to pi, whose cosine each element is; NaN outside of [-1, 1].

        Gradients::

            self: -g / conj(np.sqrt(1 - self * self))
        """

    def arccos_(self) -> Tensor:
        """In-place version of :func:`adjoint.acos`."""

    def arccosh(self) -> Tensor:
        """The number, not negative, whose hyperbolic cosine each element is; NaN below 1.

        Gradients::

            self: g / (conj(np.sqrt(self - 1) * np.sqrt(self + 1)) if self.dtype.kind == 'c' else np.sqrt((self - 1) * (self + 1)))
        """

    def arccosh_(self) -> Tensor:
        """In-place version of :func:`adjoint.acosh`."""

    def arcsin(self) -> Tensor:
        """The angle in radians, from -pi/2 to pi/2, whose sine each element is; NaN outside of [-1, 1].

        Gradients::

            self: g / conj(np.sqrt(1 - self * self))
        """

    def arcsin_(self) -> Tensor:
        """In-place version of :func:`adjoint.asin`."""

    def arcsinh(self) -> Tensor:
        """The number whose hyperbolic sine each element is.

        Gradients::

            self: g / conj(np.sqrt(self * self + 1))
        """

    def arcsinh_(self) -> Tensor:
        """In-place version of :func:`adjoint.asinh`."""

    def arctan(self) -> Tensor:
        """The angle in radians, between -pi/2 and pi/2, whose tangent each element is.

        Gradients::

            self: g / conj(self * self + 1)
        """

    def arctan2(self, other: Tensor) -> Tensor:
        """The angle in radians, from -pi to pi, of the point whose height is ``input`` and whose distance to the right is ``other``.

        Gradients::

            self: g * other / (self ** 2 + other ** 2)
            other: -g * self / (self ** 2 + other ** 2)
        """

    def arctan2_(self, other: Tensor) -> Tensor:
        """In-place version of :func:`adjoint.atan2`."""

    def arctan_(self) -> Tensor:
        """In-place version of :func:`adjoint.atan`."""

    def arctanh(self) -> Tensor:
        """The number whose hyperbolic tangent each element is; infinite for -1 and 1, NaN beyond.

        Gradients::

            self: g / conj(1 - self * self)
        """

    def arctanh_(self) -> Tensor:
        """In-place version of :func:`adjoint.atanh`."""

    def argmax(
        self,
        dim: _int | None = None,
        keepdim: _bool = False,
        *,
        axis: _int | None = None,
        keepdims: _bool | None = None,
    ) -> Tensor:
        """The index (int64) of the first largest element, in the flattened tensor, or along ``dim``.

        Not differentiable.
        """

    def argmin(
        self,
        dim: _int | None = None,
        keepdim: _bool = False,
        *,
        axis: _int | None = None,
        keepdims: _bool | None = None,
    ) -> Tensor:
        """The index (int64) of the first smallest element, in the flattened tensor, or along ``dim``.

        Not differentiable.
        """

    def argsort(self, dim: _int = -1, descending: _bool = False, stable: _bool = False) -> Tensor:
        """The indices that sort a tensor along ``dim``.

        >>> import adjoint as torch
        >>> torch.argsort(torch.tensor([3., 1., 2.]))
        tensor([1, 2, 0])
        """

    def argwhere(self) -> Tensor:
        """The indices of the elements that are not zero, a row each."""

    def as_strided(self, size: Sequence[_int], stride: Sequence[_int], storage_offset: _int | None = None) -> Tensor:
        """A view of the tensor's memory with any sizes and strides, from ``storage_offset`` on (in elements).

        Raises RuntimeError where it would reach outside of the memory.

        >>> import adjoint as torch
        >>> torch.arange(4).as_strided((2, 2), (1, 1))
        tensor([[0, 1],
                [1, 2]])
        """

    def as_strided_(self, size: Sequence[_int], stride: Sequence[_int], storage_offset: _int | None = None) -> Tensor:
        """Look at the memory with any sizes and strides, in place."""

    def as_strided_scatter(
        self, src: Tensor, size: Sequence[_int], stride: Sequence[_int], storage_offset: _int | None = None
    ) -> Tensor:
        """A copy of the tensor with ``src`` where its view ``as_strided(size, stride, storage_offset)`` would look.

        Raises RuntimeError where ``src`` is not of that size, or the view would reach outside of the memory.

        >>> import adjoint as torch
        >>> torch.as_strided_scatter(torch.zeros(4), torch.ones(2), (2,), (2,))
        tensor([1., 0., 1., 0.])
        """

    def as_subclass(self, cls: Any) -> Any:
        """The tensor as an instance of a class of tensors: a view, gradients flow through it.

        Raises TypeError for a class that is none of tensors.

        >>> import adjoint as torch
        >>> class Metres(torch.Tensor):
        ...     pass
        >>> type(torch.ones(2).as_subclass(Metres) * 2).__name__
        'Metres'
        """

    def asin(self) -> Tensor:
        """The angle in radians, from -pi/2 to pi/2, whose sine each element is; NaN outside of [-1, 1].

        Gradients::

            self: g / conj(np.sqrt(1 - self * self))
        """

    def asin_(self) -> Tensor:
        """In-place version of :func:`adjoint.asin`."""

    def asinh(self) -> Tensor:
        """The number whose hyperbolic sine each element is.

        Gradients::

            self: g / conj(np.sqrt(self * self + 1))
        """

    def asinh_(self) -> Tensor:
        """In-place version of :func:`adjoint.asinh`."""

    def atan(self) -> Tensor:
        """The angle in radians, between -pi/2 and pi/2, whose tangent each element is.

        Gradients::

            self: g / conj(self * self + 1)
        """

    def atan2(self, other: Tensor) -> Tensor:
        """The angle in radians, from -pi to pi, of the point whose height is ``input`` and whose distance to the right is ``other``.

        Gradients::

            self: g * other / (self ** 2 + other ** 2)
            other: -g * self / (self ** 2 + other ** 2)
        """

    def atan2_(self, other: Tensor) -> Tensor:
        """In-place version of :func:`adjoint.atan2`."""

    def atan_(self) -> Tensor:
        """In-place version of :func:`adjoint.atan`."""

    def atanh(self) -> Tensor:
        """The number whose hyperbolic tangent each element is; infinite for -1 and 1, NaN beyond.

        Gradients::

            self: g / conj(1 - self * self)
        """

    def atanh_(self) -> Tensor:
        """In-place version of :func:`adjoint.atanh`."""

    def backward(
        self,
        gradient: Tensor | None = None,
        retain_graph: _bool | None = None,
        create_graph: _bool = False,
        inputs: Tensor | Sequence[Tensor] | None = None,
    ) -> None:
        """Compute the gradients of this tensor with respect to the graph's leaves, and add them to their ``grad``.

        ``gradient``, of this tensor's shape, is the gradient with respect to this tensor; a scalar needs none.  Saved
        tensors are freed unless ``retain_graph`` (by default ``create_graph``).  With ``create_graph`` the gradients can be
        differentiated again.  With ``inputs`` only these tensors get a ``grad``.

        Raises RuntimeError if this tensor does not require grad, is no scalar and came without a gradient, or if the
        graph was freed.

        >>> import adjoint as torch
        >>> x = torch.tensor([1., 2.], requires_grad=True)
        >>> (x ** 3).sum().backward()
        >>> x.grad
        tensor([ 3., 12.])
        """

    def baddbmm(self, batch1: Tensor, batch2: Tensor, *, beta: _complex = 1, alpha: _complex = 1) -> Tensor:
        """``beta * input + alpha * bmm(batch1, batch2)``, ``input`` broadcast to the shape of the product.

        Gradients::

            self: _input_gradient
            batch1: batched(_scaled(g, alpha), adjoint_of(batch2))
            batch2: batched(adjoint_of(batch1), _scaled(g, alpha))
        """

    def baddbmm_(self, batch1: Tensor, batch2: Tensor, *, beta: _complex = 1, alpha: _complex = 1) -> Tensor:
        """In-place version of :func:`adjoint.baddbmm`."""

    def bernoulli(
        self, p: _float | None = None, *, generator: Generator | None = None, out: Tensor | None = None
    ) -> Tensor:
        """1 where a coin that lands so with the probability in ``input`` does, else 0.

        With ``p`` that is every coin's probability, and ``input`` gives only shape and dtype.  Raises RuntimeError for a
        probability outside of [0, 1].

        >>> import adjoint as torch
        >>> torch.bernoulli(torch.tensor([0., 1.]))
        tensor([0., 1.])
        """

    def bernoulli_(self, p: Tensor | _float = 0.5, *, generator: Generator | None = None) -> Tensor:
        """Fill with 1 where a coin that lands so with probability ``p`` does, else with 0.

        ``p`` is a number, or a tensor of floating-point numbers that broadcasts to this one.  Raises RuntimeError for a
        probability outside of [0, 1].

        >>> import adjoint as torch
        >>> torch.empty(3).bernoulli_(1.)
        tensor([1., 1., 1.])
        """

    def bfloat16(self, memory_format: _memory_format | None = None) -> Tensor:
        """The tensor in ``torch.bfloat16``; itself where it is of that dtype already."""

    def bincount(self, weights: Tensor | None = None, minlength: _int = 0) -> Tensor:
        """How often each number from 0 on occurs; with ``weights``, the sum of the weights where it occurs.

        Raises RuntimeError for what is not 1-d, or negative.

        >>> import adjoint as torch
        >>> torch.bincount(torch.tensor([1, 1, 3]))
        tensor([0, 2, 0, 1])
        """

    def bitwise_and(self, other: Tensor | _complex) -> Tensor:
        """The bits that are set in both, of integers or bools.

        Not differentiable.
        """

    def bitwise_and_(self, other: Tensor | _complex) -> Tensor:
        """In-place version of :func:`adjoint.bitwise_and`."""

    def bitwise_left_shift(self, other: Tensor | _complex) -> Tensor:
        """The bits of ``input`` moved up by ``other``: ``input * 2**other``.

        Not differentiable.
        """

    def bitwise_left_shift_(self, other: Tensor | _complex) -> Tensor:
        """In-place version of :func:`adjoint.bitwise_left_shift`."""

    def bitwise_not(self) -> Tensor:
        """The bits that are not set, of integers or bools.

        Not differentiable.
        """

    def bitwise_not_(self) -> Tensor:
        """In-place version of :func:`adjoint.bitwise_not`."""

    def bitwise_or(self, other: Tensor | _complex) -> Tensor:
        """The bits that are set in either, of integers or bools.

        Not differentiable.
        """

    def bitwise_or_(self, other: Tensor | _complex) -> Tensor:
        """In-place version of :func:`adjoint.bitwise_or`."""

    def bitwise_right_shift(self, other: Tensor | _complex) -> Tensor:
        """The bits of ``input`` moved down by ``other``, the sign kept: ``input`` over ``2**other``, rounded down.

        Not differentiable.
        """

    def bitwise_right_shift_(self, other: Tensor | _complex) -> Tensor:
        """In-place version of :func:`adjoint.bitwise_right_shift`."""

    def bitwise_xor(self, other: Tensor | _complex) -> Tensor:
        """The bits that are set in one of the two alone, of integers or bools.

        Not differentiable.
        """

    def bitwise_xor_(self, other: Tensor | _complex) -> Tensor:
        """In-place version of :func:`adjoint.bitwise_xor`."""

    def bmm(self, mat2: Tensor) -> Tensor:
        """The products of two batches of matrices, (b, n, m) and (b, m, p).  Raises RuntimeError for other shapes.

        Gradients::

            self: batched(g, adjoint_of(mat2))
            mat2: batched(adjoint_of(self), g)
        """

    def bool(self, memory_format: _memory_format | None = None) -> Tensor:
        """The tensor in ``torch.bool``; itself where it is of that dtype already."""

    def broadcast_to(self, size: Sequence[_int]) -> Tensor:
        """The tensor expanded to the given sizes."""

    def byte(self, memory_format: _memory_format | None = None) -> Tensor:
        """The tensor in ``torch.uint8``; itself where it is of that dtype already."""

    def cauchy_(self, median: _float = 0.0, sigma: _float = 1.0, *, generator: Generator | None = None) -> Tensor:
        """Fill with Cauchy-distributed numbers.

        Raises RuntimeError for a ``sigma`` that is not positive or a dtype that is not floating-point.
        """

    def ccol_indices(self) -> Any:
        """Raises RuntimeError: only a sparse column compressed tensor has it, and there is none."""

    def cdouble(self, memory_format: _memory_format | None = None) -> Tensor:
        """The tensor in ``torch.complex128``; itself where it is of that dtype already."""

    def ceil(self) -> Tensor:
        """The smallest integer not below each element, in the same dtype.

        Gradients::

            self: np.zeros_like(g)
        """

    def ceil_(self) -> Tensor:
        """In-place version of :func:`adjoint.ceil`."""

    def cfloat(self, memory_format: _memory_format | None = None) -> Tensor:
        """The tensor in ``torch.complex64``; itself where it is of that dtype already."""

    def chalf(self, memory_format: _memory_format | None = None) -> Tensor:
        """The tensor in ``torch.complex32``; itself where it is of that dtype already."""

    def char(self, memory_format: _memory_format | None = None) -> Tensor:
        """The tensor in ``torch.int8``; itself where it is of that dtype already."""

    def cholesky(self, upper: _bool = False, *, out: Tensor | None = None) -> Tensor:
        """As :func:`adjoint.linalg.cholesky`, which is to be used instead."""

    def cholesky_inverse(self, upper: _bool = False) -> Tensor:
        """The inverse of ``A`` from its Cholesky factor."""

    def cholesky_solve(self, L: Tensor, upper: _bool = False) -> Tensor:
        """The solution of ``A X = input`` from the Cholesky factor of ``A``."""

    def chunk(self, chunks: _int, dim: _int = 0) -> tuple[Tensor, ...]:
        """The tensor in at most ``chunks`` parts of one size along a dimension; the last may be smaller.

        >>> import adjoint as torch
        >>> torch.arange(5).chunk(2)
        (tensor([0, 1, 2]), tensor([3, 4]))
        """

    def clamp(
        self, min: _float | Tensor | None = None, max: _float | Tensor | None = None, *, out: Tensor | None = None
    ) -> Tensor:
        """Each element, or the bound that it is beyond; bounds are two numbers or two tensors.

        Raises RuntimeError without any bound, TypeError where a number and a tensor are mixed.

        >>> import adjoint as torch
        >>> torch.clamp(torch.tensor([-1., 0.5, 2.]), 0, 1)
        tensor([0.0000, 0.5000, 1.0000])
        """

    def clamp_(self, min: _float | Tensor | None = None, max: _float | Tensor | None = None) -> Tensor:
        """In-place version of :func:`adjoint.clamp`."""

    def clamp_max(self, max: Tensor | _complex) -> Tensor:
        """Each element, and ``max`` in the place of larger ones.

        Gradients::

            self: np.where(self <= max, g, constant(0, g))
            max: np.where(self > max, g, constant(0, g))
        """

    def clamp_max_(self, max: Tensor | _complex) -> Tensor:
        """In-place version of :func:`adjoint.clamp_max`."""

    def clamp_min(self, min: Tensor | _complex) -> Tensor:
        """Each element, and ``min`` in the place of smaller ones.

        Gradients::

            self: np.where(self >= min, g, constant(0, g))
            min: np.where(self < min, g, constant(0, g))
        """

    def clamp_min_(self, min: Tensor | _complex) -> Tensor:
        """In-place version of :func:`adjoint.clamp_min`."""

    def clip(
        self, min: _float | Tensor | None = None, max: _float | Tensor | None = None, *, out: Tensor | None = None
    ) -> Tensor:
        """Each element, or the bound that it is beyond; bounds are two numbers or two tensors.

        Raises RuntimeError without any bound, TypeError where a number and a tensor are mixed.

        >>> import adjoint as torch
        >>> torch.clamp(torch.tensor([-1., 0.5, 2.]), 0, 1)
        tensor([0.0000, 0.5000, 1.0000])
        """

    def clip_(self, min: _float | Tensor | None = None, max: _float | Tensor | None = None) -> Tensor:
        """In-place version of :func:`adjoint.clip`."""

    def clone(self, *, memory_format: _memory_format | None = None) -> Tensor:
        """A copy; gradients flow through it to the original.

        >>> import adjoint as torch
        >>> torch.ones(2, requires_grad=True).clone()
        tensor([1., 1.], grad_fn=<CloneBackward0>)

        Gradients::

            self: g
        """

    def coalesce(self) -> Tensor:
        """The same sparse tensor with every place once, and in order: values that share one are added up.

        Returns the tensor itself where it is coalesced.  Raises RuntimeError for a dense one.

        >>> import adjoint as torch
        >>> torch.sparse_coo_tensor([[1, 1]], [3., 4.], (2,)).coalesce().values()
        tensor([7.])
        """

    def col_indices(self) -> Any:
        """Raises RuntimeError: only a sparse row compressed tensor has it, and there is none."""

    def conj(self) -> Tensor:
        """The complex conjugate, a view: what is written to it reaches the tensor; a real tensor itself.

        >>> import adjoint as torch
        >>> torch.conj(torch.tensor([1+2j]))
        tensor([1.-2.j])
        """

    def conj_physical(self, *, out: Tensor | None = None) -> Tensor:
        """The complex conjugate, computed at once; a real tensor itself.

        >>> import adjoint as torch
        >>> torch.conj_physical(torch.tensor([1+2j])).is_conj()
        False
        """

    def conj_physical_(self) -> Tensor:
        """Conjugate in place; a real tensor stays what it is, but counts as written to."""

    def contiguous(self, memory_format: _memory_format | None = ...) -> Tensor:
        """This tensor if its elements lie in memory in order, else a copy in which they do.

        >>> import adjoint as torch
        >>> torch.zeros(2, 3).T.contiguous().stride()
        (2, 1)
        """

    def copy_(self, src: Tensor, non_blocking: _bool = False) -> Tensor:
        """Write the elements of ``src``, broadcast and converted, into this tensor.

        >>> import adjoint as torch
        >>> torch.zeros(2).copy_(torch.tensor(3))
        tensor([3., 3.])
        """

    def copysign(self, other: Tensor | _complex) -> Tensor:
        """The magnitudes of ``input`` with the signs of ``other``, element by element.

        Gradients::

            self: g * result / self
            other: np.zeros_like(g)
        """

    def copysign_(self, other: Tensor | _complex) -> Tensor:
        """In-place version of :func:`adjoint.copysign`."""

    def corrcoef(self) -> Tensor:
        """The correlations of the rows (variables) over the columns (observations).

        >>> import adjoint as torch
        >>> torch.corrcoef(torch.tensor([[1., 2., 3.], [3., 2., 1.]]))
        tensor([[ 1., -1.],
                [-1.,  1.]])
        """

    def cos(self) -> Tensor:
        """The cosine of each element, an angle in radians.

        Gradients::

            self: -g * conj(np.sin(self))
        """

    def cos_(self) -> Tensor:
        """In-place version of :func:`adjoint.cos`."""

    def cosh(self) -> Tensor:
        """The hyperbolic cosine of each element: ``(exp(x) + exp(-x)) / 2``.

        Gradients::

            self: g * conj(np.sinh(self))
        """

    def cosh_(self) -> Tensor:
        """In-place version of :func:`adjoint.cosh`."""

    def count_nonzero(
        self, dim: _int | Sequence[_int] | None = None, *, axis: _int | Sequence[_int] | None = None
    ) -> Tensor:
        """How many elements are not zero, of all, or of those along ``dim`` (one or several): int64.

        Not differentiable.
        """

    def cov(self, *, correction: _int = 1, fweights: Tensor | None = None, aweights: Tensor | None = None) -> Tensor:
        """The covariances of the rows (variables) over the columns (observations), which may be repeated or weighted.

        >>> import adjoint as torch
        >>> torch.cov(torch.tensor([[1., 2., 3.], [3., 2., 1.]]))
        tensor([[ 1., -1.],
                [-1.,  1.]])
        """

    def cpu(self, memory_format: _memory_format | None = ...) -> Tensor:
        """The tensor itself, which is on the CPU.  Raises NotImplementedError for one on ``meta``: there are no elements."""

    def cross(self, other: Tensor, dim: _int | None = None, *, out: Tensor | None = None) -> Tensor:
        """As :func:`adjoint.linalg.cross`; without ``dim`` along the first dimension of size 3, with a warning."""

    def crow_indices(self) -> Any:
        """Raises RuntimeError: only a sparse row compressed tensor has it, and there is none."""

    def cuda(
        self,
        device: _device | str | _int | None = None,
        non_blocking: _bool = False,
        memory_format: _memory_format | None = None,
    ) -> Tensor:
        """Raises: there is no cuda device."""

    def cummax(self, dim: _int, *, axis: _int | None = None) -> return_types.cummax:
        """The largest of the elements up to each one, along ``dim``, and its index (int64), the last of equal ones.

        Gradients::

            self: g added up at indices
        """

    def cummin(self, dim: _int, *, axis: _int | None = None) -> return_types.cummin:
        """The smallest of the elements up to each one, along ``dim``, and its index (int64), the last of equal ones.

        Gradients::

            self: g added up at indices
        """

    def cumprod(self, dim: _int, *, dtype: _dtype | None = None, axis: _int | None = None) -> Tensor:
        """The products of the elements up to each one, along ``dim``.  Integers and bools multiply in int64.

        Gradients::

            self: g * result summed from the end, / self
        """

    def cumprod_(self, dim: _int, *, dtype: _dtype | None = None) -> Tensor:
        """In-place version of :func:`adjoint.cumprod`; ``dtype`` can only be the tensor's own."""

    def cumsum(self, dim: _int, *, dtype: _dtype | None = None, axis: _int | None = None) -> Tensor:
        """The sums of the elements up to each one, along ``dim``.  Integers and bools add up in int64.

        Gradients::

            self: g summed from the end
        """

    def cumsum_(self, dim: _int, *, dtype: _dtype | None = None) -> Tensor:
        """In-place version of :func:`adjoint.cumsum`; ``dtype`` can only be the tensor's own."""

    data: Tensor
    """The same memory outside of the graph, under a record of writes of its own."""

    def data_ptr(self) -> _int:
        """The address of the first element; 0 for a tensor without elements, and on the device ``meta``."""

    def deg2rad(self) -> Tensor:
        """Each element, an angle in degrees, in radians.

        Gradients::

            self: g * pi / 180
        """

    def deg2rad_(self) -> Tensor:
        """In-place version of :func:`adjoint.deg2rad`."""

    def dense_dim(self) -> _int:
        """The number of dense dimensions: all, of a dense tensor."""

    def det(self, *, out: Tensor | None = None) -> Tensor:
        """The determinants of square matrices.

        >>> import adjoint as torch
        >>> torch.det(torch.tensor([[2., 0.], [0., 4.]]))
        tensor(8.)
        """

    def detach(self) -> Tensor:
        """The same memory, under the same record of writes, outside of the graph.

        >>> import adjoint as torch
        >>> torch.ones(2, requires_grad=True).detach().requires_grad
        False
        """

    def detach_(self) -> Tensor:
        """Take this tensor out of the graph.  Raises RuntimeError on a view."""

    @property
    def device(self) -> _device:
        """Where the elements are: on the CPU, or, of a tensor without any, ``meta``."""

    def diag(self, diagonal: _int = 0, *, out: Tensor | None = None) -> Tensor:
        """A matrix with the vector on a diagonal, or the diagonal of a matrix.

        >>> import adjoint as torch
        >>> torch.diag(torch.tensor([[1, 2], [3, 4]]))
        tensor([1, 4])
        """

    def diag_embed(self, offset: _int = 0, dim1: _int = -2, dim2: _int = -1) -> Tensor:
        """Matrices with the last dimension of the tensor on their diagonal, in two new dimensions.

        >>> import adjoint as torch
        >>> torch.tensor([1, 2]).diag_embed()
        tensor([[1, 0],
                [0, 2]])

        Gradients::

            self: np.diagonal(g, offset, dim1, dim2)
        """

    def diagflat(self, offset: _int = 0) -> Tensor:
        """A matrix with all elements of the tensor on a diagonal."""

    def diagonal(self, offset: _int = 0, dim1: _int = 0, dim2: _int = 1) -> Tensor:
        """The diagonal of two dimensions, as the last dimension.

        >>> import adjoint as torch
        >>> torch.tensor([[1, 2], [3, 4]]).diagonal()
        tensor([1, 4])

        Gradients::

            self: g on the diagonal, 0 elsewhere
        """

    def diagonal_scatter(self, src: Tensor, offset: _int = 0, dim1: _int = 0, dim2: _int = 1) -> Tensor:
        """The tensor with ``src`` on a diagonal of two dimensions.

        Gradients::

            self: g, 0 on the diagonal
            src: diagonal(g)
        """

    def diff(
        self,
        n: _int = 1,
        dim: _int = -1,
        prepend: Tensor | None = None,
        append: Tensor | None = None,
        *,
        out: Tensor | None = None,
    ) -> Tensor:
        """Each element less the one before along ``dim``, ``n`` times; of bools whether they differ.

        >>> import adjoint as torch
        >>> torch.diff(torch.tensor([1, 4, 9]))
        tensor([3, 5])
        """

    def digamma(self) -> Tensor:
        """The derivative of ``lgamma`` of each element; minus infinity at zero, NaN at negative integers.

        Gradients::

            self: g * polygamma_of(1, self)
        """

    def digamma_(self) -> Tensor:
        """In-place version of :func:`adjoint.digamma`."""

    def dim(self) -> _int:
        """The number of dimensions."""

    def dim_order(self, *, ambiguity_check: Any = False) -> tuple[_int, ...]:
        """The dimensions from the outermost in memory to the innermost.

        With ``ambiguity_check``, RuntimeError is raised where another order says the same (dimensions of size 1, or of one stride);
        with a list of memory formats, unless exactly one of them fits.

        >>> import adjoint as torch
        >>> torch.zeros(2, 3).T.dim_order()
        (1, 0)
        """

    def dist(self, other: Tensor, p: _float = 2) -> Tensor:
        """The p-norm of ``input - other``.

        >>> import adjoint as torch
        >>> torch.dist(torch.tensor([1., 2.]), torch.tensor([4., 6.]))
        tensor(5.)
        """

    def div(self, other: Tensor | _complex, *, rounding_mode: str | None = None) -> Tensor:
        """The quotient, element by element: a float, or, with ``rounding_mode`` 'trunc' or 'floor', rounded toward zero or down in the operands' dtype.

        Gradients::

            self: g / conj(other) if rounding_mode is None else np.zeros_like(g)
            other: -g * conj(self / other / other) if rounding_mode is None else np.zeros_like(g)
        """

    def div_(self, other: Tensor | _complex, *, rounding_mode: str | None = None) -> Tensor:
        """In-place version of :func:`adjoint.div`."""

    def divide(self, other: Tensor | _complex, *, rounding_mode: str | None = None) -> Tensor:
        """The quotient, element by element: a float, or, with ``rounding_mode`` 'trunc' or 'floor', rounded toward zero or down in the operands' dtype.

        Gradients::

            self: g / conj(other) if rounding_mode is None else np.zeros_like(g)
            other: -g * conj(self / other / other) if rounding_mode is None else np.zeros_like(g)
        """

    def divide_(self, other: Tensor | _complex, *, rounding_mode: str | None = None) -> Tensor:
        """In-place version of :func:`adjoint.div`."""

    def dot(self, tensor: Tensor) -> Tensor:
        """The sum of the products of two vectors' elements.  Raises RuntimeError for other shapes.

        Gradients::

            self: g * conj(tensor)
            tensor: g * conj(self)
        """

    def double(self, memory_format: _memory_format | None = None) -> Tensor:
        """The tensor in ``torch.float64``; itself where it is of that dtype already."""

    def dsplit(self, indices_or_sections: _int | Sequence[_int]) -> tuple[Tensor, ...]:
        """The tensor split as by ``tensor_split`` along the dimension that ``dsplit`` is named for."""

    def eig(self, *args: Any, **kwargs: Any) -> Any:
        """Removed from PyTorch: raises RuntimeError, with what to write instead of ``eig``."""

    def element_size(self) -> _int:
        """The bytes of one element."""

    def eq(self, other: Tensor | _complex) -> Tensor:
        """Whether two elements are equal: a bool tensor.

        Not differentiable.
        """

    def eq_(self, other: Tensor | _complex) -> Tensor:
        """In-place version of :func:`adjoint.eq`."""

    def equal(self, other: Tensor) -> _bool:
        """Whether the two have the same shape and the same elements.

        >>> import adjoint as torch
        >>> torch.equal(torch.tensor([1, 2]), torch.tensor([1, 2]))
        True
        """

    def erf(self) -> Tensor:
        """The error function of each element: the integral of ``2/sqrt(pi) exp(-t**2)`` from 0 to ``x``.

        Gradients::

            self: g * 2 / sqrt(pi) * exp(-self ** 2)
        """

    def erf_(self) -> Tensor:
        """In-place version of :func:`adjoint.erf`."""

    def erfc(self) -> Tensor:
        """One minus the error function of each element, exact to the last digits where that is small.

        Gradients::

            self: -g * 2 / sqrt(pi) * exp(-self ** 2)
        """

    def erfc_(self) -> Tensor:
        """In-place version of :func:`adjoint.erfc`."""

    def erfinv(self) -> Tensor:
        """The number whose error function each element is; infinite for -1 and 1, NaN beyond.

        Gradients::

            self: g * sqrt(pi) / 2 * exp(result ** 2)
        """

    def erfinv_(self) -> Tensor:
        """In-place version of :func:`adjoint.erfinv`."""

    def exp(self) -> Tensor:
        """e to the power of each element.  Integers give the default dtype.

        Gradients::

            self: g * conj(result)
        """

    def exp2(self) -> Tensor:
        """Two to the power of each element.

        Gradients::

            self: g * conj(result) * constant(math.log(2), g)
        """

    def exp2_(self) -> Tensor:
        """In-place version of :func:`adjoint.exp2`."""

    def exp_(self) -> Tensor:
        """In-place version of :func:`adjoint.exp`."""

    def expand(self, *size: _int | Sequence[_int], implicit: _bool = False) -> Tensor:
        """Dimensions of size 1 stretched, and new ones put in front, without copying; -1 keeps a size.

        Raises RuntimeError where a dimension of another size than 1 would have to change.

        >>> import adjoint as torch
        >>> torch.tensor([[1], [2]]).expand(2, 3)
        tensor([[1, 1, 1],
                [2, 2, 2]])
        """

    def expand_as(self, other: Tensor) -> Tensor:
        """This tensor expanded to the sizes of ``other``."""

    def explain(self, **options: Any) -> Any:
        """How this came to be and how gradients flow back to it, as a table in text: see :func:`adjoint.viz.explain`, whose
        options it takes.

        >>> import adjoint as torch
        >>> x = torch.tensor([1., 2.], requires_grad=True)
        >>> print(str((x * x).sum().explain()).splitlines()[3])
        leaves: x ← [2, 4], the sum of 2
        """

    def expm1(self) -> Tensor:
        """``exp(x) - 1`` of each element, exact to the last digits where ``x`` is near zero.

        Gradients::

            self: g * conj(result + 1)
        """

    def expm1_(self) -> Tensor:
        """In-place version of :func:`adjoint.expm1`."""

    def exponential_(self, lambd: _float = 1.0, *, generator: Generator | None = None) -> Tensor:
        """Fill with exponentially distributed numbers of rate ``lambd``.

        Raises RuntimeError for a rate that is not positive or a dtype that is not floating-point.
        """

    def fill_(self, value: _complex) -> Tensor:
        """Fill the tensor with a number, or with the element of a 0-d tensor.

        >>> import adjoint as torch
        >>> torch.zeros(2).fill_(3)
        tensor([3., 3.])
        """

    def fill_diagonal_(self, fill_value: _float, wrap: _bool = False) -> Tensor:
        """Write a number onto the main diagonal; of a tall matrix again below it if ``wrap``.

        >>> import adjoint as torch
        >>> torch.zeros(2, 2).fill_diagonal_(1)
        tensor([[1., 0.],
                [0., 1.]])
        """

    def fix(self) -> Tensor:
        """Each element without its fraction: rounded toward zero.

        Gradients::

            self: np.zeros_like(g)
        """

    def fix_(self) -> Tensor:
        """In-place version of :func:`adjoint.trunc`."""

    def flatten(self, start_dim: _int = 0, end_dim: _int = -1) -> Tensor:
        """The dimensions from ``start_dim`` to ``end_dim`` made one.

        >>> import adjoint as torch
        >>> torch.zeros(2, 3, 4).flatten(1).shape
        torch.Size([2, 12])
        """

    def flip(self, *dims: _int | Sequence[_int]) -> Tensor:
        """The elements in reversed order along the given dimensions (a copy).

        >>> import adjoint as torch
        >>> torch.tensor([1, 2, 3]).flip(0)
        tensor([3, 2, 1])
        """

    def fliplr(self) -> Tensor:
        """The columns in reversed order."""

    def flipud(self) -> Tensor:
        """The rows in reversed order."""

    def float(self, memory_format: _memory_format | None = None) -> Tensor:
        """The tensor in ``torch.float32``; itself where it is of that dtype already."""

    def float_power(self, exponent: Tensor | _complex, *, out: Tensor | None = None) -> Tensor:
        """``input ** exponent`` in float64 (or complex128).

        >>> import adjoint as torch
        >>> torch.float_power(torch.tensor([1, 2]), 2)
        tensor([1., 4.], dtype=torch.float64)
        """

    def float_power_(self, exponent: Tensor | _complex) -> Tensor:
        """In-place version of :func:`adjoint.float_power`.

        Raises RuntimeError unless the tensor is of the dtype of the result.
        """

    def floor(self) -> Tensor:
        """The largest integer not above each element, in the same dtype.

        Gradients::

            self: np.zeros_like(g)
        """

    def floor_(self) -> Tensor:
        """In-place version of :func:`adjoint.floor`."""

    def floor_divide(self, other: Tensor | _complex) -> Tensor:
        """The quotient rounded down, element by element, in the operands' dtype.  Raises RuntimeError for an integer divided by zero.

        Gradients::

            self: not_implemented('floor_divide')
            other: not_implemented('floor_divide')
        """

    def floor_divide_(self, other: Tensor | _complex) -> Tensor:
        """In-place version of :func:`adjoint.floor_divide`."""

    def fmax(self, other: Tensor) -> Tensor:
        """The larger of two elements; where one is NaN, the other.

        Gradients::

            self: g if self >= other or other is NaN else 0
            other: 0 if self >= other or other is NaN else g
        """

    def fmin(self, other: Tensor) -> Tensor:
        """The smaller of two elements; where one is NaN, the other.

        Gradients::

            self: g if self <= other or other is NaN else 0
            other: 0 if self <= other or other is NaN else g
        """

    def fmod(self, other: Tensor | _complex) -> Tensor:
        """The remainder of the division that rounds toward zero, element by element: of the dividend's sign, as C's ``fmod``.

        Gradients::

            self: g
            other: -g * trunc(self / other)
        """

    def fmod_(self, other: Tensor | _complex) -> Tensor:
        """In-place version of :func:`adjoint.fmod`."""

    def frac(self) -> Tensor:
        """The fraction of each element, of its sign: ``x - trunc(x)``.

        Gradients::

            self: g
        """

    def frac_(self) -> Tensor:
        """In-place version of :func:`adjoint.frac`."""

    def frexp(self) -> return_types.frexp:
        """Each element as ``mantissa * 2**exponent``, the mantissa's magnitude from 0.5 to 1, the exponent an int32.

        Gradients::

            self: g / 2 ** exponent.astype(g.dtype)
        """

    def gather(self, dim: _int, index: Tensor, *, sparse_grad: _bool = False) -> Tensor:
        """The elements at ``index`` along a dimension: ``result[i][j] = input[index[i][j]][j]`` for ``dim=0``.

        >>> import adjoint as torch
        >>> torch.tensor([[1, 2], [3, 4]]).gather(1, torch.tensor([[1], [0]]))
        tensor([[2],
                [3]])

        Gradients::

            self: g added up at index
        """

    def gcd(self, other: Tensor) -> Tensor:
        """The greatest common divisor of two integers, element by element, never negative.

        Not differentiable.
        """

    def gcd_(self, other: Tensor) -> Tensor:
        """In-place version of :func:`adjoint.gcd`."""

    def ge(self, other: Tensor | _complex) -> Tensor:
        """Whether each element is greater than the other's or equal to it: a bool tensor.

        Not differentiable.
        """

    def ge_(self, other: Tensor | _complex) -> Tensor:
        """In-place version of :func:`adjoint.ge`."""

    def geometric_(self, p: _float, *, generator: Generator | None = None) -> Tensor:
        """Fill with how many trials the first success took, each succeeding with probability ``p``.

        Raises RuntimeError unless ``p`` is between 0 and 1.
        """

    def geqrf(self) -> return_types.geqrf:
        """The QR factorization as LAPACK packs it: R in the upper triangle, below it the vectors of the reflections whose product Q is, and their factors.  ``torch.linalg.qr`` returns Q and R.

        Gradients::

            self: _no_geqrf_derivative()
        """

    def ger(self, vec2: Tensor, *, out: Tensor | None = None) -> Tensor:
        """Each element of one vector times each of another: (n) and (m) give (n, m).

        >>> import adjoint as torch
        >>> torch.outer(torch.tensor([1., 2.]), torch.tensor([3., 4.]))
        tensor([[3., 4.],
                [6., 8.]])
        """

    def get_device(self) -> _int:
        """The number of the device: -1, the CPU has none."""

    grad: Union[Tensor, Any]
    """The gradient accumulated so far: None until the first backward.  Read from a non-leaf, a warning says why."""

    grad_dtype: _dtype | None
    """The dtype to which gradients of this leaf are brought: its own, unless another is set; None to take any as it comes.

Raises RuntimeError of what is no leaf, of what is no dtype, and beside a ``grad`` of another dtype.

>>> import adjoint as torch
>>> x = torch.ones(2, requires_grad=True)
>>> x.grad_dtype
torch.float32
>>> x.grad_dtype = torch.float64
>>> x.sum().backward()
>>> x.grad
tensor([1., 1.], dtype=torch.float64)"""

    @property
    def grad_fn(self) -> Union[Node, Any]:
        """The node that made this tensor; None for a leaf."""

    def greater(self, other: Tensor | _complex) -> Tensor:
        """Whether each element is greater than the other's: a bool tensor.

        Not differentiable.
        """

    def greater_(self, other: Tensor | _complex) -> Tensor:
        """In-place version of :func:`adjoint.gt`."""

    def greater_equal(self, other: Tensor | _complex) -> Tensor:
        """Whether each element is greater than the other's or equal to it: a bool tensor.

        Not differentiable.
        """

    def greater_equal_(self, other: Tensor | _complex) -> Tensor:
        """In-place version of :func:`adjoint.ge`."""

    def gt(self, other: Tensor | _complex) -> Tensor:
        """Whether each element is greater than the other's: a bool tensor.

        Not differentiable.
        """

    def gt_(self, other: Tensor | _complex) -> Tensor:
        """In-place version of :func:`adjoint.gt`."""

    def half(self, memory_format: _memory_format | None = None) -> Tensor:
        """The tensor in ``torch.float16``; itself where it is of that dtype already."""

    def hardshrink(self, lambd: _float = 0.5) -> Tensor:
        """Each element, and 0 in the place of those whose magnitude is at most ``lambd``.

        Gradients::

            self: np.where((self >= -lambd) & (self <= lambd), np.zeros_like(g), g)
        """

    def hash_tensor(self, dim: _int | Sequence[_int] = (), *, keepdim: _bool = False, mode: _int = 0) -> Tensor:
        """The exclusive or of the elements' 64 bits, over ``dim`` or all dimensions, as uint64: of float64, or of int64 for integers.

        >>> import adjoint as torch
        >>> torch.hash_tensor(torch.tensor([1, 2, 4]))
        tensor(7, dtype=torch.uint64)
        """

    def heaviside(self, values: Tensor) -> Tensor:
        """The step function of each element: 0 below zero, 1 above it, and the value in ``values`` at zero.

        Gradients::

            self: not_implemented('heaviside')
            values: not_implemented('heaviside')
        """

    def heaviside_(self, values: Tensor) -> Tensor:
        """In-place version of :func:`adjoint.heaviside`."""

    def histc(self, bins: _int = 100, min: _float = 0, max: _float = 0, *, out: Tensor | None = None) -> Tensor:
        """How many elements fall into each of ``bins`` equal intervals from ``min`` to ``max`` (by default the range there is).

        >>> import adjoint as torch
        >>> torch.histc(torch.tensor([1., 2., 2., 4.]), bins=3, min=1, max=4)
        tensor([1., 2., 1.])
        """

    def histogram(
        self,
        bins: _int | Tensor = 100,
        *,
        range: Sequence[_float] | None = None,
        weight: Tensor | None = None,
        density: _bool = False,
        out: Tensor | None = None,
    ) -> Any:
        """How many elements fall into each bin, and the bins' edges: so many equal bins over ``range`` (by default what there is), or
        between the edges in ``bins``.

        With ``weight`` the elements' weights are added up; with ``density`` the sums are divided so that their integral is 1.
        Raises RuntimeError for numbers of bins, ranges and weights that do not fit.

        >>> import adjoint as torch
        >>> torch.histogram(torch.tensor([1., 2., 2.5]), torch.tensor([0., 2., 3.])).hist
        tensor([1., 2.])
        """

    def hsplit(self, indices_or_sections: _int | Sequence[_int]) -> tuple[Tensor, ...]:
        """The tensor split as by ``tensor_split`` along the dimension that ``hsplit`` is named for."""

    def hypot(self, other: Tensor) -> Tensor:
        """The length of a right triangle's longest side, ``sqrt(input**2 + other**2)``, element by element.

        Gradients::

            self: g * self / result
            other: g * other / result
        """

    def hypot_(self, other: Tensor) -> Tensor:
        """In-place version of :func:`adjoint.hypot`."""

    def i0(self) -> Tensor:
        """The modified Bessel function of the first kind and order 0 of each element.

        Gradients::

            self: g * i1_of(self)
        """

    def i0_(self) -> Tensor:
        """In-place version of :func:`adjoint.i0`."""

    def igamma(self, other: Tensor) -> Tensor:
        """The lower incomplete gamma function, regularized, of ``input`` (the shape) at ``other``, element by element: from 0 to 1.

        Gradients::

            self: _no_order_derivative('igamma')
            other: g * _gamma_density(self, other)
        """

    def igamma_(self, other: Tensor) -> Tensor:
        """In-place version of :func:`adjoint.igamma`."""

    def igammac(self, other: Tensor) -> Tensor:
        """The upper incomplete gamma function, regularized, of ``input`` (the shape) at ``other``: one minus ``igamma``.

        Gradients::

            self: _no_order_derivative('igammac')
            other: -g * _gamma_density(self, other)
        """

    def igammac_(self, other: Tensor) -> Tensor:
        """In-place version of :func:`adjoint.igammac`."""

    imag: Tensor
    """The imaginary part, a view.

Raises RuntimeError on a real tensor."""

    def index_add(self, dim: _int, index: Tensor, source: Tensor, *, alpha: _complex = 1) -> Tensor:
        """The tensor with ``alpha`` times the places of ``source`` added at the places ``index`` of a dimension.

        >>> import adjoint as torch
        >>> torch.zeros(2).index_add(0, torch.tensor([1, 1]), torch.tensor([1., 2.]))
        tensor([0., 3.])

        Gradients::

            self: g
            source: index_select(g, dim, index) if alpha == 1 else alpha * index_select(g, dim, index)
        """

    def index_add_(self, dim: _int, index: Tensor, source: Tensor, *, alpha: _complex = 1) -> Tensor:
        """In-place version of :func:`adjoint.index_add`."""

    def index_copy(self, dim: _int, index: Tensor, source: Tensor) -> Tensor:
        """The tensor with the places of ``source`` at the places ``index`` of a dimension.

        Gradients::

            self: g, 0 at index
            source: index_select(g, dim, index)
        """

    def index_copy_(self, dim: _int, index: Tensor, source: Tensor) -> Tensor:
        """In-place version of :func:`adjoint.index_copy`."""

    def index_fill(self, dim: _int, index: Tensor, value: Tensor | _complex) -> Tensor:
        """The tensor with ``value`` at the places ``index`` of a dimension."""

    def index_fill_(self, dim: _int, index: Tensor, value: Tensor | _complex) -> Tensor:
        """Write ``value`` at the places ``index`` of a dimension."""

    def index_put(self, indices: Sequence[Tensor], values: Tensor, accumulate: _bool = False) -> Tensor:
        """The tensor with ``values`` at the indices, one index tensor per dimension; added to what is there if
        ``accumulate``.

        >>> import adjoint as torch
        >>> torch.zeros(3).index_put((torch.tensor([0, 2]),), torch.tensor(1.))
        tensor([1., 0., 1.])
        """

    def index_put_(self, indices: Sequence[Tensor], values: Tensor, accumulate: _bool = False) -> Tensor:
        """Write ``values`` at the indices, or add them there if ``accumulate``."""

    def index_reduce(
        self, dim: _int, index: Tensor, source: Tensor, reduce: str, *, include_self: _bool = True
    ) -> Tensor:
        """The tensor with the product, mean, maximum or minimum of what meets at the places ``index`` of a dimension, of
        ``source`` and (if ``include_self``) the tensor's own elements.

        Gradients::

            self: g for its part in each result
            source: g at index, for its part in the result
        """

    def index_reduce_(
        self, dim: _int, index: Tensor, source: Tensor, reduce: str, *, include_self: _bool = True
    ) -> Tensor:
        """In-place version of :func:`adjoint.index_reduce`."""

    def index_select(self, dim: _int, index: Tensor) -> Tensor:
        """The places ``index`` (a vector) of a dimension.

        >>> import adjoint as torch
        >>> torch.tensor([1, 2, 3]).index_select(0, torch.tensor([2, 0]))
        tensor([3, 1])

        Gradients::

            self: g added up at index
        """

    def indices(self) -> Tensor:
        """The places of a coalesced sparse tensor, (sparse dimensions, stored).

        Raises RuntimeError for one that is not coalesced, or dense.

        >>> import adjoint as torch
        >>> torch.eye(2).to_sparse().indices()
        tensor([[0, 1],
                [0, 1]])
        """

    def inner(self, other: Tensor, *, out: Tensor | None = None) -> Tensor:
        """The sum of products over the last dimensions of both.

        >>> import adjoint as torch
        >>> torch.inner(torch.tensor([1., 2.]), torch.tensor([3., 4.]))
        tensor(11.)
        """

    def int(self, memory_format: _memory_format | None = None) -> Tensor:
        """The tensor in ``torch.int32``; itself where it is of that dtype already."""

    def inverse(self, *, out: Tensor | None = None) -> Tensor:
        """The inverses of square matrices.

        Raises LinAlgError (a RuntimeError) for a singular one.

        >>> import adjoint as torch
        >>> torch.inverse(torch.tensor([[2., 0.], [0., 4.]]))
        tensor([[0.5000, 0.0000],
                [0.0000, 0.2500]])
        """

    def is_coalesced(self) -> _bool:
        """Whether a sparse tensor is known to have every place once, and in order.  Raises RuntimeError for a dense one."""

    def is_complex(self) -> _bool:
        """Whether the dtype is a complex one."""

    def is_conj(self) -> _bool:
        """Whether the tensor's values are the conjugates of what is in its memory.

        >>> import adjoint as torch
        >>> torch.tensor([1+2j]).conj().is_conj()
        True
        """

    def is_contiguous(self, memory_format: _memory_format | None = ...) -> _bool:
        """Whether the elements lie in memory in order.

        >>> import adjoint as torch
        >>> torch.zeros(2, 3).T.is_contiguous()
        False
        """

    @property
    def is_cpu(self) -> _bool:
        """Whether the elements are in the CPU's memory: False on the device ``meta``, where there are none."""

    @property
    def is_cuda(self) -> _bool:
        """False: there are no tensors of the kind 'cuda' here."""

    def is_floating_point(self) -> _bool:
        """Whether the dtype is a floating-point one."""

    def is_inference(self) -> _bool:
        """Whether the tensor was made in :class:`~adjoint.inference_mode`."""

    @property
    def is_ipu(self) -> _bool:
        """False: there are no tensors of the kind 'ipu' here."""

    @property
    def is_maia(self) -> _bool:
        """False: there are no tensors of the kind 'maia' here."""

    @property
    def is_meta(self) -> _bool:
        """Whether there is no memory."""

    @property
    def is_mkldnn(self) -> _bool:
        """False: there are no tensors of the kind 'mkldnn' here."""

    @property
    def is_mps(self) -> _bool:
        """False: there are no tensors of the kind 'mps' here."""

    @property
    def is_mtia(self) -> _bool:
        """False: there are no tensors of the kind 'mtia' here."""

    def is_neg(self) -> _bool:
        """Whether the tensor's values are the negatives of what is in its memory.

        >>> import adjoint as torch
        >>> torch.tensor([1+2j]).conj().imag.is_neg()
        True
        """

    @property
    def is_nested(self) -> _bool:
        """False: there are no tensors of the kind 'nested' here."""

    def is_nonzero(self) -> _bool:
        """Whether the one element is not zero.  Raises RuntimeError if there are none or several."""

    def is_pinned(self, device: _device | str | _int | None = None) -> _bool:
        """False: memory is pinned for an accelerator, and there is none."""

    @property
    def is_quantized(self) -> _bool:
        """False: there are no tensors of the kind 'quantized' here."""

    def is_same_size(self, other: Tensor) -> _bool:
        """Whether two tensors have the same shape."""

    def is_set_to(self, tensor: Tensor) -> _bool:
        """Whether two tensors look at the same memory in the same way."""

    def is_shared(self) -> _bool:
        """Whether the memory is a segment that other processes may map."""

    def is_signed(self) -> _bool:
        """Whether the dtype has negative numbers."""

    @property
    def is_sparse(self) -> _bool:
        """Whether places and values are stored."""

    @property
    def is_sparse_csr(self) -> _bool:
        """False: there are no tensors of the kind 'sparse_csr' here."""

    @property
    def is_vulkan(self) -> _bool:
        """False: there are no tensors of the kind 'vulkan' here."""

    @property
    def is_xla(self) -> _bool:
        """False: there are no tensors of the kind 'xla' here."""

    @property
    def is_xpu(self) -> _bool:
        """False: there are no tensors of the kind 'xpu' here."""

    def isclose(self, other: Tensor, rtol: _float = 1e-05, atol: _float = 1e-08, equal_nan: _bool = False) -> Tensor:
        """Whether ``|input - other| <= atol + rtol * |other|``, per element.

        Raises RuntimeError where the dtypes differ.

        >>> import adjoint as torch
        >>> torch.isclose(torch.tensor([1., 2.]), torch.tensor([1.000001, 3.]))
        tensor([ True, False])
        """

    def isfinite(self) -> Tensor:
        """Whether each element is neither infinite nor NaN.

        Not differentiable.
        """

    def isinf(self) -> Tensor:
        """Whether each element is infinite, of either sign.

        Not differentiable.
        """

    def isnan(self) -> Tensor:
        """Whether each element is NaN.

        Not differentiable.
        """

    def isneginf(self) -> Tensor:
        """Whether each element is minus infinity.

        Not differentiable.
        """

    def isposinf(self) -> Tensor:
        """Whether each element is plus infinity.

        Not differentiable.
        """

    def isreal(self) -> Tensor:
        """Whether each element has no imaginary part.

        Not differentiable.
        """

    def istft(
        self,
        n_fft: _int,
        hop_length: _int | None = None,
        win_length: _int | None = None,
        window: Tensor | None = None,
        center: _bool = True,
        normalized: _bool = False,
        onesided: _bool | None = None,
        length: _int | None = None,
        return_complex: _bool = False,
    ) -> Tensor:
        """The signal whose short-time Fourier transform, with the same arguments, comes nearest to the input.

        ``input`` has shape (frequencies, windows) or (batch, frequencies, windows).  ``length`` says how long the signal is to be,
        zeros behind what is known; ``return_complex`` whether it is complex.

        Raises RuntimeError for real input, sizes that do not fit, and windows between which there is nothing to go by.

        >>> import adjoint as torch
        >>> window = torch.hann_window(4)
        >>> torch.istft(torch.stft(torch.arange(6.), 4, window=window, return_complex=True), 4, window=window).round(decimals=4) + 0
        tensor([0., 1., 2., 3., 4., 5.])
        """

    def item(self) -> Any:
        """The one element as a Python number.  Raises RuntimeError if there are none or several.

        >>> import adjoint as torch
        >>> torch.tensor([2.5]).item()
        2.5
        """

    @property
    def itemsize(self) -> _int:
        """The bytes of an element."""

    def kron(self, other: Tensor, *, out: Tensor | None = None) -> Tensor:
        """The Kronecker product.

        >>> import adjoint as torch
        >>> torch.kron(torch.tensor([1, 2]), torch.tensor([1, 1]))
        tensor([1, 1, 2, 2])
        """

    def kthvalue(
        self,
        k: _int,
        dim: _int = -1,
        keepdim: _bool = False,
        *,
        axis: _int | None = None,
        keepdims: _bool | None = None,
    ) -> return_types.kthvalue:
        """The ``k``-th smallest element along ``dim``, counted from 1, and its index (int64).

        Gradients::

            self: g at indices, 0 elsewhere
        """

    @property
    def layout(self) -> _layout:
        """How the elements are laid out: ``torch.strided``, or ``torch.sparse_coo``."""

    def lcm(self, other: Tensor) -> Tensor:
        """The least common multiple of two integers, element by element, never negative.

        Not differentiable.
        """

    def lcm_(self, other: Tensor) -> Tensor:
        """In-place version of :func:`adjoint.lcm`."""

    def ldexp(self, other: Tensor, *, out: Tensor | None = None) -> Tensor:
        """``input * 2 ** other``, without ``2 ** other`` having to be a number of the dtype where ``other`` holds integers.

        >>> import adjoint as torch
        >>> torch.ldexp(torch.tensor([1.]), torch.tensor([3]))
        tensor([8.])
        """

    def ldexp_(self, other: Tensor) -> Tensor:
        """In-place version of :func:`adjoint.ldexp`."""

    def le(self, other: Tensor | _complex) -> Tensor:
        """Whether each element is less than the other's or equal to it: a bool tensor.

        Not differentiable.
        """

    def le_(self, other: Tensor | _complex) -> Tensor:
        """In-place version of :func:`adjoint.le`."""

    def lerp(self, end: Tensor, weight: _float | Tensor, *, out: Tensor | None = None) -> Tensor:
        """``input + weight * (end - input)``.

        Raises RuntimeError where ``end`` is of another dtype than ``input``.

        >>> import adjoint as torch
        >>> torch.lerp(torch.tensor([0., 10.]), torch.tensor([10., 20.]), 0.5)
        tensor([ 5., 15.])
        """

    def lerp_(self, end: Tensor, weight: _float | Tensor) -> Tensor:
        """In-place version of :func:`adjoint.lerp`."""

    def less(self, other: Tensor | _complex) -> Tensor:
        """Whether each element is less than the other's: a bool tensor.

        Not differentiable.
        """

    def less_(self, other: Tensor | _complex) -> Tensor:
        """In-place version of :func:`adjoint.lt`."""

    def less_equal(self, other: Tensor | _complex) -> Tensor:
        """Whether each element is less than the other's or equal to it: a bool tensor.

        Not differentiable.
        """

    def less_equal_(self, other: Tensor | _complex) -> Tensor:
        """In-place version of :func:`adjoint.le`."""

    def lgamma(self) -> Tensor:
        """The natural logarithm of the absolute value of the gamma function of each element.

        Gradients::

            self: g * digamma_of(self)
        """

    def lgamma_(self) -> Tensor:
        """In-place version of :func:`adjoint.lgamma`."""

    def log(self) -> Tensor:
        """The natural logarithm of each element: minus infinity for zero, NaN for a negative real number.

        Gradients::

            self: g / conj(self)
        """

    def log10(self) -> Tensor:
        """The logarithm to the base 10 of each element.

        Gradients::

            self: g / conj(self * constant(math.log(10), self))
        """

    def log10_(self) -> Tensor:
        """In-place version of :func:`adjoint.log10`."""

    def log1p(self) -> Tensor:
        """``log(1 + x)`` of each element, exact to the last digits where ``x`` is near zero.

        Gradients::

            self: g / conj(self + 1)
        """

    def log1p_(self) -> Tensor:
        """In-place version of :func:`adjoint.log1p`."""

    def log2(self) -> Tensor:
        """The logarithm to the base 2 of each element.

        Gradients::

            self: g / conj(self * constant(math.log(2), self))
        """

    def log2_(self) -> Tensor:
        """In-place version of :func:`adjoint.log2`."""

    def log_(self) -> Tensor:
        """In-place version of :func:`adjoint.log`."""

    def log_normal_(self, mean: _float = 1.0, std: _float = 2.0, *, generator: Generator | None = None) -> Tensor:
        """Fill with numbers whose logarithm is normally distributed, with this mean and standard deviation.

        Raises RuntimeError for a ``std`` that is not positive, NotImplementedError for integers.
        """

    def log_softmax(self, dim: _int, dtype: _dtype | None = None, *, out: Tensor | None = None) -> Tensor:
        """The logarithms of softmax along ``dim``, of the tensor converted to ``dtype`` where it is given."""

    def logaddexp(self, other: Tensor) -> Tensor:
        """``log(exp(input) + exp(other))``, element by element, where neither need fit a float.

        Gradients::

            self: g * σ(self - other)
            other: g * σ(other - self)
        """

    def logaddexp2(self, other: Tensor) -> Tensor:
        """``log2(2**input + 2**other)``, element by element, where neither need fit a float.

        Gradients::

            self: g * σ((self - other) * log(2))
            other: g * σ((other - self) * log(2))
        """

    def logcumsumexp(self, dim: _int, *, axis: _int | None = None) -> Tensor:
        """The logarithms of the sums of exponentials up to each element, along ``dim``.

        Gradients::

            self: g * exp(self - result), summed from the end
        """

    def logdet(self) -> Tensor:
        """The logarithms of determinants; NaN of a negative one.

        >>> import adjoint as torch
        >>> torch.logdet(torch.eye(2))
        tensor(0.)
        """

    def logical_and(self, other: Tensor) -> Tensor:
        """Whether neither of two elements is zero: a bool tensor.

        Not differentiable.
        """

    def logical_and_(self, other: Tensor) -> Tensor:
        """In-place version of :func:`adjoint.logical_and`."""

    def logical_not(self) -> Tensor:
        """Whether each element is zero: a bool tensor.

        Not differentiable.
        """

    def logical_not_(self) -> Tensor:
        """In-place version of :func:`adjoint.logical_not`."""

    def logical_or(self, other: Tensor) -> Tensor:
        """Whether one of two elements is not zero: a bool tensor.

        Not differentiable.
        """

    def logical_or_(self, other: Tensor) -> Tensor:
        """In-place version of :func:`adjoint.logical_or`."""

    def logical_xor(self, other: Tensor) -> Tensor:
        """Whether one of two elements is zero and the other is not: a bool tensor.

        Not differentiable.
        """

    def logical_xor_(self, other: Tensor) -> Tensor:
        """In-place version of :func:`adjoint.logical_xor`."""

    def logit(self, eps: _float | None = None) -> Tensor:
        """The log of the odds ``x / (1 - x)`` of each element, the inverse of the sigmoid; with ``eps``, of ``x`` held within [eps, 1 - eps].

        Gradients::

            self: g / (self * (1 - self))
        """

    def logit_(self, eps: _float | None = None) -> Tensor:
        """In-place version of :func:`adjoint.logit`."""

    def logsumexp(
        self,
        dim: _int | Sequence[_int] | None,
        keepdim: _bool = False,
        *,
        axis: _int | Sequence[_int] | None = None,
        keepdims: _bool | None = None,
    ) -> Tensor:
        """The logarithm of the sum of exponentials along ``dim`` (one or several), which need not fit a float.

        Gradients::

            self: spread(g, self_shape, dim, keepdim) * conj(np.exp(self - spread(result, self_shape, dim, keepdim)))
        """

    def long(self, memory_format: _memory_format | None = None) -> Tensor:
        """The tensor in ``torch.int64``; itself where it is of that dtype already."""

    def lstsq(self, *args: Any, **kwargs: Any) -> Any:
        """Removed from PyTorch: raises RuntimeError, with what to write instead of ``lstsq``."""

    def lt(self, other: Tensor | _complex) -> Tensor:
        """Whether each element is less than the other's: a bool tensor.

        Not differentiable.
        """

    def lt_(self, other: Tensor | _complex) -> Tensor:
        """In-place version of :func:`adjoint.lt`."""

    def lu(self, pivot: _bool = True, get_infos: _bool = False) -> Any:
        """As :func:`adjoint.linalg.lu_factor`, or with ``get_infos`` as ``lu_factor_ex``; a plain tuple."""

    def lu_solve(self, LU_data: Tensor, LU_pivots: Tensor, *, out: Tensor | None = None) -> Tensor:
        """As :func:`adjoint.linalg.lu_solve`, its arguments in another order."""

    @property
    def mH(self) -> Tensor:
        """The matrices in the last two dimensions, transposed and conjugated: a view."""

    @property
    def mT(self) -> Tensor:
        """The matrices in the last two dimensions, transposed: a view."""

    def map2_(self, x: Tensor, y: Tensor, callable: Callable[[Any, Any, Any], Any]) -> Tensor:
        """Replace every element by what a Python function makes of it and of those of two other tensors.

        >>> import adjoint as torch
        >>> torch.ones(2).map2_(torch.tensor([2., 3.]), torch.tensor(10.), lambda a, b, c: a + b * c)
        tensor([21., 31.])
        """

    def map_(self, tensor: Tensor, callable: Callable[[Any, Any], Any]) -> Tensor:
        """Replace every element by what a Python function makes of it and of that of another tensor."""

    def masked_fill(self, mask: Tensor, value: Tensor | _complex) -> Tensor:
        """The tensor with ``value`` where ``mask`` is true; mask and tensor broadcast.

        >>> import adjoint as torch
        >>> x = torch.tensor([1., -1.])
        >>> x.masked_fill(x < 0, 0)
        tensor([1., 0.])
        """

    def masked_fill_(self, mask: Tensor, value: Tensor | _complex) -> Tensor:
        """Write ``value`` into the tensor where ``mask`` is true."""

    def masked_scatter(self, mask: Tensor, source: Tensor) -> Tensor:
        """The tensor with the elements of ``source``, in order, where ``mask`` is true.

        Gradients::

            self: _masked_scatter_self
            source: g where mask, in order
        """

    def masked_scatter_(self, mask: Tensor, source: Tensor) -> Tensor:
        """In-place version of :func:`adjoint.masked_scatter`."""

    def masked_select(self, mask: Tensor) -> Tensor:
        """The elements where ``mask`` is true, in one row; mask and tensor broadcast.

        >>> import adjoint as torch
        >>> x = torch.tensor([1, -2, 3])
        >>> x.masked_select(x > 0)
        tensor([1, 3])

        Gradients::

            self: g where mask, 0 elsewhere
        """

    def matmul(self, other: Tensor, *, out: Tensor | None = None) -> Tensor:
        """The matrix product: of vectors their dot product, of matrices theirs, of more dimensions one per batch, broadcast.

        Raises RuntimeError for shapes that do not fit, dtypes that differ, or a 0-d tensor.

        >>> import adjoint as torch
        >>> torch.matmul(torch.ones(2, 3), torch.ones(3))
        tensor([3., 3.])
        """

    def matrix_exp(self) -> Tensor:
        """The exponentials of square matrices.

        >>> import adjoint as torch
        >>> torch.matrix_exp(torch.zeros(2, 2))
        tensor([[1., 0.],
                [0., 1.]])
        """

    def matrix_power(self, n: _int, *, out: Tensor | None = None) -> Tensor:
        """Square matrices multiplied ``n`` times; with a negative ``n`` their inverses.

        >>> import adjoint as torch
        >>> torch.matrix_power(torch.tensor([[1., 1.], [0., 1.]]), 3)
        tensor([[1., 3.],
                [0., 1.]])
        """

    @overload
    def max(self) -> Tensor:
        """The largest element; with ``dim``, those along a dimension and their indices; of two tensors, element by element."""
    @overload
    def max(self, dim: _int, keepdim: _bool = False) -> return_types.max: ...
    @overload
    def max(self, other: Tensor) -> Tensor: ...
    def maximum(self, other: Tensor) -> Tensor:
        """The larger of two elements; NaN where one is.

        Gradients::

            self: g if self > other else 0
            other: g if other > self else 0
        """

    def mean(
        self,
        dim: _int | Sequence[_int] | None = None,
        keepdim: _bool = False,
        *,
        dtype: _dtype | None = None,
        axis: _int | Sequence[_int] | None = None,
        keepdims: _bool | None = None,
    ) -> Tensor:
        """The mean of all elements, or of those along ``dim`` (one or several).  Raises RuntimeError for integers without ``dtype``.

        Gradients::

            self: _mean_gradient
        """

    @overload
    def median(self) -> Tensor:
        """The middle element, the lower one of two; with ``dim``, those along a dimension and their indices."""
    @overload
    def median(self, dim: _int, keepdim: _bool = False) -> return_types.median: ...
    @overload
    def min(self) -> Tensor:
        """The smallest element; with ``dim``, those along a dimension and their indices; of two tensors, element by element."""
    @overload
    def min(self, dim: _int, keepdim: _bool = False) -> return_types.min: ...
    @overload
    def min(self, other: Tensor) -> Tensor: ...
    def minimum(self, other: Tensor) -> Tensor:
        """The smaller of two elements; NaN where one is.

        Gradients::

            self: g if self < other else 0
            other: g if other < self else 0
        """

    def mm(self, mat2: Tensor) -> Tensor:
        """The product of two matrices, (n, m) and (m, p).  Raises RuntimeError for other shapes.

        Gradients::

            self: dot(g, conj(mat2).T)
            mat2: dot(conj(self).T, g)
        """

    def mode(
        self, dim: _int = -1, keepdim: _bool = False, *, axis: _int | None = None, keepdims: _bool | None = None
    ) -> return_types.mode:
        """The most frequent element along ``dim``, the smallest of several, and an index of it (int64).

        Gradients::

            self: g at indices, 0 elsewhere
        """

    def module_load(self, other: Tensor, assign: _bool = False) -> Tensor:
        """What takes this tensor's place when ``other`` is loaded into it, while modules exchange their parameters: ``other`` with
        ``assign``, this one with its values otherwise.
        """

    def moveaxis(self, source: _int | Sequence[_int], destination: _int | Sequence[_int]) -> Tensor:
        """The dimensions ``source`` moved to the places ``destination``, the others in their order.

        >>> import adjoint as torch
        >>> torch.zeros(2, 3, 4).movedim(0, -1).shape
        torch.Size([3, 4, 2])
        """

    def movedim(self, source: _int | Sequence[_int], destination: _int | Sequence[_int]) -> Tensor:
        """The dimensions ``source`` moved to the places ``destination``, the others in their order.

        >>> import adjoint as torch
        >>> torch.zeros(2, 3, 4).movedim(0, -1).shape
        torch.Size([3, 4, 2])
        """

    def msort(self) -> Tensor:
        """The tensor sorted along its first dimension."""

    def mul(self, other: Tensor | _complex) -> Tensor:
        """The product of two tensors, or of a tensor and a number, element by element.

        Gradients::

            self: g * other.conj()
            other: g * self.conj()
        """

    def mul_(self, other: Tensor | _complex) -> Tensor:
        """In-place version of :func:`adjoint.mul`."""

    def multinomial(
        self,
        num_samples: _int,
        replacement: _bool = False,
        *,
        generator: Generator | None = None,
        out: Tensor | None = None,
    ) -> Tensor:
        """Indices drawn with the probabilities (which need not sum to 1) in each row of ``input``: int64, ``num_samples``
        for each row.

        Raises RuntimeError for negative, infinite or vanishing probabilities, or too many samples without replacement.

        >>> import adjoint as torch
        >>> torch.multinomial(torch.tensor([0., 1., 0.]), 2, replacement=True)
        tensor([1, 1])
        """

    def multiply(self, other: Tensor | _complex) -> Tensor:
        """The product of two tensors, or of a tensor and a number, element by element.

        Gradients::

            self: g * other.conj()
            other: g * self.conj()
        """

    def multiply_(self, other: Tensor | _complex) -> Tensor:
        """In-place version of :func:`adjoint.mul`."""

    def mv(self, vec: Tensor) -> Tensor:
        """The product of a matrix and a vector, (n, m) and (m,).  Raises RuntimeError for other shapes.

        Gradients::

            self: g[:, None] * conj(vec)
            vec: dot(conj(self).T, g)
        """

    def mvlgamma(self, p: _int) -> Tensor:
        """The logarithm of the multivariate gamma function of dimension ``p``.

        >>> import adjoint as torch
        >>> torch.mvlgamma(torch.tensor([3.]), 2)
        tensor([1.5502])

        Gradients::

            self: g * functools.reduce(np.add, [digamma_of(self - constant(j / 2, self)) for j in range(p)])
        """

    def mvlgamma_(self, p: _int) -> Tensor:
        """In-place version of :func:`adjoint.mvlgamma`."""

    @property
    def name(self) -> str | None:
        """None: tensors have no names."""

    def nan_to_num(
        self, nan: _float | None = None, posinf: _float | None = None, neginf: _float | None = None
    ) -> Tensor:
        """Each element, with ``nan`` (0), ``posinf`` and ``neginf`` (the largest numbers of the dtype) in the place of those that are not finite.

        Gradients::

            self: np.where(np.isfinite(self), g, constant(0, g))
        """

    def nan_to_num_(
        self, nan: _float | None = None, posinf: _float | None = None, neginf: _float | None = None
    ) -> Tensor:
        """In-place version of :func:`adjoint.nan_to_num`."""

    def nanmean(
        self,
        dim: _int | Sequence[_int] | None = None,
        keepdim: _bool = False,
        *,
        dtype: _dtype | None = None,
        out: Tensor | None = None,
    ) -> Tensor:
        """The mean of the elements that are not NaN.

        Raises RuntimeError on a tensor of integers.

        >>> import adjoint as torch
        >>> torch.nanmean(torch.tensor([1., torch.nan, 3.]))
        tensor(2.)
        """

    @overload
    def nanmedian(self) -> Tensor:
        """The middle element, the lower one of two; with ``dim``, those along a dimension and their indices.  NaN does not count."""
    @overload
    def nanmedian(self, dim: _int, keepdim: _bool = False) -> return_types.nanmedian: ...
    def nanquantile(
        self,
        q: _float | Tensor,
        dim: _int | None = None,
        keepdim: _bool = False,
        *,
        interpolation: str = "linear",
        out: Tensor | None = None,
    ) -> Tensor:
        """As :func:`quantile`, of the elements that are not NaN."""

    def nansum(
        self,
        dim: _int | Sequence[_int] | None = None,
        keepdim: _bool = False,
        *,
        dtype: _dtype | None = None,
        axis: _int | Sequence[_int] | None = None,
        keepdims: _bool | None = None,
    ) -> Tensor:
        """The sum as ``sum`` has it, of the elements that are not NaN.

        Gradients::

            self: np.where(np.isnan(self), constant(0, self), _as_dtype(spread(g, self_shape, dim, keepdim), self_dtype))
        """

    def narrow(self, dim: _int, start: _int | None, length: _int) -> Tensor:
        """``length`` places of a dimension, from ``start`` on.

        >>> import adjoint as torch
        >>> torch.arange(5).narrow(0, 1, 3)
        tensor([1, 2, 3])
        """

    def narrow_copy(self, dim: _int, start: _int, length: _int) -> Tensor:
        """As :func:`narrow`, copied."""

    @property
    def nbytes(self) -> _int:
        """The bytes of all elements."""

    def ndimension(self) -> _int:
        """The number of dimensions."""

    def ne(self, other: Tensor | _complex) -> Tensor:
        """Whether two elements differ: a bool tensor.

        Not differentiable.
        """

    def ne_(self, other: Tensor | _complex) -> Tensor:
        """In-place version of :func:`adjoint.ne`."""

    def neg(self) -> Tensor:
        """Each element with its sign changed.  Raises RuntimeError for bools.

        Gradients::

            self: -g
        """

    def neg_(self) -> Tensor:
        """In-place version of :func:`adjoint.neg`."""

    def negative(self) -> Tensor:
        """Each element with its sign changed.  Raises RuntimeError for bools.

        Gradients::

            self: -g
        """

    def negative_(self) -> Tensor:
        """In-place version of :func:`adjoint.neg`."""

    def nelement(self) -> _int:
        """The number of elements."""

    def new(self, *args: Any, device: _device | str | _int | None = None) -> Tensor:
        """As ``torch.Tensor(...)``, of this tensor's dtype; of a sparse tensor, a sparse one."""

    def new_empty(
        self,
        *size: _int | Sequence[_int],
        dtype: _dtype | None = None,
        layout: _layout | None = None,
        device: _device | str | _int | None = None,
        pin_memory: _bool = False,
        requires_grad: _bool = False,
    ) -> Tensor:
        """A tensor of this one's dtype and the given sizes whose elements are whatever was in memory; of a sparse one, a sparse one."""

    def new_empty_strided(
        self,
        size: _int | Sequence[_int],
        stride: _int | Sequence[_int],
        dtype: _dtype | None = None,
        layout: _layout | None = None,
        device: _device | str | _int | None = None,
        pin_memory: _bool = False,
        requires_grad: _bool = False,
    ) -> Tensor:
        """A tensor of this one's dtype and the given sizes and strides whose elements are whatever was in memory."""

    def new_full(
        self,
        size: _int | Sequence[_int],
        fill_value: _complex,
        *,
        dtype: _dtype | None = None,
        layout: _layout | None = None,
        device: _device | str | _int | None = None,
        pin_memory: _bool = False,
        requires_grad: _bool = False,
    ) -> Tensor:
        """A tensor of this one's dtype whose elements are all ``fill_value``.

        >>> import adjoint as torch
        >>> torch.tensor([0.5]).new_full((2,), 3)
        tensor([3., 3.])
        """

    def new_ones(
        self,
        *size: _int | Sequence[_int],
        dtype: _dtype | None = None,
        layout: _layout | None = None,
        device: _device | str | _int | None = None,
        pin_memory: _bool = False,
        requires_grad: _bool = False,
    ) -> Tensor:
        """Ones of this tensor's dtype and the given sizes.

        >>> import adjoint as torch
        >>> torch.tensor([True]).new_ones(3)
        tensor([True, True, True])
        """

    def new_tensor(
        self,
        data: Any,
        *,
        dtype: _dtype | None = None,
        device: _device | str | _int | None = None,
        requires_grad: _bool = False,
        pin_memory: _bool = False,
    ) -> Tensor:
        """As :func:`adjoint.tensor`, of this tensor's dtype if none is given."""

    def new_zeros(
        self,
        *size: _int | Sequence[_int],
        dtype: _dtype | None = None,
        layout: _layout | None = None,
        device: _device | str | _int | None = None,
        pin_memory: _bool = False,
        requires_grad: _bool = False,
    ) -> Tensor:
        """Zeros of this tensor's dtype and the given sizes.

        >>> import adjoint as torch
        >>> torch.tensor([1]).new_zeros(2, 2)
        tensor([[0, 0],
                [0, 0]])
        """

    def nextafter(self, other: Tensor) -> Tensor:
        """The next number of the dtype after ``input`` in the direction of ``other``, element by element.

        Gradients::

            self: np.where(self == other, constant(0, g), g)
            other: np.zeros_like(g)
        """

    def nextafter_(self, other: Tensor) -> Tensor:
        """In-place version of :func:`adjoint.nextafter`."""

    @overload
    def nonzero(self, *, as_tuple: Literal[False] = False) -> Tensor:
        """The indices of the elements that are not zero, a row each; as a tuple of one vector per dimension if ``as_tuple``.

        >>> import adjoint as torch
        >>> torch.tensor([[0, 1], [2, 0]]).nonzero()
        tensor([[0, 1],
                [1, 0]])
        """
    @overload
    def nonzero(self, *, as_tuple: Literal[True]) -> tuple[Tensor, ...]: ...
    def nonzero_static(self, *, size: _int, fill_value: _int = -1) -> Tensor:
        """The first ``size`` rows of :func:`nonzero`; ``fill_value`` in the rows for which there are no elements.

        Raises RuntimeError for a negative size.

        >>> import adjoint as torch
        >>> torch.nonzero_static(torch.tensor([0, 1]), size=2)
        tensor([[ 1],
                [-1]])
        """

    def norm(
        self,
        p: _float | str | None = "fro",
        dim: _int | Sequence[_int] | None = None,
        keepdim: _bool = False,
        dtype: _dtype | None = None,
        out: Tensor | None = None,
    ) -> Tensor:
        """The p-norm over ``dim``, by default of all elements; "fro" is 2, "nuc" the sum of a matrix's singular values.

        >>> import adjoint as torch
        >>> torch.norm(torch.tensor([3., 4.]))
        tensor(5.)
        """

    def normal_(self, mean: _float = 0.0, std: _float = 1.0, *, generator: Generator | None = None) -> Tensor:
        """Fill with normally distributed numbers.

        Raises RuntimeError for a negative ``std``, NotImplementedError for integers.

        >>> import adjoint as torch
        >>> _ = torch.manual_seed(0)
        >>> torch.empty(2).normal_(10, 2)
        tensor([13.0820,  9.4131])
        """

    def not_equal(self, other: Tensor | _complex) -> Tensor:
        """Whether two elements differ: a bool tensor.

        Not differentiable.
        """

    def not_equal_(self, other: Tensor | _complex) -> Tensor:
        """In-place version of :func:`adjoint.ne`."""

    def numel(self) -> _int:
        """The number of elements.

        >>> import adjoint as torch
        >>> torch.numel(torch.ones(2, 3))
        6
        """

    def numpy(self, *, force: _bool = False) -> ndarray[Any, Any]:
        """A NumPy array over this tensor's memory: a change of one is a change of the other.

        Raises RuntimeError if the tensor requires grad (unless ``force``), TypeError for ``bfloat16``.

        >>> import adjoint as torch
        >>> t = torch.zeros(2); t.numpy()[0] = 5
        >>> t
        tensor([5., 0.])
        """

    def orgqr(self, tau: Tensor, *, out: Tensor | None = None) -> Tensor:
        """As :func:`adjoint.linalg.householder_product`."""

    def ormqr(self, tau: Tensor, other: Tensor, left: Any = True, transpose: Any = False) -> Tensor:
        """The product of ``other`` with the orthogonal matrix Q that ``geqrf`` packs into ``input`` and ``tau``: ``Q other``, or ``other Q`` where not ``left``; of its adjoint with ``transpose``.

        Gradients::

            input: back through one reflection after the other
            tau: back through one reflection after the other
            other: the product of the adjoint matrix with g
        """

    def outer(self, vec2: Tensor, *, out: Tensor | None = None) -> Tensor:
        """Each element of one vector times each of another: (n) and (m) give (n, m).

        >>> import adjoint as torch
        >>> torch.outer(torch.tensor([1., 2.]), torch.tensor([3., 4.]))
        tensor([[3., 4.],
                [6., 8.]])
        """

    @property
    def output_nr(self) -> _int:
        """Which of the outputs of ``grad_fn`` this tensor is, counted from 0."""

    def permute(self, *dims: _int | Sequence[_int]) -> Tensor:
        """The dimensions in another order.

        >>> import adjoint as torch
        >>> torch.zeros(2, 3, 4).permute(2, 0, 1).shape
        torch.Size([4, 2, 3])
        """

    def pin_memory(self, device: _device | str | _int | None = None) -> Tensor:
        """Raises RuntimeError: memory is pinned for an accelerator, and there is none."""

    def pinverse(self, rcond: _float = 1e-15) -> Tensor:
        """The pseudo-inverses of matrices; as :func:`adjoint.linalg.pinv`."""

    def polygamma(self, n: _int) -> Tensor:
        """The n-th derivative of the digamma function."""

    def polygamma_(self, n: _int) -> Tensor:
        """In-place version of :func:`adjoint.polygamma`."""

    def positive(self) -> Tensor:
        """``+input``: the tensor itself.

        Raises RuntimeError on a bool tensor.
        """

    def pow(self, exponent: Tensor | _complex) -> Tensor:
        """The powers ``input ** exponent``, element by element; either may be a number.  Raises RuntimeError for integers to a negative integer.

        Gradients::

            self: g * exponent * self ** (exponent - 1)
            exponent: g * result * log(self)
        """

    def pow_(self, exponent: Tensor | _complex) -> Tensor:
        """In-place version of :func:`adjoint.pow`."""

    def prelu(self, weight: Tensor) -> Tensor:
        """``max(0, x) + weight * min(0, x)``; ``weight`` holds one number, or one a channel (dimension 1 of ``input``).

        Raises RuntimeError where the numbers do not fit the channels.

        >>> import adjoint as torch
        >>> torch.prelu(torch.tensor([-2., 3.]), torch.tensor([0.5]))
        tensor([-1.,  3.])
        """

    def prod(
        self,
        dim: _int | None = None,
        keepdim: _bool = False,
        *,
        dtype: _dtype | None = None,
        axis: _int | None = None,
        keepdims: _bool | None = None,
    ) -> Tensor:
        """The product of all elements, or of those along ``dim``.  Integers and bools multiply in int64.

        Gradients::

            self: g * result / self
        """

    def put(self, index: Tensor, source: Tensor, accumulate: _bool = False) -> Tensor:
        """The tensor with the elements of ``source`` at the places ``index`` of the tensor as one row.

        Gradients::

            self: g if accumulate else _put_zero(g, index)
            source: take(g, index)
        """

    def put_(self, index: Tensor, source: Tensor, accumulate: _bool = False) -> Tensor:
        """In-place version of :func:`adjoint.put`."""

    def qr(self, some: _bool = True) -> return_types.qr:
        """As :func:`adjoint.linalg.qr`, which is to be used instead."""

    def quantile(
        self,
        q: _float | Tensor,
        dim: _int | None = None,
        keepdim: _bool = False,
        *,
        interpolation: str = "linear",
        out: Tensor | None = None,
    ) -> Tensor:
        """The q-th quantiles along ``dim`` (of all elements by default); the dimension of a 1-d ``q`` comes first.

        Raises RuntimeError for a ``q`` outside of [0, 1].

        >>> import adjoint as torch
        >>> torch.quantile(torch.tensor([1., 2., 4.]), 0.5)
        tensor(2.)
        """

    def rad2deg(self) -> Tensor:
        """Each element, an angle in radians, in degrees.

        Gradients::

            self: g * 180 / pi
        """

    def rad2deg_(self) -> Tensor:
        """In-place version of :func:`adjoint.rad2deg`."""

    def random_(
        self, from_: _int | None = None, to: _int | None = None, *, generator: Generator | None = None
    ) -> Tensor:
        """Fill with integers drawn uniformly: ``random_(to)`` from ``[0, to)``, ``random_(from, to)`` from ``[from, to)``.

        ``random_()`` draws from all non-negative integers that the dtype holds (of a float: exactly); so does
        ``random_(from, None)`` from ``from`` on.

        >>> import adjoint as torch
        >>> _ = torch.manual_seed(0)
        >>> torch.empty(4).random_(10)
        tensor([4., 9., 3., 0.])
        """

    def ravel(self) -> Tensor:
        """All elements in one dimension: a view where possible.

        >>> import adjoint as torch
        >>> torch.zeros(2, 3).ravel().shape
        torch.Size([6])
        """

    real: Tensor
    """The real part, a view; a real tensor itself.

>>> import adjoint as torch
>>> torch.real(torch.tensor([1+2j]))
tensor([1.])"""

    def reciprocal(self) -> Tensor:
        """One over each element; infinite for zero.  Integers give the default dtype.

        Gradients::

            self: -g * conj(result * result)
        """

    def reciprocal_(self) -> Tensor:
        """In-place version of :func:`adjoint.reciprocal`."""

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> RemovableHandle:
        """Have ``hook(grad)`` called whenever a gradient with respect to this tensor was computed.

        It may return a tensor to go on with instead.  Raises RuntimeError on a tensor that does not require grad.

        >>> import adjoint as torch
        >>> x = torch.ones(2, requires_grad=True)
        >>> handle = x.register_hook(lambda grad: grad * 10)
        >>> x.sum().backward()
        >>> x.grad
        tensor([10., 10.])
        """

    def register_post_accumulate_grad_hook(self, hook: Callable[[Tensor], None]) -> RemovableHandle:
        """Have ``hook(leaf)`` called after a gradient was accumulated into this leaf's ``grad``."""

    def relu(self) -> Tensor:
        """Each element, and 0 in the place of negative ones.

        Gradients::

            self: kept_where(result != 0, g)
        """

    def relu_(self) -> Tensor:
        """In-place version of :func:`adjoint.relu`."""

    def remainder(self, other: Tensor | _complex) -> Tensor:
        """The remainder of the division that rounds down, element by element: of the divisor's sign, as Python's ``%``.

        Gradients::

            self: g
            other: -g * (self // other)
        """

    def remainder_(self, other: Tensor | _complex) -> Tensor:
        """In-place version of :func:`adjoint.remainder`."""

    def renorm(self, p: _float, dim: _int, maxnorm: _float) -> Tensor:
        """The tensor with each slice along ``dim`` scaled down to a p-norm of ``maxnorm`` at most.

        >>> import adjoint as torch
        >>> torch.renorm(torch.tensor([[3., 4.], [0., 1.]]), 2, 0, 1.)
        tensor([[0.6000, 0.8000],
                [0.0000, 1.0000]])
        """

    def renorm_(self, p: _float, dim: _int, maxnorm: _float) -> Tensor:
        """In-place version of :func:`adjoint.renorm`."""

    def repeat(self, *repeats: _int | Sequence[_int]) -> Tensor:
        """The tensor laid side by side, so many times along each dimension.

        >>> import adjoint as torch
        >>> torch.tensor([1, 2]).repeat(2, 2)
        tensor([[1, 2, 1, 2],
                [1, 2, 1, 2]])
        """

    def repeat_interleave(
        self, repeats: _int | Tensor | None = None, dim: _int | None = None, *, output_size: _int | None = None
    ) -> Tensor:
        """Each element of a dimension repeated in place: all so many times, or each its own number of times.

        >>> import adjoint as torch
        >>> torch.tensor([1, 2]).repeat_interleave(2), torch.tensor([1, 2]).repeat_interleave(torch.tensor([1, 3]))
        (tensor([1, 1, 2, 2]), tensor([1, 2, 2, 2]))
        """

    def requires_grad_(self, requires_grad: _bool = True) -> Tensor:
        """Set ``requires_grad`` in place and return the tensor.

        Raises RuntimeError on a non-leaf (when it is to be switched off), on an integer or bool tensor, and inside of a
        function that a transform of ``torch.func`` evaluates.
        """

    def reshape(self, *shape: _int | Sequence[_int]) -> Tensor:
        """The same elements with other sizes, one of which may be -1: a view where the memory's order allows, else a copy.

        Raises RuntimeError if the sizes do not fit the number of elements.

        >>> import adjoint as torch
        >>> torch.arange(6).reshape(2, -1).shape
        torch.Size([2, 3])
        """

    def reshape_as(self, other: Tensor) -> Tensor:
        """This tensor reshaped to the sizes of ``other``."""

    def resize_(self, *size: _int | Sequence[_int], memory_format: _memory_format | None = None) -> Tensor:
        """Change the sizes in place; new elements, where there were fewer, are not set.

        Raises RuntimeError on a tensor that requires grad.
        """

    def resize_as_(self, the_template: Tensor, *, memory_format: _memory_format | None = None) -> Tensor:
        """Change the sizes in place to those of another tensor, and the order in memory to one that is asked for: to that of the
        other one for ``torch.preserve_format``.
        """

    def resolve_conj(self) -> Tensor:
        """The tensor itself, or a copy of its values where it is a :func:`adjoint.conj` of its memory."""

    def resolve_neg(self) -> Tensor:
        """The tensor itself, or a copy of its values where they are the negatives of what is in its memory."""

    def retain_grad(self) -> None:
        """Keep this non-leaf's gradient in ``grad``; on a leaf it does nothing.

        Raises RuntimeError on a tensor that does not require grad, and inside of a transform of ``torch.func``.
        """

    @property
    def retains_grad(self) -> _bool:
        """Whether this is a non-leaf whose gradient is kept in ``grad``."""

    def roll(self, shifts: _int | Sequence[_int], dims: _int | Sequence[_int] = ()) -> Tensor:
        """The elements moved along dimensions, those that leave at one end coming in at the other.

        >>> import adjoint as torch
        >>> torch.tensor([1, 2, 3]).roll(1)
        tensor([3, 1, 2])

        Gradients::

            self: roll(g, -shifts, dims)
        """

    def rot90(self, k: _int = 1, dims: _int | Sequence[_int] = ...) -> Tensor:
        """Turned by ``k`` right angles in the plane of two dimensions, from the first towards the second.

        >>> import adjoint as torch
        >>> torch.tensor([[1, 2], [3, 4]]).rot90()
        tensor([[2, 4],
                [1, 3]])

        Gradients::

            self: rot90(g, -k, dims)
        """

    def round(self, *, decimals: _int = 0) -> Tensor:
        """Each element rounded to the nearest integer, of two as near to the even one; with ``decimals``, to so many digits behind the point.

        Gradients::

            self: np.zeros_like(g)
        """

    def round_(self, *, decimals: _int = 0) -> Tensor:
        """In-place version of :func:`adjoint.round`."""

    def row_indices(self) -> Any:
        """Raises RuntimeError: only a sparse column compressed tensor has it, and there is none."""

    def rsqrt(self) -> Tensor:
        """One over the square root of each element; infinite for zero, NaN for a negative number.

        Gradients::

            self: g * conj(result * result * result) / -2
        """

    def rsqrt_(self) -> Tensor:
        """In-place version of :func:`adjoint.rsqrt`."""

    def scatter(
        self,
        dim: _int,
        index: Tensor,
        src: Tensor | _complex | None = None,
        *,
        value: _complex | None = None,
        reduce: str | None = None,
    ) -> Tensor:
        """The tensor with the elements of ``src``, or a number, at ``index`` along a dimension.

        >>> import adjoint as torch
        >>> torch.zeros(2, 2).scatter(1, torch.tensor([[0], [1]]), 1.)
        tensor([[1., 0.],
                [0., 1.]])
        """

    def scatter_(
        self,
        dim: _int,
        index: Tensor,
        src: Tensor | _complex | None = None,
        *,
        value: _complex | None = None,
        reduce: str | None = None,
    ) -> Tensor:
        """Write the elements of ``src``, or a number, at ``index`` along a dimension."""

    def scatter_add(self, dim: _int, index: Tensor, src: Tensor) -> Tensor:
        """The tensor with the elements of ``src`` added at ``index`` along a dimension.

        >>> import adjoint as torch
        >>> torch.zeros(2).scatter_add(0, torch.tensor([1, 1]), torch.tensor([1., 2.]))
        tensor([0., 3.])

        Gradients::

            self: g
            src: gather(g, dim, index)
        """

    def scatter_add_(self, dim: _int, index: Tensor, src: Tensor) -> Tensor:
        """In-place version of :func:`adjoint.scatter_add`."""

    def scatter_reduce(
        self, dim: _int, index: Tensor, src: Tensor, reduce: str, *, include_self: _bool = True
    ) -> Tensor:
        """The tensor with the sum, product, mean, maximum or minimum of what meets at ``index`` along a
        dimension, of ``src`` and (if ``include_self``) the tensor's own elements.

        >>> import adjoint as torch
        >>> torch.zeros(2).scatter_reduce(0, torch.tensor([1, 1]), torch.tensor([1., 3.]), "mean", include_self=False)
        tensor([0., 2.])

        Gradients::

            self: g for its part in each result
            src: g at index, for its part in the result
        """

    def scatter_reduce_(
        self, dim: _int, index: Tensor, src: Tensor, reduce: str, *, include_self: _bool = True
    ) -> Tensor:
        """In-place version of :func:`adjoint.scatter_reduce`."""

    def select(self, dim: _int, index: _int) -> Tensor:
        """The part at one place of a dimension, which is gone in the result.

        >>> import adjoint as torch
        >>> torch.tensor([[1, 2], [3, 4]]).select(1, 0)
        tensor([1, 3])

        Gradients::

            self: g at its index, 0 elsewhere
        """

    def select_scatter(self, src: Tensor, dim: _int, index: _int) -> Tensor:
        """The tensor with ``src`` at one place of a dimension.

        Gradients::

            self: g, 0 at the index
            src: g at the index
        """

    def set_(
        self,
        source: Any = None,
        storage_offset: _int = 0,
        size: _int | Sequence[_int] | None = None,
        stride: _int | Sequence[_int] | None = None,
    ) -> Tensor:
        """Make this tensor look at the memory of ``source``, a tensor in the same way, or a storage with these sizes and strides from
        an offset on (all of it in a row, if none are given); at none without it.

        Raises RuntimeError where the storage is too small, or of another dtype.

        >>> import adjoint as torch
        >>> torch.tensor([]).set_(torch.arange(4.).untyped_storage(), 1, (2,), (2,))
        tensor([1., 3.])
        """

    def sgn(self) -> Tensor:
        """The sign of each element; of a complex number, the number of magnitude one in its direction, or 0.

        Gradients::

            self: 0 if self.dtype.kind != 'c' else (g - real(g / result) * result) / abs(self)
        """

    def sgn_(self) -> Tensor:
        """In-place version of :func:`adjoint.sgn`."""

    def share_memory_(self) -> Tensor:
        """Move the memory that this tensor and its views look at into a segment that other processes map.

        Processes that are forked from then on, and those that the tensor is sent to by :mod:`multiprocessing`, see what is
        written to it, and the other way round.  Arrays of NumPy that were made of it before stay where they are.
        """

    def short(self, memory_format: _memory_format | None = None) -> Tensor:
        """The tensor in ``torch.int16``; itself where it is of that dtype already."""

    def sigmoid(self) -> Tensor:
        """The logistic function of each element, between 0 and 1: ``1 / (1 + exp(-x))``.

        Gradients::

            self: g * conj((1 - result) * result)
        """

    def sigmoid_(self) -> Tensor:
        """In-place version of :func:`adjoint.sigmoid`."""

    def sign(self) -> Tensor:
        """The sign of each element: -1, 0 or 1.  Raises RuntimeError for complex numbers, of which ``sgn`` is the like.

        Gradients::

            self: np.zeros_like(g)
        """

    def sign_(self) -> Tensor:
        """In-place version of :func:`adjoint.sign`."""

    def signbit(self) -> Tensor:
        """Whether the sign of each element is set: True for negative numbers and for -0.0.

        Not differentiable.
        """

    def sin(self) -> Tensor:
        """The sine of each element, an angle in radians.

        Gradients::

            self: g * conj(np.cos(self))
        """

    def sin_(self) -> Tensor:
        """In-place version of :func:`adjoint.sin`."""

    def sinc(self) -> Tensor:
        """``sin(pi x) / (pi x)`` of each element, 1 at zero.

        Gradients::

            self: g * (cos(pi * self) - result) / self
        """

    def sinc_(self) -> Tensor:
        """In-place version of :func:`adjoint.sinc`."""

    def sinh(self) -> Tensor:
        """The hyperbolic sine of each element: ``(exp(x) - exp(-x)) / 2``.

        Gradients::

            self: g * conj(np.cosh(self))
        """

    def sinh_(self) -> Tensor:
        """In-place version of :func:`adjoint.sinh`."""

    @overload
    def size(self, dim: None = None) -> Size:
        """The sizes of all dimensions, or of one."""
    @overload
    def size(self, dim: _int) -> _int: ...
    def slice_scatter(
        self,
        src: Tensor,
        dim: _int = 0,
        start: _int | None = None,
        end: _int | None = None,
        step: _int = 1,
        *,
        axis: _int | None = None,
    ) -> Tensor:
        """The tensor with ``src`` in a slice of a dimension.

        Gradients::

            self: g, 0 in the slice
            src: g in the slice
        """

    def slogdet(self) -> return_types.slogdet:
        """The signs of determinants, and the logarithms of their sizes."""

    def smm(self, mat2: Tensor) -> Tensor:
        """The product of a sparse matrix and a dense one, made sparse again.  It has no derivative.

        >>> import adjoint as torch
        >>> torch.smm(torch.eye(2).to_sparse(), torch.ones(2, 1)).to_dense()
        tensor([[1.],
                [1.]])
        """

    def softmax(self, dim: _int, dtype: _dtype | None = None, *, out: Tensor | None = None) -> Tensor:
        """The exponentials, divided by their sum along ``dim``, of the tensor converted to ``dtype`` where it is given."""

    def solve(self, *args: Any, **kwargs: Any) -> Any:
        """Removed from PyTorch: raises RuntimeError, with what to write instead of ``solve``."""

    def sort(
        self, dim: _int = -1, descending: _bool = False, *, stable: _bool = ..., axis: _int | None = None
    ) -> return_types.sort:
        """The elements along ``dim`` in order, and their indices (int64) before; equal ones keep theirs where ``stable``.

        Gradients::

            self: g, back in the order of before
        """

    def sparse_dim(self) -> _int:
        """The number of dimensions that places have: none, of a dense tensor."""

    def sparse_mask(self, mask: Tensor) -> Tensor:
        """The elements in the places that ``mask``, a sparse tensor of the same size, has; sparse.

        Raises RuntimeError where the mask is dense or of another size.

        >>> import adjoint as torch
        >>> torch.tensor([[1., 2.], [3., 4.]]).sparse_mask(torch.eye(2).to_sparse()).values()
        tensor([1., 4.])
        """

    def sparse_resize_(self, size: _int | Sequence[_int], sparse_dim: _int, dense_dim: _int) -> Tensor:
        """Give a sparse tensor another size in place.  One that has values can only grow, and keeps its dimensions.

        Raises RuntimeError otherwise.
        """

    def sparse_resize_and_clear_(self, size: _int | Sequence[_int], sparse_dim: _int, dense_dim: _int) -> Tensor:
        """Give a sparse tensor another size in place, and no values."""

    def split(self, split_size: _int | Sequence[_int], dim: _int = 0) -> tuple[Tensor, ...]:
        """The tensor in parts along a dimension: of one size (the last may be smaller), or of the sizes listed.

        >>> import adjoint as torch
        >>> torch.arange(5).split(2)
        (tensor([0, 1]), tensor([2, 3]), tensor([4]))
        """

    def split_with_sizes(
        self, split_sizes: Sequence[_int], dim: _int = 0, *, axis: _int | None = None
    ) -> tuple[Tensor, ...]:
        """The tensor in parts of the given sizes along a dimension.

        Gradients::

            self: cat(gs, dim)
        """

    def sqrt(self) -> Tensor:
        """The square root of each element; NaN for a negative real number.

        Gradients::

            self: g / conj(result * 2)
        """

    def sqrt_(self) -> Tensor:
        """In-place version of :func:`adjoint.sqrt`."""

    def square(self) -> Tensor:
        """``input ** 2``.

        >>> import adjoint as torch
        >>> torch.square(torch.tensor([1., -3.]))
        tensor([1., 9.])
        """

    def square_(self) -> Tensor:
        """In-place version of :func:`adjoint.square`."""

    def squeeze(self, dim: _int | Sequence[_int] | None = None, *, axis: _int | Sequence[_int] | None = None) -> Tensor:
        """Without the dimensions of size 1: all of them, the one given, or those of the tuple given.

        >>> import adjoint as torch
        >>> torch.zeros(1, 2, 1).squeeze().shape, torch.zeros(1, 2, 1).squeeze(0).shape
        (torch.Size([2]), torch.Size([2, 1]))

        Gradients::

            self: g.reshape(self_shape)
        """

    def squeeze_(self, dim: _int | Sequence[_int] | None = None) -> Tensor:
        """Remove dimensions of size 1, in place."""

    def sspaddmm(self, mat1: Tensor, mat2: Tensor, *, beta: _complex = 1, alpha: _complex = 1) -> Tensor:
        """``beta * input + alpha * mat1 @ mat2`` of a sparse input, a sparse matrix and a dense one; sparse.  It has no derivative.

        Gradients::

            self: not_implemented('sspaddmm')
            mat1: not_implemented('sspaddmm')
            mat2: not_implemented('sspaddmm')
        """

    def std(
        self,
        dim: _int | Sequence[_int] | None = None,
        unbiased: _bool | None = None,
        keepdim: _bool = False,
        *,
        correction: _float | None = None,
        axis: _int | Sequence[_int] | None = None,
        keepdims: _bool | None = None,
        out: Tensor | None = None,
    ) -> Tensor:
        """The standard deviation, the square root of :func:`var`.

        >>> import adjoint as torch
        >>> torch.std(torch.tensor([1., 2., 3.]), correction=0)
        tensor(0.8165)
        """

    def stft(
        self,
        n_fft: _int,
        hop_length: _int | None = None,
        win_length: _int | None = None,
        window: Tensor | None = None,
        center: _bool = True,
        pad_mode: str = "reflect",
        normalized: _bool = False,
        onesided: _bool | None = None,
        return_complex: _bool | None = None,
        align_to_window: _bool | None = None,
    ) -> Tensor:
        """The Fourier transforms of the windows of a signal, ``hop_length`` apart (a quarter of ``n_fft``, if not given).

        ``input`` has shape (length) or (batch, length).  Each part of ``n_fft`` numbers is multiplied by ``window``, which has
        ``win_length`` weights, zeros around them.  With ``center`` the signal is padded so that the first part has the first
        number in its middle.  ``onesided`` returns the ``n_fft // 2 + 1`` frequencies from which the others follow, for real
        signals the default; ``normalized`` divides by the root of ``n_fft``.

        Returns complex numbers of shape (..., frequencies, windows), or with ``return_complex=False`` their parts in one more
        dimension.  Raises RuntimeError for sizes that do not fit, and where ``return_complex`` is not said of a real signal.

        >>> import adjoint as torch
        >>> torch.stft(torch.ones(8), 4, window=torch.hann_window(4), return_complex=True).shape
        torch.Size([3, 9])
        """

    def storage(self) -> TypedStorage:
        """The memory behind this tensor.  Deprecated: :meth:`untyped_storage`."""

    def storage_offset(self) -> _int:
        """Where in its memory the tensor begins, in elements.

        >>> import adjoint as torch
        >>> torch.zeros(3)[1:].storage_offset()
        1
        """

    def storage_type(self) -> Any:
        """The older class of storages of this tensor's dtype."""

    @overload
    def stride(self, dim: None = None) -> tuple[_int, ...]:
        """How many elements apart in memory the places of each dimension are, or of one.

        >>> import adjoint as torch
        >>> torch.zeros(2, 3).stride(), torch.zeros(2, 3).T.stride(0)
        ((3, 1), 1)
        """
    @overload
    def stride(self, dim: _int) -> _int: ...
    def sub(self, other: Tensor | _complex, *, alpha: _complex = 1) -> Tensor:
        """The difference, element by element: ``input - alpha * other``.  Raises RuntimeError for two bool tensors.

        Gradients::

            self: g
            other: -g if alpha == 1 else times(g, -conj_number(alpha))
        """

    def sub_(self, other: Tensor | _complex, *, alpha: _complex = 1) -> Tensor:
        """In-place version of :func:`adjoint.sub`."""

    def subtract(self, other: Tensor | _complex, *, alpha: _complex = 1) -> Tensor:
        """The difference, element by element: ``input - alpha * other``.  Raises RuntimeError for two bool tensors.

        Gradients::

            self: g
            other: -g if alpha == 1 else times(g, -conj_number(alpha))
        """

    def subtract_(self, other: Tensor | _complex, *, alpha: _complex = 1) -> Tensor:
        """In-place version of :func:`adjoint.sub`."""

    def sum(
        self,
        dim: _int | Sequence[_int] | None = None,
        keepdim: _bool = False,
        *,
        dtype: _dtype | None = None,
        axis: _int | Sequence[_int] | None = None,
        keepdims: _bool | None = None,
    ) -> Tensor:
        """The sum of all elements, or of those along ``dim`` (one or several).  Integers and bools add up in int64.

        Gradients::

            self: _as_dtype(spread(g, self_shape, dim, keepdim), self_dtype)
        """

    def sum_to_size(self, *size: _int | Sequence[_int]) -> Tensor:
        """The tensor summed over the dimensions along which one of these sizes would have to be broadcast to it."""

    def svd(self, some: _bool = True, compute_uv: _bool = True) -> return_types.svd:
        """``input = U diag(S) V^H``; :func:`adjoint.linalg.svd` returns ``V^H`` instead."""

    def swapaxes(self, dim0: _int, dim1: _int) -> Tensor:
        """With two dimensions exchanged.

        >>> import adjoint as torch
        >>> torch.zeros(2, 3).transpose(0, 1).shape
        torch.Size([3, 2])

        Gradients::

            self: _transpose(g, dim0, dim1)
        """

    def swapaxes_(self, dim0: _int, dim1: _int) -> Tensor:
        """Exchange two dimensions, in place."""

    def swapdims(self, dim0: _int, dim1: _int) -> Tensor:
        """With two dimensions exchanged.

        >>> import adjoint as torch
        >>> torch.zeros(2, 3).transpose(0, 1).shape
        torch.Size([3, 2])

        Gradients::

            self: _transpose(g, dim0, dim1)
        """

    def swapdims_(self, dim0: _int, dim1: _int) -> Tensor:
        """Exchange two dimensions, in place."""

    def symeig(self, *args: Any, **kwargs: Any) -> Any:
        """Removed from PyTorch: raises RuntimeError, with what to write instead of ``symeig``."""

    def t(self) -> Tensor:
        """A matrix transposed; a vector as it is.

        Gradients::

            self: g.transpose()
        """

    def t_(self) -> Tensor:
        """Transpose a matrix in place."""

    def take(self, index: Tensor) -> Tensor:
        """The elements at the places ``index`` of the tensor as one row.

        >>> import adjoint as torch
        >>> torch.tensor([[1, 2], [3, 4]]).take(torch.tensor([3, 0]))
        tensor([4, 1])

        Gradients::

            self: g added up at index
        """

    def take_along_dim(self, indices: Tensor, dim: _int | None = None, *, out: Tensor | None = None) -> Tensor:
        """As :func:`gather`, with the other dimensions broadcast; without ``dim`` from the tensor as one row.

        >>> import adjoint as torch
        >>> x = torch.tensor([[3, 1], [2, 4]])
        >>> torch.take_along_dim(x, x.argsort(1), 1)
        tensor([[1, 3],
                [2, 4]])
        """

    def tan(self) -> Tensor:
        """The tangent of each element, an angle in radians.

        Gradients::

            self: g * conj(result * result + 1)
        """

    def tan_(self) -> Tensor:
        """In-place version of :func:`adjoint.tan`."""

    def tanh(self) -> Tensor:
        """The hyperbolic tangent of each element, between -1 and 1: ``sinh(x) / cosh(x)``.

        Gradients::

            self: g * conj(1 - result * result)
        """

    def tanh_(self) -> Tensor:
        """In-place version of :func:`adjoint.tanh`."""

    def tensor_split(
        self,
        indices_or_sections: _int | Sequence[_int] | None = None,
        dim: _int = 0,
        *,
        indices: Sequence[_int] | None = None,
        sections: _int | None = None,
        tensor_indices_or_sections: Tensor | None = None,
    ) -> tuple[Tensor, ...]:
        """The tensor in ``sections`` parts as equal as possible, or cut at the ``indices``, along a dimension.

        >>> import adjoint as torch
        >>> torch.arange(5).tensor_split(2)
        (tensor([0, 1, 2]), tensor([3, 4]))
        """

    def tile(self, *dims: _int | Sequence[_int]) -> Tensor:
        """As :meth:`Tensor.repeat`, with fewer numbers than dimensions allowed: the first ones then are not repeated."""

    @overload
    def to(
        self,
        dtype: _dtype,
        non_blocking: _bool = False,
        copy: _bool = False,
        *,
        memory_format: _memory_format | None = None,
    ) -> Tensor:
        """The tensor in another dtype, or on another device: ``to(dtype)``, ``to(device)``, ``to(device, dtype)``,
        ``to(other)``, each with ``non_blocking``, ``copy`` and ``memory_format``.

        Returns the tensor itself where nothing is to be done, unless ``copy`` is True.

        >>> import adjoint as torch
        >>> torch.ones(2).to(torch.int64)
        tensor([1, 1])
        """
    @overload
    def to(
        self,
        device: _device | str | _int | None = None,
        dtype: _dtype | None = None,
        non_blocking: _bool = False,
        copy: _bool = False,
        *,
        memory_format: _memory_format | None = None,
    ) -> Tensor: ...
    @overload
    def to(
        self,
        other: Tensor,
        non_blocking: _bool = False,
        copy: _bool = False,
        *,
        memory_format: _memory_format | None = None,
    ) -> Tensor: ...
    def to_dense(self, dtype: _dtype | None = None, *, masked_grad: _bool | None = None) -> Tensor:
        """The tensor with all its elements, zeros included; itself, if it is dense already.

        Its gradient is sparse, in the places that the tensor has, unless ``masked_grad`` is False.

        >>> import adjoint as torch
        >>> torch.eye(2).to_sparse().to_dense()
        tensor([[1., 0.],
                [0., 1.]])
        """

    def to_sparse(
        self,
        *args: Any,
        sparse_dim: _int | None = None,
        layout: _layout | None = None,
        blocksize: Any = None,
        dense_dim: Any = None,
    ) -> Tensor:
        """The tensor in coordinate format, or in another sparse ``layout``; itself, if it is that already.

        ``sparse_dim`` is how many dimensions, the first ones, places have: all, unless it is given; the others are dense.

        >>> import adjoint as torch
        >>> torch.eye(2).to_sparse()
        tensor(indices=tensor([[0, 1],
                               [0, 1]]),
               values=tensor([1., 1.]),
               size=(2, 2), nnz=2, layout=torch.sparse_coo)
        """

    def to_sparse_bsc(self, *args: Any, **kwargs: Any) -> Any:
        """Raises NotImplementedError: there are no compressed layouts."""

    def to_sparse_bsr(self, *args: Any, **kwargs: Any) -> Any:
        """Raises NotImplementedError: there are no compressed layouts."""

    def to_sparse_coo(self) -> Tensor:
        """The tensor in coordinate format.

        >>> import adjoint as torch
        >>> torch.eye(2).to_sparse_coo().values()
        tensor([1., 1.])
        """

    def to_sparse_csc(self, *args: Any, **kwargs: Any) -> Any:
        """Raises NotImplementedError: there are no compressed layouts."""

    def to_sparse_csr(self, *args: Any, **kwargs: Any) -> Any:
        """Raises NotImplementedError: there are no compressed layouts."""

    def tolist(self) -> Any:
        """The elements as nested lists of Python numbers; a number where there are no dimensions.

        >>> import adjoint as torch
        >>> torch.tensor([[1, 2], [3, 4]]).tolist()
        [[1, 2], [3, 4]]
        """

    def topk(
        self, k: _int, dim: _int = -1, largest: _bool = True, sorted: _bool = True, *, axis: _int | None = None
    ) -> return_types.topk:
        """The ``k`` largest (or smallest) elements along ``dim`` and their indices (int64), in order if ``sorted``.

        Gradients::

            self: g at indices, 0 elsewhere
        """

    def trace(self) -> Tensor:
        """The sum of a matrix's diagonal.  Raises RuntimeError for what is not a matrix.

        Gradients::

            self: g * eye(self_shape[0])
        """

    def transpose(self, dim0: _int, dim1: _int) -> Tensor:
        """With two dimensions exchanged.

        >>> import adjoint as torch
        >>> torch.zeros(2, 3).transpose(0, 1).shape
        torch.Size([3, 2])

        Gradients::

            self: _transpose(g, dim0, dim1)
        """

    def transpose_(self, dim0: _int, dim1: _int) -> Tensor:
        """Exchange two dimensions, in place."""

    def triangular_solve(
        self,
        A: Tensor,
        upper: _bool = True,
        transpose: _bool = False,
        unitriangular: _bool = False,
        *,
        out: Tensor | None = None,
    ) -> Any:
        """As :func:`adjoint.linalg.solve_triangular`, its arguments in another order, and a copy of ``A``."""

    def tril(self, diagonal: _int = 0) -> Tensor:
        """Matrices with zeros above a diagonal.

        Gradients::

            self: np.tril(g, diagonal)
        """

    def tril_(self, diagonal: _int = 0) -> Tensor:
        """In-place version of :func:`adjoint.tril`."""

    def triu(self, diagonal: _int = 0) -> Tensor:
        """Matrices with zeros below a diagonal.

        Gradients::

            self: np.triu(g, diagonal)
        """

    def triu_(self, diagonal: _int = 0) -> Tensor:
        """In-place version of :func:`adjoint.triu`."""

    def true_divide(self, other: Tensor | _complex, *, out: Tensor | None = None) -> Tensor:
        """``input / other``; alias of :func:`adjoint.div`.

        >>> import adjoint as torch
        >>> torch.true_divide(torch.tensor([1, 2]), 2)
        tensor([0.5000, 1.0000])
        """

    def true_divide_(self, other: Tensor | _complex) -> Tensor:
        """In-place version of :func:`adjoint.true_divide`."""

    def trunc(self) -> Tensor:
        """Each element without its fraction: rounded toward zero.

        Gradients::

            self: np.zeros_like(g)
        """

    def trunc_(self) -> Tensor:
        """In-place version of :func:`adjoint.trunc`."""

    @overload
    def type(self, dtype: None = None, non_blocking: _bool = False) -> str:
        """The name of the tensor's legacy class or, with an argument, the tensor in another dtype.

        >>> import adjoint as torch
        >>> torch.ones(1).type(), torch.ones(1).type(torch.int64)
        ('torch.FloatTensor', tensor([1]))
        """
    @overload
    def type(self, dtype: _dtype | str | _type[Tensor], non_blocking: _bool = False) -> Tensor: ...
    def type_as(self, other: Tensor) -> Tensor:
        """The tensor in the dtype of ``other``."""

    def unbind(self, dim: _int = 0, *, axis: _int | None = None) -> tuple[Tensor, ...]:
        """All places of a dimension, as a tuple of views without that dimension.

        >>> import adjoint as torch
        >>> torch.tensor([[1, 2], [3, 4]]).unbind(1)
        (tensor([1, 3]), tensor([2, 4]))

        Gradients::

            self: stack(gs, dim)
        """

    def unflatten(self, dim: _int, sizes: Sequence[_int]) -> Tensor:
        """One dimension divided into several, one of whose sizes may be -1.

        >>> import adjoint as torch
        >>> torch.zeros(2, 6).unflatten(1, (2, -1)).shape
        torch.Size([2, 2, 3])
        """

    def unfold(self, dimension: _int, size: _int | Sequence[_int], step: _int) -> Tensor:
        """All windows of ``size`` places of a dimension, ``step`` apart, as a new last dimension.

        >>> import adjoint as torch
        >>> torch.arange(4).unfold(0, 2, 1)
        tensor([[0, 1],
                [1, 2],
                [2, 3]])

        Gradients::

            self: g added up where windows overlap
        """

    def uniform_(self, from_: _float = 0, to: _float = 1, *, generator: Generator | None = None) -> Tensor:
        """Fill with numbers drawn uniformly from ``[from, to)``.

        Raises RuntimeError for bounds in the wrong order or beyond the dtype, NotImplementedError for integers.

        >>> import adjoint as torch
        >>> _ = torch.manual_seed(0)
        >>> torch.empty(2).uniform_(-1, 1)
        tensor([-0.0075,  0.5364])
        """

    @overload
    def unique(
        self,
        sorted: _bool = True,
        return_inverse: Literal[False] = False,
        return_counts: Literal[False] = False,
        dim: _int | None = None,
    ) -> Tensor:
        """The distinct elements, sorted; on request where each element went, and how often each occurs.

        With ``dim``, the distinct slices along it.

        >>> import adjoint as torch
        >>> torch.unique(torch.tensor([3, 1, 3]), return_counts=True)
        (tensor([1, 3]), tensor([1, 2]))
        """
    @overload
    def unique(
        self, sorted: _bool = True, return_inverse: _bool = False, return_counts: _bool = False, dim: _int | None = None
    ) -> Any: ...
    @overload
    def unique_consecutive(
        self, return_inverse: Literal[False] = False, return_counts: Literal[False] = False, dim: _int | None = None
    ) -> Tensor:
        """The elements without those that equal the one before.

        >>> import adjoint as torch
        >>> torch.unique_consecutive(torch.tensor([1, 1, 2, 1]))
        tensor([1, 2, 1])
        """
    @overload
    def unique_consecutive(
        self, return_inverse: _bool = False, return_counts: _bool = False, dim: _int | None = None
    ) -> Any: ...
    def unsafe_chunk(self, chunks: _int, dim: _int = 0) -> tuple[Tensor, ...]:
        """As :func:`chunk`, in parts that autograd does not take for views."""

    def unsafe_split(self, split_size: _int, dim: _int = 0, *, axis: _int | None = None) -> tuple[Tensor, ...]:
        """As :func:`split`, in parts that autograd does not take for views.

        Gradients::

            self: cat(gs, dim)
        """

    def unsafe_split_with_sizes(
        self, split_sizes: Sequence[_int], dim: _int = 0, *, axis: _int | None = None
    ) -> tuple[Tensor, ...]:
        """As :func:`split_with_sizes`, in parts that autograd does not take for views.

        Gradients::

            self: cat(gs, dim)
        """

    def unsqueeze(self, dim: _int, *, axis: _int | None = None) -> Tensor:
        """With a new dimension of size 1 at ``dim``.

        >>> import adjoint as torch
        >>> torch.zeros(2).unsqueeze(0).shape, torch.zeros(2).unsqueeze(-1).shape
        (torch.Size([1, 2]), torch.Size([2, 1]))

        Gradients::

            self: g.reshape(self_shape)
        """

    def unsqueeze_(self, dim: _int) -> Tensor:
        """Put a dimension of size 1 at ``dim``, in place."""

    def untyped_storage(self) -> UntypedStorage:
        """The memory behind this tensor."""

    def values(self) -> Tensor:
        """The values of a coalesced sparse tensor, (stored, *dense dimensions); gradients flow through them.

        Raises RuntimeError for one that is not coalesced, or dense.

        >>> import adjoint as torch
        >>> torch.eye(2).to_sparse().values()
        tensor([1., 1.])
        """

    def var(
        self,
        dim: _int | Sequence[_int] | None = None,
        unbiased: _bool | None = None,
        keepdim: _bool = False,
        *,
        correction: _float | None = None,
        axis: _int | Sequence[_int] | None = None,
        keepdims: _bool | None = None,
        out: Tensor | None = None,
    ) -> Tensor:
        """The variance over ``dim`` (all dimensions by default), divided by the count less ``correction`` (1).

        Raises RuntimeError on a tensor of integers; warns where the count does not exceed ``correction``.

        >>> import adjoint as torch
        >>> torch.var(torch.tensor([1., 2., 3.]))
        tensor(1.)
        """

    def vdot(self, other: Tensor) -> Tensor:
        """The sum of the products of two vectors' elements, the first conjugated.

        Gradients::

            self: conj(g) * other
            other: g * self
        """

    @overload
    def view(self, dtype: _dtype, /) -> Tensor:
        """The same memory with other sizes, one of which may be -1, or read as another dtype.

        Raises RuntimeError if the sizes do not fit the number of elements, or the memory's order does not allow a view.

        >>> import adjoint as torch
        >>> torch.arange(6).view(2, -1)
        tensor([[0, 1, 2],
                [3, 4, 5]])
        """
    @overload
    def view(self, *shape: _int | Sequence[_int]) -> Tensor: ...
    def view_as(self, other: Tensor) -> Tensor:
        """This tensor viewed with the sizes of ``other``."""

    def vsplit(self, indices_or_sections: _int | Sequence[_int]) -> tuple[Tensor, ...]:
        """The tensor split as by ``tensor_split`` along the dimension that ``vsplit`` is named for."""

    def where(self, condition: Tensor, other: Tensor | _complex) -> Tensor:
        """This tensor where ``condition`` is true and ``other`` elsewhere."""

    def xlogy(self, other: Tensor | _complex) -> Tensor:
        """``input * log(other)``, element by element, and 0 where ``input`` is 0; NaN where ``other`` is.

        Gradients::

            self: g * log(other)
            other: g * self / other
        """

    def xlogy_(self, other: Tensor | _complex) -> Tensor:
        """In-place version of :func:`adjoint.xlogy`."""

    def xpu(
        self,
        device: _device | str | _int | None = None,
        non_blocking: _bool = False,
        memory_format: _memory_format | None = None,
    ) -> Tensor:
        """Raises: there is no xpu device."""

    def zero_(self) -> Tensor:
        """Fill the tensor with zeros.

        >>> import adjoint as torch
        >>> torch.ones(2).zero_()
        tensor([0., 0.])
        """
