"""Distributions to compare in both libraries: a name, and an expression in which ``D`` is ``torch.distributions`` and
``t(...)`` makes a tensor of which gradients are asked."""

from __future__ import annotations

from typing import Any

DISTRIBUTIONS: dict[str, str] = {
    "bernoulli": "D.Bernoulli(t([0.2, 0.5, 0.9]))",
    "bernoulli_logits": "D.Bernoulli(logits=t([-1.0, 0.0, 2.0]))",
    "bernoulli_number": "D.Bernoulli(0.3)",
    "beta": "D.Beta(t([0.5, 2.0, 7.0]), t([1.5, 0.3, 9.0]))",
    "beta_numbers": "D.Beta(2, 3)",
    "binomial": "D.Binomial(10, t([0.1, 0.5, 0.9]))",
    "binomial_logits": "D.Binomial(torch.tensor([3.0, 50.0]), logits=t([[0.0], [1.0]]))",
    "categorical": "D.Categorical(t([[0.1, 0.2, 0.7], [1.0, 2.0, 3.0]]))",
    "categorical_logits": "D.Categorical(logits=t([0.1, -0.2, 0.7]))",
    "cauchy": "D.Cauchy(t([0.0, 1.0]), t([0.5, 2.0]))",
    "chi2": "D.Chi2(t([0.5, 3.0]))",
    "continuous_bernoulli": "D.ContinuousBernoulli(t([0.1, 0.5, 0.5001, 0.8]))",
    "continuous_bernoulli_logits": "D.ContinuousBernoulli(logits=t([-3.0, 0.0, 1.0]))",
    "dirichlet": "D.Dirichlet(t([[0.5, 2.0, 7.0], [0.3, 0.3, 0.3]]))",
    "exponential": "D.Exponential(t([0.5, 2.0]))",
    "exponential_number": "D.Exponential(2)",
    "fisher_snedecor": "D.FisherSnedecor(t([1.0, 5.0, 6.0]), t([1.0, 3.0, 9.0]))",
    "gamma": "D.Gamma(t([0.2, 1.0, 12.0]), t([1.0, 0.5, 3.0]))",
    "generalized_pareto": "D.GeneralizedPareto(t([0.0, 1.0, 0.0]), t([1.0, 2.0, 1.0]), t([0.2, -0.3, 0.0]))",
    "geometric": "D.Geometric(t([0.2, 0.7, 1.0]))",
    "geometric_logits": "D.Geometric(logits=t([-1.0, 1.0]))",
    "gumbel": "D.Gumbel(t([0.0, 1.0]), t([1.0, 3.0]))",
    "gumbel_numbers": "D.Gumbel(0.5, 2.0)",
    "half_cauchy": "D.HalfCauchy(t([0.5, 2.0]))",
    "half_normal": "D.HalfNormal(t([0.5, 2.0]))",
    "independent": "D.Independent(D.Normal(t([[0.0, 1.0, 2.0]]), t([[1.0], [2.0]])), 1)",
    "independent_categorical": "D.Independent(D.Categorical(t([[0.5, 0.5], [0.1, 0.9]])), 0)",
    "inverse_gamma": "D.InverseGamma(t([0.7, 1.5, 4.0]), t([1.0, 2.0, 0.5]))",
    "kumaraswamy": "D.Kumaraswamy(t([0.5, 2.0]), t([3.0, 1.5]))",
    "laplace": "D.Laplace(t([0.0, -1.0]), t([1.0, 0.3]))",
    "lkj_cholesky": "D.LKJCholesky(3, t([0.5, 2.0]))",
    "lkj_cholesky_number": "D.LKJCholesky(2, 1.0)",
    "log_normal": "D.LogNormal(t([0.0, 0.5]), t([0.5, 1.0]))",
    "logistic_normal": "D.LogisticNormal(t([[0.0, 0.5, -1.0]]), t([[0.5, 1.0, 0.2]]))",
    "low_rank": "D.LowRankMultivariateNormal(t([0.0, 1.0, 2.0]), t([[0.5], [1.0], [-0.2]]), t([1.0, 2.0, 0.5]))",
    "low_rank_batch": (
        "D.LowRankMultivariateNormal(t([[0.0, 1.0], [2.0, 3.0]]), t([[0.5, 0.1], [1.0, -1.0]]), t([1.0, 2.0]))"
    ),
    "mixture": "D.MixtureSameFamily(D.Categorical(t([0.3, 0.7])), D.Normal(t([0.0, 3.0]), t([1.0, 0.5])))",
    "mixture_of_vectors": (
        "D.MixtureSameFamily(D.Categorical(torch.ones(2, 3)), D.Independent(D.Normal(t([[[0.0, 1.0]] * 3] * 2), 1.0), 1))"
    ),
    "multinomial": "D.Multinomial(5, t([[0.1, 0.2, 0.7], [1.0, 1.0, 0.5]]))",
    "multinomial_logits": "D.Multinomial(3, logits=t([0.0, 1.0]))",
    "multivariate_normal": "D.MultivariateNormal(t([0.0, 1.0]), t([[2.0, 0.5], [0.5, 1.0]]))",
    "multivariate_normal_precision": (
        "D.MultivariateNormal(t([[0.0, 1.0], [1.0, 2.0], [5.0, 6.0]]), precision_matrix=t([[2.0, 0.5], [0.5, 1.0]]))"
    ),
    "multivariate_normal_tril": "D.MultivariateNormal(t([0.0, 1.0]), scale_tril=t([[[2.0, 0.0], [0.5, 1.0]]] * 2))",
    "negative_binomial": "D.NegativeBinomial(t([2.0, 5.5]), t([0.2, 0.6]))",
    "negative_binomial_logits": "D.NegativeBinomial(3, logits=t([0.2, -0.6]))",
    "normal": "D.Normal(t([0.0, 1.0]), t([1.0, 2.5]))",
    "normal_numbers": "D.Normal(0, 2)",
    "one_hot": "D.OneHotCategorical(t([[0.1, 0.2, 0.7], [1.0, 2.0, 3.0]]))",
    "one_hot_straight_through": "D.OneHotCategoricalStraightThrough(logits=t([0.1, 0.2, 0.7]))",
    "pareto": "D.Pareto(t([1.0, 2.0]), t([1.5, 3.0]))",
    "poisson": "D.Poisson(t([0.5, 4.0, 30.0]))",
    "relaxed_bernoulli": "D.RelaxedBernoulli(t(0.7), t([0.2, 0.9]))",
    "relaxed_one_hot": "D.RelaxedOneHotCategorical(t(0.7), t([[0.1, 0.2, 0.7], [1.0, 2.0, 3.0]]))",
    "student_t": "D.StudentT(t([0.8, 1.5, 4.0]), t([0.0, 1.0, 2.0]), t([1.0, 2.0, 0.5]))",
    "student_t_number": "D.StudentT(3.0)",
    "transformed": "D.TransformedDistribution(D.Normal(t([0.0, 1.0]), 1.0), [D.SigmoidTransform(), D.AffineTransform(1.0, 2.0)])",
    "transformed_falling": "D.TransformedDistribution(D.Uniform(t(0.1), t(0.9)), D.AffineTransform(1.0, t([-2.0, -3.0])))",
    "uniform": "D.Uniform(t([0.0, 1.0]), t([1.0, 5.0]))",
    "von_mises": "D.VonMises(t([0.0, 1.0, -2.0]), t([0.5, 3.0, 20.0]))",
    "weibull": "D.Weibull(t([1.0, 2.0]), t([0.7, 2.0]))",
    "wishart": "D.Wishart(t(3.5), t([[2.0, 0.5], [0.5, 1.0]]))",
    "wishart_batch": "D.Wishart(t([3.5, 5.0]), covariance_matrix=t([[2.0, 0.5], [0.5, 1.0]]))",
    "wishart_precision": "D.Wishart(t(3.5), precision_matrix=t([[2.0, 0.5], [0.5, 1.0]]))",
}  # fmt: skip

# PyTorch's computes in the default dtype only.
IN_FLOAT32 = {"generalized_pareto"}


def made(library: Any, name: str, dtype: str = "float64") -> tuple[Any, list[Any]]:
    """The distribution of that name, and the parameters it was made of."""
    parameters: list[Any] = []
    dtype = "float32" if name in IN_FLOAT32 else dtype

    def t(values: Any) -> Any:
        parameters.append(library.tensor(values, dtype=getattr(library, dtype), requires_grad=True))
        return parameters[-1]

    return eval(DISTRIBUTIONS[name], {"torch": library, "D": library.distributions, "t": t}), parameters
