"""How exact and how fast the functions of adjoint.kernels.mathematics are.

``PYTHONPATH=. python tests/sweeps/mathematics.py [--stride 61] [NAME ...]`` compares them with float64 on every 61st of
all float32 numbers (those in f64 with long double, on as many random ones), and prints for each the largest error in
ulp, where it is, and nanoseconds per element of a million.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import scipy.special

from adjoint.kernels.handed import elements
from adjoint.kernels.machine import machine
from adjoint.kernels.machine_code import entry
from adjoint.kernels.mathematics import SUPPORTED
from adjoint.kernels.native import f32, f64, i64, load, native, ptr, store

BINARY = ("power", "arctan2", "hypot", "logaddexp", "fmod", "remainder", "floor_divide")
EXACT = ("fmod", "remainder", "floor_divide")
"""Those that are NumPy's own bit for bit."""

NUMPY = {"f32": np.float32, "f64": np.float64}
BITS = {"f32": np.uint32, "f64": np.uint64}


@native
def single_one(n: i64, x: ptr(f32), out: ptr(f32), name, lanes):
    """``out = name(x)``; n is a multiple of the lanes, which may be 0 for scalars."""
    function = SUPPORTED[name, "f32"]
    for i in range(0, n, lanes if lanes else 1):
        store(out, i, function(load(x, i, lanes)))


@native
def single_two(n: i64, x: ptr(f32), y: ptr(f32), out: ptr(f32), name, lanes):
    """``out = name(x, y)``."""
    function = SUPPORTED[name, "f32"]
    for i in range(0, n, lanes if lanes else 1):
        store(out, i, function(load(x, i, lanes), load(y, i, lanes)))


@native
def double_one(n: i64, x: ptr(f64), out: ptr(f64), name, lanes):
    """As ``single_one``, in f64."""
    function = SUPPORTED[name, "f64"]
    for i in range(0, n, lanes if lanes else 1):
        store(out, i, function(load(x, i, lanes)))


def kernel(name: str, dtype: str, lanes: int) -> Any:
    """The machine code of a function."""
    body = double_one if dtype == "f64" else single_two if name in BINARY else single_one
    return entry(body, name=name, lanes=lanes)


def compiled(name: str, dtype: str = "f32", lanes: int | None = None) -> Callable[..., Any]:
    """A function as one of arrays, of any size."""
    kind = NUMPY[dtype]
    lanes = machine().lanes(kind().itemsize) if lanes is None else lanes
    run = kernel(name, dtype, lanes)

    def call(*operands: Any) -> Any:
        count = operands[0].size
        padded = [np.resize(np.asarray(x, kind), count + -count % (lanes or 1)) for x in operands]
        out = np.empty_like(padded[0])
        run(out.size, *(elements(x) for x in padded), elements(out))
        return out[:count]

    return call


def _erf(x: Any) -> Any:
    """SciPy's is not exact enough for float64."""
    return scipy.special.erf(x) if x.dtype == np.float64 else np.frompyfunc(math.erf, 1, 1)(x).astype(x.dtype)


REFERENCES: dict[str, Callable[..., Any]] = {
    "sigmoid": lambda x: np.where(x < 0, np.exp(x), 1) / (1 + np.exp(-abs(x))),
    "erf": _erf,
    "erfc": scipy.special.erfc,
    "rsqrt": lambda x: 1 / np.sqrt(x),
}


def reference(name: str, *operands: Any) -> Any:
    """The results that are taken for exact, with more bits than the operands (but for erf of float64)."""
    wide = np.float64 if operands[0].dtype == np.float32 and name not in ("power", "logaddexp") else np.longdouble
    with np.errstate(all="ignore"):
        if name in EXACT:
            return getattr(np, name)(*operands).astype(wide)
        return (REFERENCES.get(name) or getattr(np, name))(*(x.astype(wide) for x in operands))


def errors(found: Any, exact: Any) -> Any:
    """Distances in ulp (below the normal numbers, of the denormals).

    They are infinite where one is NaN and the other is not, and where zeros differ in their signs.  Infinity and the
    largest finite number are one ulp apart.
    """
    with np.errstate(all="ignore"):
        rounded = exact.astype(found.dtype)
        last_binade = found.dtype.type(2) ** (np.finfo(found.dtype).maxexp - 1)
        spacing = np.spacing(np.minimum(abs(rounded), last_binade)).astype(exact.dtype)
        distance = (abs(found - exact) / spacing).astype(np.float64)
        beside = np.nextafter(found, rounded) == rounded
    same = (found == rounded) | (np.isnan(found) & np.isnan(rounded))
    special = ~np.isfinite(found) | ~np.isfinite(rounded)
    distance[special] = np.where(same, 0.0, np.where(beside, 1.0, np.inf))[special]
    distance[(rounded == 0) & (found == 0) & (np.signbit(rounded) != np.signbit(found))] = np.inf
    return distance


