"""``torch.backends.cuda``: absent.  Its switches may be set, and would matter only if it were there."""

from __future__ import annotations


class _Matmul:
    def __init__(self) -> None:
        self.allow_tf32 = False
        self.allow_fp16_reduced_precision_reduction = True
        self.allow_bf16_reduced_precision_reduction = True


matmul = _Matmul()


def is_built() -> bool:
    """False."""
    return False
