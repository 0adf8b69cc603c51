"""Variational Gaussian processes by GPyTorch: regression and classification with inducing points, likelihoods, a deep kernel."""

# packages: gpytorch linear_operator jaxtyping mpmath

import math

import gpytorch
import torch


def show(what: str, *values: object) -> None:
    numbers = [v for value in values for v in torch.as_tensor(value).detach().double().flatten().tolist()]
    print(f"{what}:", *(f"{v:.6g}" for v in numbers))


torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
x = torch.rand(60, 2)
y = torch.sin(x[:, 0] * (2 * math.pi)) + x[:, 1] + 0.1 * torch.randn(60)
V = gpytorch.variational


class Variational(gpytorch.models.ApproximateGP):
    def __init__(self, points, distribution, strategy):
        variational = distribution(points.size(0))
        super().__init__(strategy(self, points, variational, learn_inducing_locations=True))
        self.mean_module = gpytorch.means.LinearMean(2)
        self.covar_module = gpytorch.kernels.ScaleKernel(gpytorch.kernels.RBFKernel(ard_num_dims=2))

    def forward(self, x):
        return gpytorch.distributions.MultivariateNormal(self.mean_module(x), self.covar_module(x))


def fitted(model, likelihood, y, steps=5):
    parameters = [*model.parameters(), *likelihood.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.05)
    mll = gpytorch.mlls.VariationalELBO(likelihood, model, num_data=len(y))
    model.train(), likelihood.train()
    losses = []
    for _ in range(steps):
        for batch in torch.arange(len(y)).split(20):
            optimizer.zero_grad()
            loss = -mll(model(x[batch]), y[batch])
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    model.eval(), likelihood.eval()
    return losses[0], losses[7], losses[-1]


for distribution, strategy in (
    (V.CholeskyVariationalDistribution, V.VariationalStrategy),
    (V.MeanFieldVariationalDistribution, V.VariationalStrategy),
    (V.DeltaVariationalDistribution, V.VariationalStrategy),
    (V.CholeskyVariationalDistribution, V.UnwhitenedVariationalStrategy),
):
    torch.manual_seed(1)
    model, likelihood = Variational(x[:10].clone(), distribution, strategy), gpytorch.likelihoods.GaussianLikelihood()
    show(f"{distribution.__name__} {strategy.__name__}", *fitted(model, likelihood, y))
    with torch.no_grad():
        predicted = likelihood(model(x[:4]))
        show("  predicted", predicted.mean, predicted.variance)

torch.manual_seed(2)
model = Variational(x[:10].clone(), V.CholeskyVariationalDistribution, V.VariationalStrategy)
likelihood = gpytorch.likelihoods.BernoulliLikelihood()
show("classification", *fitted(model, likelihood, (y > 0.5).double()))
show("  probabilities", likelihood(model(x[:5])).probs)
for likelihood in (gpytorch.likelihoods.StudentTLikelihood(), gpytorch.likelihoods.BetaLikelihood()):
    torch.manual_seed(3)
    model = Variational(x[:10].clone(), V.CholeskyVariationalDistribution, V.VariationalStrategy)
    show(type(likelihood).__name__, *fitted(model, likelihood, y.sigmoid()))


class Deep(gpytorch.models.ExactGP):
    def __init__(self, x, y, likelihood):
        super().__init__(x, y, likelihood)
        self.features = torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1))
        self.scale = gpytorch.utils.grid.ScaleToBounds(-1.0, 1.0)
        self.mean_module = gpytorch.means.ConstantMean()
        self.covar_module = gpytorch.kernels.ScaleKernel(gpytorch.kernels.RBFKernel())

    def forward(self, x):
        x = self.scale(self.features(x))
        return gpytorch.distributions.MultivariateNormal(self.mean_module(x), self.covar_module(x))


torch.manual_seed(4)
likelihood = gpytorch.likelihoods.GaussianLikelihood()
model = Deep(x, y, likelihood)
optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
mll = gpytorch.mlls.ExactMarginalLogLikelihood(likelihood, model)
for step in range(5):
    optimizer.zero_grad()
    loss = -mll(model(x), y)
    loss.backward()
    optimizer.step()
    show(f"deep kernel {step}", loss)
model.eval()
with torch.no_grad():
    show("deep kernel predicted", model(x[:3]).mean)
