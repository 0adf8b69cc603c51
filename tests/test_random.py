"""The same seed gives PyTorch's numbers."""

from __future__ import annotations

import copy
import pickle
import platform
import warnings

import numpy as np
import pytest

import adjoint
import adjoint.nn.functional

torch = pytest.importorskip("torch")

DTYPES = ("float32", "float64", "float16", "bfloat16")


def arrays(ours, theirs):
    if theirs.dtype == torch.bfloat16:
        return ours._array.astype(np.float32), theirs.detach().float().numpy()
    return ours._array, theirs.detach().numpy()


def both(draw, seed=0):
    """What ``draw(torch module)`` gives in Adjoint and in PyTorch from one seed; then that both go on alike."""
    adjoint.manual_seed(seed)
    torch.manual_seed(seed)
    ours, theirs = draw(adjoint), draw(torch)
    assert adjoint.get_rng_state()._array.tobytes() == torch.get_rng_state().numpy().tobytes()
    assert str(ours.dtype) == str(theirs.dtype) and tuple(ours.shape) == tuple(theirs.shape)
    return arrays(ours, theirs)


def same(draw, seed=0):
    ours, theirs = both(draw, seed)
    np.testing.assert_array_equal(ours, theirs)


X86 = platform.machine().lower() in ("x86_64", "amd64")  # elsewhere PyTorch has other logarithms and sines


def close(draw, seed=0, digits=4):
    """Equal to the bit, or to the last digits of the dtype where the processor is another one."""
    ours, theirs = both(draw, seed)
    if X86:
        np.testing.assert_array_equal(ours.view(f"i{ours.itemsize}") if ours.dtype.kind == "f" else ours,
                                      theirs.view(f"i{theirs.itemsize}") if theirs.dtype.kind == "f" else theirs)  # fmt: skip
        return
    size = ours.dtype.itemsize // (2 if ours.dtype.kind == "c" else 1)
    step = {2: 2.0**-8, 4: 2.0**-24, 8: 2.0**-53}[size]
    np.testing.assert_allclose(ours, theirs, rtol=digits * step, atol=digits * step)


@pytest.mark.parametrize("dtype", [*DTYPES, "complex64", "complex128"])
@pytest.mark.parametrize("n", [0, 1, 3, 623, 624, 625, 2000, 130000])
def test_rand_is_pytorchs_to_the_bit(n, dtype):
    same(lambda m: m.rand(n, dtype=getattr(m, dtype)))


@pytest.mark.parametrize("bounds", [(-1.7, 3.9), (0, 5), (1e3, 1e3 + 3e-3), (2, 2), (-5, -4.999)])
@pytest.mark.parametrize("dtype", DTYPES)
def test_uniform_is_pytorchs_to_the_bit(dtype, bounds):
    same(lambda m: m.empty(5000, dtype=getattr(m, dtype)).uniform_(*bounds))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [0, 1, 2, 3, 15, 16, 17, 31, 32, 100, 70001])
def test_randn_is_pytorchs_to_the_bit(n, dtype):
    if dtype == "float64":
        close(lambda m: m.randn(n, dtype=m.float64))
    else:
        close(lambda m: m.randn(n, dtype=getattr(m, dtype)), digits=16 if dtype == "float32" else 1)


def test_normal_numbers_come_in_pairs_and_the_second_waits_for_the_next_draw():
    adjoint.manual_seed(0)
    torch.manual_seed(0)
    for n in (3, 1, 1, 20, 2, 5, 16, 1):
        a, t = adjoint.randn(n), torch.randn(n)
        np.testing.assert_allclose(a._array, t.numpy(), rtol=0 if X86 else 1e-6, atol=0 if X86 else 1e-6)
        assert adjoint.get_rng_state()._array.tobytes() == torch.get_rng_state().numpy().tobytes()


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
@pytest.mark.parametrize("n", [5, 9])
def test_complex_randn_has_half_the_variance_in_each_part(n, dtype):
    close(lambda m: m.randn(n, dtype=getattr(m, dtype)), digits=8)


@pytest.mark.parametrize("n", [5, 40])
@pytest.mark.parametrize("dtype", DTYPES)
def test_normal_scales_and_moves(n, dtype):
    close(lambda m: m.empty(n, dtype=getattr(m, dtype)).normal_(2.0, 3.0), digits=16)


@pytest.mark.parametrize("method", ["uniform_", "normal_", "exponential_", "random_", "bernoulli_"])
def test_a_transposed_tensor_is_filled_in_the_order_of_its_memory(method):
    close(lambda m: getattr(m.zeros(2, 3, 4).permute(2, 0, 1), method)().contiguous(), digits=16)


