"""Updates: rules that change arrays in place, compiled, against NumPy's."""

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from adjoint.kernels.machine import machine

if machine().family == "unknown":
    pytest.skip("there is no native code for this machine", allow_module_level=True)

from adjoint.kernels import machine_code
from adjoint.kernels.updates import CHUNK, update

SIZES = (1, 15, 16, 17, 63, 1000, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 5)


def jobs_of(count, sizes=SIZES, dtype=np.float32):
    """For each size, ``count`` arrays of positive numbers."""
    random = np.random.default_rng(0)
    return [[(random.random(n) + 0.5).astype(dtype) for _ in range(count)] for n in sizes]


def copies(jobs):
    return [[x.copy() for x in job] for job in jobs]


def assert_updates(rule, jobs, steps=((),), tolerance=1e-6):
    """Run the rule, with other numbers at each step, compiled and as it is written."""
    expected = copies(jobs)
    for numbers in steps:
        assert update(lambda *arrays: rule(*arrays, *numbers), jobs)  # noqa: B023
        for job in expected:
            results = rule(*[x.copy() for x in job], *numbers)
            for place, result in zip((0, *range(2, len(job))), results):
                job[place][...] = result
    for got, want in zip(jobs, expected):
        for a, b in zip(got, want):
            np.testing.assert_allclose(a, b, rtol=tolerance)


def assert_refused(rule, count=2, dtype=np.float32):
    jobs = jobs_of(count, dtype=dtype)
    before = copies(jobs)
    for _ in range(2):  # what is known about it is used the second time
        assert update(rule, jobs) is False
    assert all(np.array_equal(a, b) for job, old in zip(jobs, before) for a, b in zip(job, old))


def sgd(p, g, rate):
    return (p - g * rate,)


def momentum(p, g, buffer, rate, kept):
    buffer *= kept
    buffer += g
    p -= buffer * rate
    return p, buffer


def adam(p, g, mean, square, rate, first, second, step):
    mean = mean * first + g * (1 - first)
    square = square * second + g * g * (1 - second)
    above = np.sqrt(square) / (1 - second**step) ** 0.5 + 1e-8
    return p - mean / above * (rate / (1 - first**step)), mean, square


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gradient_descent_changes_the_parameters_of_all_sizes_and_leaves_the_gradients(dtype):
    jobs = jobs_of(2, dtype=dtype)
    gradients = [job[1].copy() for job in jobs]
    assert_updates(sgd, jobs, [(0.1,)])
    assert all(np.array_equal(job[1], g) for job, g in zip(jobs, gradients))


def test_momentum_written_in_place_keeps_its_buffer():
    assert_updates(momentum, jobs_of(3), [(0.1, 0.9), (0.1, 0.9), (0.01, 0.9)])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_adam_takes_steps_whose_corrections_change(dtype):
    assert_updates(adam, jobs_of(4, dtype=dtype), [(0.001, 0.9, 0.999, step) for step in (1, 2, 3)], 1e-5)


def test_conditions_within_a_rule_are_elementwise():
    def clipped(p, g, limit):
        return (np.where(np.abs(g) > limit, p - np.sign(g) * limit, np.maximum(p - g, 0.25)),)

    assert_updates(clipped, jobs_of(2), [(1.0,), (0.75,)])


def test_state_keeps_its_dtype_beside_wider_values():
    def grown(p, g, size):
        size *= (g > 1) * 0.5 + 1  # bools and a number: float64
        p -= size
        return p, size

    assert_updates(grown, jobs_of(3))


def test_numbers_that_change_do_not_compile_again():
    jobs = jobs_of(3)
    update(lambda p, g, b: momentum(p, g, b, 0.5, 0.25), jobs)
    count = len(machine_code.compiled)
    for rate in (0.1, 0.2, 0.3):
        assert_updates(momentum, jobs, [(rate, rate / 2)])
    assert_updates(momentum, jobs_of(3, (7, 50000)), [(0.5, 0.5)])
    assert len(machine_code.compiled) == count


def test_a_rule_of_another_structure_is_another_rule():
    def decayed(p, g, rate):
        return (p - (g + p * 0.5) * rate,)

    jobs = jobs_of(2)
    assert_updates(sgd, jobs, [(0.1,)])
    assert_updates(decayed, jobs, [(0.1,)])
    assert_updates(sgd, jobs, [(0.1,)])


def test_state_that_a_rule_returns_as_it_was_stays():
    def frozen(p, g, buffer):
        return p - buffer, buffer

    assert_updates(frozen, jobs_of(3))


def test_results_are_the_same_bits_every_time():
    rounds = []
    for _ in range(3):
        jobs = jobs_of(4)
        assert update(lambda *a: adam(*a, 0.01, 0.9, 0.999, 3), jobs)
        rounds.append(b"".join(x.tobytes() for job in jobs for x in job))
    assert len(set(rounds)) == 1


REFUSED = {
    "a branch on values": lambda p, g: (p - g if (g > 0).all() else p,),
    "a branch on an array": lambda p, g: (p - g if g else p,),
    "a reduction": lambda p, g: (p - g.sum(),),
    "a reversed array": lambda p, g: (p - g[::-1],),
    "a shifted array": lambda p, g: (p - g[:1],),
    "a number of NumPy's": lambda p, g: (p - g * np.float64(0.5),),
    "a parameter that becomes its gradient": lambda p, g: (g,),
    "a constant": lambda p, g: (1.0,),
    "no sequence": lambda p, g: p - g,
    "a comparison": lambda p, g: (p > g,),
    "a sorted array": lambda p, g: (p - np.sort(g),),
    "an error": lambda p, g: (p - g[0, 0],),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_rule_that_cannot_be_traced_changes_nothing(what):
    assert_refused(REFUSED[what])


def test_arrays_that_become_each_other_are_refused():
    assert_refused(lambda p, g, b: (b, p), 3)


def test_two_arrays_that_become_the_same_are_refused():
    def same(p, g, b):
        c = p + b
        return c, c

    assert_refused(same, 3)
