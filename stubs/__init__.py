"""Type stubs: what editors and type checkers read of the functions that are built from the tables when first named.

``python -m stubs`` writes them (``--check`` only says whether they are what it would write).  Modules of ordinary Python
have no stub: their own annotations are read.
"""
