"""Interop: a tensor as Python's numbers and lists, as a NumPy array, as a DLPack capsule, as a pickle."""

from adjoint.interop import arrays, copying, dlpack, file_mapping, legacy_storages, placement, queries, storage, values

__all__ = ["arrays", "copying", "dlpack", "file_mapping", "legacy_storages", "placement", "queries", "storage", "values"]
