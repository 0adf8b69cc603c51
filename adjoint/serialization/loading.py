"""``torch.load``."""

from __future__ import annotations

import io
import os
import pickle
import pickletools
import sys
import warnings
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.interop.storage import TypedStorage, UntypedStorage
from adjoint.places import users_level
from adjoint.serialization import allowed, names
from adjoint.serialization.archive import ArchiveReader, is_archive
from adjoint.serialization.legacy import read_legacy, swap_bytes
from adjoint.serialization.locations import restorer
from adjoint.serialization.storage_types import StorageType, bytes_of
from adjoint.serialization.unpickler import WeightsUnpickler, text

_LEARN_MORE = (
    "\n\nCheck the documentation of torch.load to learn more about types accepted by default with weights_only "
    "https://pytorch.org/docs/stable/generated/torch.load.html."
)
_UNSAFE = (
    "In PyTorch 2.6, we changed the default value of the `weights_only` argument in `torch.load` from `False` to `True`. "
    "Re-running `torch.load` with `weights_only` set to `False` will likely succeed, but it can result in arbitrary code "
    "execution. Do it only if you got the file from a trusted source."
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

    Raises pickle.UnpicklingError for a file that names what is not allowed, RuntimeError for a damaged one.
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
    def unpickle(source: Any, persistent_load: Callable[[Any], Any]) -> Any:
        if only:
            return WeightsUnpickler(source, persistent_load).load()
        return _trusting(pickle_module, source, persistent_load, options)

    if is_archive(file):
        reader = ArchiveReader(file)
        if "constants.pkl" in reader:
            raise RuntimeError(
                "Cannot use ``weights_only=True`` with TorchScript archives passed to ``torch.load``. " + _UNSAFE
                if only
                else "this file is a TorchScript archive, a compiled program, which Adjoint does not run"
            )
        if mmap and path is None:
            raise ValueError("f must be a file path in order to use the mmap argument")
        storages = _Storages(map_location, reader, path if mmap else None)
        source = io.BytesIO(reader.read("data.pkl"))

        def read() -> Any:
            return unpickle(source, storages.from_archive)

    else:
        if mmap:
            shown = f"{path}, " if path is not None else ""
            raise RuntimeError(
                f"mmap can only be used with files saved with `torch.save({shown}_use_new_zipfile_serialization=True), "
                "please torch.save your checkpoint with this option in order to use mmap."
            )
        storages = _Storages(map_location, None, None)

        def read() -> Any:
            return read_legacy(file, unpickle, storages)

    if not only:
        return read()
    try:
        return read()
    except pickle.UnpicklingError as error:
        raise pickle.UnpicklingError(_explained(str(error))) from None


class _Storages:
    """The storages of one file, each read once."""

    def __init__(self, map_location: Any, reader: ArchiveReader | None, mapped: str | None) -> None:
        self.restore = restorer(map_location)
        self.reader = reader
        self.mapped = mapped
        self.loaded: dict[Any, UntypedStorage] = {}
        self.kinds: dict[Any, dtypes.dtype | None] = {}
        self.swap = False
        if reader is not None and "byteorder" in reader:
            order = reader.read("byteorder")
            if order not in (b"little", b"big"):
                raise ValueError("Unknown endianness type: " + order.decode(errors="replace"))
            self.swap = order != sys.byteorder.encode()

    def from_archive(self, pid: Any) -> Any:
        """The storage that a persistent id names, from its record."""
        kind, key, location, count = _parts(pid, 5)
        if key not in self.loaded:
            nbytes = count * _itemsize(kind)
            assert self.reader is not None
            if self.mapped is not None:
                data = self.reader.map_array(f"data/{key}", nbytes, self.mapped)
            else:
                data = self.reader.read_array(f"data/{key}", nbytes)
            if self.swap and kind is not None:
                swap_bytes(data, _component(kind))
            self._keep(key, kind, data, location)
        return self._as(key, kind)

    def legacy(self, pid: Any) -> Any:
        """The storage that a persistent id of the old format names; its bytes come later in the file."""
        kind, key, location, count, *view = _parts(pid, 6)
        if key not in self.loaded:
            self._keep(key, kind, np.zeros(count * _itemsize(kind), np.uint8), location)
        if view and view[0] is not None:
            _, offset, length = view[0]
            size = _itemsize(kind)
            part = bytes_of(self.loaded[key])[offset * size : (offset + length) * size]
            return UntypedStorage(part) if kind is None else TypedStorage(part, kind)
        return self._as(key, kind)

    def found(self, key: Any) -> tuple[Any, int, int]:
        """A storage's bytes, and the sizes of its elements and of what byte orders concern in them."""
        if key not in self.loaded:
            raise RuntimeError(f"storage key {key!r} not found in deserialized_objects")
        kind = self.kinds[key]
        return bytes_of(self.loaded[key]), _itemsize(kind), 1 if kind is None else _component(kind)

    def _keep(self, key: Any, kind: dtypes.dtype | None, data: Any, location: str) -> None:
        restored = self.restore(UntypedStorage(data), location)
        if not isinstance(restored, UntypedStorage):
            raise TypeError(f"map_location gave {type(restored).__name__} and not a storage")
        self.loaded[key] = restored
        self.kinds[key] = kind

    def _as(self, key: Any, kind: dtypes.dtype | None) -> UntypedStorage:
        storage = self.loaded[key]
        return storage if kind is None else TypedStorage(bytes_of(storage), kind)


def _parts(pid: Any, most: int) -> tuple[Any, ...]:
    """Dtype, key, location and length (and a view, in old files) of a persistent id, checked."""
    if not isinstance(pid, tuple) or not 5 <= len(pid) <= most or text(pid[0]) != "storage":
        raise pickle.UnpicklingError(f"a persistent id that names no storage: {pid!r}")
    kind, key, location, count = pid[1:5]
    if not isinstance(kind, StorageType):
        raise pickle.UnpicklingError(f"a storage cannot be of the type {kind!r}")
    if type(count) is not int or count < 0:
        raise pickle.UnpicklingError(f"a storage cannot have {count!r} elements")
    return kind.dtype, text(key), text(location), count, *pid[5:]


def _itemsize(kind: dtypes.dtype | None) -> int:
    return 1 if kind is None else kind.itemsize


def _component(kind: dtypes.dtype) -> int:
    """The size of the numbers that an element is made of: complex elements are two."""
    return kind.itemsize // 2 if kind.is_complex else kind.itemsize


def _trusting(module: Any, source: Any, persistent_load: Callable[[Any], Any], options: dict[str, Any]) -> Any:
    """Read a pickle that may name and call anything."""
    base = (module or pickle).Unpickler

    class Unpickler(base):  # type: ignore[misc, valid-type]
        def find_class(self, module_name: str, name: str) -> Any:
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
            f"trust the source of the checkpoint\033[0m. \n\t(1) {_UNSAFE}\n\t(2) Alternatively, to load with "
            "`weights_only=True` please check the recommended steps in the following error message.\n\tWeightsUnpickler "
            f"error: {message}{_LEARN_MORE}"
        )
    if "is blocked" in message:
        return f"{start}{_UNSAFE}\n\n\n{message}{_LEARN_MORE}"
    return (
        f"{start}{_UNSAFE}\nPlease file an issue with the following so that we can make `weights_only=True` compatible "
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
        reader = ArchiveReader(file)
        if "constants.pkl" in reader:
            raise ValueError(
                "Expected input to be a checkpoint returned by torch.save but got a torchscript checkpoint"
            )
        found = set()
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
