"""The named tuples that operators with several outputs return, ``torch.return_types.max`` and its kin."""

from __future__ import annotations

from functools import lru_cache
from operator import itemgetter
from typing import Any

from adjoint.names import listed_without


class ReturnType(tuple):
    """Several results with names; PyTorch prints one name and value a line."""

    __slots__ = ()
    _names: tuple[str, ...] = ()

    __dir__ = listed_without()

    def __repr__(self) -> str:
        fields = ",\n".join(f"{name}={value!r}" for name, value in zip(self._names, self))
        return f"torch.return_types.{type(self).__name__}(\n{fields})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _remake, (type(self).__name__, self._names, tuple(self))


# Those of composites; a row says its own.
COMPOSITES = {
    "_lu_with_info": ("LU", "pivots", "info"),
    "histogram": ("hist", "bin_edges"),
    "histogramdd": ("hist", "bin_edges"),
    "linalg_cholesky_ex": ("L", "info"),
    "linalg_inv_ex": ("inverse", "info"),
    "linalg_ldl_factor": ("LD", "pivots"),
    "linalg_lstsq": ("solution", "residuals", "rank", "singular_values"),
    "linalg_lu_factor": ("LU", "pivots"),
    "linalg_solve_ex": ("result", "info"),
    "qr": ("Q", "R"),
    "slogdet": ("sign", "logabsdet"),
    "svd": ("U", "S", "V"),
    "triangular_solve": ("solution", "cloned_coefficient"),
}


def return_type(name: str, names: tuple[str, ...] = ()) -> type[ReturnType]:
    """The tuple type of operator ``name`` with these fields; a composite's are listed here."""
    return _return_type(name, names or COMPOSITES[name])


@lru_cache(maxsize=None)
def _return_type(name: str, names: tuple[str, ...]) -> type[ReturnType]:
    fields: dict[str, Any] = {n: property(itemgetter(i)) for i, n in enumerate(names)}
    place = __name__.partition(".")[0] + ".return_types"  # PyTorch's name of it, where Adjoint goes by PyTorch's names
    return type(name, (ReturnType,), {"__slots__": (), "_names": names, "__module__": place, **fields})


def _remake(name: str, names: tuple[str, ...], values: tuple[Any, ...]) -> ReturnType:
    return return_type(name, names)(values)
