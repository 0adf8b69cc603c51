"""Markov chains by Pyro: HMC and NUTS on a regression and on discrete variables that are summed out, importance sampling."""

# packages: pyro-ppl pyro-api

import pyro
import pyro.distributions as dist
import torch
from pyro.infer import HMC, MCMC, NUTS, EmpiricalMarginal, Importance, infer_discrete
from pyro.infer.mcmc.util import initialize_model


def show(what: str, *values: object) -> None:
    numbers = [v for value in values for v in torch.as_tensor(value).detach().double().flatten().tolist()]
    print(f"{what}:", *(f"{v:.6g}" for v in numbers))


torch.set_default_dtype(torch.float64)
pyro.set_rng_seed(0)
x = torch.randn(20, 2)
y = x @ torch.tensor([1.0, -2.0]) + 0.1 * torch.randn(20)


def regression(x: torch.Tensor, y: torch.Tensor) -> None:
    weights = pyro.sample("weights", dist.Normal(0.0, 1.0).expand([2]).to_event(1))
    noise = pyro.sample("noise", dist.LogNormal(-1.0, 1.0))
    with pyro.plate("data", len(x)):
        pyro.sample("obs", dist.Normal(x @ weights, noise), obs=y)


for kernel in (HMC(regression, step_size=0.05, num_steps=4), NUTS(regression, max_tree_depth=5)):
    pyro.set_rng_seed(1)
    chain = MCMC(kernel, num_samples=10, warmup_steps=10, disable_progbar=True)
    chain.run(x, y)
    samples = chain.get_samples()
    show(type(kernel).__name__, *(samples[name].sum(0) for name in sorted(samples)), samples["weights"][-1])

hidden = torch.tensor([0.1, 0.2, 1.9, 2.1, 0.0, 2.0])


def switching(data: torch.Tensor) -> torch.Tensor:
    stay = pyro.sample("stay", dist.Beta(3.0, 1.0))
    state = torch.zeros((), dtype=torch.long)
    for i in pyro.markov(range(len(data))):
        chances = torch.stack([torch.where(state == 0, stay, 1 - stay), torch.where(state == 0, 1 - stay, stay)], -1)
        state = pyro.sample(f"state_{i}", dist.Categorical(chances), infer={"enumerate": "parallel"})
        pyro.sample(f"obs_{i}", dist.Normal(state.to(data.dtype) * 2, 0.3), obs=data[i])
    return state


pyro.set_rng_seed(2)
initial, potential, _, _ = initialize_model(switching, (hidden,), max_plate_nesting=0)
show("potential", *initial.values(), potential(initial))
chain = MCMC(NUTS(switching, max_plate_nesting=0), num_samples=5, warmup_steps=5, disable_progbar=True)
chain.run(hidden)
show("switching", chain.get_samples()["stay"])
decoded = infer_discrete(pyro.condition(switching, {"stay": torch.tensor(0.7)}), first_available_dim=-1, temperature=0)
trace = pyro.poutine.trace(decoded).get_trace(hidden)
show("decoded", *(trace.nodes[f"state_{i}"]["value"] for i in range(len(hidden))))


def weighing() -> torch.Tensor:
    weight = pyro.sample("weight", dist.Normal(8.5, 1.0))
    return pyro.sample("measurement", dist.Normal(weight, 0.75), obs=torch.tensor(9.5))


pyro.set_rng_seed(3)
marginal = EmpiricalMarginal(Importance(weighing, num_samples=50).run(), "weight")
show("importance", marginal.mean, marginal.variance, marginal.sample((3,)))
