"""Watching a model while it is trained: statistics of its layers as a live page, a static page and text.

``watch`` is the way in; ``watcher`` has the hooks, ``statistics`` the numbers, ``history`` what is kept of them, ``findings``
what is unusual about them, and ``document``, ``server``, ``table`` and ``writing`` show them.
"""

from adjoint.viz.watching.handle import Watcher, watch

__all__ = ["Watcher", "watch"]
