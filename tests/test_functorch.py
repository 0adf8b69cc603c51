"""functorch, the old spelling of torch.func: what its names do, and what they warn of."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from tests.both import agree

HOMES = {"torch": ("functorch", "torch"), "adjoint": ("adjoint.functorch", "adjoint")}


def functorch(torch: Any, below: str = "") -> Any:
    return importlib.import_module(HOMES[torch.__name__][0] + below)


MODULES = {"adjoint._functorch.make_functional": "adjoint.functorch.stateless"}
"""Which module of Adjoint is PyTorch's ``torch._functorch.make_functional``: see ``adjoint.compat``."""


def inner(torch: Any, below: str) -> Any:
    home = HOMES[torch.__name__][1]
    return importlib.import_module(MODULES.get(home + below, home + below))


def _net(torch: Any) -> Any:
    return torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))


def _tied(torch: Any) -> Any:
    net = torch.nn.Sequential(torch.nn.Linear(2, 2, bias=False), torch.nn.Linear(2, 2, bias=False))
    net[1].weight = net[0].weight
    return net


def _gradients(torch: Any) -> Any:
    f = functorch(torch)
    func, params = f.make_functional(_net(torch))
    found = f.vmap(f.grad(lambda p, x: func(p, x).sum()), (None, 0))(params, torch.ones(3, 2))
    return func.param_names, func.names_map, [g.detach() for g in found]


def _ensemble(torch: Any) -> Any:
    f = functorch(torch)
    models = [torch.nn.BatchNorm1d(2).eval() for _ in range(2)]
    func, params, buffers = f.combine_state_for_ensemble(models)
    return params, buffers, torch.vmap(func, (0, 0, None))(params, buffers, torch.ones(3, 2))


def _buffers(torch: Any) -> Any:
    func, params, buffers = functorch(torch).make_functional_with_buffers(torch.nn.BatchNorm1d(2))
    made = func(params, buffers, torch.arange(6.0).reshape(3, 2))
    return func.buffer_names, func.all_names_map, made, buffers


def _many(torch: Any) -> Any:
    init = inner(torch, "._functorch.make_functional").functional_init
    params, func, names = init(torch.nn.Linear, (3,))(2, 2)
    return params, names, torch.vmap(func, (0, None))(params, (torch.ones(2),))


SCENARIOS: dict[str, Any] = {
    "gradients of a module": _gradients,
    "buffers": _buffers,
    "an ensemble": _ensemble,
    "an ensemble of nothing": lambda t: functorch(t).combine_state_for_ensemble([]),
    "an ensemble of two modes": lambda t: functorch(t).combine_state_for_ensemble([_net(t), _net(t).eval()]),
    "an ensemble of two kinds": lambda t: functorch(t).combine_state_for_ensemble([_net(t), t.nn.Linear(1, 1)]),
    "a module with buffers": lambda t: functorch(t).make_functional(t.nn.BatchNorm1d(2)),
    "tied parameters": lambda t: (lambda f, p: (len(p), f.names_map, f(p, t.ones(2))))(*functorch(t).make_functional(_tied(t))),
    "not tracked": lambda t: functorch(t).make_functional(_net(t), disable_autograd_tracking=True)[1],
    "printed": lambda t: print(functorch(t).make_functional(_net(t))[0]),
    "many of a class": _many,
    "none of a class": lambda t: inner(t, "._functorch.make_functional").functional_init(t.nn.Linear, (0,))(2, 2),
    "the value too": lambda t: functorch(t).grad_and_value(lambda x: x**2)(t.tensor(3.0)),
    "a Jacobian": lambda t: functorch(t).jacrev(t.sin)(t.ones(2)),
    "a Hessian": lambda t: functorch(t).hessian(lambda x: (x**3).sum())(t.ones(2)),
    "in chunks": lambda t: functorch(t, ".experimental").chunk_vmap(lambda x: x * 2, chunks=2)(t.arange(5.0)),
    "in one chunk": lambda t: functorch(t, ".experimental").chunk_vmap(lambda x: x * 2, chunks=1)(t.arange(5.0)),
    "in chunks along the second": lambda t: functorch(t, ".experimental").chunk_vmap(
        lambda x, y: x * y, (1, None), 1, chunks=3
    )(t.arange(6.0).reshape(2, 3), t.ones(2)),
    "an argument by number": lambda t: inner(t, "._functorch.eager_transforms")._slice_argnums((1, 2), -1),
    "dimensions merged": lambda t: inner(t, "._C._functorch").reshape_dim_into(0, 1, t.arange(24.0).reshape(2, 3, 4)),
    "a dimension divided": lambda t: inner(t, "._C._functorch").reshape_dim_outof(2, 2, t.arange(24.0).reshape(2, 3, 4)),
    "what a sample is": lambda t: t.vmap(lambda x: _told(t, x))(t.ones(2, 3)),
    "what no sample is": lambda t: inner(t, "._C._functorch").get_unwrapped(t.ones(2)),
}


