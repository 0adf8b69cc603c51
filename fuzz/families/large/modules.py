"""Modules: normalizations, losses and embeddings over the last dimensions, with parameters of their own."""

from __future__ import annotations

import math
import re

from fuzz.families.large.writer import Shape, Writer


def module(w: Writer) -> None:
    """An operator with parameters of its own, over the last dimensions."""
    r, x = w.r, w.pick()
    shape = w.shapes[x]
    if not shape or shape[-1] < 2 or (len(shape) > 1 and shape[1] < 2):
        return
    ways = [_layer_norm, _rms_norm]
    if len(shape) >= 2 and math.prod(shape) // shape[1] > 1:
        ways += [_batch_norm, _group_norm]
    if len(shape) == 2:
        ways += [_class_loss] * 2 + [_embedding]
    r.choice(ways)(w, x, shape)


def _layer_norm(w: Writer, x: str, shape: Shape) -> None:
    last = w.r.randint(1, min(2, len(shape)))
    eps = w.r.choice(("", "", ", eps=0.5"))
    w.add(f"F.layer_norm({x}, {shape[-last:]}{_parameters(w, shape[-last:])}{eps})", shape)


def _rms_norm(w: Writer, x: str, shape: Shape) -> None:
    weight = f", {w.leaf((shape[-1],))}" if w.r.random() < 0.4 else ""
    w.add(f"F.rms_norm({x}, ({shape[-1]},){weight})", shape)


def _batch_norm(w: Writer, x: str, shape: Shape) -> None:
    # (PyTorch's gradient reads a weight as if its elements were next to each other)
    parameters = re.sub(r"(v\d+)", r"\1.contiguous()", _parameters(w, (shape[1],)))
    if w.r.random() < 0.6 or not parameters:
        w.add(f"F.batch_norm({x}, None, None{parameters}, training=True)", shape)
    else:
        zeros, ones = (f"torch.{name}({shape[1]}, dtype=torch.{w.dtype})" for name in ("zeros", "ones"))
        w.add(f"F.batch_norm({x}, {zeros}, {ones}{parameters}, training={w.r.random() < 0.5}, momentum=0.3)", shape)


def _group_norm(w: Writer, x: str, shape: Shape) -> None:
    c = shape[1]
    groups = w.r.choice([n for n in range(1, min(c, 20) + 1) if c % n == 0])
    if math.prod(shape[2:]) * (c // groups) < 2:
        return
    parameters = re.sub(r"(v\d+)", r"\1.contiguous()", _parameters(w, (c,)))
    if len(shape) == 3 and shape[2] > 1 and w.r.random() < 0.3:
        w.add(f"F.instance_norm({x})", shape)
    else:
        w.add(f"F.group_norm({x}, {groups}{parameters})", shape)


def _class_loss(w: Writer, x: str, shape: Shape) -> None:
    """A loss of classes, with ignored rows, weights and smoothed labels."""
    r = w.r
    n, c = shape
    target = f"(data({r.randint(0, 99)}, {n}).abs() * 100).long() % {c}"
    reduction = r.choice(("none", "mean", "sum"))
    given = f", reduction='{reduction}'"
    if r.random() < 0.3:
        given += f", weight={w.leaf((c,), grad=False)}.abs()"
    if r.random() < 0.3:
        given += f", ignore_index={r.randrange(c)}"
    found = (n,) if reduction == "none" else ()
    way = r.random()
    if way < 0.6:
        smooth = ", label_smoothing=0.1" if r.random() < 0.2 else ""
        w.add(f"F.cross_entropy({x}, {target}{given}{smooth})", found)
    elif way < 0.8:
        w.add(f"F.nll_loss({x}.log_softmax(1), {target}{given})", found)
    else:
        w.add(f"F.cross_entropy({x}, {x}.detach().softmax(1), reduction='{reduction}')", found)


def _embedding(w: Writer, x: str, shape: Shape) -> None:
    """Rows by number, and sums of them."""
    r = w.r
    n, c = shape
    some = [[r.randrange(n) for _ in range(3)] for _ in range(r.choice((2, 7)))]
    padding = f", padding_idx={r.randrange(n)}" if r.random() < 0.3 else ""
    if r.random() < 0.6:
        w.add(f"F.embedding(torch.tensor({some}), {x}{padding})", (len(some), 3, c))
    else:
        mode = r.choice(("sum", "mean", "max"))
        w.add(f"F.embedding_bag(torch.tensor({some}), {x}, mode='{mode}'{padding})", (len(some), c))


def _parameters(w: Writer, shape: Shape) -> str:
    if w.r.random() < 0.4:
        return ""
    return f", {w.leaf(shape)}, {w.leaf(shape)}"
