"""torch.load of damaged files: one documented exception, which is each of those that PyTorch raises for them."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import pickle
import random
import re
import struct
import sys
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import adjoint
from adjoint.serialization import CorruptFileError
from tests.hostile import FOUR, REBUILD, STORAGE, archive

pytestmark = pytest.mark.filterwarnings("ignore:Detected pickle protocol")

TENSOR = b"\x80\x02" + REBUILD + b"(" + STORAGE + b"K\x00K\x04\x85K\x01\x85\x89}tR."


def whole(new: bool = True) -> bytes:
    buffer = io.BytesIO()
    state = adjoint.nn.Linear(2, 3).state_dict()
    adjoint.save({"model": state, "step": 3, "name": "é", "rest": [(1.5, None), {2}]}, buffer,
                 _use_new_zipfile_serialization=new)  # fmt: skip
    return buffer.getvalue()


def outcome(data: bytes, **options: Any) -> str:
    """What comes of loading; anything but the exceptions that are documented is raised."""
    file = io.BytesIO(data)
    try:
        adjoint.load(file, **options)
    except CorruptFileError:
        return "corrupt"
    except pickle.UnpicklingError as error:
        assert type(error) is pickle.UnpicklingError and str(error).startswith("Weights only load failed")
        return "refused"
    except RuntimeError as error:  # a storage of a device that is not here
        assert "deserialize object on a" in str(error) or "restore data location" in str(error), error
        return "elsewhere"
    except (AttributeError, ImportError) as error:  # a name that is not there, in a file that is trusted
        assert options == {"weights_only": False}, error
        return "missing"
    return "loaded"


def test_the_exception_is_each_of_those_that_pytorch_raises() -> None:
    assert issubclass(CorruptFileError, (RuntimeError, pickle.UnpicklingError, EOFError))
    for kind in (RuntimeError, pickle.UnpicklingError, EOFError):
        with pytest.raises(kind, match="failed finding central directory"):
            adjoint.load(io.BytesIO(whole()[:400]))


@pytest.mark.parametrize("only", [True, False])
@pytest.mark.parametrize("new", [True, False], ids=["new", "old"])
def test_a_file_cut_off_anywhere_raises_it(new: bool, only: bool) -> None:
    data = whole(new)
    found = {outcome(data[:n], weights_only=only) for n in range(0, len(data), 3 if new else 1)}
    assert found <= {"corrupt", "refused"} and "corrupt" in found


@pytest.mark.parametrize("only", [True, False])
@pytest.mark.parametrize("new", [True, False], ids=["new", "old"])
def test_a_file_with_a_byte_changed_loads_or_raises_it(new: bool, only: bool) -> None:
    data = bytearray(whole(new))
    draw = random.Random(0)
    for _ in range(1500):
        at, byte = draw.randrange(len(data)), draw.randrange(256)
        before, data[at] = data[at], byte
        outcome(bytes(data), weights_only=only)
        data[at] = before


@pytest.mark.parametrize("only", [True, False])
def test_a_pickle_with_a_byte_changed_loads_or_raises_it(only: bool) -> None:
    with zipfile.ZipFile(io.BytesIO(whole())) as z:
        records = {name: z.read(name) for name in z.namelist()}
    pickled = bytearray(records["archive/data.pkl"])
    storages = [(name.removeprefix("archive/data/"), data) for name, data in records.items() if "/data/" in name]
    draw = random.Random(1)
    for _ in range(1500):
        at, byte = draw.randrange(len(pickled)), draw.randrange(256)
        before, pickled[at] = pickled[at], byte
        outcome(archive(bytes(pickled), storages), weights_only=only)
        pickled[at] = before


@pytest.mark.parametrize(
    "pickled",
    [
        b"\x80\x02h\x05.",  # a memo that is not there
        b"\x80\x02}K\x01u.",  # a mark that is not there
        b"\x80\x02}(K\x01u.",  # a key without a value
        b"\x80\x02}]K\x01s.",  # a key that has no hash
        b"\x80\x02X\x01\x00\x00\x00\xff.",  # no text
        b"\x80\x02X\xff\xff\xff\xffab.",
        b"\x80\x02J\x01.",
        b"\x80\x02c\xff\n.",
        b"\x80\x02cbuiltins\ncomplex\n" + b"\x8a\xff" + b"\x7f" * 255 + b"\x85R.",  # a number that no float holds
        b"\x80\x02cbuiltins\nbytearray\n(K\x01M\x00\x02tR\x85R.",
        b"",
        b"\x80",
    ],
    ids=range(12),
)
def test_pickles_that_no_pickler_writes_raise_it(pickled: bytes) -> None:
    assert outcome(archive(pickled)) in ("corrupt", "refused")


# The archive


def record(info: dict[str, Any], data: bytes) -> tuple[bytes, bytes]:
    """A local header with data, and its entry in the directory, with what they say chosen freely."""
    name = info.get("name", "archive/data.pkl").encode()
    crc = info.get("crc", zipfile.crc32(data))  # type: ignore[attr-defined]
    sizes = info.get("compressed", len(data)), info.get("size", len(data))
    fields = info.get("flags", 0), info.get("method", 0), 0, 33, crc, *(min(size, 0xFFFFFFFF) for size in sizes)
    local = struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, *fields, len(name), 0) + name + data
    extra = info.get("extra", b"")
    entry = struct.pack(
        "<4s6H3I5H2I", b"PK\x01\x02", 20, 20, *fields, len(name), len(extra), 0, 0, 0, 0, info.get("offset", 0)
    )
    return local, entry + name + extra


def forged(*records: tuple[dict[str, Any], bytes]) -> bytes:
    """A zip file of such records, one after the other where they do not say otherwise."""
    body, directory = bytearray(), bytearray()
    for info, data in records:
        local, entry = record({"offset": len(body), **info}, data)
        body += local
        directory += entry
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, len(records), len(records), len(directory), len(body), 0)
    return bytes(body + directory + end)


FIRST: tuple[dict[str, Any], bytes] = ({}, TENSOR)
DATA: tuple[dict[str, Any], bytes] = ({"name": "archive/data/0"}, FOUR[0][1])


def test_the_forger_of_these_tests_makes_files_that_load() -> None:
    assert outcome(forged(FIRST, DATA)) == "loaded"


@pytest.mark.parametrize(
    ("file", "told"),
    [
        (forged(FIRST, ({**DATA[0], "size": 1 << 40}, DATA[1])), "bytes"),
        (forged(FIRST, ({**DATA[0], "size": 8}, DATA[1])), "were expected"),
        (forged(FIRST, ({**DATA[0], "compressed": 4000}, DATA[1])), "reaches into"),
        (forged(FIRST, ({**DATA[0], "crc": 1}, DATA[1])), "Bad CRC-32"),
        (forged(FIRST, ({**DATA[0], "flags": 1}, DATA[1])), "encrypted"),
        (forged(FIRST, ({**DATA[0], "method": 12}, DATA[1])), "compressed in a way"),
        (forged(FIRST, ({**DATA[0], "method": 14}, DATA[1])), "compressed in a way"),
        (forged(FIRST, ({**DATA[0], "method": 99}, DATA[1])), "compressed in a way"),
        (forged(FIRST, ({**DATA[0], "method": 8}, DATA[1])), "may be damaged"),
        (forged(FIRST, ({**DATA[0], "method": 8, "size": 1 << 30}, DATA[1])), "expected|promises"),
        (forged(FIRST, ({**DATA[0], "offset": 0}, DATA[1])), "over one another"),
        (forged(FIRST, ({**DATA[0], "offset": 1 << 31}, DATA[1])), "outside of the file"),
        (forged(FIRST, ({**DATA[0], "offset": 7}, DATA[1])), "no header|reaches into"),
        (forged(FIRST, FIRST, DATA), "same name"),
        (forged(FIRST, DATA, DATA), "same name"),
        (forged(FIRST), "failed locating file data/0"),
        (forged(({"name": "archive/data.pkl/../x"}, TENSOR), DATA), "failed locating file data.pkl"),
        (forged(({"name": "/data.pkl"}, TENSOR), DATA), "failed locating file data/0"),
        (forged(FIRST, DATA, ({"name": "archive/byteorder"}, b"middle")), "Unknown endianness type: middle"),
        (forged(FIRST, DATA, ({"name": "archive/byteorder"}, b"\xff" * 99)), "Unknown endianness"),
        (forged(FIRST, DATA, ({"name": "archive/version"}, b"11\n")), "maximum supported version"),
        (forged(FIRST, DATA, ({"name": "archive/version"}, b"one")), "may be damaged"),
        (forged(FIRST, ({**DATA[0], "extra": b"\x01\x00\x08\x00" + b"\xff" * 8, "size": 0xFFFFFFFF}, DATA[1])), "bytes|directory"),
        (forged(FIRST, ({**DATA[0], "extra": b"\x01\x00\x02\x00\xff\xff", "size": 0xFFFFFFFF}, DATA[1])), "directory"),
        (forged(), "garbage|no files|Invalid magic|Ran out|Unsupported"),
        (b"PK\x03\x04" + forged(), "failed finding central directory|no files"),
        (archive(TENSOR, FOUR, zipfile.ZIP_BZIP2), "compressed in a way"),
        (archive(TENSOR, FOUR, zipfile.ZIP_LZMA), "compressed in a way"),
    ],
    ids=range(28),
)  # fmt: skip
def test_directories_that_lie_are_told(file: bytes, told: str, tmp_path: Path) -> None:
    path = tmp_path / "x.pt"
    path.write_bytes(file)
    for options in ({}, {"weights_only": False}, {"mmap": True}):
        if options == {"mmap": True} and ("CRC" in told or not file.startswith(b"PK\x03")):
            continue  # a checksum is not computed of what is not read
        with pytest.raises(pickle.UnpicklingError) as caught:
            adjoint.load(path, **options)
        if not options:
            assert re.search(told, str(caught.value)), caught.value


def test_records_that_share_their_bytes_are_refused() -> None:
    data = bytes(1 << 16)
    inside = record({"name": "archive/data/1"}, data)[0]
    outer = record({"name": "archive/data/0"}, inside)[0]
    first = record({}, TENSOR)[0]
    at = len(first) + len(outer) - len(inside)
    file = forged(({}, TENSOR), ({"name": "archive/data/0"}, inside), ({"name": "archive/data/1", "offset": at}, data))
    with pytest.raises(CorruptFileError):
        adjoint.load(io.BytesIO(file))


def test_an_archive_of_very_many_records_is_read(tmp_path: Path) -> None:
    many = [({"name": f"archive/extra/{i}"}, b"") for i in range(65_000)]
    path = tmp_path / "x.pt"
    path.write_bytes(forged(FIRST, DATA, *many))
    assert adjoint.load(path).shape == (4,) and adjoint.load(path, mmap=True).shape == (4,)


# What is not the file's fault, and what stays behind


class Failing(io.BytesIO):
    def readinto(self, into: Any) -> int:
        raise OSError(5, "Input/output error")

    def read(self, n: int | None = -1, /) -> bytes:
        if n is not None and n > 100:
            raise OSError(5, "Input/output error")
        return super().read(n)


def test_a_disk_that_fails_is_no_damaged_file() -> None:
    with pytest.raises(OSError, match="Input/output error") as caught:
        adjoint.load(Failing(whole()))
    assert not isinstance(caught.value, CorruptFileError)


def test_a_class_that_is_not_there_is_told_as_in_pytorch() -> None:
    torch = pytest.importorskip("torch")
    for pickled in (b"\x80\x02c__main__\nNoSuchNet\n)\x81.", b"\x80\x02cno_such_module\nNet\n)\x81."):
        told = []
        for package in (adjoint, torch):
            with pytest.raises((AttributeError, ImportError)) as caught:
                package.load(io.BytesIO(archive(pickled)), weights_only=False)
            told.append((type(caught.value), str(caught.value)))
        assert told[0] == told[1]


def test_warnings_that_were_made_errors_stay_what_they_are() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="pickle protocol 3"):
            adjoint.load(io.BytesIO(archive(b"\x80\x03N.")))


def test_a_failing_load_closes_what_it_opened_and_leaves_the_rest_where_pytorch_does(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    path = tmp_path / "x.pt"
    for data in (whole()[:-30], whole(False)[:-3], whole(False)[:100], b"garbage", whole()[:300]):
        path.write_bytes(data)
        before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
        with pytest.raises(RuntimeError) if data != b"garbage" else pytest.raises(pickle.UnpicklingError):
            adjoint.load(path)
        if before:
            assert len(os.listdir("/proc/self/fd")) == before
        at = []
        for package in (adjoint, torch):
            file = io.BytesIO(data)
            with pytest.raises(Exception):  # noqa: B017 (which one is the matter of others)
                package.load(file)
            assert not file.closed
            at.append(file.tell())
        if not data.startswith(b"PK"):
            assert abs(at[0] - at[1]) <= 8 or at[0] == len(data), at


# Files of every kind that can be read


@pytest.mark.parametrize("opener", [gzip.open, bz2.open, lzma.open], ids=["gzip", "bz2", "lzma"])
@pytest.mark.parametrize("new", [True, False], ids=["new", "old"])
def test_compressed_file_objects_are_read_and_their_damage_is_told(opener: Any, new: bool, tmp_path: Path) -> None:
    path = tmp_path / "x.pt.z"
    with opener(path, "wb") as file:
        file.write(whole(new))
    with opener(path) as file:
        assert adjoint.load(file)["step"] == 3
    data = path.read_bytes()
    damages = [data[: len(data) // 2], data[:50] + bytes([data[50] ^ 255]) + data[51:]]
    if new:  # of the old format the end is not read, where a checksum is
        damages.append(data[:-6])
    for damaged in damages:
        path.write_bytes(damaged)
        with opener(path) as file, pytest.raises(CorruptFileError):
            adjoint.load(file)


def test_a_file_within_a_zip_file_is_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "outer.zip", "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("inner.pt", whole())
        z.writestr("old.pt", whole(False))
    with zipfile.ZipFile(tmp_path / "outer.zip") as z:
        for name in z.namelist():
            with z.open(name) as file:
                assert adjoint.load(file)["step"] == 3  # type: ignore[arg-type]


def test_a_pipe_is_refused_as_in_pytorch() -> None:
    torch = pytest.importorskip("torch")
    told = []
    for package in (adjoint, torch):
        reader, writer = os.pipe()
        os.close(writer)
        with os.fdopen(reader, "rb") as file, pytest.raises(Exception, match="seek") as caught:
            package.load(file)
        told.append((type(caught.value), str(caught.value)))
    assert told[0] == told[1]


def test_several_archives_in_one_file_are_told_apart_or_refused() -> None:
    buffer = io.BytesIO()
    adjoint.save([1], buffer)
    second = buffer.tell()
    adjoint.save([2, 2], buffer)
    buffer.seek(second)
    assert adjoint.load(buffer) == [2, 2]
    buffer.seek(0)
    with pytest.raises(CorruptFileError, match="several in one file"):  # it would be the second
        adjoint.load(buffer)


def test_objects_in_the_old_format_are_read_one_after_the_other() -> None:
    buffer = io.BytesIO()
    for i in range(3):
        adjoint.save([i, adjoint.ones(i)], buffer, _use_new_zipfile_serialization=False)
    buffer.seek(0)
    assert [adjoint.load(buffer)[0] for _ in range(3)] == [0, 1, 2]
    assert outcome(b"") == "corrupt"


def test_a_file_that_is_replaced_while_it_is_mapped_stays_what_it_was(tmp_path: Path) -> None:
    path = tmp_path / "x.pt"
    values = np.arange(100_000, dtype=np.float32)
    adjoint.save({"a": adjoint.from_numpy(values)}, path)
    loaded = adjoint.load(path, mmap=True)
    adjoint.save({"a": adjoint.from_numpy(-values)}, path)
    assert (loaded["a"].numpy() == values).all() and (adjoint.load(path)["a"].numpy() == -values).all()


@pytest.mark.skipif(sys.platform != "linux", reason="sparse files")
def test_a_file_beyond_four_gigabytes_is_mapped(tmp_path: Path) -> None:
    path, count = tmp_path / "large.pt", (5 << 30) // 4
    size = count * 4
    name = b"archive/data/0"
    pickled = TENSOR.replace(b"K\x04", b"\x8a\x05" + count.to_bytes(5, "little"))
    first, entry = record({}, pickled)
    local = struct.pack("<4s5H3I2H", b"PK\x03\x04", 45, 0, 0, 0, 33, 0, 0xFFFFFFFF, 0xFFFFFFFF, len(name), 20)
    local += name + struct.pack("<2H2Q", 1, 16, size, size)
    extra = struct.pack("<2H2Q", 1, 16, size, size)
    entry += struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 45, 45, 0, 0, 0, 33, 0, 0xFFFFFFFF, 0xFFFFFFFF, len(name), len(extra),
                         0, 0, 0, 0, len(first)) + name + extra  # fmt: skip
    start = len(first) + len(local) + size
    end64 = struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 2, 2, len(entry), start)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, start + len(entry), 1)
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 2, 2, len(entry), 0xFFFFFFFF, 0)
    with open(path, "wb") as file:
        file.write(first + local)
        file.seek(size - 4, 1)
        file.write(struct.pack("<f", 7.0) + entry + end64 + locator + end)
    loaded = adjoint.load(path, mmap=True)
    assert loaded.shape == (count,) and loaded[-1] == 7 and loaded[0] == 0
    del loaded


# Recordings


def test_a_damaged_recording_is_a_value_error(tmp_path: Path) -> None:
    from adjoint import viz
    from adjoint.viz.model import Recording

    x = adjoint.tensor([1.0, 2.0], requires_grad=True)
    with viz.record() as recording:
        (x * x).sum().backward()
    path = tmp_path / "r.json"
    recording.save(path)
    text, draw = path.read_text(), random.Random(0)
    assert len(Recording.load(path).nodes) == len(recording.nodes)
    damaged = ["[" * 100_000, "[]", "null", "{}", text[:-5]]
    for _ in range(200):
        at = draw.randrange(len(text))
        damaged.append(text[:at] + draw.choice('09"{}[],:na-') + text[at + 1 :])
    for each in damaged:
        path.write_text(each)
        try:
            Recording.load(path)
        except ValueError:
            continue
        assert each not in damaged[:5]
