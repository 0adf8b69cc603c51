"""Kernels: the compiled reading."""
