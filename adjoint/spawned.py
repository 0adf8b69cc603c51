"""Imported first by a process that multiprocessing spawns under ``adjoint run``: there ``torch`` is Adjoint, too."""

from adjoint import compat

compat.install()
