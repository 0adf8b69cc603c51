"""The API reference: every public name, from its own docstring and signature."""

from __future__ import annotations

import importlib
import inspect
import json
import types
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import adjoint
from adjoint.declare.namespaces import FUNCTIONS, OPERATORS
from adjoint.declare.operator import Operator
from adjoint.tensor import Tensor
from handbook import operators
from handbook.docstrings import first, markdown
from handbook.names import FILE as NAMES

PACKAGES: dict[str, list[tuple[str, str]]] = {
    "Networks": [
        ("nn", "Modules"), ("nn.functional", "Functions of networks"), ("nn.init", "Initial values"), ("nn.utils", "Utilities of networks"),
        ("nn.utils.rnn", "Sequences of different lengths"), ("optim", "Optimizers"), ("optim.lr_scheduler", "Learning rates"),
    ],
    "Derivatives": [
        ("autograd", "Autograd"), ("autograd.graph", "Graphs and hooks"), ("autograd.functional", "Derivatives of functions"),
        ("autograd.forward_ad", "Forward mode"), ("func", "Functions of functions"),
    ],
    "Seeing": [
        ("viz", "Pictures of a graph"), ("why", "Answers"), ("profiler", "Profiler"),
        ("autograd.profiler", "Events of the profiler"),
    ],
    "Around a program": [
        ("utils.data", "Data"), ("utils.checkpoint", "Checkpoints of a graph"), ("utils.tensorboard", "Logs"),
        ("hub", "Hub"), ("amp", "Mixed precision"),
        ("random", "Random numbers"), ("linalg", "Linear algebra"), ("special", "Special functions"),
        ("fft", "Fourier transforms"), ("signal.windows", "Windows of signals"),
        ("backends", "Backends"), ("cuda", "What programs ask about devices"),
        ("vision.models", "Models"), ("vision.transforms", "Transforms"), ("vision.datasets", "Data sets"),
        ("vision.io", "Pictures in files"), ("vision.utils", "Pictures of tensors"),
    ],
}  # fmt: skip
"""The packages that users import, by what they are for; those that are not there are left out."""


def packages() -> Iterator[tuple[str, str, str, Any]]:
    """The group, the package's name, what it is, and the module."""
    for group, members in PACKAGES.items():
        for name, title in members:
            try:
                yield group, name, title, importlib.import_module(f"adjoint.{name}")
            except ImportError:
                continue


def navigation() -> list[Any]:
    """The reference's part of the navigation."""
    groups: dict[str, list[Any]] = {}
    for group, name, title, _ in packages():
        groups.setdefault(group, []).append({f"{title} ({name})": f"reference/{name}.md"})
    kinds = [{_words(kind): f"reference/functions/{kind}.md"} for kind in functions()]
    return [
        "reference/index.md",
        {"All derivatives": "reference/derivatives.md"},
        {"torch": "reference/torch.md"},
        {"Tensor": "reference/tensor.md"},
        {"Functions by kind": kinds},
        *({group: pages} for group, pages in groups.items()),
    ]


def pages() -> Iterator[tuple[str, str]]:
    """The addresses of all pages, below ``reference``, and their Markdown."""
    yield "index.md", _index()
    yield "derivatives.md", operators.index()
    yield "torch.md", _torch()
    yield "tensor.md", _tensor()
    for _, name, title, module in packages():
        yield f"{name}.md", _package(name, title, module)
    for kind, members in functions().items():
        yield f"functions/{kind}.md", _kind(kind, members)
    for address, text in operators.pages():
        yield f"operators/{address}", text