@pytest.mark.parametrize("method", ["uniform_", "normal_"])
def test_a_tensor_with_gaps_is_filled(method):
    close(lambda m: getattr(m.zeros(6, 8)[:, ::2], method)().contiguous(), digits=16)


@pytest.mark.parametrize(
    "low, high, dtype",
    [
        (0, 10, "int64"), (-5, 100, "int64"), (0, 2**28 - 1, "int64"), (0, 2**28, "int64"), (-5, 2**40, "int64"),
        (-(2**63), 2**63 - 1, "int64"), (0, 256, "uint8"), (-128, 128, "int8"), (0, 2, "bool"), (0, 7, "int32"),
        (0, 7, "float32"), (0, 9, "float64"), (0, 9, "float16"), (0, 9, "bfloat16"), (0, 2**62, "uint64"),
    ],
)  # fmt: skip
def test_randint_is_pytorchs_to_the_bit(low, high, dtype):
    same(lambda m: m.randint(low, high, (3000,), dtype=getattr(m, dtype)))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("low, high", [(0, 5000), (-5000, 33), (0, 2**25 + 1)])
def test_integers_that_a_float_does_not_hold_are_drawn_as_pytorch_draws_them(dtype, low, high):
    if dtype == "float16":
        high = min(high, 60000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        same(lambda m: m.zeros(100, dtype=getattr(m, dtype)).random_(low, high))


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "int32", "int64", "bool", *DTYPES])
def test_random_without_bounds_draws_from_all_the_integers_of_the_dtype(dtype):
    same(lambda m: m.zeros(1000, dtype=getattr(m, dtype)).random_())


@pytest.mark.parametrize("args", [(7,), (3, 9), (100, None)])
@pytest.mark.parametrize("dtype", ["uint8", "int64", "float32", "float16"])
def test_random_with_bounds(args, dtype):
    same(lambda m: m.zeros(1000, dtype=getattr(m, dtype)).random_(*args))


def test_random_from_the_least_integer_on_draws_from_all_64_bits():
    same(lambda m: m.zeros(1000, dtype=m.int64).random_(-(2**63), None))


@pytest.mark.parametrize("n", [0, 1, 2, 10, 5000])
def test_randperm_is_pytorchs(n):
    same(lambda m: m.randperm(n))


def test_randperm_has_other_dtypes():
    same(lambda m: m.randperm(20, dtype=m.float32))
    same(lambda m: m.randperm(20, dtype=m.int16))


@pytest.mark.parametrize("p", [0, 0.3, 0.5, 0.75, 1e-9, 1])
def test_coins_are_pytorchs(p):
    same(lambda m: m.empty(3000).bernoulli_(p))
    same(lambda m: m.bernoulli(m.zeros(3000, dtype=m.int64), p))


@pytest.mark.parametrize("p_dtype", DTYPES)
@pytest.mark.parametrize("dtype", ["float32", "int64", "bool", "bfloat16"])
def test_coins_of_different_chances_are_pytorchs(p_dtype, dtype):
    same(lambda m: m.zeros(3, 300, dtype=getattr(m, dtype)).bernoulli_(m.rand(300, dtype=getattr(m, p_dtype))))
    same(lambda m: m.bernoulli(m.rand(3, 300, dtype=getattr(m, p_dtype))))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "method, args",
    [("exponential_", (2.0,)), ("cauchy_", (1.0, 2.0)), ("log_normal_", (0.5, 0.3)), ("geometric_", (0.3,))],
)
def test_other_distributions_are_pytorchs(method, args, dtype):
    close(lambda m: getattr(m.empty(3001, dtype=getattr(m, dtype)), method)(*args), digits=64)


def test_geometric_of_integers():
    same(lambda m: m.zeros(1000, dtype=m.int64).geometric_(0.1))


@pytest.mark.parametrize("rate", [0.0, 0.5, 3.0, 9.9, 10.0, 1000.0])
def test_poisson_is_pytorchs(rate):
    same(lambda m: m.poisson(m.full((300,), rate)))
    same(lambda m: m.poisson(m.full((300,), rate, dtype=m.float64)))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("replacement", [True, False])
@pytest.mark.parametrize("n", [1, 4])
def test_multinomial_is_pytorchs(n, replacement, dtype):
    same(lambda m: m.multinomial(m.rand(3, 7, dtype=getattr(m, dtype)), n, replacement))
    same(lambda m: m.rand(50).multinomial(n, replacement))


