"""Modules of torch.nn, each exported to ONNX: onnxruntime computes what they do."""

from __future__ import annotations

import warnings

import pytest

import adjoint as torch
from tests.onnx_export_modules import CASES
from tests.test_onnx_export_operators import compare

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


@pytest.mark.parametrize("name", CASES)
def test_onnxruntime_computes_what_the_module_does(name):
    module = CASES[name].make().eval()
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(module, CASES[name].args)
        compare(program, CASES[name].args, module(*CASES[name].args))
