"""Programs for libraries that stand on PyTorch, run without PyTorch and with it, and compared: ``python -m ecosystem``.

A program (``programs/<library>_<what>.py``) is an ordinary one: it imports ``torch`` and the library, computes something small
from a seed, without a network, and prints what came out, ``what: value value ...``.  It is run in an environment where
``torch`` is Adjoint and in one that has PyTorch, and what it prints is compared line by line.
"""
