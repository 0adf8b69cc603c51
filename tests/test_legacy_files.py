"""Files of older PyTorch: the format before 1.6, whole modules with their sources, the tar format, and the names of then."""

from __future__ import annotations

import collections
import importlib
import io
import pickle
import struct
import sys
import tarfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import adjoint
from adjoint.serialization import CorruptFileError
from tests.hostile import REBUILD, STORAGE, string

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.filterwarnings("ignore:Detected pickle protocol")

OLD = {"_use_new_zipfile_serialization": False}
TYPED = ["float16", "bfloat16", "float32", "float64", "complex64", "complex128", "uint8", "int8", "int16", "int32", "int64",
         "bool"]  # fmt: skip
UNTYPED = ["uint16", "uint32", "uint64"]


def saved(package: Any, obj: object, **options: Any) -> io.BytesIO:
    buffer = io.BytesIO()
    package.save(obj, buffer, **options)
    return io.BytesIO(buffer.getvalue())


def bits(t: Any) -> Any:
    if isinstance(t, adjoint.Tensor):
        return str(t.dtype), tuple(t.shape), tuple(t.stride()), np.ascontiguousarray(t._array).tobytes()
    bytes_ = t.detach().resolve_conj().resolve_neg().contiguous().view(-1).view(torch.uint8).numpy().tobytes()
    return str(t.dtype), tuple(t.shape), tuple(t.stride()), bytes_


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("new", [True, False], ids=["new", "old"])
def test_every_dtype_and_protocol_goes_both_ways(new: bool, protocol: int) -> None:
    for name in TYPED + (UNTYPED if new else []):
        mine = adjoint.arange(6).reshape(2, 3).to(getattr(adjoint, name))
        theirs = torch.arange(6).reshape(2, 3).to(getattr(torch, name))
        options = {"_use_new_zipfile_serialization": new, "pickle_protocol": protocol}
        for only in (False, True) if protocol < 4 else (False,):
            there = torch.load(saved(adjoint, [mine, mine.t()], **options), weights_only=only)
            back = adjoint.load(saved(torch, [theirs, theirs.t()], **options), weights_only=only)
            assert [*map(bits, there)] == [*map(bits, back)] == [bits(mine), bits(mine.t())], name
            assert back[0].data_ptr() == back[1].data_ptr() and there[0].data_ptr() == there[1].data_ptr()


@pytest.mark.parametrize("protocol", [4, 5])
def test_protocols_that_weights_are_not_saved_in_are_refused_as_in_pytorch(protocol: int) -> None:
    for new in (True, False):
        file = saved(torch, [torch.ones(2)], pickle_protocol=protocol, _use_new_zipfile_serialization=new)
        told = []
        for package in (adjoint, torch):
            file.seek(0)
            with pytest.raises(pickle.UnpicklingError) as caught:
                package.load(file)
            told.append(str(caught.value))
        assert told[0] == told[1]


def test_conjugates_and_negatives_are_computed_once_their_bytes_are_there() -> None:
    x = torch.tensor([[1 + 2j, 3 - 4j]])
    given = [x.conj(), x.conj()[0, 1:].expand(3, 1), x, torch.ones(1).expand(1 << 20)]
    found = adjoint.load(saved(torch, given, **OLD)) + adjoint.load(saved(torch, [x.conj().imag], **OLD))
    for mine, theirs in zip(found, [*given, x.conj().imag]):
        np.testing.assert_array_equal(mine.numpy(), theirs.resolve_conj().resolve_neg().numpy())
    assert found[3].untyped_storage().nbytes() == 4


# Whole modules


