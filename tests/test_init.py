"""Initial weights: PyTorch's numbers from the same seed."""

from __future__ import annotations

import platform
import warnings

import numpy as np
import pytest

import adjoint
import adjoint.nn.init

torch = pytest.importorskip("torch")

SHAPES = [(3, 5), (5, 3), (64, 32), (8, 4, 3, 3), (4, 8, 3)]


def both(fill, shape, dtype="float32", seed=0):
    """What ``fill(init, tensor)`` leaves in a tensor in Adjoint and in PyTorch, from one seed."""
    results = []
    for m in (adjoint, torch):
        m.manual_seed(seed)
        init = adjoint.nn.init if m is adjoint else torch.nn.init
        t = m.zeros(shape, dtype=getattr(m, dtype), requires_grad=True)
        assert fill(init, t) is t
        assert t.requires_grad and t.is_leaf and t._version > 0
        results.append(t._array.astype(np.float64) if m is adjoint else t.detach().double().numpy())
    assert adjoint.get_rng_state()._array.tobytes() == torch.get_rng_state().numpy().tobytes()
    return results


def close(fill, shape, dtype="float32", rtol=2e-6, atol=2e-7, to_the_bit=True):
    ours, theirs = both(fill, shape, dtype)
    if to_the_bit and platform.machine().lower() in ("x86_64", "amd64"):  # whose logarithms and sines PyTorch's are
        rtol = atol = 0
    np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=atol)


def same(fill, shape, dtype="float32"):
    ours, theirs = both(fill, shape, dtype)
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
def test_uniform_weights_are_pytorchs_to_the_bit(shape, dtype):
    same(lambda init, t: init.uniform_(t, -0.3, 0.2), shape, dtype)
    same(lambda init, t: init.xavier_uniform_(t, 1.5), shape, dtype)
    same(lambda init, t: init.kaiming_uniform_(t, 5**0.5), shape, dtype)
    same(lambda init, t: init.kaiming_uniform_(t, mode="fan_out", nonlinearity="relu"), shape, dtype)


@pytest.mark.parametrize("shape", SHAPES)
def test_normal_weights_are_pytorchs_to_the_bit(shape):
    close(lambda init, t: init.normal_(t, 1.0, 0.2), shape)
    close(lambda init, t: init.xavier_normal_(t), shape)
    close(lambda init, t: init.kaiming_normal_(t, mode="fan_out", nonlinearity="relu"), shape)


@pytest.mark.parametrize("shape", SHAPES)
def test_constant_weights(shape):
    same(lambda init, t: init.constant_(t, 0.3), shape)
    same(lambda init, t: init.ones_(t), shape)
    same(lambda init, t: init.zeros_(init.ones_(t)), shape)


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
@pytest.mark.parametrize(
    "options", [{}, {"std": 0.02, "a": -0.04, "b": 0.04}, {"a": 1.0, "b": 1.2}, {"a": -0.1, "b": 0.2}, {"std": 0.02}]
)
def test_truncated_normal_weights(options, dtype):
    close(lambda init, t: init.trunc_normal_(t, **options), (50, 40), dtype, *((2e-2, 1e-2) if "16" in dtype else ()))


def test_truncated_normal_far_from_its_mean_warns():
    with pytest.warns(UserWarning, match="mean is more than 2 std"):
        close(lambda init, t: init.trunc_normal_(t, a=3.0, b=4.0), (20, 20))


@pytest.mark.parametrize("shape", [(3, 3), (2, 5), (5, 2)])
def test_identity(shape):
    same(lambda init, t: init.eye_(init.ones_(t)), shape)


@pytest.mark.parametrize("shape, groups", [((4, 2, 3), 1), ((4, 2, 3, 3), 2), ((2, 5, 1, 2, 3), 1), ((6, 2, 4), 3)])
def test_dirac(shape, groups):
    same(lambda init, t: init.dirac_(t, groups), shape)


@pytest.mark.parametrize("shape", SHAPES)
def test_orthogonal_weights(shape):
    close(lambda init, t: init.orthogonal_(t, 1.7), shape, rtol=1e-4, atol=1e-5, to_the_bit=False)
    close(lambda init, t: init.orthogonal_(t), shape, "float64", 1e-11, 1e-12, to_the_bit=False)


@pytest.mark.parametrize("sparsity", [0, 0.1, 0.5, 1])
def test_sparse_weights(sparsity):
    close(lambda init, t: init.sparse_(t, sparsity), (10, 6))


def test_a_generator_of_ones_own():
    results = []
    for m, init in ((adjoint, adjoint.nn.init), (torch, torch.nn.init)):
        g = m.Generator().manual_seed(3)
        results.append([init.kaiming_uniform_(m.empty(3, 4), generator=g).tolist() for _ in range(2)])
    assert results[0] == results[1]


def test_gains():
    for name, param in [("linear", None), ("conv2d", None), ("sigmoid", None), ("tanh", None), ("relu", None),
                        ("leaky_relu", None), ("leaky_relu", 0.2), ("leaky_relu", 1), ("selu", None)]:  # fmt: skip
        assert adjoint.nn.init.calculate_gain(name, param) == torch.nn.init.calculate_gain(name, param)


def test_fans():
    for shape in SHAPES:
        ours = adjoint.nn.init._calculate_fan_in_and_fan_out(adjoint.zeros(shape))
        assert ours == torch.nn.init._calculate_fan_in_and_fan_out(torch.zeros(shape))


@pytest.mark.parametrize(
    "code",
    """
init.calculate_gain("swish")
init.calculate_gain("leaky_relu", True)
init.xavier_uniform_(m.zeros(3))
init.kaiming_normal_(m.zeros(3))
init.kaiming_uniform_(m.zeros(3, 2), mode="fan")
init.eye_(m.zeros(3))
init.dirac_(m.zeros(3, 2))
init.dirac_(m.zeros(3, 2, 2), 2)
init.orthogonal_(m.zeros(3))
init.orthogonal_(m.zeros(3, 4, dtype=m.half))
init.sparse_(m.zeros(3), 0.1)
init.uniform_(m.zeros(3), 2, 1)
init.normal_(m.zeros(3, dtype=m.int64))
""".strip().splitlines(),
)
def test_bad_input_gets_pytorchs_error(code):
    with pytest.raises(Exception) as theirs:
        eval(code, {"m": torch, "init": torch.nn.init})
    with pytest.raises(type(theirs.value)) as ours:
        eval(code, {"m": adjoint, "init": adjoint.nn.init})
    assert str(ours.value) == str(theirs.value)


def test_old_names_warn():
    for m, init in ((adjoint, adjoint.nn.init), (torch, torch.nn.init)):
        with pytest.warns(FutureWarning, match="`nn.init.constant` is now deprecated in favor of `nn.init.constant_`"):
            init.constant(m.zeros(2), 1.0)


def test_empty_weights_warn_and_stay():
    for m, init in ((adjoint, adjoint.nn.init), (torch, torch.nn.init)):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            init.kaiming_uniform_(m.zeros(0, 3))
        assert [str(w.message) for w in caught] == ["Initializing zero-element tensors is a no-op"]
