"""``out=``: which functions take it besides the element-wise ones and those that do by themselves, and how it is written."""

from __future__ import annotations

from typing import Any

from adjoint import dtypes
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

IN_ITS_DTYPE = frozenset({"cumprod", "cumsum", "mean", "nansum", "prod", "sum"})
"""What computes in the dtype of ``out``, not in its own to be converted then: numbers are cut off before they are added."""


def in_dtype_of(name: str, out: Any, args: tuple[Any, ...], named: dict[str, Any]) -> dict[str, Any]:
    """A call's arguments by name; where ``out`` says in which dtype it computes, with that one as ``dtype``.

    Raises RuntimeError where another was asked for.
    """
    if name not in IN_ITS_DTYPE or not isinstance(out, Tensor):
        return named
    asked = named["dtype"]
    if asked not in (None, out.dtype):
        wanted, given = dtypes.C_NAMES[asked], dtypes.C_NAMES[out.dtype]
        raise RuntimeError(f"Expected out tensor to have dtype {wanted}, but got {given} instead")
    fractions = [t.is_floating_point() or t.is_complex() for t in (args[0], out)]
    if (name == "mean" and not all(fractions)) or (name == "nansum" and not fractions[1]):
        return named  # which there is not: what comes without ``out`` is refused
    return {**named, "dtype": out.dtype}


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
