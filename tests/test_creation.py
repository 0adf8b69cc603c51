"""Creating tensors, compared with PyTorch: values, dtypes, errors and warnings."""

from __future__ import annotations

import enum
import math
import platform

import numpy as np
import pytest
from in_both import assert_same

import adjoint

torch = pytest.importorskip("torch")


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines()]


FROM_DATA = lines("""
    torch.tensor([1, 2])
    torch.tensor([1, 2.5, True])
    torch.tensor([True, False])
    torch.tensor([True, 1])
    torch.tensor([1, 2j])
    torch.tensor([])
    torch.tensor([[], []])
    torch.tensor([[], [1]])
    torch.tensor(1)
    torch.tensor(1.5)
    torch.tensor(True)
    torch.tensor(1j)
    torch.tensor(range(3))
    torch.tensor((1, 2))
    torch.tensor([(1, 2), [3, 4]])
    torch.tensor([[[1, 2]], [[3, 4]]])
    torch.tensor(torch.Size([1, 2]))
    torch.tensor(bytearray(b"ab"))
    torch.tensor(memoryview(b"ab"))
    torch.tensor([1.0, float("nan"), float("inf")])
    torch.tensor([1, 2**40])
    torch.tensor(1e40)
    torch.tensor(70000., dtype=torch.float16)
    torch.tensor([1, 2.5], dtype=torch.float16)
    torch.tensor([1, 2.5], dtype=torch.bfloat16)
    torch.tensor([2**65], dtype=torch.float32)
    torch.tensor([2**65], dtype=torch.bool)
    torch.tensor([1j], dtype=torch.bool)
    torch.tensor([1.7, -1.7], dtype=torch.int32)
    torch.tensor([-1, 2], dtype=torch.uint8)
    torch.tensor([-255], dtype=torch.uint8)
    torch.tensor([-1], dtype=torch.uint16)
    torch.tensor(2**63, dtype=torch.uint64)
    torch.tensor([1, 2], dtype=torch.complex64)
    torch.tensor([1.5, 0], dtype=torch.bool)
    torch.tensor([float("nan")], dtype=torch.bool)
    torch.tensor([1.], dtype=float)
    torch.tensor([1.], dtype=int)
    torch.tensor([1.], dtype=bool)
    torch.tensor([1.], dtype=complex)
    torch.tensor([1.], device="cpu")
    torch.tensor([1.], device="cpu:0")
    torch.tensor([1.], device=torch.device("cpu"))
    torch.tensor([1, 2], dtype=torch.float32, requires_grad=True)
    torch.tensor([1j, 2], requires_grad=True)
    torch.tensor(np.ones(2))
    torch.tensor(np.array([300]), dtype=torch.uint8)
    torch.tensor(np.array([1j]), dtype=torch.float32)
    torch.tensor([np.ones(2), np.ones(2)])
    torch.tensor([np.arange(3)[::-1]])
    torch.tensor([np.float32(1), np.float32(2)])
    torch.tensor([np.float64(1), 2])
    torch.tensor([np.int32(1), np.int32(2)])
    torch.tensor([np.float16(1), 2])
    torch.tensor(np.float64(1))
    torch.tensor(np.int8(1))
    torch.tensor(np.bool_(True))
    torch.tensor(torch.ones(2))
    torch.tensor(torch.ones(2, requires_grad=True))
    torch.tensor([torch.tensor(1.), torch.tensor(2.)])
    torch.tensor([torch.tensor(1), 2.5])
    torch.tensor([torch.tensor(1., dtype=torch.float64), 2])
    torch.tensor([torch.tensor([1.]), torch.tensor([2.])])
    torch.tensor([torch.tensor(1., requires_grad=True)])
    torch.as_tensor([1, 2])
    torch.as_tensor(3)
    torch.as_tensor(np.ones(2))
    torch.as_tensor(np.ones(2), dtype=torch.float32)
    torch.as_tensor(torch.ones(2, requires_grad=True))
    torch.asarray([1, 2])
    torch.asarray(np.ones(2))
    torch.asarray(np.float32(2))
    torch.asarray([1.], requires_grad=True)
    torch.asarray(torch.ones(2, requires_grad=True))
    torch.asarray(bytearray(b"abcd"), dtype=torch.uint8)
    torch.from_numpy(np.ones(2))
    torch.from_numpy(np.array(1.))
    torch.from_numpy(np.broadcast_to(np.ones(1), (3,)))
    torch.frombuffer(bytearray(b"abcd"), dtype=torch.uint8)
    torch.frombuffer(bytearray(b"abcd"), dtype=torch.int16, count=1, offset=2)
    torch.frombuffer(b"abcd", dtype=torch.uint8)
    torch.ones(2).new_tensor([1, 2])
    torch.ones(2).new_tensor([1, 2], dtype=torch.int64)
    torch.ones(2).new_tensor(torch.ones(3))
    torch.ones(2).new_tensor([1, 2], requires_grad=True)
""")

