"""``torch.utils.cpp_extension``: extensions in C++, which are written against PyTorch's own headers and libraries.

Adjoint has neither, so nothing can be built; setup scripts and libraries that import these names, and build only where they
are asked to, run.
"""

from __future__ import annotations

import os
import shutil
from typing import Any, NoReturn

from adjoint.names import list_names as _list_names

__all__ = [
    "BuildExtension", "CUDAExtension", "CppExtension", "SyclExtension", "check_compiler_ok_for_platform",
    "get_default_build_root", "include_paths", "is_ninja_available", "library_paths", "load", "load_inline",
    "verify_ninja_availability",
]  # fmt: skip

CUDA_HOME: str | None = None
ROCM_HOME: str | None = None
CUDNN_HOME: str | None = None
IS_HIP_EXTENSION = False


def _refuse(what: str) -> NoReturn:
    raise NotImplementedError(
        f"{what}: extensions are compiled against PyTorch's C++ headers and libraries, which Adjoint does not have. "
        "Write the function in Python: adjoint.autograd.Function, or a row of a table (docs/adding-an-operator.md)"
    )


def load(name: str, sources: Any, *args: Any, **kwargs: Any) -> NoReturn:
    """Raises NotImplementedError: there is nothing to compile against."""
    _refuse(f"cpp_extension.load({name!r})")


def load_inline(name: str, cpp_sources: Any, *args: Any, **kwargs: Any) -> NoReturn:
    """Raises NotImplementedError: there is nothing to compile against."""
    _refuse(f"cpp_extension.load_inline({name!r})")


def CppExtension(name: str, sources: Any, *args: Any, **kwargs: Any) -> NoReturn:
    """Raises NotImplementedError: there is nothing to compile against."""
    _refuse(f"CppExtension({name!r})")


def CUDAExtension(name: str, sources: Any, *args: Any, **kwargs: Any) -> NoReturn:
    """Raises NotImplementedError: there is nothing to compile against, and no CUDA."""
    _refuse(f"CUDAExtension({name!r})")


def SyclExtension(name: str, sources: Any, *args: Any, **kwargs: Any) -> NoReturn:
    """Raises NotImplementedError: there is nothing to compile against."""
    _refuse(f"SyclExtension({name!r})")


class BuildExtension:
    """The command that builds extensions.  Raises NotImplementedError where it is made."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _refuse("BuildExtension")

    @classmethod
    def with_options(cls, **options: Any) -> type[BuildExtension]:
        """The command, which still refuses."""
        return cls


def include_paths(device_type: str = "cpu", *args: Any) -> list[str]:
    """Where PyTorch's headers are: nowhere."""
    return []


def library_paths(device_type: str = "cpu", *args: Any) -> list[str]:
    """Where PyTorch's libraries are: nowhere."""
    return []


def is_ninja_available() -> bool:
    """Whether the program ninja is on the path."""
    return shutil.which("ninja") is not None


def verify_ninja_availability() -> None:
    """Raises RuntimeError where ninja is not on the path."""
    if not is_ninja_available():
        raise RuntimeError("Ninja is required to load C++ extensions (pip install ninja to get it)")


def check_compiler_ok_for_platform(compiler: str) -> bool:
    """Whether there is such a compiler."""
    return shutil.which(compiler) is not None


def get_default_build_root() -> str:
    """Where extensions would be built."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.realpath(os.path.join(cache, "torch_extensions"))


_list_names(__name__)
