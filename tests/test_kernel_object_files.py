"""Kernels that are kept on disk run without LLVM: object files are put into memory by ourselves."""

import ctypes
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from adjoint.kernels import machine_code, object_files
from adjoint.kernels.machine import machine
from adjoint.kernels.native import emit_module, f64, fill_bytes, i64, native, ptr
from adjoint.kernels.native.bounds import CHECKED

pytestmark = [
    pytest.mark.skipif(machine().family != "x86" or sys.platform != "linux", reason="LLVM links here"),
    pytest.mark.skipif(CHECKED, reason="the debug build writes to no memory that it was not handed"),
]

@native
def squares(n: i64, x: ptr(f64)):
    """Something with constants in memory, a loop, and a call of the C library."""
    for i in range(n):
        x[i] = x[i] * 1.000000001 + 7.25
    fill_bytes(x, 0, 8 * n - 40)


@pytest.fixture(scope="module")
def code():
    return machine_code._compile(emit_module(squares, {}, "the_squares"))


def called(address):
    x = np.arange(8.0)
    ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_void_p)(address)(8, x.ctypes.data)
    return x


def test_a_function_computes_what_llvms_engine_has_it_compute(code):
    ours, llvms = object_files.address_in(code, "the_squares"), machine_code._linked_by_llvm(code, "the_squares")
    assert ours and llvms and ours != llvms
    expected = np.arange(8.0) * 1.000000001 + 7.25
    expected[:3] = 0
    np.testing.assert_array_equal(called(ours), called(llvms))
    np.testing.assert_allclose(called(ours), expected, rtol=1e-15)


def test_objects_of_other_kinds_are_left_to_llvm(code):
    assert object_files.address_in(code, "another_name") is None
    assert object_files.address_in(b"", "the_squares") is None
    assert object_files.address_in(b"\xcf\xfa\xed\xfe" + code[4:], "the_squares") is None  # Mach-O
    other = bytearray(code)
    other[18:20] = (183).to_bytes(2, "little")  # AArch64
    assert object_files.address_in(bytes(other), "the_squares") is None


def test_a_damaged_object_is_refused_and_nothing_is_run(code):
    for end in range(0, len(code), 61):
        object_files.address_in(code[:end], "the_squares")
    draw = np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(code)
        for at in draw.integers(0, len(code), 3):
            damaged[at] = draw.integers(256)
        found = object_files.address_in(bytes(damaged), "the_squares")
        assert found is None or isinstance(found, int)


def test_what_the_c_library_has_is_found_and_what_it_lacks_is_not():
    assert ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(object_files._outside("cos"))(1.0) == math.cos(1.0)
    with pytest.raises(object_files._Other):
        object_files._outside("no_library_has_a_function_of_this_name")


PROGRAM = """
import sys
import adjoint as torch
x = torch.arange(90000.0).view(300, 300).requires_grad_()
y = torch.softmax(x / 1e5 @ x.T / 1e5, 1).exp().sum()
y = y + torch.nn.functional.conv2d(x.view(1, 1, 300, 300), torch.ones(4, 1, 3, 3)).sum()
y.backward()
from adjoint.kernels import machine_code
print(f"{y.item():.6g} {x.grad.sum().item():.6g}", len(machine_code.compiled) > 0, end=" ")
print("llvmlite.binding" in sys.modules, "llvmlite.ir" in sys.modules)
"""


def test_a_process_whose_kernels_are_kept_does_not_load_llvm(tmp_path):
    path = {"ADJOINT_CACHE": str(tmp_path / "kept"), "PYTHONPATH": str(Path(__file__).parent.parent), "PATH": "/usr/bin:/bin"}
    first, second = (
        subprocess.run([sys.executable, "-c", PROGRAM], env=path, text=True, capture_output=True, check=True).stdout.split()
        for _ in range(2)
    )
    assert first[2:] == ["True", "True", "True"]
    assert second == [*first[:2], "False", "False", "False"]
