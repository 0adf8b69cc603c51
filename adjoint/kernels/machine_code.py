"""Machine code: from LLVM modules to functions that Python calls, kept on disk between runs (:mod:`adjoint.kernels.kept`).

A function is compiled once per machine.  What is kept is named by a hash of what was asked for, of the source of all
kernels, and of processor and versions.
"""

from __future__ import annotations

import ctypes
import gc
import hashlib
import sys
import threading
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from adjoint.forks import hold
from adjoint.interrupts import contextmanager
from adjoint.kernels.handed import start, watched
from adjoint.kernels.kept import read, write
from adjoint.kernels.machine import machine
from adjoint.kernels.native.bounds import CHECKED
from adjoint.kernels.object_files import address_in, defined

_lock = hold(threading.RLock())  # nobody forks while another thread compiles


def entry(function: Any, result: Any = None, **constants: Any) -> Any:
    """A native function as one of ctypes', some of its parameters constant.

    The parameters that are not constant have their types declared; Python passes them as integers (pointers too) and
    floats.  ``result`` is the ctypes type of what it returns.
    """
    parameters = [_CTYPES[function.types[p].name] if function.types[p].kind != "ptr" else ctypes.c_void_p
                  for p in function.parameters(constants)]  # fmt: skip
    made = ctypes.CFUNCTYPE(result, *parameters)(address(function, **constants))
    return watched(made) if CHECKED else made


def address(function: Any, **constants: Any) -> int:
    """The address of a native function, some of its parameters constant."""
    from adjoint.kernels.native import described, emit_module

    return address_of(described((function, constants)), lambda name: emit_module(function, constants, name))


_CTYPES = {
    "i8": ctypes.c_int8, "i16": ctypes.c_int16, "i32": ctypes.c_int32, "i64": ctypes.c_int64,
    "f32": ctypes.c_float, "f64": ctypes.c_double,
}  # fmt: skip


def address_of(key: str, emit: Callable[[str], Any]) -> int:
    """The address of the function that ``key`` describes; ``emit(name)`` makes a module that defines it under a name."""
    digest = hashlib.sha256(f"{_fingerprint()}\n{key}".encode()).hexdigest()[:40]
    name = f"adjoint_{digest}"
    with _lock:
        found = _addresses.get(name)
        if found is None:
            code = read(digest)
            found = _linked(code, name) if code is not None else 0
            if not found:
                with _without_garbage_collection():
                    code = _compile(emit(name))
                found = _linked(code, name)
                if not found:
                    raise RuntimeError(f"compiled code does not define {key}")
                write(digest, code)
            _addresses[name] = found
        return found


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """What is compiled is full of cycles that die together; collecting in between takes as long as compiling."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


_LEVEL = 0 if CHECKED else 2  # of optimization: what is run once, under checks, is compiled in three quarters of the time

_addresses: dict[str, int] = {}
compiled: list[str] = []
"""The names of what this process compiled (and did not find on disk)."""


def _linked(code: bytes, name: str) -> int:
    """The address of the function of this name in an object file; 0 where there is none."""
    if CHECKED:
        start()
    found = address_in(code, name)
    return _linked_by_llvm(code, name) if found is None else found


def _linked_by_llvm(code: bytes, name: str) -> int:
    import llvmlite.binding as llvm

    try:
        _engine().add_object_file(llvm.object_file.ObjectFileRef.from_data(code))
        _engine().finalize_object()
        return int(_engine().get_function_address(name))
    except Exception:
        return 0


def _compile(module: Any) -> bytes:
    import llvmlite.binding as llvm

    module.triple = llvm.get_process_triple()
    parsed = llvm.parse_assembly(str(module))
    target = _target()
    options = llvm.create_pipeline_tuning_options(speed_level=_LEVEL)
    options.loop_vectorization = False
    options.slp_vectorization = False
    options.loop_unrolling = False
    builder = llvm.create_pass_builder(target, options)
    builder.getModulePassManager().run(parsed, builder)
    compiled.append(module.name)
    return target.emit_object(parsed)


@lru_cache(maxsize=None)
def _target() -> Any:
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    llvm.initialize_native_asmparser()
    target = llvm.Target.from_triple(llvm.get_process_triple())
    return target.create_target_machine(cpu=machine().cpu, features=machine().features, opt=_LEVEL, jit=True)


@lru_cache(maxsize=None)
def _engine() -> Any:
    import llvmlite.binding as llvm

    for symbol, at in defined.items():
        llvm.add_symbol(symbol, at)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _target())
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(engine))  # threads run its code for as long as there is a process
    return engine


@lru_cache(maxsize=None)
def _fingerprint() -> str:
    import llvmlite

    seen = hashlib.sha256()
    for file in sorted(Path(__file__).parent.rglob("*.py")):
        seen.update(file.read_bytes())
    host = machine()
    versions = f"{sys.version} {np.__version__} {llvmlite.__version__}"  # kernels know how arrays lie in memory
    return f"{seen.hexdigest()} {versions} {host.cpu} {host.features} {host.vector_bytes} {sys.platform} {CHECKED}"