def test_normal_of_tensors():
    close(lambda m: m.normal(m.rand(20), m.rand(20)), digits=16)
    close(lambda m: m.normal(m.ones(3, 1), m.ones(4)), digits=16)
    close(lambda m: m.normal(3.0, m.rand(5)), digits=16)
    close(lambda m: m.normal(m.rand(5, dtype=m.float64), 2.0), digits=16)
    close(lambda m: m.normal(1, 2, (30,)), digits=16)


@pytest.mark.parametrize("name", ["rand_like", "randn_like"])
def test_like_keeps_the_order_of_memory(name):
    close(lambda m: getattr(m, name)(m.zeros(5, 6).t()).contiguous(), digits=16)
    ours = getattr(adjoint, name)(adjoint.zeros(5, 6).t())
    assert ours._array.strides == (4, 24)


def test_randint_like():
    same(lambda m: m.randint_like(m.zeros(5), 10))
    same(lambda m: m.randint_like(m.zeros(5), low=3, high=10, dtype=m.int32))


def test_options_of_the_creation_functions():
    assert adjoint.rand(2, requires_grad=True).requires_grad
    assert adjoint.randint(3, (2,), dtype=adjoint.float64, requires_grad=True).requires_grad
    g = adjoint.Generator().manual_seed(3)
    h = torch.Generator().manual_seed(3)
    np.testing.assert_array_equal(adjoint.rand([2, 2], generator=g)._array, torch.rand([2, 2], generator=h).numpy())
    out = adjoint.zeros(4, dtype=adjoint.float64)
    same(lambda m: m.rand(4, out=m.zeros(4, dtype=m.float64)))
    assert adjoint.rand(4, out=out) is out


# The generator


@pytest.mark.parametrize("drawn", [0, 1, 5, 623, 624, 625, 1248, 5000])
def test_states_travel_between_adjoint_and_pytorch(drawn):
    adjoint.manual_seed(11)
    torch.manual_seed(11)
    adjoint.rand(drawn), torch.rand(drawn)
    adjoint.randn(3), torch.randn(3)
    ours, theirs = adjoint.get_rng_state(), torch.get_rng_state()
    assert ours._array.tobytes() == theirs.numpy().tobytes()
    expected = torch.rand(700).numpy(), torch.randn(3).numpy()
    for state in (ours, adjoint.tensor(theirs.tolist(), dtype=adjoint.uint8)):
        adjoint.rand(17)
        adjoint.set_rng_state(state)
        np.testing.assert_array_equal(adjoint.rand(700)._array, expected[0])
        np.testing.assert_array_equal(adjoint.randn(3)._array, expected[1])
    torch.set_rng_state(torch.from_numpy(ours._array.copy()))
    np.testing.assert_array_equal(torch.rand(700).numpy(), expected[0])


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1, 2**32, 2**63, -1, -(2**63), 12345678901234])
def test_any_seed_is_pytorchs(seed):
    same(lambda m: m.rand(5), seed)
    assert adjoint.manual_seed(seed).initial_seed() == torch.manual_seed(seed).initial_seed() == adjoint.initial_seed()


def test_a_generator_is_apart_from_the_default_one():
    adjoint.manual_seed(0)
    before = adjoint.get_rng_state()
    g = adjoint.Generator()
    assert g.initial_seed() == torch.Generator().initial_seed()
    a = adjoint.rand(3, generator=g)
    assert (adjoint.get_rng_state()._array == before._array).all()
    assert (a._array == torch.rand(3, generator=torch.Generator()).numpy()).all()


def test_generators_are_copied_and_pickled_with_their_state():
    g = adjoint.Generator().manual_seed(5)
    adjoint.randn(3, generator=g)
    copies = [copy.deepcopy(g), pickle.loads(pickle.dumps(g)), g.clone_state()]
    expected = adjoint.randn(5, generator=g)._array
    for c in copies:
        assert (adjoint.randn(5, generator=c)._array == expected).all()


def test_seed_gives_another_stream_each_time():
    assert adjoint.seed() != adjoint.seed()
    assert adjoint.Generator().seed() != adjoint.Generator().seed()


def test_fork_rng_puts_the_state_back():
    adjoint.manual_seed(0)
    with adjoint.random.fork_rng():
        inside = adjoint.rand(3)
    assert (adjoint.rand(3)._array == inside._array).all()


# What is recorded


def leaf(m):
    return m.ones(5, requires_grad=True)


