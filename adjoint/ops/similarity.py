"""How alike vectors are: cosine similarity and pairwise distance."""

from __future__ import annotations

from adjoint.autograd.grad_mode import no_grad
from adjoint.declare import composite
from adjoint.declare.namespaces import lookup
from adjoint.declare.one_node import as_one_node
from adjoint.ops.by_numbers import plus
from adjoint.tensor import Tensor


@composite(where="torch nn.functional")
def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle between ``x1`` and ``x2`` along ``dim``; norms are taken to be at least ``eps``.

    >>> import adjoint as torch
    >>> torch.nn.functional.cosine_similarity(torch.tensor([[1., 0.]]), torch.tensor([[1., 1.]]))
    tensor([0.7071])
    """
    if x1.dtype is not x2.dtype:
        common = lookup("torch", "result_type")(x1, x2)
        x1, x2 = x1.to(common), x2.to(common)
    if not x1.is_floating_point():
        raise RuntimeError(f"expected common dtype to be floating point, yet common dtype is {_name(x1)}")
    x1, x2 = lookup("torch", "broadcast_tensors")(x1, x2)
    unit = []
    for x in (x1, x2):
        norm = x.norm(2, dim, keepdim=True).clone()
        with no_grad():  # the gradient goes on through a norm that was too small
            norm.clamp_min_(eps)
        unit.append(x / norm)
    return (unit[0] * unit[1]).sum(dim)


def _name(x: Tensor) -> str:
    from adjoint.dtypes import SCALAR_TYPE_NAMES

    return SCALAR_TYPE_NAMES[x.dtype]


@composite(where="torch nn.functional")
def pairwise_distance(
    x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> Tensor:
    """The p-norm of ``x1 - x2 + eps`` along the last dimension.

    >>> import adjoint as torch
    >>> torch.nn.functional.pairwise_distance(torch.zeros(1, 2), torch.tensor([[3., 4.]]))
    tensor([5.0000])
    """
    dim = -1 if max(x1.ndim, x2.ndim) else None
    return as_one_node("NormBackward1", lambda x: x.norm(p, dim, keepdim), plus(x1 - x2, eps))  # type: ignore[no-any-return]
