"""Start-up: from nothing to a module that can be used."""

from __future__ import annotations

from bench.registry import workload


@workload(kind="process", at_least=5.0)
def import_process(module: str) -> str:
    """import, as a whole process"""
    return f"import {module}"