@pytest.mark.parametrize(
    "method, args",
    [("uniform_", ()), ("normal_", ()), ("bernoulli_", (0.3,)), ("random_", ()), ("random_", (3,)), ("random_", (1, 4)),
     ("exponential_", ()), ("geometric_", (0.2,)), ("log_normal_", ()), ("cauchy_", ())],
)  # fmt: skip
def test_a_draw_into_a_tensor_of_the_graph_stops_the_gradient(method, args):
    names = []
    for m in (adjoint, torch):
        x = leaf(m)
        y = x * 1
        version = y._version
        assert getattr(y, method)(*args) is y
        assert y._version == version + 1
        names.append((y.grad_fn.name().removesuffix("object"), y.grad_fn.next_functions[0][0].name()))
        y.sum().backward()
        assert x.grad.tolist() == [0.0] * 5
    assert names[0] == names[1]


@pytest.mark.parametrize(
    "draw",
    [
        lambda m, p: m.bernoulli(p),
        lambda m, p: m.normal(p, 1.0),
        lambda m, p: m.normal(1.0, p),
        lambda m, p: m.normal(p, p),
        lambda m, p: m.poisson(p),
        lambda m, p: (p * 1).bernoulli_(p),
    ],
)
def test_samples_of_a_distribution_have_pytorchs_nodes_and_zero_gradients(draw):
    names = []
    for m in (adjoint, torch):
        p = m.full((5,), 0.5, requires_grad=True)
        y = draw(m, p)
        names.append((y.grad_fn.name(), len(y.grad_fn.next_functions)))
        y.sum().backward()
        assert p.grad.tolist() == [0.0] * 5
    assert names[0] == names[1]


def test_multinomial_is_not_recorded():
    assert not adjoint.multinomial(adjoint.ones(3, requires_grad=True), 1).requires_grad


def test_a_leaf_may_be_drawn_into_only_without_grad():
    x = leaf(adjoint)
    before = adjoint.get_rng_state()._array
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
        x.uniform_()
    assert x.tolist() == [1.0] * 5 and (adjoint.get_rng_state()._array == before).all()
    with adjoint.no_grad():
        x.uniform_(2, 3)
    assert x.requires_grad and x.is_leaf and min(x.tolist()) >= 2


def test_a_draw_into_a_view_is_seen_in_the_base_and_its_gradient():
    x = adjoint.ones(4, requires_grad=True)
    y = x * 2
    y[:2].uniform_()
    y.sum().backward()
    assert x.grad.tolist() == [0.0, 0.0, 2.0, 2.0]


# Dropout


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "name, shape",
    [("dropout", (50,)), ("alpha_dropout", (50,)), ("feature_alpha_dropout", (5, 9, 2)), ("dropout1d", (5, 9, 2)),
     ("dropout1d", (9, 2)), ("dropout2d", (5, 9, 2, 2)), ("dropout3d", (5, 9, 2, 2, 2)), ("dropout3d", (9, 2, 2, 2))],
)  # fmt: skip
@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
def test_dropout_is_pytorchs(name, shape, p, dtype):
    same(lambda m: getattr(m.nn.functional, name)(m.rand(shape, dtype=getattr(m, dtype)), p, True))


@pytest.mark.parametrize("name", ["dropout", "alpha_dropout", "feature_dropout", "feature_alpha_dropout"])
def test_dropout_of_the_torch_namespace_and_in_place(name):
    same(lambda m: getattr(m, name)(m.ones(6, 5, 2), 0.4, True))
    same(lambda m: getattr(m, name + "_")(m.ones(6, 5, 2), 0.4, True))


def test_dropout_in_place_writes_into_its_input():
    x = adjoint.ones(100)
    assert adjoint.nn.functional.dropout(x, 0.5, True, True) is x
    assert sorted(set(x.tolist())) == [0.0, 2.0]


def test_dropout_of_a_transposed_tensor():
    same(lambda m: m.nn.functional.dropout(m.ones(6, 5).t(), 0.5).contiguous())


def test_dropout_without_training_is_the_input_itself():
    x = adjoint.ones(3)
    assert adjoint.nn.functional.dropout(x, 0.5, False) is x
    assert adjoint.nn.functional.alpha_dropout(x) is x


def test_dropouts_gradient_is_its_mask():
    results = []
    for m in (adjoint, torch):
        m.manual_seed(0)
        x = m.full((20,), 3.0, requires_grad=True)
        y = m.nn.functional.dropout(x, 0.25)
        z = m.nn.functional.alpha_dropout(x, 0.25, True)
        y.sum().backward()
        z.sum().backward()
        results.append((y.grad_fn.name(), z.grad_fn.name(), x.grad.tolist()))
    assert results[0] == results[1]