_SIZES = (
    0.0, 1e-45, 1e-40, 2.0**-126, 1e-30, 1e-8, 0.25, 0.5, 1.0, 1.0 + 2.0**-23, 1.0 - 2.0**-24, 1.5, 2.0, 3.0, 10.0,
    87.5, 88.72283, 88.72284, 89.415985, 89.41599, 103.97, 127.0, 128.0, 149.0, 150.0, 709.5, 745.0, 8388607.0,
    16777215.0, 16777216.0, 1e10, 1e30, 2.5e38, 3.4028235e38, np.inf, np.nan,
)  # fmt: skip
EDGES = np.array([sign * size for size in _SIZES for sign in (1, -1)])


def samples(name: str, dtype: str, stride: int) -> Iterator[tuple[Any, ...]]:
    """Operands, in blocks: edges, then every so manyth number or as many random ones."""
    if name in BINARY:
        return _pairs(2**32 // stride // 4)
    if dtype == "f64":
        return ((x,) for x in _doubles(2**32 // stride))
    return ((x,) for x in _singles(stride))


def _singles(stride: int, block: int = 1 << 22) -> Iterator[Any]:
    yield EDGES.astype(np.float32)
    for start in range(0, 2**32, stride * block):
        stop = min(start + stride * block, 2**32)
        yield np.arange(start, stop, stride, dtype=np.uint64).astype(np.uint32).view(np.float32)


def _doubles(count: int) -> Iterator[Any]:
    draw = np.random.default_rng(0)
    yield EDGES
    yield draw.integers(0, 2**64, count // 2, dtype=np.uint64).view(np.float64)
    for scale in (0.3, 3, 300):
        yield draw.normal(0, scale, count // 6)
    yield np.exp(draw.normal(0, 0.3, count // 6))


def _pairs(count: int) -> Iterator[tuple[Any, Any]]:
    draw = np.random.default_rng(0)
    edges = EDGES.astype(np.float32)
    x, y = np.meshgrid(edges, edges)
    yield x.ravel(), y.ravel()
    bits = draw.integers(0, 2**32, (2, count), dtype=np.uint32).view(np.float32)
    yield bits[0], bits[1]
    x, y = draw.normal(0, 10, (2, count)).astype(np.float32)
    yield x, y
    x = np.exp(draw.normal(0, 5, count)).astype(np.float32)
    yield -x, draw.integers(-40, 40, count).astype(np.float32)
    with np.errstate(all="ignore"):
        yield x, (draw.uniform(-150, 130, count) / np.log2(x)).astype(np.float32)  # powers of all sizes


def worst(name: str, dtype: str = "f32", stride: int = 61, lanes: int | None = None) -> tuple[float, str]:
    """The largest error, and its place."""
    call = compiled(name, dtype, lanes)
    result = (-1.0, "")
    for operands in samples(name, dtype, stride):
        found, exact = call(*operands), reference(name, *operands)
        off = errors(found, exact)
        at = int(off.argmax())
        if off[at] > result[0]:
            given = ", ".join(str(x[at]) for x in operands)
            result = (float(off[at]), f"{name}({given}) = {found[at]}, exactly {exact[at]}")
    return result


def speed(name: str, dtype: str) -> float:
    """Nanoseconds per element of a million ordinary numbers, on one thread."""
    draw = np.random.default_rng(0)
    kind = NUMPY[dtype]
    operands = [draw.uniform(0.01, 5, 1 << 20).astype(kind) for _ in range(2 if name in BINARY else 1)]
    out = np.empty_like(operands[0])
    run = kernel(name, dtype, machine().lanes(kind().itemsize))
    arguments = (out.size, *(elements(x) for x in operands), elements(out))
    times = []
    for _ in range(25):
        begin = time.perf_counter()
        run(*arguments)
        times.append(time.perf_counter() - begin)
    return float(np.median(times)) / out.size * 1e9


def main() -> None:
    """Print a row for each function."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--stride", type=int, default=61)
    asked = parser.parse_args()
    for name, dtype in SUPPORTED:
        if asked.names and name not in asked.names:
            continue
        begin = time.perf_counter()
        compiled(name, dtype)
        ready = time.perf_counter() - begin
        error, place = worst(name, dtype, asked.stride)
        figures = f"{error:6.3f} ulp {speed(name, dtype):7.3f} ns, compiled in {ready * 1e3:3.0f} ms"
        print(f"{name:13s} {dtype} {figures}; {place}", flush=True)


if __name__ == "__main__":
    main()
