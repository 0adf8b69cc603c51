"""PyTorch's errors for images without pixels or channels: only a batch may be empty."""

from __future__ import annotations

from collections.abc import Sequence


def check_positive(name: str, shape: Sequence[int], n: int) -> None:
    """Raise unless what is pooled has channels and pixels; ``n`` dimensions of space."""
    if 0 not in shape[-n - 1 :]:
        return
    if n == 3:
        raise RuntimeError(
            f"{name}(): Expected input's non-batch dimensions to have positive length, but input has a shape of {list(shape)} "
            "and non-batch dimension 0 has length zero!"
        )
    raise RuntimeError(
        f"Expected {n + 1}D or {n + 2}D (batch mode) tensor with optional 0 dim batch size for input, but got:{list(shape)}"
    )


def check_not_empty(name: str, shape: Sequence[int], first: int = 1, shown: str = "but input has sizes ", end: str = "") -> None:
    """Raise for a dimension, from the ``first`` on, that is empty."""
    for d in range(first, len(shape)):
        if not shape[d]:
            raise RuntimeError(
                f"{name}(): Expected input to have non-zero size for non-batch dimensions, {shown}{list(shape)} with dimension "
                f"{d} being empty{end}"
            )


def check_padded(shape: Sequence[int], n: int, pad: Sequence[int]) -> None:
    """Raise where what is padded by its own elements has none, or has none afterwards."""
    if not all(shape[-n - 1 :]):
        raise RuntimeError(
            f"Expected {n + 1}D or {n + 2}D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for "
            f"input, but got: {list(shape)}"
        )
    given, sides = list(shape[-n:]), "DHW"[-n:]
    made = [size + pad[2 * (n - 1 - d)] + pad[2 * (n - 1 - d) + 1] for d, size in enumerate(given)]
    if max(made) < 1:
        first = ("W: {}", "H: {}, W: {}", "D: {} H: {}, W: {}")[n - 1].format(*given)
        found = " ".join(f"{side}: {size}" for side, size in zip(sides, made))
        raise RuntimeError(f"input ({first}) is too small. Calculated output {found}")
    if min(made) < 0:
        raise RuntimeError(f"Trying to create tensor with negative dimension {min(made)}: {[*shape[:-n], *made]}")
