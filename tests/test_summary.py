"""adjoint.summary: what it counts and measures, how it is shown, and that it changes nothing."""

import random

import numpy as np
import pytest

import adjoint as torch
from adjoint import nn
from adjoint.vision import models


class _Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x):
        return x + self.mlp(self.norm(x))


class _Net(nn.Module):
    def __init__(self, width=8, layers=5):
        super().__init__()
        self.embed = nn.Embedding(20, width)
        self.h = nn.ModuleList([_Block(width) for _ in range(layers)])
        self.head = nn.Linear(width, 20, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, tokens, scale=1.0):
        x = self.embed(tokens)
        for block in self.h:
            x = block(x)
        return {"logits": self.head(x) * scale}


@pytest.mark.parametrize("name, published", [("resnet18", 1.814), ("resnet34", 3.664), ("resnet50", 4.089)])
def test_multiply_adds_are_the_published_ones(name, published):
    table = torch.summary(getattr(models, name)(), input_size=(1, 3, 224, 224), runs=1)
    assert table.multiply_adds / 1e9 == pytest.approx(published, abs=5e-4)


@pytest.mark.parametrize(
    "module, shapes, expected",
    [
        (nn.Linear(4, 8), [(3, 5, 4)], 3 * 5 * 4 * 8),
        (nn.Conv1d(4, 6, 3, groups=2), [(2, 4, 10)], 2 * 6 * 8 * (4 // 2 * 3)),
        (nn.ConvTranspose2d(3, 5, 2, stride=2), [(1, 3, 4, 4)], 3 * 16 * 5 * 4),
        (nn.Bilinear(3, 4, 5), [(2, 3), (2, 4)], 2 * 3 * 5 * 4 + 2 * 5 * 4),
        (nn.RNNCell(3, 5), [(2, 3), (2, 5)], 2 * 3 * 5 + 2 * 5 * 5),
        (nn.BatchNorm2d(3), [(2, 3, 4, 4)], 0),
    ],
)
def test_multiply_adds_of_layers(module, shapes, expected):
    assert torch.summary(module, *[torch.randn(*shape) for shape in shapes]).multiply_adds == expected


def test_multiply_adds_of_attention_are_the_same_whichever_way_it_is_computed():
    x = torch.randn(2, 5, 8)
    attention = nn.MultiheadAttention(8, 2, batch_first=True)
    projections, products = 2 * 5 * 8 * 32, 2 * 2 * (5 * 5 * 4) * 2
    for need_weights in (True, False):
        assert torch.summary(attention, x, x, x, need_weights=need_weights).multiply_adds == projections + products


def test_parameters_are_counted_once_and_shared_ones_are_in_parentheses():
    net = _Net()
    net.h[0].norm.requires_grad_(False)
    table = torch.summary(net)
    assert table.parameters == sum(p.numel() for p in net.parameters())
    assert table.trainable == table.parameters - 16
    layers = {layer.path: layer for layer in table.layers}
    assert (layers["embed"].parameters, layers["head"].parameters, layers["head"].shared) == (160, 0, 160)
    assert "(160)" in str(table) and "16 not" in str(table)
    assert "Give an input" in str(table)  # for what needs a call


def test_equal_layers_are_one_row():
    table = torch.summary(_Net(), torch.arange(6).reshape(2, 3))
    lines = [line for line in str(table).splitlines() if "Block ×5" in line]
    assert len(lines) == 1 and "0 … 4" in lines[0] and "(2, 3, 8)" in lines[0]
    assert len(table.layers) == 3 + 1 + 5 * 6  # for programs all are there
    assert "logits: (2, 3, 20)" in str(table)


def test_rows_are_indented_as_the_modules_are_nested_and_depth_limits_them():
    net = nn.Sequential(nn.Sequential(nn.Linear(2, 2)), nn.ReLU())
    tree = [line[: line.index("  ", 6)].strip() for line in str(torch.summary(net)).splitlines()[2:6]]
    assert tree == ["Sequential", "├─ 0", "│  └─ 0", "└─ 1"]
    assert len(torch.summary(net, depth=1).rows()) == 3
    assert len(torch.summary(net, depth=0).rows()) == 1


def test_kept_memory_is_what_the_graph_holds_and_no_parameter():
    net, x = nn.Sequential(nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 64), nn.Sigmoid()), torch.randn(32, 64)
    table = torch.summary(net, x)
    assert table.saved_bytes == 32 * 64 * 4 * 3  # the input, and the results of tanh and sigmoid
    assert [layer.saved for layer in table.layers[1:]] == [32 * 64 * 4, 32 * 64 * 4, 0, 32 * 64 * 4]
    assert table.result_bytes == 32 * 64 * 4 * 4


def test_times_are_of_each_layer_and_of_the_whole():
    table = torch.summary(_Net(), torch.arange(6).reshape(2, 3))
    assert table.forward_seconds > 0 and table.backward_seconds > 0
    assert all(layer.forward is not None and layer.forward > 0 for layer in table.layers)
    model = table.layers[0]
    assert model.backward >= sum(layer.backward for layer in model.inside) > 0


def test_a_module_used_twice_says_so_and_one_not_called_as_well():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc, self.spare = nn.Linear(3, 3), nn.Linear(3, 3)

        def forward(self, x):
            return self.fc(self.fc(x))

    table = torch.summary(Twice(), torch.randn(2, 3))
    assert "Linear, 2 calls" in str(table) and "not called" in str(table)
    assert table.multiply_adds == 2 * 2 * 3 * 3


class _Careless(nn.Module):
    """Leaves traces wherever a forward can."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(10, 4, max_norm=0.1)
        self.norm = nn.BatchNorm1d(4)
        self.drop = nn.Dropout(0.5)
        self.calls = 0

    def forward(self, x, tokens):
        self.calls += 1
        self.last = x
        np.random.rand()
        random.random()
        x *= 2
        return self.drop(self.norm(self.embed(tokens) + x))


def test_nothing_is_changed_by_it():
    net = _Careless()
    x, tokens = torch.ones(3, 4), torch.tensor([1, 2, 3])
    net.embed.weight.grad = given = torch.ones(10, 4)
    buffers = dict(net.named_buffers())
    before = {name: t.detach().clone() for name, t in (*net.named_parameters(), *buffers.items())}
    versions = {name: t._version for name, t in buffers.items()}
    torch.manual_seed(3), np.random.seed(4), random.seed(5)
    drawn = torch.rand(2), np.random.rand(), random.random()
    torch.manual_seed(3), np.random.seed(4), random.seed(5)
    table = torch.summary(net, x, tokens)
    assert table.backward_seconds is not None
    assert torch.equal(torch.rand(2), drawn[0]) and (np.random.rand(), random.random()) == drawn[1:]
    assert net.calls == 0 and not hasattr(net, "last") and net.training
    assert dict(net.named_buffers()) == buffers  # the very same tensors
    assert {name: t._version for name, t in buffers.items()} == versions
    for name, t in (*net.named_parameters(), *net.named_buffers()):
        assert torch.equal(t, before[name]), name
    assert net.embed.weight.grad is given and torch.equal(given, torch.ones(10, 4))
    assert torch.equal(x, torch.ones(3, 4))
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in net.modules())


def test_an_evaluation_under_no_grad_is_measured_with_its_backward_and_stays_without_gradients():
    net = nn.Linear(3, 3).eval()
    with torch.no_grad():
        assert torch.summary(net, torch.ones(2, 3)).backward_seconds is not None
        assert not torch.is_grad_enabled()
    assert not net.training


def test_a_model_without_anything_to_train_has_no_backward():
    table = torch.summary(nn.Linear(3, 3).requires_grad_(False), torch.ones(2, 3))
    assert table.backward_seconds is None and table.saved_bytes == 0
    assert "backward" not in str(table)


def test_what_cannot_be_summarised_is_refused_and_what_the_model_raises_is_passed_on():
    net = nn.Sequential(nn.BatchNorm1d(4), nn.Linear(4, 2))
    with pytest.raises(TypeError, match=r"describes an nn.Module, not function"):
        torch.summary(lambda x: x)
    with pytest.raises(ValueError, match="either inputs or input_size"):
        torch.summary(net, torch.ones(1, 4), input_size=(1, 4))
    with pytest.raises(ValueError, match=r"input_size must be a tuple of sizes.*not \('a',\)"):
        torch.summary(net, input_size=("a",))
    mean = net[0].running_mean
    with pytest.raises(RuntimeError) as error:
        torch.summary(net[1], torch.ones(1, 5))
    assert "summary() called it with (1, 5) float32" in str(error.value.__notes__)
    with pytest.raises((RuntimeError, ValueError)):
        torch.summary(net, torch.ones(3, 4, 5))
    assert net[0].running_mean is mean and not net[1]._forward_hooks


def test_several_inputs_may_be_given_by_their_sizes():
    table = torch.summary(nn.Bilinear(3, 4, 5), input_size=[(2, 3), (2, 4)])
    assert table.layers[0].output == (2, 5)
    assert torch.summary(nn.Linear(3, 2).double(), input_size=(2, 3)).inputs == "(2, 3) float64"


def test_in_a_notebook_it_is_a_table():
    html = torch.summary(_Net(), torch.arange(6).reshape(2, 3))._repr_html_()
    assert html.count("<tr>") == 1 + len(torch.summary(_Net(), torch.arange(6).reshape(2, 3)).rows()) + 1
    assert "Block ×5" in html and "<script" not in html
