"""Names: what the user calls a tensor, found in the variables of frames, in containers, objects and modules."""

from __future__ import annotations

from collections.abc import Iterator
from types import FrameType, ModuleType
from typing import Any

from adjoint.places import is_ours
from adjoint.tensor import Tensor

_FRAMES = 12  # of the user's stack that are looked at
_MOST = 2000  # entries of one container that are looked at
_SIMPLE = (str, bytes, int, float, complex, bool, type(None), type, ModuleType)


def frames_around(frame: FrameType | None, home: FrameType | None = None) -> list[FrameType]:
    """The user's frames from ``home`` (or where the program begins) in to ``frame``, the outermost first."""
    found: list[FrameType] = []
    while frame is not None:
        if not is_ours(frame.f_code):
            found.append(frame)
            if frame is home or frame.f_code.co_name == "<module>":
                break
        frame = frame.f_back
    return (found if len(found) <= _FRAMES else found[: _FRAMES // 2] + found[-_FRAMES // 2 :])[::-1]


def tensors_in(frame: FrameType) -> Iterator[tuple[str, Tensor]]:
    """The tensors that a frame's variables lead to, with what the user would write for them: ``w``, ``self.w``,
    ``params['w']``, ``pair[0]``.  Plain variables come first; parameters of modules go by their path."""
    spaces = [frame.f_locals]
    if frame.f_globals is not frame.f_locals:
        spaces.append(frame.f_globals)
    deeper: list[tuple[str, Any]] = []
    for space in spaces:
        for name, value in list(space.items()):
            if name.startswith("__") or is_of_notebook(name):
                continue
            if isinstance(value, Tensor):
                yield name, value
            elif not isinstance(value, _SIMPLE):
                deeper.append((name, value))
    for name, value in deeper:
        yield from _tensors_of(name, value, 2)


def is_of_notebook(name: str) -> bool:
    """Whether a variable is one that IPython keeps of cells and results."""
    return name in ("In", "Out", "_", "_i", "_oh", "_dh", "_ih") or (name[:1] == "_" and name.strip("_i").isdigit())


def _tensors_of(name: str, value: Any, depth: int) -> Iterator[tuple[str, Tensor]]:
    if isinstance(value, Tensor):
        yield name, value
        return
    if depth == 0 or isinstance(value, _SIMPLE):
        return
    if hasattr(type(value), "named_parameters") and hasattr(value, "_parameters"):
        prefix = f"{name}." if name != "self" else "self."
        for path, tensor in _named(value):
            yield prefix + path, tensor
        return
    if isinstance(value, dict):
        for key, inner in list(value.items())[:_MOST]:
            yield from _tensors_of(f"{name}[{key!r}]", inner, depth - 1)
    elif isinstance(value, (list, tuple)):
        fields = getattr(value, "_fields", None)
        for i, inner in enumerate(value[:_MOST]):
            label = f"{name}.{fields[i]}" if fields and i < len(fields) else f"{name}[{i}]"
            yield from _tensors_of(label, inner, depth - 1)
    else:
        try:
            attributes = vars(value)
        except TypeError:
            return
        if type(value).__module__.partition(".")[0] in _FOREIGN:
            return
        for key, inner in list(attributes.items())[:_MOST]:
            if not key.startswith("__"):
                yield from _tensors_of(f"{name}.{key}", inner, depth - 1)


_FOREIGN = frozenset({"builtins", "numpy", "matplotlib", "IPython", "ipykernel", "pandas", "threading", "logging"})


def _named(module: Any) -> list[tuple[str, Tensor]]:
    """A module's parameters and buffers by path."""
    return [*module.named_parameters(), *module.named_buffers()]
