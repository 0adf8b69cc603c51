"""View copies: what views show, copied: ``select_copy`` is to ``select`` as ``narrow_copy`` is to ``narrow``.

Each row has the gradient formulas of its view, for where the elements come from is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.autograd.grad_mode import mode
from adjoint.declare import composite, op
from adjoint.declare.arguments import type_name, wrong_argument
from adjoint.declare.inplace import write_out
from adjoint.declare.operator import Operator
from adjoint.declare.outs import SAME, Out
from adjoint.ops import broadcasting, complex_parts, shape, slicing, splitting, strides, transposing
from adjoint.ops.arithmetic import not_implemented
from adjoint.ops.arrays import Array
from adjoint.tensor import Tensor


def _copied(view: Operator, forward: Callable[..., Any], doc: str = "", **options: Any) -> Operator:
    """The row of a view's copy."""
    return op(
        f"{view.name}_copy",
        forward,
        tangent=None if view.outputs else view.tangent or "linear",
        where=options.pop("where", "torch"),
        node=options.pop("node", f"{view.backward_name}_copy"),
        outputs=view.outputs,
        out=Out(SAME.text, same=True, returned=False) if view.outputs else SAME,
        gradients={" ".join(names): formula for names, formula in view.gradients.items()},
        reads=view.reads,
        doc=doc or f"As :func:`{view.name}`, copied.",
        **options,
    )


def _copy(x: Array) -> Array:
    return np.copy(x, order="C")


def _alias_copy(self: Array):
    return _copy(self)


def _expand_copy(self: Array, size, *, implicit=False):
    return _copy(broadcasting._expand(self, size))


def _permute_copy(self: Array, dims):
    return _copy(transposing._permute(self, dims))


def _select_copy(self: Array, dim, index):
    return _copy(slicing._select(self, dim, index))


def _slice_copy(self: Array, dim=0, start=None, end=None, step=1):
    return _copy(slicing._slice(self, dim, start, end, step))


def _split_copy(self: Array, split_size, dim=0):
    if not isinstance(split_size, int):
        wrong_argument("split_copy", "split_size", "int", split_size, 2)
    return [_copy(part) for part in splitting._split(self, split_size, dim)]


def _split_with_sizes_copy(self: Array, split_sizes, dim=0):
    return [_copy(part) for part in splitting._split_with_sizes(self, split_sizes, dim)]


def _squeeze_copy(self: Array, dim=None):
    return _copy(shape._squeeze(self, dim))


def _t_copy(self: Array):
    return _copy(transposing._t(self))


def _transpose_copy(self: Array, dim0, dim1):
    return _copy(transposing._transpose(self, dim0, dim1))


def _unbind_copy(self: Array, dim=0):
    return [_copy(part) for part in splitting._unbind(self, dim)]


def _unfold_copy(self: Array, dimension, size, step):
    return _copy(slicing.windows_of(self, dimension, size, step))


def _unsqueeze_copy(self: Array, dim):
    return _copy(shape._unsqueeze(self, dim))


def _view_as_real_copy(self: Array):
    return _copy(complex_parts._view_as_real(self))


def _view_copy(self: Array, size):
    return _copy(self.reshape(shape.infer_size(size, self.size)))


def _as_strided_copy(self: Array, size, stride, shift, form):
    return _copy(strides._as_strided(self, size, stride, shift, form))


_copied(shape.alias_view, _alias_copy, doc="A copy.")
_copied(broadcasting.expanded_to, _expand_copy, doc="The tensor expanded to the given sizes, copied.")
_copied(transposing.permuted, _permute_copy)
_copied(slicing.select, _select_copy)
_copied(slicing.slice_, _slice_copy, doc="A slice of a dimension, copied.")
_copied(splitting._split_row, _split_copy)
_copied(splitting._split_with_sizes_row, _split_with_sizes_copy)
_copied(
    shape.squeezed,
    _squeeze_copy,
    node="SqueezeBackward0_copy if dim is None else SqueezeBackward2_copy if isinstance(dim, tuple) else "
    "SqueezeBackward1_copy",
)
_copied(transposing.t, _t_copy)
_copied(transposing.transpose, _transpose_copy)
_copied(splitting.unbind, _unbind_copy)
_copied(slicing.unfold, _unfold_copy, doc="All windows of a dimension, as a new last dimension, copied.")
_copied(shape.unsqueeze, _unsqueeze_copy)
_copied(complex_parts.view_as_real_row, _view_as_real_copy)
_viewed = _copied(shape.viewed_as, _view_copy, where="")
_strided = _copied(strides._as_strided_view, _as_strided_copy, where="")


def _detach_copy(self: Array):
    return _copy(self)


op(
    "detach_copy",
    _detach_copy,
    out=SAME,
    where="torch",
    node="NotImplemented",
    self=lambda g: not_implemented("detach_copy"),
    doc="A copy through which no gradient comes back: asking for one raises RuntimeError.",
)


def _into(result: Tensor, out: Tensor | None, name: str) -> Tensor:
    return result if out is None else write_out(result, out, name)


@composite(out=SAME, where="torch")
def as_strided_copy(
    input: Tensor,
    size: Sequence[int],
    stride: Sequence[int],
    storage_offset: int | None = None,
    *,
    out: Tensor | None = None,
) -> Tensor:
    """As :func:`as_strided`, copied."""
    return _into(_strided.function(input, *strides.placed(input, size, stride, storage_offset)), out, "as_strided_copy")


@composite(out=SAME, where="torch")
def view_copy(input: Tensor, *given: Any, size: Any = None, dtype: Any = None, out: Tensor | None = None) -> Tensor:
    """The tensor with other sizes, or its memory read as another dtype, copied.

    >>> import adjoint as torch
    >>> torch.view_copy(torch.arange(4), (2, 2))
    tensor([[0, 1],
            [2, 3]])
    """
    wanted = next((v for v in (*given, size, dtype) if v is not None), None)
    if len(given) > 1 or not isinstance(wanted, (dtypes.dtype, tuple, list)):
        names = ", ".join(type_name(v) for v in (input, *given))
        raise TypeError(
            f"view_copy() received an invalid combination of arguments - got ({names}), but expected one of:\n"
            " * (Tensor input, torch.dtype dtype, *, Tensor out = None)\n"
            " * (Tensor input, tuple of ints size, *, Tensor out = None)\n"
        )
    if isinstance(wanted, dtypes.dtype):
        result = shape.view_as_dtype(input, wanted).clone()  # type: ignore[attr-defined]
    else:
        result = _viewed.function(input, tuple(wanted))
    return _into(result, out, "view_copy")


@composite(out=SAME, where="torch")
def view_as_complex_copy(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """As :func:`view_as_complex`, copied; not differentiable."""
    if mode.enabled and input.requires_grad:
        raise RuntimeError(
            "view_as_complex_copy does not support automatic differentiation for outputs with complex dtype."
        )
    result = complex_parts.view_as_complex.function(input).clone()
    return _into(result, out, "view_as_complex_copy")
