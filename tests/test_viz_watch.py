"""watch(model): statistics while training, that change nothing; the page of them is tested in tests/test_viz_watch_page.py."""

import copy
import io
import math
import pickle
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
import warnings

import numpy as np
import pytest

import adjoint as torch
from adjoint import nn
from adjoint.nn import functional as F
from adjoint.nn.modules.module_hooks import GLOBAL
from adjoint.optim.optimizer import _global_post_hooks, _global_pre_hooks
from adjoint.utils.checkpoint import checkpoint
from adjoint.viz import watch
from adjoint.viz.watching.document import data_of
from adjoint.viz.watching.statistics import Statistics


def _quiet(model, **options):
    return watch(model, **{"every": 1, "serve": False, **options})


def _train(model, inputs, steps=3, optimizer=None, watcher=None, loss=lambda y: y.pow(2).mean()):
    optimizer = optimizer or torch.optim.SGD(model.parameters(), lr=0.01)
    for _ in range(steps):
        optimizer.zero_grad()
        found = loss(model(inputs))
        found.backward()
        optimizer.step()
        if watcher is not None:
            watcher.log(loss=found)
    return [p.detach().numpy().copy() for p in model.parameters()]


def _last(watcher, quantity, name):
    return watcher.history.samples[-1].values[quantity, name]


MODELS = {
    "folded": lambda: nn.Sequential(nn.Linear(1000, 77), nn.GELU(), nn.Linear(77, 512), nn.Tanh(), nn.Linear(512, 3)),
    "picture": lambda: nn.Sequential(
        nn.Conv2d(1000 // 100, 8, 3), nn.BatchNorm2d(8), nn.ReLU(inplace=True), nn.Dropout(0.5), nn.Flatten(), nn.Linear(8 * 64, 3)
    ),
    "transformer": lambda: nn.TransformerEncoderLayer(32, 4, 128, batch_first=True),
}
INPUTS = {"folded": (33, 1000), "picture": (6, 10, 10, 10), "transformer": (5, 60, 32)}


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
def test_training_gives_the_same_bits_with_and_without(kind, optimizer):
    results = []
    for watched in (False, True):
        torch.manual_seed(0)
        model = MODELS[kind]()
        inputs = torch.randn(*INPUTS[kind])
        made = getattr(torch.optim, optimizer)(model.parameters(), lr=0.01)
        if watched:
            with _quiet(model):
                results.append(_train(model, inputs, 4, made))
        else:
            results.append(_train(model, inputs, 4, made))
        results[-1].append(torch.rand(1).numpy())  # no random numbers were drawn either
    for a, b in zip(*results):
        assert np.array_equal(a, b)


def test_the_numbers_are_those_of_weights_gradients_updates_and_outputs():
    model = nn.Sequential(nn.Linear(20, 30), nn.ReLU())
    x = torch.randn(8, 20)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    before = model[0].weight.detach().numpy().copy()
    y = model(x).detach().numpy()
    with _quiet(model) as watcher:
        _train(model, x, 1, optimizer)
    after, g = model[0].weight.detach().numpy(), model[0].weight.grad.numpy()
    for quantity, array, name in (
        ("weight", after, "0.weight"), ("gradient", g, "0.weight"), ("update", after - before, "0.weight"), ("activation", y, "1")
    ):  # fmt: skip
        n = _last(watcher, quantity, name)
        assert n.norm == pytest.approx(np.linalg.norm(array), rel=1e-5)
        assert (n.mean, n.std) == (pytest.approx(array.mean(), rel=1e-4, abs=1e-7), pytest.approx(array.std(), rel=1e-4))
        assert (n.low, n.high) == (array.min(), array.max())
        assert n.zero == pytest.approx((array == 0).mean())
        assert sum(n.counts) == array.size
        assert n.quantiles[2] == pytest.approx(np.median(array), abs=float(0.05 * array.std()) + 1e-9)
    ratio = np.linalg.norm(after - before) / np.linalg.norm(after)
    assert _last(watcher, "update", "0.weight").ratio == pytest.approx(ratio, rel=1e-5)
    assert watcher.history.samples[0].rate == 0.1


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "complex64", "int64"])
@pytest.mark.parametrize("size", [0, 1, 7, 1000, 70_001, 300_000])
def test_statistics_are_numpys_whatever_lies_in_memory(dtype, size):
    rng = np.random.default_rng(size)
    x = rng.standard_normal(2 * size).astype(dtype)[::2]
    if size > 10 and x.dtype.kind == "f":
        x[[1, 2, 3]] = math.nan, math.inf, -math.inf
    x[5::7] = 0
    wide = (np.abs(x) if x.dtype.kind == "c" else x).astype(float)
    finite = wide[np.isfinite(wide)]
    s = Statistics(x, None, (-0.5, 0.5))
    assert s.count == size and s.nan == np.isnan(wide).sum() and s.infinite == np.isinf(wide).sum()
    assert s.zeros == (wide == 0).sum() and s.beyond == ((wide < -0.5) | (wide > 0.5)).sum()
    if size:
        assert s.norm == pytest.approx(np.linalg.norm(finite), rel=1e-4)
        assert s.mean == pytest.approx(finite.mean(), rel=1e-3, abs=1e-4) and s.std == pytest.approx(finite.std(), rel=1e-3)
        assert (s.low, s.high) == (finite.min(), finite.max())
    both = Statistics(x).add(Statistics(x))
    assert (both.count, both.low, both.zero) == (2 * size, s.low, s.zero)


