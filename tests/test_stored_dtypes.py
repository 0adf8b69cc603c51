"""float8 dtypes and complex32: made, rounded, moved, printed and saved as PyTorch's are, and not computed with."""

from __future__ import annotations

import io
import warnings

import numpy as np
import pytest
from in_both import torch

import adjoint
from adjoint import dtypes

FLOAT8 = [d.name for d in dtypes.FLOAT8]
needs_torch = pytest.mark.skipif(torch is None, reason="compares with PyTorch")


def _floats() -> np.ndarray:
    """Numbers of all sizes: each pattern of a float32's upper half, with four kinds of lower ones."""
    upper = np.arange(65536, dtype=np.uint32) << 16
    return np.concatenate([upper | low for low in (0, 1, 0x7FFF, 0x8000)]).view(np.float32)


@needs_torch
@pytest.mark.parametrize("name", FLOAT8)
def test_every_float_is_rounded_to_pytorchs_bits(name: str) -> None:
    given = _floats()
    ours = adjoint.from_numpy(given).to(getattr(adjoint, name)).view(adjoint.uint8).numpy()
    theirs = torch.from_numpy(given).to(getattr(torch, name)).view(torch.uint8).numpy()
    np.testing.assert_array_equal(ours, theirs)


@needs_torch
@pytest.mark.parametrize("name", FLOAT8)
def test_every_byte_is_pytorchs_number(name: str) -> None:
    given = np.arange(256, dtype=np.uint8)
    ours = adjoint.from_numpy(given).view(getattr(adjoint, name)).float().numpy()
    theirs = torch.from_numpy(given).view(getattr(torch, name)).float().numpy()
    np.testing.assert_array_equal(ours, theirs)


def _both(expression: str, dtype: str) -> list[tuple[str, str]]:
    """What an expression of ``d``, a dtype, and ``x``, two ones of it, gives with both libraries, or its error."""
    found = []
    for library in (adjoint, torch):
        d = getattr(library, dtype)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # PyTorch's of complex halves, given once
            try:
                result = "", repr(eval(expression, {"torch": library, "d": d, "x": library.ones(2).to(d)}))
            except Exception as error:
                result = type(error).__name__, str(error)
        found.append(result)
    return found


@needs_torch
@pytest.mark.parametrize("name", [*FLOAT8, "complex32"])
@pytest.mark.parametrize(
    "expression",
    [
        "torch.zeros(2, 2, dtype=d)",
        "torch.ones(3, dtype=d)",
        "torch.full((2,), 3, dtype=d)",
        "torch.full((2,), 1e9, dtype=d)",
        "torch.tensor([1., 2., 448.], dtype=d)",
        "torch.tensor(2.5, dtype=d)",
        "torch.tensor([1., 2.]).to(d).tolist()",
        "torch.tensor([1., 2.]).to(d)[1].item()",
        "torch.tensor([1, 300]).to(d)",
        "torch.ones(4).to(d).view(torch.uint8)",
        "torch.arange(1., 5.).to(d).reshape(2, 2).t().contiguous()",
        "torch.cat([x, x])",
        "torch.arange(1., 4.).to(d)[torch.tensor([2, 0])]",
        "torch.zeros(2).copy_(x)",
        "torch.zeros(2, dtype=d).copy_(torch.tensor([1., 2.]))",
        "torch.zeros(2, dtype=d).fill_(2)",
        "torch.zeros(2, dtype=d).fill_(torch.tensor(2.))",
        "x.to(torch.bfloat16)",
        "x.int()",
        "x.requires_grad_()",
        "x.numpy()",
        "x.clone().__setitem__(0, 4.)",
        "torch.where(torch.tensor([True, False]), x, x)",
        "torch.finfo(d)",
        "(d.itemsize, d.is_floating_point, d.is_complex, d.is_signed, d)",
    ],
)
def test_what_moves_elements_does_what_pytorchs_does(name: str, expression: str) -> None:
    ours, theirs = _both(expression, name)
    assert ours == theirs


@needs_torch
@pytest.mark.parametrize(
    "expression",
    ["x + x", "x + 1", "x - x", "-x", "x / x", "x < x", "x.exp()", "x.sum()", "x.mean()", "x.max()", "x.clamp(0, 1)", "x.relu()",
     "x.softmax(0)", "x.sqrt()", "x.sigmoid()", "x.cumsum(0)", "x.prod()", "x.norm()", "x + torch.ones(2)", "x.sign()",
     "torch.maximum(x, x)", "x.argmax()", "x.dot(x)", "x.add_(x)", "torch.randn(2, dtype=d)", "torch.arange(3, dtype=d)",
     "torch.randint(3, (2,), dtype=d)", "x.uniform_()", "torch.randperm(3, dtype=d)", "torch.promote_types(d, torch.int8)",
     "d.to_complex()"],
)  # fmt: skip
def test_what_computes_is_refused_in_pytorchs_words(expression: str) -> None:
    ours, theirs = _both(expression, "float8_e5m2")
    assert theirs[0]
    assert ours == theirs


def test_complex_halves_keep_both_parts_beside_other_dtypes() -> None:
    z = adjoint.tensor([1 + 2j, 3 - 0.5j])
    c = z.to(adjoint.complex32)
    assert c.to(adjoint.complex64).tolist() == z.tolist()
    assert adjoint.cat([c, adjoint.ones(1, dtype=adjoint.half)]).tolist() == [1 + 2j, 3 - 0.5j, 1 + 0j]
    assert c.imag.tolist() == [2, -0.5]
    assert adjoint.ones(2, dtype=adjoint.complex32).tolist() == [1 + 0j, 1 + 0j]


