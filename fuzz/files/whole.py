"""Whole files: what mutants are made of, in the formats and protocols in which checkpoints are."""

from __future__ import annotations

import io
import zipfile
from collections import Counter, OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import adjoint
from adjoint.serialization.storage_types import UNTYPED, type_of


@dataclass
class Whole:
    """A checkpoint: the file, and of an archive its pickle and its other records by name."""

    data: bytes
    pickled: bytes = b""
    records: tuple[tuple[str, bytes], ...] = ()


class Safe:
    """A class that the guard has the user allow."""

    def __init__(self, value: Any) -> None:
        self.value = value


class Slotted:
    """Another, without a dictionary."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


def _objects() -> list[Any]:
    torch: Any = adjoint
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    model(torch.ones(5, 3)).sum().backward()
    optimizer.step()
    noted = torch.nn.Parameter(torch.ones(2))
    noted.note = "x"
    marked = torch.ones(3)
    marked.note = [1, 2]
    base = torch.arange(12.0).reshape(3, 4)
    ordered = OrderedDict(a=1)
    ordered._metadata = {"": {"version": 1}}  # type: ignore[attr-defined]
    dtypes = [torch.ones(2).to(d) for d in adjoint.dtypes.ALL if type_of(d) is not UNTYPED]
    return [
        {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3},
        [noted, marked, torch.nn.Parameter(torch.ones(2, 2), False)],
        [base, base.t(), base[1:, ::2], base[0].expand(5, 4), torch.tensor([1 + 2j])],
        dtypes,
        [
            ordered,
            Counter("aab"),
            {1, 2},
            b"bytes",
            bytearray(b"more"),
            2j,
            1 << 100,
            -1.5,
            "é",
            None,
            True,
            (1, (2, ())),
        ],
        [torch.float32, torch.Size([2, 3]), torch.device("cuda", 1), torch.strided],
        [Safe([torch.ones(1), 3]), Slotted({"a": 1})],
        {"nested": [{"a": [({"b": ([1],)},)]}]},
    ]


@lru_cache(maxsize=1)
def wholes() -> list[Whole]:
    """All of them, the same in every process."""
    found = []
    for thing in _objects():
        for protocol in (2, 2, 4):
            buffer = io.BytesIO()
            adjoint.save(thing, buffer, pickle_protocol=protocol)
            with zipfile.ZipFile(buffer) as z:
                records = {name.partition("/")[2]: z.read(name) for name in z.namelist()}
            pickled = records.pop("data.pkl")
            found.append(Whole(buffer.getvalue(), pickled, tuple(records.items())))
        old = io.BytesIO()
        adjoint.save(thing, old, _use_new_zipfile_serialization=False)
        found.append(Whole(old.getvalue()))
    untyped = io.BytesIO()  # the format before archives has no storages of these dtypes
    adjoint.save([adjoint.ones(2).to(d) for d in adjoint.dtypes.ALL if type_of(d) is UNTYPED], untyped)
    with zipfile.ZipFile(untyped) as z:
        records = {name.partition("/")[2]: z.read(name) for name in z.namelist()}
    found.append(Whole(untyped.getvalue(), records.pop("data.pkl"), tuple(records.items())))
    return found


def archive(pickled: bytes, records: tuple[tuple[str, bytes], ...], compression: int = zipfile.ZIP_STORED) -> bytes:
    """A file of these records."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as z:
        z.writestr("archive/data.pkl", pickled)
        for name, data in records:
            z.writestr(f"archive/{name}", data)
    return buffer.getvalue()
