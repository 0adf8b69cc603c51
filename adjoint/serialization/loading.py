"""``torch.load``."""

from __future__ import annotations

import io
import os
import pickle
import pickletools
import warnings
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections.abc import Callable
from typing import Any

from adjoint.places import users_level
from adjoint.serialization import allowed, names
from adjoint.serialization.damage import CorruptFileError
from adjoint.serialization.legacy import read_legacy
from adjoint.serialization.reading import Reading
from adjoint.serialization.records import ArchiveReader, is_archive
from adjoint.serialization.storages import Storages
from adjoint.serialization.unpickler import UNSAFE, WeightsUnpickler

_LEARN_MORE = (
    "\n\nCheck the documentation of torch.load to learn more about types accepted by default with weights_only "
    "https://pytorch.org/docs/stable/generated/torch.load.html."
)


def load(
    f: Any,
    map_location: Any = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = None,
    mmap: bool | None = None,
    **pickle_load_args: Any,
) -> Any:
    """Load what :func:`save` saved, in Adjoint or in PyTorch.

    ``f`` is a path, or a file object that can be read and sought.  By default only weights are loaded: the file is
    read by an interpreter that knows tensors and containers of them and executes nothing
    (:func:`add_safe_globals` adds classes).  With ``weights_only=False`` anything that was pickled is loaded, and
    whatever the file asks for is run: only for files that you trust.  ``map_location`` says where storages go,
    ``mmap=True`` leaves them in the file (a path) until they are used.

    Raises pickle.UnpicklingError for a file that names what is not allowed, and CorruptFileError, which is an
    UnpicklingError, a RuntimeError and an EOFError, for one that is damaged or that would make far more than it holds;
    ValueError and RuntimeError for options that do not go with the file, RuntimeError for storages of a device that is
    not here.  With ``weights_only=False``, a class that is not there raises AttributeError or ImportError, and what the
    file's own objects raise is raised as it is.
    """
    unset = weights_only is None
    only = True if unset else bool(weights_only)
    force, forbid = (_is_set(f"TORCH_FORCE_{word}WEIGHTS_ONLY_LOAD") for word in ("", "NO_"))
    if force and forbid:
        raise RuntimeError(
            "Only one of `TORCH_FORCE_WEIGHTS_ONLY_LOAD` or `TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD` should be set, but both "
            "were set."
        )
    if force:
        only = True
    elif forbid and unset:
        warnings.warn(
            "Environment variable TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD detected, since the`weights_only` argument was not "
            "explicitly passed to `torch.load`, forcing weights_only=False.",
            UserWarning,
            stacklevel=users_level(),
        )
        only = False
    if unset and pickle_module is not None and not force:
        only = False
    if only and pickle_module is not None:
        raise RuntimeError("Can not safely load weights when explicit pickle_module is specified")
    if only and pickle_load_args:
        warnings.warn("pickle_load_args only works if `weights_only=False`.", stacklevel=users_level())
        pickle_load_args = {}
    if isinstance(f, (str, os.PathLike)):
        with open(f, "rb") as file:
            return _load(file, os.fspath(f), map_location, pickle_module, only, mmap, pickle_load_args)
    _check_seekable(f)
    return _load(f, None, map_location, pickle_module, only, mmap, pickle_load_args)


def _load(
    file: Any, path: str | None, map_location: Any, pickle_module: Any, only: bool, mmap: bool | None, options: Any
) -> Any:
    with Reading(file, trusted=not only) as reading:

        def unpickle(source: Any, persistent_load: Callable[[Any], Any]) -> Any:
            if only:
                return WeightsUnpickler(source, persistent_load, reading).load()
            return _trusting(pickle_module, source, persistent_load, reading, options)

        try:
            if is_archive(file):
                found = _from_archive(reading, path, map_location, only, mmap, unpickle)
            else:
                with reading.outside():
                    _check_unmapped(mmap, path)
                found = read_legacy(file, unpickle, Storages(map_location, reading, None, mapped=False), only)
            reading.finish()
            return found
        except pickle.UnpicklingError as error:
            if not only or isinstance(error, CorruptFileError):
                raise
            raise reading.own(pickle.UnpicklingError(_explained(str(error)))) from None


