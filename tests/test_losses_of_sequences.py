"""CTC, the adaptive softmax, a linear layer with its loss; and pooling and convolution of other kinds."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from both import agree


def test_ctc_losses_and_gradients() -> None:
    def scenario(torch: Any) -> Any:
        F, seen = torch.nn.functional, []
        inputs, lengths = torch.tensor([8, 6, 4]), torch.tensor([4, 3, 2])
        for flat, dtype, reduction, finite in product(
            (False, True), (torch.float32, torch.float64), ("mean", "sum", "none"), (False, True)
        ):
            x = torch.randn(8, 3, 5, dtype=dtype, requires_grad=True)
            targets = torch.randint(1, 5, (3, 4))
            given = torch.cat([t[:n] for t, n in zip(targets, lengths)]) if flat else targets
            loss = F.ctc_loss(x.log_softmax(2), given, inputs, lengths, reduction=reduction, zero_infinity=finite)
            loss.sum().backward()
            seen.append((loss, x.grad))
        return seen

    agree(scenario, 1e-5)


def test_ctc_in_single_precision_is_as_exact_as_that_allows() -> None:
    """PyTorch's gradient is 5e-4 off here, for it adds up the roundings of 200 steps."""
    import adjoint as torch

    def gradient(dtype: Any) -> Any:
        torch.manual_seed(0)
        x = (torch.randn(200, 4, 30) * 3).to(dtype).requires_grad_()
        targets = torch.randint(1, 30, (4, 40))
        torch.nn.functional.ctc_loss(x.log_softmax(2), targets, [200] * 4, [40] * 4, reduction="sum").backward()
        assert x.grad.dtype is dtype
        return x.grad.double()

    assert (gradient(torch.float32) - gradient(torch.float64)).abs().max() < 2e-6


def test_ctc_of_what_cannot_be_said_of_nothing_and_without_a_batch() -> None:
    def scenario(torch: Any) -> Any:
        F, seen = torch.nn.functional, []
        for finite in (False, True):
            x = torch.randn(4, 1, 5).log_softmax(2).requires_grad_()
            loss = F.ctc_loss(x, torch.tensor([[1, 1, 1, 1]]), [4], [4], zero_infinity=finite)
            loss.backward()
            seen.append((loss, x.grad))
        x = torch.randn(6, 1, 5, requires_grad=True)
        none = F.ctc_loss(x.log_softmax(2), torch.zeros(1, 0, dtype=torch.long), [6], [0])
        none.backward()
        one = F.ctc_loss(x.detach()[:, 0].log_softmax(1), torch.tensor([1, 2]), torch.tensor(6), torch.tensor(2), blank=4)
        m = torch.nn.CTCLoss(blank=1, reduction="sum", zero_infinity=True)
        return seen, none, x.grad, one, m(x.log_softmax(2), torch.tensor([[2]]).int(), (6,), (1,)), m.blank

    agree(scenario, 1e-5)


@pytest.mark.parametrize(
    "call",
    [
        "ctc_loss(x, torch.tensor([[1, 2]]), [6, 6], [2])", "ctc_loss(x, two, [7, 6], [2, 2])", "ctc_loss(x, two, [6, 6], [3, 2])",
        "ctc_loss(x, torch.tensor([1, 2, 3]), [6, 6], [2, 2])", "ctc_loss(x, two, [6, 6], [2, 2], blank=9)",
        "ctc_loss(x.half(), two, [6, 6], [2, 2])", "ctc_loss(x, two, torch.tensor([6., 6.]), torch.tensor([2, 2]))",
        "ctc_loss(x, two, [6, 6], [2, 2], reduction='all')",
    ],
)  # fmt: skip
def test_what_ctc_refuses(call: str) -> None:
    def scenario(torch: Any) -> Any:
        two = torch.tensor([[1, 2], [3, 4]])
        return eval(call, {"torch": torch, "ctc_loss": torch.nn.functional.ctc_loss, "x": torch.randn(6, 2, 5), "two": two})

    agree(scenario, raises=True)


def test_there_is_no_second_derivative_of_ctc_as_in_pytorch() -> None:
    def scenario(torch: Any) -> Any:
        x = torch.randn(4, 1, 5).log_softmax(2).requires_grad_()
        loss = torch.nn.functional.ctc_loss(x, torch.tensor([[1, 2]]), [4], [2])
        (g,) = torch.autograd.grad(loss, x, create_graph=True)
        g.sum().backward()

    agree(scenario, raises=True)


def test_a_label_that_there_is_not_is_no_access_to_other_memory() -> None:
    import adjoint as torch

    with pytest.raises(IndexError, match="target 9 is out of bounds for 5 classes"):
        torch.nn.functional.ctc_loss(torch.zeros(6, 1, 5), torch.tensor([[1, 9]]), [6], [2])


