"""The families: every module of this folder is one, by its ``NAME``."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from functools import lru_cache
from types import ModuleType


@lru_cache(maxsize=1)
def families() -> dict[str, ModuleType]:
    """Name -> module, in the order of the names."""
    modules = [importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__)]
    return {m.NAME: m for m in modules}


def environments(family: str) -> list[dict[str, str]]:
    """The environments in which a family's programs are run; the seed decides in which."""
    found: list[dict[str, str]] = getattr(families()[family], "ENVIRONMENTS", [{}])
    return found


def shared_out(family: str, seeds: Iterable[int]) -> list[tuple[dict[str, str], list[int]]]:
    """Which of the seeds are run in which environment; one that a family names twice gets twice as many."""
    choices = environments(family)
    found: list[tuple[dict[str, str], list[int]]] = []
    for seed in seeds:
        environment = choices[seed % len(choices)]
        these = next((some for of, some in found if of == environment), None)
        if these is None:
            found.append((environment, [seed]))
        else:
            these.append(seed)
    return found
