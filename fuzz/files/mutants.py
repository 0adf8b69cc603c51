"""Mutants: files made of whole ones by flipping bytes, by rearranging instructions, and by putting harm in."""

from __future__ import annotations

import pickletools
import random
import struct
import zipfile
from collections.abc import Callable
from functools import lru_cache

from fuzz.files.whole import Whole, archive, wholes

Way = Callable[[random.Random, Whole], bytes]


def mutant(seed: int) -> tuple[bytes, str]:
    """The file of this seed, and in which way it was made."""
    draw = random.Random(f"files {seed}")
    way = draw.choice(_WAYS)
    whole = draw.choice(wholes())
    return way(draw, whole), way.__name__.strip("_")


def _bytes_of_file(draw: random.Random, whole: Whole) -> bytes:
    return _flipped(draw, whole.data)


def _bytes_of_pickle(draw: random.Random, whole: Whole) -> bytes:
    if not whole.pickled:
        return _flipped(draw, whole.data)
    return archive(_flipped(draw, whole.pickled), whole.records)


def _directory(draw: random.Random, whole: Whole) -> bytes:
    """Fields of zip headers set to what such fields should not be."""
    data = bytearray(whole.data)
    marks = [b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"]
    places = [at for mark in marks for at in range(len(data)) if data[at : at + 4] == mark]
    for _ in range(draw.choice([1, 1, 2, 5])):
        if places:
            at = draw.choice(places) + draw.randrange(4, 46, 2)
            layout, most = draw.choice([("<H", 0xFFFF), ("<I", 0xFFFFFFFF), ("<Q", (1 << 64) - 1)])
            value = draw.choice(
                [0, 1, 2, 8, 9, 12, most, most - 1, most // 2, draw.randrange(most), len(data), 0x7FFFFFFF]
            )
            if at + struct.calcsize(layout) <= len(data):
                struct.pack_into(layout, data, at, value & most)
    return bytes(data)


def _records(draw: random.Random, whole: Whole) -> bytes:
    """Records left out, doubled, cut, renamed, compressed."""
    records = list(whole.records)
    for _ in range(draw.choice([1, 2])):
        i = draw.randrange(len(records)) if records else 0
        name, data = records[i] if records else ("x", b"")
        changed = draw.choice([
            [], [(name, data), (name, data)], [(name, data[: draw.randrange(len(data) + 1)])], [(name, _flipped(draw, data))],
            [(draw.choice(["../" + name, "/" + name, "data/0", "byteorder", "version", "constants.pkl", "é"]), data)],
            [("byteorder", draw.choice([b"big", b"little", b"", b"\xff", b"x" * 100]))],
            [("version", draw.choice([b"3", b"10", b"11", b"-1", b"x", b"9" * 50, b""]))], [(name, data * 2)],
        ])  # fmt: skip
        records[i : i + 1] = changed
    ways = [zipfile.ZIP_STORED, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
    return archive(whole.pickled, tuple(records), draw.choice(ways))


def _instructions(draw: random.Random, whole: Whole) -> bytes:
    """Instructions left out, doubled, swapped, taken from other pickles."""
    if not whole.pickled:
        return _flipped(draw, whole.data)
    parts = list(_instructions_of(whole.pickled))
    for _ in range(draw.choice([1, 1, 2, 3, 8])):
        i, j = draw.randrange(len(parts)), draw.randrange(len(parts))
        kind = draw.randrange(6)
        if kind == 0:
            del parts[i]
        elif kind == 1:
            parts.insert(i, parts[j])
        elif kind == 2:
            parts[i], parts[j] = parts[j], parts[i]
        elif kind == 3:
            parts[i] = draw.choice(_ALONE)
        elif kind == 4:
            parts.insert(i, draw.choice(_ALONE))
        else:
            other = _instructions_of(draw.choice([w for w in wholes() if w.pickled]).pickled)
            start = draw.randrange(len(other))
            parts[i:i] = other[start : start + draw.choice([1, 3, 10])]
        if not parts:
            parts = [b"."]
    return archive(b"".join(parts), whole.records)


def _spliced(draw: random.Random, whole: Whole) -> bytes:
    """The beginning of one pickle and the end of another, or of two files."""
    other = draw.choice(wholes())
    if not whole.pickled or not other.pickled or draw.randrange(4) == 0:
        a, b = whole.data, other.data
        return a[: draw.randrange(len(a) + 1)] + b[draw.randrange(len(b)) :]
    first, second = _instructions_of(whole.pickled), _instructions_of(other.pickled)
    parts = first[: draw.randrange(len(first) + 1)] + second[draw.randrange(len(second)) :]
    return archive(b"".join(parts), draw.choice([whole.records, other.records]))


def _harm(draw: random.Random, whole: Whole) -> bytes:
    """Names, calls and states that mean harm, put between a pickle's instructions."""
    parts = list(_instructions_of(whole.pickled)) if whole.pickled and draw.randrange(3) else [b"\x80\x02", b"."]
    for _ in range(draw.choice([1, 1, 2, 3])):
        i = draw.randrange(1, len(parts) + 1) if len(parts) > 1 else 0
        parts[i:i] = _harmful(draw)
    return archive(b"".join(parts), whole.records or (("data/0", bytes(64)),))


def _calls(draw: random.Random, whole: Whole) -> bytes:
    """Everything that may be called, with arguments nearly as they are saved; and what is then made of the result."""
    count = draw.choice([1, 1, 2, 5, 60, 2000])
    call = _call(draw)
    parts = [b"\x80\x02"]
    if count > 5:  # the same again and again, by the memo
        name, arguments = _split_call(draw)
        parts += [name, b"r\x00\x01\x00\x00", arguments, b"r\x01\x01\x00\x00"]
        parts += [b"j\x00\x01\x00\x00j\x01\x01\x00\x00R"] * count
    else:
        parts += [call, *(_call(draw) for _ in range(count - 1))]
    if draw.randrange(3) == 0:
        parts += [_value(draw), draw.choice([b"b", b"b", b"R", b"\x81", b"a", b"Q", b"\x85R", b"\x86R"])]
    return archive(b"".join([*parts, b"."]), (("data/0", bytes(range(64))), ("version", b"3")))


_WAYS: list[Way] = [_bytes_of_file, _bytes_of_pickle, _directory, _records, _instructions, _instructions, _spliced, _harm,
                    _calls, _calls]  # fmt: skip

# What harm is made of

_NAMES = [
    "os system", "posix system", "nt system", "sys exit", "builtins eval", "builtins exec", "builtins getattr",
    "builtins __import__", "builtins open", "__builtin__ eval", "subprocess Popen", "pickle loads", "_pickle loads",
    "torch load", "torch hub.load", "torch.hub load", "torch._C _jit", "torch.serialization load", "operator attrgetter",
    "adjoint load", "adjoint.hub load", "functools partial", "types FunctionType", "codecs open", "_codecs decode",
    "importlib import_module", "numpy.core.multiarray _reconstruct", "numpy load", "ctypes CDLL", "torch.Tensor __class__",
    "torch Tensor.__init__", "collections OrderedDict.__reduce__", "collections namedtuple", "_codecs lookup",
    "collections OrderedDict", "collections Counter", "_codecs encode", "builtins bytearray", "builtins set",
    "builtins complex", "torch Size", "torch Tensor", "torch device", "torch float32", "torch FloatStorage",
    "torch.storage UntypedStorage", "torch FloatTensor", "torch.cuda FloatTensor", "torch.nn.parameter Parameter",
    "torch._utils _rebuild_tensor", "torch._utils _rebuild_tensor_v2", "torch._utils _rebuild_tensor_v3",
    "torch._utils _rebuild_parameter", "torch._utils _rebuild_parameter_with_state", "torch.serialization _get_layout",
    "torch._utils _rebuild_device_tensor_from_numpy", "torch._utils _rebuild_device_tensor_from_cpu_tensor",
    "torch._tensor _rebuild_from_type_v2", "fuzz.files.whole Safe", "fuzz.files.whole Slotted", "fuzz.files.whole wholes",
]  # fmt: skip
_WORDS = ["cpu", "latin1", "zlib", "utf-8", "__class__", "__dict__", "__setstate__", "__reduce__", "items", "_array", "_edge",
          "value", "touch harm", "1+1", "torch.strided", "storage", "module", "conj", "neg", "x" * 300]  # fmt: skip
_ALONE = [bytes([code]) for code in b"(0125]})tuesabR\x81Q\x8f\x85\x86\x87N\x88\x89.lod2"]
"""Instructions without arguments."""


_TENSOR = ["storage", "int 0", "sizes", "strides", "flag", "dict"]
_ARGUMENTS: dict[str, list[str]] = {
    "torch._utils _rebuild_tensor": ["storage", "int 0", "sizes", "strides"],
    "torch._utils _rebuild_tensor_v2": _TENSOR,
    "torch._utils _rebuild_tensor_v2 ": [*_TENSOR, "metadata"],
    "torch._utils _rebuild_tensor_v3": [*_TENSOR, "dtype"],
    "torch._utils _rebuild_tensor_v3 ": [*_TENSOR, "dtype", "metadata"],
    "torch._utils _rebuild_parameter": ["tensor", "flag", "dict"],
    "torch._utils _rebuild_parameter_with_state": ["tensor", "flag", "dict", "state"],
    "torch._utils _rebuild_device_tensor_from_numpy": ["tensor", "dtype", "cpu", "flag"],
    "torch._utils _rebuild_device_tensor_from_cpu_tensor": ["tensor", "dtype", "cpu", "flag"],
    "torch._tensor _rebuild_from_type_v2": ["rebuild", "kind", "arguments", "state"],
    "torch.serialization _get_layout": ["word"],
    "torch Tensor": [],
    "torch FloatTensor": [],
    "torch.nn.parameter Parameter": ["tensor", "flag"],
    "torch Size": ["sizes"],
    "torch device": ["cpu"],
    "collections OrderedDict": ["pairs"],
    "collections Counter": ["dict"],
    "builtins set": ["pairs"],
    "builtins bytearray": ["word", "latin1"],
    "builtins bytearray ": ["int 5"],
    "builtins complex": ["int 1", "int 2"],
    "_codecs encode": ["word", "latin1"],
    "fuzz.files.whole Safe": ["pairs"],
    "fuzz.files.whole Slotted": ["pairs"],
}
"""What may be called, and the kinds of its arguments as they are saved (a blank makes a second entry of a name)."""


def _split_call(draw: random.Random) -> tuple[bytes, bytes]:
    """A name, and a tuple of arguments for it, some of which are not what they should be."""
    name = draw.choice(list(_ARGUMENTS))
    arguments = [_argument(draw, kind) for kind in _ARGUMENTS[name]]
    for _ in range(draw.choice([0, 0, 1, 1, 2])):
        if arguments:
            arguments[draw.randrange(len(arguments))] = draw.choice(
                [_value(draw), _argument(draw, draw.choice(_KINDS))]
            )
    if draw.randrange(12) == 0:
        arguments.append(_value(draw))
    module, function = name.strip().split(" ")
    return f"c{module}\n{function}\n".encode(), b"(" + b"".join(arguments) + b"t"


def _call(draw: random.Random) -> bytes:
    name, arguments = _split_call(draw)
    return name + arguments + draw.choice([b"R", b"R", b"R", b"\x81"])


_KINDS = ["storage", "int 0", "sizes", "strides", "flag", "dict", "metadata", "dtype", "tensor", "cpu", "state", "rebuild",
          "kind", "arguments", "word", "pairs", "latin1"]  # fmt: skip


def _argument(draw: random.Random, kind: str) -> bytes:
    if kind == "storage":
        dtype, size = draw.choice(
            [("FloatStorage", 4), ("ComplexFloatStorage", 8), ("ByteStorage", 1), ("BoolStorage", 1)]
        )
        return _storage(dtype, _number(draw.choice([64 // size, 64 // size, 1 << 40, -1])))
    if kind[:3] == "int":
        return _number(draw.choice([int(kind[4:]), int(kind[4:]), 1, 15, 16, -1, 1 << 62]))
    if kind in ("sizes", "strides"):
        several = [_number(draw.choice([0, 1, 2, 3, 4, 1 << 20, 12 << 30, 1 << 61, -1]))] * draw.choice(
            [0, 1, 1, 2, 3, 70]
        )
        several = several if kind == "sizes" else [_number(draw.choice([0, 0, 1, 2])) for _ in several]
        return b"(" + b"".join(several) + b"t"
    if kind in ("arguments", "tensor"):
        inner = b"(" + b"".join(_argument(draw, k) for k in _TENSOR) + b"t"
        return inner if kind == "arguments" else b"ctorch._utils\n_rebuild_tensor_v2\n" + inner + b"R"
    if kind == "state":
        return b"}" + _string(draw.choice([*_WORDS, "note"])) + _value(draw) + b"s"
    if kind == "metadata":
        return b"}" + _string(draw.choice(["conj", "neg", "x"])) + draw.choice([b"\x88", b"\x88", _value(draw)]) + b"s"
    if kind == "dtype":
        return f"ctorch\n{draw.choice(['float64', 'complex128', 'uint8', 'bool', 'bfloat16'])}\n".encode()
    if kind == "pairs":
        return b"](" + b"K\x01K\x02\x86" * draw.choice([0, 1, 500]) + b"e"
    if kind == "word":
        return _string(draw.choice(_WORDS))
    simple = {
        "flag": draw.choice([b"\x88", b"\x89"]), "dict": b"ccollections\nOrderedDict\n)R", "cpu": _string("cpu"),
        "latin1": _string("latin1"), "rebuild": b"ctorch._utils\n_rebuild_tensor_v2\n", "kind": b"ctorch\nTensor\n",
    }  # fmt: skip
    return simple[kind]


def _harmful(draw: random.Random) -> list[bytes]:
    found = []
    for _ in range(draw.choice([1, 2, 4])):
        found.append(_value(draw) if draw.randrange(3) else _named(draw))
    found.append(draw.choice([b"R", b"R", b"R", b"\x81", b"b", b"b", b"\x92", b"o", b"Q", b"s", b"a", b"0", b""]))
    return found


def _named(draw: random.Random) -> bytes:
    module, name = draw.choice(_NAMES).split(" ")
    kind = draw.randrange(8)
    if kind == 0:
        return _string(module) + _string(name) + b"\x93"  # STACK_GLOBAL
    if kind == 1:
        return b"(" + _value(draw) + f"i{module}\n{name}\n".encode()  # INST
    if kind == 2:
        return b"(" + f"c{module}\n{name}\n".encode() + _value(draw) + b"o"  # OBJ
    if kind == 3:
        return draw.choice([b"\x82\x01", b"\x83\x01\x00", b"\x84\x01\x00\x00\x00"])  # EXT
    if kind == 4:
        return f"c{module}\n{name}\n".encode() + b")}\x92"  # NEWOBJ_EX
    return f"c{module}\n{name}\n".encode()


def _value(draw: random.Random, deep: int = 3) -> bytes:
    kind = draw.randrange(10 if deep else 3)
    if kind == 0:
        return _string(draw.choice(_WORDS))
    if kind == 1:
        return _number(draw.choice([0, 1, -1, 2, 64, 1 << 31, -(1 << 31), 1 << 40, (1 << 63) - 1, 1 << 100, 12 << 30]))
    if kind == 2:
        return draw.choice([b"N", b"\x88", b"\x89", b")", b"]", b"}", b"\x8f", b"G\x7f\xf0\x00\x00\x00\x00\x00\x00"])
    inner = _value(draw, deep - 1)
    if kind == 3:
        return b"}" + _string(draw.choice(_WORDS)) + inner + b"s"
    if kind == 4:
        return inner + draw.choice([b"\x85", b"\x85" * 50, b"\x85" * 3000])
    if kind == 5:
        return inner + _value(draw, deep - 1) + b"\x86"
    if kind == 6:
        return b"](" + inner * draw.choice([1, 3, 300 if len(inner) < 1000 else 3]) + b"e"
    if kind == 7:
        return b"h" + bytes([draw.randrange(30)])
    if kind == 8:
        return b"N}" + _string(draw.choice(_WORDS)) + inner + b"s\x86"  # no attributes, and slots
    return _storage("FloatStorage", inner)


def _number(n: int) -> bytes:
    data = n.to_bytes(n.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(data)]) + data


def _storage(kind: str, count: bytes) -> bytes:
    return b"(" + _string("storage") + f"ctorch\n{kind}\n".encode() + _string("0") + _string("cpu") + count + b"tQ"


def _string(text: str) -> bytes:
    return b"X" + struct.pack("<I", len(text.encode())) + text.encode()


def _flipped(draw: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(draw.choice([1, 1, 1, 2, 4, 16])):
        if changed:
            at = draw.randrange(len(changed))
            changed[at] = draw.choice([draw.randrange(256), changed[at] ^ (1 << draw.randrange(8)), 0, 255])
    if draw.randrange(10) == 0:
        del changed[draw.randrange(len(changed) + 1) :]
    return bytes(changed)


@lru_cache(maxsize=64)
def _instructions_of(pickled: bytes) -> list[bytes]:
    """A pickle's instructions, one by one."""
    starts = [at for _, _, at in pickletools.genops(pickled) if at is not None]
    return [pickled[a:b] for a, b in zip(starts, [*starts[1:], len(pickled)])]
