"""Pyro's own distributions and transforms: densities, samples from a seed, gradients of samples, normalizing flows, conjugacy."""

# packages: pyro-ppl pyro-api

import pyro
import pyro.distributions as dist
import pyro.distributions.transforms as transforms
import torch


def show(what: str, *values: object) -> None:
    numbers = [v for value in values for v in torch.as_tensor(value).detach().double().flatten().tolist()]
    print(f"{what}:", *(f"{v:.6g}" for v in numbers))


torch.set_default_dtype(torch.float64)
t = torch.tensor
covariance = t([[2.0, 0.5], [0.5, 1.0]])
for made in (
    dist.AffineBeta(t(2.0), t(3.0), t(1.0), t(2.0)),
    dist.AsymmetricLaplace(t(0.5), t(1.0), t(2.0)),
    dist.BetaBinomial(t(2.0), t(3.0), 10),
    dist.Delta(t([1.0, 2.0]), event_dim=1),
    dist.DirichletMultinomial(t([1.0, 2.0, 0.5]), 5),
    dist.ExtendedBinomial(t(3), t(0.4)),
    dist.GammaPoisson(t(2.0), t(0.5)),
    dist.InverseGamma(t(3.0), t(2.0)),
    dist.Logistic(t(0.3), t(1.5)),
    dist.LKJ(3, t(1.5)),
    dist.MaskedMixture(t([True, False]), dist.Normal(t(0.0), 1.0).expand([2]), dist.Normal(t(5.0), 1.0).expand([2])),
    dist.MixtureOfDiagNormals(t([[0.0, 1.0], [4.0, 5.0]]), torch.ones(2, 2), torch.zeros(2)),
    dist.MultivariateStudentT(t(4.0), torch.zeros(2), torch.linalg.cholesky(covariance)),
    dist.OrderedLogistic(t(0.5), t([-1.0, 0.0, 1.5])),
    dist.ProjectedNormal(t([1.0, 0.0, 0.5])),
    dist.SineSkewed(dist.VonMises(t([0.5]), t([2.0])).to_event(1), t([0.3])),
    dist.SkewLogistic(t(0.1), t(1.0), t(2.0)),
    dist.SoftLaplace(t(0.0), t(1.5)),
    dist.Stable(t(1.5), t(0.3), t(1.0), t(0.0)),
    dist.TruncatedPolyaGamma(t(1.0)),
    dist.VonMises3D(t([1.0, 0.5, 0.2])),
    dist.Weibull(t(1.0), t(2.0)),
    dist.ZeroInflatedPoisson(t(2.0), gate=t(0.3)),
    dist.ZeroInflatedNegativeBinomial(t(3.0), probs=t(0.4), gate=t(0.2)),
    dist.Normal(t([0.0, 1.0]), 2.0).mask(t([True, False])),
    dist.Gamma(t(0.5), t(2.0)).expand_by([3]).to_event(1),
    dist.Exponential(t(2.0)),
):
    pyro.set_rng_seed(0)
    name = type(made).__name__
    print(name, tuple(made.batch_shape), tuple(made.event_shape), made.has_rsample, made.support)
    try:
        sample = made.sample((2,))
        show(f"{name} sample", sample)
        show(f"{name} log_prob", made.log_prob(sample))
    except NotImplementedError as error:
        print(name, "is refused", error)

pyro.set_rng_seed(1)
hmm = dist.GaussianHMM(
    dist.MultivariateNormal(torch.zeros(2), covariance),
    torch.eye(2) * 0.9,
    dist.MultivariateNormal(torch.zeros(2), covariance),
    torch.eye(2),
    dist.MultivariateNormal(torch.zeros(2), torch.eye(2)),
    duration=5,
)
data = hmm.sample()
show("GaussianHMM", data, hmm.log_prob(data), hmm.filter(data).loc)
initial, transition = torch.log(t([0.6, 0.4])), torch.log(t([[0.7, 0.3], [0.2, 0.8]]))
show("DiscreteHMM", dist.DiscreteHMM(initial, transition, dist.Normal(t([0.0, 3.0]), 1.0)).log_prob(t([0.1, 2.9, 3.2, -0.4])))

for make in (
    lambda: transforms.affine_autoregressive(3, hidden_dims=[8]),
    lambda: transforms.affine_coupling(4, hidden_dims=[8]),
    lambda: transforms.batchnorm(3),
    lambda: transforms.block_autoregressive(2),
    lambda: transforms.householder(3, count_transforms=2),
    lambda: transforms.matrix_exponential(3),
    lambda: transforms.planar(3),
    lambda: transforms.polynomial(3, hidden_dims=[8]),
    lambda: transforms.radial(3),
    lambda: transforms.spline(3, count_bins=4),
    lambda: transforms.spline_autoregressive(3, hidden_dims=[8], count_bins=4),
    lambda: transforms.sylvester(3),
):
    pyro.set_rng_seed(2)
    transform = make()
    size = 4 if "Coupling" in type(transform).__name__ else 2 if "Block" in type(transform).__name__ else 3
    flow = dist.TransformedDistribution(dist.Normal(torch.zeros(size), 1.0).to_event(1), [transform])
    x = flow.rsample((4,))
    loss = x.pow(2).sum() - flow.log_prob(x).sum()
    loss.backward()
    gradients = [p.grad.sum() for p in getattr(transform, "parameters", list)() if p.grad is not None]
    show(type(transform).__name__, loss, *gradients)