@pytest.mark.parametrize("size", [100, 100_000])
def test_deviations_that_are_small_beside_the_mean_are_told(size):
    x = (1000 + 0.01 * np.random.default_rng(0).standard_normal(size)).astype(np.float32)
    wide = x.astype(float)
    s = Statistics(x)
    assert s.std == pytest.approx(wide.std(), rel=1e-3) and s.norm == pytest.approx(np.linalg.norm(wide), rel=1e-6)
    both = Statistics(x).add(Statistics(2 * x))
    assert both.std == pytest.approx(np.concatenate([wide, 2 * wide]).std(), rel=1e-5)
    same = Statistics(np.full(size, 0.1, np.float32))
    assert (same.std, same.mean) == (0.0, pytest.approx(0.1))
    outlier = np.full(size, 1e-3, np.float32)
    outlier[0] = 1e6
    assert Statistics(outlier).norm == pytest.approx(1e6) and Statistics(outlier).mean == pytest.approx(1e6 / size, rel=1e-2)


def test_a_watched_model_is_copied_pickled_and_saved_as_one_that_is_not():
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    plain = pickle.dumps(model)
    file = io.BytesIO()
    torch.save(model, file)
    with _quiet(model):
        assert pickle.dumps(model) == plain
        again = io.BytesIO()
        torch.save(model, again)
        assert again.getvalue() == file.getvalue()
        copied = copy.deepcopy(model)
        assert list(copied.state_dict()) == list(model.state_dict())
        assert not copied[0]._forward_hooks and not model[0]._forward_hooks


def test_nothing_is_left_when_it_ends():
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    watcher = _quiet(model)
    assert GLOBAL and _global_pre_hooks and _global_post_hooks
    watcher.close()
    watcher.close()
    assert not GLOBAL and not _global_pre_hooks and not _global_post_hooks
    with pytest.raises(ZeroDivisionError), _quiet(model) as watcher:
        _train(model, torch.ones(1, 2), 2)
        model(torch.ones(1, 2))
        1 / 0
    assert not GLOBAL and not _global_pre_hooks
    assert [s.step for s in watcher.history.samples] == [0, 1, 2]  # of the last one only the forward


def test_it_ends_with_the_model():
    model = nn.Linear(2, 2)
    watcher = _quiet(model)
    del model
    assert watcher.closed and not GLOBAL and not _global_pre_hooks


def test_it_goes_on_where_nobody_holds_the_watcher():
    lines = []

    class Writer:
        def add_scalar(self, tag, value, step):
            lines.append((tag, step))

        add_histogram = add_scalar

    model = nn.Linear(2, 2)
    _quiet(model, writer=Writer())
    _train(model, torch.ones(1, 2), 2)
    assert ("gradient/weight/norm", 1) in lines
    del model


def test_steps_in_between_have_no_hooks():
    model = nn.Linear(2, 2)
    seen = []
    with _quiet(model, every=10):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(25):
            seen.append(bool(GLOBAL))
            _train(model, torch.ones(1, 2), 1, optimizer)
    assert [i for i, hooked in enumerate(seen) if hooked] == [0, 1, 2, 4, 8, 10, 20]


