"""Refusals: the calls of PyTorch's operator database that are to fail, with both libraries: the errors' types and texts."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from typing import Any

import torch

import adjoint
from fuzz.databases.exceptions import REFUSED
from fuzz.databases.operators import OPERATORS
from fuzz.databases.report import Report, reported
from fuzz.databases.translation import translated
from fuzz.run import plain_text

DTYPES = ("any",)  # an error has a dtype of its own
REFUSALS = {f"{name} refuses": info for name, info in OPERATORS.items() if info.error_inputs_func is not None}
KNOWN = {f"{name} refuses": entry for name, entry in REFUSED.items()}


def sampled(name: str, most: int | None = None) -> Iterator[tuple[int, Any]]:
    """The calls of an operator that are to fail, with their numbers; at most so many, always the same ones."""
    info = REFUSALS[name]

    def made() -> Iterator[tuple[int, Any]]:
        torch.manual_seed(1)
        random.seed(1)
        yield from enumerate(info.error_inputs_func(info, "cpu"))

    chosen = [number for number, _ in made()]
    if most is not None and len(chosen) > most:
        chosen = random.Random(name).sample(chosen, most)
    yield from (pair for pair in made() if pair[0] in chosen)  # one after the other: what a call has resized, the next may use


def compare(name: str, dtype: str = "any", most: int | None = None) -> Report:
    """Run the calls of an operator that are to fail, at most so many."""
    info = REFUSALS[name]
    return reported(
        name, dtype, sampled(name, most), lambda sample: _one(info, sample.sample_input),
        lambda f: name in KNOWN and re.search(KNOWN[name][0], f.what),
    )  # fmt: skip


def _one(info: Any, sample: Any) -> str | None:
    ours = translated((sample.input, sample.args, sample.kwargs))
    texts = []
    for library, function, (first, args, kwargs) in (
        (torch, info.op, (sample.input, sample.args, sample.kwargs)),
        (adjoint, translated(info.op), ours),
    ):
        library.manual_seed(0)
        try:
            function(first, *args, **kwargs)
        except Exception as error:
            texts.append(f"{type(error).__name__}: {plain_text(error)}")
        else:
            texts.append("takes it")
    return None if texts[0] == texts[1] else f"{_kind(*texts)}: {texts[0]} | {texts[1]}"


def _kind(theirs: str, ours: str) -> str:
    if theirs == "takes it":
        return "refused"
    if ours == "takes it":
        return "accepted"
    return "text" if theirs.partition(":")[0] == ours.partition(":")[0] else "type"
