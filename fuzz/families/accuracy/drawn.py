"""The numbers that are added up, made cheaply: slices of one pool, rounded so that every wider dtype holds them exactly."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

BITS = {"float32": 24, "float16": 11, "bfloat16": 8, "float64": 53}
KINDS = ["equal", "offset", "positive", "growing", "alternating", "normal"]

_POOL = 1 << 18


@lru_cache(maxsize=1)
def _pool() -> np.ndarray:
    return np.random.RandomState(7).standard_normal(_POOL)


def _draws(seed: int, n: int) -> np.ndarray:
    start = seed * 7919 % _POOL
    return np.resize(np.roll(_pool(), -start), n)


@lru_cache(maxsize=8)
def numbers(kind: str, seed: int, n: int, bits: int) -> np.ndarray:
    """So many numbers of a kind, of so many bits; not to be written to."""
    made = {
        "equal": lambda: np.full(n, 0.39837),
        "offset": lambda: 100 + _draws(seed, n),
        "positive": lambda: np.abs(_draws(seed, n)) + 0.1,
        "shares": lambda: np.abs(_draws(seed, n)) % 1,
        "growing": lambda: np.arange(n) / n,
        "alternating": lambda: np.where(np.arange(n) % 2, -1.0, 1.0) * (1 + _draws(seed, n) ** 2),
        "normal": lambda: _draws(seed, n),
        "steps": lambda: np.round(_draws(seed, n) * 20),
    }[kind]()
    narrow = {24: np.float32, 11: np.float16}.get(bits)
    if narrow is not None:
        return made.astype(narrow).astype(np.float64)
    if bits < 53:
        part, exponent = np.frexp(made)
        return np.ldexp(np.round(part * 2.0**bits), exponent - bits)
    return made


PRELUDE = """
from fuzz.families.accuracy.drawn import numbers

def values(kind, seed, shape, bits, dtype):
    return torch.tensor(numbers(kind, seed, int(np.prod(shape)), bits).reshape(shape)).to(dtype)

def laid(x, how):
    if how == "transposed":
        return x.mT.contiguous().mT if x.ndim > 1 else x
    if how == "stepped":
        return torch.stack([x, x * 0], 1)[:, 0]
    if how == "reversed":
        return x.flip(0).contiguous().flip(0)
    return x

def written(x, s):
    z = x.clone()
    z[::2] = s
    return z

def first(z):
    return z[0] if isinstance(z, tuple) else z

def attempt(f, *args):
    # What PyTorch does not do forward, or for a whole batch, is not compared.
    try:
        return f(*args)
    except Exception:
        return None

def forward(f, x, tangent):
    return attempt(func.jvp, f, (x.detach(),), (tangent,))

def batched(f, x):
    return attempt(func.vmap(f), torch.stack([x, x * .5]))
"""
