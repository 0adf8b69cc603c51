"""What kernels of a convolution are held to: NumPy's sums in float64, on any number of threads and in shorter vectors."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np

from adjoint import threads
from adjoint.ops import convolution_kernels as numpy_functions


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def assert_close(given: Any, function: Any, a: Any, b: Any, *rest: Any, relative: float, absolute: float = 0.0) -> None:
    """Compare with the function in float64: within a share of the sum of the magnitudes of the products."""
    assert given.dtype == np.float32 and given.flags.c_contiguous
    exact = function(a.astype(np.float64), b.astype(np.float64), *rest)
    size = function(np.abs(a).astype(np.float64), np.abs(b).astype(np.float64), *rest)
    assert given.shape == exact.shape, (given.shape, exact.shape)
    assert (np.abs(given - exact) <= relative * size + absolute).all(), np.abs(given - exact).max()


def assert_results_close(kernels: Any, x: Any, w: Any, *rest: Any, **bounds: float) -> None:
    """Compare the output and the gradients of the input and the weight."""
    image, kernel = x.shape[2:], w.shape[2:]
    y = kernels.convolve(x, w, *rest)
    assert_close(y, numpy_functions.convolve, x, w, *rest, **bounds)
    g = normal(*y.shape, seed=2)
    gx = kernels.input_gradient(g, w, image, *rest)
    assert_close(gx, lambda a, b, *r: numpy_functions.input_gradient(a, b, image, *r), g, w, *rest, **bounds)
    gw = kernels.weight_gradient(x, g, kernel, *rest)
    assert_close(gw, lambda a, b, *r: numpy_functions.weight_gradient(a, b, kernel, *r), x, g, *rest, **bounds)


def assert_same_on_any_number_of_threads(kernels: Any, x: Any, w: Any, g: Any, *rest: Any) -> None:
    """Compare, bit by bit, the output and both gradients on one thread with those on two and three."""
    before = threads.get_num_threads()
    results = []
    try:
        for count in (1, 2, 3):
            threads.set_num_threads(count)
            results.append([
                kernels.convolve(x, w, *rest),
                kernels.input_gradient(g, w, x.shape[2:], *rest),
                kernels.weight_gradient(x, g, w.shape[2:], *rest),
            ])  # fmt: skip
    finally:
        threads.set_num_threads(before)
    for other in results[1:]:
        for a, b in zip(results[0], other):
            np.testing.assert_array_equal(a, b)


def run_in_shorter_vectors(*tests: str) -> None:
    """Run tests, ``file::name``, in another process, whose kernels use vectors of 32 bytes."""
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests],
        env={**os.environ, "ADJOINT_VECTOR_BYTES": "32"}, capture_output=True, text=True,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
