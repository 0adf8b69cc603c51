"""Readings: the array classes that formulas are handed in place of NumPy's, through NumPy's own protocols."""