BAD_DATA = lines("""
    torch.tensor([1, 2], requires_grad=True)
    torch.tensor([True], requires_grad=True)
    torch.tensor("a")
    torch.tensor(["a"])
    torch.tensor(b"ab")
    torch.tensor(None)
    torch.tensor([None])
    torch.tensor([1, None])
    torch.tensor([[1, 2], [3]])
    torch.tensor([[1, 2], 3])
    torch.tensor([1, [2]])
    torch.tensor([[1], []])
    torch.tensor([[1, 2], [3, "a"]])
    torch.tensor({1: 2})
    torch.tensor({1, 2})
    torch.tensor(object())
    torch.tensor(x for x in [1, 2])
    torch.tensor([torch.tensor([1., 2.]), torch.tensor([2., 3.])])
    torch.tensor([300, 2], dtype=torch.uint8)
    torch.tensor([-256], dtype=torch.uint8)
    torch.tensor([-1.5], dtype=torch.uint8)
    torch.tensor(300, dtype=torch.int8)
    torch.tensor([2**31], dtype=torch.int32)
    torch.tensor(2**63)
    torch.tensor([2**64])
    torch.tensor([2**65], dtype=torch.int32)
    torch.tensor([2**64], dtype=torch.uint64)
    torch.tensor([-1], dtype=torch.uint64)
    torch.tensor([1e20], dtype=torch.int64)
    torch.tensor(float("nan"), dtype=torch.int64)
    torch.tensor(float("inf"), dtype=torch.uint8)
    torch.tensor(np.float64(300), dtype=torch.uint8)
    torch.tensor(1j, dtype=torch.float32)
    torch.tensor([1j], dtype=torch.int64)
    torch.tensor([1.], device="cuda")
    torch.tensor([1.], device="cuda:0")
    torch.tensor([1.], device="mps")
    torch.tensor([1.], device="xpu")
    torch.tensor([1.], device="foo")
    torch.tensor([1.], device=0)
    torch.tensor([1.], device=1.5)
    torch.tensor([1.], dtype="float32")
    torch.tensor([1.], dtype=np.float32)
    torch.tensor([1.], pin_memory=True)
    torch.tensor([1.], requires_grad=1)
    torch.tensor(1, 2)
    torch.tensor([1], foo=2)
    torch.tensor(np.array(["a"]))
    torch.tensor(np.array([1, 2], dtype=object))
    torch.tensor(np.arange(3)[::-1])
    torch.tensor(np.array([1, 2], dtype=">f4"))
    torch.tensor(np.datetime64("2020-01-01"))
    torch.as_tensor([1.], device="cuda")
    torch.asarray(np.ones(2), dtype=torch.float32, copy=False)
    torch.asarray(None)
    torch.from_numpy([1])
    torch.from_numpy(np.float64(1))
    torch.from_numpy(np.ones(3)[::-1])
    torch.from_numpy(np.array(["a"]))
    torch.from_numpy(np.ones(3, dtype=">f4"))
    torch.from_numpy(np.ones(2, dtype=np.longdouble))
    torch.frombuffer(bytearray(b"abcd"), dtype=torch.int32, offset=1)
    torch.frombuffer(bytearray(b"abcd"), dtype=torch.int32, count=2)
    torch.frombuffer(bytearray(b""), dtype=torch.int32)
    torch.frombuffer(bytearray(b"abcd"), dtype=torch.uint8, offset=4)
""")

