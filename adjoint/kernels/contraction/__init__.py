"""Contractions: products of matrices, from a tile in registers to whole batches."""
