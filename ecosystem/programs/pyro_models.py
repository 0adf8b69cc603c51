"""Models of Pyro: a VAE by three objectives, a module with Bayesian weights, reparametrizations, a Gaussian process, SVGD."""

# packages: pyro-ppl pyro-api

import pyro
import pyro.contrib.gp as gp
import pyro.distributions as dist
import torch
from pyro.infer import SVGD, SVI, RBFSteinKernel, RenyiELBO, Trace_ELBO, TraceGraph_ELBO
from pyro.infer.autoguide import AutoDiagonalNormal, AutoGuideList, AutoNormal, init_to_median
from pyro.infer.reparam import LocScaleReparam, TransformReparam
from pyro.nn import PyroModule, PyroParam, PyroSample
from pyro.optim import Adam, PyroLRScheduler
from torch import nn
from torch.distributions import constraints


def show(what: str, *values: object) -> None:
    numbers = [v for value in values for v in torch.as_tensor(value).detach().double().flatten().tolist()]
    print(f"{what}:", *(f"{v:.6g}" for v in numbers))


class VAE(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(12, 16), nn.Softplus(), nn.Linear(16, 6))
        self.decoder = nn.Sequential(nn.Linear(3, 16), nn.Softplus(), nn.Linear(16, 12), nn.Sigmoid())

    def model(self, x: torch.Tensor) -> torch.Tensor:
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", len(x)):
            z = pyro.sample("latent", dist.Normal(x.new_zeros(len(x), 3), 1.0).to_event(1))
            chances = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(chances, validate_args=False).to_event(1), obs=x)
            return chances

    def guide(self, x: torch.Tensor) -> None:
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", len(x)):
            loc, scale = self.encoder(x).chunk(2, -1)
            pyro.sample("latent", dist.Normal(loc, scale.exp()).to_event(1))


pyro.set_rng_seed(0)
data = torch.rand(24, 12)
for elbo in (Trace_ELBO(), RenyiELBO(alpha=0.5, num_particles=2), TraceGraph_ELBO()):
    pyro.clear_param_store()
    pyro.set_rng_seed(1)
    vae = VAE()
    svi = SVI(vae.model, vae.guide, Adam({"lr": 1e-2}), elbo)
    show(f"VAE {type(elbo).__name__}", *(svi.step(data[i : i + 8]) for _ in range(2) for i in (0, 8, 16)))


class Bayesian(PyroModule):
    def __init__(self) -> None:
        super().__init__()
        self.linear = PyroModule[nn.Linear](3, 1)
        self.linear.weight = PyroSample(dist.Normal(0.0, 1.0).expand([1, 3]).to_event(2))
        self.scale = PyroParam(torch.tensor(0.5), constraint=constraints.positive)

    def forward(self, x: torch.Tensor, y: torch.Tensor | None = None) -> torch.Tensor:
        mean = self.linear(x).squeeze(-1)
        with pyro.plate("data", len(x)):
            return pyro.sample("obs", dist.StudentT(4.0, mean, self.scale), obs=y)


pyro.clear_param_store()
pyro.set_rng_seed(2)
x = torch.randn(20, 3)
model = Bayesian()
guide = AutoDiagonalNormal(model, init_loc_fn=init_to_median)
schedule = PyroLRScheduler(
    torch.optim.lr_scheduler.ExponentialLR, {"optimizer": torch.optim.Adam, "optim_args": {"lr": 0.05}, "gamma": 0.9}
)
svi = SVI(model, guide, schedule, Trace_ELBO())
for epoch in range(4):
    show(f"Bayesian {epoch}", svi.step(x, x.sum(-1)))
    schedule.step()
show("  quantiles", *(v for q in guide.quantiles([0.25, 0.75]).values() for v in q))


def funnel() -> None:
    y = pyro.sample("y", dist.Normal(0.0, 3.0))
    x = pyro.sample("x", dist.Normal(torch.zeros(3), (y / 2).exp()).to_event(1))
    base = dist.Normal(x.sum(), 1.0)
    pyro.sample("z", dist.TransformedDistribution(base, [dist.transforms.ExpTransform()]))


pyro.clear_param_store()
pyro.set_rng_seed(3)
reparametrized = pyro.poutine.reparam(funnel, config={"x": LocScaleReparam(0.0), "z": TransformReparam()})
guides = AutoGuideList(reparametrized)
guides.append(AutoNormal(pyro.poutine.block(reparametrized, expose=["y"])))
guides.append(AutoNormal(pyro.poutine.block(reparametrized, hide=["y"])))
svi = SVI(reparametrized, guides, Adam({"lr": 0.02}), Trace_ELBO())
show("funnel", *(svi.step() for _ in range(6)))

pyro.clear_param_store()
pyro.set_rng_seed(4)
kernel = gp.kernels.RBF(1, variance=torch.tensor(1.0), lengthscale=torch.tensor(0.5))
process = gp.models.GPRegression(torch.linspace(0, 1, 10), torch.linspace(0, 6, 10).sin(), kernel, noise=torch.tensor(0.1))
optimizer = torch.optim.Adam(process.parameters(), lr=0.05)
loss_fn = Trace_ELBO().differentiable_loss
for step in range(4):
    optimizer.zero_grad()
    loss = loss_fn(process.model, process.guide)
    loss.backward()
    optimizer.step()
    show(f"GP {step}", loss)
show("  predicted", *process(torch.tensor([0.25, 0.8]), full_cov=True))


def target(steps: int) -> None:
    pyro.sample("p", dist.StudentT(3.0, 1.0, 0.5))


pyro.clear_param_store()
pyro.set_rng_seed(5)
svgd = SVGD(target, RBFSteinKernel(), Adam({"lr": 0.1}), num_particles=8, max_plate_nesting=0)
for _ in range(5):
    norms = svgd.step(1)
show("SVGD", *norms.values(), *svgd.get_named_particles().values())