FILLED = lines("""
    torch.zeros(2, 3)
    torch.zeros((2, 3))
    torch.zeros([2, 3])
    torch.zeros(torch.Size([2]))
    torch.zeros(size=(2,))
    torch.zeros(())
    torch.zeros(0)
    torch.zeros(2, dtype=torch.int32)
    torch.zeros(np.int64(2), 3)
    torch.zeros(torch.tensor(2), 3)
    torch.zeros((torch.tensor(2), 3))
    torch.zeros(2, requires_grad=True)
    torch.zeros(2, dtype=None, device=None)
    torch.zeros(2, layout=torch.strided)
    torch.zeros(2, out=torch.ones(2))
    torch.ones(2, dtype=torch.bool)
    torch.ones(2, dtype=torch.complex64)
    torch.full((2,), 1)
    torch.full((2,), 1.5)
    torch.full((2,), True)
    torch.full((2,), 1j)
    torch.full((2,), 1, dtype=torch.float16)
    torch.full((2,), 1.5, dtype=torch.int64)
    torch.full((2,), torch.tensor(3.))
    torch.full((2,), np.float64(3))
    torch.full((2,), np.int32(3))
    torch.full((2,), 3., requires_grad=True)
    torch.full(size=(2,), fill_value=3)
    torch.full((1,), -1, dtype=torch.uint8)
    torch.full((1,), 1e6, dtype=torch.float16)
    torch.full((1,), float("inf"), dtype=torch.float16)
    torch.full((1,), 1j, dtype=torch.bool)
    torch.full((1,), 2, dtype=torch.bool)
    torch.empty(2, 3).shape
    torch.empty((2, 3), memory_format=torch.contiguous_format).shape
    torch.eye(2)
    torch.eye(2, 3)
    torch.eye(n=2, m=1)
    torch.eye(2, dtype=torch.bool)
    torch.scalar_tensor(3)
    torch.scalar_tensor(3, dtype=torch.int64)
    torch.zeros_like(torch.ones(2, 3))
    torch.zeros_like(torch.ones(2, 3), dtype=torch.int64)
    torch.zeros_like(torch.ones(2, requires_grad=True))
    torch.zeros_like(torch.ones(2), requires_grad=True)
    torch.zeros_like(input=torch.ones(2))
    torch.ones_like(torch.ones(2, dtype=torch.bool))
    torch.full_like(torch.ones(2), 3)
    torch.full_like(torch.ones(2, dtype=torch.int64), 3.7)
    torch.full_like(torch.ones(2), 3, dtype=torch.int64)
    torch.empty_like(torch.ones(2, dtype=torch.int8)).dtype
    torch.ones(2).new_zeros(3)
    torch.ones(2).new_zeros((3, 2))
    torch.ones(2).new_zeros(3, 2)
    torch.ones(2, dtype=torch.int64).new_zeros(2)
    torch.ones(2).new_ones(2, dtype=torch.int64)
    torch.ones(2).new_ones(2, requires_grad=True)
    torch.ones(2).new_full((2,), 3)
    torch.ones(2, dtype=torch.int64).new_full((2,), 3.7)
    torch.ones(2).new_empty((2, 3)).shape
""")

BADLY_FILLED = lines("""
    torch.zeros()
    torch.zeros(-1)
    torch.ones(2, -1)
    torch.zeros(2.0)
    torch.zeros("a")
    torch.zeros(2, "a")
    torch.zeros((2, 2.5))
    torch.zeros(True)
    torch.zeros(None)
    torch.zeros(2, device="cuda")
    torch.zeros(2, dtype=torch.int64, requires_grad=True)
    torch.zeros(2, out=torch.ones(2, dtype=torch.float64), dtype=torch.float32)
    torch.zeros(2, foo=1)
    torch.zeros((1, 2, 3, 4), memory_format=torch.channels_last)
    torch.full(2, 1)
    torch.full((-1,), 2)
    torch.full((2,), None)
    torch.full((2,), "a")
    torch.full((2,), torch.tensor([3.]))
    torch.full((2,), 3, requires_grad=True)
    torch.full((2,), 300, dtype=torch.uint8)
    torch.full((2,), -300, dtype=torch.uint8)
    torch.full((2,), 1j, dtype=torch.float32)
    torch.full((2,), 1j, dtype=torch.int64)
    torch.full((2,), 1e39, dtype=torch.float32)
    torch.full((2,), float("nan"), dtype=torch.int64)
    torch.full((2,), 2**40, dtype=torch.int32)
    torch.full((2,), 2**63)
    torch.full((2,), 2**64)
    torch.empty(-1)
    torch.empty((2, 3), memory_format=torch.channels_last)
    torch.empty((2, 3), memory_format=torch.preserve_format)
    torch.empty_strided((2, 3), (1,))
    torch.empty_strided((2, 3), (-1, 1))
    torch.eye(-1)
    torch.eye(2, -1)
    torch.eye(2.0)
    torch.zeros_like([1, 2])
    torch.zeros_like(torch.ones(2), device="cuda")
    torch.ones(2).new_zeros(-1)
    torch.ones(2).new_ones(2, dtype=torch.int64, requires_grad=True)
""")

