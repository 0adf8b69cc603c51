"""Which blocks of a mask have something in them: what tells kernels of attention what to leave out."""

from __future__ import annotations

import inspect
import itertools
import math
import warnings
from collections.abc import Callable
from typing import Any, NoReturn

import adjoint
from adjoint.places import users_level
from adjoint.tensor import Tensor

# The size of blocks unless it is said, and the one that stands for no mask; by PyTorch's names, which libraries import.
_DEFAULT_SPARSE_BLOCK_SIZE = 128
_LARGE_SPARSE_BLOCK_SIZE = 1 << 30

Mask = Callable[..., Tensor]


def over_all(function: Callable[..., Any], prefix: tuple[int | None, ...] = ()) -> Callable[..., Any]:
    """A function of ``(b, h, q, kv)``, each a number, as one of vectors of them: its results are (B, H, Q, KV).

    ``prefix`` are the dimensions of arguments before those, which run along with all four.
    """
    for position in reversed(range(4)):
        dims = tuple(0 if i == position else None for i in range(4))
        function = adjoint.vmap(function, in_dims=prefix + dims)
    return function


def noop_mask(batch: Tensor, head: Tensor, token_q: Tensor, token_kv: Tensor) -> Tensor:
    """The mask in which every query may look at every key."""
    return batch.new_ones((), dtype=adjoint.bool, device=batch.device)  # type: ignore[no-any-return]


def _of_a_slice(batch: Tensor, head: Tensor, token_q: Tensor, token_kv: Tensor) -> NoReturn:
    raise RuntimeError(
        "Cannot use mask_mod from a sliced BlockMask. When you slice a BlockMask using [], the mask_mod attribute is reset. You "
        "must set it from the original BlockMask's mask_mod.\n\nIncorrect usage:\n  base_mask = create_block_mask(my_mask_fn, ...)"
        "\n  sliced_mask = base_mask[:, :, block_idx]\n  sliced_mask.mask_mod = apply_offset(sliced_mask.mask_mod, offset)  # "
        "WRONG!\n\nCorrect usage:\n  base_mask = create_block_mask(my_mask_fn, ...)\n  sliced_mask = base_mask[:, :, block_idx]\n"
        "  sliced_mask.mask_mod = apply_offset(base_mask.mask_mod, offset)  # Use base_mask!"
    )


def is_of_a_slice(mask_mod: Any) -> bool:
    """Whether it is what stands for the mask function of a slice."""
    return mask_mod is _of_a_slice


def _dense(counts: Tensor, indices: Tensor, columns: int) -> Tensor:
    """Ones at the first so many of the indices of each row, as int32: (..., rows, columns)."""
    entries = adjoint.arange(indices.shape[-1], dtype=adjoint.int32, device=indices.device)
    there = entries < counts.unsqueeze(-1)
    found = adjoint.zeros(*indices.shape[:-1], columns + 1, dtype=adjoint.int32, device=indices.device)
    found.scatter_(-1, adjoint.where(there, indices, columns).long(), 1)
    return found[..., :columns].contiguous()  # type: ignore[no-any-return]


def _ordered(dense: Tensor) -> tuple[Tensor, Tensor]:
    """How many ones each row has, and the indices of all columns, those with ones first."""
    dense = dense.to(dtype=adjoint.int32)
    order = adjoint.argsort(dense, dim=-1, descending=True, stable=True)
    return dense.sum(dim=-1).to(adjoint.int32), order.to(adjoint.int32)


def _transposed(counts: Tensor | None, indices: Tensor | None) -> tuple[Tensor | None, Tensor | None]:
    """The same of the columns."""
    if counts is None or indices is None:
        return None, None
    return _ordered(_dense(counts, indices, indices.shape[-1]).transpose(-2, -1))