def test_long_trainings_keep_few_samples():
    model = nn.Linear(2, 2)
    with _quiet(model, keep=8) as watcher:
        _train(model, torch.ones(1, 2), 100, watcher=watcher)
    steps = [s.step for s in watcher.history.samples]
    assert 4 <= len(steps) <= 9 and steps[0] == 0 and watcher.history.every > 8
    assert all(s % watcher.history.every == 0 for s in steps[:-1])
    logged = watcher.history.logged["loss"]
    assert len(logged) <= 65 and logged[0][0] == 0 and logged[-1][0] == 99


def test_several_optimizers_of_one_model_are_one_step():
    model = nn.ModuleDict({"a": nn.Linear(2, 2), "b": nn.Linear(2, 1)})
    first = torch.optim.SGD(model["a"].parameters(), lr=0.1)
    second = torch.optim.Adam(model["b"].parameters(), lr=0.01)
    with _quiet(model) as watcher:
        for _ in range(4):
            model["b"](model["a"](torch.ones(3, 2))).sum().backward()
            first.step()
            second.step()
    assert [s.step for s in watcher.history.samples] == [0, 1, 2, 3]
    for sample in watcher.history.samples:
        assert {("update", "a.weight"), ("update", "b.weight"), ("activation", "a"), ("activation", "b")} <= set(sample.values)


def test_an_optimizer_of_something_else_is_no_step():
    model, other = nn.Linear(2, 2), nn.Linear(2, 2)
    with _quiet(model) as watcher:
        _train(other, torch.ones(1, 2), 3)
        assert watcher.step_number == 0
        _train(model, torch.ones(1, 2), 1)
    assert watcher.step_number == 1


def test_shared_parameters_are_one_and_a_module_called_twice_is_counted_twice():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Linear(4, 4, bias=False)
            self.other = nn.Linear(4, 4, bias=False)
            self.other.weight = self.inner.weight

        def forward(self, x):
            return self.other(self.inner(self.inner(x)))

    model = Twice()
    with _quiet(model) as watcher:
        _train(model, torch.ones(3, 4), 1)
    assert [p.name for p in watcher.parameters] == ["inner.weight"]
    assert _last(watcher, "activation", "inner").count == 24 and _last(watcher, "activation", "other").count == 12


def test_a_linear_that_is_computed_together_with_its_activation_is_seen_too():
    model = nn.Sequential(nn.Linear(64, 300), nn.ReLU())
    x = torch.randn(512, 64)
    with _quiet(model) as watcher:
        _train(model, x, 1, torch.optim.SGD(model.parameters(), lr=0.0))
    n, y = _last(watcher, "activation", "0"), model[0](x).detach().numpy()
    assert n.count == _last(watcher, "activation", "1").count == y.size
    assert n.std == pytest.approx(y.std(), rel=0.1) and n.norm == pytest.approx(np.linalg.norm(y), rel=0.1)


def test_a_forward_that_a_checkpoint_repeats_is_counted_once():
    model = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with _quiet(model) as watcher:
        x = torch.ones(3, 4, requires_grad=True)
        model[2](checkpoint(model[:2], x, use_reentrant=False)).sum().backward()
        optimizer.step()
    assert _last(watcher, "activation", "0").count == 12


def test_gradients_that_add_up_over_several_forwards_are_one_step():
    model = nn.Linear(4, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with _quiet(model) as watcher:
        for _ in range(3):
            model(torch.ones(2, 4)).sum().backward()
        optimizer.step()
    assert watcher.step_number == 1 and _last(watcher, "activation", "(model)").count == 6


def test_functional_code_tells_its_steps():
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    weights = {name: p.detach() for name, p in model.named_parameters()}
    x = torch.randn(5, 3)

    def loss(weights):
        return torch.func.functional_call(model, weights, (x,)).pow(2).mean()

    with _quiet(model) as watcher:
        for _ in range(3):
            gradients = torch.func.grad(loss)(weights)
            weights = {name: w - 0.1 * gradients[name] for name, w in weights.items()}
            watcher.step(gradients, weights)
    assert [s.step for s in watcher.history.samples] == [0, 1, 2]
    expected = 0.1 * np.linalg.norm(gradients["0.weight"].numpy())
    assert _last(watcher, "update", "0.weight").norm == pytest.approx(expected, rel=1e-3)
    assert _last(watcher, "activation", "1").count == 20


def test_samples_of_a_vmap_are_counted_together():
    model = nn.Linear(3, 2)
    with _quiet(model) as watcher:
        torch.vmap(model)(torch.randn(5, 3)).sum().backward()
        watcher.step()
    assert _last(watcher, "activation", "(model)").count == 10
    assert _last(watcher, "gradient", "weight").norm > 0


def test_weights_that_the_user_updates_are_steps_by_hand():
    model = nn.Linear(3, 2)
    with _quiet(model) as watcher:
        for _ in range(3):
            model(torch.ones(1, 3)).sum().backward()
            with torch.no_grad():
                for p in model.parameters():
                    p -= 0.5 * p.grad
            watcher.step()
            model.zero_grad()
    assert _last(watcher, "update", "weight").norm == pytest.approx(0.5 * 6**0.5, rel=1e-5)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with _quiet(model) as watcher:
        _train(model, torch.ones(1, 3), 1, optimizer)
        with pytest.raises(RuntimeError, match="without an optimizer"):
            watcher.step()


def test_an_optimizer_that_calls_a_closure():
    model = nn.Linear(3, 1)
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=3)

    def closure():
        optimizer.zero_grad()
        loss = model(torch.ones(2, 3)).pow(2).mean()
        loss.backward()
        return loss

    with _quiet(model) as watcher:
        optimizer.step(closure)
        optimizer.step(closure)
    assert watcher.step_number == 2
    assert ("gradient", "weight") in watcher.history.samples[0].values