RANGES = lines("""
    torch.arange(5)
    torch.arange(1, 5)
    torch.arange(1, 6, 2)
    torch.arange(5.)
    torch.arange(2.5)
    torch.arange(0, 1, 0.25)
    torch.arange(0, 1, 0.1)
    torch.arange(0, 1, 0.1, dtype=torch.float64)
    torch.arange(5, 0, -2)
    torch.arange(0)
    torch.arange(end=3)
    torch.arange(start=1, end=3)
    torch.arange(True)
    torch.arange(3, dtype=torch.float32)
    torch.arange(3, dtype=torch.float16)
    torch.arange(3, dtype=torch.bfloat16)
    torch.arange(3, dtype=torch.uint8)
    torch.arange(0, 2.5, 1, dtype=torch.int64)
    torch.arange(0.5, 3, 1, dtype=torch.int64)
    torch.arange(0.5, 3, 1, dtype=torch.int32)
    torch.arange(-1.5, 3, 1, dtype=torch.int32)
    torch.arange(torch.tensor(3))
    torch.arange(torch.tensor(3.))
    torch.arange(np.int32(3))
    torch.arange(np.float32(3))
    torch.arange(2**53, 2**53 + 3)
    torch.arange(2**62, 2**62 + 2)
    torch.arange(3., requires_grad=True)
    torch.arange(3, out=torch.empty(3))
    torch.arange(1, 0)
    torch.arange(0, 1, -1)
    torch.arange(0, 1, 0)
    torch.arange(-3)
    torch.arange(0, float("inf"))
    torch.arange(0, float("nan"))
    torch.arange(3, dtype=torch.bool)
    torch.arange(3, dtype=torch.complex64)
    torch.arange("a")
    torch.arange(1j)
    torch.arange(3, requires_grad=True)
    torch.range(0, 3)
    torch.range(1, 4, 0.5)
    torch.linspace(0, 1, 5)
    torch.linspace(0, 1, 1)
    torch.linspace(0, 1, 0)
    torch.linspace(-3, 7, 11)
    torch.linspace(3, -7, 10, dtype=torch.float64)
    torch.linspace(0, 1, 3, dtype=torch.int64)
    torch.linspace(0, 10, 5, dtype=torch.int64)
    torch.linspace(-10, 10, 7, dtype=torch.int32)
    torch.linspace(0, 1, 3, dtype=torch.complex64)
    torch.linspace(0, 1j, 3)
    torch.linspace(0, 1, 3, dtype=torch.float16)
    torch.linspace(start=0, end=1, steps=3)
    torch.linspace(torch.tensor(0.), torch.tensor(1.), 3)
    torch.linspace(0, 1, 3, requires_grad=True)
    torch.linspace(0, 1, -1)
    torch.linspace(torch.tensor([0.]), 1, 3)
    torch.logspace(0, 2, 3)
    torch.logspace(0, 2, 3, base=2)
    torch.logspace(0, 2, 3, base=2, dtype=torch.int64)
    torch.logspace(-1, 1, 5)
    torch.logspace(0, 2, 1)
    torch.logspace(0, 2, 3, base=-2)
    torch.logspace(0, 2, -1)
    torch.tril_indices(3, 3)
    torch.tril_indices(3, 4, -1)
    torch.triu_indices(3, 3, 1)
    torch.triu_indices(2, 4, dtype=torch.int32)
""")