def net(package: Any) -> Any:
    nn = package.nn
    layers = collections.OrderedDict(
        conv=nn.Conv2d(1, 4, 3, padding=1), norm=nn.BatchNorm2d(4), act=nn.ReLU(), flat=nn.Flatten(),
        out=nn.Sequential(nn.Linear(4 * 36, 8), nn.Dropout(0.1), nn.GELU(), nn.ModuleList([nn.Linear(8, 2)])[0]),
    )  # fmt: skip
    return nn.Sequential(layers).eval()


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("new", [True, False], ids=["new", "old"])
def test_whole_modules_go_both_ways(new: bool, protocol: int, recwarn: Any) -> None:
    options = {"_use_new_zipfile_serialization": new, "pickle_protocol": protocol}
    x = np.random.default_rng(0).standard_normal((2, 1, 6, 6)).astype(np.float32)
    theirs = net(torch)
    mine = adjoint.load(saved(torch, theirs, **options), weights_only=False)
    expected = theirs(torch.from_numpy(x)).detach().numpy()
    np.testing.assert_allclose(mine(adjoint.from_numpy(x)).detach().numpy(), expected, rtol=1e-5, atol=1e-6)
    assert type(mine.conv).__module__.startswith("adjoint")
    back = torch.load(saved(adjoint, mine, **options), weights_only=False)
    np.testing.assert_allclose(back(torch.from_numpy(x)).detach().numpy(), expected, rtol=1e-5, atol=1e-6)
    again = adjoint.load(saved(adjoint, mine, **options), weights_only=False)
    np.testing.assert_allclose(again(adjoint.from_numpy(x)).detach().numpy(), expected, rtol=1e-5, atol=1e-6)
    assert not [w for w in recwarn.list if "source" in str(w.message)]


def test_whole_modules_are_refused_where_only_weights_are_wanted_as_in_pytorch() -> None:
    file = saved(torch, torch.nn.Linear(2, 2), **OLD)
    told = []
    for package in (adjoint, torch):
        file.seek(0)
        with pytest.raises(pickle.UnpicklingError) as caught:
            package.load(file)
        told.append(str(caught.value))
    assert told[0] == told[1]


def user_module(folder: Path, package: str, body: str) -> Any:
    """The class Net of a module that the user has in a file."""
    text = (
        f"import {package} as torch\n\nclass Net(torch.nn.Module):\n    def forward(self, x):\n        return {body}\n"
    )
    (folder / "usernet.py").write_text(text)
    sys.modules.pop("usernet", None)
    importlib.invalidate_caches()
    import linecache

    linecache.cache.pop(str(folder / "usernet.py"), None)  # generated callers have their lines there, too
    return importlib.import_module("usernet").Net


