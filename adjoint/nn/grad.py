"""The gradients of convolutions, as functions of their own."""

from __future__ import annotations

from typing import Any

from adjoint.declare.namespaces import OPERATORS
from adjoint.names import list_names as _list_names
from adjoint.nn.modules.sizes import ntuple
from adjoint.tensor import Tensor

__all__ = ["conv1d_input", "conv1d_weight", "conv2d_input", "conv2d_weight", "conv3d_input", "conv3d_weight"]


def _options(n: int, stride: Any, padding: Any, dilation: Any) -> tuple[Any, ...]:
    return ntuple(stride, n), ntuple(padding, n), ntuple(dilation, n)


def _input(n: int, size: Any, weight: Tensor, grad_output: Tensor, stride: Any, padding: Any, dilation: Any, groups: int) -> Tensor:
    row = OPERATORS["_convolution_input_gradient"]
    space = tuple(size)[-n:]
    return row.function(grad_output, weight, space, *_options(n, stride, padding, dilation), groups)  # type: ignore[no-any-return]


def _weight(n: int, input: Tensor, size: Any, grad_output: Tensor, stride: Any, padding: Any, dilation: Any, groups: int) -> Tensor:
    row = OPERATORS["_convolution_weight_gradient"]
    kernel = tuple(size)[-n:]
    return row.function(input, grad_output, kernel, *_options(n, stride, padding, dilation), groups)  # type: ignore[no-any-return]


def conv1d_input(
    input_size: Any, weight: Tensor, grad_output: Tensor, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Tensor:
    """The gradient of the input of a :func:`conv1d`, whose size is given, from that of its output."""
    return _input(1, input_size, weight, grad_output, stride, padding, dilation, groups)


def conv1d_weight(
    input: Tensor, weight_size: Any, grad_output: Tensor, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Tensor:
    """The gradient of the weight of a :func:`conv1d`, whose size is given, from that of its output."""
    return _weight(1, input, weight_size, grad_output, stride, padding, dilation, groups)


def conv2d_input(
    input_size: Any, weight: Tensor, grad_output: Tensor, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Tensor:
    """The gradient of the input of a :func:`conv2d`, whose size is given, from that of its output.

    >>> import adjoint as torch
    >>> torch.nn.grad.conv2d_input((1, 1, 2, 2), torch.ones(1, 1, 1, 1), torch.ones(1, 1, 2, 2))
    tensor([[[[1., 1.],
              [1., 1.]]]])
    """
    return _input(2, input_size, weight, grad_output, stride, padding, dilation, groups)


def conv2d_weight(
    input: Tensor, weight_size: Any, grad_output: Tensor, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Tensor:
    """The gradient of the weight of a :func:`conv2d`, whose size is given, from that of its output."""
    return _weight(2, input, weight_size, grad_output, stride, padding, dilation, groups)


def conv3d_input(
    input_size: Any, weight: Tensor, grad_output: Tensor, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Tensor:
    """The gradient of the input of a :func:`conv3d`, whose size is given, from that of its output."""
    return _input(3, input_size, weight, grad_output, stride, padding, dilation, groups)


def conv3d_weight(
    input: Tensor, weight_size: Any, grad_output: Tensor, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Tensor:
    """The gradient of the weight of a :func:`conv3d`, whose size is given, from that of its output."""
    return _weight(3, input, weight_size, grad_output, stride, padding, dilation, groups)


_list_names(__name__)
