"""Functions of ``torch`` that PyTorch's own modules and passes call, and few programs: imported when one is first named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.autograd.grad_mode import no_grad
from adjoint.declare import composite
from adjoint.declare.arranging import made_of
from adjoint.declare.namespaces import lookup
from adjoint.ops.arrays import all_values
from adjoint.ops.each_sample import each_sample
from adjoint.ops.unsupported import unsupported
from adjoint.tensor import Tensor, from_array


def _torch(name: str) -> Any:
    return lookup("torch", name)


@composite(where="torch")
def native_dropout(input: Tensor, p: float, train: bool | None) -> tuple[Tensor, Tensor]:
    """As :func:`adjoint.dropout`, while ``train`` is true or None; also which elements were kept.

    >>> import adjoint as torch
    >>> torch.native_dropout(torch.ones(2), 0.5, False)
    (tensor([1., 1.]), tensor([True, True]))
    """
    if train is False:
        return input.clone(), _torch("ones")(input.shape, dtype=dtypes.bool_)
    kept = _torch("empty_like")(input, dtype=dtypes.bool_).bernoulli_(1 - p)
    return input * kept * (0.0 if p == 1 else 1 / (1 - p)), kept


@composite(where="torch")
def embedding_bag(
    weight: Tensor,
    indices: Tensor,
    offsets: Tensor,
    scale_grad_by_freq: bool = False,
    mode: int = 0,
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """As :func:`adjoint.nn.functional.embedding_bag`, in another order of arguments and with a number for the mode: sum, mean, max.

    Also the bag of each index, the bags' sizes, and, for the maximum, which index it was; for a sum there is nothing in these.

    >>> import adjoint as torch
    >>> table, ends = torch.tensor([[1., 2.], [3., 4.]]), torch.tensor([0, 1])
    >>> torch.embedding_bag(table, torch.tensor([0, 1, 1]), ends, mode=1)[0]
    tensor([[1., 2.],
            [3., 4.]])
    """
    how = ("sum", "mean", "max")[mode]
    output = lookup("nn.functional", "embedding_bag")(
        indices, weight, offsets, None, 2.0, scale_grad_by_freq, how, sparse, per_sample_weights, include_last_offset, padding_idx
    )
    flat, starts = all_values(indices._array), all_values(offsets._array)
    starts = starts[:-1] if include_last_offset else starts
    kind, bags = flat.dtype, len(starts)
    if mode == 0:
        return output, from_array(np.empty(0, kind)), from_array(np.zeros(bags, kind)), from_array(np.zeros(bags, kind))
    of_index = (np.searchsorted(starts, np.arange(len(flat)), "right") - 1).astype(kind)
    counted = np.ones(len(flat), bool) if padding_idx is None else flat != padding_idx % weight.shape[0]
    sizes = np.bincount(of_index[counted], minlength=bags).astype(kind)
    if mode == 1:
        return output, from_array(of_index), from_array(sizes), from_array(sizes.copy())
    rows, largest = all_values(weight._array), np.zeros((bags, weight.shape[1]), kind)
    for bag in range(bags):
        own = flat[(of_index == bag) & counted]
        if len(own):
            largest[bag] = own[rows[own].argmax(0)]
    return output, from_array(of_index), from_array(sizes), from_array(largest)


@composite(where="torch")
def embedding_renorm_(input: Tensor, indices: Tensor, max_norm: float, norm_type: float) -> Tensor:
    """Shorten, in place, the rows at ``indices`` whose ``norm_type``-norm is larger than ``max_norm``; returns the table."""
    with no_grad():
        lookup("nn.functional", "embedding")(indices, input, None, max_norm, norm_type)
    return input


@composite(where="torch")
def slice_inverse(
    input: Tensor, src: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Tensor:
    """The tensor that ``input`` is a slice of, ``src``'s sizes and strides over ``input``'s memory.

    Raises RuntimeError if that memory is too small.

    >>> import adjoint as torch
    >>> x = torch.tensor([1., 2., 3.])
    >>> torch.slice_inverse(x[1:2], x, 0, 1, 2)
    tensor([1., 2., 3.])
    """
    return input.as_strided(tuple(src.shape), src.stride(), src.storage_offset())


@composite
@each_sample
def hash_tensor(input: Tensor, dim: int | Sequence[int] = (), *, keepdim: bool = False, mode: int = 0) -> Tensor:
    """The exclusive or of the elements' 64 bits, over ``dim`` or all dimensions, as uint64: of float64, or of int64 for integers.

    >>> import adjoint as torch
    >>> torch.hash_tensor(torch.tensor([1, 2, 4]))
    tensor(7, dtype=torch.uint64)
    """
    if mode != 0:
        raise RuntimeError(f"Unknown hash_tensor mode: {mode}")
    dims = (dim,) if isinstance(dim, int) else tuple(dim)
    array = all_values(input._array)
    if array.dtype.kind == "c":
        unsupported("xor_sum_cpu", array)
    if not array.size and not dims:
        raise RuntimeError(
            "hash_tensor: Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the 'dim' "
            "argument."
        )
    wide = array.astype(np.int64 if array.dtype.kind in "iub" else np.float64).view(np.uint64)
    axes = (tuple(d % array.ndim for d in dims) if array.ndim else ()) or tuple(range(array.ndim))
    return made_of(np.asarray(np.bitwise_xor.reduce(wide, axes, keepdims=keepdim), np.uint64))


@composite(where="torch")
def get_device(input: Tensor) -> int:
    """The number of the tensor's device; -1 for the CPU, which has none.

    >>> import adjoint as torch
    >>> torch.get_device(torch.ones(1))
    -1
    """
    return input.get_device()  # type: ignore[attr-defined,no-any-return]
