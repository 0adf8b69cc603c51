"""How results lie in memory: what is read in memory's order afterwards (dropout's draws) depends on it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.both import agree

# In the order of their dimensions, however the operands lie.
IN_ORDER = (
    "x.softmax(-1)", "x.log_softmax(0)", "x.cumsum(0)", "x.cumprod(1)", "x.cummax(1)", "x.logcumsumexp(0)", "x.sum(0)",
    "x.mean(1, keepdim=True)", "x.prod(0)", "(x > 0).any(0)", "x.var(1)", "x.std(0)", "x.logsumexp(0)", "x.amax(0)",
    "x.norm(dim=1)", "x.median(0)", "x.nanmedian(1)", "x.renorm(2, 0, 1.0)", "torch.mvlgamma(x.abs() + 2, 2)",
    "x.roll(1)", "x.repeat(1, 1, 1)", "x.masked_fill(y > 0, 1.0)", "x.masked_scatter(y > 0, y)", "torch.cat([x, x])",
    "x.roll(1, 0)", "x.scatter(0, (y > 0).long(), 1.0)", "x.index_add(0, torch.tensor([0]), x[:1])",
    "x.index_copy(0, torch.tensor([0]), x[:1])", "torch.gather(x, 1, (y > 0).long())", "torch.cdist(x, y)",
    "torch.tril(x)", "torch.stack([x, y])", "torch.linalg.cross(x, y, dim=0)", "torch.nn.functional.layer_norm(x, (2,))",
    "x.topk(1, 1)", "x.kthvalue(1, 0)",
)  # fmt: skip

# Column by column, as LAPACK leaves them.
BY_COLUMNS = (
    "linalg.inv(m)", "linalg.cholesky(m)", "linalg.qr(m)", "linalg.svd(m)", "linalg.eigh(m)", "linalg.eig(m)",
    "linalg.solve(m, n)", "linalg.solve(m, n, left=False)", "linalg.solve_triangular(m, n, upper=True)",
    "linalg.lstsq(m, n)", "linalg.qr(n[..., :2, :])", "linalg.svd(n[..., :2], full_matrices=False)",
)  # fmt: skip


def steps(found: Any) -> Any:
    """The strides along the dimensions that are stepped along."""
    parts = found if isinstance(found, tuple) else (found,)
    return [[s for s, n in zip(t.stride(), t.shape) if n > 1] for t in parts if t.numel()]


@pytest.mark.parametrize("expression", IN_ORDER)
@pytest.mark.parametrize("order", [(2, 0, 1), (1, 2, 0), (0, 2, 1)])
def test_results_that_are_in_order_however_operands_lie(expression: str, order: Any) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.randn([(3, 4, 2)[d] for d in order]).permute([order.index(d) for d in range(3)])
        return steps(eval(expression, {"torch": torch, "x": x, "y": torch.randn(3, 4, 2)}))

    agree(scenario)


@pytest.mark.parametrize("expression", BY_COLUMNS)
@pytest.mark.parametrize("batch", [(), (2,)])
def test_results_of_linear_algebra_lie_column_by_column(expression: str, batch: Any) -> None:
    def scenario(torch: Any) -> Any:
        n = torch.randn(*batch, 3, 3)
        m = n @ n.mT + torch.eye(3)
        return steps(eval(expression, {"torch": torch, "linalg": torch.linalg, "m": m, "n": n}))

    agree(scenario)


@pytest.mark.parametrize(
    "equation", ["ij,jk->ik", "ij,jk->ki", "ij,kj->ki", "bij,bjk->kib", "ij->ji", "ijk->ki", "ij,jk,kl->li", "bi,bj->bij"]
)
def test_einsums_results_lie_as_pytorchs_and_dropout_drops_the_same(equation: str) -> None:
    def scenario(torch: Any) -> Any:
        sizes = {"i": 3, "j": 4, "k": 5, "l": 2, "b": 2}
        operands = [torch.randn([sizes[c] for c in part]) for part in equation.partition("->")[0].split(",")]
        found = torch.einsum(equation, *operands)
        return [steps(found), torch.nn.functional.dropout(found, 0.5)]

    agree(scenario)


@pytest.mark.parametrize("size", [(20, 15), (200, 150)])
@pytest.mark.parametrize("weighted", [False, True])
def test_an_rms_norm_of_a_transposed_tensor_lies_in_order(size: tuple[int, int], weighted: bool) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.ones(size, requires_grad=True).t()
        y = torch.nn.functional.rms_norm(x, (size[0],), torch.ones(size[0]) if weighted else None)
        return y.stride(), y.is_contiguous()

    agree(scenario)


@pytest.mark.parametrize("shape", [(2, 3), (150, 200)])
@pytest.mark.parametrize("call", ["flip(0)", "flip(0, 1)", "rot90()", "rot90(2)", "rot90(3)", "rot90(-1)", "fliplr()"])
def test_what_is_reversed_has_no_strides_backward_and_nor_has_its_gradient(shape: tuple[int, int], call: str) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.ones(shape, requires_grad=True)
        y = eval(f"x.{call}", {"x": x})
        seen = []
        y.register_hook(lambda g: seen.append(g.stride()))
        (g,) = torch.autograd.grad(y, x, torch.ones(y.shape), create_graph=True)
        return y.stride(), g.stride(), seen

    agree(scenario)


OF_ONE_CHANNEL = """
x.to(torch.float64) | x + 1 | x * 2.0 | (x - 0.5) / 0.5 | torch.empty_like(x) | x.clone() | x.exp() | x + x | x + torch.ones(4)
x > 0 | torch.zeros_like(x) | torch.full_like(x, 2) | x.relu() | F.max_pool2d(x, 2) | F.pad(x, (1, 1)) | torch.cat([x, x])
torch.stack([x, x]) | x[:1] | x.detach() | x * 1j | torch.where(x > 0, x, x) | F.conv2d(x + 1, w) | F.conv2d(x.clone(), w)
F.conv2d(x / 2, w.contiguous()) | F.dropout(F.conv2d(x * 2 - 1, w)) | F.conv2d(x, w).relu() + 1 | x.mean(1, keepdim=True)
F.conv2d(F.conv2d(x, w), w.transpose(0, 1).contiguous()) | torch.rand_like(x) | x.double().float()
"""


@pytest.mark.parametrize("call", [c.strip() for c in OF_ONE_CHANNEL.replace("\n", "|").split("|") if c.strip()])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("side", [4, 5])
def test_images_of_one_channel_stay_in_their_format(call, channels, side):
    def scenario(torch):
        x = torch.randn(2, channels, side, 4).to(memory_format=torch.channels_last)
        w = torch.randn(3, channels, 3, 3).to(memory_format=torch.channels_last)
        found = eval(call, {"x": x, "w": w, "torch": torch, "F": torch.nn.functional})
        shown = found if "empty" not in call else found * 0
        return shown.stride(), [] if "empty" in call else found.flatten().tolist()

    agree(scenario, 1e-5)


def test_a_new_array_of_images_has_the_strides_of_dimensions_of_size_1():
    def scenario(torch):
        given = [torch.ones(s) for s in ((2, 3, 1, 1), (1, 1, 4, 4), (4, 1, 1, 2), (2, 1, 3, 4, 5), (1, 5, 1, 4))]
        made = torch.empty_like, torch.clone, torch.Tensor.double, lambda t: t + 1, lambda t: t.exp()
        formats = (torch.channels_last, torch.contiguous_format)
        seen = []
        for x in given:
            for form in formats if x.ndim == 4 else (torch.channels_last_3d,):
                y = x.contiguous(memory_format=form)
                seen += [f(y).stride() for f in made]
        return seen

    agree(scenario)


OF_NN = {
    **{name: lambda F, x, name=name: getattr(F, name)(x) for name in (
        "logsigmoid", "gelu", "silu", "mish", "hardswish", "softplus", "elu", "celu", "selu", "hardsigmoid", "softsign",
        "tanhshrink", "hardshrink", "softshrink", "rrelu", "normalize", "instance_norm",
    )},
    "rrelu in training": lambda F, x: F.rrelu(x, training=True),
    "rrelu in place": lambda F, x: F.rrelu(x * 1, training=True, inplace=True),
    "rms_norm": lambda F, x: F.rms_norm(x, x.shape[-1:]),
    "rms_norm with a weight": lambda F, x: F.rms_norm(x, x.shape[-1:], x.detach()[(0,) * (x.ndim - 1)]),
    "layer_norm": lambda F, x: F.layer_norm(x, x.shape[-1:]),
    "group_norm": lambda F, x: F.group_norm(x, 1),
    "batch_norm": lambda F, x: F.batch_norm(x, None, None, training=True),
    "softmax": lambda F, x: F.softmax(x, -1),
    "log_softmax": lambda F, x: F.log_softmax(x, 1),
    "local_response_norm": lambda F, x: F.local_response_norm(x, 2),
}  # fmt: skip


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("name", OF_NN)
def test_what_functions_of_nn_make_of_turned_inputs_lies_as_in_pytorch(name, dtype):
    def scenario(torch):
        values = [torch.linspace(-1, 1, n).to(getattr(torch, dtype)) for n in (24, 36, 72)]
        turned = values[0].view(2, 3, 4).transpose(0, -1)
        images = values[1].view(2, 2, 3, 3).contiguous(memory_format=torch.channels_last)
        solids = values[2].view(2, 2, 2, 3, 3).contiguous(memory_format=torch.channels_last_3d)
        return [OF_NN[name](torch.nn.functional, x).stride() for x in (turned, images, solids)]

    agree(scenario, warnings_too=False)
