"""Overloads: signatures of functions whose result depends on what they are given, and of those that take it in several forms.

A signature is written as in a stub, without the function's name; ``self`` stands for ``input`` in methods.
"""

from __future__ import annotations

_MADE = "dtype: dtype | None = None, layout: layout | None = None, device: device | str | int | None = None, "
_NEW = _MADE + "pin_memory: bool = False, requires_grad: bool = False"
_OUT = "out: Tensor | None = None, "
_EXTREME = (
    "(input: Tensor, *, out: Tensor | None = None) -> Tensor",
    "(input: Tensor, dim: int, keepdim: bool = False, *, out: tuple[Tensor, Tensor] | None = None) -> return_types.{name}",
    "(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor",
)
_MEDIAN = (
    "(input: Tensor) -> Tensor",
    "(input: Tensor, dim: int, keepdim: bool = False) -> return_types.{name}",
)
_AT_LEAST = (
    "(tensor: Tensor, /) -> Tensor",
    "(*tensors: Tensor) -> tuple[Tensor, ...]",
    "(tensors: Sequence[Tensor], /) -> tuple[Tensor, ...]",
)
_POOL = (
    "(input: Tensor, kernel_size: int | Sequence[int], stride: int | Sequence[int] | None = None, "
    "padding: int | Sequence[int] = 0, dilation: int | Sequence[int] = 1, ceil_mode: bool = False"
)
_POOLS = (
    _POOL + ", return_indices: Literal[False] = False) -> Tensor",
    _POOL + ", *, return_indices: Literal[True]) -> tuple[Tensor, Tensor]",
    _POOL + ", return_indices: bool = False) -> Tensor | tuple[Tensor, Tensor]",
)
_ADAPTIVE = "(input: Tensor, output_size: int | None | Sequence[int | None]"
_ADAPTIVE_POOLS = (
    _ADAPTIVE + ", return_indices: Literal[False] = False) -> Tensor",
    _ADAPTIVE + ", return_indices: Literal[True]) -> tuple[Tensor, Tensor]",
    _ADAPTIVE + ", return_indices: bool = False) -> Tensor | tuple[Tensor, Tensor]",
)
_SPLIT = ("(input: Tensor, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]",)
_CREATED = (
    "(*size: int | Sequence[int], " + _OUT + _MADE + "pin_memory: bool = False, requires_grad: bool = False) -> Tensor",
)
_DRAWN = (
    "(*size: int | Sequence[int], generator: Generator | None = None, " + _OUT + _MADE
    + "requires_grad: bool = False, pin_memory: bool = False) -> Tensor",
)  # fmt: skip
_PERMUTED = ("(input: Tensor, *dims: int | Sequence[int]) -> Tensor",)
_NEW_ONES = ("(input: Tensor, *size: int | Sequence[int], " + _NEW + ") -> Tensor",)
_SHAPED = ("(input: Tensor, *shape: int | Sequence[int]) -> Tensor",)
_UNIQUE = (
    "(input: Tensor, sorted: bool = True, return_inverse: Literal[False] = False, return_counts: Literal[False] = False, "
    "dim: int | None = None) -> Tensor",
    "(input: Tensor, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False, "
    "dim: int | None = None) -> Any",
)
_UNIQUE_RUNS = (
    "(input: Tensor, return_inverse: Literal[False] = False, return_counts: Literal[False] = False, "
    "dim: int | None = None) -> Tensor",
    "(input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None) -> Any",
)
_DECORATED = "fullgraph: bool = False, dynamic: bool | None = None, backend: str | Callable[..., Any] = 'inductor', "
_DECORATED += "mode: str | None = None, options: dict[str, Any] | None = None, disable: bool = False"

