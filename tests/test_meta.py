"""The device meta: every operator tells shapes, dtypes and strides, nothing is computed, and elements are not to be had."""

from __future__ import annotations

import copy
import io
import re
import warnings

import pytest
from in_both import outcome, torch
from test_tables import DIFFERENTIABLE, EXPRESSIONS, operands, run

import adjoint
from adjoint.readings import meta

needs_torch = pytest.mark.skipif(torch is None, reason="compares with PyTorch")

# Samples whose results depend on elements.
DEPENDING = {
    "torch.masked_select(x, mask)", "x[mask]", "torch.zeros(2, 3, dtype=x.dtype).copy_(x)",
    "torch.linalg.lstsq(pair, m34).solution", "torch.lu_unpack(m, lines.int())", "torch.lu_unpack(m34, lines.int())",
    "torch.lu_unpack(pair, lines[:2].int())",
}  # fmt: skip
# Whose results lie otherwise: a library's choice that nothing is computed of.
OTHER_STRIDES = {"torch.linalg.cross(x, y)", "torch.rot90(x)", "torch.linalg.solve_triangular(m.triu() + 3 * eye, n, upper=True)"}
BY_LIBRARIES = re.compile(r"fft|linalg|cholesky|lu|qr|triangular|ldl|householder")  # whose strides are LAPACK's and pocketfft's
NO_GRADIENT = {"torch.masked_scatter(x, mask, v6)"}


def _on_meta(given: dict[str, adjoint.Tensor]) -> dict[str, adjoint.Tensor]:
    return {name: t.detach().to("meta").requires_grad_(t.requires_grad) for name, t in given.items()}


@pytest.mark.parametrize("sample", [s for s in EXPRESSIONS if s not in DEPENDING])
def test_every_row_tells_what_its_result_looks_like(sample: str) -> None:
    given = operands(adjoint, sample, "float32", sample in DIFFERENTIABLE)
    try:
        expected = run(adjoint, sample, given)
    except (RuntimeError, TypeError):
        pytest.skip("not for this dtype")
    without = _on_meta(given)
    found = run(adjoint, sample, without)
    assert len(found) == len(expected)
    for ours, real in zip(found, expected):
        assert ours.is_meta
        assert (ours.shape, ours.dtype, type(ours.grad_fn)) == (real.shape, real.dtype, type(real.grad_fn))
        if sample not in OTHER_STRIDES and not BY_LIBRARIES.search(sample):
            assert ours.stride() == real.stride()
    roots = [t for t in found if t.requires_grad]
    if not roots or sample in NO_GRADIENT:
        return
    try:
        real_roots = [t for t in expected if t.requires_grad]
        adjoint.autograd.backward(real_roots, [adjoint.ones_like(t) for t in real_roots])
    except RuntimeError:
        return  # there is no derivative
    adjoint.autograd.backward(roots, [adjoint.ones_like(t) for t in roots])
    for name, t in given.items():
        gradient = without[name].grad
        assert (gradient is None) == (t.grad is None)
        if gradient is not None:
            assert gradient.is_meta
            assert (gradient.shape, gradient.dtype) == (t.shape, t.dtype)


def test_few_rows_need_zeros_to_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meta, "FEW", -1)
    unknown = set()
    for sample in EXPRESSIONS:
        if sample in DEPENDING:
            continue
        given = operands(adjoint, sample, "float32")
        try:
            with pytest.MonkeyPatch.context() as ordinary:
                ordinary.setattr(meta, "FEW", 1 << 20)
                run(adjoint, sample, given)
        except (RuntimeError, TypeError):
            continue
        try:
            run(adjoint, sample, _on_meta(given))
        except meta.NoShapeRule:
            unknown.add(sample)
    assert len(unknown) * 10 < len(EXPRESSIONS), unknown  # factorizations, above all


M = ", device='meta'"


def test_what_is_drawn_has_its_shape() -> None:
    p = adjoint.full((2, 3), 0.5, device="meta")
    for draw in (
        adjoint.bernoulli, adjoint.poisson, adjoint._standard_gamma, lambda p: adjoint.normal(p, p),
        lambda p: adjoint.binomial(p, p), lambda p: adjoint.multinomial(p, 3), lambda p: p.exponential_(),
        lambda p: adjoint.nn.functional.dropout(p),
    ):  # fmt: skip
        drawn = draw(p)
        assert drawn.is_meta
        assert drawn.shape == (2, 3)


