"""In which parts, and how precisely, a linear layer and its cross entropy are computed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from adjoint import dtypes

_POLICIES = ("auto", "accurate", "balanced", "compact")
_ACCUMULATORS = (dtypes.float16, dtypes.bfloat16, dtypes.float32, dtypes.float64)
_NARROW = (dtypes.float16, dtypes.bfloat16)


@dataclass(slots=True, frozen=True)
class LinearCrossEntropyOptions:
    """Have :func:`adjoint.nn.functional.linear_cross_entropy` compute some examples after the others.

    The scores of all examples and classes, which are large where there are many classes, are then never there at once: the
    backward computes each part's again.

    ``allow_retain_graph``  whether there may be a second backward, as ``retain_graph=True`` asks for; for a mean or a sum
    ``batch_chunk_size``    how many examples are computed at once; all of them, if None and there is no method
    ``chunking_method``     ``"aspect_ratio"``: as many as have scores of about the input's size; ``"aspect_ratio:2"``: half as
                            many; None: ``batch_chunk_size``; ``"auto"``: a method that fits the dtype
    ``acc_policy``          what is computed in ``acc_dtype``: all (``"accurate"``), or (``"balanced"``, ``"compact"``) all but
                            the scores of float16; ``"auto"``: a policy that fits the dtype
    ``acc_dtype``           in which dtype sums are formed; None: the input's, and of halves float32 where the policy is "auto"

    Raises ValueError for other values.

    >>> import adjoint as torch
    >>> options = torch.nn.LinearCrossEntropyOptions(batch_chunk_size=2)
    >>> x, weight, target = torch.zeros(4, 3), torch.ones(5, 3), torch.tensor([0, 1, 2, 3])
    >>> torch.nn.functional.linear_cross_entropy(x, weight, target, options=options)
    tensor(1.6094)
    """

    allow_retain_graph: bool = False
    batch_chunk_size: int | None = None
    chunking_method: str | None = "auto"
    acc_policy: Literal["accurate", "balanced", "compact", "auto"] = "auto"
    acc_dtype: Any = None

    def __post_init__(self) -> None:
        if self.acc_policy not in _POLICIES:
            raise ValueError(f"invalid acc_policy: {self.acc_policy!r}")
        method = self.chunking_method
        if method is not None and method != "auto" and not _parts_of(method):
            raise ValueError(f"invalid chunking_method: {method!r}")
        size = self.batch_chunk_size
        if size is not None and not (isinstance(size, int) and size > 0):
            raise ValueError(f"batch_chunk_size must be positive int or None, got {size!r}")
        if self.acc_dtype is not None and self.acc_dtype not in _ACCUMULATORS:
            known = ", ".join(f"torch.{x.name}" for x in _ACCUMULATORS)
            raise ValueError(
                f"acc_dtype must be one of {{None, {known}}}, got {self.acc_dtype!r}. Pass acc_dtype=None to let the op pick "
                "automatically."
            )

    def _adjust(
        self, num_batches: int, in_features: int, num_classes: int, dtype: dtypes.dtype, device: Any = None
    ) -> LinearCrossEntropyOptions:
        """The options for one call: everything "auto" or None decided."""
        narrow = dtype in _NARROW and device is not None
        size, method, policy = self.batch_chunk_size, self.chunking_method, self.acc_policy
        if method == "auto":
            method = None if size is not None else "aspect_ratio" if narrow else "aspect_ratio:2"
        if policy == "auto":
            policy = "accurate" if narrow else "compact"
        rows = num_batches if size is None else min(size, num_batches)
        if method is not None:
            wanted = -(-num_batches // max(-(-num_classes // in_features), 1))
            rows = min((1 << (wanted - 1).bit_length()) // _parts_of(method), num_batches)
            if size is not None and size != rows:
                raise ValueError(
                    f"batch_chunk_size (={size}) and chunking_method ('{method}') give different chunk sizes ({size} vs "
                    f"{rows}); pass only one."
                )
        acc = self.acc_dtype or (dtypes.float32 if narrow and self.acc_policy == "auto" else dtype)
        return replace(self, acc_policy=policy, chunking_method=method, batch_chunk_size=max(1, rows), acc_dtype=acc)


def _parts_of(method: str) -> int:
    """The number in ``"aspect_ratio:2"``, 1 where there is none; 0 for what is no method."""
    name, colon, factor = method.partition(":")
    return int(factor or not colon) if name == "aspect_ratio" and (factor.isdigit() or not colon) else 0


__all__ = ["LinearCrossEntropyOptions"]
