"""How results of operands that do not lie in order lie in memory: PyTorch's rules for element-wise operators, copies and images."""

from __future__ import annotations

from typing import Any

import pytest

from tests.both import agree
from tests.test_order_in_memory import steps

# Two operands that lie differently: the first decides, and what PyTorch composes begins with another than it is given.
OF_SEVERAL = (
    "x * y", "y * x", "x + 1 - y", "y < x", "x.exp().neg() / y", "torch.rsub(x, y)", "1 - x", "torch.lerp(y, x, 0.5)",
    "torch.addcmul(y, x, x)", "torch.where(y > 0, x, x)", "torch.where(x > 0, y, x)", "torch.clamp(x, y, y)",
    "torch.atan2(x, y)", "torch.complex(x, y)", "torch.polar(x, y)", "torch.maximum(y, x)", "torch.isclose(x, y)",
    "y.xlogy(x)", "x ** y", "x.fmod(y)", "F.mse_loss(x, y, reduction='none')",
    "F.binary_cross_entropy_with_logits(x, y, reduction='none')",
    "F.binary_cross_entropy(y.sigmoid(), x.sigmoid(), reduction='none')", "F.huber_loss(x, y, reduction='none')",
    "x[:1] * y", "y[:, :1] * x", "x[..., 0] + y", "x * y[0]", "y.new_zeros(2, 1, 1, 1) + x",
    "x.expand(5, 2, 3, 4, 5) * y", "(x * y) * x.contiguous()", "x[::2] * y[::2]", "x.flip(0) * y", "x.bool() & y.bool()",
    "x.add_(y)", "y.mul(x).add_(x)",
)  # fmt: skip
# Copies lie as what they copy; of what is not one run of memory, as near to it as can be.
OF_ONE = (
    "x.clone()", "x.double()", "torch.zeros_like(x)", "x.flip(0, 1)", "x.rot90(1, (0, 1))", "x.rot90(2, (1, 2))",
    "x.rot90(0, (0, 1))", "x.rot90(3, (0, -1))", "x.index_fill(0, torch.tensor([0]), 1.0)",
    "x.put(torch.tensor([0]), x.new_ones(1))", "x.index_put((torch.tensor([0]),), x.new_ones(()))", "x.sort(1)",
    "x.exp()", "x.clamp(0)", "x.frexp()", "x.float().int()",
)  # fmt: skip
LAYOUTS = (
    "x.permute(0, 3, 1, 2)", "x.permute(3, 2, 1, 0)", "x.transpose(1, 2)", "x[..., :1].expand(2, 3, 4, 5)",
    "x[:, :1].mT.expand(2, 3, 5, 4)", "x[..., ::2]", "x.permute(2, 3, 0, 1)[:, :, ::2]", "x.permute(1, 0, 2, 3)[:, :1]",
    "x.unfold(3, 2, 2).transpose(0, 2)",
)  # fmt: skip


def laid(torch: Any, expression: str, layout: str) -> Any:
    x = eval(layout, {"x": torch.linspace(-1, 1, 120).reshape(2, 3, 4, 5)})
    y = torch.linspace(-2, 2, x.numel()).reshape(x.shape)
    names = {"torch": torch, "F": torch.nn.functional, "x": x if ".add_(y)" not in expression else x * 1, "y": y}
    return steps(eval(expression, names))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_result_of_operands_that_lie_differently_lies_as_the_first(layout: str) -> None:
    for expression in OF_SEVERAL:
        if "expand(5" in expression and "unfold" in layout:
            continue
        agree(lambda torch, e=expression: laid(torch, e, layout))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_copy_lies_as_what_it_copies(layout: str) -> None:
    for expression in OF_ONE:
        agree(lambda torch, e=expression: laid(torch, e, layout))


OF_IMAGES = (
    "F.conv2d(x, w)", "F.conv2d(x.contiguous(), w.to(memory_format=torch.channels_last))", "F.conv2d(x[0], w)",
    "F.batch_norm(x, None, None, training=True)", "F.conv_transpose2d(x, w.transpose(0, 1))", "F.group_norm(x, 2)",
    "F.instance_norm(x)", "F.max_pool2d(x, 2)", "F.avg_pool2d(x, 2)", "F.max_pool2d(x, 2, return_indices=True)",
    "F.adaptive_avg_pool2d(x, 2)", "F.adaptive_max_pool2d(x, 2)", "F.max_pool2d(x[0], 2)",
    "F.interpolate(x, scale_factor=2)", "F.interpolate(x, scale_factor=2, mode='bilinear')", "torch.cat([x, x], 1)",
    "torch.cat([x, x.contiguous()], 1)", "torch.stack([x, x])", "torch.stack([x, x], 3)", "F.pad(x, (1, 1))",
    "F.pad(x, (1, 1, 1, 1), 'reflect')", "F.pixel_unshuffle(x, 2)", "F.pixel_shuffle(x, 2)", "F.channel_shuffle(x, 2)",
    "F.softmax(x, 1)", "F.dropout(x, 0.5)", "F.relu(x) + x",
    "F.max_unpool2d(*F.max_pool2d(x, 2, return_indices=True), 2)", "F.conv1d(x[:, :, 0], w[:, :, 0])",
    "F.avg_pool1d(x[:, :, 0], 2)", "F.interpolate(x[:, :, 0], scale_factor=2)", "x.roll(1, 0)", "x.roll(1)",
    "F.glu(x, 1)", "F.layer_norm(x, (6,))", "F.normalize(x)",
)  # fmt: skip


