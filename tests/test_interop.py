"""Tensors as Python's, NumPy's and DLPack's values, copied and pickled, compared with PyTorch."""

from __future__ import annotations

import copy
import math
import operator
import pickle
import warnings

import numpy as np
import pytest
from in_both import assert_same

import adjoint

torch = pytest.importorskip("torch")


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines()]


VALUES = lines("""
    torch.ones(1, 1).item()
    torch.ones(()).item()
    torch.ones(2).item()
    torch.ones(0).item()
    torch.tensor(3).item()
    torch.tensor(True).item()
    torch.ones((), dtype=torch.bfloat16).item()
    torch.ones((), dtype=torch.complex64).item()
    torch.tensor(1., requires_grad=True).item()
    torch.ones(2, 2).tolist()
    torch.ones(()).tolist()
    torch.ones(0, 2).tolist()
    torch.ones(2, 0).tolist()
    torch.ones(2, dtype=torch.bfloat16).tolist()
    len(torch.ones(3, 2))
    len(torch.tensor(1))
    bool(torch.tensor([1.]))
    bool(torch.tensor([[0]]))
    bool(torch.tensor([1., 2.]))
    bool(torch.tensor([]))
    bool(torch.tensor(float("nan")))
    float(torch.tensor([1.]))
    float(torch.tensor(2))
    float(torch.tensor([1., 2.]))
    float(torch.tensor(1j))
    float(torch.tensor(1 + 0j))
    float(torch.tensor(1., requires_grad=True))
    int(torch.tensor(1.7))
    int(torch.tensor(True))
    int(torch.tensor([1, 2]))
    int(torch.tensor(float("nan")))
    int(torch.tensor(float("inf")))
    complex(torch.tensor(1j))
    complex(torch.tensor(1.))
    [1, 2, 3][torch.tensor(1)]
    [1, 2, 3][torch.tensor([1])]
    [1, 2, 3][torch.tensor(True)]
    [1, 2, 3][torch.tensor([1, 2])]
    [1, 2, 3][torch.tensor(1.)]
    range(torch.tensor(3))
    "%.3f %d" % (torch.tensor(1.23456), torch.tensor(2.9))
    round(torch.tensor(1.56))
    list(torch.tensor(1))
    list(torch.tensor([1, 2]))
    list(torch.ones(2, requires_grad=True))
    list(reversed(torch.tensor([1, 2])))
    reversed(torch.tensor([[1, 2], [3, 4]]))
    reversed(torch.tensor(1))
    1. in torch.ones(2)
    2. in torch.ones(2)
    torch.tensor(1.) in torch.ones(2)
    "a" in torch.ones(2)
    [1.] in torch.ones(2)
    None in torch.ones(2)
""")

QUERIES = lines("""
    torch.is_tensor(torch.ones(2))
    torch.is_tensor(3)
    torch.is_storage(torch.ones(2).untyped_storage())
    torch.is_storage(3)
    torch.is_floating_point(torch.ones(2))
    torch.is_floating_point(torch.ones(2, dtype=torch.int8))
    torch.is_floating_point(3)
    torch.is_complex(torch.ones(2, dtype=torch.complex64))
    torch.is_nonzero(torch.ones(1))
    torch.is_nonzero(torch.ones(2))
    torch.numel(torch.ones(2, 3))
    torch.numel(3)
    torch.ones(2, 3).numel()
    torch.ones(2, 3).nelement()
    torch.ones(2).is_signed()
    torch.ones(2, dtype=torch.uint8).is_signed()
    torch.ones(2).is_inference()
    torch.result_type(torch.tensor([1, 2]), 1.0)
    torch.result_type(torch.tensor([1.0]), torch.tensor(1.0, dtype=torch.float64))
    torch.result_type(torch.tensor([1.0], dtype=torch.float16), torch.tensor([1.0], dtype=torch.bfloat16))
    torch.result_type(1, 2.5)
    torch.result_type(torch.tensor([1.0]), 1j)
    torch.ones(2).is_same_size(torch.ones(2))
    torch.ones(2).is_same_size(torch.ones(3))
    torch.ones(2).is_set_to(torch.ones(2))
    torch.ones(2).device
    torch.ones(2).layout
    torch.ones(2).get_device()
    torch.ones(2).is_cpu
    torch.ones(2).is_cuda
    torch.ones(2).is_mps
    torch.ones(2).is_sparse
    torch.ones(2).is_quantized
    torch.ones(2).is_meta
    torch.ones(2).is_nested
    torch.ones(2).name
    torch.ones(2).dense_dim()
    torch.ones(2).sparse_dim()
    torch.ones(2).cpu()
    torch.ones(2).cuda()
    torch.ones(2).cuda(0)
    torch.ones(2).cuda("cpu")
    torch.ones(2).xpu()
    torch.ones(2).pin_memory()
    torch.ones(2).is_pinned()
    torch.ones(2).is_shared()
    torch.ones(2).share_memory_().is_shared()
    torch.ones(2).untyped_storage()
    torch.ones(2).untyped_storage().nbytes()
    torch.ones(2).untyped_storage().device
    len(torch.ones(2).untyped_storage())
""")

