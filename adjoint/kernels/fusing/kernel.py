"""Kernel: the native source of one kernel, how its arguments are laid out, and its machine code."""

from __future__ import annotations

import linecache
from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Kernel:
    """A kernel's source and how its arguments are laid out.

    The first words of the arguments are the arrays (inputs, then results), ``words`` says what follows:
    ``("offset", array)``, ``("stride", array, axis)``, ``("size", axis)``, ``("number", index)``, ``("chunk",)``,
    ``("points",)``.
    """

    name: str
    source: str
    functions: dict[str, Any]
    arrays: list[Any]
    words: list[Any]
    kind: str  # "map", "rows" or "columns"
    block: int  # columns: how many points a task's block has
    reductions: list[int]  # split: which equations' partial results are left


def compile_kernel(kernel: Kernel) -> int:
    """The address of a kernel's machine code."""
    from adjoint.kernels import native
    from adjoint.kernels.machine_code import address_of
    from adjoint.kernels.native.emitter import Value

    def emit(name: str) -> Any:
        filename = f"<adjoint {name}>"
        linecache.cache[filename] = (len(kernel.source), None, kernel.source.splitlines(True), filename)
        space = {k: v for k, v in vars(native).items() if not k.startswith("_")}
        space |= {"INFINITY": float("inf"), "pointer": _pointer(native), **kernel.functions}
        exec(compile(kernel.source, filename, "exec"), space)
        function = native.native(space[kernel.name])
        compilation = native.emitter.Compilation(name)
        arguments = [Value(native.ptr(native.i64), None), Value(native.i64, None), Value(native.i64, None)]
        native.function.specialised(compilation, function, arguments, public=name)
        return compilation.module

    return address_of(kernel.source, emit)


def _pointer(native: Any) -> Any:
    """The address of an array's elements, from the address of the array object."""
    from adjoint.kernels.objects import pointer

    return pointer
