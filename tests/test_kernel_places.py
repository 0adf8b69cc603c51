"""Reading and writing one element for every number of an index: by native code as by NumPy, and as PyTorch."""

import numpy as np
import pytest
import torch as theirs

import adjoint as ours
from adjoint.kernels.indexing.along import put_along, sum_along, take_along
from adjoint.kernels.reading import usable

pytestmark = pytest.mark.skipif(not usable(), reason="no native code here")
RNG = np.random.default_rng(0)
SHAPES = [((7,), (31,)), ((5, 40), (5, 9)), ((40, 5), (9, 5)), ((3, 8, 37), (3, 20, 37)), ((3, 8, 37), (2, 20, 5))]
SHAPES += [((1, 600), (1, 700)), ((40, 7), (40, 1)), ((40, 7), (33, 3))]
AT = [(s, i, d) for s, i in SHAPES for d in range(len(s)) if all(a <= b for k, (a, b) in enumerate(zip(i, s)) if k != d)]
UFUNCS = {"add": np.add, "multiply": np.multiply, "greatest": np.maximum, "least": np.minimum}


def _grid(index, dim):
    found = list(np.ogrid[tuple(slice(n) for n in index.shape)])
    found[dim] = index
    return tuple(found)


def _odd(x):
    """The same numbers at other strides: every other element of a transposed array."""
    memory = np.zeros((*[2 * n for n in reversed(x.shape)],), x.dtype)
    view = memory.transpose()[tuple(slice(None, None, -2) for _ in x.shape)]
    view[...] = x
    return view


@pytest.mark.parametrize(("shape", "of", "dim"), AT)
@pytest.mark.parametrize("strides", [lambda x: x, _odd], ids=["in order", "odd"])
@pytest.mark.parametrize("dtypes", [(np.float32, np.int64), (np.float64, np.int32), (np.int64, np.int64)])
def test_reading_and_writing_are_numpys(shape, of, dim, strides, dtypes):
    x = strides(RNG.integers(-9, 9, shape).astype(dtypes[0]))
    index = strides(RNG.integers(0, shape[dim], of).astype(dtypes[1]))
    values = strides(RNG.integers(1, 4, of).astype(dtypes[0]))
    np.testing.assert_array_equal(take_along(x, dim, index), x[_grid(index, dim)])
    for how, ufunc in UFUNCS.items():
        expected, found = x.copy(), x.copy()
        ufunc.at(expected, _grid(index, dim), values)
        assert put_along(found, dim, index, values, how) is found
        np.testing.assert_array_equal(found, expected)
    expected, found = x.copy(), x.copy()
    expected = np.array(expected, order="C")  # NumPy's order of writing is that of the memory
    expected[_grid(np.array(index, order="C"), dim)] = np.array(values, order="C")
    np.testing.assert_array_equal(put_along(found, dim, index, values, "put"), expected)
    zeros = np.zeros(shape, dtypes[0])
    np.add.at(zeros, _grid(index, dim), values)
    np.testing.assert_array_equal(sum_along(values, shape, dim, index), zeros)


def test_numbers_below_zero_count_from_the_end_where_that_is_asked_for():
    index, values = np.array([-1, 0, -3]), np.array([1.0, 2.0, 4.0])
    assert put_along(np.zeros(3), 0, index, values, "add", True).tolist() == [6.0, 0.0, 1.0]
    assert put_along(np.zeros(3), 0, index, values, "add") is NotImplemented
    assert take_along(np.zeros(3), 0, np.array([0, 3])) is NotImplemented


def test_a_sum_is_the_same_whatever_the_number_of_threads():
    values, index = RNG.standard_normal(50_000).astype(np.float32), RNG.integers(0, 700, 50_000)
    found = []
    for threads in (1, 2, 3):
        before = ours.get_num_threads()
        ours.set_num_threads(threads)
        found.append(sum_along(values, (700,), 0, index).tobytes())
        ours.set_num_threads(before)
    assert len(set(found)) == 1


def _run(torch, f, arrays):
    leaves = [torch.tensor(a, requires_grad=a.dtype.kind == "f") for a in arrays]
    result = f(torch, *leaves)
    result.backward(torch.ones_like(result) * 0.5)
    return [result.detach().numpy(), *[x.grad.numpy() for x in leaves if x.requires_grad]]


X = RNG.standard_normal((30, 40)).astype(np.float32)
X[3, 4] = np.nan
FOR_ALL = RNG.integers(0, 30, (30, 40))
FEW = RNG.integers(0, 30, (20, 35))
ROWS, COLUMNS, PLACES = RNG.integers(0, 30, 30), RNG.integers(0, 40, 40), RNG.integers(-1200, 1200, (20, 40))
ONCE = RNG.permutation(40)
SOURCE = RNG.standard_normal((30, 40)).astype(np.float32)
CALLS = {
    "gather": (lambda t, x, i: t.gather(x, 0, i), X, FOR_ALL),
    "gather of a part": (lambda t, x, i: t.gather(x, 1, i), X, FEW),
    "scatter_add": (lambda t, x, i, s: x.scatter_add(1, i, s[:20, :35]), X, FEW, SOURCE),
    "scatter a number": (lambda t, x, i: x.scatter(0, i, 2.5), X, FOR_ALL),
    **{
        f"scatter_reduce {how} {own}": (
            lambda t, x, i, s, how=how, own=own: x.scatter_reduce(0, i, s[:20, :35], how, include_self=own), X, FEW, SOURCE,
        )
        for how in ("sum", "prod", "mean", "amax", "amin")
        for own in (True, False)
    },
    "index_add": (lambda t, x, i, s: x.index_add(1, i, s, alpha=2), X, COLUMNS, SOURCE),
    "index_copy": (lambda t, x, i, s: x.index_copy(1, i, s), X, ONCE, SOURCE),
    "index_select": (lambda t, x, i: x.index_select(1, i), X, COLUMNS),
    "index_put": (lambda t, x, i, s: x.index_put((i,), s, accumulate=True), X, ROWS, SOURCE),
    "index_put of both": (lambda t, x, i, j, s: x.index_put((i, j[:30]), s[:, 0], accumulate=True), X, ROWS, COLUMNS, SOURCE),
    "take": (lambda t, x, i: t.take(x, i), X, PLACES),
    "put": (lambda t, x, i, s: t.put(x, i, s[:20], accumulate=True), X, PLACES, SOURCE),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_operators_are_pytorchs(name):
    f, *arrays = CALLS[name]
    for found, expected in zip(_run(ours, f, arrays), _run(theirs, f, arrays)):
        np.testing.assert_allclose(found, expected, rtol=2e-5, atol=1e-5)


@pytest.mark.parametrize("number", [-1, 40])
def test_a_number_out_of_bounds_is_an_error_of_the_same_text(number):
    said = []
    for torch in (ours, theirs):
        index = torch.zeros(30, 40, dtype=torch.int64)
        index[7, 8] = number
        for f in (lambda x, i: x.gather(1, i), lambda x, i: x.scatter_add(1, i, x.clone()), lambda x, i: x.scatter(1, i, 1.0)):
            with pytest.raises(RuntimeError) as caught:
                f(torch.zeros(30, 40), index)
            said.append(str(caught.value))
    assert said[:3] == said[3:]
