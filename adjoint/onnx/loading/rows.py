"""The table of operators: which function of ours an operator of ONNX is, from which version on."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from adjoint.onnx.loading.errors import ModelError, UnknownOperatorError

MICROSOFT = "com.microsoft"
_KINDS = (
    "activations", "arithmetic", "attention", "comparing", "contrib", "control", "convolution", "creation",
    "detection", "gathering", "generators", "legacy", "losses", "matrices", "normalization", "pooling", "quantization",
    "recurrent", "reductions",
    "resizing", "scattering", "sequences", "shapes", "spectra",
)  # fmt: skip


class Site(NamedTuple):
    """What an operator may ask about the node that it is made for."""

    name: str
    operator: str
    version: int  # of the operators' set that the file is written for
    inputs: tuple[bool, ...]  # which of them are given
    outputs: tuple[bool, ...]  # which of them are wanted
    constants: tuple[np.ndarray | None, ...]  # the inputs that the file says
    held: tuple[bool, ...] = ()  # which inputs are tensors of the module's

    def given(self, place: int) -> bool:
        """Whether the node has this input."""
        return place < len(self.inputs) and self.inputs[place]

    def constant(self, place: int) -> np.ndarray | None:
        """The input's value, where the file says it."""
        return self.constants[place] if place < len(self.constants) else None


@dataclass(frozen=True)
class Row:
    """One operator from one version on.

    ``make(site, **attributes)`` gives the function of the node's inputs, once, when the file is loaded.  ``host`` are places
    of inputs that are numbers for Python rather than for tensors (sizes, axes): with them, ``make`` gives a function of these
    inputs, as arrays, that gives the function of the others; where the file says the numbers, that is called once, too.
    ``several`` says that a tuple is returned.  ``training`` says that the first argument is whether the module trains, and of
    a node whether its file has it train.  ``fixed`` are places of weights that are no parameters,
    ``random`` says that the result is another each time.
    ``differentiable`` are those of ``host`` that a gradient would have to go to, which is refused.
    """

    name: str
    domain: str
    since: int
    make: Callable[..., Any]
    host: tuple[int, ...] = ()
    several: bool = False
    training: Callable[[Site, dict[str, Any]], bool] | None = None
    random: bool = False
    differentiable: tuple[int, ...] = ()
    fixed: tuple[int, ...] = ()
    attributes: frozenset[str] = field(default_factory=frozenset)
    graphs: frozenset[str] = field(default_factory=frozenset)


_rows: dict[tuple[str, str], list[Row]] = {}
_host: dict[str, Callable[..., Any]] = {}


def operator(
    *names: str,
    since: int = 1,
    domain: str = "",
    host: tuple[int, ...] = (),
    several: bool = False,
    training: Callable[[Site, dict[str, Any]], bool] | None = None,
    random: bool = False,
    differentiable: tuple[int, ...] = (),
    fixed: tuple[int, ...] = (),
    graphs: tuple[str, ...] = (),
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare the function below as the one that makes these operators; see :class:`Row`."""

    def declare(make: Callable[..., Any]) -> Callable[..., Any]:
        attributes = frozenset([*inspect.signature(make).parameters][1:])
        for name in names:
            row = Row(
                name, domain, since, make, host, several, training, random, differentiable, fixed, attributes, frozenset(graphs)
            )  # fmt: skip
            _rows.setdefault((domain, name), []).append(row)
        return make

    return declare


def direct(
    name: str, function: Callable[..., Any], *, since: int = 1, domain: str = "", ignored: tuple[str, ...] = ()
) -> None:
    """Declare an operator that has no attributes and is a function as it stands."""
    attributes = frozenset(ignored)
    row = Row(name, domain, since, lambda site, **_: function, attributes=attributes)
    _rows.setdefault((domain, name), []).append(row)


def on_host(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare how operators compute with shapes: ``make(site, **attributes)`` gives a function of arrays."""

    def declare(make: Callable[..., Any]) -> Callable[..., Any]:
        _host.update(dict.fromkeys(names, make))
        return make

    return declare


def find(domain: str, name: str, version: int) -> Row | None:
    """The operator as this version of the operators' set has it, or None."""
    _import_all()
    rows = [row for row in _rows.get((plain(domain), name), ()) if row.since <= version]
    return max(rows, key=lambda row: row.since, default=None)


def find_host(domain: str, name: str) -> Callable[..., Any] | None:
    """How the operator computes with shapes, or None."""
    _import_all()
    return _host.get(name) if plain(domain) == "" else None


def known() -> dict[tuple[str, str], list[int]]:
    """All operators by domain and name, with the versions in which what they mean here changed."""
    _import_all()
    return {key: sorted(row.since for row in rows) for key, rows in sorted(_rows.items())}


def plain(domain: str) -> str:
    """A domain's shortest name."""
    return "" if domain == "ai.onnx" else domain


def unknown(site_text: str, domain: str, name: str, version: int) -> UnknownOperatorError:
    """The error for an operator that is not in the table."""
    versions = [row.since for row in _rows.get((plain(domain), name), ())]
    where = domain or "ai.onnx"
    if versions:
        what = f"is known from version {min(versions)} on, and the file is written for version {version}: bring it up to date with "
        what += "onnx.version_converter.convert_version"
    else:
        what = "is not known"
    return UnknownOperatorError(f"the operator {name} of the domain {where} {what} ({site_text})")


def check_attributes(row: Row, attributes: dict[str, Any]) -> None:
    """Raises ModelError where a node has attributes that its operator does not."""
    for name in attributes:
        if name not in row.attributes:
            raise ModelError(
                f"the operator {row.name} has no attribute {name!r} here (known are {sorted(row.attributes)})"
            )


def _import_all() -> None:
    if not _rows:
        for kind in _KINDS:
            importlib.import_module(f"adjoint.onnx.loading.operators.{kind}")
