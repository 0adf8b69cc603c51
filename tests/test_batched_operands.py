"""Every expression of the tables under vmap, with each combination of its operands batched: what a loop over the samples gives.

`make unit` runs this a second time with every array large, where kernels are handed what is batched and what is not.
"""

from __future__ import annotations

import itertools
import warnings
from typing import Any

import numpy as np
import pytest
from samples import NOT_DIFFERENTIABLE, samples_of, values

import adjoint
from adjoint.declare.namespaces import OPERATORS

EXPRESSIONS = sorted({sample for key, operator in OPERATORS.items() for sample in samples_of(key, operator)})
WITHOUT = {
    "F.rrelu(x, 0.2, 0.2, training=True)": "no vmap has it",
    "torch._standard_gamma(p, generator=torch.Generator().manual_seed(1))": "a vmap draws random numbers only where it is asked to",
}
SPACE = {"torch": adjoint, "F": adjoint.nn.functional}
PARTS = 16


def _tensors(names: list[str]) -> dict[str, Any]:
    plain = {n: adjoint.tensor(values()[n]) for n in names}
    return {n: t.double() if n not in NOT_DIFFERENTIABLE else t for n, t in plain.items()}


def _flat(r: Any) -> list[Any]:
    return [a for part in r for a in _flat(part)] if isinstance(r, (tuple, list)) else [r]


def _floating(r: Any) -> list[Any]:
    return [t for t in _flat(r) if t.is_floating_point() or t.is_complex()]


def _loss(r: Any) -> Any:
    total = sum((t * (1 + adjoint.arange(t.numel()).reshape(t.shape) % 3)).sum() for t in _floating(r))
    return total.real if total.is_complex() else total


def _derivatives(f: Any, names: list[str]) -> Any:
    """The function, its gradient and its tangent in all floating operands, as functions of all operands."""
    places = tuple(i for i, n in enumerate(names) if n not in NOT_DIFFERENTIABLE)

    def all_of(*operands: Any) -> Any:
        result = f(*operands)
        if not places or not _floating(result):
            return _flat(result)
        gradient = adjoint.func.grad(lambda *given: _loss(f(*given)), places)(*operands)

        def pushed(*given: Any) -> Any:
            made = list(operands)
            for i, x in zip(places, given):
                made[i] = x
            return _flat(f(*made))

        floating = tuple(operands[i] for i in places)
        tangent = adjoint.func.jvp(pushed, floating, tuple(x * 0.5 for x in floating))[1]
        return [*_flat(result), *gradient, *tangent]

    return all_of


def _refused(error: Exception) -> bool:
    reasons = ("dynamic shape", "(self, *extra_args) is not possible", "doesn't match the broadcast shape", "is not implemented")
    reasons += ("return a differently shaped Tensor",)
    return any(reason in str(error) for reason in reasons)


def _compare(sample: str) -> None:
    names = [n for n in dict.fromkeys(compile(sample, "sample", "eval").co_names) if n in values()]
    operands = _tensors(names)
    space = {**SPACE, "eye": adjoint.eye(3, dtype=adjoint.float64)}
    f = _derivatives(eval(f"lambda {', '.join(names)}: {sample}", space), names)
    batches = {n: adjoint.stack([x, x.flip(tuple(range(x.ndim))), x.roll(1)]) for n, x in operands.items()}
    for count in range(1, len(names) + 1):
        for chosen in itertools.combinations(names, count):
            given = [batches[n] if n in chosen else operands[n] for n in names]
            try:
                looped = [f(*(x[i].clone() if n in chosen else x for n, x in zip(names, given))) for i in range(3)]
                found = adjoint.func.vmap(f, tuple(0 if n in chosen else None for n in names))(*given)
            except (RuntimeError, NotImplementedError) as error:
                if _refused(error):
                    continue
                raise
            for a, b in zip(found, [adjoint.stack(parts) for parts in zip(*looped)]):
                same = np.allclose(*(t.detach().resolve_neg().resolve_conj().numpy() for t in (a, b)), 1e-9, 1e-9, equal_nan=True)
                assert a.shape == b.shape and same, f"{sample}: {', '.join(chosen)} batched"


@pytest.mark.parametrize("part", range(PARTS))
def test_any_combination_of_batched_operands_gives_what_a_loop_gives(part: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for sample in EXPRESSIONS[part::PARTS]:
            if sample not in WITHOUT:
                _compare(sample)


def test_a_product_adds_a_bias_of_each_sample_where_arrays_are_large() -> None:
    weight, x, biases = adjoint.ones(200, 100), adjoint.ones(300, 100), adjoint.arange(600.0).reshape(3, 200)
    found = adjoint.func.vmap(lambda b: adjoint.nn.functional.linear(x, weight, b))(biases)
    assert adjoint.equal(found, (100 + biases)[:, None].expand(3, 300, 200))


def test_a_layer_and_its_activation_add_a_bias_of_each_sample_where_arrays_are_large() -> None:
    net = adjoint.nn.Sequential(adjoint.nn.Linear(100, 200), adjoint.nn.ReLU())
    x, biases = adjoint.randn(300, 100), adjoint.randn(3, 200)
    named = {k: v.detach() for k, v in net.named_parameters()}
    run = lambda bias: adjoint.func.functional_call(net, {**named, "0.bias": bias}, (x,))
    found = adjoint.func.vmap(run)(biases)
    assert adjoint.allclose(found, adjoint.stack([run(bias) for bias in biases]))