OVERLOADS: dict[str, tuple[str, ...]] = {
    "max": _EXTREME,
    "min": _EXTREME,
    "median": _MEDIAN,
    "nanmedian": _MEDIAN,
    "atleast_1d": _AT_LEAST,
    "atleast_2d": _AT_LEAST,
    "atleast_3d": _AT_LEAST,
    "broadcast_shapes": ("(*shapes: int | Sequence[int]) -> Size",),
    "compile": (
        f"(model: Callable[..., Any], *, {_DECORATED}) -> Any",
        f"(model: None = None, *, {_DECORATED}) -> Callable[[Any], Any]",
    ),
    "nonzero": (
        "(input: Tensor, *, out: Tensor | None = None, as_tuple: Literal[False] = False) -> Tensor",
        "(input: Tensor, *, as_tuple: Literal[True]) -> tuple[Tensor, ...]",
    ),
    "where": (
        "(condition: Tensor, input: Tensor | complex, other: Tensor | complex, *, out: Tensor | None = None) -> Tensor",
        "(condition: Tensor) -> tuple[Tensor, ...]",
    ),
    "Tensor.where": ("(input: Tensor, condition: Tensor, other: Tensor | complex) -> Tensor",),
    "slogdet": ("(input: Tensor) -> return_types.slogdet",),
    "linalg.slogdet": ("(A: Tensor) -> return_types.linalg_slogdet",),
    "max_pool1d": (_POOL + ") -> Tensor",),
    "max_pool2d": (_POOL + ") -> Tensor",),
    "max_pool3d": (_POOL + ") -> Tensor",),
    "adaptive_max_pool1d": (_ADAPTIVE + ") -> tuple[Tensor, Tensor]",),
    "max_pool1d_with_indices": (_POOL + ") -> tuple[Tensor, Tensor]",),
    **{f"nn.functional.max_pool{n}d": _POOLS for n in (1, 2, 3)},
    **{f"nn.functional.adaptive_max_pool{n}d": _ADAPTIVE_POOLS for n in (1, 2, 3)},
    **{f"nn.functional.max_pool{n}d_with_indices": (_POOL + ", return_indices: bool = False) -> tuple[Tensor, Tensor]",)
       for n in (1, 2, 3)},
    **{f"nn.functional.adaptive_max_pool{n}d_with_indices":
       (_ADAPTIVE + ", return_indices: bool = False) -> tuple[Tensor, Tensor]",) for n in (1, 2, 3)},
    "unique": _UNIQUE,
    "unique_consecutive": _UNIQUE_RUNS,
    "qr": ("(input: Tensor, some: bool = True) -> return_types.qr",),
    "svd": ("(input: Tensor, some: bool = True, compute_uv: bool = True) -> return_types.svd",),
    "linalg.qr": (
        "(A: Tensor, mode: str = 'reduced', *, out: tuple[Tensor, Tensor] | None = None) -> return_types.linalg_qr",
    ),
    "linalg.svd": (
        "(A: Tensor, full_matrices: bool = True, *, driver: str | None = None, "
        "out: tuple[Tensor, Tensor, Tensor] | None = None) -> return_types.linalg_svd",
    ),
    "linalg.eigh": (
        "(A: Tensor, UPLO: str = 'L', *, out: tuple[Tensor, Tensor] | None = None) -> return_types.linalg_eigh",
    ),
    "linalg.eig": ("(A: Tensor) -> return_types.linalg_eig",),
    "linalg.inv_ex": ("(A: Tensor, *, check_errors: bool = False) -> return_types.linalg_inv_ex",),
    "linalg.cholesky_ex": (
        "(A: Tensor, *, upper: bool = False, check_errors: bool = False) -> return_types.linalg_cholesky_ex",
    ),
    "linalg.lstsq": (
        "(A: Tensor, B: Tensor, rcond: float | None = None, *, driver: str | None = None) -> return_types.linalg_lstsq",
    ),
    "hsplit": _SPLIT,
    "vsplit": _SPLIT,
    "dsplit": _SPLIT,
    "to_dlpack": ("(tensor: Tensor) -> Any",),
    "zeros": _CREATED,
    "ones": _CREATED,
    "empty": (_CREATED[0].replace(") -> Tensor", ", memory_format: memory_format | None = None) -> Tensor"),),
    "rand": _DRAWN,
    "randn": _DRAWN,
    "randint": (
        "(high: int, size: Sequence[int], *, generator: Generator | None = None, " + _OUT + _NEW + ") -> Tensor",
        "(low: int, high: int, size: Sequence[int], *, generator: Generator | None = None, " + _OUT + _NEW + ") -> Tensor",
    ),
    "randint_like": (
        "(input: Tensor, high: int, *, generator: Generator | None = None, " + _NEW + ") -> Tensor",
        "(input: Tensor, low: int, high: int, *, generator: Generator | None = None, " + _NEW + ") -> Tensor",
    ),
    "einsum": (
        "(equation: str, *operands: Tensor | Sequence[Tensor]) -> Tensor",
        "(operand: Tensor, sublist: Sequence[Any], /, *more: Tensor | Sequence[Any]) -> Tensor",
    ),
    "permute": _PERMUTED,
    "flip": _PERMUTED,
    "tile": _PERMUTED,
    "Tensor.repeat": ("(input: Tensor, *repeats: int | Sequence[int]) -> Tensor",),
    "Tensor.expand": ("(input: Tensor, *size: int | Sequence[int], implicit: bool = False) -> Tensor",),
    "Tensor.sum_to_size": ("(input: Tensor, *size: int | Sequence[int]) -> Tensor",),
    "Tensor.resize_": (
        "(input: Tensor, *size: int | Sequence[int], memory_format: memory_format | None = None) -> Tensor",
    ),
    "reshape": ("(input: Tensor, shape: int | Sequence[int]) -> Tensor",),
    "Tensor.reshape": _SHAPED,
    "Tensor.view": ("(input: Tensor, dtype: dtype, /) -> Tensor", *_SHAPED),
    "view_copy": (
        "(input: Tensor, size: int | Sequence[int], *, out: Tensor | None = None) -> Tensor",
        "(input: Tensor, dtype: dtype, *, out: Tensor | None = None) -> Tensor",
    ),
    "Tensor.new_empty": _NEW_ONES,
    "Tensor.new_zeros": _NEW_ONES,
    "Tensor.new_ones": _NEW_ONES,
    "Tensor.new": ("(input: Tensor, *args: Any, device: device | str | int | None = None) -> Tensor",),
    "Tensor.__new__": ("(cls, *args: Any, device: device | str | int | None = None) -> Self",),
    "Tensor.__iter__": ("(input: Tensor) -> Iterator[Tensor]",),
    "Tensor.__eq__": ("(input: Tensor, other: object, /) -> Tensor",),
    "Tensor.__ne__": ("(input: Tensor, other: object, /) -> Tensor",),
    "Tensor.uniform_": (
        "(input: Tensor, from_: float = 0, to: float = 1, *, generator: Generator | None = None) -> Tensor",
    ),
    "Tensor.random_": (
        "(input: Tensor, from_: int | None = None, to: int | None = None, *, "
        "generator: Generator | None = None) -> Tensor",
    ),
    "Tensor.to": (
        "(input: Tensor, dtype: dtype, non_blocking: bool = False, copy: bool = False, *, "
        "memory_format: memory_format | None = None) -> Tensor",
        "(input: Tensor, device: device | str | int | None = None, dtype: dtype | None = None, "
        "non_blocking: bool = False, copy: bool = False, *, memory_format: memory_format | None = None) -> Tensor",
        "(input: Tensor, other: Tensor, non_blocking: bool = False, copy: bool = False, *, "
        "memory_format: memory_format | None = None) -> Tensor",
    ),
    "Tensor.size": ("(input: Tensor, dim: None = None) -> Size", "(input: Tensor, dim: int) -> int"),
    "Tensor.stride": ("(input: Tensor, dim: None = None) -> tuple[int, ...]", "(input: Tensor, dim: int) -> int"),
    "Tensor.type": (
        "(input: Tensor, dtype: None = None, non_blocking: bool = False) -> str",
        "(input: Tensor, dtype: dtype | str | type[Tensor], non_blocking: bool = False) -> Tensor",
    ),
    "Tensor.numpy": ("(input: Tensor, *, force: bool = False) -> ndarray[Any, Any]",),
    "Tensor.__array__": ("(input: Tensor, dtype: Any = None, copy: bool | None = None) -> ndarray[Any, Any]",),
    "Tensor.__getitem__": ("(input: Tensor, index: Any, /) -> Tensor",),
    "Tensor.__setitem__": ("(input: Tensor, index: Any, value: Tensor | complex, /) -> None",),
}  # fmt: skip
