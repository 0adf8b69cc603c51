"""Files: mutants of checkpoints, loaded under guard.  Not programs that two libraries run, but what a stranger may send.

``python -m fuzz.files -n 100000`` loads so many; each has to load, or to raise what :func:`adjoint.load` documents, within
a memory that its size bounds, without running or opening or importing anything.
"""