def test_each_call_of_a_model_that_learns_nothing_is_a_step():
    model = nn.Sequential(nn.Linear(3, 2), nn.ReLU()).requires_grad_(False)
    with _quiet(model) as watcher:
        for _ in range(3):
            model(torch.ones(2, 3))
    assert [s.step for s in watcher.history.samples] == [0, 1, 2]
    assert _last(watcher, "activation", "1").count == 4


def test_forwards_that_evaluate_are_not_looked_at():
    model = nn.Linear(3, 2)
    with _quiet(model) as watcher:
        with torch.no_grad():
            model(torch.full((1, 3), 1e9))
        model.eval()
        model(torch.full((1, 3), 1e9))
        model.train()
        _train(model, torch.ones(1, 3), 1)
    assert _last(watcher, "activation", "(model)").high < 1e6


def test_layers_are_chosen_by_patterns_modules_or_a_function():
    model = nn.Sequential(nn.Sequential(nn.Linear(2, 2), nn.ReLU()), nn.Linear(2, 2))
    for choice, paths in (
        (None, ["0.0", "0.1", "1"]),
        ("0.*", ["0.0", "0.1"]),
        (["1", model[0]], ["0", "1"]),
        (model[1], ["1"]),
        (lambda path, module: isinstance(module, nn.ReLU), ["0.1"]),
    ):
        with _quiet(model, layers=choice) as watcher:
            assert [layer.path for layer in watcher.layers] == paths
    with pytest.raises(ValueError, match="no layer of Sequential is chosen by layers='conv\\*'"):
        _quiet(model, layers="conv*")
    with pytest.raises(TypeError, match="takes patterns, modules or a function, not int"):
        _quiet(model, layers=3)


def test_wrong_arguments_are_refused():
    model = nn.Linear(1, 1)
    with pytest.raises(TypeError, match=r"a torch\.nn\.Module is wanted, not Tensor"):
        watch(torch.ones(1))
    for options in ({"every": 0}, {"every": 1.5}, {"keep": 1}, {"open": True, "serve": False}):
        with pytest.raises(ValueError, match="watch: "):
            watch(model, **{"serve": False, **options})
    with pytest.raises(TypeError, match="add_scalar and add_histogram"):
        _quiet(model, writer=print)
    with _quiet(model) as watcher:
        with pytest.raises(ValueError, match="loss has 2 elements"):
            watcher.log(loss=torch.ones(2))
        with pytest.raises(TypeError, match="loss is a str"):
            watcher.log(loss="high")
    assert not GLOBAL


def test_a_fault_of_the_watching_does_not_stop_the_training(monkeypatch):
    model = nn.Linear(2, 2)
    watcher = _quiet(model)
    monkeypatch.setattr(watcher.history, "put", None)
    with pytest.warns(RuntimeWarning, match="watch has ended at step 0"):
        _train(model, torch.ones(1, 2), 2)
    assert watcher.closed and not GLOBAL


# What is unusual


def test_nothing_is_unusual_in_a_training_that_goes_well():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 1))
    with _quiet(model) as watcher:
        _train(model, torch.randn(32, 4), 30, watcher=watcher)
    assert watcher.findings == []
    assert "nothing is unusual" in repr(watcher)


