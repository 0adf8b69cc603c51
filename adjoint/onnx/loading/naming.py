"""Names of a file's values as names of attributes, of Python's variables, and of keys of a state."""

from __future__ import annotations

import re
from collections.abc import Iterable

from adjoint.nn import Module

_RESERVED = {"code", "graph", "names", "training"}


def attribute_paths(names: Iterable[str]) -> dict[str, str]:
    """For each name the path of the attribute that holds the tensor, as in the keys of a ``state_dict``.

    ``layer1.0.conv.weight`` stays as it is: the weight is in a module ``conv`` in a module ``0``.  What is no name in Python gets
    underscores (``onnx::MatMul_3`` is ``onnx__MatMul_3``).  Where two names become one, or one would be both a tensor and a
    module, the later is written without dots, with a number if it must be.

    >>> attribute_paths(["conv.weight", "onnx::MatMul_3", "/a/b", "conv"])
    {'conv.weight': 'conv.weight', 'onnx::MatMul_3': 'onnx__MatMul_3', '/a/b': '_a_b', 'conv': 'conv_1'}
    """
    paths: dict[str, str] = {}
    tensors: set[str] = set()
    modules: set[str] = set()
    for name in names:
        path = ".".join(map(_part, name.split("."))) if all(name.split(".")) else _part(name.replace(".", "_"))
        if _clashes(path, tensors, modules):
            flat, number = _part(path.replace(".", "_")), 0
            path = flat
            while _clashes(path, tensors, modules):
                number += 1
                path = f"{flat}_{number}"
        tensors.add(path)
        modules.update(_owners(path))
        paths[name] = path
    return paths


def identifier(name: str) -> str:
    """A name as Python writes it."""
    plain = re.sub(r"\W", "_", name, flags=re.ASCII)
    return plain if plain and not plain[0].isdigit() else f"_{plain}"


def _part(part: str) -> str:
    plain = re.sub(r"\W", "_", part, flags=re.ASCII)
    return f"{plain}_" if not plain or plain in _RESERVED or hasattr(Module, plain) else plain


def _owners(path: str) -> list[str]:
    parts = path.split(".")
    return [".".join(parts[:n]) for n in range(1, len(parts))]


def _clashes(path: str, tensors: set[str], modules: set[str]) -> bool:
    return path in tensors or path in modules or any(owner in tensors for owner in _owners(path))
