"""Elementwise: chains of operators that treat every element alike, by way of other dtypes, and in place."""

from __future__ import annotations

from fuzz.families.large.texts import BINARY, BROADCAST_LOSSES, COUNTS, IN_PLACE, OF_OTHER_DTYPES, UNARY
from fuzz.families.large.writer import Writer, broadcast


def unary(w: Writer) -> None:
    x = w.pick()
    w.add(w.r.choice(UNARY).format(x), w.shapes[x])


def other_dtype(w: Writer) -> None:
    """Something by way of integers, bools, halves or complex numbers; or of integers, that is not differentiated."""
    r, x = w.r, w.pick()
    shape = w.shapes[x]
    text = r.choice(OF_OTHER_DTYPES)
    if r.random() < 0.3 and shape:
        d = r.randrange(len(shape))
        counted = r.choice(COUNTS).format(x, name=r.choice(("sum", "any", "all", "cumsum", "argmax", "prod")), d=d)
        w.lines.append(f"c{len(w.lines)} = {counted}")
    elif "^" in text:
        w.lines.append(f"c{len(w.lines)} = {text.format(x)}")
    else:
        w.add(text.format(x), shape)


def binary(w: Writer) -> None:
    x = w.pick()
    y = w.other(w.shapes[x])
    if w.r.random() < 0.5:
        x, y = y, x
    text = w.r.choice(BINARY if w.r.random() < 0.85 else BROADCAST_LOSSES)
    whole = broadcast(w.shapes[x], w.shapes[y])
    if whole is None:  # too many
        return
    single = ("_loss(" in text and "'none'" not in text) or "cross_entropy({0}" in text
    w.add(text.format(x, y), () if single else whole)


def write(w: Writer) -> None:
    """Something in place, on a value that is no leaf."""
    names = [n for n in w.shapes if n not in w.leaves and w.shapes[n]]
    if not names:
        return
    x = w.r.choice(names)
    if w.r.random() < 0.5:
        x = w.add(f"{x} * 1.5", w.shapes[x])
    shape = w.shapes[x]
    fitting = [n for n, s in w.shapes.items() if broadcast(s, shape) == shape]
    w.lines.append(w.r.choice(IN_PLACE).format(x, w.r.choice(fitting)))


def hook(w: Writer) -> None:
    x = w.pick()
    w.lines.append(w.r.choice([
        "if {0}.requires_grad: {0}.register_hook(lambda g: g * 2)",
        "if {0}.requires_grad: {0}.register_hook(lambda g: None)",
        "if {0}.requires_grad: {0}.register_hook(once())",
        "if {0}.requires_grad: {0}.retain_grad()",
        "if {0}.grad_fn is not None: {0}.grad_fn.register_hook(lambda gi, go: None)",
    ]).format(x))  # fmt: skip
