"""Optimizers: every one of them against PyTorch's own, step by step."""

import copy
import pickle

import numpy as np
import pytest

import adjoint
from adjoint.tensor import from_array

torch = pytest.importorskip("torch")

SHAPES = [(3, 4), (5,), (), (2, 1, 3)]

CASES = [
    ("SGD", {}),
    ("SGD", {"lr": 0.1, "momentum": 0.9}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.3, "maximize": True}),
    ("Adam", {}),
    ("Adam", {"lr": 0.05, "betas": (0.8, 0.9), "weight_decay": 0.1, "amsgrad": True}),
    ("Adam", {"maximize": True, "decoupled_weight_decay": True, "weight_decay": 0.1}),
    ("Adam", {"fused": True}),
    ("Adam", {"foreach": True}),
    ("AdamW", {}),
    ("AdamW", {"lr": 0.1, "amsgrad": True, "maximize": True}),
    ("Adagrad", {}),
    ("Adagrad", {"lr_decay": 0.1, "weight_decay": 0.1, "initial_accumulator_value": 0.5}),
    ("RMSprop", {}),
    ("RMSprop", {"momentum": 0.9, "centered": True, "weight_decay": 0.1}),
    ("RMSprop", {"centered": True}),
    ("Adadelta", {}),
    ("Adadelta", {"weight_decay": 0.1, "maximize": True}),
    ("Adamax", {}),
    ("Adamax", {"weight_decay": 0.1}),
    ("NAdam", {}),
    ("NAdam", {"weight_decay": 0.1, "decoupled_weight_decay": True}),
    ("NAdam", {"weight_decay": 0.1, "maximize": True}),
    ("RAdam", {}),
    ("RAdam", {"weight_decay": 0.1, "betas": (0.7, 0.8)}),
    ("RAdam", {"weight_decay": 0.1, "decoupled_weight_decay": True}),
    ("ASGD", {}),
    ("ASGD", {"t0": 5, "weight_decay": 0.1, "lambd": 0.1}),
    ("Rprop", {}),
    ("Rprop", {"lr": 0.1, "step_sizes": (0.05, 0.2), "maximize": True}),
]


def ours(array, requires_grad=True):
    return from_array(np.array(array)).requires_grad_(requires_grad)


def theirs(array, requires_grad=True):
    return torch.from_numpy(np.array(array)).requires_grad_(requires_grad)


def arrays(rng, shapes, dtype):
    drawn = [rng.standard_normal(s) for s in shapes]
    if np.dtype(dtype).kind == "c":
        drawn = [d + 1j * rng.standard_normal(d.shape) for d in drawn]
    return [np.asarray(d, dtype) for d in drawn]


def train(name, options, shapes=SHAPES, dtype=np.float32, steps=20, missing=()):
    """Both optimizers over the same gradients; ``missing`` are (step, parameter) pairs without one."""
    rng = np.random.default_rng(0)
    start = arrays(rng, shapes, dtype)
    mine, other = [ours(a) for a in start], [theirs(a) for a in start]
    a = getattr(adjoint.optim, name)(mine, **options)
    b = getattr(torch.optim, name)(other, **options)
    for step in range(steps):
        for i, g in enumerate(arrays(rng, shapes, dtype)):
            mine[i].grad = None if (step, i) in missing else from_array(g)
            other[i].grad = None if (step, i) in missing else torch.from_numpy(g.copy())
        a.step()
        b.step()
    return a, b, mine, other


def as_numpy(value):
    if isinstance(value, adjoint.Tensor):
        return value._array
    return value.detach().numpy() if isinstance(value, torch.Tensor) else value


def assert_alike(a, b, mine, other, rtol=2e-5, atol=2e-6):
    for p, q in zip(mine, other):
        np.testing.assert_allclose(p._array, q.detach().numpy(), rtol=rtol, atol=atol)
    mine_state, their_state = a.state_dict(), b.state_dict()
    assert mine_state["param_groups"] == their_state["param_groups"]
    assert mine_state["state"].keys() == their_state["state"].keys()
    for key, state in their_state["state"].items():
        assert list(mine_state["state"][key]) == list(state)
        for name, value in state.items():
            found = mine_state["state"][key][name]
            if isinstance(value, torch.Tensor):
                assert str(found.dtype) == str(value.dtype) and tuple(found.shape) == tuple(value.shape)
                np.testing.assert_allclose(as_numpy(found), as_numpy(value), rtol=rtol, atol=atol)
            else:
                assert found == value