def _from_archive(
    reading: Reading, path: str | None, map_location: Any, only: bool, mmap: bool | None, unpickle: Any
) -> Any:
    """What a file in today's format holds."""
    reader = ArchiveReader(reading)
    with reading.outside():
        if "constants.pkl" in reader:
            raise RuntimeError(
                "Cannot use ``weights_only=True`` with TorchScript archives passed to ``torch.load``. " + UNSAFE
                if only
                else "this file is a TorchScript archive, a compiled program, which Adjoint does not run"
            )
        if mmap and path is None:
            raise ValueError("f must be a file path in order to use the mmap argument")
    storages = Storages(map_location, reading, reader, mapped=bool(mmap))
    return unpickle(io.BytesIO(reader.read("data.pkl")), storages.from_archive)


def _check_unmapped(mmap: bool | None, path: str | None) -> None:
    if mmap:
        shown = f"{path}, " if path is not None else ""
        raise RuntimeError(
            f"mmap can only be used with files saved with `torch.save({shown}_use_new_zipfile_serialization=True), "
            "please torch.save your checkpoint with this option in order to use mmap."
        )


def _trusting(
    module: Any, source: Any, persistent_load: Callable[[Any], Any], reading: Reading, options: dict[str, Any]
) -> Any:
    """Read a pickle that may name and call anything."""
    base = (module or pickle).Unpickler

    class Unpickler(base):  # type: ignore[misc, valid-type]
        def find_class(self, module_name: str, name: str) -> Any:
            with reading.outside():  # a class that is not there: AttributeError or ImportError, as in PyTorch
                if module_name.partition(".")[0] in ("torch", "torchvision"):
                    return names.find(module_name, name)
                return super().find_class(module_name, name)

    unpickler = Unpickler(source, **{"encoding": "utf-8", **options})
    unpickler.persistent_load = persistent_load
    return unpickler.load()


def _explained(message: str) -> str:
    """What went wrong, and what can be done: PyTorch's words around an unpickler's message."""
    start = "Weights only load failed. "
    if message.startswith("Unsupported global"):
        return (
            f"{start}This file can still be loaded, to do so you have two options, \033[1mdo those steps only if you "
            f"trust the source of the checkpoint\033[0m. \n\t(1) {UNSAFE}\n\t(2) Alternatively, to load with "
            "`weights_only=True` please check the recommended steps in the following error message.\n\tWeightsUnpickler "
            f"error: {message}{_LEARN_MORE}"
        )
    if "is blocked" in message:
        return f"{start}{UNSAFE}\n\n\n{message}{_LEARN_MORE}"
    return (
        f"{start}{UNSAFE}\nPlease file an issue with the following so that we can make `weights_only=True` compatible "
        f"with your use case: WeightsUnpickler error: \n\n{message}{_LEARN_MORE}"
    )


def _check_seekable(f: Any) -> None:
    try:
        f.seek(f.tell())
    except (io.UnsupportedOperation, AttributeError) as error:
        if any(f"has no attribute '{name}'" in str(error) or name in str(error) for name in ("seek", "tell")):
            raise type(error)(
                f"{error}. You can only torch.load from a file that is seekable. Please pre-load the data into a buffer "
                "like io.BytesIO and try to load from it instead."
            ) from None
        raise


def _is_set(variable: str) -> bool:
    return os.environ.get(variable, "0").lower() in ("1", "y", "yes", "true")


def get_unsafe_globals_in_checkpoint(f: Any) -> list[str]:
    """The names in a file that are not allowed when only weights are loaded, without loading it."""
    by_user = allowed.by_user()
    with open(f, "rb") if isinstance(f, (str, os.PathLike)) else _kept_open(f) as file:
        if not is_archive(file):
            raise ValueError("Expected input to be a checkpoint returned by torch.save")
        found = set()
        with Reading(file, trusted=False) as reading:
            reader = ArchiveReader(reading)
            with reading.outside():
                if "constants.pkl" in reader:
                    raise ValueError(
                        "Expected input to be a checkpoint returned by torch.save but got a torchscript checkpoint"
                    )
            for opcode, argument, _ in pickletools.genops(reader.read("data.pkl")):
                if opcode.name == "GLOBAL":
                    module, _, name = str(argument).partition(" ")
                    module, name = NAME_MAPPING.get((module, name), (IMPORT_MAPPING.get(module, module), name))
                    found.add(f"{module}.{name}")
        return sorted(name for name in found if allowed.always(name) is None and name not in by_user)


class _kept_open:
    """A file object as a context that does not close it."""

    def __init__(self, file: Any) -> None:
        self.file = file

    def __enter__(self) -> Any:
        return self.file

    def __exit__(self, *exc: object) -> None:
        pass
