"""Plans: what a call of attention's kernels depends on beside the arrays themselves, worked out once."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from adjoint.kernels import pool
from adjoint.kernels.handed import handle
from adjoint.kernels.memory import empty

Array = Any

FLOAT32 = np.dtype(np.float32)
_ARRAYS = struct.Struct("13q")
_REST = struct.Struct("43qd2q")
_MOST_PLANS = 1024

# How work is split does not depend on how many threads there are, and so neither do results.
_TASKS = 16  # so many at least, where there is enough to do
_FEW = 1 << 20  # floating-point operations, which are not worth a task of their own
_CHUNK_TILES = 4

_plans: dict[Any, Plan] = {}


def plan_of(
    q: Array, k: Array, v: Array, mask: Array | None, dropout: Array | None, output: Array, g: Array | None,
    causal: bool, scale: float, *to: Array,
) -> Plan:  # fmt: skip
    """The plan for arrays of these shapes and strides; ``g`` and ``to`` are those of the backward."""
    key = (
        q.shape, q.strides, k.shape, k.strides, v.shape, v.strides, output.strides, causal, scale,
        None if mask is None else (mask.shape, mask.strides),
        None if dropout is None else (dropout.shape, dropout.strides),
        None if g is None else g.strides,
    )  # fmt: skip
    plan = _plans.get(key)
    if plan is None:
        if len(_plans) >= _MOST_PLANS:
            _plans.clear()
        plan = _plans[key] = Plan((q, k, v, mask, dropout, output, g, *to), causal, scale)
    return plan


class Plan:
    """Sizes, strides, and how work is split into tasks."""

    def __init__(self, arrays: tuple[Array | None, ...], causal: bool, scale: float) -> None:
        from adjoint.kernels.attention import forward, tiles
        from adjoint.kernels.machine_code import address

        q, k, v = arrays[:3]
        batch, heads, length, features = q.shape
        groups, source, values = *k.shape[1:3], v.shape[3]
        over = (batch, heads, length, source)
        strides = [s for x in arrays for s in _strides(x, over)] + [0] * 3 * (10 - len(arrays))

        self.blocks = -(-length // forward.QUERIES)
        units = self.blocks * batch * heads
        cost = 2 * forward.QUERIES * source * (features + values)
        per_task = max(1, units // (2 * _TASKS), min(units, _FEW // cost))
        self.tasks = -(-units // per_task)

        key_tiles = -(-source // forward.KEYS)
        chunks = min(-(-_TASKS // (batch * groups)), max(1, key_tiles // _CHUNK_TILES))
        chunk_keys = -(-key_tiles // chunks) * forward.KEYS
        self.chunks = -(-source // chunk_keys)
        self.gradient_tasks = batch * groups * self.chunks
        self.parts = (self.chunks, *q.shape) if self.chunks > 1 else None
        self.heads = batch * heads

        if len(arrays) == 7:
            self.work = forward.forward_workspace(features, values)
            self.address = address(forward.forward)
        else:
            from adjoint.kernels.attention import backward

            self.work = backward.backward_workspace(features, values, chunk_keys)
            self.address, self.add_address = address(backward.backward), address(backward.add_parts)
        self.rest = _REST.pack(
            *strides, self.work, per_task, self.blocks, batch, heads, heads // groups, length, source, features, values,
            causal, self.chunks, chunk_keys, scale, address(tiles.product), address(tiles.turn_square),
        )  # fmt: skip

    def forward(
        self, q: Array, k: Array, v: Array, mask: Array | None, dropout: Array | None, output: Array, logsumexp: Array
    ) -> None:
        """Write the output and the logsumexp."""
        threads = pool.num_threads()
        work = empty(threads * self.work, FLOAT32)
        words = _ARRAYS.pack(
            handle(q), handle(k), handle(v), _id(mask), _id(dropout), handle(output), 0, 0, 0, 0,
            handle(logsumexp), handle(work), 0,
        )  # fmt: skip
        pool.launch(self.address, words + self.rest, self.tasks, threads=threads)

    def backward(
        self, q: Array, k: Array, v: Array, mask: Array | None, dropout: Array | None, output: Array, g: Array,
        logsumexp: Array, to_q: Array, to_k: Array, to_v: Array,
    ) -> None:  # fmt: skip
        """Write the gradients."""
        threads = pool.num_threads()
        work = empty(threads * self.work, FLOAT32)
        parts = None if self.parts is None else empty(self.parts, FLOAT32)
        words = _ARRAYS.pack(
            handle(q), handle(k), handle(v), _id(mask), _id(dropout), handle(output), handle(g),
            handle(to_q), handle(to_k), handle(to_v), handle(logsumexp), handle(work), _id(parts),
        ) + self.rest  # fmt: skip
        pool.launch(self.address, words, self.gradient_tasks, threads=threads)
        if parts is not None:
            pool.launch(self.add_address, words, self.heads)


def _id(x: Array | None) -> int:
    return 0 if x is None else handle(x)


def _strides(x: Array | None, over: tuple[int, ...]) -> tuple[int, ...]:
    """The strides of an array over batch, heads and rows, in elements; where it is broadcast to ``over`` they are 0."""
    if x is None:
        return (0, 0, 0)
    missing = 4 - x.ndim
    return (0,) * missing + tuple(
        0 if have == 1 else s // 4 for have, s in zip(x.shape[:-1], x.strides[:-1])
    )