@pytest.mark.parametrize(("name", "options"), CASES, ids=str)
def test_twenty_steps_agree_with_pytorch(name, options):
    assert_alike(*train(name, options))


@pytest.mark.parametrize(("name", "options"), CASES, ids=str)
def test_a_parameter_without_gradient_is_left_alone(name, options):
    missing = {(0, 1), (3, 0), (3, 2), (7, 3), (8, 3)}
    assert_alike(*train(name, options, missing=missing))


@pytest.mark.parametrize("dtype", [np.float64, np.complex64])
@pytest.mark.parametrize(
    "name", ["SGD", "Adam", "Adagrad", "RMSprop", "Adadelta", "Adamax", "NAdam", "RAdam", "ASGD", "Rprop"]
)
def test_other_dtypes_agree_with_pytorch(name, dtype):
    if name == "Adamax" and dtype is np.complex64:
        pytest.skip("PyTorch's Adamax on complex numbers takes the maximum over pairs")
    assert_alike(*train(name, {"weight_decay": 0.1} if name not in ("Rprop", "SGD") else {}, dtype=dtype))


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_half_precision_is_near_to_pytorchs(name):
    a, b, mine, other = train(name, {"lr": 0.1}, dtype=np.float16, steps=5)
    for p, q in zip(mine, other):
        assert p._array.dtype == np.float16
        np.testing.assert_allclose(p._array, q.detach().numpy(), rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize("name", ["SGD", "Adam", "RMSprop"])
def test_large_parameters_are_done_in_blocks(name):
    assert_alike(*train(name, {"lr": 0.01}, shapes=[(300, 401), (7,)], steps=3))


def test_parameters_that_are_not_contiguous_are_changed_in_place():
    rng = np.random.default_rng(0)
    start, g = rng.standard_normal((2, 40, 30)).astype(np.float32)
    p, q = ours(start.T.copy().T), theirs(start)
    memory = p._array
    assert not (memory.flags.c_contiguous)
    a, b = adjoint.optim.Adam([p], lr=0.1), torch.optim.Adam([q], lr=0.1)
    p.grad, q.grad = from_array(g.copy()), torch.from_numpy(g.copy())
    a.step()
    b.step()
    assert p._array is memory
    np.testing.assert_allclose(p._array, q.detach().numpy(), rtol=1e-5)


@pytest.mark.parametrize("name", ["Adam", "SGD", "Adagrad"])
def test_what_the_user_replaces_counts(name):
    options = {"momentum": 0.9, "lr": 0.1} if name == "SGD" else {"lr": 0.1}
    rng = np.random.default_rng(1)
    start = arrays(rng, SHAPES, np.float32)
    gradients = [arrays(rng, SHAPES, np.float32) for _ in range(8)]

    def run(package, tensor, replace):
        params = [tensor(a) for a in start]
        optimizer = getattr(package.optim, name)(params, **options)
        for step, gs in enumerate(gradients):
            for p, g in zip(params, gs):
                p.grad = tensor(g, False)
            if step == 3:  # a state tensor and a parameter's data are replaced, another one is changed in place
                slot = {"SGD": "momentum_buffer", "Adam": "exp_avg", "Adagrad": "sum"}[name]
                optimizer.state[params[0]][slot] = tensor(np.full_like(start[0], 2), False)
                replace(params[1], np.ones_like(start[1]))
                replace(optimizer.state[params[3]][slot], np.full_like(start[3], 0.5))
            if step == 5:
                optimizer.state.pop(params[2])
                if name == "Adagrad":
                    optimizer.state[params[2]] = {
                        "step": tensor(np.float32(0), False),
                        "sum": tensor(np.float32(0), False),
                    }
            optimizer.step()
        return params

    def ours_replace(t, a):
        t._array = a

    def theirs_replace(t, a):
        t.data = torch.from_numpy(a)

    for p, q in zip(run(adjoint, ours, ours_replace), run(torch, theirs, theirs_replace)):
        np.testing.assert_allclose(p._array, q.detach().numpy(), rtol=1e-5, atol=1e-6)


def test_state_tensors_own_their_memory():
    a, *_ = train("Adam", {}, steps=3)
    for state in a.state.values():
        for t in state.values():
            root = t._array
            while isinstance(root.base, np.ndarray):
                root = root.base
            assert root.size == t._array.size


def test_a_state_tensor_taken_before_a_step_shows_the_step():
    a, _, mine, _ = train("Adam", {}, steps=2)
    taken = a.state[mine[0]]["step"]
    for p in mine:
        p.grad = from_array(np.ones_like(p._array))
    a.step()
    assert taken._array == 3


def test_the_versions_of_parameters_count_the_steps():
    a, _, mine, _ = train("SGD", {}, steps=1)
    before = [p._version for p in mine]
    for p in mine:
        p.grad = from_array(np.ones_like(p._array))
    a.step()
    assert all(p._version > v for p, v in zip(mine, before))


@pytest.mark.parametrize(("name", "options"), CASES[::3], ids=str)
def test_a_state_dict_goes_on_where_it_was_taken(name, options):
    a, b, mine, other = train(name, options, steps=3)
    rng = np.random.default_rng(5)
    fresh = [ours(p._array) for p in mine]
    c = getattr(adjoint.optim, name)(fresh, lr=123.0)
    c.load_state_dict(copy.deepcopy(a.state_dict()))
    for _ in range(3):
        for p, q, g in zip(fresh, other, arrays(rng, SHAPES, np.float32)):
            p.grad, q.grad = from_array(g), torch.from_numpy(g.copy())
        c.step()
        b.step()
    assert_alike(c, b, fresh, other)


def test_groups_have_their_own_options():
    w, v = ours([1.0, 2.0]), ours([3.0])
    tw, tv = theirs([1.0, 2.0]), theirs([3.0])
    a = adjoint.optim.SGD([{"params": w}, {"params": [v], "lr": 1.0}], lr=0.1, momentum=0.5)
    b = torch.optim.SGD([{"params": tw}, {"params": [tv], "lr": 1.0}], lr=0.1, momentum=0.5)
    for _ in range(3):
        for p, q in ((w, tw), (v, tv)):
            p.grad, q.grad = from_array(np.ones_like(p._array)), torch.ones_like(q)
        a.step()
        b.step()
    assert_alike(a, b, [w, v], [tw, tv])
    assert repr(a) == repr(b)


def test_named_parameters_keep_their_names():
    a = adjoint.optim.SGD([("w", ours([1.0])), ("b", ours([2.0]))])
    b = torch.optim.SGD([("w", theirs([1.0])), ("b", theirs([2.0]))])
    assert a.state_dict()["param_groups"] == b.state_dict()["param_groups"]
    assert repr(a) == repr(b)


@pytest.mark.parametrize(
    "name",
    ["SGD", "Adam", "AdamW", "Adagrad", "RMSprop", "Adadelta", "Adamax", "NAdam", "RAdam", "ASGD", "Rprop", "LBFGS"],
)
def test_an_optimizer_prints_as_pytorchs(name):
    assert repr(getattr(adjoint.optim, name)([ours([1.0])])) == repr(getattr(torch.optim, name)([theirs([1.0])]))


def errors(call):
    with pytest.raises(Exception) as caught:
        call()
    return type(caught.value).__name__, str(caught.value)


BAD = [
    lambda t, o: o.SGD([], lr=0.1),
    lambda t, o: o.SGD([t([1.0])], lr=-1.0),
    lambda t, o: o.SGD([t([1.0])], momentum=-1.0),
    lambda t, o: o.SGD([t([1.0])], weight_decay=-1.0),
    lambda t, o: o.SGD([t([1.0])], nesterov=True),
    lambda t, o: o.SGD([t([1.0])], fused=True, foreach=True),
    lambda t, o: o.SGD([t([1.0])], fused=True, differentiable=True),
    lambda t, o: o.SGD([1.0]),
    lambda t, o: o.SGD(t([1.0])),
    lambda t, o: o.SGD([{"params": {1, 2}}]),
    lambda t, o: o.SGD([t([1.0])]).add_param_group([1]),
    lambda t, o: (lambda w: o.SGD([{"params": [w]}, {"params": [w]}]))(t([1.0])),
    lambda t, o: o.SGD([t([1.0]) * 2]),
    lambda t, o: o.SGD([("w", t([1.0])), t([1.0])]),
    lambda t, o: o.SGD([("w", t([1.0]))]).add_param_group({"params": t([1.0])}),
    lambda t, o: o.SGD([t([1.0])], lr=t([1.0, 2.0], False)),
    lambda t, o: o.Adam([t([1.0])], lr=-1),
    lambda t, o: o.Adam([t([1.0])], eps=-1),
    lambda t, o: o.Adam([t([1.0])], betas=(1.0, 0.9)),
    lambda t, o: o.Adam([t([1.0])], betas=(0.9, -0.1)),
    lambda t, o: o.Adam([t([1.0])], betas=(0.9, 0)),
    lambda t, o: o.Adam([t([1.0])], weight_decay=-0.5),
    lambda t, o: o.Adam([t([1.0])], lr=t(1.0, False), foreach=True),
    lambda t, o: o.Adagrad([t([1.0])], lr_decay=-1),
    lambda t, o: o.Adagrad([t([1.0])], initial_accumulator_value=-1),
    lambda t, o: o.RMSprop([t([1.0])], alpha=-1),
    lambda t, o: o.RMSprop([t([1.0])], momentum=-1),
    lambda t, o: o.Adadelta([t([1.0])], rho=2),
    lambda t, o: o.Adamax([t([1.0])], betas=(2, 0)),
    lambda t, o: o.NAdam([t([1.0])], momentum_decay=-1),
    lambda t, o: o.RAdam([t([1.0])], eps=-1),
    lambda t, o: o.ASGD([t([1.0])], weight_decay=-1),
    lambda t, o: o.Rprop([t([1.0])], etas=(2, 3)),
    lambda t, o: o.LBFGS([{"params": [t([1.0])]}, {"params": [t([1.0])]}]),
    lambda t, o: o.SGD([t([1.0])]).load_state_dict({"state": {}, "param_groups": []}),
    lambda t, o: o.SGD([t([1.0])]).load_state_dict({"state": {}, "param_groups": [{"params": [0, 1]}]}),
    lambda t, o: o.lr_scheduler.StepLR(3, 1),
    lambda t, o: o.lr_scheduler.StepLR(o.SGD([t([1.0])]), 1, last_epoch=3),
    lambda t, o: o.lr_scheduler.LambdaLR(o.SGD([t([1.0])]), [len, len]),
    lambda t, o: o.lr_scheduler.ConstantLR(o.SGD([t([1.0])]), 2.0),
    lambda t, o: o.lr_scheduler.LinearLR(o.SGD([t([1.0])]), 2.0),
    lambda t, o: o.lr_scheduler.OneCycleLR(o.SGD([t([1.0])]), 2.0),
    lambda t, o: o.lr_scheduler.OneCycleLR(o.SGD([t([1.0])]), 2.0, total_steps=-3),
    lambda t, o: o.lr_scheduler.OneCycleLR(o.Adagrad([t([1.0])]), 2.0, total_steps=3),
    lambda t, o: o.lr_scheduler.CyclicLR(o.SGD([t([1.0])]), [1, 2], 2.0),
    lambda t, o: o.lr_scheduler.CosineAnnealingWarmRestarts(o.SGD([t([1.0])]), 0),
    lambda t, o: o.lr_scheduler.ReduceLROnPlateau(o.SGD([t([1.0])]), factor=1.0),
    lambda t, o: o.lr_scheduler.ReduceLROnPlateau(o.SGD([t([1.0])]), mode="x"),
    lambda t, o: o.lr_scheduler.ChainedScheduler([]),
    lambda t, o: (
        o.lr_scheduler.ChainedScheduler([3]) if False else o.lr_scheduler.SequentialLR(o.SGD([t([1.0])]), [], [])
    ),
]


@pytest.mark.parametrize("call", BAD, ids=range(len(BAD)))
def test_bad_options_raise_pytorchs_errors(call):
    assert errors(lambda: call(ours, adjoint.optim)) == errors(lambda: call(theirs, torch.optim))


def test_a_group_that_was_refused_changes_nothing():
    optimizer = adjoint.optim.SGD([ours([1.0])])
    group = {"params": [3]}
    with pytest.raises(TypeError):
        optimizer.add_param_group(group)
    assert len(optimizer.param_groups) == 1 and group == {"params": [3]}


def test_hooks_run_around_steps_and_states_in_pytorchs_order():
    def run(package, tensor):
        log = []
        w = tensor([1.0])
        optimizer = package.optim.SGD([w], lr=0.5)
        optimizer.register_step_pre_hook(lambda o, args, kwargs: log.append(("pre", args[1:], kwargs)))
        handle = optimizer.register_step_post_hook(lambda o, args, kwargs: log.append(("post", args[1:], kwargs)))
        optimizer.register_state_dict_pre_hook(lambda o: log.append("state pre"))
        optimizer.register_state_dict_post_hook(lambda o, s: {**s, "more": 1})
        optimizer.register_load_state_dict_pre_hook(lambda o, s: log.append(sorted(s)))
        optimizer.register_load_state_dict_pre_hook(lambda o, s: log.append("first"), prepend=True)
        optimizer.register_load_state_dict_post_hook(lambda o: log.append("loaded"))
        optimizer.step()
        handle.remove()
        optimizer.step(closure=None)
        optimizer.load_state_dict(optimizer.state_dict())
        return log

    assert run(adjoint, ours) == run(torch, theirs)


def test_a_pre_hook_that_returns_nonsense_is_refused():
    optimizer = adjoint.optim.SGD([ours([1.0])])
    optimizer.register_step_pre_hook(lambda o, args, kwargs: 3)
    with pytest.raises(RuntimeError, match="must return None or a tuple of"):
        optimizer.step()


def test_a_subclass_of_the_users_steps_with_hooks():
    class Halve(adjoint.optim.Optimizer):
        def __init__(self, params):
            super().__init__(params, {"by": 2})

        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    p._array /= group["by"]
            return "done"

    log = []
    w = ours([4.0])
    optimizer = Halve([w])
    optimizer.register_step_post_hook(lambda *_: log.append(1))
    assert optimizer.step() == "done" and log == [1] and w._array == 2


def test_zero_grad_forgets_or_zeroes():
    w = ours([1.0])
    w.grad = from_array(np.ones(1))
    optimizer = adjoint.optim.SGD([w])
    grad = w.grad
    optimizer.zero_grad(set_to_none=False)
    assert w.grad is grad and w.grad._array == 0
    optimizer.zero_grad()
    assert w.grad is None


def test_the_closure_runs_with_grad_and_gives_the_loss():
    w = ours(np.array([2.0], np.float32))
    optimizer = adjoint.optim.SGD([w], lr=0.25)

    def closure():
        optimizer.zero_grad()
        loss = (w * w).sum()
        loss.backward()
        return loss

    with adjoint.no_grad():
        loss = optimizer.step(closure)
    assert loss._array == 4 and w._array == 1


def test_capturable_is_refused_on_a_cpu_as_by_pytorch():
    for package, tensor in ((adjoint, ours), (torch, theirs)):
        w = tensor([1.0])
        w.grad = tensor([1.0], False)
        optimizer = package.optim.Adam([w], capturable=True)
        with pytest.raises(
            AssertionError, match="If capturable=True, params and state_steps must be on supported devices"
        ):
            optimizer.step()


@pytest.mark.parametrize(
    "name", ["SGD", "Adam", "AdamW", "Adagrad", "RMSprop", "Adadelta", "Adamax", "NAdam", "RAdam", "ASGD", "Rprop"]
)
def test_a_differentiable_step_is_recorded(name):
    rng = np.random.default_rng(0)
    start, target = rng.standard_normal((2, 4)).astype(np.float64)
    options = {"differentiable": True, "lr": 0.1}

    def run(package, tensor):
        w = tensor(start)
        p = w.clone()
        optimizer = getattr(package.optim, name)([p], **options)
        for _ in range(1 if name in ("Adamax", "Rprop") else 3):  # PyTorch cannot go back through more of these two
            p.grad = (p * p).detach() + w * tensor(target, False)  # a gradient that depends on w
            optimizer.step()
        (p * p).sum().backward()
        return p, w.grad

    p, g = run(adjoint, ours)
    q, h = run(torch, theirs)
    # PyTorch computes with the step's number in float32 here, Adjoint in float64.
    np.testing.assert_allclose(p._array, q.detach().numpy(), rtol=5e-5)
    np.testing.assert_allclose(g._array, h.numpy(), rtol=5e-4, atol=1e-7)


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_lbfgs_minimizes_as_pytorchs(search):
    rng = np.random.default_rng(0)
    start = rng.standard_normal(5)
    matrix = rng.standard_normal((5, 5))
    matrix = matrix @ matrix.T + np.eye(5)

    def run(package, tensor):
        w, a = tensor(start), tensor(matrix, False)
        optimizer = package.optim.LBFGS([w], lr=0.3, max_iter=6, line_search_fn=search)

        def closure():
            optimizer.zero_grad()
            y = (a * w).sum(1)
            loss = (w * y).sum() + (w * w * w * w).sum()
            loss.backward()
            return loss

        losses = [float(optimizer.step(closure)) for _ in range(4)]
        assert optimizer._params[0] is w and optimizer.state[optimizer._params[0]]["n_iter"] > 0
        return losses, w, optimizer.state_dict()["state"][0]

    losses, w, state = run(adjoint, ours)
    expected, v, their_state = run(torch, theirs)
    np.testing.assert_allclose(losses, expected, rtol=1e-6, atol=1e-10)
    np.testing.assert_allclose(w._array, v.detach().numpy(), rtol=1e-4, atol=1e-6)
    assert sorted(state) == sorted(their_state)
    assert state["func_evals"] == their_state["func_evals"] and state["n_iter"] == their_state["n_iter"]


def test_an_optimizer_survives_pickling():
    a, b, mine, other = train("Adam", {}, steps=2)
    state = pickle.loads(pickle.dumps(a.state_dict()["param_groups"]))
    assert state == b.state_dict()["param_groups"]


SCHEDULERS = {
    "LambdaLR": {"lr_lambda": lambda e: 0.9**e},
    "MultiplicativeLR": {"lr_lambda": lambda e: 0.9},
    "StepLR": {"step_size": 3},
    "MultiStepLR": {"milestones": [2, 5, 5]},
    "ConstantLR": {"factor": 0.5, "total_iters": 4},
    "LinearLR": {"total_iters": 7},
    "ExponentialLR": {"gamma": 0.8},
    "PolynomialLR": {"total_iters": 8, "power": 2.0},
    "CosineAnnealingLR": {"T_max": 6, "eta_min": 0.01},
    "CosineAnnealingWarmRestarts": {"T_0": 3, "T_mult": 2},
    "CyclicLR": {"base_lr": 0.1, "max_lr": 0.5, "step_size_up": 3, "mode": "triangular2"},
    "CyclicLR exp": {
        "base_lr": 0.1,
        "max_lr": 0.5,
        "step_size_up": 3,
        "step_size_down": 5,
        "mode": "exp_range",
        "gamma": 0.9,
    },
    "OneCycleLR": {"max_lr": [0.5, 1.0], "total_steps": 30},
    "OneCycleLR three": {
        "max_lr": 0.5,
        "epochs": 5,
        "steps_per_epoch": 5,
        "three_phase": True,
        "anneal_strategy": "linear",
    },
}


def two_groups(package, tensor, algorithm="SGD"):
    options = {"momentum": 0.9} if algorithm == "SGD" else {}
    return getattr(package.optim, algorithm)(
        [{"params": [tensor([1.0])]}, {"params": [tensor([2.0])], "lr": 0.3}], lr=0.1, **options
    )


def rates(optimizer, scheduler, steps, *args):
    seen = []
    for i in range(steps):
        seen.append([(g["lr"], g.get("momentum"), g.get("betas")) for g in optimizer.param_groups])
        optimizer.step()
        scheduler.step(*(a(i) for a in args))
        assert scheduler.get_last_lr() == [g["lr"] for g in optimizer.param_groups]
    return seen


@pytest.mark.parametrize("algorithm", ["SGD", "Adam"])
@pytest.mark.parametrize("name", SCHEDULERS)
def test_schedules_agree_with_pytorch(name, algorithm):
    found = []
    for package, tensor in ((adjoint, ours), (torch, theirs)):
        optimizer = two_groups(package, tensor, algorithm)
        scheduler = getattr(package.optim.lr_scheduler, name.split()[0])(optimizer, **SCHEDULERS[name])
        found.append((rates(optimizer, scheduler, 20), scheduler.state_dict()))
    assert found[0] == found[1]


@pytest.mark.filterwarnings("ignore:The epoch parameter")
@pytest.mark.parametrize("name", [n for n in SCHEDULERS if "Cy" not in n])
def test_a_step_to_a_given_epoch_uses_the_closed_form(name):
    found = []
    for package, tensor in ((adjoint, ours), (torch, theirs)):
        optimizer = two_groups(package, tensor)
        scheduler = getattr(package.optim.lr_scheduler, name.split()[0])(optimizer, **SCHEDULERS[name])
        seen = []
        for epoch in (1, 4, 2, 7):
            optimizer.step()
            scheduler.step(epoch)
            seen.append(scheduler.get_last_lr())
        found.append(seen)
    np.testing.assert_allclose(found[0], found[1], rtol=1e-15)


def test_plateaus_are_found_as_by_pytorch():
    metrics = [5, 4, 4, 4, 4, 3.9999, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 2, 3]
    for options in ({}, {"mode": "max", "threshold_mode": "abs"}, {"cooldown": 2, "min_lr": [0.05, 0.01]}):
        found = []
        for package, tensor in ((adjoint, ours), (torch, theirs)):
            optimizer = two_groups(package, tensor)
            scheduler = package.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=2, **options)
            found.append((rates(optimizer, scheduler, 20, lambda i: metrics[i]), scheduler.state_dict()))
        assert found[0] == found[1]


