"""Which library reads pictures and films.  (``torchvision``'s names for the choice.)"""

from __future__ import annotations

from adjoint.names import list_names as _list_names

__all__ = ["get_image_backend", "get_video_backend", "set_image_backend", "set_video_backend"]

_chosen = "PIL"


def set_image_backend(backend: str) -> None:
    """Have pictures in folders read by Pillow (``"PIL"``) or by the library ``accimage``.  Raises ValueError for another."""
    global _chosen
    if backend not in ("PIL", "accimage"):
        raise ValueError(f"Invalid backend '{backend}'. Options are 'PIL' and 'accimage'")
    _chosen = backend


def get_image_backend() -> str:
    """The library that reads pictures."""
    return _chosen


def set_video_backend(backend: str) -> None:
    """Nothing: there is no decoder of films to choose, and none in torchvision any more, where this does nothing either."""


def get_video_backend() -> str:
    """``"pyav"``, the only one that is left to name."""
    return "pyav"


_list_names(__name__)
