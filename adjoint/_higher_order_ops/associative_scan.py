"""``associative_scan``: the results of an associative function of the first one, two, three, ... slices along a dimension.

Neighbours are combined two by two, the results scanned in the same way, and every other result made of them: so many steps as a
number of slices has digits, each on all of them at once (Blelloch, 1990).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adjoint.declare.namespaces import lookup
from adjoint.func.vmap import vmap
from adjoint.names import list_names as _list_names
from adjoint.pytree import tree_flatten, tree_unflatten

Leaves = list[Any]


def associative_scan(
    combine_fn: Callable[..., Any], xs: Any, dim: int, reverse: bool = False, combine_mode: str = "pointwise"
) -> Any:
    """Of tensors (a tree of them) along a dimension, what ``combine_fn(a, b)`` makes of all slices up to each, or, if ``reverse``,
    from each on.

    Raises ValueError for ``combine_mode="pointwise"``, which needs an accelerator; pass "generic".

    >>> import adjoint as torch
    >>> from adjoint._higher_order_ops import associative_scan
    >>> associative_scan(lambda a, b: a + b, torch.arange(4.), 0, combine_mode="generic")
    tensor([0., 1., 3., 6.])
    """
    if combine_mode not in ("pointwise", "generic"):
        raise ValueError(f"Combine_mode must either 'pointwise' or 'generic', but got {combine_mode}")
    if combine_mode == "pointwise":
        raise ValueError("For combine_mode='pointwise', all input tensors need to be on CUDA or XPU")
    leaves, spec = tree_flatten(xs)
    together = vmap(lambda a, b: tree_flatten(combine_fn(tree_unflatten(a, spec), tree_unflatten(b, spec)))[0])
    given = [leaf.movedim(dim, 0) for leaf in leaves]
    if reverse:
        given = [leaf.flip(0) for leaf in given]
    found = _scan(together, given)
    if reverse:
        found = [leaf.flip(0) for leaf in found]
    return tree_unflatten([leaf.movedim(0, dim) for leaf in found], spec)


def _scan(combine: Callable[[Leaves, Leaves], Leaves], leaves: Leaves) -> Leaves:
    count = leaves[0].shape[0]
    if count < 2:
        return leaves
    odd = _scan(combine, combine([leaf[:-1:2] for leaf in leaves], [leaf[1::2] for leaf in leaves]))
    before = [leaf[:-1] for leaf in odd] if count % 2 == 0 else odd
    first = [leaf[:1] for leaf in leaves]
    if count > 2:
        later = combine(before, [leaf[2::2] for leaf in leaves])
        first = [lookup("torch", "cat")([a, b]) for a, b in zip(first, later)]
    return [_interleaved(a, b) for a, b in zip(first, odd)]


def _interleaved(even: Any, odd: Any) -> Any:
    """The first of one, the first of the other, the second of one, ..."""
    pairs = lookup("torch", "stack")([even[: odd.shape[0]], odd], 1).flatten(0, 1)
    return pairs if even.shape[0] == odd.shape[0] else lookup("torch", "cat")([pairs, even[-1:]])


_list_names(__name__)
