"""Images sampled at points by compiled code: values and both gradients, against PyTorch's."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

pytest.importorskip("llvmlite")

import adjoint
from adjoint.kernels import sampling
from adjoint.kernels.machine import machine

torch = pytest.importorskip("torch")

MODES, PADDINGS = ("bilinear", "nearest", "bicubic"), ("zeros", "border", "reflection")
PLANES = [((2, 3, 7, 5), (4, 9)), ((1, 1, 1, 1), (3, 3)), ((3, 2, 6, 1), (2, 40)), ((1, 5, 16, 17), (33, 21))]
VOLUMES = [((2, 2, 3, 4, 5), (3, 4, 5)), ((1, 3, 1, 2, 1), (2, 2, 9))]


def points(random, shape, real):
    """Points inside of an image, outside, at its edges and in the middle."""
    found = random.uniform(-3, 3, shape).astype(real)
    for n, place in enumerate((1.0, -1.0, 0.0)):
        found.reshape(-1)[n :: 7 + 4 * n] = place
    return found


def sampled_by_torch(x, at, g, mode, padding, align_corners):
    """PyTorch's values and gradients."""
    x, at = (torch.from_numpy(a).requires_grad_() for a in (x, at))
    y = torch.nn.functional.grid_sample(x, at, MODES[mode], PADDINGS[padding], align_corners)
    return [a.detach().numpy() for a in (y, *torch.autograd.grad(y, (x, at), torch.from_numpy(g)))]


@pytest.mark.parametrize("mode", range(3))
@pytest.mark.parametrize("real", [np.float32, np.float64])
def test_values_and_gradients_are_pytorchs(mode, real):
    random = np.random.default_rng(0)
    near = 2e-4 if real is np.float32 else 1e-11
    paddings = range(3) if real is np.float32 else (mode,)
    for (shape, out), padding, align_corners in product(PLANES + VOLUMES * (mode != 2), paddings, (False, True)):
        x = random.standard_normal(shape).astype(real)
        at = points(random, (shape[0], *out, len(out)), real)
        g = random.standard_normal((*shape[:2], *out)).astype(real)
        y, to_x, to_at = sampled_by_torch(x, at, g, mode, padding, align_corners)
        rows, arrived = at.reshape(shape[0], -1, len(out)), g.reshape(*shape[:2], -1)
        options = mode, padding, align_corners
        np.testing.assert_allclose(sampling.sample(x, rows, *options).reshape(y.shape), y, near, near)
        np.testing.assert_allclose(sampling.image_gradient(arrived, x, rows, *options), to_x, near, near)
        if MODES[mode] != "nearest":
            found = sampling.point_gradient(arrived, x, rows, *options)
            np.testing.assert_allclose(found.reshape(at.shape), to_at, near, near)


@pytest.mark.skipif(machine().family != "x86", reason="where PyTorch fuses products and sums is known of this processor")
@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
def test_values_of_single_precision_are_pytorchs_to_the_bit(mode):
    random = np.random.default_rng(3)
    for shape, out in (((2, 3, 29, 37), (29, 37)), ((1, 2, 5, 7, 6), (8, 9, 10))):
        x = random.integers(0, 256, shape).astype(np.float32)
        at = random.uniform(-1.2, 1.2, (shape[0], *out, len(out))).astype(np.float32)
        for padding, align_corners in product(PADDINGS, (False, True)):
            theirs, ours = (
                f.nn.functional.grid_sample(f.from_numpy(x), f.from_numpy(at), mode, padding, align_corners).numpy()
                for f in (torch, adjoint)
            )
            np.testing.assert_array_equal(ours, theirs)


def test_points_that_all_images_share_images_in_any_layout_and_coordinates_that_are_no_numbers():
    random = np.random.default_rng(1)
    x = random.standard_normal((3, 9, 8, 4)).astype(np.float32)
    at = points(random, (1, 5, 7, 2), np.float32)
    at[0, 2, 3], at[0, 1, 1, 0] = np.nan, np.inf
    for mode, padding in product(MODES, PADDINGS):
        found = []
        for library in (torch, adjoint):
            images = library.from_numpy(x).permute(0, 3, 1, 2)
            grid = library.from_numpy(at).expand(3, 5, 7, 2)
            found.append(library.nn.functional.grid_sample(images, grid, mode, padding, False).numpy())
        np.testing.assert_allclose(found[1], found[0], 2e-4, 2e-4)


def test_gradients_do_not_depend_on_the_number_of_threads():
    random = np.random.default_rng(2)
    x, at = random.standard_normal((1, 6, 40, 50)).astype(np.float32), points(random, (1, 3000, 2), np.float32)
    g = random.standard_normal((1, 6, 3000)).astype(np.float32)
    before = adjoint.get_num_threads()
    found = []
    try:
        for threads in (1, 2, 3):
            adjoint.set_num_threads(threads)
            found.append([f(g, x, at, 0, 0, False).tobytes() for f in (sampling.image_gradient, sampling.point_gradient)])
    finally:
        adjoint.set_num_threads(before)
    assert found[0] == found[1] == found[2]
