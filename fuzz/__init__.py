"""A fuzzer: families of random programs, run with PyTorch and with Adjoint, must do the same at every line.

``python -m fuzz -n 1000`` runs a thousand of each family; a disagreement is printed as the shortest program that shows
it.  `docs/fuzzing.md` says how a family is written.
"""
