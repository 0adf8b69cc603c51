"""The sweep: every operator that trainings use, at sizes from a handful of elements to millions.

A row is an expression in the names of operands (:mod:`.operators`), and these are made for a number of elements
(:mod:`.operands`).  ``python -m bench sweep`` times them with each peer in turns, forward and with the backward
(:mod:`.timing`), and prints a table with the worst first (:mod:`.command`).
"""
