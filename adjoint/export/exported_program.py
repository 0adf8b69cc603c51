"""Exported programs: classes of which there are no instances, for programs that ask."""

from __future__ import annotations

from typing import Any, NoReturn

from adjoint.names import list_names as _list_names

__all__ = [
    "ExportedProgram",
    "ModuleCallEntry",
    "ModuleCallSignature",
]


def refuse(what: str) -> NoReturn:
    """Raise the error that says why there are none."""
    raise NotImplementedError(
        f"{what}: an exported program is made of PyTorch's inner operators, as its bytecode tracer finds them; Adjoint runs Python "
        "as it is. torch.fx.symbolic_trace gives the graph of a model's calls, and torch.save keeps a model."
    )


class _Exported:
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        refuse(f"torch.export.{type(self).__name__}")


class ExportedProgram(_Exported):
    """A model as a graph of inner operators: there are none."""


class ExportGraphSignature(_Exported):
    """What the inputs and outputs of such a graph are."""


class ExportBackwardSignature(_Exported):
    """What they are in a backward."""


class ModuleCallEntry(_Exported):
    """A submodule of such a model."""


class ModuleCallSignature(_Exported):
    """What a submodule of such a model is given and returns."""


class UnflattenedModule(_Exported):
    """Such a model, as modules again."""


class FlatArgsAdapter:
    """What brings arguments into the structure that such a model was exported with; a subclass does."""

    def adapt(self, target_spec: Any, input_spec: Any, input_args: list[Any], **more: Any) -> list[Any]:
        """The arguments in the structure ``target_spec``."""
        raise NotImplementedError


_list_names(__name__)