@pytest.mark.parametrize("expression", OF_IMAGES)
def test_what_is_computed_of_images_has_its_channels_where_they_have_theirs(expression: str) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.linspace(-1, 1, 192).reshape(2, 4, 4, 6).to(memory_format=torch.channels_last)
        w = torch.linspace(-1, 1, 48).reshape(3, 4, 2, 2)
        return steps(eval(expression, {"torch": torch, "F": torch.nn.functional, "x": x, "w": w}))

    agree(scenario)


def test_dropout_of_permuted_operands_drops_what_pytorch_drops() -> None:
    def scenario(torch: Any) -> Any:
        F = torch.nn.functional
        torch.manual_seed(0)
        q, k = torch.randn(2, 5, 3, 4), torch.randn(2, 5, 3, 4)
        scores = q.transpose(1, 2) @ k.permute(0, 2, 3, 1) / 2
        bias = torch.randn(3, 5, 5).transpose(1, 2)
        weights = F.dropout((scores + bias).softmax(-1), 0.5)
        mixed = torch.einsum("bhij,bjhd->bihd", weights, k)
        found = [mixed.transpose(1, 2) * bias[..., :1], mixed, q.mT * k.mT.contiguous()]
        return [F.dropout(x, 0.5) for x in found]

    agree(scenario)


def test_a_network_of_images_with_channels_last_drops_what_pytorch_drops() -> None:
    def scenario(torch: Any) -> Any:
        nn, F = torch.nn, torch.nn.functional
        torch.manual_seed(0)
        first, second = nn.Conv2d(3, 8, 3, stride=2), nn.Conv2d(8, 8, 3, padding=1)
        net = nn.ModuleList([first, second, nn.BatchNorm2d(8)]).to(memory_format=torch.channels_last)
        for p in net.parameters():
            torch.nn.init.uniform_(p, -0.3, 0.3)
        x = torch.linspace(0, 1, 4 * 3 * 17 * 17).reshape(4, 3, 17, 17).contiguous(memory_format=torch.channels_last)
        a = F.dropout(F.relu(first(x)), 0.5)
        b = F.dropout2d(net[2](second(a)) + a, 0.5)
        c = F.dropout(F.max_pool2d(b, 2), 0.5)
        c.square().sum().backward()
        grads = [p.grad for p in net.parameters()]
        return [t.stride() for t in (first.weight, a, b, c, first.weight.grad)], a, c, grads

    agree(scenario, tolerance=1e-4)


@pytest.mark.parametrize("grad", [False, True])
def test_what_is_read_by_index_lies_as_the_tensor_and_the_indices_do(grad: bool) -> None:
    def scenario(torch: Any) -> Any:
        y = torch.arange(24.0).reshape(2, 3, 4).requires_grad_(grad).permute(2, 0, 1)
        square = torch.tensor([[0, 1], [1, 0]])
        mask = torch.arange(12).reshape(3, 4) > 4
        found = [y[y > 3], y[y[:, :, 0] > 3], y[:, y[0] > 1], torch.arange(24.0).reshape(2, 3, 4)[..., mask]]
        for i in (torch.tensor([0, 1]), square, square.t(), torch.tensor(1)):
            found += [y[i], y[:, i], y[:, :, i], y[i, :, i], y[None, i], y[i, i], y[:, i, i], y[:, None, i], y[..., i, None]]
            found += [y[i, None, i], y[:1, i], y[i, :1, i]]
        return [steps(t) for t in found]

    agree(scenario)


def test_a_kernel_of_one_point_has_a_memory_format() -> None:
    def scenario(torch: Any) -> Any:
        m = torch.nn.Conv2d(3, 4, 1).to(memory_format=torch.channels_last)
        return steps(m(torch.ones(1, 3, 2, 4))), steps(torch.nn.functional.interpolate(m(torch.ones(1, 3, 1, 2)), scale_factor=2))

    agree(scenario)


def test_an_operand_that_is_promoted_counts_as_it_lay_before() -> None:
    def scenario(torch: Any) -> Any:
        v = torch.ones(1, 3).expand(2, 1, 3)
        found = [v + 0.5j, v.long() + v, v.long().expand(4, 2, 1, 3) * 0.5, v.mT.double() * v.mT, v.bool() * v]
        return [steps(t) for t in found]

    agree(scenario)