def _told(torch: Any, x: Any) -> Any:
    ask = inner(torch, "._C._functorch")
    print(ask.is_batchedtensor(x), ask.is_functorch_wrapped_tensor(x), ask.maybe_get_bdim(x), ask.maybe_get_level(x))
    print(tuple(ask.get_unwrapped(x).shape), ask.maybe_get_level(torch.ones(1)), ask.maybe_get_bdim(torch.ones(1)))
    return x


@pytest.mark.parametrize("name", SCENARIOS)
def test_functorch(name: str) -> None:
    agree(SCENARIOS[name])


MADE = {
    "new_zeros": lambda t, x: x.new_zeros(2),
    "new_ones": lambda t, x: x.new_ones((2,)),
    "new_full": lambda t, x: x.new_full((2,), 3.0),
    "new_empty": lambda t, x: x.new_empty(2).zero_(),
    "new_empty_strided": lambda t, x: x.new_empty_strided((2,), (1,)).zero_(),
    "zeros_like": lambda t, x: t.zeros_like(x),
    "ones_like": lambda t, x: t.ones_like(x),
    "full_like": lambda t, x: t.full_like(x, 2),
}


@pytest.mark.parametrize("written", ["added", "set", "nested", "differentiated"])
@pytest.mark.parametrize("name", MADE)
def test_what_is_made_like_a_sample_may_be_written_to(name: str, written: str) -> None:
    def added(torch: Any, x: Any) -> Any:
        return MADE[name](torch, x).add_(x)

    def put(torch: Any, x: Any) -> Any:
        made = MADE[name](torch, x)
        made[0] = x[1] ** 2
        return made

    def scenario(torch: Any) -> Any:
        x = torch.arange(6.0).reshape(3, 2) - 2
        if written == "nested":
            return torch.vmap(torch.vmap(lambda s: put(torch, s)))(torch.stack([x, x + 1]))
        if written == "differentiated":
            return [torch.vmap(jac(lambda s: put(torch, s)))(x) for jac in (torch.func.jacrev, torch.func.jacfwd)]
        return torch.vmap(lambda s: added(torch, s) if written == "added" else put(torch, s))(x)

    agree(scenario, warnings_too=False)


CHUNKS: dict[str, Any] = {
    "a number": lambda t: t.func.jacrev(lambda x: x**2, chunk_size=1)(t.tensor(3.0)),
    "several": lambda t: t.func.jacrev(lambda x: (x**2, {"a": x.sum()}), chunk_size=1)(t.tensor([1.0, 2.0])),
    "beside another": lambda t: t.func.jacrev(lambda x: (x**2, x), chunk_size=1, has_aux=True)(t.tensor(3.0)),
    "what vmap cannot": lambda t: t.func.jacrev(lambda x: _dynamic(t).apply(x), chunk_size=1)(t.ones(2)),
    "what vmap cannot, in twos": lambda t: t.func.jacrev(lambda x: _dynamic(t).apply(x), chunk_size=2)(t.ones(2)),
}


def _dynamic(torch: Any) -> Any:
    class Own(torch.autograd.Function):
        @staticmethod
        def forward(x: Any) -> Any:
            return x * 2

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            pass

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            g.nonzero()
            return g * 2

    return Own


@pytest.mark.parametrize("name", CHUNKS)
def test_one_row_of_a_jacobian_at_a_time(name: str) -> None:
    agree(CHUNKS[name])


def test_stacked_models_agree_on_what_requires_grad() -> None:
    def scenario(torch: Any) -> Any:
        torch.func.stack_module_state([torch.nn.Linear(1, 1), torch.nn.Linear(1, 1).requires_grad_(False)])

    agree(scenario, raises=True)
