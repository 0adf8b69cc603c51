"""What programs ask about torchvision's native code: its operators are there, written otherwise, and there is no CUDA."""


def _has_ops() -> bool:
    """Whether operators such as ``nms`` can be called: always."""
    return True


def _check_cuda_version() -> int:
    """CUDA's version that operators were built with: -1, for none."""
    return -1
