"""Windows: convolutions, transposed ones, and pools, with all of their arguments.

Sizes are such that each of the ways is taken in which kernels compute them: small planes of many images, few pixels in
all, one channel to a group, 3 x 3 by Winograd's transforms, few channels that come out, and the general product.
"""

from __future__ import annotations

import random
from typing import Any

from fuzz.families.large.writer import FINITE, SPECIAL, Shape, Writer, tiny

_KINDS = ("general", "general", "winograd", "winograd", "depthwise", "depthwise", "few pixels", "small planes", "few channels")


def convolution(r: random.Random) -> list[str]:
    """A convolution, what may follow it, and backwards."""
    w = Writer(r, r.choice(("float32", "float32", "float32", "float32", "float64")))
    kind = r.choice(_KINDS)
    dims = 2 if kind == "winograd" else r.choice((1, 2, 2, 2, 3))
    batch, channels, filters, space = _sizes(r, kind, dims)
    groups = channels if kind == "depthwise" else r.choice((1, 1, 1, _divisor(r, channels)))
    if kind == "winograd":
        groups, kernel, stride, dilation = 1, (3, 3), (1, 1), (1, 1)
        padding = (r.randint(0, 2), r.randint(0, 2))
    else:
        kernel = _each(r, dims, (1, 2, 3, 3, 4, 5) if dims < 3 else (1, 2, 3))
        stride = _each(r, dims, (1, 1, 1, 2, 3))
        dilation = _each(r, dims, (1, 1, 1, 2, 3))
        padding = _each(r, dims, (0, 0, 1, 2))
    if kind == "depthwise":
        filters = channels * r.choice((1, 1, 2, 3))
    filters = max(1, filters // groups) * groups
    space = tuple(max(n, d * (k - 1) + 1 - 2 * p) for n, k, d, p in zip(space, kernel, dilation, padding))
    w.special = SPECIAL if r.random() < 0.15 else []
    x = w.leaf((batch, channels, *space), grad=r.random() < 0.8)
    _only_finite(w)
    weight = w.leaf((filters, channels // groups, *kernel), grad=r.random() < 0.8)
    w.special = []
    bias = f", {w.leaf((filters,))}" if r.random() < 0.4 else ""
    padded: Any = padding
    if set(stride) == {1} and r.random() < 0.15:
        padded = "'same'"
        out = space
    else:
        out = tuple((n + 2 * p - d * (k - 1) - 1) // s + 1 for n, p, d, k, s in zip(space, padding, dilation, kernel, stride))
    given = f"stride={stride}, padding={padded}, dilation={dilation}, groups={groups}"
    y = w.add(f"F.conv{dims}d({x}, {weight}{bias}, {given}) * 0.2", (batch, filters, *out))
    _more(w, y, x, weight, bias, f"conv{dims}d", given)
    w.end()
    return w.lines


def transposed(r: random.Random) -> list[str]:
    """A transposed convolution with all of its arguments."""
    w = Writer(r, r.choice(("float32", "float32", "float32", "float64")))
    kind = r.choice([kind for kind in _KINDS if kind != "winograd"])
    dims = r.choice((1, 2, 2, 2, 3))
    batch, channels, filters, space = _sizes(r, kind, dims)
    groups = channels if kind == "depthwise" else r.choice((1, 1, 1, _divisor(r, channels)))
    kernel = _each(r, dims, (1, 2, 3, 3, 4) if dims < 3 else (1, 2, 3))
    stride = _each(r, dims, (1, 1, 2, 3))
    dilation = _each(r, dims, (1, 1, 2))
    padding = _each(r, dims, (0, 0, 1, 2))
    output_padding = tuple(r.randrange(max(s, d)) for s, d in zip(stride, dilation))
    per_group = max(1, filters // groups) if kind != "depthwise" else r.choice((1, 1, 2))

    def sizes() -> Shape:
        every = zip(space, stride, padding, dilation, kernel, output_padding)
        return tuple((n - 1) * s - 2 * p + d * (k - 1) + o + 1 for n, s, p, d, k, o in every)

    space = tuple(n + max(0, -(-(1 - m) // s)) for n, m, s in zip(space, sizes(), stride))
    w.special = SPECIAL if r.random() < 0.1 else []
    if any(padding):  # of what is cut off from the output, PyTorch multiplies zeros with the input for the weight's gradient
        _only_finite(w)
    x = w.leaf((batch, channels, *space), grad=r.random() < 0.8)
    _only_finite(w)
    weight = w.leaf((channels, per_group, *kernel), grad=r.random() < 0.8)
    w.special = []
    bias = f", {w.leaf((per_group * groups,))}" if r.random() < 0.4 else ""
    given = f"stride={stride}, padding={padding}, output_padding={output_padding}, groups={groups}, dilation={dilation}"
    y = w.add(f"F.conv_transpose{dims}d({x}, {weight}{bias}, {given}) * 0.2", (batch, per_group * groups, *sizes()))
    _more(w, y, x, weight, bias, f"conv_transpose{dims}d", given)
    w.end()
    return w.lines


def pool(r: random.Random) -> list[str]:
    """A pool with all of its arguments, one that undoes it, or what reads windows in another way."""
    w = Writer(r, r.choice(("float32", "float32", "float32", "float64")))
    w.special = SPECIAL if r.random() < 0.2 else []
    dims = r.choice((1, 2, 2, 2, 3))
    batch, channels, _, space = _sizes(r, "general", dims)
    kernel = _each(r, dims, (1, 2, 2, 3, 3, 5, 17) if dims == 1 else (1, 2, 2, 3, 3, 4) if dims == 2 else (1, 2, 3))
    stride = _each(r, dims, (1, 2, 2, 3, 9))
    padding = tuple(r.randint(0, k // 2) for k in kernel)
    dilation = _each(r, dims, (1, 1, 1, 2))
    space = tuple(max(n, d * (k - 1) + 1) for n, k, d in zip(space, kernel, dilation))
    ceil = r.random() < 0.3
    shape = (batch, channels, *space) if r.random() < 0.85 else (channels, *space)
    ties = r.random() < 0.3  # the first of equal elements gets the gradient
    x = w.leaf(shape)
    if ties:
        x = w.add(f"{x}.round()", shape)
    ways = [f"F.max_pool{dims}d({x}, {kernel}, {stride}, {padding}, {dilation}, ceil_mode={ceil})"] * 4
    ways += [f"F.adaptive_max_pool{dims}d({x}, {_each(r, dims, (1, 2, 3, 5))})",
             f"F.adaptive_avg_pool{dims}d({x}, {_each(r, dims, (1, 2, 3, 5))})"]  # fmt: skip
    average = f"F.avg_pool{dims}d({x}, {kernel}, {stride}, {padding}, ceil_mode={ceil}, count_include_pad={r.random() < 0.5}"
    ways += [average + (")" if dims == 1 else f", divisor_override={r.choice((None, None, 3))})")] * 3
    if dims < 3:
        two = (kernel, stride) if dims == 2 else (kernel[0], stride[0])
        ways.append(f"F.lp_pool{dims}d({x}, {r.choice((1, 2, 3))}, {two[0]}, {two[1]}, ceil_mode={ceil})")
    if dims == 2 and len(shape) == 4:
        given = f"{kernel}, {dilation}, {padding}, {stride}"
        ways.append(f"F.unfold({x}, {given})")
        ways.append(f"F.fold(F.unfold({x}, {given}), {space}, {given})")
    if len(shape) == dims + 2:
        ways.append(_interpolated(r, x, dims, space))
    text = r.choice(ways)
    if "max_pool" in text and r.random() < 0.4:
        w.line(f"y, i = {text[:-1]}, return_indices=True)")
        if "adaptive" not in text and r.random() < 0.5 and set(dilation) == {1}:
            w.line(f"y = F.max_unpool{dims}d(y, i, {kernel}, {stride}, {padding}, output_size={space})")
    else:
        w.line(f"y = {text}")
    w.lines += [f"s = (y * data({r.randint(0, 99)}, *y.shape, dtype=y.dtype)).sum()", r.choice(("s.backward()", _TWICE.format(x)))]
    return w.lines


_TWICE = "g = torch.autograd.grad(s, {0}, create_graph=True); (g[0] * g[0]).sum().backward()"


def _interpolated(r: random.Random, x: str, dims: int, space: Shape) -> str:
    modes = {1: ("nearest", "linear", "nearest-exact"), 2: ("nearest", "bilinear", "bicubic", "area"), 3: ("nearest", "trilinear")}
    mode = r.choice(modes[dims])
    size = tuple(max(1, min(40, int(n * r.choice((0.5, 1, 1.7, 2))))) for n in space)
    corners = f", align_corners={r.random() < 0.5}" if "linear" in mode or "cubic" in mode else ""
    return f"F.interpolate({x}, {size}, mode='{mode}'{corners})"


def _sizes(r: random.Random, kind: str, dims: int) -> tuple[int, int, int, Shape]:
    """How many images, channels and filters there are, and the sizes of an image, for one of the ways."""
    if kind == "winograd":
        some = (3, 24, 33, 33, 40, 40, 48)  # of few channels the transforms cost too much
        side = (7, 8, 8, 9, 12) if tiny() else (8, 13, 16, 27, 40)
        return r.choice((1, 2, 3, 5)), r.choice(some), r.choice(some), (r.choice(side), r.choice(side))
    if kind == "few pixels":
        return r.choice((1, 2)), r.choice((8, 33, 64)), r.choice((16, 40, 65)), _each(r, dims, (1, 2, 3, 4))
    if kind == "small planes":
        return r.choice((16, 17, 32, 65)), r.choice((64, 128)), r.choice((256, 257)), _each(r, dims, (1, 2, 2, 3))
    most = {1: 200, 2: 14, 3: 5} if tiny() else {1: 4000, 2: 40, 3: 11}
    space = tuple(r.randint(1 if r.random() < 0.1 else most[dims] // 3, most[dims]) for _ in range(dims))
    if kind == "few channels":
        return r.choice((1, 2, 3)), r.choice((1, 3, 4, 8)), r.choice((1, 2, 3)), space
    return r.choice((1, 2, 3, 5)), r.choice((1, 3, 4, 6, 8, 12)), r.choice((2, 4, 6, 8, 17)), space


def _only_finite(w: Writer) -> None:
    """A weight's: some of PyTorch's ways multiply the zeros around an image, and inf * 0 is NaN, and some do not."""
    w.special = FINITE if w.special else []


def _divisor(r: random.Random, n: int) -> int:
    return r.choice([d for d in range(1, n + 1) if n % d == 0])


def _each(r: random.Random, dims: int, among: tuple[int, ...]) -> Shape:
    """One for each dimension; most often the same for all."""
    return (r.choice(among),) * dims if r.random() < 0.6 else tuple(r.choice(among) for _ in range(dims))


def _more(w: Writer, y: str, x: str, weight: str, bias: str, function: str, given: str) -> None:
    """What may follow: an activation, the weight once more, one sample by itself."""
    r, shape = w.r, w.shapes[y]
    way = r.random()
    if way < 0.25:
        w.add(f"{r.choice(('F.relu', 'torch.sigmoid', 'F.gelu', 'torch.tanh'))}({y})", shape)
    elif way < 0.35:
        w.add(f"{y} * F.{function}({x}.flip(0), {weight}{bias}, {given})", shape)
    elif way < 0.4:
        w.add(f"F.{function}({x}[0], {weight}{bias}, {given})", shape[1:])
