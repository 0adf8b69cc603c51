"""A model in memory, of a file, bytes, an open file or a model; with the tensors that lie in files of their own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from adjoint.onnx.loading.errors import ModelError

EXTERNAL = 1


def read_model(source: Any) -> tuple[Any, str]:
    """The ``onnx.ModelProto``, which is nobody else's, and what to call its file.

    Raises ModelError for what is no model, and for tensors in files outside of the model's folder; FileNotFoundError where there
    is no such file, and ModuleNotFoundError where the package ``onnx`` is not installed.
    """
    try:
        import onnx
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "adjoint.onnx.load reads files with the package onnx, which is not installed: pip install onnx", name="onnx"
        ) from error
    model = onnx.ModelProto()
    if isinstance(source, onnx.ModelProto):
        model.CopyFrom(source)
        _refuse_external(model, "a model that was given as an object")
        return _checked(model, "the model"), "the model"
    if isinstance(source, (bytes, bytearray, memoryview)):
        content, name, folder = bytes(source), "the model", None
    elif isinstance(source, (str, os.PathLike)):
        path = Path(os.fspath(source))
        content, name, folder = path.read_bytes(), path.name, path.parent
    elif hasattr(source, "read"):
        content, name, folder = source.read(), str(getattr(source, "name", "the model")), None
        if not isinstance(content, bytes):
            raise TypeError("a file of a model has to be opened in binary mode")
    else:
        raise TypeError(f"a model is a path, bytes, a file or an onnx.ModelProto, not {type(source).__name__}")
    try:
        model.ParseFromString(content)
    except Exception as error:
        raise ModelError(f"{name} is no model of ONNX, or is damaged: {error}") from error
    del content
    _checked(model, name)
    if folder is None:
        _refuse_external(model, "a model that was not given by its path")
    else:
        for tensor in _all_tensors(model.graph, model.functions):
            if tensor.data_location == EXTERNAL:
                _fetch(tensor, folder, name)
    return model, name


def _checked(model: Any, name: str) -> Any:
    if not model.HasField("graph") or not (model.graph.node or model.graph.output):
        raise ModelError(f"{name} is no model of ONNX, or is damaged: there is no graph in it")
    return model


def _refuse_external(model: Any, what: str) -> None:
    for tensor in _all_tensors(model.graph, model.functions):
        if tensor.data_location == EXTERNAL:
            raise ModelError(
                f"the tensor {tensor.name!r} lies in another file, which is looked for in the folder of the model; {what} has none"
            )


def _fetch(tensor: Any, folder: Path, model: str) -> None:
    """Read a tensor's bytes out of the file that it names, which has to be in the model's folder."""
    said = {entry.key: entry.value for entry in tensor.external_data}
    location = said.get("location", "")
    path = folder / location
    home = folder.resolve()
    if not location or Path(location).is_absolute() or home not in path.resolve().parents:
        raise ModelError(
            f"the tensor {tensor.name!r} of {model} is to be read from {location!r}, outside of the model's folder"
        )
    try:
        start = int(said.get("offset", 0))
        size = path.stat().st_size
        length = int(said["length"]) if "length" in said else size - start
        if start < 0 or length < 0 or start + length > size:
            raise ModelError(
                f"the tensor {tensor.name!r} of {model} lies at bytes {start} to {start + length} of {location}, which has {size}"
            )
        with path.open("rb") as file:
            file.seek(start)
            tensor.raw_data = file.read(length)
    except FileNotFoundError as error:
        raise FileNotFoundError(f"the tensor {tensor.name!r} of {model} lies in {path}, which is not there") from error
    except ModelError:
        raise
    except ValueError as error:
        raise ModelError(f"the tensor {tensor.name!r} of {model} does not say where it lies: {error}") from error
    del tensor.external_data[:]
    tensor.data_location = 0


def _all_tensors(graph: Any, functions: Any = ()) -> list[Any]:
    found = [*graph.initializer]
    for sparse in graph.sparse_initializer:
        found += [sparse.values, sparse.indices]
    nodes = [*graph.node]
    for function in functions:
        nodes += function.node
    for node in nodes:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                found.append(attribute.t)
            found += attribute.tensors
            for inner in (*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs):
                found += _all_tensors(inner)
    return found