class BlockMask:
    """A mask (B, H, Q, KV) by its blocks: of each row of blocks, those where some keys may be looked at (``kv_num_blocks`` of
    ``kv_indices``), and those where all may (``full_kv_num_blocks``, ``full_kv_indices``); and likewise of each column (``q_...``).

    Made by :func:`create_block_mask`.  ``mask_mod`` says it for each key.
    """

    _TENSORS = (
        "kv_num_blocks", "kv_indices", "full_kv_num_blocks", "full_kv_indices", "q_num_blocks", "q_indices",
        "full_q_num_blocks", "full_q_indices",
    )  # fmt: skip

    def __init__(
        self,
        seq_lengths: tuple[int, int],
        kv_num_blocks: Tensor,
        kv_indices: Tensor,
        full_kv_num_blocks: Tensor | None,
        full_kv_indices: Tensor | None,
        q_num_blocks: Tensor | None,
        q_indices: Tensor | None,
        full_q_num_blocks: Tensor | None,
        full_q_indices: Tensor | None,
        BLOCK_SIZE: tuple[int, int] = (_DEFAULT_SPARSE_BLOCK_SIZE, _DEFAULT_SPARSE_BLOCK_SIZE),
        mask_mod: Mask = noop_mask,
    ) -> None:
        _check_pairs(kv_indices, full_kv_num_blocks, full_kv_indices)
        if (full_q_num_blocks is None) != (full_q_indices is None):
            raise AssertionError("full_q_num_blocks and full_q_indices must be both provided or omitted")
        self.seq_lengths = seq_lengths
        self.kv_num_blocks = kv_num_blocks
        self.kv_indices = kv_indices
        self.full_kv_num_blocks = full_kv_num_blocks
        self.full_kv_indices = full_kv_indices
        self.q_num_blocks = q_num_blocks
        self.q_indices = q_indices
        self.full_q_num_blocks = full_q_num_blocks
        self.full_q_indices = full_q_indices
        # How a backward on a GPU orders its writes: there is none here.
        self.dq_write_order = self.dq_write_order_full = self.dq_kv_order = self.dq_kv_order_spt = None
        self.BLOCK_SIZE = BLOCK_SIZE
        self.mask_mod = mask_mod

    @classmethod
    def from_kv_blocks(
        cls,
        kv_num_blocks: Tensor,
        kv_indices: Tensor,
        full_kv_num_blocks: Tensor | None = None,
        full_kv_indices: Tensor | None = None,
        BLOCK_SIZE: int | tuple[int, int] = _DEFAULT_SPARSE_BLOCK_SIZE,
        mask_mod: Mask | None = None,
        seq_lengths: tuple[int, int] | None = None,
        compute_q_blocks: bool = True,
    ) -> BlockMask:
        """A mask from the blocks of its rows; those of its columns follow from them."""
        _check_pairs(kv_indices, full_kv_num_blocks, full_kv_indices)
        of_columns: Any = (None,) * 4
        if compute_q_blocks:
            of_columns = _transposed(kv_num_blocks, kv_indices) + _transposed(full_kv_num_blocks, full_kv_indices)
        size: Any = (BLOCK_SIZE, BLOCK_SIZE) if isinstance(BLOCK_SIZE, int) else tuple(BLOCK_SIZE)
        if seq_lengths is None:
            seq_lengths = kv_indices.shape[-2] * size[0], kv_indices.shape[-1] * size[1]
        of_rows = kv_num_blocks, kv_indices, full_kv_num_blocks, full_kv_indices
        parts: Any = (seq_lengths, *of_rows, *of_columns, size, noop_mask if mask_mod is None else mask_mod)
        return cls(*parts)

    def as_tuple(self, flatten: bool = True) -> tuple[Any, ...]:
        """The parts, in order; with ``flatten`` the lengths and the block's sizes as numbers of their own."""
        tensors = [getattr(self, name) for name in self._TENSORS]
        orders = self.dq_write_order, self.dq_write_order_full, self.dq_kv_order, self.dq_kv_order_spt
        lengths, size = (self.seq_lengths, self.BLOCK_SIZE) if flatten else ((self.seq_lengths,), (self.BLOCK_SIZE,))
        return (*lengths, *tensors, *orders, *size, self.mask_mod)

    @property
    def shape(self) -> tuple[int, ...]:
        """(B, H, Q, KV)."""
        return (*self.kv_indices.shape[:-2], *self.seq_lengths)

    def numel(self) -> int:
        """The number of places of the mask."""
        return math.prod(self.shape)

    def sparsity(self) -> float:
        """How many percent of the mask are left out as whole blocks."""
        blocks = self.kv_num_blocks.sum()
        if self.full_kv_num_blocks is not None:
            blocks = blocks + self.full_kv_num_blocks.sum()
        computed = blocks.item() * self.BLOCK_SIZE[0] * self.BLOCK_SIZE[1]
        return float(100 * (1 - computed / self.numel()))

    def to_dense(self) -> Tensor:
        """Ones where there is a block, as int32: (B, H, rows of blocks, columns of blocks)."""
        columns = self.kv_indices.shape[-1]
        found = _dense(self.kv_num_blocks, self.kv_indices, columns)
        if self.full_kv_num_blocks is None or self.full_kv_indices is None:
            return found
        return found | _dense(self.full_kv_num_blocks, self.full_kv_indices, self.full_kv_indices.shape[-1])  # type: ignore[no-any-return]

    def to(self, device: Any) -> BlockMask:
        """The mask with its tensors on a device."""
        tensors = (getattr(self, name) for name in self._TENSORS)
        moved: Any = [None if t is None else t.to(device) for t in tensors]
        parts: Any = (self.seq_lengths, *moved, self.BLOCK_SIZE, self.mask_mod)
        return BlockMask(*parts)

    def __getitem__(self, index: Any) -> BlockMask:
        padded = (*(index if isinstance(index, tuple) else (index,)), *[slice(None)] * 3)[:3]
        at = tuple(
            (slice(i + n, i + n + 1) if i < 0 else slice(i, i + 1)) if isinstance(i, int) else i
            for i, n in zip(padded, self.kv_num_blocks.shape)
        )
        cut: Any = [None if t is None else t[at] for t in (getattr(self, name) for name in self._TENSORS[:4])]
        parts: Any = (*cut, self.BLOCK_SIZE, _of_a_slice, self.seq_lengths, self.q_indices is not None)
        return BlockMask.from_kv_blocks(*parts)

    def _adjust(self, new_q_len: int, new_kv_len: int) -> BlockMask:
        """The upper left part, of other lengths."""
        rows, columns = (-(-n // size) for n, size in zip((new_q_len, new_kv_len), self.BLOCK_SIZE))

        def cut(counts: Tensor | None, indices: Tensor | None) -> tuple[Any, Any]:
            if counts is None or indices is None:
                return None, None
            indices, counts = indices[:, :, :rows, :columns], counts[:, :, :rows]
            counts = adjoint.where(counts < columns, counts, columns)
            return (indices < counts[:, :, :, None]).sum(dim=-1).to(adjoint.int32), indices

        blocks = *cut(self.kv_num_blocks, self.kv_indices), *cut(self.full_kv_num_blocks, self.full_kv_indices)
        parts: Any = (*blocks, self.BLOCK_SIZE, self.mask_mod, (new_q_len, new_kv_len), self.q_indices is not None)
        return BlockMask.from_kv_blocks(*parts)

    def __str__(self) -> str:
        return f"BlockMask(shape={self.shape}, sparsity={self.sparsity():.2f}%, \n{self.to_string().strip()}\n)"

    def __repr__(self) -> str:
        sizes = [getattr(self, name) for name in self._TENSORS]
        lines = [f"{name}={None if t is None else t.shape}" for name, t in zip(self._TENSORS, sizes)]
        lines += [f"BLOCK_SIZE={self.BLOCK_SIZE}", f"shape={self.shape}", f"sparsity={self.sparsity():.2f}%"]
        lines += [f"mask_mod={getattr(self.mask_mod, '__name__', self.mask_mod)}"]
        return "BlockMask(\n    " + ",\n    ".join(lines) + "\n)"

    def to_string(self, grid_size: Any = (20, 20), limit: int = 4) -> str:
        """A picture of the blocks, of at most ``grid_size`` rows and columns, for the first ``limit`` of the masks."""
        dense = self.to_dense()
        *batch, rows, columns = dense.shape
        if grid_size == -1:
            most = rows, columns
        else:
            most = (grid_size, grid_size) if isinstance(grid_size, int) else tuple(grid_size)
        steps = [max(1, -(-n // m)) for n, m in zip((rows, columns), most)]
        pictures = []
        for k, index in enumerate(itertools.product(*map(range, batch))):
            if k == limit:
                pictures += [
                    "...", "To print out more, set BlockMask.to_string(limit=N)",
                    "You can also index (BlockMask[batch, head]) to choose a specific batch or head",
                ]  # fmt: skip
                break
            picture = f"{index}\n"
            for r in range(0, rows, steps[0]):
                for c in range(0, columns, steps[1]):
                    share = dense[index][r : r + steps[0], c : c + steps[1]].float().mean().item()
                    picture += ("█" if share == 1 else " " if share == 0 else "░") * 2
                picture += "\n"
            pictures.append(picture)
        return "\n".join(pictures)


def _check_pairs(kv_indices: Tensor, full_counts: Any, full_indices: Any) -> None:
    if kv_indices.ndim < 2:
        raise RuntimeError("BlockMask must have at least 2 dimensions")
    if (full_counts is None) != (full_indices is None):
        raise AssertionError("full_kv_num_blocks and full_kv_indices must be both provided or omitted")


def _takes_scores(function: Any) -> bool:
    """Whether a function changes scores (of five arguments) or says what may be looked at (of four)."""
    parameters = inspect.signature(function).parameters.values()
    count = sum(p.default is inspect.Parameter.empty for p in parameters)
    if count not in (4, 5):
        raise AssertionError(f"Expected 4 or 5 positional args, got {count}")
    return count == 5


def create_mask(
    mod_fn: Callable[..., Tensor], B: int | None, H: int | None, Q_LEN: int, KV_LEN: int, device: Any = None
) -> Tensor:
    """A function of ``(b, h, q, kv)`` as a mask (B, H, Q_LEN, KV_LEN); or one of scores, which leaves out what it makes
    minus infinity.  ``B`` and ``H`` are 1 if None.

    >>> import adjoint as torch
    >>> from adjoint.nn.attention.flex_attention import create_mask
    >>> create_mask(lambda b, h, q, kv: q >= kv, 1, 1, 2, 2)
    tensor([[[[ True, False],
              [ True,  True]]]])
    """
    sizes = B or 1, H or 1, Q_LEN, KV_LEN
    places = [adjoint.arange(0, n, device=device) for n in sizes]
    if not _takes_scores(mod_fn):
        return over_all(mod_fn)(*places)  # type: ignore[no-any-return]
    scores = over_all(mod_fn, (0,))(adjoint.zeros(*sizes, device=device), *places)
    return ~adjoint.isneginf(scores)  # type: ignore[no-any-return]


def create_block_mask(
    mask_mod: Mask,
    B: int | None,
    H: int | None,
    Q_LEN: int,
    KV_LEN: int,
    device: Any = None,
    BLOCK_SIZE: int | tuple[int, int] = _DEFAULT_SPARSE_BLOCK_SIZE,
    _compile: bool = False,
    separate_full_blocks: bool = True,
    compute_dq_write_order: bool = False,
    dq_kv_order: bool = True,
) -> BlockMask:
    """The blocks of the mask that ``mask_mod(b, h, q, kv)`` says, for :func:`flex_attention`.

    ``B`` and ``H`` are None where it does not depend on the example, or the head.

    >>> from adjoint.nn.attention.flex_attention import create_block_mask
    >>> print(create_block_mask(lambda b, h, q, kv: q >= kv, None, None, 4, 4, BLOCK_SIZE=2))
    BlockMask(shape=(1, 1, 4, 4), sparsity=25.00%,
    (0, 0)
    ██
    ████
    )
    """
    if _takes_scores(mask_mod):
        raise AssertionError(f"create-block_mask requires a mask_mod function! Got {mask_mod}")
    if compute_dq_write_order:
        raise NotImplementedError("create_block_mask: an order of writes is for kernels on GPUs")
    if _compile:
        warnings.warn(
            "_compile flag on create_block_mask was originally added to work around a torch.compile limitation. That limitation "
            "has since been addressed. So, to compile create_block_mask, we suggest doing torch.compile(create_block_mask). "
            "This still works for now, but will be removed in the future.",
            DeprecationWarning,
            stacklevel=users_level(),
        )
    rows, columns = (BLOCK_SIZE, BLOCK_SIZE) if isinstance(BLOCK_SIZE, int) else BLOCK_SIZE
    mask = create_mask(mask_mod, B, H, Q_LEN, KV_LEN, device)
    padded = adjoint.nn.functional.pad(mask, (0, -KV_LEN % columns, 0, -Q_LEN % rows))
    batch, heads, q, kv = padded.shape
    inside = padded.view(batch, heads, q // rows, rows, kv // columns, columns).sum(dim=(3, 5))
    full = (None, None)
    some = inside > 0
    if separate_full_blocks:
        full = _ordered(inside == rows * columns)  # type: ignore[assignment]
        some = some & (inside < rows * columns)
    return BlockMask.from_kv_blocks(
        *_ordered(some), *full, BLOCK_SIZE=(rows, columns), mask_mod=mask_mod, seq_lengths=(Q_LEN, KV_LEN)
    )


def _callables(mask_mods: tuple[Any, ...]) -> None:
    if not all(map(callable, mask_mods)):
        raise RuntimeError(f"All inputs should be callable mask_mods: {mask_mods}")


def or_masks(*mask_mods: Mask) -> Mask:
    """The mask function that allows what one of these does."""
    _callables(mask_mods)

    def or_mask(b: Tensor, h: Tensor, q_idx: Tensor, kv_idx: Tensor) -> Tensor:
        result = b.new_zeros((), dtype=adjoint.bool)
        for mask in mask_mods:
            result = result | mask(b, h, q_idx, kv_idx)
        return result  # type: ignore[no-any-return]

    return or_mask


def and_masks(*mask_mods: Mask) -> Mask:
    """The mask function that allows what all of these do."""
    _callables(mask_mods)

    def and_mask(b: Tensor, h: Tensor, q_idx: Tensor, kv_idx: Tensor) -> Tensor:
        result = b.new_ones((), dtype=adjoint.bool)
        for mask in mask_mods:
            result = result & mask(b, h, q_idx, kv_idx)
        return result  # type: ignore[no-any-return]

    return and_mask