def test_the_adaptive_softmax() -> None:
    def scenario(torch: Any) -> Any:
        m = torch.nn.AdaptiveLogSoftmaxWithLoss(16, 20, [4, 10, 15], div_value=2.0, head_bias=True)
        x = torch.randn(9, 16, requires_grad=True)
        targets = torch.tensor([0, 3, 5, 11, 19, 4, 2, 16, 9])
        found = m(x, targets)
        found.loss.backward()
        print(m, type(found).__name__)
        return found, x.grad, [p.grad for p in m.parameters()], m.log_prob(x), m.predict(x), m(x[0], targets[0])

    agree(scenario, 1e-5)


@pytest.mark.parametrize(
    "call",
    [
        "m(x, t + 5)", "m(x[:2], t)", "m(x[None], t[None])", "m(x, t[0])", "m(torch.randn(3), t)",
        "torch.nn.AdaptiveLogSoftmaxWithLoss(16, 20, [])", "torch.nn.AdaptiveLogSoftmaxWithLoss(16, 20, [3, 2])",
        "torch.nn.AdaptiveLogSoftmaxWithLoss(16, 20, [3, 20])",
    ],
)  # fmt: skip
def test_what_the_adaptive_softmax_refuses(call: str) -> None:
    def scenario(torch: Any) -> Any:
        m = torch.nn.AdaptiveLogSoftmaxWithLoss(4, 9, [2, 5])
        return eval(call, {"torch": torch, "m": m, "x": torch.randn(3, 4), "t": torch.tensor([0, 4, 8])})

    agree(scenario, raises=True)


def test_a_linear_layer_with_its_cross_entropy() -> None:
    def scenario(torch: Any) -> Any:
        L = torch.nn.LinearCrossEntropyLoss
        x, targets = torch.randn(5, 4, requires_grad=True), torch.tensor([0, 2, 1, 2, 0])
        plain = L(4, 3, bias=True, label_smoothing=0.1, weight=torch.tensor([1.0, 2.0, 0.5]))
        many = L(4, 3, out_features=(2,), reduction="sum")
        loss = plain(x, targets) + many(x, targets[:, None].expand(5, 2)) + L(4, 3, ignore_index=2)(x, targets)
        loss.backward()
        print(plain, many)
        return loss, x.grad, plain(x[0], targets[0]), [p.grad for p in (*plain.parameters(), *many.parameters())]

    agree(scenario, 1e-5)


@pytest.mark.parametrize(
    "call",
    [
        "F.linear_cross_entropy(r(2, 3, 4), r(3, 4), t)", "F.linear_cross_entropy(r(2, 4), r(3), t)",
        "F.linear_cross_entropy(r(2, 4), r(3, 5), t)", "F.linear_cross_entropy(r(2, 4), r(3, 4), t, linear_bias=r(2))",
        "F.linear_cross_entropy(r(4), r(3, 2, 4), t)", "F.linear_cross_entropy(r(2, 4), r(3, 4), r(2, 3), ignore_index=1)",
        "nn.LinearCrossEntropyLoss(4, 3, weight=r(2))", "nn.LinearCrossEntropyLoss(4, 3, label_smoothing=2.)",
    ],
)  # fmt: skip
def test_what_a_linear_layer_with_its_loss_refuses(call: str) -> None:
    def scenario(torch: Any) -> Any:
        return eval(call, {"nn": torch.nn, "F": torch.nn.functional, "r": torch.randn, "t": torch.tensor([0, 1])})

    agree(scenario, raises=True)


@pytest.mark.parametrize("d", [2, 3])
def test_fractional_pooling_draws_what_pytorch_draws(d: int) -> None:
    def scenario(torch: Any) -> Any:
        F, seen = torch.nn.functional, []
        pool, name = getattr(F, f"fractional_max_pool{d}d"), f"FractionalMaxPool{d}d"
        for dtype in (torch.float32, torch.float64):
            x = torch.randn(2, 3, *range(7, 7 - d, -1), dtype=dtype, requires_grad=True)
            y, where = pool(x, 2, output_size=(3, 4, 2)[:d], return_indices=True)
            y.square().sum().backward()
            seen.append((y, y.stride(), where, x.grad, pool(x, (2, 3, 1)[:d], output_ratio=(0.5,) * d), pool(x[0], 2, 3)))
        x.data[0, 0, 2, 2] = float("nan")
        m = getattr(torch.nn, name)(2, output_ratio=0.5, return_indices=True)
        print(m, getattr(torch.nn, name)(2, 2, _random_samples=torch.ones(2, 3, d)).state_dict().keys())
        ratio = 0.5 if d == 3 else (0.5, 0.5)  # as a number only of three dimensions
        return seen, m(x), pool(x[:0], 2, 2), pool(x, 1, output_ratio=ratio)

    agree(scenario)