def test_schedulers_in_sequence_and_in_a_chain_agree_with_pytorch():
    for kind in ("sequence", "chain"):
        found = []
        for package, tensor in ((adjoint, ours), (torch, theirs)):
            optimizer = two_groups(package, tensor)
            s = package.optim.lr_scheduler
            parts = [
                s.LinearLR(optimizer, 0.1, total_iters=4),
                s.CosineAnnealingLR(optimizer, 10),
                s.ExponentialLR(optimizer, 0.9),
            ]
            made = s.SequentialLR(optimizer, parts, [4, 9]) if kind == "sequence" else s.ChainedScheduler(parts)
            found.append((rates(optimizer, made, 18), made.state_dict()))
        assert found[0] == found[1]


def test_a_scheduler_state_goes_on_where_it_was_taken():
    optimizer = two_groups(adjoint, ours)
    scheduler = adjoint.optim.lr_scheduler.CosineAnnealingLR(optimizer, 10)
    rates(optimizer, scheduler, 4)
    other = two_groups(adjoint, ours)
    resumed = adjoint.optim.lr_scheduler.CosineAnnealingLR(other, 10)
    resumed.load_state_dict(scheduler.state_dict())
    other.load_state_dict(optimizer.state_dict())
    assert rates(other, resumed, 4) == rates(optimizer, scheduler, 4)


