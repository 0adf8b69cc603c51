"""torch.distributions beside PyTorch: densities, samples from a seed, gradients, moments, divergences, texts."""

from __future__ import annotations

import pickle
from itertools import product
from typing import Any

import pytest
from both import agree, torch
from distributions import DISTRIBUTIONS, IN_FLOAT32, made

import adjoint

NAMES = sorted(DISTRIBUTIONS)


@pytest.fixture(autouse=True)
def arguments_are_looked_at() -> None:
    """PyTorch's compiler, which a test before may have called, switches that off in the whole process."""
    torch.distributions.Distribution.set_default_validate_args(True)


def tolerance(name: str) -> float:
    """Made of numbers alone, they compute in float32."""
    return 1e-5 if "number" in name or name in IN_FLOAT32 else 1e-9


def tried(function: Any) -> Any:
    """What a function gives, or how it refuses."""
    try:
        return function()
    except (NotImplementedError, ValueError) as error:
        return type(error).__name__, str(error).replace("adjoint.", "torch.")


@pytest.mark.parametrize("name", NAMES)
def test_samples_and_their_gradients_are_those_of_the_same_seed(name: str) -> None:
    def scenario(library: Any) -> Any:
        d, parameters = made(library, name)
        found = [d.sample(), d.sample((2,)), d.has_rsample, d.has_enumerate_support]
        if d.has_rsample and parameters and "wishart" not in name:  # whose backward fails in PyTorch
            r = d.rsample((3,))
            (r.sin() * library.arange(1, r.numel() + 1).view(r.shape)).sum().backward()
            found += [r.detach(), *(p.grad for p in parameters)]
        return found

    agree(scenario, tolerance(name), raises=False, warnings_too=not name.startswith("wishart"))


@pytest.mark.parametrize("name", NAMES)
def test_float32_samples_are_those_of_the_same_seed(name: str) -> None:
    def scenario(library: Any) -> Any:
        return made(library, name, "float32")[0].sample((7,))

    agree(scenario, 1e-5, raises=False, warnings_too=False)


@pytest.mark.parametrize("name", NAMES)
def test_log_probabilities_and_their_gradients_agree(name: str) -> None:
    def scenario(library: Any) -> Any:
        d, parameters = made(library, name)
        value = d.sample((2,))
        floating = value.is_floating_point()
        value = value.requires_grad_() if floating else value
        found = tried(lambda: d.log_prob(value))
        if isinstance(found, library.Tensor):
            found.sum().backward()
            found = [found.detach(), value.grad, *(p.grad for p in parameters)]
        return found

    agree(scenario, tolerance(name), raises=False, warnings_too=False)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_known_of_each_agrees(name: str) -> None:
    def scenario(library: Any) -> Any:
        d, _ = made(library, name)
        found = [tried(lambda a=a: getattr(d, a)) for a in ("mean", "mode", "variance", "stddev")]
        found += [tried(d.entropy), tried(d.perplexity), tried(d.enumerate_support), tried(lambda: d.enumerate_support(False))]
        x = d.sample()
        u = library.full(d.batch_shape, 0.3, dtype=library.float64)
        found += [tried(lambda: d.cdf(x)), tried(lambda: d.icdf(u))]
        found += [repr(d), tried(lambda: repr(d.support)), tried(lambda: d.support.event_dim), tried(lambda: d.support.is_discrete)]
        found += [d.batch_shape, d.event_shape, {k: repr(v) for k, v in d.arg_constraints.items()}]
        return found

    agree(scenario, tolerance(name), raises=False, warnings_too="wishart" not in name)


@pytest.mark.parametrize("name", NAMES)
def test_an_expanded_one_has_the_same_samples_and_densities(name: str) -> None:
    def scenario(library: Any) -> Any:
        d, _ = made(library, name)
        wide = d.expand((4, *d.batch_shape))
        sample = wide.sample()
        found = [type(wide).__name__, wide.batch_shape, wide.event_shape, repr(wide), sample]
        found += [tried(lambda: wide.log_prob(sample)), tried(lambda: wide.mean), tried(lambda: wide.variance)]
        return [*found, tried(lambda: wide.expand((2, *wide.batch_shape)).sample())]

    agree(scenario, tolerance(name), raises=False, warnings_too=False)


@pytest.mark.parametrize("name", NAMES)
def test_a_pickle_holds_it(name: str) -> None:
    d, _ = made(adjoint, name)
    again, value = pickle.loads(pickle.dumps(d)), d.sample()
    assert repr(pickle.loads(pickle.dumps(d))) == repr(d) and bool((again.log_prob(value) == d.log_prob(value)).all())


PAIRS = sorted(
    (n for n in NAMES if not n.endswith(("_logits", "_number", "_numbers", "_batch")) and "mixture" not in n),
)