@pytest.mark.parametrize(
    "call",
    [
        "nn.FractionalMaxPool2d(3)", "nn.FractionalMaxPool2d(3, 2, 0.5)", "nn.FractionalMaxPool2d(3, output_ratio=1.5)",
        "nn.FractionalMaxPool3d(0, 2)", "F.fractional_max_pool2d(x, 3)", "F.fractional_max_pool2d(x, (3, 3, 3), 2)",
        "F.fractional_max_pool2d(x, 3, 8)", "F.fractional_max_pool2d(x, (8, 2), 2)", "F.fractional_max_pool2d(x[:, :0], 2, 2)",
        "F.fractional_max_pool2d(x, 2, 2, _random_samples=torch.rand(1, 3, 2))",
        "F.fractional_max_pool2d(x, 2, 2, _random_samples=torch.rand(2, 3, 3))",
        "F.fractional_max_pool2d(x, 2, 2, _random_samples=torch.rand(2, 3, 2).double())",
        "F.fractional_max_pool2d(x, 2, output_ratio=(.5, .5, .5))", "F.fractional_max_pool3d(x[None], 2, (6, 2, 2))",
        "F.fractional_max_pool3d(x[None], 2, (2, 1, 1))", "F.fractional_max_pool3d(x[None], 2, (1, 20, 20))",
        "F.conv_tbc(x[0], torch.ones(3, 6, 2), torch.ones(3))", "F.conv_tbc(x, torch.ones(3, 6, 2), torch.ones(2))",
        "F.conv_tbc(x[0], torch.ones(3, 5, 2), torch.ones(2))", "F.conv_tbc(x[0], torch.ones(3, 6), torch.ones(2))",
    ],
)  # fmt: skip
def test_what_pools_and_convolutions_refuse(call: str) -> None:
    def scenario(torch: Any) -> Any:
        return eval(call, {"torch": torch, "nn": torch.nn, "F": torch.nn.functional, "x": torch.randn(2, 3, 7, 6)})

    agree(scenario, raises=True)


@pytest.mark.parametrize("pad", [0, 1, 4])
def test_convolution_with_time_first(pad: int) -> None:
    def scenario(torch: Any) -> Any:
        x, w, b = (torch.randn(s, requires_grad=True) for s in ((7, 2, 3), (3, 3, 5), (5,)))
        y = torch.nn.functional.conv_tbc(x, w, b, pad)
        y.square().sum().backward()
        return y, y.stride(), x.grad, w.grad, b.grad

    agree(scenario, 1e-4)


IN_VMAP = {
    "rows of labels": lambda t, f, x, y: t.vmap(f)(x, y),
    "labels in a row": lambda t, f, x, y: t.vmap(f)(x, y[:, 0]),
    "labels for all": lambda t, f, x, y: t.vmap(f, (0, None))(x, y[0]),
    "predictions for all": lambda t, f, x, y: t.vmap(f, (None, 0))(x[0], y),
    "gradients": lambda t, f, x, y: t.vmap(t.func.grad(f))(x, y),
    "gradients of labels in a row": lambda t, f, x, y: t.vmap(t.func.grad(f))(x, y[:, 0]),
    "a gradient around it": lambda t, f, x, y: t.func.grad(lambda x: t.vmap(f)(x, y).sum())(x),
    "no labels": lambda t, f, x, y: t.vmap(lambda x, y: f(x, y[:, :0], (0,)))(x, y),
}


@pytest.mark.parametrize("name", IN_VMAP)
def test_a_ctc_loss_of_samples_is_pytorchs(name):
    def scenario(torch):
        F = torch.nn.functional
        x = torch.linspace(-1, 1, 24, dtype=torch.float64).view(2, 4, 1, 3)
        y = torch.tensor([[[1, 2]], [[2, 1]]])

        def loss(x, y, lengths=(2,)):
            return F.ctc_loss(F.log_softmax(x, -1), y, (4,), lengths, reduction="sum")

        found = IN_VMAP[name](torch, loss, x, y)
        return found.detach().tolist()

    agree(scenario, warnings_too=False)


@pytest.mark.parametrize("shape", [(3, 4), (3, 4, 2), (4,)])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_smoothed_labels_of_samples_have_pytorchs_loss(shape, reduction):
    def scenario(torch):
        x = torch.linspace(-1, 1, 24, dtype=torch.float64).sin().repeat(2)[: 2 * torch.Size(shape).numel()].view(2, *shape)
        labels = (torch.arange(12) * 7 % 4)[: x.numel() // 4].view(2, *shape[:-1] if len(shape) < 3 else (3, 2))
        found = []
        for ignored in (-100, 1):
            for label_smoothing in (0.0, 0.3):
                options = {"reduction": reduction, "label_smoothing": label_smoothing, "ignore_index": ignored}

                def loss(x, y, options=options):
                    return torch.nn.functional.cross_entropy(x, y, **options).sum()

                found += [torch.vmap(loss)(x, labels).tolist(), torch.vmap(torch.func.grad(loss))(x, labels).tolist()]
        return found

    agree(scenario, warnings_too=False)