def test_the_wrong_order_of_steps_is_told():
    messages = []
    for package, tensor in ((adjoint, ours), (torch, theirs)):
        scheduler = package.optim.lr_scheduler.StepLR(two_groups(package, tensor), 2)
        with pytest.warns(UserWarning) as caught:
            scheduler.step()
        messages.append([str(w.message) for w in caught])
    assert messages[0] == messages[1]


def test_a_learning_rate_that_is_a_tensor_is_scheduled_in_place():
    w = ours([1.0])
    lr = from_array(np.array(0.1))
    optimizer = adjoint.optim.SGD([w], lr=lr)
    scheduler = adjoint.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    w.grad = from_array(np.ones(1))
    optimizer.step()
    scheduler.step()
    assert optimizer.param_groups[0]["lr"] is lr and np.isclose(lr._array, 0.05) and np.isclose(w._array, 0.9)


def test_averages_of_models_agree_with_pytorch():
    found = []
    for package in (adjoint, torch):
        utils = package.optim.swa_utils
        package.manual_seed(0)
        model = package.nn.Linear(3, 2)
        averages = [
            utils.AveragedModel(model),
            utils.AveragedModel(model, multi_avg_fn=utils.get_ema_multi_avg_fn(0.9)),
            utils.AveragedModel(model, avg_fn=utils.get_ema_avg_fn(0.9)),
        ]
        for i in range(4):
            with package.no_grad():
                for p in model.parameters():
                    p.mul_(1.5).add_(i)
            for average in averages:
                average.update_parameters(model)
        found.append([as_numpy(p.detach()) for average in averages for p in average.parameters()])
        assert [int(average.n_averaged) for average in averages] == [4, 4, 4]
    for a, b in zip(*found):
        np.testing.assert_allclose(a, b, rtol=1e-5)