def test_dead_and_saturated_activations_are_named():
    model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 8), nn.Sigmoid(), nn.Linear(8, 1))
    with torch.no_grad():
        model[0].bias.fill_(-100)
        model[2].bias.fill_(50)
    with _quiet(model) as watcher:
        _train(model, torch.randn(32, 4), 3)
    found = "\n".join(watcher.findings)
    assert "1: all of the outputs are zero since step 0" in found
    assert "3: 100% of the outputs are saturated since step 0" in found
    assert "0.weight, 0.bias and 2 more: the gradient is zero" in found


def test_functional_activations_are_seen_where_they_arrive():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, 4, 3)
            self.fc = nn.Linear(4 * 9, 2)

        def forward(self, x):
            return self.fc(F.max_pool2d(F.relu(self.conv(x)), 2).flatten(1))

    model = Net()
    with torch.no_grad():
        model.conv.bias.fill_(-100)
    with _quiet(model) as watcher:
        _train(model, torch.randn(8, 1, 8, 8), 2)
    assert "fc ← ReLU: all of the outputs are zero since step 0; no gradient passes there" in watcher.findings
    assert re.search(r"^fc ← ReLU +a function +0 ± 0 +100%$", repr(watcher), re.M)


def test_the_first_layer_and_step_of_a_nan_are_named():
    model = nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with _quiet(model) as watcher:
        for step in range(6):
            optimizer.zero_grad()
            loss = model(torch.ones(2, 4)).sum()
            loss.backward()
            if step == 3:
                model[2].weight.grad[0, 0] = math.nan
            optimizer.step()
            watcher.log(loss=loss)
    assert watcher.findings[0] == "NaN in the gradient of 2.weight, first seen at step 3; later in more"
    assert "loss is nan at step 4" in watcher.findings


@pytest.mark.filterwarnings("error")
def test_numbers_that_are_not_finite_are_counted_without_a_warning():
    model = nn.Sequential(nn.Linear(80, 80), nn.ReLU(), nn.Linear(80, 1))
    with torch.no_grad():
        model[0].weight[0, :4] = torch.tensor([math.inf, -math.inf, math.nan, 1e38])
    with _quiet(model) as watcher:
        _train(model, torch.randn(64, 80), 2)
    assert _last(watcher, "weight", "0.weight").bad
    n = watcher.history.samples[0].values["activation", "0"]
    assert n.nan == 64 and math.isfinite(n.std)
    assert math.isnan(_last(watcher, "weight", "0.weight").low)  # of which none is finite


def test_a_nan_between_the_steps_that_are_looked_at_is_seen_at_its_step():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second, self.third = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 1)
            self.bad = False

        def forward(self, x):
            x = self.second(self.first(x))
            return self.third(torch.sqrt(x * 0) if self.bad else x)  # whose derivative is infinite, times zero

    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with _quiet(model, every=20) as watcher:
        for step in range(50):
            model.bad = step == 33
            _train(model, torch.ones(2, 4), 1, optimizer)
    steps = [s.step for s in watcher.history.samples]
    assert steps == [0, 1, 2, 4, 8, 16, 20, 33, 40]
    assert watcher.findings[0] == (
        "NaN in the gradient of second.bias, first seen at step 33, and in 3 other gradients at that step; later in more "
        "(the step looked at before it is 20)"
    )


def test_updates_that_are_too_large_and_gradients_that_never_came_are_named():
    model = nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 1), nn.Linear(1, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    with _quiet(model) as watcher:
        for _ in range(3):
            optimizer.zero_grad()
            model[1](model[0](torch.ones(2, 4))).sum().backward()
            optimizer.step()
    found = "\n".join(watcher.findings)
    assert "of its norm since step 0; the learning rate is too large" in found
    assert "2.weight: no gradient has arrived" in found


def test_weights_that_no_optimizer_holds_are_seen_and_named_unless_they_are_frozen():
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 8), nn.Linear(8, 1))
    model[0].requires_grad_(False)
    optimizer = torch.optim.SGD(model[3].parameters(), lr=1e-3)
    with _quiet(model) as watcher:
        _train(model, torch.randn(16, 4), 3, optimizer)
    assert watcher.findings == [
        "2.weight: no optimizer holds it, so it does not learn", "2.bias: no optimizer holds it, so it does not learn"
    ]  # fmt: skip
    assert _last(watcher, "weight", "0.weight").norm > 0 and _last(watcher, "gradient", "2.weight").norm > 0


# Logged values and writers


