"""In-place operators and ``out=``: an operator's result, written into a tensor that exists."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.autograd.edges import edge_of
from adjoint.autograd.grad_mode import mode
from adjoint.autograd.node import Node
from adjoint.autograd.quiet import IGNORE, loud, quiet
from adjoint.autograd.saved import alias
from adjoint.autograd.views import check_writable, rebase
from adjoint.declare.emit import saved_names
from adjoint.declare.operator import Operator
from adjoint.tensor import NO_EDGE, Tensor, from_array, tick, writes_of

_new = object.__new__


def inplace_method(operator: Operator) -> Any:
    """``Tensor.name_``: the operator, written into its first operand."""
    function = operator.function
    ufunc = operator.plain or operator.forward
    quick = operator.elementwise and isinstance(ufunc, np.ufunc) and ufunc.nin == 2 and operator.promote == "same"

    def inplace(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        if quick and len(args) == 1 and not kwargs and self._edge is NO_EDGE and not self._inference:
            other = args[0]
            if (
                isinstance(other, Tensor)
                and other._edge is NO_EDGE
                and other._array.dtype is self._array.dtype
                and self._array.__class__ is np.ndarray is other._array.__class__
                and _may_write(self._array, other._array.shape)
            ):
                token = quiet(IGNORE)
                try:
                    ufunc(self._array, other._array, out=self._array)
                finally:
                    loud(token)
                writes_of(self).bump()
                return self
        if not isinstance(self, Tensor):
            raise TypeError(f"{operator.name}_(): argument 'input' must be Tensor, not {type(self).__name__}")
        recorded = self.requires_grad or any(isinstance(a, Tensor) and a.requires_grad for a in (*args, *kwargs.values()))
        check_writable(self, recorded)
        return overwrite(self, function(self, *args, **kwargs), operator)

    inplace.__name__ = operator.name + "_"
    inplace.__qualname__ = f"Tensor.{operator.name}_"
    inplace.__doc__ = f"In-place version of :func:`adjoint.{operator.name}`."
    return inplace


def _may_write(array: Any, other: tuple[int, ...]) -> bool:
    if array.shape == other:
        return 0 not in array.strides
    return False


def check_no_overlap(array: Any) -> None:
    """Raise PyTorch's error where one memory location stands for several elements (an expanded tensor)."""
    if any(stride == 0 and size > 1 for stride, size in zip(array.strides, array.shape)):
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a single memory location. "
            "Please clone() the tensor before performing the operation."
        )


def check_result(target: Tensor, result: Tensor) -> None:
    """Raise PyTorch's error where ``result`` cannot be written into ``target``."""
    if result._array.shape != target._array.shape:
        raise RuntimeError(
            f"output with shape {list(target.shape)} doesn't match the broadcast shape {list(result.shape)}"
        )
    if not dtypes.can_cast(result.dtype, target.dtype):
        raise RuntimeError(
            f"result type {dtypes.SCALAR_TYPE_NAMES[result.dtype]} can't be cast to the desired output type "
            f"{dtypes.SCALAR_TYPE_NAMES[target.dtype]}"
        )
    check_no_overlap(target._array)


def overwrite(target: Tensor, result: Tensor, operator: Operator | None = None) -> Tensor:
    """Write ``result``, computed out of place from ``target``, into it, history included.

    What the new node saved of ``target`` becomes a copy of it as it was; what it saved of its result becomes
    ``target`` as it is afterwards.
    """
    check_result(target, result)
    node = result._edge
    if isinstance(node, Node):
        _keep_saved(node, target, operator)
    if result._array.dtype != target._array.dtype and isinstance(node, Node):
        node = result.to(target.dtype)._edge
    np.copyto(target._array, result._array, casting="unsafe")
    writes_of(target).bump()
    if node is NO_EDGE:
        if target._edge is not NO_EDGE and mode.enabled:  # nothing of the old value flows on
            target._edge = NO_EDGE
        return target
    assert isinstance(node, Node)
    _resave_result(node, target, operator)
    node.order = tick()  # the write belongs to this node and is not one that came after it
    rebase(target, node)
    return target


def _keep_saved(node: Node, target: Tensor, operator: Operator | None) -> None:
    first = operator.arrays[0].name if operator is not None else None
    if operator is None or not node.saved or first not in (names := saved_names(operator)):
        return
    position = names.index(first)
    if node.saved[position] is target:
        kept = from_array(target._array.copy())
        kept._edge = target._edge if target._edge is NO_EDGE else edge_of(target)
        node.saved = (*node.saved[:position], kept, *node.saved[position + 1 :])


def _resave_result(node: Node, target: Tensor, operator: Operator | None) -> None:
    if operator is None or not node.saved or "result" not in (names := saved_names(operator)):
        return
    position = names.index("result")
    if node.saved[position] is not None:
        node.saved = (*node.saved[:position], alias(target, NO_EDGE), *node.saved[position + 1 :])


def write_out(result: Tensor, out: Tensor, name: str) -> Tensor:
    """Write a result into the tensor given as ``out=``, which is resized if it has to be."""
    if not isinstance(out, Tensor):
        raise TypeError(f"{name}(): argument 'out' must be Tensor, not {type(out).__name__}")
    if mode.enabled and (result.requires_grad or out.requires_grad):
        raise RuntimeError(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, but one of the "
            "arguments requires grad."
        )
    if not dtypes.can_cast(result.dtype, out.dtype):
        raise RuntimeError(
            f"result type {dtypes.SCALAR_TYPE_NAMES[result.dtype]} can't be cast to the desired output type "
            f"{dtypes.SCALAR_TYPE_NAMES[out.dtype]}"
        )
    if out._array.shape != result._array.shape:
        if out._array.size:
            warnings.warn(
                f"An output with one or more elements was resized since it had shape {list(out.shape)}, which does not "
                f"match the required output shape {list(result.shape)}. This behavior is deprecated, and in a future "
                "PyTorch release outputs will not be resized unless they have zero elements. You can explicitly reuse an "
                "out tensor t by resizing it, inplace, to zero elements with t.resize_(0).",
                UserWarning,
                stacklevel=3,
            )
        out._array = result._array.astype(out._array.dtype)
    else:
        np.copyto(out._array, result._array, casting="unsafe")
    writes_of(out).bump()
    return out
