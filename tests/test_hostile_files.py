"""torch.load of files that mean harm: they run nothing, end no process, and make no more than they hold."""

from __future__ import annotations

import io
import pickle
import struct
import sys
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import adjoint
from adjoint.serialization import CorruptFileError
from tests.hostile import FOUR, REBUILD, STORAGE, archive, load_elsewhere, long, string

MILLION = 1_000_000
LARGE = 12 << 30


def tensor_over(size: bytes, stride: bytes, metadata: bytes = b"", dtype: bytes = b"") -> bytes:
    """A call that rebuilds a tensor over four floats."""
    return REBUILD + b"(" + STORAGE + b"K\x00" + size + stride + b"\x89}" + dtype + metadata + b"tR"


CONJ = b"}" + string("conj") + b"\x88s"
NEG = b"}" + string("neg") + b"\x88s"


def load(pickled: bytes, storages: Any = FOUR, **options: Any) -> Any:
    return adjoint.load(io.BytesIO(archive(b"\x80\x02" + pickled + b".", storages)), **options)


def refused(pickled: bytes, match: str | None = None) -> None:
    with pytest.raises(pickle.UnpicklingError, match=match):
        load(pickled)


# Nesting

ORDERED = b"ccollections\nOrderedDict\nq\x00)R"


@pytest.mark.parametrize(
    "pickled",
    [
        b")" + b"\x85" * MILLION,  # a tuple
        b"})" + b"\x85" * MILLION + b"Ns",  # which is a key
        b"(" + string("storage") + b"ctorch\nFloatStorage\n)" + b"\x85" * MILLION + string("cpu") + b"K\x00tQ",
        b"cbuiltins\nset\n(]" + b")" + b"\x85" * MILLION + b"atR",
        b")" + b"K\x01\x86" * MILLION,
        b"(" * MILLION + b"t" * MILLION,
        b"](" * MILLION + b"e" * MILLION,
        b"]" + b"q\x00]h\x00a" * MILLION,
        b"}" + b"q\x00}Nh\x00s" * MILLION,
        ORDERED + b"q\x01h\x00)RNh\x01s" * MILLION,
        b"ccollections\nOrderedDict\nq\x00)R" + (b"q\x01h\x00)R}" + string("a") + b"h\x01sb") * MILLION,  # attributes
        b"cbuiltins\nset\nq\x00)R" + b"\x85" * MILLION,
    ],
    ids=range(12),  # not the bytes
)
def test_what_is_nested_a_million_deep_is_refused_and_ends_no_process(pickled: bytes) -> None:
    with pytest.raises(CorruptFileError, match=r"nested more than \d+ deep|more memory than it has data"):
        load(pickled)


def test_tensors_that_hold_tensors_are_refused_beyond_the_limit() -> None:
    plain = b"(" + STORAGE + b"K\x00K\x04\x85K\x01\x85\x89}tq\x05"
    each = (
        b"q\x06ctorch._tensor\n_rebuild_from_type_v2\n("
        + REBUILD
        + b"ctorch\nTensor\nh\x05}"
        + string("a")
        + b"h\x06stR"
    )
    with pytest.raises(CorruptFileError, match="deep"):
        load(plain + each * 20_000)


def test_what_picklers_write_at_their_deepest_is_read() -> None:
    deep: Any = 1
    for _ in range(300):
        deep = ([deep], {"a": (deep,)}, OrderedDict(b=0))[0:1]
    buffer = io.BytesIO()
    pickle.dump(deep, buffer, 2)
    assert load(buffer.getvalue()[2:-1]) is not None


def test_who_allows_deeper_recursion_may_load_deeper_files() -> None:
    pickled = b")" + b"\x85" * 3000
    with pytest.raises(CorruptFileError, match=r"sys\.setrecursionlimit"):
        load(pickled)
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(5000)
    try:
        assert load(pickled)
    finally:
        sys.setrecursionlimit(before)


# Size