@pytest.mark.parametrize(
    "options", [{"anneal_epochs": 4}, {"anneal_epochs": 0}, {"anneal_strategy": "linear"}], ids=str
)
def test_the_rate_of_weight_averaging_agrees_with_pytorch(options):
    found = []
    for package, tensor in ((adjoint, ours), (torch, theirs)):
        optimizer = two_groups(package, tensor)
        scheduler = package.optim.swa_utils.SWALR(optimizer, swa_lr=0.05, **options)
        found.append([[g["lr"] for g in optimizer.param_groups]])
        for _ in range(12):
            optimizer.step()
            scheduler.step()
            found[-1].append(scheduler.get_last_lr())
    np.testing.assert_allclose(found[0], found[1], rtol=1e-12)


def test_batch_statistics_are_computed_anew():
    found = []
    batches = np.random.default_rng(0).standard_normal((4, 8, 3)).astype(np.float32)
    for package, tensor in ((adjoint, ours), (torch, theirs)):
        model = package.nn.Sequential(package.nn.BatchNorm1d(3)).eval()
        package.optim.swa_utils.update_bn([tensor(b, False) for b in batches], model)
        assert not model.training and model[0].momentum == 0.1
        found.append(as_numpy(model[0].running_mean))
    np.testing.assert_allclose(found[0], found[1], rtol=1e-5)


@pytest.mark.parametrize("shape", [(4, 3), (2, 3), (1, 2), (6,)], ids=str)
@pytest.mark.parametrize("name", ["Adam", "SGD", "RMSprop", "Adagrad", "Adadelta", "NAdam", "RAdam", "Adamax"])
def test_the_state_of_another_parameter_is_refused(name, shape):
    # Of as many elements, too: they would be taken for those of other places.
    options = {"lr": 0.1, **({"momentum": 0.9} if name == "SGD" else {})}
    saved = adjoint.ones(shape).requires_grad_()
    saved.grad = adjoint.ones(shape)
    first = getattr(adjoint.optim, name)([saved], **options)
    first.step()
    p = adjoint.ones(3, 2).requires_grad_()
    p.grad = adjoint.ones(3, 2)
    second = getattr(adjoint.optim, name)([p], **options)
    second.load_state_dict(first.state_dict())
    with pytest.raises(RuntimeError, match=r"The size of tensor a|doesn't match the broadcast shape"):
        second.step()
    assert p.eq(1).all()