def _index() -> str:
    parts = [
        "# Reference",
        "Made from the rows of the tables and from the docstrings, whose examples are run by `make doctest`. "
        "PyTorch's own reference is true of these names as well; what is said here is what Adjoint does.",
        "| package | |\n|---|---|\n| [`torch`](torch.md) | the functions, switches and dtypes of `torch` itself |\n"
        "| [`torch.Tensor`](tensor.md) | the array, its gradient, its place in the graph |\n"
        + "\n".join(
            f"| [`torch.{name}`]({name}.md) | {first(module.__doc__) or title} |" for _, name, title, module in packages()
        ),
        "## Functions of `torch`, by kind",
        "[All derivatives on one page](derivatives.md).",
        "\n".join(
            f"- [{_words(kind)}](functions/{kind}.md): " + ", ".join(f"`{n}`" for n in _short(members))
            for kind, members in functions().items()
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _words(kind: str) -> str:
    return kind.replace("_", " ").capitalize()


def _short(members: dict[int, tuple[list[str], Any]]) -> list[str]:
    found = [names[0].removeprefix("torch.") for names, _ in members.values()]
    return found if len(found) < 13 else [*found[:12], "…"]


@lru_cache(maxsize=None)
def functions() -> dict[str, dict[int, tuple[list[str], Any]]]:
    """Per file of ``adjoint/ops``: the functions and operators that it declares, each with all of its names."""
    found: dict[str, dict[int, tuple[list[str], Any]]] = {}
    for space, members in FUNCTIONS.items():
        prefix = "torch." if space == "torch" else f"torch.{space}."
        for name, thing in members.items():
            if name.startswith("_") or space == "batched" or getattr(thing, "__name__", "") == "make_inplace":
                continue
            file = operators.place(thing)[0] if isinstance(thing, Operator) else _file(thing)
            if file:
                names, _ = found.setdefault(file.removesuffix(".py"), {}).setdefault(id(thing), ([], thing))
                names.append(prefix + name)
    for name in sorted(n for n in vars(Tensor) if not n.startswith("_")):
        thing = getattr(Tensor, name)
        file = _file(thing) if inspect.isfunction(thing) else ""
        if file:
            names, _ = found.setdefault(file.removesuffix(".py"), {}).setdefault(id(thing), ([], thing))
            names.append(f"Tensor.{name}")
    return dict(sorted(found.items()))


def _file(function: Any) -> str:
    function = inspect.unwrap(function)
    code = getattr(function, "__code__", None)
    path = Path(code.co_filename) if code is not None else None
    return path.name if path is not None and path.parent == operators.OPS else ""


def _kind(kind: str, members: dict[int, tuple[list[str], Any]]) -> str:
    module = importlib.import_module(f"adjoint.ops.{kind}")
    parts = [f"# {_words(kind)}", markdown(module.__doc__)]
    for names, thing in members.values():
        if isinstance(thing, Operator):
            parts += list(_of_row(names, thing))
        else:
            parts += [*_entry(names[0], thing), _also(names)]
    return "\n\n".join(p for p in parts if p) + "\n"


def _also(names: list[str]) -> str:
    return "Also as " + ", ".join(f"`{n}`" for n in names[1:]) + "." if len(names) > 1 else ""


_KEYS: dict[int, str] = {}


def _key(row: Operator) -> str:
    if not _KEYS:
        _KEYS.update((id(o), k) for k, o in OPERATORS.items())
    return _KEYS[id(row)]


def _of_row(names: list[str], row: Operator) -> Iterator[str]:
    key = _key(row)
    yield f"## `{names[0]}`"
    yield f"```text\n{operators._signature(row)}\n```"
    yield markdown(row.doc)
    computed = operators.value(key, row)
    if computed:
        yield f"$$\n{computed}\n$$"
    known = operators.names(row)
    also = _also([names[0], *(n for n in known if n != names[0])])
    yield f"{also} [Derivatives and node](../operators/{operators.address(key)}).".strip()


def _package(name: str, title: str, module: Any) -> str:
    parts = [f"# torch.{name}".replace("_", r"\_"), f"*{title}.*", markdown(module.__doc__)]
    for member in sorted(public(module), key=lambda n: (n.islower(), n)):
        thing = getattr(module, member, None)
        space = FUNCTIONS.get(name, {}).get(member)
        if isinstance(space, Operator):
            key = _key(space)
            parts += [f"## `{member}`", f"A row: [its derivatives and node](operators/{operators.address(key)})."]
        elif thing is not None and not isinstance(thing, types.ModuleType):
            parts += list(_entry(member, thing))
    return "\n\n".join(p for p in parts if p) + "\n"


def public(module: Any) -> list[str]:
    """The names that a package is imported for: those that it lists, or what was made in it."""
    listed = getattr(module, "__all__", None)
    if listed is not None:
        return list(listed)
    name = module.__name__.removeprefix("adjoint.")
    space = json.loads(NAMES.read_text("utf-8"))["spaces"].get(name)
    if space is not None:  # what PyTorch has there too
        return list(space["present"])
    found = [n for n in FUNCTIONS.get(name, {}) if not n.startswith("_")]
    for n, value in vars(module).items():
        if n.startswith("_") or isinstance(value, types.ModuleType) or not callable(value):
            continue
        origin = getattr(value, "__module__", None) or ""
        if origin.startswith((module.__name__, module.__name__.rpartition(".")[0] if "." in name else module.__name__)):
            found.append(n)
    return list(dict.fromkeys(found))


def _entry(name: str, thing: Any) -> Iterator[str]:
    """A class or a function: its signature, its docstring, and a class's own methods."""
    yield f"## `{name}`"
    signature = _signature(thing)
    if signature:
        yield f"```text\n{name.rpartition('.')[2]}{signature}\n```"
    yield markdown(inspect.getdoc(thing) if inspect.isclass(thing) or callable(thing) else "")
    if inspect.isclass(thing):
        rows = [(n, m) for n, m in vars(thing).items() if not n.startswith("_") and _is_documented(m)]
        if rows:
            yield "| method | |\n|---|---|\n" + "\n".join(f"| `{n}{_brief(m)}` | {first(_doc(m))} |" for n, m in rows)


def _is_documented(member: Any) -> bool:
    inner = getattr(member, "__func__", member)
    return (inspect.isfunction(inner) or isinstance(member, property)) and bool(_doc(member))


def _doc(member: Any) -> str | None:
    return getattr(member, "__func__", member).__doc__


def _brief(member: Any) -> str:
    """A method's parameters' names."""
    inner = getattr(member, "__func__", member)
    if isinstance(member, property):
        return ""
    try:
        parameters = list(inspect.signature(inner).parameters.values())
    except (TypeError, ValueError):
        return "(…)"
    shown = [str(p).partition(":")[0].partition("=")[0].strip() for p in parameters if p.name not in ("self", "cls")]
    return f"({', '.join(shown)})"


def _signature(thing: Any) -> str:
    try:
        text = str(inspect.signature(thing))
    except (TypeError, ValueError):
        return ""
    for long in ("adjoint.tensor.", "adjoint.dtypes.", "collections.abc.", "typing.", "adjoint.device.", "builtins."):
        text = text.replace(long, "")
    return text.replace("'", "") if "<" not in text else ""


def _torch() -> str:
    """The names of ``torch`` itself: those that are no functions on tensors in full, the others by where they stand."""
    where = {n.removeprefix("torch."): kind for kind, members in functions().items() for names, _ in members.values() for n in names}
    own, rows, dtypes = [], [], []
    for name in sorted(n for n in dir(adjoint) if not n.startswith("_")):
        thing = getattr(adjoint, name)
        if isinstance(thing, adjoint.dtype):
            dtypes.append(f"`torch.{name}`")
        elif name in where:
            rows.append(f"[`{name}`](functions/{where[name]}.md)")
        elif name.endswith("_") and name[:-1] in where:
            rows.append(f"[`{name}`](functions/{where[name[:-1]]}.md)")
        elif callable(thing) and not isinstance(thing, types.ModuleType):
            own.append(name)
    parts = [
        "# torch",
        markdown(adjoint.__doc__),
        "Functions on tensors, each on the page of its kind:",
        f'<div class="names" markdown>{" ".join(rows)}</div>',
        f"Dtypes: {', '.join(dtypes)}.",
    ]
    for name in own:
        parts += list(_entry(f"torch.{name}", getattr(adjoint, name)))
    return "\n\n".join(p for p in parts if p) + "\n"


def _tensor() -> str:
    """The methods of Tensor, by where they come from."""
    parts = [
        "# torch.Tensor",
        markdown(Tensor.__doc__),
        "Every row of the tables that is a method is one here; its page says what it does and how its gradient flows.",
    ]
    rows: list[str] = []
    for name in sorted(n for n in dir(Tensor) if not n.startswith("_")):
        thing = getattr(Tensor, name)
        own = FUNCTIONS.get("torch", {}).get(name) or OPERATORS.get(name)
        if isinstance(own, Operator) and "Tensor" in own.where:
            link = f"[`{name}`](operators/{operators.address(_key(own))})"
        else:
            file = _file(thing) if inspect.isfunction(thing) else ""
            link = f"[`{name}`](functions/{file.removesuffix('.py')}.md)" if file in _files() else f"`{name}`"
        rows.append(f"| {link} | {_sentence(name, own, thing)} |")
    parts.append("| attribute | |\n|---|---|\n" + "\n".join(rows))
    return "\n\n".join(p for p in parts if p) + "\n"


def _files() -> set[str]:
    return {kind + ".py" for kind in functions()}


def _sentence(name: str, own: Any, thing: Any) -> str:
    if isinstance(own, Operator):
        if own.doc:
            return first(own.doc)
        computed = operators.value(_key(own), own)
        return f"${computed}$".replace("|", r"\vert ") if computed and len(computed) < 100 else ""
    if name.endswith("_") and hasattr(Tensor, name[:-1]):
        return f"`{name[:-1]}`, written into the tensor"
    return first(getattr(thing, "__doc__", None))



