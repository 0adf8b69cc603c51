"""Files of compiled programs, which are neither written nor read."""

from __future__ import annotations

import os
from typing import Any, NoReturn

from adjoint.jit._deprecation import deprecated


def save(m: Any, f: Any, _extra_files: Any = None) -> NoReturn:
    """Refused: a module stays Python, and a TorchScript file holds a compiled one."""
    deprecated("save", "Please switch to `torch.export`.", dropped=True)
    raise RuntimeError(
        "torch.jit.save writes compiled TorchScript, and Adjoint compiles none: modules run as Python, as with PYTORCH_JIT=0. "
        "Save its state with torch.save(model.state_dict(), file), or the module with torch.save(model, file)."
    )


def load(f: Any, map_location: Any = None, _extra_files: Any = None, _restore_shapes: bool = False) -> NoReturn:
    """Refused: a TorchScript file holds a compiled program.  Raises ValueError where there is no such file."""
    deprecated("load", "Please switch to `torch.export`.", dropped=True)
    if isinstance(f, (str, os.PathLike)):
        if not os.path.exists(f):
            raise ValueError(f"The provided filename {f} does not exist")
        if os.path.isdir(f):
            raise ValueError(f"The provided filename {f} is a directory")
    raise RuntimeError(
        "torch.jit.load reads compiled TorchScript, which Adjoint cannot run. With PyTorch, torch.save the state_dict() of "
        "the loaded module; then make the module from its Python class and load that state with torch.load."
    )


def save_jit_module_to_flatbuffer(m: Any, f: Any, _extra_files: Any = None) -> NoReturn:
    """Refused, as :func:`save` is."""
    save(m, f, _extra_files)


def jit_module_from_flatbuffer(f: Any) -> NoReturn:
    """Refused, as :func:`load` is."""
    load(f)
