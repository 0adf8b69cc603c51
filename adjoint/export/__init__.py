"""``torch.export``: the names by which programs ask for whole graphs of PyTorch's inner operators, which are not there.

:func:`export` and what goes with it say so; ``torch.fx.symbolic_trace`` gives the graph of a model's calls.
"""

from __future__ import annotations

from typing import Any, NoReturn

from adjoint.export.decomp_utils import CustomDecompTable
from adjoint.export.dynamic_shapes import AdditionalInputs, Constraint, Dim, ShapesCollection, dims
from adjoint.export.exported_program import (
    ExportBackwardSignature,
    ExportedProgram,
    ExportGraphSignature,
    FlatArgsAdapter,
    ModuleCallEntry,
    ModuleCallSignature,
    UnflattenedModule,
    refuse,
)
from adjoint.names import list_names as _list_names
from adjoint.pytree import register_dataclass

__all__ = [
    "AdditionalInputs",
    "Constraint",
    "CustomDecompTable",
    "Dim",
    "ExportBackwardSignature",
    "ExportGraphSignature",
    "ExportedProgram",
    "FlatArgsAdapter",
    "ModuleCallEntry",
    "ModuleCallSignature",
    "ShapesCollection",
    "UnflattenedModule",
    "default_decompositions",
    "dims",
    "draft_export",
    "export",
    "load",
    "register_dataclass",
    "save",
    "unflatten",
]


def export(mod: Any, args: tuple[Any, ...], kwargs: Any = None, **options: Any) -> NoReturn:
    """Refused: a program of PyTorch's inner operators is found by its bytecode tracer."""
    refuse("torch.export.export")


def draft_export(mod: Any, args: tuple[Any, ...], kwargs: Any = None, **options: Any) -> NoReturn:
    """Refused, as :func:`export` is."""
    refuse("torch.export.draft_export")


def save(ep: Any, f: Any, **options: Any) -> NoReturn:
    """Refused: there are no exported programs."""
    refuse("torch.export.save")


def load(f: Any, **options: Any) -> NoReturn:
    """Refused: an exported program cannot be run."""
    refuse("torch.export.load")


def unflatten(module: Any, flat_args_adapter: Any = None) -> NoReturn:
    """Refused: there are no exported programs."""
    refuse("torch.export.unflatten")


def default_decompositions() -> NoReturn:
    """Refused: there are no inner operators to decompose."""
    refuse("torch.export.default_decompositions")


_list_names(__name__)
