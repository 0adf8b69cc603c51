"""``python -m torch.utils.collect_env``: what a report of a fault should say of the machine and its packages."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shutil
import subprocess
import sys
from typing import Any, NamedTuple

from adjoint.names import list_names as _list_names

__all__ = ["SystemEnv", "get_env_info", "get_pretty_env_info", "main", "pretty_str"]

_PACKAGES = (
    "adjoint torch torchvision numpy scipy ml_dtypes llvmlite tqdm transformers accelerate lightning pytorch-lightning "
    "safetensors onnx onnxruntime triton optree mypy"
).split()


class SystemEnv(NamedTuple):
    """The facts; None where one is not known."""

    torch_version: str
    adjoint_version: str
    is_debug_build: str
    cuda_compiled_version: str | None
    os: str
    gcc_version: str | None
    clang_version: str | None
    cmake_version: str | None
    libc_version: str
    python_version: str
    python_platform: str
    is_cuda_available: str
    cpu_info: str
    pip_packages: str


def get_env_info() -> SystemEnv:
    """The facts of this machine and process.

    >>> get_env_info().is_cuda_available
    'False'
    """
    import adjoint

    bits = sys.maxsize.bit_length() + 1
    return SystemEnv(
        torch_version=_installed("torch") or str(adjoint.__version__),
        adjoint_version=_installed("adjoint") or "from its source",
        is_debug_build="False",
        cuda_compiled_version=None,
        os=_system(),
        gcc_version=_version_of("gcc"),
        clang_version=_version_of("clang"),
        cmake_version=_version_of("cmake"),
        libc_version="-".join(platform.libc_ver()) or "N/A",
        python_version=f"{sys.version} ({bits}-bit runtime)".replace("\n", " "),
        python_platform=platform.platform(),
        is_cuda_available="False",
        cpu_info=f"{_processor()}, {os.cpu_count()} logical cores",
        pip_packages="\n".join(f"{name}=={version}" for name in _PACKAGES if (version := _installed(name))),
    )


def pretty_str(envinfo: SystemEnv) -> str:
    """The facts as lines of text."""
    facts = {name: "N/A" if value is None else value for name, value in envinfo._asdict().items()}
    packages = "\n".join(f"[pip3] {line}" for line in facts["pip_packages"].splitlines()) or "No relevant packages"
    return f"""PyTorch version: {facts["torch_version"]}
Adjoint version: {facts["adjoint_version"]}
Is debug build: {facts["is_debug_build"]}
CUDA used to build PyTorch: {facts["cuda_compiled_version"]}

OS: {facts["os"]}
GCC version: {facts["gcc_version"]}
Clang version: {facts["clang_version"]}
CMake version: {facts["cmake_version"]}
Libc version: {facts["libc_version"]}

Python version: {facts["python_version"]}
Python platform: {facts["python_platform"]}
Is CUDA available: {facts["is_cuda_available"]}

CPU:
{facts["cpu_info"]}

Versions of relevant libraries:
{packages}"""


def get_pretty_env_info() -> str:
    """The facts of this machine and process, as lines of text."""
    return pretty_str(get_env_info())


def main() -> None:
    """Print the facts."""
    print("Collecting environment information...")
    print(get_pretty_env_info())


def _installed(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _version_of(program: str) -> str | None:
    """What ``program --version`` begins with."""
    if shutil.which(program) is None:
        return None
    answer: Any = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    return answer.splitlines()[0] if answer else None


def _system() -> str:
    try:
        facts = platform.freedesktop_os_release()
    except (OSError, AttributeError):
        return f"{platform.system()} {platform.release()}"
    return f"{facts.get('PRETTY_NAME', platform.system())} ({platform.machine()})"


def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as file:
            found = re.search(r"model name\s*: (.*)", file.read())
    except OSError:
        found = None
    return found[1] if found else platform.processor() or platform.machine()


_list_names(__name__)

if __name__ == "__main__":
    main()
