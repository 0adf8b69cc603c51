"""Sequences of different lengths: padded to one tensor, or packed without padding."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import adjoint
from adjoint.tensor import Tensor


class PackedSequence_(NamedTuple):
    """The fields of :class:`PackedSequence`."""

    data: Any
    batch_sizes: Any
    sorted_indices: Any
    unsorted_indices: Any


class PackedSequence(PackedSequence_):
    """Sequences, longest first, by time: ``data`` holds all first elements, then all second ones, and so on;
    ``batch_sizes`` says how many sequences there are at each time."""

    def __new__(
        cls, data: Any, batch_sizes: Any = None, sorted_indices: Any = None, unsorted_indices: Any = None
    ) -> Any:
        if batch_sizes is None:
            data, batch_sizes = data
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """The sequence with its data moved or converted."""
        return type(self)(
            self.data.to(*args, **kwargs), self.batch_sizes, self.sorted_indices, self.unsorted_indices
        )

    @property
    def is_cuda(self) -> bool:
        """False."""
        return False


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """The permutation that undoes this one."""
    if permutation is None:
        return None
    inverse = adjoint.empty_like(permutation)
    inverse[permutation] = adjoint.arange(0, permutation.numel())
    return inverse


def pack_padded_sequence(
    input: Tensor, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Pack (L, N, *), or (N, L, *) with ``batch_first``, of which the n-th sequence has ``lengths[n]`` elements.

    Raises RuntimeError where the lengths are not in falling order and ``enforce_sorted`` was not switched off.
    """
    lengths = adjoint.as_tensor(lengths, dtype=adjoint.int64)
    order = None
    if not enforce_sorted:
        lengths, order = adjoint.sort(lengths, descending=True)
        input = input.index_select(0 if batch_first else 1, order)
    if batch_first:
        input = input.transpose(0, 1)
    sizes = lengths.tolist()
    if len(sizes) != input.size(1):
        raise RuntimeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {len(sizes)} (batch_size={input.size(1)})"
        )
    if any(n <= 0 for n in sizes):
        raise RuntimeError("Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0")
    if any(a < b for a, b in zip(sizes, sizes[1:])):
        raise RuntimeError(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can pass "
            "`enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to sidestep this requirement if you do "
            "not need ONNX exportability."
        )
    batch_sizes = [sum(n > t for n in sizes) for t in range(sizes[0])]
    data = adjoint.cat([input[t, :n] for t, n in enumerate(batch_sizes)])
    return PackedSequence(data, adjoint.tensor(batch_sizes), order, None)


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Tensor, Tensor]:
    """The padded sequences and their lengths: undoes :func:`pack_padded_sequence`."""
    sizes = sequence.batch_sizes.tolist()
    width = sizes[0]
    longest = len(sizes)
    if total_length is not None:
        if total_length < longest:
            raise ValueError(
                "Expected total_length to be at least the length of the longest sequence in input, but got "
                f"total_length={total_length} and max sequence length being {longest}"
            )
        longest = total_length
    from adjoint.nn import functional as F

    steps = []
    for rows in sequence.data.split(sizes):
        missing = width - rows.size(0)
        steps.append(F.pad(rows, [0, 0] * (rows.ndim - 1) + [0, missing], value=padding_value) if missing else rows)
    for _ in range(longest - len(sizes)):
        steps.append(adjoint.full_like(steps[0], padding_value))
    padded = adjoint.stack(steps)
    lengths = adjoint.tensor([sum(n > i for n in sizes) for i in range(width)])
    if batch_first:
        padded = padded.transpose(0, 1)
    if sequence.unsorted_indices is not None:
        padded = padded.index_select(0 if batch_first else 1, sequence.unsorted_indices)
        lengths = lengths[sequence.unsorted_indices]
    return padded, lengths


def pad_sequence(
    sequences: Any, batch_first: bool = False, padding_value: float = 0.0, padding_side: str = "right"
) -> Tensor:
    """Sequences (L, *) as one tensor (longest, N, *), or (N, longest, *) with ``batch_first``.

    >>> import adjoint as torch
    >>> torch.nn.utils.rnn.pad_sequence([torch.tensor([1, 2]), torch.tensor([3])], batch_first=True)
    tensor([[1, 2],
            [3, 0]])
    """
    if isinstance(sequences, Tensor):
        sequences = sequences.unbind(0)
    elif not isinstance(sequences, Iterable):
        raise RuntimeError(
            f"pad_sequence: Expected iterable for input sequences, but got arg of type: {type(sequences)}"
        )
    if padding_side not in ("left", "right"):
        raise RuntimeError(f"Expected padding_side to be one of left or right, but got {padding_side}.")
    from adjoint.nn import functional as F

    sequences = list(sequences)
    longest = max(s.size(0) for s in sequences)
    rows = []
    for s in sequences:
        missing = longest - s.size(0)
        sides = [0, missing] if padding_side == "right" else [missing, 0]
        rows.append(F.pad(s, [0, 0] * (s.ndim - 1) + sides, value=padding_value))
    return adjoint.stack(rows, 0 if batch_first else 1)


def unpad_sequence(padded_sequences: Tensor, lengths: Tensor, batch_first: bool = False) -> list[Tensor]:
    """The sequences of a padded tensor, each as long as it was: copies."""
    if not batch_first:
        padded_sequences = padded_sequences.transpose(0, 1)
    steps = adjoint.arange(padded_sequences.shape[1])
    return [row[steps < n] for row, n in zip(padded_sequences, lengths)]


def pack_sequence(sequences: list[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Pack a list of sequences (L, *)."""
    lengths = adjoint.as_tensor([s.size(0) for s in sequences])
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """The sequences of a packed one."""
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)


__all__ = [
    "PackedSequence",
    "invert_permutation",
    "pack_padded_sequence",
    "pack_sequence",
    "pad_packed_sequence",
    "pad_sequence",
    "unpack_sequence",
    "unpad_sequence",
]
