"""Pooling, padding, resizing, recurrent layers and attention where there is nothing: PyTorch's results, or its errors."""

import itertools

import pytest
from both import agree

SIZES = [[0 if d == z else 2 for d in range(n + 2)] for n in (1, 2, 3) for z in range(n + 2)]
FUNCTIONS = {
    "adaptive_avg": "F.adaptive_avg_pool{n}d(x, 2)", "adaptive_max": "F.adaptive_max_pool{n}d(x, 2)", "avg": "F.avg_pool{n}d(x, 2)",
    "max": "F.max_pool{n}d(x, 2)", "lp": "F.lp_pool{n}d(x, 2, 2)", "reflect": "F.pad(x, (1, 1) * {n}, mode='reflect')",
    "unpool": "F.max_unpool{n}d(x, torch.zeros(x.shape, dtype=torch.long), 2)",
    "replicate": "F.pad(x, (1, 1) * {n}, mode='replicate')", "nearest": "F.interpolate(x, size=2)",
    "area": "F.interpolate(x, size=3, mode='area')", "nothing": "F.interpolate(x, size=0)",
    "linear": "F.interpolate(x, scale_factor=2, mode=('linear', 'bilinear', 'trilinear')[{n} - 1])",
}  # fmt: skip


def _found(torch, call, size):
    try:
        return list(eval(call, {"torch": torch, "F": torch.nn.functional, "x": torch.ones(size)}).shape), None
    except (RuntimeError, NotImplementedError) as error:
        return type(error).__name__, str(error)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_only_a_batch_may_be_empty(name, size):
    call = FUNCTIONS[name].format(n=len(size) - 2)
    agree(lambda torch: _found(torch, call, size))
    if name not in ("nearest", "area", "nothing", "linear", "unpool"):
        agree(lambda torch: _found(torch, call, size[1:]))


PADS = [(-3, 0), (-2, 0), (-1, -1), (1, -5), (1, -3), (-1, 1)]


@pytest.mark.parametrize("pad", [*PADS, *((*a, *b) for a, b in itertools.combinations(PADS[:3], 2)), (-3, 0, -2, 0, -2, 0)])
@pytest.mark.parametrize("mode", ["constant", "replicate"])
def test_what_is_cut_off_is_there(mode, pad):
    size = [1] * (1 if len(pad) > 2 else 2) + [2] * max(len(pad) // 2, 1)

    def found(torch):
        kind, *rest = _found(torch, f"F.pad(x, {pad}, mode={mode!r})", size)
        text = rest[0].replace("2 )", "2)") if isinstance(rest[0], str) else rest[0]  # PyTorch's replicate has a space there
        return kind, text

    agree(found)


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize("size", [(0, 1, 2), (0, 2), (2, 0, 2), (1, 1, 1, 2), (2,)], ids=str)
def test_sequences_have_a_length(kind, size):
    def found(torch):
        layer = getattr(torch.nn, kind)(2, 3)
        try:
            return list(layer(torch.zeros(size))[0].shape)
        except (RuntimeError, ValueError) as error:
            return type(error).__name__, str(error)

    agree(found)


@pytest.mark.parametrize("size", [(3, 0, 4), (0, 2, 4), (0, 4)], ids=str)
@pytest.mark.parametrize("weights", [True, False])
def test_attention_of_nothing_is_nothing(size, weights):
    def found(torch):
        layer, x = torch.nn.MultiheadAttention(4, 2), torch.zeros(size, requires_grad=True)
        output, attention = layer(x, x, x, need_weights=weights)
        output.sum().backward()
        return list(output.shape), attention, x.grad, [p.grad for p in layer.parameters()]

    agree(found)


@pytest.mark.parametrize("p", [0.0, 1.0, 2.0, float("inf")])
@pytest.mark.parametrize("size", [(3, 2), (1, 2), (3, 0)], ids=str)
def test_distances_have_gradients_of_zeros(p, size):
    def found(torch):
        x = torch.ones(size, requires_grad=True)
        distances = torch.nn.functional.pdist(x, p)
        return distances.detach(), torch.autograd.grad(distances.sum(), x)

    agree(found)
