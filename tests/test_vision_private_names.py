"""Names that torchvision keeps to itself and other programs import all the same: they are there, and compute the same."""

from __future__ import annotations

import importlib

import pytest

pytest.importorskip("torch")

import torch

import adjoint
from tests.torchvision_files import torchvision

CALLS = [
    ("transforms.functional", "_get_inverse_affine_matrix", ([1.0, 2.0], 30.0, [3.0, 4.0], 1.5, [5.0, 6.0])),
    ("transforms.functional", "_compute_resized_output_size", ((20, 30), [10])),
    ("transforms.functional", "_compute_resized_output_size", ((20, 30), None, 12, True)),
    ("transforms.v2.functional._geometry", "_get_inverse_affine_matrix", ([1.0, 2.0], 30.0, [3.0, 4.0], 1.5, [5.0, 6.0], False)),
    ("transforms.v2.functional._geometry", "_compute_affine_output_size", ([0.8, -0.6, 1.0, 0.6, 0.8, 2.0], 20, 30)),
    ("transforms.v2.functional._geometry", "_check_interpolation", ("bilinear",)),
    ("transforms.transforms", "_setup_size", ([3], "two")),
    ("transforms.transforms", "_setup_angle", (3, "angle")),
    ("transforms.transforms", "_check_sequence_input", ([3], "angle", (1, 2))),
    ("_utils", "sequence_to_str", (["a"],)),
    ("_utils", "sequence_to_str", (["a", "b"], "and ")),
    ("_utils", "sequence_to_str", (["a", "b", "c"], "or ")),
]


@pytest.mark.parametrize("module, name, args", CALLS, ids=lambda x: x if isinstance(x, str) else "")
def test_calls_give_what_torchvisions_give(module, name, args):
    theirs = getattr(torchvision(module), name)(*args)
    ours = getattr(importlib.import_module(f"adjoint.vision.{module}"), name)(*args)
    if isinstance(theirs, list) and isinstance(theirs[0], float):
        assert ours == pytest.approx(theirs, rel=1e-12)
    elif hasattr(theirs, "value"):
        assert ours.value == theirs.value
    else:
        assert (list(ours) if isinstance(ours, tuple) else ours) == (list(theirs) if isinstance(theirs, tuple) else theirs)


@pytest.mark.parametrize(
    "module", ["_augment", "_color", "_deprecated", "_geometry", "_meta", "_misc", "_temporal", "_type_conversion"]
)
def test_modules_of_functionals_have_torchvisions_functions(module):
    theirs = torchvision(f"transforms.v2.functional.{module}")
    ours = importlib.import_module(f"adjoint.vision.transforms.v2.functional.{module}")
    public = vars(torchvision("transforms.v2.functional"))
    own = [name for name, value in vars(theirs).items() if getattr(value, "__module__", "") == theirs.__name__ and name in public]
    assert own
    assert [name for name in own if not hasattr(ours, name)] == []


def test_kernels_are_found_and_registered_as_torchvision_does_it():
    from adjoint.vision import tv_tensors
    from adjoint.vision.transforms.v2 import functional as F
    from adjoint.vision.transforms.v2.functional._utils import _get_kernel, _register_kernel_internal

    class Heat(tv_tensors.TVTensor):
        pass

    with pytest.raises(TypeError, match="supports inputs of type"):
        _get_kernel(F.vertical_flip, Heat)

    @_register_kernel_internal(F.vertical_flip, Heat)
    def flipped(heat):
        assert type(heat) is adjoint.Tensor
        return heat.flip(-2)

    found = F.vertical_flip(Heat([[1.0], [2.0]]))
    assert found.tolist() == [[2.0], [1.0]]
    assert _get_kernel(F.resize, tv_tensors.Image) is _get_kernel(F.resize, tv_tensors.Image)
    with pytest.raises(ValueError, match="already has a kernel"):
        _register_kernel_internal(F.vertical_flip, Heat)


def test_older_modules_are_there():
    from adjoint.hub import load_state_dict_from_url
    from adjoint.vision import _internally_replaced_utils
    from adjoint.vision.transforms import _functional_tensor, functional

    assert _internally_replaced_utils.load_state_dict_from_url is load_state_dict_from_url
    for name in ("uint8", "int16", "float32"):
        theirs = torchvision("transforms._functional_tensor")._max_value(getattr(torch, name))
        assert _functional_tensor._max_value(getattr(adjoint, name)) == theirs
    assert _functional_tensor.crop is functional.crop
