"""Gradients of functions of sparse tensors, checked by those of their values."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any


def as_sparse_gradcheck(gradcheck: Callable[..., bool]) -> Callable[..., bool]:
    """A ``gradcheck`` that takes sparse inputs and outputs: it is handed a function of the values of coalesced inputs.

    With ``masked=True`` (the default) a sparse input is changed in its places alone; without, in all of them, as a dense one is.

    >>> import adjoint as torch
    >>> check = torch.sparse.as_sparse_gradcheck(torch.autograd.gradcheck)
    >>> x = torch.eye(2, dtype=torch.float64).to_sparse().requires_grad_()
    >>> check(lambda x: x.to_dense(), (x,), masked=True)
    True
    """

    @functools.wraps(gradcheck)
    def of_values(function: Callable[..., Any], inputs: Any, **options: Any) -> bool:
        from adjoint.ops.sparse_making import is_sparse, sparse_coo_tensor
        from adjoint.tensor import Tensor

        masked = options.pop("masked", None)
        given = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
        passed: list[Any] = []
        back: list[Callable[[Any], Any]] = []

        def of_places(values: Tensor, x: Tensor) -> Tensor:
            return sparse_coo_tensor(x._indices(), values, x.shape, is_coalesced=True, check_invariants=False)  # type: ignore[attr-defined]

        def of_all(values: Tensor, x: Tensor) -> Tensor:
            return values.to_sparse(x.sparse_dim())  # type: ignore[attr-defined, no-any-return]

        for x in given:
            if isinstance(x, Tensor) and is_sparse(x) and x.requires_grad:
                whole = x.detach().coalesce()  # type: ignore[attr-defined]
                if masked:
                    passed.append(whole.values().contiguous().clone().requires_grad_())
                    back.append(functools.partial(of_places, x=whole))
                else:
                    passed.append(whole.to_dense().requires_grad_())
                    back.append(functools.partial(of_all, x=whole))
            else:
                passed.append(x)
                back.append(lambda x: x)

        def dense_of(found: Any) -> Any:
            if isinstance(found, (tuple, list)):
                return tuple(map(dense_of, found))
            return found.to_dense() if isinstance(found, Tensor) and is_sparse(found) else found

        def of_dense(*args: Any) -> Any:
            return dense_of(function(*[f(a) for f, a in zip(back, args)]))

        return gradcheck(of_dense, tuple(passed), **options, **({"masked": masked} if masked is not None else {}))

    return of_values