NUMPY = lines("""
    torch.ones(2).numpy()
    torch.tensor(1).numpy()
    torch.ones(2, requires_grad=True).numpy()
    torch.ones(2, requires_grad=True).numpy(force=True)
    torch.ones(2, dtype=torch.bfloat16).numpy()
    np.asarray(torch.ones(2))
    np.asarray(torch.ones(2), dtype=np.int64)
    np.array(torch.ones(2))
    np.array(torch.ones(2, requires_grad=True))
    np.array([torch.ones(2), torch.ones(2)])
    np.sin(torch.ones(2))
    np.exp(torch.tensor(1.))
    np.isnan(torch.ones(2))
    np.add(np.ones(2), torch.ones(2))
    np.sin(torch.ones(2, requires_grad=True))
    np.concatenate([torch.ones(2), torch.ones(2)])
    np.stack([torch.ones(2), torch.ones(2)])
    np.allclose(torch.ones(2), torch.ones(2))
    np.where(torch.ones(2) > 0, 1, 2)
    np.ones(3)[torch.tensor([0, 1])]
    np.ones(3)[torch.tensor(1)]
    np.ones(3)[torch.tensor([True, False, True])]
    torch.ones(2) * np.ones(2)
    torch.ones(2) + np.ones(2)
    torch.ones(2) - np.ones(2)
    np.float64(2) * torch.ones(2)
    np.float64(2) - torch.ones(2)
    torch.ones(2) * np.float64(2)
    np.ones(2) * torch.ones(2)
    np.ones(2) - torch.ones(2)
    torch.ones(2).__array_priority__
    torch.mul(torch.ones(2), np.ones(2))
""")


@pytest.mark.parametrize("expression", VALUES)
def test_a_tensors_values_are_pythons_as_in_pytorch(expression: str) -> None:
    assert_same(expression)


@pytest.mark.parametrize("expression", QUERIES)
def test_what_programs_ask_of_a_tensor_is_answered_as_in_pytorch(expression: str) -> None:
    assert_same(expression)


@pytest.mark.parametrize("expression", NUMPY)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_numpy_and_tensors_mix_as_in_pytorch(expression: str) -> None:
    assert_same(expression)


def test_mathematical_functions_take_tensors() -> None:
    assert math.sqrt(adjoint.tensor(4.0)) == 2.0
    assert math.floor(adjoint.tensor(4.5)) == 4
    assert operator.index(adjoint.tensor(4)) == 4


def test_numpy_shares_memory_and_does_not_let_its_shape_be_changed() -> None:
    t = adjoint.zeros(2, 3)
    array = t.numpy()
    array[0, 0] = 1
    array.shape = (6,)
    assert t.tolist() == [[1, 0, 0], [0, 0, 0]] and t.shape == (2, 3)


def test_an_array_may_be_asked_for_without_or_with_a_copy() -> None:
    t = adjoint.zeros(2)
    np.asarray(t)[0] = 1
    np.array(t, copy=True)[1] = 1
    assert t.tolist() == [1, 0]
    with pytest.raises(ValueError, match="copy"):
        np.array(t, dtype=np.float64, copy=False)


# DLPack


def test_dlpack_shares_memory_with_numpy_and_pytorch_both_ways() -> None:
    ours = adjoint.zeros(3)
    np.from_dlpack(ours)[0] = 1 if np.from_dlpack(ours).flags.writeable else 0
    torch.from_dlpack(ours)[1] = 2
    theirs = torch.from_dlpack(ours)
    assert ours.tolist()[1] == 2 and theirs.data_ptr() == ours.untyped_storage().data_ptr()
    made = torch.zeros(3)
    adjoint.from_dlpack(made).numpy()[2] = 3
    assert made.tolist() == [0, 0, 3]


def test_a_dlpack_capsule_can_be_handed_over() -> None:
    t = adjoint.tensor([1, 2])
    assert adjoint.from_dlpack(adjoint.to_dlpack(t)).tolist() == [1, 2]
    assert t.__dlpack_device__() == (1, 0)


def test_dlpack_refuses_a_tensor_that_requires_grad() -> None:
    assert_same("torch.ones(2, requires_grad=True).__dlpack__()")


