"""``torch.backends.opt_einsum``: not used."""

enabled = False
strategy = None


def is_available() -> bool:
    """False."""
    return False