def test_wishart_samples_have_gradients() -> None:
    df = adjoint.tensor(5.0, dtype=adjoint.float64, requires_grad=True)
    factor = adjoint.eye(2, dtype=adjoint.float64).requires_grad_()

    def sums(df: Any, factor: Any) -> Any:
        adjoint.manual_seed(0)
        return adjoint.distributions.Wishart(df, scale_tril=factor).rsample((2,)).sum()

    sums(df, factor).backward()
    step = 1e-5
    with adjoint.no_grad():
        moved = factor.clone()
        moved[1, 0] += step
        slope = (sums(df, moved) - sums(df, factor)) / step
    assert float(abs(factor.grad[1, 0] - slope)) < 1e-3
    assert df.grad is not None and float(df.grad) > 0


def test_divergences_of_all_pairs_agree() -> None:
    def scenario(library: Any) -> Any:
        found: dict[Any, Any] = {}
        all_of_them = {name: made(library, name)[0] for name in PAIRS}
        for p, q in product(PAIRS, PAIRS):
            try:
                found[p, q] = library.distributions.kl_divergence(all_of_them[p], all_of_them[q])
            except (NotImplementedError, ValueError, RuntimeError) as error:
                found[p, q] = type(error).__name__, str(error) if "size" not in str(error) else ""
        return found

    agree(scenario, 1e-8, raises=False, warnings_too=False)


ERRORS = [
    "D.Normal(t([0.0, 1.0]), t([1.0, -1.0]))",
    "D.Normal(t([float('nan')]), t([1.0]))",
    "D.Normal('a', 1.0)",
    "D.Normal(0.0, 1.0).log_prob(1.0)",
    "D.Normal(t([0.0, 1.0]), 1.0).log_prob(t([1.0, 2.0, 3.0]))",
    "D.Exponential(1.0).log_prob(t([-1.0]))",
    "D.Uniform(1.0, 0.0)",
    "D.Bernoulli()",
    "D.Bernoulli(0.5, 0.5)",
    "D.Bernoulli(t([1.5]))",
    "D.Bernoulli(0.5).log_prob(t([0.5]))",
    "D.Categorical(t(0.5))",
    "D.Categorical(logits=t(0.5))",
    "D.Categorical(t([-0.5, 1.5]))",
    "D.Categorical(t([0.5, 0.5])).log_prob(t(2.0))",
    "D.ContinuousBernoulli(t([1.5]), validate_args=True)",
    "D.Dirichlet(t(1.0))",
    "D.Dirichlet(t([1.0, 2.0])).log_prob(t([0.5, 0.6]))",
    "D.Geometric(t([0.0, 0.5]))",
    "D.Independent(D.Normal(0.0, 1.0), 1)",
    "D.LKJCholesky(1)",
    "D.LowRankMultivariateNormal(t(0.0), t([[1.0]]), t([1.0]))",
    "D.LowRankMultivariateNormal(t([0.0]), t([1.0]), t([1.0]))",
    "D.LowRankMultivariateNormal(t([0.0]), t([[1.0], [2.0]]), t([1.0]))",
    "D.LowRankMultivariateNormal(t([0.0]), t([[1.0]]), t([1.0, 2.0]))",
    "D.LowRankMultivariateNormal(t([[0.0], [1.0]]), t([[[1.0]]] * 3), t([1.0]))",
    "D.MixtureSameFamily(D.Normal(0.0, 1.0), D.Normal(0.0, 1.0))",
    "D.MixtureSameFamily(D.Categorical(t([0.5, 0.5])), 1.0)",
    "D.MixtureSameFamily(D.Categorical(t([0.5, 0.5])), D.Normal(t([1.0, 2.0, 3.0]), 1.0))",
    "D.MixtureSameFamily(D.Categorical(torch.ones(3, 2)), D.Normal(torch.ones(4, 2), 1.0))",
    "D.Multinomial(t(1.0), t([0.5, 0.5]))",
    "D.MultivariateNormal(t(0.0), t([[1.0]]))",
    "D.MultivariateNormal(t([0.0]))",
    "D.MultivariateNormal(t([0.0]), t([1.0]))",
    "D.MultivariateNormal(t([0.0]), precision_matrix=t([1.0]))",
    "D.MultivariateNormal(t([0.0]), scale_tril=t([1.0]))",
    "D.MultivariateNormal(t([0.0, 1.0]), t([[1.0, 2.0], [2.0, 1.0]]))",
    "D.MultivariateNormal(t([0.0, 1.0]), t([[1.0, 2.0], [1.0, 1.0]]))",
    "D.MultivariateNormal(t([0.0, 1.0]), torch.eye(2, dtype=torch.float64)).log_prob(t([0.0, 1.0, 2.0]))",
    "D.TransformedDistribution(D.Normal(0.0, 1.0), 1)",
    "D.TransformedDistribution(D.Normal(0.0, 1.0), [1])",
    "D.TransformedDistribution(D.Normal(0.0, 1.0), D.StickBreakingTransform())",
    "D.Wishart(1.0, torch.eye(2))",
    "D.Wishart(3.0)",
    "D.Wishart(3.0, t([1.0]))",
    "D.Binomial(torch.tensor([1, 2]), t(0.5)).entropy()",
    "D.Binomial(torch.tensor([1, 2]), t(0.5)).enumerate_support()",
    "D.Independent(D.Bernoulli(t([0.5])), 1).enumerate_support()",
    "D.Distribution(validate_args=False).sample()",
    "D.Distribution.set_default_validate_args(3)",
    "D.kl_divergence(D.Gamma(1.0, 1.0), D.Cauchy(0.0, 1.0))",
    "D.kl_divergence(D.Normal(0.0, 1.0), D.Poisson(1.0))",
    "D.biject_to.register(3, 4)",
    "D.biject_to(D.constraints.boolean)",
    "D.constraints.dependent.check(t(0.0))",
    "D.constraints.independent(D.constraints.real, 2).check(t([0.0]))",
    "D.constraints.independent(3, 2)",
    "D.constraints.cat([3])",
    "D.constraints.dependent.is_discrete",
    "D.utils.tril_matrix_to_vec(t([[1.0]]), 3)",
    "D.utils.vec_to_tril_matrix(t([1.0, 2.0]))",
    "D.ReshapeTransform((2,), (3,))",
    "D.ReshapeTransform((2,), (2, 1)).forward_shape((3,))",
    "D.Transform(cache_size=2)",
    "D.CorrCholeskyTransform().forward_shape((4,))",
    "D.CatTransform([D.ExpTransform()], dim=0, lengths=[2])(t([1.0]))",
    "D.StackTransform([D.ExpTransform()])(t([1.0, 2.0]))",
    "D.AbsTransform().sign",
]


