"""``torch._inductor``: what programs tell PyTorch's compiler of kernels, which is not there."""

from __future__ import annotations

from typing import Any, NoReturn

from adjoint._inductor import config
from adjoint.names import list_names as _list_names

__all__ = ["compile", "config", "cudagraph_mark_step_begin", "list_mode_options", "list_options"]


def compile(gm: Any, example_inputs: Any, options: Any = None) -> NoReturn:
    """Refused: graphs run as they are."""
    raise NotImplementedError(
        "torch._inductor.compile: Adjoint has no compiler of graphs; call the graph module itself"
    )


def cudagraph_mark_step_begin() -> None:
    """Nothing: where a step of CUDA graphs begins, and there are none."""


def list_mode_options(mode: str | None = None, dynamic: bool | None = None) -> dict[str, Any]:
    """What the modes of ``torch.compile`` set, or one of them: nothing."""
    modes = ("default", "lite", "reduce-overhead", "max-autotune-no-cudagraphs", "max-autotune")
    return {} if mode is not None else {each: {} for each in modes}


def list_options() -> list[str]:
    """The options that can be set."""
    return sorted(config.to_dict())  # type: ignore[attr-defined]


_list_names(__name__)