def test_gradients_pass_conversions_in_float32() -> None:
    x = adjoint.tensor([1.0, 3.0], requires_grad=True)
    (x.to(adjoint.float8_e5m2).float() * 3).sum().backward()
    assert x.grad.tolist() == [3, 3]


@needs_torch
@pytest.mark.parametrize("name", FLOAT8)
def test_files_are_read_by_the_other_library(name: str) -> None:
    for writer, reader in ((adjoint, torch), (torch, adjoint)):
        file = io.BytesIO()
        writer.save(writer.tensor([1.0, 2.0]).to(getattr(writer, name)), file)
        file.seek(0)
        found = reader.load(file)
        assert found.dtype is getattr(reader, name)
        assert found.float().tolist() == [1, 2]


def test_quantized_dtypes_and_parts_of_bytes_have_names_only() -> None:
    assert (adjoint.qint32.itemsize, str(adjoint.uint4), adjoint.int7.is_signed) == (4, "torch.uint4", True)
    for name in ("qint8", "quint4x2", "uint1", "bits8", "float4_e2m1fn_x2"):
        with pytest.raises(NotImplementedError, match=f"Adjoint has no tensors of dtype torch.{name}"):
            adjoint.zeros(2, dtype=getattr(adjoint, name))
        with pytest.raises(NotImplementedError, match=f"Adjoint has no tensors of dtype torch.{name}"):
            adjoint.ones(2).to(getattr(adjoint, name))


@needs_torch
@pytest.mark.parametrize("torch", [torch, adjoint], ids=["pytorch", "adjoint"])
@pytest.mark.filterwarnings("ignore")
def test_gradients_go_through_conversions_to_and_from_complex32(torch):
    def derivative(x, dtype, cotangent, **options):
        y = x.requires_grad_().to(dtype)
        return torch.autograd.grad(y, x, torch.tensor(cotangent).to(y.dtype), **options)[0]

    x, z = torch.tensor([1.5, 2.0]), torch.tensor([1 + 1j, 2.0], dtype=torch.complex32)
    assert derivative(x, torch.complex32, [1 + 2j, 3j]).tolist() == [1, 0]
    assert derivative(x, torch.complex32, [1 + 2j, 3j], create_graph=True).tolist() == [1, 0]
    assert derivative(z, torch.complex64, [1 + 2j, 3j]).tolist() == [1 + 2j, 3j]
    assert derivative(z, torch.float32, [1.0, 3.0]).tolist() == [1, 3]


@needs_torch
@pytest.mark.parametrize("torch", [torch, adjoint], ids=["pytorch", "adjoint"])
@pytest.mark.filterwarnings("ignore")
def test_samples_of_a_vmap_are_converted_as_tensors_are(torch):
    x = torch.tensor([[1.5, 2.0], [300.0, 4000.0]])
    for dtype in (torch.complex32, torch.float8_e4m3fn, torch.float8_e5m2):
        each = torch.vmap(lambda t, dtype=dtype: t.to(dtype))(x)
        assert each.to(torch.complex64).tolist() == x.to(dtype).to(torch.complex64).tolist()


@needs_torch
@pytest.mark.parametrize("name", FLOAT8)
def test_the_operators_that_pytorch_has_for_float8_compute_its_bits(name: str) -> None:
    bytes_ = np.arange(256, dtype=np.uint8)
    a, b = np.repeat(bytes_, 256), np.tile(bytes_, 256)

    def computed(module: object) -> list[list[object]]:
        x, y = (module.from_numpy(given).view(getattr(module, name)) for given in (a, b))  # type: ignore[attr-defined]
        found = [x * y, x.isnan(), x == y, x != y, x.ne(1)]
        if name != "float8_e8m0fnu":
            found.append(x.abs())
        if name in ("float8_e5m2",):
            found += [x.isinf(), x.isfinite()]
        return [[str(f.dtype), f.float().tolist()] for f in found]

    ours, theirs = computed(adjoint), computed(torch)
    for mine, right in zip(ours, theirs):
        assert mine[0] == right[0]
        np.testing.assert_array_equal(mine[1], right[1])


@needs_torch
def test_halved_complex_numbers_are_computed_with() -> None:
    draws = np.random.default_rng(0)
    a, b = ((draws.normal(size=(3, 4)) + 1j * draws.normal(size=(3, 4))).astype(np.complex64) for _ in range(2))

    def computed(module: object) -> list[object]:
        x, y = (module.from_numpy(given).to(module.complex32) for given in (a, b))  # type: ignore[attr-defined]
        found = [
            x + y, x - y, x * y, -x, x * 2, x + 1, x.add(y, alpha=2), x == x, x != y, x.abs(), x.isnan(), x.isinf(), x.isfinite(),
            x + y[:1], x[:1] * y[:, :1],
        ]  # fmt: skip
        wide = module.complex64  # type: ignore[attr-defined]
        return [[str(f.dtype), (f.to(wide) if f.is_complex() else f.float()).numpy()] for f in found]

    for (kind, mine), (wanted, right) in zip(computed(adjoint), computed(torch)):
        assert kind == wanted
        np.testing.assert_allclose(mine, right, rtol=2e-3, atol=1e-3)
