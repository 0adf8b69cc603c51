"""Exporters and packages, which are not there: their names are, questions are answered, and using them says so."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

import adjoint
from tests.both import agree

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import torch.onnx  # imports TorchScript, which warns of itself


def test_questions_are_answered_as_in_pytorch() -> None:
    def scenario(torch: Any) -> Any:
        print(torch.onnx.is_in_onnx_export(), torch.package.is_from_package(3), torch.onnx.TrainingMode.EVAL.name)
        print(
            torch.export.Dim("b"),
            torch.export.Dim("b", min=2, max=5),
            torch.export.dims("a", "c", max=9),
            torch.export.Dim.AUTO,
        )
        print(
            torch.onnx.register_custom_op_symbolic("mine::op", len, 9),
            torch.onnx.unregister_custom_op_symbolic("mine::op", 9),
        )
        print(
            isinstance(torch.nn.Linear(1, 1), torch.export.ExportedProgram), torch.package.sys_importer.get_name(dict)
        )
        return issubclass(torch.onnx.OnnxExporterError, RuntimeError)

    agree(scenario, raises=False, warnings_too=False)


@pytest.mark.parametrize(
    ("attempt", "told"),
    [
        (lambda t: t.export.export(t.nn.Linear(1, 1), (t.ones(1, 1),)), "torch.fx.symbolic_trace gives the graph"),
        (lambda t: t.export.load("model.pt2"), "torch.export.load"),
        (lambda t: t.export.ExportedProgram(), "torch.export.ExportedProgram"),
        (lambda t: t.package.PackageExporter("file.zip"), "archives of Python code"),
        (lambda t: t.package.PackageImporter("file.zip"), "archives of Python code"),
        (lambda t: t._inductor.compile(None, []), "no compiler of graphs"),
    ],
)
def test_what_needs_them_says_what_and_why(attempt: Any, told: str) -> None:
    with pytest.raises(NotImplementedError, match=told):
        attempt(adjoint)


def test_options_of_the_compiler_keep_what_they_are_set_to() -> None:
    config = adjoint._inductor.config
    with config.patch(max_autotune=True):
        assert config.max_autotune
    assert not config.max_autotune and config.triton.unique_kernel_names
    with pytest.raises(
        AttributeError, match=r"torch._inductor.config.nothing does not exist|adjoint._inductor.config.nothing"
    ):
        config.nothing = 1


def test_shapes_and_inputs_are_kept() -> None:
    shapes, x = adjoint.export.ShapesCollection(), adjoint.ones(2)
    shapes[x][0] = adjoint.export.Dim("b")
    assert repr(shapes[x][0]) == "Dim('b', min=0)" and len(shapes) == 1
    assert torch.export.Dim("b").__name__ == adjoint.export.Dim("b").__name__