@pytest.mark.parametrize("expression", ERRORS)
def test_what_is_wrong_is_said_in_the_same_words(expression: str) -> None:
    def scenario(library: Any) -> Any:
        t = lambda values: library.tensor(values, dtype=library.float64)
        return eval(expression, {"torch": library, "D": library.distributions, "t": t})

    agree(lambda library: said(scenario, library), raises=False)


def said(scenario: Any, library: Any) -> tuple[str, str]:
    try:
        found = scenario(library)
    except Exception as error:
        return type(error).__name__, str(error).replace("adjoint.", "torch.")
    raise AssertionError(f"{found} did not raise")


TRANSFORMS = {
    "D.ExpTransform()": (),
    "D.PowerTransform(t([2.0, 0.5, 3.0]))": (),
    "D.SigmoidTransform()": (),
    "D.SoftplusTransform()": (),
    "D.TanhTransform()": (),
    "D.AbsTransform()": (),
    "D.AffineTransform(1.0, -2.0)": (),
    "D.AffineTransform(t([1.0, 2.0, 3.0]), t([-2.0, 1.0, 2.0]))": (),
    "D.AffineTransform(0.0, t([-2.0, 1.0, 2.0]), event_dim=1)": (),
    "D.CorrCholeskyTransform()": (),
    "D.SoftmaxTransform()": (),
    "D.StickBreakingTransform()": (),
    "D.LowerCholeskyTransform()": (3,),
    "D.PositiveDefiniteTransform()": (3,),
    "D.IndependentTransform(D.ExpTransform(), 1)": (),
    "D.ReshapeTransform((3,), (3, 1))": (),
    "D.ComposeTransform([D.AffineTransform(1.0, 2.0), D.StickBreakingTransform()])": (),
    "D.ComposeTransform([D.TanhTransform(), D.AffineTransform(1.0, 2.0)], cache_size=1)": (),
    "D.ComposeTransform([])": (),
    "D.CatTransform([D.ExpTransform(), D.AffineTransform(1.0, 2.0)], dim=-1, lengths=[1, 2])": (),
    "D.StackTransform([D.ExpTransform(), D.AffineTransform(1.0, 2.0), D.TanhTransform()], dim=-1)": (),
    "D.CumulativeDistributionTransform(D.Normal(0.0, 1.0))": (),
    "D.ExpTransform().inv.inv": (),
    "D.SigmoidTransform(cache_size=1)": (),
}