# Errors

ERRORS = """
m.zeros(3, dtype=m.complex64).bernoulli_()
m.zeros(3, dtype=m.complex64).exponential_()
m.zeros(3, dtype=m.complex64).random_()
m.zeros(3, dtype=m.complex64).geometric_(.5)
m.zeros(3, dtype=m.complex64).cauchy_()
m.zeros(3, dtype=m.int64).uniform_()
m.zeros(3, dtype=m.int64).normal_()
m.zeros(3, dtype=m.int64).exponential_()
m.zeros(3, dtype=m.int64).cauchy_()
m.zeros(3, dtype=m.uint8).cauchy_()
m.zeros(3, dtype=m.int64).log_normal_()
m.zeros(3, dtype=m.bool).geometric_(.5)
m.zeros(3, dtype=m.uint16).random_()
m.zeros(3, dtype=m.uint16).bernoulli_(.5)
m.zeros(3).uniform_(1, 0)
m.zeros(3).uniform_(0, float('inf'))
m.zeros(3).uniform_(float('nan'), 1)
m.zeros(3).uniform_(-3e38, 3e38)
m.zeros(3).uniform_(0, 1e39)
m.zeros(3, dtype=m.half).uniform_(0, 1e6)
m.zeros(3).uniform_('a')
m.zeros(3).uniform_(generator=3)
m.zeros(3).uniform_(frm=3)
m.zeros(3).normal_(0, -1)
m.zeros(3).normal_(std=-1.5)
m.zeros(3).normal_('a')
m.zeros(3).exponential_(0)
m.zeros(3).geometric_(0)
m.zeros(3).geometric_(1)
m.zeros(3).log_normal_(0, 0)
m.zeros(3).cauchy_(0, -1)
m.zeros(3).bernoulli_(2)
m.zeros(3).bernoulli_(-1)
m.zeros(3).bernoulli_('a')
m.zeros(3).bernoulli_(m.full((3,), 2.))
m.zeros(3).bernoulli_(m.full((3,), float('nan')))
m.zeros(3).bernoulli_(m.zeros(3, dtype=m.int64))
m.zeros(3).bernoulli_(m.full((2,), .5))
m.bernoulli(m.zeros(3, dtype=m.int64))
m.bernoulli(m.zeros(3, dtype=m.bool))
m.bernoulli(m.zeros(3, dtype=m.complex64))
m.bernoulli(m.zeros(3) + 2)
m.bernoulli(m.zeros(3), 2)
m.bernoulli([1.])
m.bernoulli(m.tensor([.2]), m.tensor([.5]))
m.zeros(3).random_(0)
m.zeros(3).random_(5, 3)
m.zeros(3).random_(3.5)
m.zeros(3, dtype=m.int64).random_(2**63)
m.zeros(3, dtype=m.uint8).random_(300)
m.zeros(3, dtype=m.uint8).random_(-1, 3)
m.zeros(3, dtype=m.bool).random_(3)
m.zeros(3, dtype=m.half).random_(70000)
m.zeros(3, dtype=m.int8).random_(1000, None)
m.randint(5, 3, (2,))
m.randint(0, (2,))
m.randint(5, 2)
m.randint(5.0, (2,))
m.randint(True, (2,))
m.randint(2, 5, size=(2,), dtype=m.bool)
m.randint(0, 2, size=(2,), dtype=m.complex64)
m.randint(0, 300, size=(2,), dtype=m.uint8)
m.randint(0, 2, size=(2,), requires_grad=True)
m.randint(0, 2**63, (1,))
m.rand(3, dtype=m.int64)
m.randn(3, dtype=m.int64)
m.rand(-1)
m.rand(2, -1)
m.rand(2.)
m.rand('a')
m.rand(2, device='cuda')
m.rand(2, pin_memory=True)
m.rand(2, out=m.empty(2, dtype=m.float64), dtype=m.float32)
m.randperm(-1)
m.randperm(3, dtype=m.bool)
m.randperm(300, dtype=m.uint8)
m.randperm(3.)
m.randperm(3000, dtype=m.half)
m.randperm(3, dtype=m.complex64)
m.rand_like([1.])
m.rand_like(m.zeros(3, dtype=m.int64))
m.normal(m.zeros(3), -1.)
m.normal(m.zeros(3), m.zeros(3) - 1)
m.normal(0., -1., size=(3,))
m.normal(m.zeros(3, dtype=m.int64), 1.)
m.normal(m.zeros(3), m.ones(4))
m.normal(m.zeros(2), m.ones(2, dtype=m.complex64))
m.poisson(m.zeros(3, dtype=m.int64))
m.poisson(m.zeros(3) - 1)
m.multinomial(m.tensor([0., -1, 1, 0]), 2)
m.multinomial(m.tensor([0., 1, 1, float('nan')]), 2)
m.multinomial(m.ones(3), 4)
m.multinomial(m.ones(3), 0)
m.multinomial(m.ones(3, 3, 3), 1)
m.multinomial(m.ones(3, dtype=m.int64), 1)
m.multinomial(m.zeros(3), 1)
m.multinomial(m.ones(0), 1)
m.multinomial(m.tensor(1.), 1)
m.multinomial(m.ones(3), 2.)
m.multinomial(m.ones(3), 2, out=m.empty(2))
m.manual_seed(2**64)
m.manual_seed(-2**63 - 1)
m.manual_seed('a')
m.Generator().manual_seed(2**64)
m.Generator().manual_seed('a')
m.Generator().manual_seed(3.5)
m.Generator().set_state(m.zeros(3))
m.Generator().set_state(m.zeros(3, dtype=m.uint8))
m.Generator().set_state(3)
m.Generator().get_offset()
m.set_rng_state(m.zeros(5056, dtype=m.uint8))
m.nn.functional.dropout(m.ones(3), 1.5)
m.dropout(m.ones(3), 1.5, True)
m.nn.functional.dropout(m.ones(3, dtype=m.int64), .5)
m.nn.functional.dropout(m.ones(3, dtype=m.complex64), .5)
m.nn.functional.dropout([1.], .5)
m.nn.functional.dropout1d(m.ones(3))
m.nn.functional.dropout2d(m.ones(3))
m.nn.functional.feature_alpha_dropout(m.ones(3), .5, True)
m.nn.functional.dropout(m.zeros(3, requires_grad=True), .5, True, True)
m.zeros(3).expand(2, 3).uniform_()
m.zeros(3, requires_grad=True).normal_()
"""


