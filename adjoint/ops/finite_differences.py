"""Finite differences: what a function whose values are given has for a derivative (``torch.gradient``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adjoint.declare import composite
from adjoint.ops.by_numbers import over
from adjoint.ops.dims import wrap_dims
from adjoint.tensor import Tensor


@composite(where="torch")
def gradient(
    input: Tensor, *, spacing: Any = 1, dim: int | Sequence[int] | None = None, edge_order: int = 1
) -> tuple[Tensor, ...]:  # fmt: skip
    """Along each dimension (or those in ``dim``) the derivative of a function whose values on a grid ``input`` has, by central
    differences.

    ``spacing`` is the distance of the places, one for each dimension, or per dimension a tensor with their coordinates.  At the
    ends differences are one-sided, from two values or with ``edge_order=2`` from three.  Raises RuntimeError where a dimension has
    too few elements, or ``spacing`` not as many entries as there are dimensions.

    >>> import adjoint as torch
    >>> torch.gradient(torch.tensor([1., 4., 9., 16.]))
    (tensor([3., 4., 6., 7.]),)
    """
    dims = wrap_dims(dim, input.ndim)
    steps = _steps(input, spacing, dim, len(dims))
    if edge_order not in (1, 2):
        raise RuntimeError("torch.gradient only supports edge_order=1 and edge_order=2.")
    for d in dims:
        if input.shape[d] < edge_order + 1:
            raise RuntimeError("torch.gradient expected each dimension size to be at least edge_order+1")
    return tuple(_along(input, d, step, edge_order) for d, step in zip(dims, steps))


def _steps(input: Tensor, spacing: Any, dim: Any, count: int) -> list[Any]:
    if isinstance(spacing, Tensor):
        raise TypeError(
            "gradient() received an invalid combination of arguments - spacing has to be a number, a sequence of numbers, or a "
            "sequence of tensors, not a Tensor"
        )
    if not isinstance(spacing, (list, tuple)):
        return [1 if spacing is None else spacing] * count
    if len(spacing) != count and dim is not None:
        raise RuntimeError(
            "torch.gradient expected spacing to be unspecified, a scalar or it's spacing and dim arguments to have the same length, but "
            f"got a spacing argument of length {len(spacing)} and a dim argument of length {count}."
        )
    if len(spacing) != count:
        raise RuntimeError(
            f"torch.gradient expected spacing to be unspecified, a scalar, or a list of length equal to 'self.dim() = {count}', since "
            f"dim argument was not given, but got a list of length {len(spacing)}"
        )
    return list(spacing)


def _along(f: Tensor, d: int, step: Any, edge_order: int) -> Tensor:
    import adjoint

    n = f.shape[d]
    part = lambda start, size: f.narrow(d, start if start >= 0 else n + start, size)
    if not isinstance(step, Tensor):
        inner = over(over(part(2, n - 2) - part(0, n - 2), step), 2) if n > 2 else part(0, 0) / 1
        if edge_order == 1:
            first, last = over(part(1, 1) - part(0, 1), step), over(part(-1, 1) - part(-2, 1), step)
        else:
            first = (4 * part(1, 1) - 3 * part(0, 1) - part(2, 1)) / (2 * step)
            last = (3 * part(-1, 1) - 4 * part(-2, 1) + part(-3, 1)) / (2 * step)
        return adjoint.cat([first, inner, last], d)
    along = (-1,) + (1,) * (f.ndim - 1 - d)
    h = (step[1:] - step[:-1]).reshape(along)
    before, behind = h[:-1], h[1:]
    inner = (
        part(0, n - 2) * (-behind / (before * (before + behind)))
        + part(1, n - 2) * ((behind - before) / (before * behind))
        + part(2, n - 2) * (before / (behind * (before + behind)))
    )
    if edge_order == 1:
        first, last = (part(1, 1) - part(0, 1)) / h[:1], (part(-1, 1) - part(-2, 1)) / h[-1:]
    else:
        a, b = h[:1], h[1:2]
        first = (
            part(0, 1) * (-(2 * a + b) / (a * (a + b))) + part(1, 1) * ((a + b) / (a * b)) - part(2, 1) * (a / (b * (a + b)))
        )
        a, b = h[-2:-1], h[-1:]
        last = (
            part(-3, 1) * (b / (a * (a + b))) - part(-2, 1) * ((a + b) / (a * b)) + part(-1, 1) * ((a + 2 * b) / (b * (a + b)))
        )
    return adjoint.cat([first, inner, last], d)