@pytest.mark.parametrize("expression", TRANSFORMS)
def test_transforms_map_back_and_forth_alike(expression: str) -> None:
    def scenario(library: Any) -> Any:
        t = lambda values: library.tensor(values, dtype=library.float64)
        transform = eval(expression, {"torch": library, "D": library.distributions, "t": t})
        x = library.rand(2, 3, *TRANSFORMS[expression], dtype=library.float64).requires_grad_()
        y = transform(x)
        y.sin().sum().backward()
        found = [y.detach(), x.grad, transform.inv(y.detach())]
        found += [tried(lambda: transform.log_abs_det_jacobian(x.detach(), y.detach()))]
        found += [repr(transform), repr(transform.inv), transform.bijective, tried(lambda: transform.sign)]
        found += [tried(lambda: repr(transform.domain)), tried(lambda: repr(transform.codomain))]
        found += [tried(lambda: transform.event_dim)]
        found += [transform.forward_shape(x.shape), transform.inverse_shape(y.shape), transform == transform]
        found += [tried(lambda: repr(transform.with_cache())), transform.inv == transform, transform != transform.inv.inv]
        return found

    agree(scenario, 1e-9, raises=False)


def test_constraints_lead_to_the_same_transforms() -> None:
    def scenario(library: Any) -> Any:
        D = library.distributions
        c = D.constraints
        given = [
            c.real, c.positive, c.nonnegative, c.greater_than(1.0), c.greater_than_eq(2.0), c.less_than(3.0), c.unit_interval,
            c.interval(-1.0, 2.0), c.half_open_interval(0.0, 2.0), c.simplex, c.corr_cholesky, c.lower_cholesky, c.real_vector,
            c.positive_definite, c.positive_semidefinite, c.independent(c.positive, 1), c.boolean, c.nonnegative_integer,
            c.cat([c.real, c.positive]), c.stack([c.real, c.positive]), c.dependent, c.one_hot, c.square, c.symmetric,
        ]  # fmt: skip
        x = library.rand(2, 2, dtype=library.float64)
        found = []
        for constraint in given:
            for registry in (D.biject_to, D.transform_to):
                found.append(tried(lambda r=registry, k=constraint: repr(r(k))))
                found.append(tried(lambda r=registry, k=constraint: r(k)(x)))
            found += [repr(constraint), tried(lambda k=constraint: k.check(x)), tried(lambda k=constraint: k.event_dim)]
        return found

    agree(scenario, 1e-9, raises=False)


def test_a_subclass_that_is_made_otherwise_has_to_expand_itself() -> None:
    def scenario(library: Any) -> Any:
        class Mine(library.distributions.Normal):
            def __init__(self, loc: Any) -> None:
                super().__init__(loc, 1.0)

        class Same(library.distributions.Gamma):
            pass

        try:
            Mine(0.0).expand((2,))
        except NotImplementedError as error:
            return str(error), repr(Same(1.0, 1.0).expand((2,)))

    agree(scenario, raises=False)


def test_validation_can_be_switched_off() -> None:
    def scenario(library: Any) -> Any:
        D = library.distributions
        D.Distribution.set_default_validate_args(False)
        try:
            return D.Normal(0.0, -1.0).loc, D.Exponential(1.0).log_prob(library.tensor(-1.0))
        finally:
            D.Distribution.set_default_validate_args(True)

    agree(scenario, raises=False)


def test_parameters_and_values_are_looked_at_inside_of_a_vmap_too() -> None:
    def scenario(library: Any) -> Any:
        loc, scale = library.tensor([0.0, 1.0]), library.tensor([1.0, 2.0])
        density = lambda loc, scale: library.distributions.Normal(loc, scale).log_prob(library.tensor(0.5))
        return library.vmap(density)(loc, scale), library._is_all_true(loc > -1), library._is_any_true(loc > 3)

    agree(scenario, raises=False)


def test_a_divergence_can_be_registered() -> None:
    def scenario(library: Any) -> Any:
        D = library.distributions

        class Mine(D.Normal):
            pass

        @D.register_kl(Mine, D.Normal)
        def mine(p: Any, q: Any) -> Any:
            return p.loc - q.loc

        return D.kl_divergence(Mine(1.0, 1.0), D.Normal(0.0, 1.0)), D.kl_divergence(Mine(1.0, 1.0), Mine(0.0, 1.0))

    agree(scenario, raises=False)


def test_all_names_of_pytorchs_are_there() -> None:
    import importlib
    import pkgutil

    assert set(torch.distributions.__all__) <= set(dir(adjoint.distributions))
    for module in pkgutil.iter_modules(torch.distributions.__path__):
        theirs = importlib.import_module(f"torch.distributions.{module.name}")
        ours = importlib.import_module(f"adjoint.distributions.{module.name}")
        assert [name for name in getattr(theirs, "__all__", ()) if not hasattr(ours, name)] == []
