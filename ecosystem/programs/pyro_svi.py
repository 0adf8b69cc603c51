"""Stochastic variational inference by Pyro: a hand-written guide, autoguides, plates with subsampling, enumeration, a mixture."""

# packages: pyro-ppl pyro-api

import pyro
import pyro.distributions as dist
import torch
from pyro.infer import SVI, Predictive, Trace_ELBO, TraceEnum_ELBO, TraceMeanField_ELBO, config_enumerate
from pyro.infer.autoguide import (
    AutoDelta,
    AutoDiagonalNormal,
    AutoIAFNormal,
    AutoLowRankMultivariateNormal,
    AutoMultivariateNormal,
    AutoNormal,
)
from pyro.optim import Adam, ClippedAdam
from torch.distributions import constraints


def show(what: str, *values: object) -> None:
    numbers = [v for value in values for v in torch.as_tensor(value).detach().double().flatten().tolist()]
    print(f"{what}:", *(f"{v:.6g}" for v in numbers))


pyro.set_rng_seed(0)
x = torch.randn(40, 3)
y = x @ torch.tensor([1.0, -2.0, 0.5]) + 0.3 + 0.1 * torch.randn(40)


def regression(x: torch.Tensor, y: torch.Tensor | None = None) -> torch.Tensor:
    weights = pyro.sample("weights", dist.Normal(torch.zeros(3), 1.0).to_event(1))
    bias = pyro.sample("bias", dist.Laplace(0.0, 2.0))
    noise = pyro.sample("noise", dist.HalfCauchy(0.5))
    mean = pyro.deterministic("mean", x @ weights + bias)
    with pyro.plate("data", len(x)):
        return pyro.sample("obs", dist.Normal(mean, noise), obs=y)


for guide_class in (
    AutoDelta,
    AutoNormal,
    AutoDiagonalNormal,
    AutoMultivariateNormal,
    AutoLowRankMultivariateNormal,
    AutoIAFNormal,
):
    pyro.clear_param_store()
    pyro.set_rng_seed(1)
    guide = guide_class(regression)
    svi = SVI(regression, guide, Adam({"lr": 0.03}), Trace_ELBO())
    losses = [svi.step(x, y) for _ in range(15)]
    show(guide_class.__name__, losses[0], losses[7], losses[-1], svi.evaluate_loss(x, y))
    show("  parameters", *(p.sum() for _, p in sorted(pyro.get_param_store().items())))
    drawn = Predictive(regression, guide=guide, num_samples=3)(x[:2])
    show("  predictive", *(drawn[k].sum() for k in sorted(drawn)))

pyro.clear_param_store()
pyro.set_rng_seed(2)
tosses = torch.tensor([1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 0.0, 1.0])


def coin(data: torch.Tensor) -> None:
    fairness = pyro.sample("fairness", dist.Beta(2.0, 2.0))
    with pyro.plate("tosses", len(data), subsample_size=5) as index:
        pyro.sample("toss", dist.Bernoulli(fairness), obs=data[index])


def coin_guide(data: torch.Tensor) -> None:
    alpha = pyro.param("alpha", torch.tensor(3.0), constraint=constraints.positive)
    beta = pyro.param("beta", torch.tensor(3.0), constraint=constraints.positive)
    pyro.sample("fairness", dist.Beta(alpha, beta))
    with pyro.plate("tosses", len(data), subsample_size=5):
        pass


for loss in (Trace_ELBO(num_particles=2), TraceMeanField_ELBO()):
    svi = SVI(coin, coin_guide, ClippedAdam({"lr": 0.02}), loss)
    show(type(loss).__name__, *(svi.step(tosses) for _ in range(10)))
    show("  alpha and beta", pyro.param("alpha"), pyro.param("beta"))

pyro.clear_param_store()
pyro.set_rng_seed(3)
points = torch.cat([torch.randn(10) - 3, torch.randn(15) + 2])


@config_enumerate
def mixture(data: torch.Tensor) -> None:
    shares = pyro.sample("shares", dist.Dirichlet(torch.full((2,), 0.5)))
    with pyro.plate("components", 2):
        centers = pyro.sample("centers", dist.Normal(0.0, 5.0))
    with pyro.plate("data", len(data)):
        which = pyro.sample("which", dist.Categorical(shares))
        pyro.sample("obs", dist.Normal(centers[which], 1.0), obs=data)


guide = AutoNormal(pyro.poutine.block(mixture, expose=["shares", "centers"]), init_scale=0.1)
svi = SVI(mixture, guide, Adam({"lr": 0.1}), TraceEnum_ELBO(max_plate_nesting=1))
show("mixture", *(svi.step(points) for _ in range(10)))
show("  medians", *(v for _, v in sorted(guide.median().items())))
trace = pyro.poutine.trace(pyro.poutine.condition(mixture, data={"which": torch.zeros(25).long()})).get_trace(points)
show("  log probability", trace.log_prob_sum())
print(trace.format_shapes())
