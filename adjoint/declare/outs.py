"""``out=``: which functions take it besides the element-wise ones and those that do by themselves, and how it is written."""

from __future__ import annotations

from typing import Any

from adjoint.declare.arguments import type_name
from adjoint.tensor import Tensor

# By the name that PyTorch's errors have: `linalg_eig` of `torch.linalg.eig`.
TAKE_OUT = frozenset(
    """
    addbmm addmm addmv addr alias_copy all amax amin aminmax any argmax argmin baddbmm bmm cholesky_inverse cholesky_solve complex
    cummax cummin cumprod cumsum detach_copy diagonal_copy dot expand_copy frexp gather index_add index_copy index_reduce
    index_select isin isneginf isposinf kthvalue linalg_cholesky_ex linalg_eig linalg_eigvals linalg_inv_ex linalg_lstsq
    linalg_matrix_rank linalg_slogdet logcumsumexp logsumexp masked_select mean median mm mode msort mv mvlgamma nanmedian nansum
    narrow_copy permute_copy polar polygamma prod qr renorm scatter scatter_add scatter_reduce select_copy slice_copy
    slice_scatter slogdet sort split_copy split_with_sizes_copy square sum svd t_copy take threshold topk transpose_copy tril triu
    unbind_copy unfold_copy unsqueeze_copy vdot view_as_real_copy
    """.split()
)


def write_outs(name: str, result: Any, out: Any) -> Any:
    """Write a function's result, one tensor or several, into what was given as ``out=``; what it returns then."""
    from adjoint.declare.inplace import write_out

    if isinstance(result, Tensor):
        return write_out(result, out, name)
    if isinstance(out, Tensor) or not isinstance(out, (tuple, list)):
        raise TypeError(f"{name}(): argument 'out' must be tuple of Tensors, not {type_name(out)}")
    if len(out) != len(result):
        raise TypeError(f"{name}(): expected tuple of {len(result)} elements but got {len(out)}")
    written = [write_out(r, o, name) for r, o in zip(result, out)]
    return type(result)(written) if hasattr(result, "_fields") or type(result) is not tuple else tuple(written)