def test_logged_values_belong_to_their_step_before_and_after_the_optimizers():
    for after in (False, True):
        model = nn.Linear(2, 1)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        with _quiet(model, every=7) as watcher:
            for k in range(10):
                loss = model(torch.ones(1, 2)).sum()
                loss.backward()
                if not after:
                    watcher.log(loss=float(k))
                optimizer.step()
                if after:
                    watcher.log(loss=float(k))
        assert watcher.history.logged["loss"] == [(k, float(k)) for k in range(10)]


def test_a_writer_gets_the_same_numbers():
    class Writer:
        def __init__(self):
            self.scalars, self.histograms = {}, {}

        def add_scalar(self, tag, value, step):
            assert (tag, step) not in self.scalars
            self.scalars[tag, step] = value

        def add_histogram(self, tag, values, step):
            self.histograms[tag, step] = values

    writer = Writer()
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    with _quiet(model, writer=writer) as watcher:
        _train(model, torch.randn(4, 2), 3, watcher=watcher)
    n = _last(watcher, "gradient", "0.weight")
    assert writer.scalars["gradient/0.weight/norm", 2] == n.norm
    assert writer.scalars["activation/1/zero", 2] == _last(watcher, "activation", "1").zero
    assert writer.scalars["update/0.weight/log10 ratio", 2] == math.log10(_last(watcher, "update", "0.weight").ratio)
    assert writer.scalars["loss", 2] == watcher.history.logged["loss"][-1][1]
    assert writer.scalars["learning rate", 0] == 0.01
    assert len(writer.histograms["weight/0.weight", 2]) == 6


# The server


def test_the_page_is_for_who_has_its_address():
    model = nn.Linear(2, 2)
    with watch(model, every=1) as watcher:
        _train(model, torch.ones(1, 2), 2)
        with urllib.request.urlopen(watcher.url) as answer:
            assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            assert b"What is unusual" in answer.read()
        with urllib.request.urlopen(watcher.url + "data?since=1") as answer:
            assert b'"steps":[1]' in answer.read()
        token = watcher.url.split("/")[3]
        assert watcher.url.startswith("http://127.0.0.1:") and len(token) >= 24
        for path in ("", "data", "x" * len(token) + "/", token, token + "/../"):
            with pytest.raises(urllib.error.HTTPError, match="404"):
                urllib.request.urlopen(watcher.url.replace(token + "/", path))
        asked = urllib.request.Request(watcher.url, headers={"Host": "attacker.example"})
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(asked)
        with pytest.raises(urllib.error.HTTPError, match="501"):
            urllib.request.urlopen(watcher.url, data=b"x")


def test_a_program_ends_while_its_page_is_served(tmp_path):
    program = tmp_path / "train.py"
    program.write_text(
        "import torch, urllib.request\n"
        "from adjoint.viz import watch\n"
        "model = torch.nn.Linear(2, 2)\n"
        "w = watch(model)\n"
        "torch.optim.SGD(model.parameters(), lr=0.1).step()\n"
        "print(len(urllib.request.urlopen(w.url).read()) > 1000)\n"
    )
    start = time.monotonic()
    done = subprocess.run([sys.executable, "-m", "adjoint", "run", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and done.stdout == "True\n"
    assert done.stderr.startswith("adjoint.viz.watch: Linear at http://127.0.0.1:") and done.stderr.count("\n") == 1
    assert time.monotonic() - start < 30


def test_a_static_page_needs_nothing_else(tmp_path):
    model = nn.Linear(2, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with _quiet(model) as watcher:
            _train(model, torch.ones(1, 2), 2, watcher=watcher)
        text = watcher.to_html(tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text("utf-8") == text
    outside = [line for line in text.splitlines() if "http" in line and "www.w3.org/2000/svg" not in line]
    assert outside == [] and "src=" not in text and "@import" not in text


def test_a_page_that_has_everything_is_sent_nothing_more():
    model = nn.Linear(2, 2)
    with _quiet(model) as watcher:
        _train(model, torch.ones(1, 2), 3, watcher=watcher)
        whole = watcher.to_dict()
        again = data_of(watcher, 2, whole["thinned"], whole["version"])
        assert (again["steps"], again["series"], again["since"]) == ([], [], 3)
        _train(model, torch.ones(1, 2), 1, watcher=watcher)
        later = data_of(watcher, 2, whole["thinned"], whole["version"])
        assert later["steps"] == [2, 3] and all(s["at"] == [2, 3] for s in later["series"])
        assert data_of(watcher, 2, whole["thinned"] + 1, whole["version"])["since"] == 0
