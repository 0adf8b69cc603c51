"""Printing, compared with PyTorch to the character."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

import adjoint

torch = pytest.importorskip("torch")

FLOATS = ("float16", "bfloat16", "float32", "float64")
INTEGERS = ("uint8", "int8", "int16", "int32", "int64")
DTYPES = (*FLOATS, *INTEGERS, "complex64", "complex128", "bool")
SHAPES = (
    (),
    (1,),
    (3,),
    (7,),
    (40,),
    (2, 3),
    (3, 1),
    (4, 12),
    (2, 3, 4),
    (2, 1, 2, 3),
    (30, 40),
    (2, 600),
    (1500,),
    (12, 11, 10),
)
SCALES = (1.0, 1e-3, 1e-6, 1e3, 3e4)


def both(array, dtype: str, requires_grad: bool = False):
    """The same tensor of either library."""
    theirs = torch.from_numpy(np.array(array)).to(getattr(torch, dtype))
    if dtype == "bfloat16":
        ours = adjoint.tensor(theirs.double().numpy(), dtype=adjoint.bfloat16)
    else:
        ours = adjoint.from_numpy(theirs.numpy().copy())
    return ours.requires_grad_(requires_grad), theirs.requires_grad_(requires_grad)


def values(rng: np.random.Generator, shape, kind: str):
    if kind == "normal":
        return rng.standard_normal(shape)
    if kind == "whole":
        return rng.integers(-50, 50, shape).astype(float)
    if kind == "wide":
        return np.exp(rng.uniform(-12, 12, shape))
    if kind == "special":
        return rng.choice([0.0, -0.0, 1.0, 2.5, np.inf, -np.inf, np.nan], shape)
    return rng.choice([0.0, 1.0, np.inf, np.nan], shape)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_tensor_prints_as_in_pytorch(dtype: str, shape) -> None:
    rng = np.random.default_rng(len(shape) * 100 + len(dtype))
    for kind in ("normal", "whole", "wide", "special", "whole special"):
        if dtype in INTEGERS or dtype == "bool":
            array = rng.integers(0, 100, shape)
        elif dtype.startswith("complex"):
            with np.errstate(invalid="ignore"):
                array = values(rng, shape, kind) + 1j * values(rng, shape, "normal" if kind == "whole" else kind)
        else:
            array = values(rng, shape, kind) * SCALES[rng.integers(len(SCALES))]
        with np.errstate(all="ignore"):
            ours, theirs = both(array, dtype)
        assert repr(ours) == repr(theirs)
        assert str(ours) == str(theirs)


@pytest.mark.parametrize("shape", [(0,), (0, 3), (2, 0), (1, 0, 2)], ids=str)
@pytest.mark.parametrize("dtype", DTYPES)
def test_an_empty_tensor_prints_its_size_and_dtype(dtype: str, shape) -> None:
    assert repr(adjoint.zeros(shape, dtype=getattr(adjoint, dtype))) == repr(
        torch.zeros(shape, dtype=getattr(torch, dtype))
    )


@pytest.mark.parametrize(
    "numbers",
    [
        [1.0, 1000.0], [1.0, 1001.0], [1e8], [1.00000001e8], [1e-4], [9.9e-5], [1.0, 1e8], [0.5, 500.0], [0.5, 500.5],
        [99999999.0], [100000001.0], [1.5, 0.0], [-1e-5, 1.0], [float("inf"), 1.0], [float("nan"), 0.5], [0.0], [-0.0],
        [123456.789], [1e10, 1e-10], [float("-inf")], [1e38, 1e-38], [4.9999e-5], [0.99995], [9.99995],
    ],
)  # fmt: skip
def test_notation_changes_where_pytorch_changes_it(numbers) -> None:
    for dtype in ("float32", "float64"):
        ours, theirs = both(np.array(numbers), dtype)
        assert repr(ours) == repr(theirs)


def test_integers_of_64_bits_print_in_full() -> None:
    array = np.array([-(2**63), 2**63 - 1, 0])
    assert repr(adjoint.from_numpy(array)) == repr(torch.from_numpy(array))
    assert repr(adjoint.tensor(2**64 - 1, dtype=adjoint.uint64)) == repr(torch.tensor(2**64 - 1, dtype=torch.uint64))


@pytest.mark.parametrize("length", range(1, 40))
def test_what_follows_the_elements_moves_to_a_line_of_its_own_where_it_does_not_fit(length: int) -> None:
    for dtype in ("float64", "float16"):
        ours, theirs = both(np.linspace(0.1, 0.9, length), dtype, requires_grad=True)
        assert repr(ours) == repr(theirs)
        assert repr(ours * ours) == repr(theirs * theirs)


def test_the_class_of_a_users_function_names_the_node() -> None:
    class Cube(adjoint.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * x * x

        @staticmethod
        def backward(ctx, g):
            return g

    assert repr(Cube.apply(adjoint.tensor([2.0], requires_grad=True))) == "tensor([8.], grad_fn=<CubeBackward>)"


def test_a_subclass_prints_its_own_name() -> None:
    ours = type("Mine", (adjoint.Tensor,), {})([[1, 2], [3, 4]])
    theirs = type("Mine", (torch.Tensor,), {})([[1, 2], [3, 4]])
    assert repr(ours) == repr(theirs) == "Mine([[1., 2.],\n      [3., 4.]])"


@pytest.fixture
def options():
    yield
    adjoint.set_printoptions(profile="default")
    torch.set_printoptions(profile="default")


@pytest.mark.parametrize(
    "changes",
    [
        {"precision": 2}, {"precision": 8}, {"precision": 0}, {"threshold": 5}, {"threshold": 5, "edgeitems": 1},
        {"threshold": 5, "edgeitems": 0}, {"linewidth": 40}, {"linewidth": 10}, {"linewidth": 200}, {"profile": "short"},
        {"profile": "full"}, {"sci_mode": True}, {"sci_mode": False}, {"sci_mode": True, "precision": 1},
        {"profile": "full", "precision": 1}, {"edgeitems": 5, "threshold": 20},
    ],
    ids=str,
)  # fmt: skip
def test_print_options_do_what_pytorchs_do(options, changes) -> None:
    adjoint.set_printoptions(**changes)
    torch.set_printoptions(**changes)
    rng = np.random.default_rng(0)
    for dtype in ("float32", "int64", "complex64", "float16"):
        for shape in ((), (6,), (11,), (3, 4), (12, 13), (3, 2, 9), (1200,)):
            array = rng.integers(0, 1000, shape) if dtype == "int64" else rng.standard_normal(shape)
            ours, theirs = both(array, dtype, requires_grad=dtype != "int64")
            assert repr(ours) == repr(theirs)
            ours, theirs = both(np.round(array), dtype)
            assert repr(ours) == repr(theirs)


def test_print_options_can_be_read_and_changed_for_a_while(options) -> None:
    adjoint.set_printoptions(precision=3, sci_mode=True)
    assert adjoint.printing.get_printoptions() == {
        "precision": 3, "threshold": 1000, "edgeitems": 3, "linewidth": 80, "sci_mode": True,
    }  # fmt: skip
    adjoint.set_printoptions(precision=3)
    assert adjoint.printing.get_printoptions()["sci_mode"] is None
    with adjoint.printing.printoptions(precision=1):
        assert repr(adjoint.tensor([0.55])) == "tensor([0.6])"
    assert adjoint.printing.get_printoptions()["precision"] == 3


def test_another_default_dtype_is_the_one_that_is_not_shown() -> None:
    for library in (adjoint, torch):
        library.set_default_dtype(library.float64)
    try:
        for dtype in DTYPES:
            ours, theirs = both(np.ones(2), dtype)
            assert repr(ours) == repr(theirs)
            assert repr(adjoint.zeros(0, dtype=getattr(adjoint, dtype))) == repr(
                torch.zeros(0, dtype=getattr(torch, dtype))
            )
    finally:
        for library in (adjoint, torch):
            library.set_default_dtype(library.float32)


@pytest.mark.parametrize("spec", ["", ".2f", "10.3e", ">12", "<8", "+.1f", "g"])
def test_a_tensor_without_dimensions_formats_as_its_number(spec: str) -> None:
    for number in (1.23456, -2.0, 3.0):
        assert format(adjoint.tensor(number), spec) == format(torch.tensor(number), spec)
    assert format(adjoint.tensor(7), "5d") == format(torch.tensor(7), "5d")
    assert f"{adjoint.tensor(1.5, requires_grad=True)}" == f"{torch.tensor(1.5, requires_grad=True)}"


def test_a_tensor_with_dimensions_formats_as_its_text_or_not_at_all() -> None:
    assert f"{adjoint.tensor([1.5])}" == f"{torch.tensor([1.5])}"
    with pytest.raises(TypeError) as ours:
        format(adjoint.tensor([1.5]), ".2f")
    with pytest.raises(TypeError) as theirs:
        format(torch.tensor([1.5]), ".2f")
    assert str(ours.value) == str(theirs.value)


def test_a_view_of_every_other_element_prints_its_own_elements() -> None:
    array = np.arange(12.0).reshape(3, 4)
    assert repr(adjoint.from_numpy(array[:, ::2])) == repr(torch.from_numpy(array[:, ::2]))


def test_classes_of_tensors_print_by_pytorchs_private_names():
    def text(library):
        shown = importlib.import_module(f"{library.__name__}._tensor_str")
        numbers = shown._tensor_str(library.arange(6.0).view(2, 3), 8)
        suffixes = ["sizes=(3, 3)", "a long suffix that goes on a line of its own because it is so very long"]
        return shown._add_suffixes("Special(" + numbers, suffixes, 8, False) + shown._str(library.ones(2))

    assert text(adjoint) == text(torch)
