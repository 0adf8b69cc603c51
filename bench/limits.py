"""What the machine can do: its multiply-add peak and its copy bandwidth, measured without any of the peers."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from threading import Barrier, Thread
from time import perf_counter
from typing import Any

import numpy as np

from bench.registry import THREADS, Workload

REPEATS = 9
COPIED = 2**26  # bytes of an array: what no cache holds

_TURNS = 2_000_000
_ARGUMENTS = (ctypes.c_int64, ctypes.c_float, ctypes.c_float, ctypes.c_void_p)


@dataclass(frozen=True)
class Limits:
    """What no step can exceed, unless what it moves fits into a cache."""

    flops_per_second: float | None  # float32 multiply-adds on all threads, each two; None where it cannot be measured
    bytes_per_second: float  # that copying reads and writes

    def __str__(self) -> str:
        peak = self.flops_per_second
        first = "multiply-adds not measured" if peak is None else f"{peak / 1e9:.0f} Gflop/s of multiply-adds"
        return f"{first}, copying reads and writes {self.bytes_per_second / 1e9:.0f} GB/s"

    def attained(self, workload: Workload, seconds: float) -> dict[str, Any] | None:
        """What a call that takes the seconds attains, in 10⁹ per second, and its share of the limit, where known."""
        if workload.flops is not None:
            rate, limit, unit = workload.flops / seconds, self.flops_per_second, "Gflop/s"
        elif workload.moved is not None:
            rate, limit, unit = workload.moved / seconds, self.bytes_per_second, "GB/s"
        else:
            return None
        return {"rate": rate / 1e9, "unit": unit, "share": limit and rate / limit}


def measure() -> Limits:
    """The limits: the best of several repeats, which nothing disturbed."""
    return Limits(_multiply_add_peak(), _copy_bandwidth())


def _copy_bandwidth() -> float:
    pairs = [(np.ones(COPIED, np.uint8), np.zeros(COPIED, np.uint8)) for _ in range(THREADS)]
    return THREADS * 2 * COPIED / _least_seconds([lambda pair=pair: np.copyto(pair[1], pair[0]) for pair in pairs])


def _multiply_add_peak() -> float | None:
    """None without llvmlite, or where the processor has no vector multiply-add that is known here."""
    try:
        from llvmlite import binding
    except ImportError:
        return None
    known = _vectors(binding.get_host_cpu_features())
    if known is None:
        return None
    lanes, accumulators = known
    engine = _compiled(binding, _multiply_adds(lanes, accumulators))
    kernel = ctypes.CFUNCTYPE(None, *_ARGUMENTS)(engine.get_function_address("multiply_adds"))
    results = [np.zeros(lanes, np.float32) for _ in range(THREADS)]  # of its own for each thread
    calls = [lambda out=out: kernel(_TURNS, 0.999, 1e-3, out.ctypes.data) for out in results]
    return THREADS * 2 * lanes * accumulators * _TURNS / _least_seconds(calls)


def _vectors(features: dict[str, bool]) -> tuple[int, int] | None:
    """How many float32 a vector holds, and how many independent vectors to work on.

    As many as the registers hold beside the two operands: more than the latency of a multiply-add times how many begin
    in a cycle.
    """
    kinds = {"avx512f": (16, 24), "fma": (8, 12), "neon": (4, 24)}
    return next((kind for feature, kind in kinds.items() if features.get(feature)), None)


def _multiply_adds(lanes: int, accumulators: int) -> str:
    """The program ``for _ in range(turns): each = each * factor + term`` for all accumulators; their sum is kept."""
    from llvmlite import ir

    number, count, vector = ir.FloatType(), ir.IntType(64), ir.VectorType(ir.FloatType(), lanes)
    module = ir.Module("limits")
    kind = ir.FunctionType(ir.VoidType(), [count, number, number, vector.as_pointer()])
    function = ir.Function(module, kind, "multiply_adds")
    turns, factor, term, result = function.args
    multiply_add = ir.Function(module, ir.FunctionType(vector, [vector] * 3), f"llvm.fma.v{lanes}f32")
    entry, loop, end = (function.append_basic_block(name) for name in ("entry", "loop", "end"))

    build = ir.IRBuilder(entry)
    factors, terms = (_spread(ir, build, given, vector) for given in (factor, term))
    build.branch(loop)

    build.position_at_end(loop)
    turn = build.phi(count)
    turn.add_incoming(count(0), entry)
    held = [build.phi(vector) for _ in range(accumulators)]
    after = [build.call(multiply_add, [each, factors, terms]) for each in held]
    for i, (each, new) in enumerate(zip(held, after)):
        each.add_incoming(vector([number(float(i))] * lanes), entry)  # different ones, or they would be one
        each.add_incoming(new, loop)
    next_turn = build.add(turn, count(1))
    turn.add_incoming(next_turn, loop)
    build.cbranch(build.icmp_signed("<", next_turn, turns), loop, end)

    build.position_at_end(end)
    total = after[0]
    for each in after[1:]:
        total = build.fadd(total, each)
    build.store(total, result, align=4)
    build.ret_void()
    return str(module)


def _spread(ir: Any, build: Any, value: Any, vector: Any) -> Any:
    """The value in every lane."""
    first = build.insert_element(ir.Constant(vector, ir.Undefined), value, ir.IntType(32)(0))
    lanes = ir.Constant(ir.VectorType(ir.IntType(32), vector.count), [0] * vector.count)
    return build.shuffle_vector(first, ir.Constant(vector, ir.Undefined), lanes)


def _compiled(binding: Any, program: str) -> Any:
    """The engine that holds the machine code; it lives as long as its functions are called."""
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    machine = binding.Target.from_default_triple().create_target_machine(
        cpu=binding.get_host_cpu_name(), features=binding.get_host_cpu_features().flatten(), opt=2
    )
    engine = binding.create_mcjit_compiler(binding.parse_assembly(program), machine)
    engine.finalize_object()
    return engine


def _least_seconds(calls: list[Callable[[], Any]]) -> float:
    """The fewest seconds in which all calls ended, each in a thread of its own; what they call releases the GIL."""
    together = Barrier(len(calls))
    spans: list[list[tuple[float, float]]] = [[] for _ in calls]

    def run(call: Callable[[], Any], own: list[tuple[float, float]]) -> None:
        for _ in range(REPEATS):
            together.wait()
            start = perf_counter()
            call()
            own.append((start, perf_counter()))

    threads = [Thread(target=run, args=each) for each in zip(calls, spans)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return min(max(end for _, end in turn) - min(start for start, _ in turn) for turn in zip(*spans))