@pytest.mark.parametrize("code", ERRORS.strip().splitlines())
@pytest.mark.filterwarnings("ignore")
def test_bad_input_gets_pytorchs_error(code):
    adjoint.manual_seed(0)
    with pytest.raises(Exception) as theirs:
        eval(code, {"m": torch})
    with pytest.raises(type(theirs.value)) as ours:
        eval(code, {"m": adjoint})
    assert str(ours.value) == str(theirs.value)


def test_a_set_state_that_failed_leaves_the_generator_as_it_was():
    adjoint.manual_seed(0)
    adjoint.rand(3)
    before = adjoint.get_rng_state()._array
    with pytest.raises(RuntimeError, match="Invalid mt19937 state"):
        adjoint.set_rng_state(adjoint.zeros(5056, dtype=adjoint.uint8))
    assert (adjoint.get_rng_state()._array == before).all()


@pytest.mark.parametrize("name, ndim", [("dropout2d", 2), ("dropout2d", 3), ("dropout3d", 3)])
def test_channel_dropout_of_unusual_dimensions_warns_as_pytorch(name, ndim):
    texts = []
    for m in (adjoint, torch):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            getattr(m.nn.functional, name)(m.ones((2,) * ndim))
        texts.append([str(w.message) for w in caught])
    assert texts[0] == texts[1] and texts[0]


@pytest.mark.parametrize(
    "draw",
    [
        lambda torch, x: torch.nn.functional.gumbel_softmax(x),
        lambda torch, x: torch.nn.functional.gumbel_softmax(x, hard=True),
        lambda torch, x: torch.bernoulli(x),
        lambda torch, x: x.bernoulli(0.5),
        lambda torch, x: torch.multinomial(x[0], 2),
        lambda torch, x: torch.multinomial(x[:, 0], 2),
    ],
)
def test_in_which_order_tensors_that_lie_in_another_are_filled(draw):
    pytest.importorskip("torch")
    from both import agree

    def scenario(torch):
        x = (torch.arange(24.0) / 30).reshape(4, 3, 2).transpose(0, 2)
        torch.manual_seed(0)
        y = draw(torch, x)
        return [round(v, 4) for v in y.flatten().tolist()], y.stride(), round(torch.rand(1).item(), 5)

    agree(scenario)
