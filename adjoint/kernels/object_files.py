"""Object files: put into memory, ready to run, without LLVM.

LLVM is needed to compile a kernel, not to run one that is kept on disk.  Loading LLVM costs a process some 60 MB and a tenth
of a second, so what was compiled before is linked here: LLVM makes its code such that it runs wherever it lies, and every
address in it is a whole word to be filled in (one kind of relocation).  Objects of other kinds are left to LLVM's own engine.

The layout is that of the System V ABI's ELF-64 relocatable files.
"""

from __future__ import annotations

import ctypes
import mmap
import struct
import sys
from functools import lru_cache
from typing import Any, NamedTuple

_OF_X86 = 62  # the header's number of the processor
_RELOCATABLE = 1
_SYMBOLS, _RELOCATIONS = 2, 4  # kinds of sections
_WRITTEN, _IN_MEMORY = 1, 2  # flags of sections
_WHOLE_WORD = 1  # the relocation: a symbol's address and an addend, in 64 bits
_NOWHERE, _ABSOLUTE = 0, 0xFFF1  # in place of a symbol's section
_READ_AND_RUN = 1 | 4  # of mprotect


class _Section(NamedTuple):
    name: int
    kind: int
    flags: int
    address: int
    offset: int
    size: int
    link: int  # to the symbols' names; of relocations, to the symbols
    target: int  # of relocations: the section in which they are
    alignment: int
    entry: int


class _Other(Exception):
    """The file is of a kind that is not known here."""


def address_in(code: bytes, name: str) -> int | None:
    """Put an object file into memory for good, and return the address of a function in it.

    None where the file is of another kind than these (another processor or system, variables, relocations of other kinds), or
    refers to something that this process does not have.
    """
    try:
        return _linked(code, name)
    except (_Other, struct.error, IndexError, ValueError, ArithmeticError, OSError):
        return None


def _linked(code: bytes, name: str) -> int:
    sections = _sections(code)
    places, size = _places(sections, len(code))
    base = _memory(size)
    try:
        image = _image(code, sections, places, size, base)
        found = _address(code, sections, _named(code, sections, name), base, places)
        ctypes.memmove(base, bytes(image), size)
        if _library().mprotect(ctypes.c_void_p(base), ctypes.c_size_t(size), _READ_AND_RUN):
            raise OSError(ctypes.get_errno(), "mprotect")
        return found
    except BaseException:
        _library().munmap(ctypes.c_void_p(base), ctypes.c_size_t(size))
        raise


def _image(code: bytes, sections: list[_Section], places: list[Any], size: int, base: int) -> bytearray:
    """What lies in memory from ``base`` on: the sections, their relocations filled in."""
    image = bytearray(size)
    for section, place in zip(sections, places):
        if place is not None and section.size:
            image[place : place + section.size] = code[section.offset : section.offset + section.size]
    found: dict[int, int] = {}
    for section in sections:
        if section.kind != _RELOCATIONS or places[section.target] is None:
            continue
        symbols = sections[section.link]
        for at in range(section.offset, section.offset + section.size, section.entry):
            offset, info, addend = struct.unpack_from("<QQq", code, at)
            number = info >> 32
            if info & 0xFFFFFFFF != _WHOLE_WORD or offset + 8 > sections[section.target].size:
                raise _Other
            if number not in found:
                found[number] = _address(code, sections, (symbols, number), base, places)
            struct.pack_into("<Q", image, places[section.target] + offset, (found[number] + addend) % 2**64)
    return image


def _named(code: bytes, sections: list[_Section], name: str) -> tuple[_Section, int]:
    """The symbol of a name: the section of symbols, and its number there."""
    wanted = name.encode() + b"\0"
    for symbols in sections:
        if symbols.kind == _SYMBOLS:
            names = sections[symbols.link].offset
            for number in range(symbols.size // symbols.entry):
                if code.startswith(wanted, names + struct.unpack_from("<I", code, symbols.offset + number * symbols.entry)[0]):
                    return symbols, number
    raise _Other


def _sections(code: bytes) -> list[_Section]:
    kind, processor = struct.unpack_from("<HH", code, 16)
    if code[:6] != b"\x7fELF\x02\x01" or (kind, processor) != (_RELOCATABLE, _OF_X86) or not sys.platform.startswith("linux"):
        raise _Other
    (start,) = struct.unpack_from("<Q", code, 0x28)
    each, count = struct.unpack_from("<HH", code, 0x3A)
    return [_Section(*struct.unpack_from("<IIQQQQIIQQ", code, start + n * each)) for n in range(count)]


def _places(sections: list[_Section], bytes: int) -> tuple[list[Any], int]:
    """Where in one piece of memory each section comes to lie (None: it does not), and its size."""
    places: list[int | None] = []
    size = 0
    for section in sections:
        if not section.flags & _IN_MEMORY:
            places.append(None)
            continue
        if section.flags & _WRITTEN or section.offset + section.size > bytes or section.alignment > mmap.PAGESIZE:
            raise _Other
        size = -(-size // max(1, section.alignment)) * max(1, section.alignment)
        places.append(size)
        size += section.size
    return places, size


def _memory(size: int) -> int:
    """The address of memory that is never given back: threads run what lies there for as long as there is a process."""
    found = _library().mmap(
        None, ctypes.c_size_t(size), mmap.PROT_READ | mmap.PROT_WRITE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1, ctypes.c_long(0)
    )
    if found in (None, ctypes.c_void_p(-1).value):
        raise OSError(ctypes.get_errno(), "mmap")
    return int(found)


def _address(code: bytes, sections: list[_Section], symbol: tuple[_Section, int], base: int, places: list[Any]) -> int:
    """The address of a symbol."""
    symbols, number = symbol
    start, _, _, home, value, _ = struct.unpack_from("<IBBHQQ", code, symbols.offset + number * symbols.entry)
    if home == _ABSOLUTE:
        return int(value)
    if home != _NOWHERE:
        if places[home] is None:
            raise _Other
        return base + int(places[home]) + int(value)
    start += sections[symbols.link].offset
    return _outside(code[start : code.index(b"\0", start)].decode())


def _outside(name: str) -> int:
    """The address of a function of the C library, or of what is :data:`defined`."""
    if name in defined:
        return defined[name]
    try:
        return ctypes.cast(getattr(_library(), name), ctypes.c_void_p).value or 0
    except AttributeError:
        raise _Other from None


defined: dict[str, int] = {}
"""What native code finds of ours under a name, and where it is."""


@lru_cache(maxsize=None)
def _library() -> Any:
    library = ctypes.CDLL(None, use_errno=True)
    library.mmap.restype = ctypes.c_void_p
    return library
