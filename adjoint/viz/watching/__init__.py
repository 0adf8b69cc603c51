"""Watching a model while it is trained: :func:`watch`, and what it makes of the numbers."""
from adjoint.viz.watching.watcher import Watching
