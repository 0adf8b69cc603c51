"""ONNX's own cases of nodes: a model of one node, its inputs, and the outputs that the package ``onnx`` computes of them."""

from __future__ import annotations

import importlib
import pkgutil
import re
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from onnx import TensorProto, numpy_helper
from onnx.backend.test.case import model as _models
from onnx.backend.test.case import node as _package

import adjoint
from adjoint.onnx.loading.tensors import read_tensor

# What is left out, and why
LEFT_OUT = {
    r"_(u?int[24]|float4e2m1)\b|FLOAT4|INT4|INT2": "no tensor has four or two bits",
    r"^test_(string|strnorm|regex|equal_string|tfidf|label_encoder|cast(like)?_.*STRING)|to_STRING|STRING_to|_string": "texts",
    r"^test_ai_onnx_ml|^test_image_decoder": "not of networks: trees, pictures in files",
    r"^test_(adagrad|adam|momentum|nesterov)": "a step of an optimizer as an operator",
    r"^test_bernoulli|^test_training_dropout(_default|_default_mask|_mask)?$": "numbers of another generator",
    r"^test_resize_downsample_scales_(linear|cubic)_align_corners$": "onnxruntime and PyTorch count the places that are there",
    r"^test_range_bfloat16|^test_unique_bfloat16": "NumPy has no such numbers",
}
SLOW_TO_MAKE = {"averagepool", "lppool", "maxpool", "image_decoder"}


def why_left_out(name: str) -> str | None:
    """Why a case is left out, or None."""
    return next((why for pattern, why in LEFT_OUT.items() if re.search(pattern, name)), None)


def modules() -> list[str]:
    """The kinds of nodes that there are cases of, and ``model.sequence``, models of several nodes."""
    return ["model.sequence", *sorted(found.name for found in pkgutil.iter_modules(_package.__path__))]


def cases_of(module: str) -> list[Any]:
    """The cases of one kind of node."""
    package = _models if module.startswith("model.") else _package
    name = f"{package.__name__}.{module.removeprefix('model.')}"
    listed = _models._SimpleModelTestCases if package is _models else _package._NodeTestCases
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if name not in sys.modules:
            before = len(listed)
            importlib.import_module(name)
            _made[module] = listed[before:]
    return _made[module]


_made: dict[str, list[Any]] = {}


def run(case: Any) -> Iterator[tuple[Any, Any]]:
    """What is computed for a case, and what should be, output by output."""
    network = adjoint.onnx.load(case.model)
    for inputs, outputs in case.data_sets:
        with adjoint.no_grad():
            found = network(*map(as_given, inputs))
        yield from zip(found if len(outputs) > 1 else (found,), outputs, strict=False)


def as_given(value: Any) -> Any:
    """A value of a case as a module takes it: tensors of all dtypes that there are, lists, None."""
    if value is None:
        return None
    if isinstance(value, list):
        return [as_given(each) for each in value]
    return read_tensor(value if isinstance(value, TensorProto) else numpy_helper.from_array(np.asarray(value)))


def assert_same(found: Any, expected: Any, rtol: float, atol: float) -> None:
    """Dtype, shape and values are the same."""
    if expected is None:
        assert found is None
    elif isinstance(expected, list):
        assert len(found) == len(expected)
        for f, e in zip(found, expected):
            assert_same(f, e, rtol, atol)
    else:
        wanted = as_given(expected)
        assert (found.dtype, found.shape) == (wanted.dtype, wanted.shape)
        if wanted.dtype == adjoint.bfloat16:
            rtol = max(rtol, 2**-6)
        elif wanted.dtype == adjoint.float16:
            rtol = max(rtol, 2**-9)
        np.testing.assert_allclose(_numbers(found), _numbers(wanted), rtol=rtol, atol=atol)


def _numbers(tensor: Any) -> np.ndarray:
    wide = tensor.dtype in (adjoint.float32, adjoint.float64) or not tensor.dtype.is_floating_point
    return (tensor if wide else tensor.float()).detach().numpy()
