"""``torch.backends.mkldnn``: not used.  Its switch may be set, and would matter only if it were there."""

enabled = True


def is_available() -> bool:
    """False."""
    return False
