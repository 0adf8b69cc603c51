"""``torch.nested``: several tensors of different lengths as one.

What is computed of them element by element, and by layers that work on the last dimension, is; anything else says that it is not.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, NoReturn

import adjoint
from adjoint.layouts import jagged, layout, strided
from adjoint.names import list_names as _list_names
from adjoint.nested.nested_tensor import NestedTensor, made_of
from adjoint.places import users_level
from adjoint.tensor import Tensor

__all__ = [
    "as_nested_tensor",
    "masked_select",
    "narrow",
    "nested_tensor",
    "nested_tensor_from_jagged",
    "to_padded_tensor",
]

_said = False


def nested_tensor(
    tensor_list: Sequence[Any],
    *,
    dtype: Any = None,
    layout: layout | None = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> NestedTensor:
    """A nested tensor of copies of these tensors, or lists of numbers: a leaf, which may require grad.

    With ``layout=torch.jagged`` they may differ in their first dimension alone.  Raises RuntimeError for tensors of different
    numbers of dimensions, and for other layouts.

    >>> import adjoint as torch
    >>> nested = torch.nested.nested_tensor([torch.ones(2, 3), torch.ones(1, 3)], layout=torch.jagged)
    >>> nested.is_nested, [tuple(part.shape) for part in nested.unbind()], nested.offsets()
    (True, [(2, 3), (1, 3)], tensor([0, 2, 3]))
    """
    form = _checked_layout(layout)
    parts = [part if isinstance(part, Tensor) else adjoint.tensor(part) for part in tensor_list]
    kind = dtype if dtype is not None else parts[0].dtype if parts else None
    copies = [part.detach().to(device=device, dtype=kind, copy=True) for part in parts]
    return made_of([copy.requires_grad_(requires_grad) for copy in copies], form)


def as_nested_tensor(ts: Any, dtype: Any = None, device: Any = None, layout: layout | None = None) -> NestedTensor:
    """A nested tensor of these tensors, or of the parts of one; gradients pass to them."""
    if isinstance(ts, NestedTensor):
        return ts.to(dtype=dtype, device=device)  # type: ignore[return-value]
    form = _checked_layout(layout)
    if not isinstance(ts, (list, tuple, Tensor)):
        raise TypeError("as_nested_tensor(): Expected first argument to be a tensor or a list / tuple of tensors ")
    parts = ts.unbind(0) if isinstance(ts, Tensor) else ts
    return made_of([adjoint.as_tensor(part, dtype=dtype, device=device) for part in parts], form)


def nested_tensor_from_jagged(
    values: Tensor,
    offsets: Tensor | None = None,
    lengths: Tensor | None = None,
    jagged_dim: int | None = None,
    min_seqlen: int | None = None,
    max_seqlen: int | None = None,
) -> NestedTensor:
    """A nested tensor of parts of ``values``: from each of the ``offsets`` to the next, or so many as ``lengths`` says.

    Raises RuntimeError unless one of them is given, NotImplementedError where the parts are not of the first dimension.

    >>> import adjoint as torch
    >>> nested = torch.nested.nested_tensor_from_jagged(torch.arange(3.0)[:, None], torch.tensor([0, 1, 3]))
    >>> [tuple(part.shape) for part in nested.unbind()]
    [(1, 1), (2, 1)]
    """
    if jagged_dim not in (None, 1):
        raise NotImplementedError(
            "nested_tensor_from_jagged: parts are of the first dimension of values (jagged_dim=1)"
        )
    if offsets is None and lengths is None:
        raise RuntimeError("nested_tensor_from_jagged(): At least one of offsets or lengths is required.")
    if offsets is not None and lengths is not None:
        starts, sizes = offsets.tolist()[:-1], lengths.tolist()
    elif offsets is not None:
        ends = offsets.tolist()
        starts, sizes = ends[:-1], [end - start for start, end in zip(ends, ends[1:])]
    else:
        sizes = lengths.tolist()  # type: ignore[union-attr]
        starts = [sum(sizes[:i]) for i in range(len(sizes))]
    return made_of([values[start : start + size] for start, size in zip(starts, sizes)], jagged)


def to_padded_tensor(input: NestedTensor, padding: float, output_size: Any = None) -> Tensor:
    """The parts of a nested tensor one above the other, each filled up with ``padding`` to the largest, or to ``output_size``."""
    return input.to_padded_tensor(padding, output_size)


def narrow(tensor: Tensor, dim: int, start: Any, length: Any, layout: layout = strided) -> NoReturn:
    """Refused."""
    raise NotImplementedError(
        "torch.nested.narrow: take the parts by indexing, and torch.nested.as_nested_tensor of them"
    )


def masked_select(tensor: Tensor, mask: Tensor) -> NestedTensor:
    """The elements of each part of a two-dimensional tensor where ``mask`` is true, as a nested tensor."""
    if tensor.ndim != 2:
        raise RuntimeError(f"Input tensor needs to be 2D but got {tensor.ndim}D tensor instead")
    whole = mask.expand(tensor.shape)
    return made_of([row[chosen] for row, chosen in zip(tensor.unbind(0), whole.unbind(0))], jagged)


def _checked_layout(given: layout | None) -> layout:
    global _said
    if given not in (None, strided, jagged):
        raise RuntimeError(f"Specified layout is unsupported for nested tensors: {given}")
    if given is not jagged and not _said:
        _said = True
        warnings.warn(
            "The PyTorch API of nested tensors is in prototype stage and will change in the near future. We recommend specifying "
            "layout=torch.jagged when constructing a nested tensor, as this layout receives active development, has better "
            "operator coverage, and works with torch.compile.",
            UserWarning,
            stacklevel=users_level(),
        )
    return strided if given is None else given


_list_names(__name__)
