"""Transforms of functions: per-sample gradients, Jacobians and Hessians."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bench.registry import workload


def _network(torch: Any) -> tuple[Any, dict[str, Any]]:
    network = torch.nn.Sequential(torch.nn.Linear(16, 32), torch.nn.Tanh(), torch.nn.Linear(32, 10))
    return network, {name: p.detach() for name, p in network.named_parameters()}


def _gradient_of_one_sample(torch: Any) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    network, parameters = _network(torch)

    def loss(parameters: Any, x: Any, y: Any) -> Any:
        out = torch.func.functional_call(network, parameters, (x.unsqueeze(0),))
        return torch.nn.functional.cross_entropy(out, y.unsqueeze(0))

    return torch.func.grad(loss), (parameters, torch.randn(256, 16), torch.randint(0, 10, (256,)))


@workload(at_least=1.0)
def per_sample_grads(torch: Any) -> Callable[[], Any]:
    """per-sample gradients of a 16-32-10 network with cross entropy, batch 256: vmap(grad(f))"""
    gradient, given = _gradient_of_one_sample(torch)
    batched = torch.func.vmap(gradient, in_dims=(None, 0, 0))
    return lambda: batched(*given)


@workload()
def per_sample_grads_in_a_loop(torch: Any) -> Callable[[], Any]:
    """the same by a Python loop over the samples: vmap(grad(f)) is to be 20 times as fast"""
    gradient, (parameters, xs, ys) = _gradient_of_one_sample(torch)
    return lambda: [gradient(parameters, x, y) for x, y in zip(xs, ys)]


@workload(at_least=1.0)
def jacobian_by_jacrev(torch: Any) -> Callable[[], Any]:
    """jacrev of a 16-32-10 network with respect to its input"""
    network, parameters = _network(torch)
    jacobian = torch.func.jacrev(lambda x: torch.func.functional_call(network, parameters, (x,)))
    x = torch.randn(16)
    return lambda: jacobian(x)


@workload(at_least=1.0)
def hessian_of_a_function(torch: Any) -> Callable[[], Any]:
    """hessian of a sum of sines of products of 16 numbers"""
    matrix = torch.randn(16, 16)
    second = torch.func.hessian(lambda x: (torch.sin(matrix @ x) * x).sum())
    x = torch.randn(16)
    return lambda: second(x)
