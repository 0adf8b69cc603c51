"""Operators: the samples of PyTorch's operator database, with both libraries: results, then gradients."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

import torch
from torch.testing._internal.common_methods_invocations import op_db

import adjoint
from fuzz.databases.comparison import difference
from fuzz.databases.exceptions import KNOWN, LOOSE, NO_VALUES
from fuzz.databases.report import Report, reported
from fuzz.databases.translation import Lacking, translated
from fuzz.run import memory, overlap

DTYPES = ("float32", "float64", "complex64", "int64", "float16")
OPERATORS = {f"{o.name}.{o.variant_test_name}".rstrip("."): o for o in op_db}


def sampled(name: str, dtype: str, most: int | None = None) -> Iterator[tuple[int, Any]]:
    """The samples of an operator in a dtype, with their numbers; at most so many, always the same ones."""
    info = OPERATORS[name]
    kind = getattr(torch, dtype)
    if kind not in info.supported_dtypes("cpu"):
        return
    grad = (
        info.supports_autograd
        and kind in info.supported_backward_dtypes("cpu")
        and kind.is_floating_point | kind.is_complex
    )
    torch.manual_seed(1)
    random.seed(1)
    # (not `sample_inputs`, which looks at the whole stack for every sample, for the messages of PyTorch's own tests)
    made = enumerate(info.sample_inputs_func(info, "cpu", kind, grad))
    samples = list(made if most is None else islice(made, 8 * most))  # to make them all takes most of the time
    if most is not None and len(samples) > most:
        samples = sorted(random.Random(name).sample(samples, most), key=lambda pair: pair[0])
    yield from samples


def compare(name: str, dtype: str, most: int | None = None) -> Report:
    """Run an operator's samples in a dtype, at most so many."""
    info = OPERATORS[name]
    return reported(
        name, dtype, sampled(name, dtype, most), lambda sample: _one(info, name, sample),
        lambda f: name in KNOWN and re.search(KNOWN[name][0], f"{dtype} {f.what.lstrip()}"),
    )  # fmt: skip


def _one(info: Any, name: str, sample: Any) -> str | None:
    memo: dict[int, Any] = {}
    theirs = (sample.input, sample.args, sample.kwargs)
    ours = translated(theirs, memo)
    processed = sample.output_process_fn_grad
    ours_processed = translated(processed, memo)
    a, error = _call(torch, info.op, theirs)
    operator = translated(info.op, memo)
    b, our_error = _call(adjoint, operator, ours)
    if error is not None or our_error is not None:
        if isinstance(our_error, AttributeError) and re.search(
            "Adjoint does not have|has no attribute", str(our_error)
        ):
            raise Lacking(re.findall(r"[\w.]+", str(our_error))[-1])
        if isinstance(our_error, Lacking):
            raise our_error
        return _errors(error, our_error)
    loose = LOOSE.get(name, 1.0)
    gauge = (processed is not None and getattr(processed, "__name__", "") != "<lambda>") or name in NO_VALUES
    found = difference(a, b, values=not gauge, loose=loose) or _sharing(theirs, a, ours, b)
    if found is not None or name in NO_VALUES:
        return found
    a, b = processed(a), ours_processed(b)
    found = difference(a, b, loose=loose)
    if found is not None:
        return "processed " + found
    roots, our_roots = ([t for t in tensors(x) if t.requires_grad] for x in (a, b))
    if not roots:
        return None
    leaves = [t for t in tensors(theirs) if t.requires_grad]
    our_leaves = [memo[id(t)] for t in leaves]
    for leaf in leaves:  # which samples share
        leaf.grad = None
    starts = [seed(t.shape, t.is_complex(), str(t.dtype), k) for k, t in enumerate(roots)]
    _, error = _call(torch, torch.autograd.backward, (roots, (starts,), {"inputs": leaves}))
    arguments = (our_roots, ([translated(s) for s in starts],), {"inputs": our_leaves})
    _, our_error = _call(adjoint, adjoint.autograd.backward, arguments)
    if error is not None or our_error is not None:
        found = _errors(error, our_error)
    else:
        found = difference([t.grad for t in leaves], [t.grad for t in our_leaves], loose=loose)
    return None if found is None else "gradient " + found


def _sharing(operands: Any, result: Any, our_operands: Any, our_result: Any) -> str | None:
    """What differs in which operands the results share memory with: to write to one would write to the other."""
    shared = []
    for library, of, made in ((torch, operands, result), (adjoint, our_operands, our_result)):
        places = [memory(t, library) for t in tensors(of)]
        found = [[k for k, at in enumerate(places) if overlap(at, memory(t, library))] for t in tensors(made)]
        shared.append(found)
    return None if shared[0] == shared[1] else f"memory shared with operands: {shared[0]} | {shared[1]}"


def _call(library: Any, function: Any, sample: Any) -> tuple[Any, BaseException | None]:
    library.manual_seed(0)
    first, args, kwargs = sample
    try:
        return function(first, *args, **kwargs), None
    except Exception as error:
        return None, error


def _errors(theirs: BaseException | None, ours: BaseException | None) -> str | None:
    texts = [
        None if e is None else f"{type(e).__name__}: {str(e).splitlines()[0] if str(e) else ''}" for e in (theirs, ours)
    ]
    if theirs is not None and ours is not None and type(theirs).__name__ == type(ours).__name__:
        return None
    return f"raised: {texts[0]} | {texts[1]}"


def tensors(value: Any) -> list[Any]:
    """The tensors of either library in a value, in order."""
    if isinstance(value, (torch.Tensor, adjoint.Tensor)):
        return [value]
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, (list, tuple)):
        return []
    return [t for part in value for t in tensors(part)]


def seed(shape: Any, complex: bool, dtype: str, number: int) -> torch.Tensor:
    """A gradient to start from that is not the same everywhere."""
    n = math.prod(shape)
    made = torch.linspace(0.5, 1.5, max(n, 1), dtype=torch.float64)[:n].reshape(tuple(shape)) + 0.25 * number
    kind = getattr(torch, dtype.removeprefix("torch."))
    return (made + 0.5j * made.flip(tuple(range(made.dim())))).to(kind) if complex else made.to(kind)