LEGACY = lines("""
    torch.Tensor()
    torch.Tensor(2, 3).shape
    torch.Tensor(2).shape
    torch.Tensor(torch.Size([2, 3])).shape
    torch.Tensor([1, 2])
    torch.Tensor((1, 2))
    torch.Tensor([[1, 2], [3, 4]])
    torch.Tensor([True])
    torch.Tensor(range(3))
    torch.Tensor(np.ones(2))
    torch.Tensor(np.ones(2, dtype=np.int64))
    torch.Tensor(torch.ones(2))
    torch.Tensor(torch.ones(2, dtype=torch.int64))
    torch.Tensor([1.], device="cpu")
    torch.Tensor(2.5)
    torch.Tensor("a")
    torch.Tensor(None)
    torch.Tensor(2, 3.5)
    torch.Tensor(-1)
    torch.Tensor([1j])
    torch.Tensor([1.], device="cuda")
    torch.FloatTensor([1, 2])
    torch.FloatTensor(2, 3).shape
    torch.DoubleTensor([1, 2])
    torch.HalfTensor([1, 0])
    torch.BFloat16Tensor([1, 0])
    torch.LongTensor([1.5, 2])
    torch.IntTensor([1, 2])
    torch.ShortTensor([1, 0])
    torch.CharTensor([1, 0])
    torch.ByteTensor([1, 2])
    torch.BoolTensor([1, 0])
    torch.FloatTensor
    torch.FloatTensor.dtype
    torch.cuda.FloatTensor
    torch.cuda.FloatTensor(2)
    isinstance(torch.ones(2), torch.FloatTensor)
    isinstance(torch.ones(2), torch.LongTensor)
    isinstance(torch.ones(2), torch.Tensor)
    torch.ones(2).new([1, 2])
    torch.ones(2).new(2).shape
    torch.ones(2).new().shape
    torch.ones(2).new(2, 3).shape
    torch.ones(2).new(torch.ones(3))
    torch.ones(2).type()
    torch.ones(2, dtype=torch.bfloat16).type()
    torch.ones(2, dtype=torch.uint16).type()
    torch.typename(torch.ones(2))
    torch.typename(3)
    torch.set_default_tensor_type(torch.LongTensor)
""")


@pytest.mark.parametrize("expression", FROM_DATA)
def test_data_becomes_the_tensor_that_it_becomes_in_pytorch(expression: str) -> None:
    assert_same(expression)


@pytest.mark.parametrize("expression", BAD_DATA)
def test_bad_data_raises_what_it_raises_in_pytorch(expression: str) -> None:
    assert_same(expression)


@pytest.mark.parametrize("expression", FILLED)
def test_a_filled_tensor_is_that_of_pytorch(expression: str) -> None:
    assert_same(expression)


@pytest.mark.parametrize("expression", BADLY_FILLED)
def test_bad_sizes_and_values_raise_what_they_raise_in_pytorch(expression: str) -> None:
    assert_same(expression)


@pytest.mark.parametrize("expression", RANGES)
def test_a_range_is_that_of_pytorch(expression: str) -> None:
    assert_same(expression)


@pytest.mark.parametrize("expression", LEGACY)
def test_a_legacy_constructor_makes_what_it_makes_in_pytorch(expression: str) -> None:
    assert_same(expression)


EXTENDED = np.finfo(np.longdouble).nmant >= 63  # with which one rounding can be told from two


@pytest.mark.skipif(platform.machine() != "x86_64" or not EXTENDED, reason="the last bit is that of an x86 processor")
@pytest.mark.parametrize("dtype", ["bfloat16", "float32", "float64"])
def test_ranges_of_floats_agree_to_the_last_bit(dtype: str) -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        a, b, n = rng.uniform(-100, 100), rng.uniform(-100, 100), int(rng.integers(1, 60))
        step = abs(b) / n + 0.01
        for name, arguments in (("linspace", (a, b, n)), ("arange", (a, a + abs(b), step))):
            ours, theirs = (
                getattr(library, name)(*arguments, dtype=getattr(library, dtype)) for library in (adjoint, torch)
            )
            assert ours.tolist() == theirs.tolist()