@needs_torch
@pytest.mark.parametrize(
    "expression",
    [
        f"torch.empty(3{M})",
        f"torch.zeros(2, 3{M}, dtype=torch.int64)",
        f"torch.rand(2, 2{M}, requires_grad=True)",
        f"torch.tensor([1, 2.]{M})",
        f"torch.arange(5{M})",
        f"torch.randperm(5{M})",
        f"torch.full((2,), 3{M})",
        f"torch.empty((){M})",
        f"torch.zeros_like(torch.ones(2, 3){M})",
        f"torch.empty_like(torch.empty(3, 2{M}), device='cpu').device",
        f"torch.empty(3, 2{M}).new_zeros(4)",
        f"torch.empty(2, 3{M}).sum()",
        f"torch.empty(2, 3{M}).is_meta, torch.empty(2{M}).is_cpu, torch.empty(2{M}).device",
        f"torch.empty(10**6, 10**6, 10**3{M}).numel()",
        f"torch.empty(3{M}).data_ptr()",
        f"torch.empty(2, 3, 4, 5, memory_format=torch.channels_last{M}).stride()",
        f"torch.empty_strided((2, 3), (1, 2){M}).stride()",
        f"torch.empty(3, 4{M})[:, torch.tensor([0, 1])]",
        f"torch.empty(3, 4{M})[torch.zeros(3, dtype=torch.bool{M})]",
        f"torch.empty(2{M}).copy_(torch.ones(2))",
        f"torch.empty(2{M}).uniform_()",
        "torch.ones(2).to('meta')",
        f"torch.empty(2{M}).to('cpu')",
        f"torch.empty(2{M}).cpu()",
        f"torch.ones(2).copy_(torch.empty(2{M}))",
        f"torch.empty(1{M}).item()",
        f"bool(torch.empty(1{M}))",
        f"float(torch.empty((){M}))",
        f"torch.empty(2{M}).tolist()",
        f"torch.empty(2{M}).numpy()",
        f"torch.empty(2{M}).nonzero()",
        f"torch.empty(2{M}).unique()",
        f"torch.equal(torch.empty(2{M}), torch.empty(2{M}))",
        f"torch.nn.Linear(3, 4{M}).weight",
        f"torch.nn.Linear(3, 4{M})(torch.empty(2, 3{M}))",
        f"torch.nn.Linear(3, 4{M}).to('cpu')",
        f"torch.nn.Linear(3, 4{M}).to_empty(device='cpu').weight.device",
        f"torch.nn.Linear(1, 2{M}).load_state_dict(torch.nn.Linear(1, 2).state_dict())",
    ],
)
def test_it_is_made_printed_and_refused_as_in_pytorch(expression: str) -> None:
    assert outcome(adjoint, expression) == outcome(torch, expression)


def test_a_device_as_a_context_makes_modules_without_memory() -> None:
    with adjoint.device("meta"):
        layer = adjoint.nn.Linear(100_000, 1_000_000)
        beside = adjoint.zeros(2, device="cpu")
        like = adjoint.zeros_like(beside)
    assert layer.weight.is_meta
    assert not beside.is_meta
    assert not like.is_meta
    assert layer(adjoint.empty(8, 100_000, device="meta")).shape == (8, 1_000_000)
    assert not adjoint.ones(2).is_meta


def test_nothing_is_drawn() -> None:
    adjoint.manual_seed(0)
    with adjoint.device("meta"):
        adjoint.rand(3)
        adjoint.randn(5)
        adjoint.randperm(4)
        adjoint.nn.Dropout()(adjoint.nn.Linear(2, 2)(adjoint.ones(1, 2)))
    first = adjoint.rand(2)
    adjoint.manual_seed(0)
    assert adjoint.equal(first, adjoint.rand(2))


def test_a_large_network_is_gone_through_forward_and_backward() -> None:
    nn = adjoint.nn
    with adjoint.device("meta"):
        layer = nn.TransformerEncoderLayer(4096, 32, 16384, batch_first=True)
        x = adjoint.empty(64, 8192, 4096, requires_grad=True)
        image = nn.Sequential(nn.Conv2d(3, 64, 7, 2, 3), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1))
        pictures = image(adjoint.empty(10_000, 3, 224, 224))
        tokens = nn.Embedding(128_000, 8192)(adjoint.zeros(16, 4096, dtype=adjoint.int64))
        loss = nn.functional.cross_entropy(tokens.flatten(0, 1), adjoint.zeros(65536, dtype=adjoint.int64))
    layer(x).sum().backward()
    (pictures.sum() + loss).backward()
    assert x.grad.shape == x.shape
    assert all(p.grad.is_meta and p.grad.shape == p.shape for p in layer.parameters())
    assert image[0].weight.grad.shape == (64, 3, 7, 7)


def test_channels_stay_innermost() -> None:
    x = adjoint.empty(2, 4, 8, 8, device="meta", memory_format=adjoint.channels_last)
    layers = adjoint.nn.Sequential(adjoint.nn.Conv2d(4, 6, 3), adjoint.nn.ReLU(), adjoint.nn.MaxPool2d(2)).to("meta")
    assert x.clone().stride() == x.stride()
    assert layers(x).is_contiguous(memory_format=adjoint.channels_last)


def test_weights_take_the_places_of_parameters_without_memory() -> None:
    with adjoint.device("meta"):
        layer = adjoint.nn.Linear(2, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        layer.load_state_dict(adjoint.nn.Linear(2, 2).state_dict(), assign=True)
    assert not layer.weight.is_meta
    assert layer.weight.requires_grad


@needs_torch
def test_files_pickles_and_copies_keep_what_there_is() -> None:
    for writer, reader in ((adjoint, torch), (torch, adjoint)):
        file = io.BytesIO()
        writer.save({"t": writer.empty(2, 3, device="meta").t(), "one": writer.ones(2)}, file)
        file.seek(0)
        found = reader.load(file)
        assert found["t"].is_meta
        assert (tuple(found["t"].shape), found["t"].stride()) == ((3, 2), (1, 3))
        file.seek(0)
        assert reader.load(file, map_location="meta")["one"].is_meta
    layer = copy.deepcopy(adjoint.nn.Linear(2, 3, device="meta"))
    assert layer.weight.is_meta
    assert layer.weight.shape == (3, 2)
