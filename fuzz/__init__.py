"""A fuzzer: random programs, run with PyTorch and with Adjoint, must do the same at every line.

``python -m fuzz 1000`` runs a thousand; a disagreement is printed as the shortest program that shows it.
"""