@pytest.mark.parametrize("name", ["hann", "hamming", "blackman", "bartlett", "kaiser"])
@pytest.mark.parametrize("periodic", [True, False])
def test_windows_are_pytorchs(name: str, periodic: bool) -> None:
    for length in (0, 1, 2, 5, 16):
        ours, theirs = (getattr(library, f"{name}_window")(length, periodic) for library in (adjoint, torch))
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-5, atol=1e-6)
    with pytest.raises(RuntimeError, match=f"{name}_window expects floating point dtypes, got: "):
        getattr(adjoint, f"{name}_window")(3, dtype=adjoint.int64)
    assert_same(f"torch.{name}_window(-1)")


def test_a_tensor_of_data_is_a_copy() -> None:
    array = np.zeros(2)
    t = adjoint.tensor(array)
    array[0] = 1
    assert t.tolist() == [0, 0]


def test_as_tensor_shares_the_memory_of_an_array() -> None:
    array = np.zeros(2)
    t = adjoint.as_tensor(array)
    array[0] = 1
    assert t.tolist() == [1, 0]
    assert adjoint.as_tensor(t) is t


def test_from_numpy_shares_memory_both_ways() -> None:
    array = np.zeros((2, 3), np.float32)
    t = adjoint.from_numpy(array)
    array[0, 1] = 5
    t.numpy()[1, 2] = 7
    assert t.tolist() == array.tolist() == [[0, 5, 0], [0, 0, 7]]


def test_frombuffer_shares_the_buffers_memory() -> None:
    buffer = bytearray(b"abc")
    t = adjoint.frombuffer(buffer, dtype=adjoint.uint8)
    buffer[1] = 0
    assert t.tolist() == [97, 0, 99]


def test_an_enumerations_members_are_numbers() -> None:
    class Colour(enum.IntEnum):
        RED = 3

    assert adjoint.tensor([Colour.RED, 4]).tolist() == torch.tensor([Colour.RED, 4]).tolist()


def test_the_default_dtype_is_that_of_floats() -> None:
    adjoint.set_default_dtype(adjoint.float64)
    try:
        assert adjoint.tensor([1.0]).dtype is adjoint.float64
        assert adjoint.zeros(1).dtype is adjoint.ones(1).dtype is adjoint.eye(1).dtype is adjoint.float64
        assert adjoint.tensor([1j]).dtype is adjoint.complex128
        assert adjoint.arange(1.0).dtype is adjoint.linspace(0, 1, 2).dtype is adjoint.float64
        assert adjoint.Tensor([1]).dtype is adjoint.float64
    finally:
        adjoint.set_default_dtype(adjoint.float32)


def test_tensors_made_in_inference_mode_are_inference_tensors() -> None:
    with adjoint.inference_mode():
        made = [
            adjoint.ones(1),
            adjoint.tensor([1.0]),
            adjoint.arange(2),
            adjoint.zeros_like(adjoint.ones(1)),
            adjoint.Tensor(1),
        ]
    assert all(t.is_inference() for t in made)
    assert not adjoint.ones(1).is_inference()


def test_memory_formats_order_the_strides() -> None:
    for make in ("empty((1, 2, 3, 4), memory_format=torch.channels_last)",
                 "empty((1, 2, 3, 4, 5), memory_format=torch.channels_last_3d)",
                 "empty_strided((2, 3), (1, 2))",
                 "zeros_like(torch.empty_strided((2, 3), (1, 2)))",
                 "zeros_like(torch.empty_strided((2, 3, 4), (4, 8, 1)))",
                 "zeros_like(torch.empty_strided((2, 3), (1, 2)), memory_format=torch.contiguous_format)"):  # fmt: skip
        ours = eval(f"torch.{make}", {"torch": adjoint}).numpy()
        theirs = eval(f"torch.{make}", {"torch": torch}).numpy()
        assert ours.strides == theirs.strides, make


def test_a_large_list_is_converted_quickly_and_exactly() -> None:
    numbers = [[math.sin(i * j) for i in range(100)] for j in range(100)]
    assert adjoint.tensor(numbers).tolist() == torch.tensor(numbers).tolist()
    assert adjoint.tensor(numbers, dtype=adjoint.float64).tolist() == numbers
