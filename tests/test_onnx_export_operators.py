"""Every function that the exporter to ONNX knows, exported and run by onnxruntime: its values are our own."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import adjoint as torch
from adjoint.onnx.inputs import outputs_of
from adjoint.onnx.translators import TRANSLATORS
from tests.onnx_export_samples import SAMPLES, tensors_of

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


def compare(program, inputs, expected, random=False):
    """The program's outputs are these, to float32 rounding."""
    found, expected = program(*inputs), outputs_of(expected)
    assert len(found) == len(expected)
    for own, want in zip(found, expected):
        assert own.dtype == want.dtype and own.shape == want.shape
        if not random:
            np.testing.assert_allclose(own.numpy(), want.numpy(), rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("name", SAMPLES)
def test_its_sample_computes_the_same_in_onnxruntime(name):
    sample = SAMPLES[name]
    inputs = tensors_of(sample)
    shapes = None if sample.varies is None else [{sample.varies: "n"}] * len(inputs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(sample.function, inputs, opset_version=sample.opset, dynamic_shapes=shapes)
        compare(program, inputs, sample.function(*inputs), sample.random)


def test_every_translator_has_a_sample():
    functions = {TRANSLATORS[name] for name in SAMPLES}
    missing = [name for name, function in TRANSLATORS.items() if function not in functions]
    alike = {"gt", "greater", "lt", "less", "ge", "greater_equal", "le", "less_equal", "__eq__"}
    alike |= {
        f"{side}{kind}{end}"
        for kind in ("and", "or", "xor")
        for side, end in (("logical_", ""), ("bitwise_", ""), ("__", "__"), ("__r", "__"))
    }
    assert set(missing) <= alike | {"_convolution"}