def test_a_small_file_makes_little(tmp_path: Path) -> None:
    size, zero = long(LARGE // 4) + b"\x85", b"K\x00\x85"
    text = "x" * 5000
    asks = {
        "a bytearray": b"cbuiltins\nbytearray\n" + long(LARGE) + b"\x85R",
        "a conjugate whose elements lie over one another": tensor_over(size, zero, CONJ),
        "a negative": tensor_over(size, zero, NEG),
        "both": tensor_over(size, zero, b"}(" + string("neg") + b"\x88" + string("conj") + b"\x88u"),
        "a tensor of a size": b"ctorch\nTensor\n" + long(LARGE) + b"\x85R",
        "a tensor of a size, made anew": b"ctorch\nTensor\n" + long(LARGE) + b"\x85\x81",
        "an older tensor of a size": b"ctorch\nFloatTensor\n" + long(LARGE) + b"\x85R",
        "a copy of a tensor whose elements lie over one another": b"ctorch._utils\n_rebuild_device_tensor_from_cpu_tensor\n("
        + tensor_over(size, zero) + b"ctorch\nfloat64\n" + string("cpu") + b"\x89tR",
        "an array of such a tensor": b"ctorch._utils\n_rebuild_device_tensor_from_numpy\n("
        + tensor_over(size, zero) + b"ctorch\nfloat64\n" + string("cpu") + b"\x89tR",
        "sizes from a tensor": tensor_over(tensor_over(size, zero), zero),
        "a dictionary of a tensor": b"ccollections\nOrderedDict\n" + tensor_over(size, zero) + b"\x85R",
        "a set of a tensor": b"cbuiltins\nset\n" + tensor_over(size, zero) + b"\x85R",
        "a Size of a tensor": b"ctorch\nSize\n" + tensor_over(size, zero) + b"\x85R",
        "the same copied again and again": b"cbuiltins\nbytearray\nq\x00" + long(1 << 20) + b"\x85q\x01"
        + b"h\x00h\x01R" * 10_000,
        "a set copied again and again": b"cbuiltins\nset\nq\x00](" + b"".join(b"J" + struct.pack("<i", i) for i in range(9000))
        + b"e\x85q\x01" + b"h\x00h\x01R" * 10_000,
        "a text encoded again and again": b"c_codecs\nencode\nq\x00" + string(text) + string("latin1") + b"\x86q\x01"
        + b"h\x00h\x01R" * 300_000,
        "conjugates again and again": REBUILD + b"q\x00" + tensor_over(b"K\x04\x85", b"K\x01\x85", CONJ)[len(REBUILD) : -1]
        + b"q\x01" + b"h\x00h\x01R" * 300_000,
        "sets without end": b"\x8f" * (3 << 20),
        "dictionaries": b"}" * (3 << 20),
    }  # fmt: skip
    files = [archive(b"\x80\x02" + pickled + b".", FOUR) for pickled in asks.values()]
    for (peak, told), name, file in zip(load_elsewhere(tmp_path, *files), asks, files):
        assert peak <= 200 + 256 * len(file) / 2**20, (name, peak, told)
        assert told.startswith(("loaded", "UnpicklingError", "CorruptFileError")), (name, told)


def test_compressed_records_make_no_more_than_a_small_multiple_of_the_file(tmp_path: Path) -> None:
    zeros = bytes(300 << 20)
    count = len(zeros) // 4
    storage = STORAGE.replace(b"K\x04", long(count))
    tensor = REBUILD + b"(" + storage + b"K\x00" + long(count) + b"\x85K\x01\x85\x89}tR"
    files = [
        archive(b"\x80\x02" + tensor + b".", [("0", zeros)], zipfile.ZIP_DEFLATED),
        archive(b"\x80\x02" + b"}" * (100 << 20) + b".", (), zipfile.ZIP_DEFLATED),
        archive(b"\x80\x02" + b"N" * (300 << 20) + b".", (), zipfile.ZIP_DEFLATED),
    ]
    for peak, told in load_elsewhere(tmp_path, *files):
        assert peak < 250 and "more memory than it has data" in told, (peak, told)


def test_compressed_files_of_an_ordinary_kind_are_read() -> None:
    values = np.random.default_rng(0).integers(0, 5, 200_000).astype(np.float32)
    buffer, again = io.BytesIO(), io.BytesIO()
    adjoint.save({"a": adjoint.from_numpy(values), "mask": adjoint.zeros(3_000_000)}, buffer)
    with zipfile.ZipFile(buffer) as z, zipfile.ZipFile(again, "w", zipfile.ZIP_DEFLATED) as w:
        for name in z.namelist():
            w.writestr(name, z.read(name))
    assert len(again.getvalue()) < len(buffer.getvalue()) / 10
    again.seek(0)
    assert (adjoint.load(again)["a"].numpy() == values).all()


@pytest.mark.parametrize("metadata", [CONJ, NEG], ids=["conj", "neg"])
def test_a_view_that_lies_over_itself_is_conjugated_where_it_lies(metadata: bytes) -> None:
    storage = STORAGE.replace(b"FloatStorage", b"ComplexFloatStorage").replace(b"K\x04", b"K\x02")
    numbers = np.array([1 + 2j, 3 - 4j], np.complex64)
    made = load(
        REBUILD + b"(" + storage + b"K\x00K\x03K\x02K\x02\x87K\x00K\x01K\x00\x87\x89}" + metadata + b"tR",
        [("0", numbers.tobytes())],
    )
    one = numbers.conj() if metadata is CONJ else -numbers
    np.testing.assert_array_equal(made.numpy(), np.broadcast_to(one[None, :, None], (3, 2, 2)))
    assert made.untyped_storage().nbytes() == 16


def test_a_view_of_any_size_over_one_element_is_a_view() -> None:
    made = load(tensor_over(long(1 << 40) + b"\x85", b"K\x00\x85"))
    assert made.shape == (1 << 40,) and made.untyped_storage().nbytes() == 16


# What may be called, and with what


@pytest.mark.parametrize(
    "call",
    [
        b"c_codecs\nencode\n" + string("aa") + string("zlib") + b"\x86R",
        b"c_codecs\nencode\n" + string("aa") + string("hex") + b"\x86R",
        b"c_codecs\nencode\n" + string("aa") + string("utf-32") + b"\x86R",
        b"c_codecs\nencode\n" + string("aa") + string("latin1") + string("xmlcharrefreplace") + b"\x87R",
        b"cbuiltins\nbytearray\n" + string("aa") + string("idna") + b"\x86R",
        b"ctorch\nTensor\n](K\x01K\x02e\x85R",
        b"ctorch\nfloat32\n)R",
        b"ctorch\nfloat32\n}b",
        b"ctorch\nFloatStorage\n)R",
        b"ctorch\nFloatStorage\n}b",
        b"ctorch.storage\nUntypedStorage\nK\x05\x85R",
        b"ctorch\ndevice\n" + string("cpu") + b"\x85R}" + string("type") + string("cuda") + b"sb",
        b"ctorch\nSize\n" + string("abc") + b"\x85R",
        b"ctorch\nSize\n)\x85\x85R",
        b"ctorch\nSize\nK\x01\x85\x85R}b",
        b"ccollections\nOrderedDict\n)R}" + string("items") + b"cbuiltins\nset\nsb",
        b"ccollections\nOrderedDict\n)R}" + string("__class__") + b"cbuiltins\nset\nsb",
        b"ccollections\nOrderedDict\n)R}K\x01K\x01sb",
        b"ccollections\nCounter\n)R}" + string("update") + b"cbuiltins\nset\nsb",
        b"ctorch.nn.parameter\nParameter\nK\x01\x85R",
        b"cbuiltins\nset\n)R}b",
        b"cbuiltins\nbytearray\n)R}b",
        REBUILD + b"}b",
        b"ctorch._utils\n_rebuild_parameter_with_state\n(" + tensor_over(b"K\x04\x85", b"K\x01\x85") + b"\x88N}"
        + string("__class__") + b"cbuiltins\nset\nstR",
        b"ctorch._utils\n_rebuild_parameter_with_state\n(" + tensor_over(b"K\x04\x85", b"K\x01\x85") + b"\x88N}"
        + string("backward") + b"cbuiltins\nset\nstR",
        b"ctorch._tensor\n_rebuild_from_type_v2\n(cbuiltins\nbytearray\nctorch\nTensor\n" + long(LARGE) + b"\x85NtR",
        b"ctorch._tensor\n_rebuild_from_type_v2\n(" + REBUILD + b"cbuiltins\nset\n(" + STORAGE
        + b"K\x00K\x04\x85K\x01\x85\x89}tNtR",
    ],
    ids=range(27),
)  # fmt: skip
def test_calls_and_states_that_nothing_was_saved_as_are_refused(call: bytes) -> None:
    refused(call)


def test_nothing_of_the_library_is_changed_by_a_file() -> None:
    name = b"}" + string("name") + string("x") + b"s"
    for state in (name, b"N" + name + b"\x86"):
        for thing in (b"ctorch\nfloat32\n", b"ctorch\nDoubleStorage\n", b"ctorch\ndevice\n" + string("cpu") + b"\x85R"):
            refused(thing + state + b"b")
    assert (
        adjoint.float32.name == "float32" and adjoint.serialization.StorageType("DoubleStorage").name == "DoubleStorage"
    )


def test_errors_print_nothing_that_has_no_end() -> None:
    huge = tensor_over(long(1 << 50) + b"\x85", b"K\x00\x85")
    for use in (huge + b")R", huge + b")\x81", huge + b"}b", b"(" + huge + b"K\x01tQ", huge + b"Q"):
        with pytest.raises(pickle.UnpicklingError) as caught:
            load(use)
        assert len(str(caught.value)) < 2000


class Guarded:
    __slots__ = ("value",)


class Raises:
    def __setstate__(self, state: Any) -> None:
        raise KeyError("of the user's")


def test_slots_of_a_class_that_the_user_allowed_are_set_but_not_its_class() -> None:
    name = __name__.encode() + b"\nGuarded\n"
    with adjoint.serialization.safe_globals([Guarded]):
        assert load(b"c" + name + b")\x81N}" + string("value") + b"K\x05s\x86b").value == 5
        refused(b"c" + name + b")\x81N}" + string("__class__") + b"cbuiltins\nset\ns\x86b", "slot")


def test_errors_of_the_users_own_objects_stay_theirs() -> None:
    buffer = io.BytesIO()
    pickled = b"c" + __name__.encode() + b"\nRaises\n)\x81}" + string("a") + b"K\x01sb"
    with adjoint.serialization.safe_globals([Raises]), pytest.raises(KeyError, match="of the user's"):
        load(pickled)
    with pytest.raises(KeyError, match="of the user's"):
        load(pickled, weights_only=False)

    def locate(storage: Any, location: str) -> Any:
        raise IndexError("of the user's")

    adjoint.save(adjoint.ones(2), buffer)
    buffer.seek(0)
    with pytest.raises(IndexError, match="of the user's"):
        adjoint.load(buffer, map_location=locate)


def test_numpy_arrays_that_the_user_allowed_are_made_of_what_is_there() -> None:
    reconstruct, scalar = np.ones(1).__reduce__()[0], np.float32(1).__reduce__()[0]
    buffer = io.BytesIO()
    adjoint.save([np.arange(3.0), np.float32(2.5), np.array(["x"])], buffer)
    kinds = {type(np.dtype(name)) for name in ("f8", "f4", "U1", "V1")}
    name = b"c" + reconstruct.__module__.encode() + b"\n"
    array, dtype = b"cnumpy\nndarray\n", b"cnumpy\ndtype\n" + string("V2000000000") + b"\x89\x88\x87R"
    with adjoint.serialization.safe_globals([reconstruct, scalar, np.ndarray, np.dtype, *kinds]):
        buffer.seek(0)
        loaded = adjoint.load(buffer)
        assert loaded[0].tolist() == [0, 1, 2] and loaded[1] == 2.5 and loaded[2].tolist() == ["x"]
        for call in (
            name + b"_reconstruct\n" + array + long(LARGE) + b"\x85" + string("b") + b"\x87R",
            name + b"_reconstruct\n" + array + b"K\x00\x85" + dtype + b"\x86R",
            array + long(LARGE) + b"\x85R",
            name + b"scalar\n" + dtype + b"\x85R",
        ):
            refused(call, "nothing was ever saved as|cannot be read")