# Copies and pickles


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "int64", "bool", "complex64", "uint16"])
@pytest.mark.parametrize("requires_grad", [False, True])
def test_a_pickled_tensor_comes_back_as_it_was(dtype: str, requires_grad: bool) -> None:
    d = getattr(adjoint, dtype)
    if requires_grad and not (d.is_floating_point or d.is_complex):
        return
    t = adjoint.tensor([[1, 0, 1], [0, 1, 1]], dtype=d, requires_grad=requires_grad)
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        back = pickle.loads(pickle.dumps(t, protocol))
        assert repr(back) == repr(t) and back.dtype is d and back.requires_grad is requires_grad
    for shape in ((), (0,), (0, 3)):
        t = adjoint.zeros(shape, dtype=d)
        assert repr(pickle.loads(pickle.dumps(t))) == repr(t)


@pytest.mark.parametrize("again", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["deepcopy", "pickle"])
def test_copies_of_tensors_that_share_memory_share_it(again) -> None:
    a = adjoint.arange(6.0)
    b = adjoint.from_numpy(a.numpy())
    a2, b2 = again([a, b])
    b2.numpy()[0] = 9
    assert a2.tolist() == [9, 1, 2, 3, 4, 5] and a.tolist()[0] == 0


def test_strides_survive_a_copy() -> None:
    t = adjoint.empty_strided((2, 3), (1, 2))
    t.numpy()[...] = [[1, 2, 3], [4, 5, 6]]
    for back in (copy.deepcopy(t), pickle.loads(pickle.dumps(t)), copy.copy(t)):
        assert back.tolist() == [[1, 2, 3], [4, 5, 6]]
        assert back.numpy().strides == t.numpy().strides


def test_a_copy_shares_memory_and_a_deepcopy_does_not() -> None:
    t = adjoint.zeros(2, requires_grad=True)
    shallow, deep = copy.copy(t), copy.deepcopy(t)
    shallow.numpy(force=True)[0] = 1
    assert t.tolist() == [1, 0] and deep.tolist() == [0, 0]
    assert shallow.requires_grad and deep.requires_grad and deep.is_leaf


def test_a_deepcopy_takes_the_gradient_and_the_users_attributes_along() -> None:
    t = adjoint.ones(2, requires_grad=True)
    (t * t).backward(adjoint.ones(2))
    t.note = ["kept"]
    twin = copy.deepcopy(t)
    assert twin.grad.tolist() == [2, 2] and twin.grad is not t.grad
    assert twin.note == ["kept"] and twin.note is not t.note
    assert pickle.loads(pickle.dumps(t)).note == ["kept"]


def test_a_deepcopy_is_made_once_however_often_it_is_met() -> None:
    t = adjoint.ones(2)
    a, b = copy.deepcopy([t, t])
    assert a is b and a is not t


def test_only_leaves_can_be_deepcopied() -> None:
    assert_same("copy.deepcopy(torch.ones(2, requires_grad=True) * 2)", copy=copy)
    assert_same("copy.copy(torch.ones(2, requires_grad=True) * 2)", copy=copy)
    assert_same("pickle.loads(pickle.dumps(torch.ones(2, requires_grad=True) * 2))", pickle=pickle)


def test_a_small_part_of_a_large_array_does_not_pickle_the_rest() -> None:
    part = adjoint.from_numpy(np.zeros(100_000)[:2])
    assert len(pickle.dumps(part)) < 2000


def test_views_are_seen_by_their_storage() -> None:
    t = adjoint.from_numpy(np.arange(4.0))
    view = adjoint.from_numpy(t.numpy()[1:])
    assert view.untyped_storage().data_ptr() == t.untyped_storage().data_ptr()
    assert view.untyped_storage() == t.untyped_storage() != adjoint.ones(4).untyped_storage()


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_typed_storage_counts_in_elements() -> None:
    for library in (adjoint, torch):
        storage = library.ones(2).storage()
        assert (storage.size(), len(storage), storage.nbytes(), storage.element_size()) == (2, 2, 8, 4)
        assert repr(storage) == " 1.0\n 1.0\n[torch.storage.TypedStorage(dtype=torch.float32, device=cpu) of size 2]"


def test_attributes_that_do_not_exist_say_so() -> None:
    with pytest.raises(AttributeError, match="'Tensor' object has no attribute 'foo'"):
        adjoint.ones(1).foo


def test_reading_a_number_out_of_a_tensor_that_requires_grad_warns_once() -> None:
    from adjoint.declare import once

    once._given.clear()
    t = adjoint.tensor(1.0, requires_grad=True)
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        float(t), float(t), t.item()
    assert len(given) == 1 and "requires_grad=True to a scalar" in str(given[0].message)
    assert given[0].filename == __file__


def test_what_requires_grad_is_an_array_while_nothing_is_recorded() -> None:
    from tests.both import agree

    def scenario(torch):
        p = torch.nn.Parameter(torch.ones(2))
        with torch.no_grad():
            return p.numpy().tolist(), p.view(-1).numpy().tolist()

    agree(scenario)
    agree(lambda torch: torch.nn.Parameter(torch.ones(2)).numpy(), raises=True)
