"""Many small tensors of one kind are joined by one native call, others as before; both give the same."""

from __future__ import annotations

import gc
import sys

import numpy as np
import pytest

import adjoint as torch

pytest.importorskip("llvmlite")

SHAPES = [(), (1,), (3,), (28, 28), (5, 0), (2, 3, 70), (300,)]


def batch(shape, dtype=torch.float32, count=100):
    return [(torch.arange(int(np.prod(shape))).reshape(shape) + n).to(dtype) for n in range(count)]


@pytest.fixture(autouse=True, scope="module")
def loaded():
    torch.stack(batch((200,)))  # from then on small ones are joined natively, too


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.float32, torch.complex128])
def test_tensors_that_are_alike_are_joined_as_numpy_does(shape, dtype):
    tensors = batch(shape, dtype)
    arrays = [t.numpy() for t in tensors]
    for dim in range(len(shape) + 1):
        found = torch.stack(tensors, dim)
        np.testing.assert_array_equal(found.numpy(), np.stack(arrays, dim))
        assert found.is_contiguous() and found.dtype is dtype
    for dim in range(len(shape)):
        found = torch.cat(tensors, dim)
        np.testing.assert_array_equal(found.numpy(), np.concatenate(arrays, dim))
        assert found.is_contiguous() and found.dtype is dtype
    np.testing.assert_array_equal(torch.utils.data.default_collate(tensors).numpy(), np.stack(arrays))


@pytest.mark.parametrize("at", [0, 1, 50, 99])
def test_one_that_is_not_alike_is_found_wherever_it_is(at):
    tensors = batch((20, 20))
    tensors[at] = tensors[at].T
    np.testing.assert_array_equal(torch.stack(tensors).numpy(), np.stack([t.numpy() for t in tensors]))
    tensors[at] = tensors[at].double()
    assert torch.stack(tensors).dtype is torch.cat(tensors).dtype is torch.float64
    tensors[at] = torch.zeros(20, 21)
    wrong = 0 if at else 1
    with pytest.raises(RuntimeError, match=f"equal size, but got .* at entry {at or wrong}"):
        torch.stack(tensors)
    with pytest.raises(RuntimeError, match=f"for tensor number {at or wrong} in the list"):
        torch.cat(tensors)
    with pytest.raises(RuntimeError, match="equal size"):
        torch.utils.data.default_collate(tensors)
    tensors[at] = 3
    with pytest.raises(TypeError, match=f"expected Tensor as element {at}"):
        torch.stack(tensors)


def test_gradients_reach_each_of_many_tensors():
    tensors = [t.requires_grad_() for t in batch((4, 5))]
    (torch.stack(tensors, 1).sum() + 2 * torch.cat(tensors, 1).sum()).backward()
    assert all((t.grad == 3).all() for t in tensors)
    assert torch.func.vmap(lambda x: torch.stack([x] * 20))(torch.ones(3, 4)).shape == (3, 20, 4)


def test_joining_keeps_no_reference_to_what_it_has_joined():
    tensors = batch((20, 20))
    gc.collect()
    before = [sys.getrefcount(t._array) for t in tensors]
    for _ in range(10):
        torch.stack(tensors), torch.cat(tensors)
    assert [sys.getrefcount(t._array) for t in tensors] == before