@pytest.mark.parametrize("package", ["adjoint", "torch"])
def test_a_class_that_changed_since_it_was_saved_is_told(package: str, tmp_path: Path, monkeypatch: Any) -> None:
    """PyTorch's text, for PyTorch's files and for ours."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.chdir(tmp_path)
    library = importlib.import_module(package)
    file = saved(library, user_module(tmp_path, package, "x + 1")(), **OLD)
    assert b"return x + 1" in file.getvalue()
    changed = user_module(tmp_path, package, "x + 22")
    kind = library.serialization.SourceChangeWarning
    with pytest.warns(
        kind, match=r"source code of class 'usernet.Net' has changed. you can retrieve the original source"
    ):
        library.load(file, weights_only=False)
    changed.dump_patches = True
    file.seek(0)
    with pytest.warns(kind, match=r"Saved a reverse patch to Net.patch. Run `patch -p0 < Net.patch` to revert"):
        library.load(file, weights_only=False)
    assert "-        return x + 22\n" in (tmp_path / "Net.patch").read_text()
    (tmp_path / "Net.patch").write_text("something else")
    file.seek(0)
    with pytest.warns(kind, match=r"Tried to save a patch, but couldn't create a writable file Net.patch"):
        library.load(file, weights_only=False)
    user_module(tmp_path, package, "x + 1")
    file.seek(0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        library.load(file, weights_only=False)
    sys.modules.pop("usernet")


# The names and states of PyTorch before 0.4


def old_format(pickled: bytes, keys: list[str], *storages: tuple[int, bytes]) -> io.BytesIO:
    """A file in the format before 1.6, made by hand."""
    parts = [pickle.dumps(header, 2) for header in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})]
    parts += [b"\x80\x02" + pickled + b".", pickle.dumps(keys, 2)]
    parts += [struct.pack("<q", count) + data for count, data in storages]
    return io.BytesIO(b"".join(parts))


NUMBERS = np.arange(4, dtype=np.float32)
LEGACY_STORAGE = STORAGE[:-2] + b"NtQ"
"""As STORAGE, with the place for a view."""


def view(storage: bytes, name: str, offset: int, count: int) -> bytes:
    return storage[:-2] + b"(" + string(name) + b"K" + bytes([offset]) + b"K" + bytes([count]) + b"ttQ"


@pytest.mark.parametrize(
    ("pickled", "values"),
    [
        (b"ctorch._utils\n_rebuild_tensor\n(" + LEGACY_STORAGE + b"K\x00K\x02K\x02\x86K\x02K\x01\x86tR", [[0, 1], [2, 3]]),
        (b"ctorch\nFloatTensor\n)R(" + LEGACY_STORAGE + b"K\x01K\x03\x85K\x01\x85tb", [1, 2, 3]),
        (b"ctorch\nFloatTensor\n)\x81(" + LEGACY_STORAGE + b"K\x01K\x03\x85K\x01\x85tb", [1, 2, 3]),
        (b"ctorch.nn.parameter\nParameter\nctorch._utils\n_rebuild_tensor\n(" + LEGACY_STORAGE
         + b"K\x00K\x04\x85K\x01\x85tR\x85R(\x88\x89ccollections\nOrderedDict\n)Rtb", [0, 1, 2, 3]),
        (b"ctorch.nn.parameter\nParameter\nctorch._utils\n_rebuild_tensor\n(" + LEGACY_STORAGE
         + b"K\x00K\x04\x85K\x01\x85tR\x85\x81(\x89\x89ccollections\nOrderedDict\n)Rtb", [0, 1, 2, 3]),
        (b"ctorch._utils\n_rebuild_tensor\n(" + view(STORAGE, "1", 1, 2) + b"K\x00K\x02\x85K\x01\x85tR", [1, 2]),
        (REBUILD + b"(" + LEGACY_STORAGE.replace(b"ctorch\n", b"ctorch.cuda\n") + b"K\x00K\x04\x85K\x01\x85\x89}tR",
         [0, 1, 2, 3]),
    ],
    ids=["_rebuild_tensor", "FloatTensor", "FloatTensor anew", "Parameter", "Parameter anew", "a part", "cuda"],
)  # fmt: skip
@pytest.mark.parametrize("only", [True, False])
def test_what_older_versions_wrote_is_read_as_in_pytorch(pickled: bytes, values: Any, only: bool) -> None:
    found = []
    for package in (torch, adjoint):
        file = old_format(pickled, ["0"], (4, NUMBERS.tobytes()))
        found.append(package.load(file, weights_only=only))
    theirs, mine = found
    assert mine.tolist() == theirs.tolist() == values
    assert type(mine).__name__ == type(theirs).__name__ and mine.requires_grad == theirs.requires_grad


@pytest.mark.parametrize(
    "pickled",
    [
        b"ctorch.autograd.variable\nVariable\nctorch._utils\n_rebuild_tensor\n(" + LEGACY_STORAGE
        + b"K\x00K\x04\x85K\x01\x85tR\x85R(\x88\x89ccollections\nOrderedDict\n)Rtb",
        b"ctorch.nn.backends.thnn\n_get_thnn_function_backend\n)R0ctorch._utils\n_rebuild_tensor\n(" + LEGACY_STORAGE
        + b"K\x00K\x04\x85K\x01\x85tR",
    ],
    ids=["Variable", "thnn"],
)  # fmt: skip
def test_names_of_old_that_pytorch_still_knows_are_known(pickled: bytes) -> None:
    found = []
    for package in (torch, adjoint):
        file = old_format(pickled, ["0"], (4, NUMBERS.tobytes()))
        try:
            found.append(package.load(file, weights_only=False).tolist())
        except Exception as error:
            found.append(type(error).__name__)
    assert found[0] == found[1]


def test_an_older_module_without_the_attributes_of_today_runs() -> None:
    """BatchNorm before 0.4 counted no batches, Conv before 1.1 had no padding_mode, and modules had a backend."""
    state = net(torch)
    for module in state.modules():
        module.__dict__.pop("padding_mode", None)
        module.__dict__["_backend"] = None
        for hooks in ("_state_dict_hooks", "_non_persistent_buffers_set", "_is_full_backward_hook", "_state_dict_pre_hooks",
                      "_load_state_dict_post_hooks", "_forward_hooks_with_kwargs"):  # fmt: skip
            module.__dict__.pop(hooks, None)
    file = saved(torch, state, **OLD)
    x = np.ones((1, 1, 6, 6), np.float32)
    theirs = torch.load(file, weights_only=False)
    file.seek(0)
    mine = adjoint.load(file, weights_only=False)
    np.testing.assert_allclose(
        mine(adjoint.from_numpy(x)).detach().numpy(), theirs(torch.from_numpy(x)).detach().numpy(), rtol=1e-5, atol=1e-6
    )
    assert list(mine.state_dict()) == list(theirs.state_dict())


# The tar format


def tar_of(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:", format=tarfile.PAX_FORMAT) as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def a_tar() -> bytes:
    """Two tensors over a storage, one over a part of it, in a dictionary."""
    storages = pickle.dumps(1, 2) + b"\x80\x02K\x05" + string("cpu") + b"ctorch\nFloatStorage\n\x87."
    storages += struct.pack("<q", 4) + NUMBERS.tobytes() + pickle.dumps([(6, 5, 1, 2)], 2)
    tensors = pickle.dumps(2, 2)
    for key, storage, sizes, strides, offset in ((7, 5, (2, 2), (2, 1), 0), (8, 6, (2,), (1,), 0)):
        tensors += b"\x80\x02K" + bytes([key]) + b"K" + bytes([storage]) + b"ctorch\nFloatTensor\n\x87."
        tensors += struct.pack(f"<i4x{2 * len(sizes)}qq", len(sizes), *sizes, *strides, offset)
    pickled = b"\x80\x02}(" + string("a") + b"K\x07Q" + string("b") + b"K\x08Q" + string("n")
    pickled += b"(ctorch.nn.modules.activation\nReLU\nNNtQ)\x81}bu."
    return tar_of(storages=storages, tensors=tensors, pickle=pickled.replace(b"}b", b""))


def test_the_tar_format_is_read_as_in_pytorch(tmp_path: Path) -> None:
    path = tmp_path / "old.tar"
    path.write_bytes(a_tar())
    for package in (torch, adjoint):
        found = package.load(path, weights_only=False)
        assert found["a"].tolist() == [[0, 1], [2, 3]] and found["b"].tolist() == [1, 2]
        assert type(found["n"]) is package.nn.ReLU
        found["a"][0, 1] = 9
        assert found["b"][0] == 9
        with pytest.raises(RuntimeError, match=r"weights_only=True`` with files saved in the legacy \.tar format"):
            package.load(path)
    assert adjoint.load(io.BytesIO(path.read_bytes()), weights_only=False)["b"].tolist() == [1, 2]


def test_damaged_tar_files_raise_the_one_exception() -> None:
    data = a_tar()
    for n in range(520, data.rindex(b"u."), 37):
        with pytest.raises(CorruptFileError):
            adjoint.load(io.BytesIO(data[:n]), weights_only=False)
    huge = (
        pickle.dumps(1, 2)
        + b"\x80\x02K\x05"
        + string("cpu")
        + b"ctorch\nFloatStorage\n\x87."
        + struct.pack("<q", 1 << 40)
    )
    for storages in (huge, huge[:-3], b"", pickle.dumps("x"), pickle.dumps(-1)):
        with pytest.raises(CorruptFileError):
            adjoint.load(io.BytesIO(tar_of(storages=storages)), weights_only=False)


def test_a_storage_that_promises_more_than_the_file_has_is_told() -> None:
    large = LEGACY_STORAGE.replace(b"K\x04", b"\x8a\x06" + (1 << 44).to_bytes(6, "little"))
    pickled = b"ctorch._utils\n_rebuild_tensor\n(" + large + b"K\x00K\x02\x85K\x01\x85tR"
    for only in (True, False):
        with pytest.raises(CorruptFileError, match="promises storages of"):
            adjoint.load(old_format(pickled, ["0"], (4, NUMBERS.tobytes())), weights_only=only)
