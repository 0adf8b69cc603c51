"""Names: what the user calls a tensor, found in the variables of the frames around a call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from adjoint.nn.modules.module import Module
from adjoint.optim.optimizer import Optimizer
from adjoint.tensor import Tensor
from adjoint.why.lines import is_users


class Scene(NamedTuple):
    """The variables of a frame as they were: it stands for the frame where that is gone."""

    f_code: Any
    f_locals: dict[str, Any]
    f_globals: dict[str, Any]
    f_back: Any = None

    @staticmethod
    def of(frame: Any, most: int = 20) -> Any:
        """The user's frames from this one outwards."""
        frames: list[Any] = []
        while frame is not None and len(frames) < most:
            if is_users(frame.f_code.co_filename):
                frames.append(frame)
            frame = frame.f_back
        scene = None
        for f in reversed(frames):
            own = f.f_globals if f.f_locals is f.f_globals else dict(f.f_locals)
            scene = Scene(f.f_code, own, f.f_globals, scene)
        return scene


def scopes(frame: Any) -> Iterator[dict[str, Any]]:
    """The variables of the user's frames, the innermost first, and the globals of each."""
    seen: set[int] = set()
    while frame is not None:
        if is_users(frame.f_code.co_filename):
            for variables in (frame.f_locals, frame.f_globals):
                if id(variables) not in seen:
                    seen.add(id(variables))
                    yield variables
        frame = frame.f_back


def objects(frame: Any, kind: Any) -> Iterator[tuple[str, Any]]:
    """The objects of a class that the user's variables hold, with their names, each once."""
    seen: set[int] = set()
    for variables in scopes(frame):
        for name, value in list(variables.items()):
            if name.startswith("__"):
                continue
            for path, found in _inside(name, value, kind):
                if id(found) not in seen:
                    seen.add(id(found))
                    yield path, found


def _inside(name: str, value: Any, kind: Any, depth: int = 0) -> Iterator[tuple[str, Any]]:
    if isinstance(value, kind) and not isinstance(value, type):
        yield name, value
    elif depth < 2:
        if isinstance(value, (list, tuple)) and len(value) <= 200:
            for i, v in enumerate(value):
                yield from _inside(f"{name}[{i}]", v, kind, depth + 1)
        elif isinstance(value, dict) and len(value) <= 200 and name not in ("In", "Out"):
            for key, v in list(value.items()):
                yield from _inside(f"{name}[{key!r}]", v, kind, depth + 1)
        elif hasattr(value, "__dict__") and not isinstance(value, (type, Tensor, Module, Optimizer)) and depth == 0:
            if (
                not callable(value)
                and type(value).__module__ not in ("builtins", "sys", "types")
                and not _is_module(value)
            ):
                for key, v in list(vars(value).items()):
                    if isinstance(key, str) and not key.startswith("__"):
                        yield from _inside(f"{name}.{key}", v, kind, depth + 1)


def _is_module(value: Any) -> bool:
    return type(value).__name__ == "module"


def parameters(frame: Any) -> Iterator[tuple[str, Tensor]]:
    """The parameters of the modules that the user's variables hold, as the user would write them."""
    for variable, module in objects(frame, Module):
        for path, parameter in module.named_parameters():
            yield indexed(f"{variable}.{path}"), parameter
        for path, parameter in hidden(module):
            yield f"{variable}.{path}", parameter


def hidden(module: Module) -> Iterator[tuple[str, Tensor]]:
    """The parameters in plain lists and dictionaries of a module, which it does not know of, with their paths."""
    for path, inner in module.named_modules():
        prefix = indexed(path) + "." if path else ""
        for name, value in list(vars(inner).items()):
            if name.startswith("_") or not isinstance(value, (list, tuple, dict)):
                continue
            items = value.items() if isinstance(value, dict) else enumerate(value)
            for key, item in list(items)[:200]:
                where = f"{prefix}{name}[{key!r}]"
                if isinstance(item, Module):
                    for rest, parameter in item.named_parameters():
                        yield f"{where}.{indexed(rest)}", parameter
                elif isinstance(item, Tensor) and item.is_leaf and item.requires_grad:
                    yield where, item


def indexed(path: str) -> str:
    """``net.0.weight`` as Python writes it: ``net[0].weight``."""
    first, *rest = path.split(".")
    return first + "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in rest)


def name_of(tensor: Tensor, *frames: Any) -> str | None:
    """The shortest name of a tensor in the first of these frames that has one; None where no variable leads to it."""
    for frame in frames:
        found = _name_in(tensor, frame)
        if found is not None:
            return found
    return None


def names_of(tensor: Tensor, frame: Any) -> list[str]:
    """All names that variables give a tensor."""
    return [name for variables in scopes(frame) for name, value in list(variables.items()) if value is tensor]


def _name_in(tensor: Tensor, frame: Any) -> str | None:
    found = [name for name, t in objects(frame, Tensor) if t is tensor]
    plain = [name for name in found if name.isidentifier()]
    if plain:
        return min(plain, key=len)
    of_models = [name for name, t in parameters(frame) if t is tensor]
    found = [n for n in of_models if not n.startswith("self.")] or of_models or found
    return min(found, key=len) if found else None
