"""Exact Gaussian processes by GPyTorch: fitting by marginal likelihood, predictions, samples, kernels, several tasks, CG solves."""

# packages: gpytorch linear_operator jaxtyping mpmath

import math

import gpytorch
import torch


def show(what: str, *values: object) -> None:
    numbers = [v for value in values for v in torch.as_tensor(value).detach().double().flatten().tolist()]
    print(f"{what}:", *(f"{v:.6g}" for v in numbers))


torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
x = torch.linspace(0, 1, 25)
y = torch.sin(x * (2 * math.pi)) + 0.1 * torch.randn(x.size())


class Exact(gpytorch.models.ExactGP):
    def __init__(self, x, y, likelihood, kernel):
        super().__init__(x, y, likelihood)
        self.mean_module = gpytorch.means.ConstantMean()
        self.covar_module = kernel

    def forward(self, x):
        return gpytorch.distributions.MultivariateNormal(self.mean_module(x), self.covar_module(x))


K = gpytorch.kernels
for kernel in (
    K.ScaleKernel(K.RBFKernel()),
    K.ScaleKernel(K.MaternKernel(nu=2.5)),
    K.ScaleKernel(K.PeriodicKernel()) + K.LinearKernel(),
    K.ScaleKernel(K.RBFKernel() * K.RQKernel()),
    K.SpectralMixtureKernel(num_mixtures=3),
    K.ScaleKernel(K.PolynomialKernel(power=2)),
):
    torch.manual_seed(1)
    likelihood = gpytorch.likelihoods.GaussianLikelihood(noise_prior=gpytorch.priors.GammaPrior(1.5, 1.0))
    model = Exact(x, y, likelihood, kernel)
    if isinstance(kernel, K.SpectralMixtureKernel):
        kernel.initialize_from_data(x, y)
    name = " ".join(type(m).__name__ for m in kernel.modules() if isinstance(m, K.Kernel))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    mll = gpytorch.mlls.ExactMarginalLogLikelihood(likelihood, model)
    model.train(), likelihood.train()
    losses = []
    for _ in range(8):
        optimizer.zero_grad()
        loss = -mll(model(x), y)
        loss.backward()
        losses.append(loss.item())
        optimizer.step()
    show(name, losses[0], losses[3], losses[-1])
    show("  parameters", *(p for _, p in sorted(model.named_parameters())))
    model.eval(), likelihood.eval()
    with torch.no_grad(), gpytorch.settings.fast_pred_var():
        test = torch.linspace(-0.1, 1.1, 5)
        predicted = likelihood(model(test))
        show("  predicted", predicted.mean, predicted.variance, *predicted.confidence_region())
        show("  sample", predicted.sample(torch.Size((2,))))

torch.manual_seed(2)
tasks = torch.stack([torch.sin(x * 6), torch.cos(x * 6)], -1)


class Several(gpytorch.models.ExactGP):
    def __init__(self, x, y, likelihood):
        super().__init__(x, y, likelihood)
        self.mean_module = gpytorch.means.MultitaskMean(gpytorch.means.ConstantMean(), num_tasks=2)
        self.covar_module = K.MultitaskKernel(K.RBFKernel(), num_tasks=2, rank=1)

    def forward(self, x):
        return gpytorch.distributions.MultitaskMultivariateNormal(self.mean_module(x), self.covar_module(x))


likelihood = gpytorch.likelihoods.MultitaskGaussianLikelihood(num_tasks=2)
model = Several(x, tasks, likelihood)
optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
mll = gpytorch.mlls.ExactMarginalLogLikelihood(likelihood, model)
for step in range(4):
    optimizer.zero_grad()
    loss = -mll(model(x), tasks)
    loss.backward()
    optimizer.step()
    show(f"several tasks {step}", loss)
model.eval(), likelihood.eval()
with torch.no_grad():
    show("several tasks predicted", likelihood(model(torch.tensor([0.2, 0.7]))).mean)

torch.manual_seed(3)
likelihood = gpytorch.likelihoods.GaussianLikelihood()
model = Exact(x, y, likelihood, K.ScaleKernel(K.RBFKernel()))
mll = gpytorch.mlls.ExactMarginalLogLikelihood(likelihood, model)
with gpytorch.settings.max_cholesky_size(5), gpytorch.settings.num_trace_samples(20), gpytorch.settings.cg_tolerance(1e-6):
    loss = -mll(model(x), y)
    loss.backward()
show("conjugate gradients", loss, *(p.grad for _, p in sorted(model.named_parameters())))
