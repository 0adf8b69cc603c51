"""What native code may call: memory, vectors, bits, atomics and the simplest mathematics.

Each is a Python function that writes instructions; its first parameter is the emitter.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adjoint.kernels.native import bounds, ir
from adjoint.kernels.native.emitter import Emitter, Value
from adjoint.kernels.native.types import Type, i1, i8, i32, i64, ptr, vec, void


class Builtin:
    """A function of native code that is written in the compiler."""

    def __init__(self, emit: Callable[..., Any]) -> None:
        self.emit = emit
        self.__doc__ = emit.__doc__
        self.__name__ = emit.__name__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(f"{self.__name__}() is called in native code only")


__all__ = ["unroll"]


def builtin(f: Callable[..., Any]) -> Any:
    """Make a function of the compiler callable in native code (a decorator)."""
    __all__.append(f.__name__)
    return Builtin(f)


def unroll(*bounds: int) -> range:
    """``for i in unroll(n)``: the loop is written out, and ``i`` is known to the compiler."""
    return range(*bounds)


# Memory


@builtin
def load(e: Emitter, pointer: Value, index: Any, lanes: int) -> Value:
    """``lanes`` elements from ``pointer[index]`` on, as a vector."""
    return e.load(pointer, index, lanes)


@builtin
def store(e: Emitter, pointer: Value, index: Any, value: Value) -> None:
    """Write the lanes of a vector from ``pointer[index]`` on."""
    e.store(pointer, index, value)


@builtin
def store_streaming(e: Emitter, pointer: Value, index: Any, value: Value) -> None:
    """As ``store``, past the caches, for what will not be read soon; the address must be a multiple of the vector's size,
    or of 64 where that is larger."""
    e.store(pointer, index, value, min(64, value.type.lanes * pointer.type.of.bytes))
    written = e.builder.block.instructions[-1]
    written.set_metadata("nontemporal", e.compilation.module.add_metadata([ir.Constant(ir.IntType(32), 1)]))


@builtin
def load_masked(e: Emitter, pointer: Value, index: Any, mask: Value, other: Any = 0) -> Value:
    """As ``load`` in the lanes where the mask holds; ``other`` elsewhere, and nothing is read there."""
    t = vec(pointer.type.of, mask.type.lanes)
    address = e.offset(pointer, index)
    mask = _inside(e, address, mask, bounds.READ)
    suffix = f"masked.load.{_name(t)}.p0"
    full = e.compilation.intrinsic(
        f"llvm.{suffix}", t.ir, [ir.PointerType(), ir.IntType(32), mask.type.ir, t.ir]
    )
    rest = e.convert(e.value(other, t), t)
    align = ir.Constant(ir.IntType(32), pointer.type.of.bytes)
    return Value(t, e.builder.call(full, [address.ir, align, mask.ir, rest.ir]))


@builtin
def store_masked(e: Emitter, pointer: Value, index: Any, value: Value, mask: Value) -> None:
    """As ``store`` in the lanes where the mask holds; nothing is written elsewhere."""
    t = value.type
    full = e.compilation.intrinsic(
        f"llvm.masked.store.{_name(t)}.p0", ir.VoidType(), [t.ir, ir.PointerType(), ir.IntType(32), mask.type.ir]
    )
    align = ir.Constant(ir.IntType(32), pointer.type.of.bytes)
    address = e.offset(pointer, index)
    mask = _inside(e, address, mask, bounds.WRITE)
    e.builder.call(full, [value.ir, address.ir, align, mask.ir])


def _inside(e: Emitter, first: Value, mask: Value, how: int) -> Value:
    """A mask without the lanes that are outside of what a pointer may be used for."""
    if not e.checks:
        return mask
    bytes, lanes = first.type.of.bytes, mask.type.lanes
    address = e.splat(Value(i64, e.builder.ptrtoint(first.ir, i64.ir)), lanes)
    steps = ir.Constant(address.type.ir, [ir.Constant(i64.ir, bytes * n) for n in range(lanes)])
    return Value(mask.type, bounds.allowed(e, first, e.builder.add(address.ir, steps), mask.ir, bytes, how))


@builtin
def gather(e: Emitter, pointer: Value, indices: Value, mask: Value | None = None) -> Value:
    """The elements at a vector of indices (i32 or i64), as a vector; zero where a mask does not hold."""
    t = vec(pointer.type.of, indices.type.lanes)
    addresses = e.builder.gep(pointer.ir, [indices.ir], source_etype=pointer.type.of.ir)
    pointers = ir.VectorType(ir.PointerType(), t.lanes)
    addresses.type = pointers
    mask = e.splat(e.constant(i1, True), t.lanes) if mask is None else mask
    if e.checks:
        places = e.builder.ptrtoint(addresses, ir.VectorType(i64.ir, t.lanes))
        mask = Value(mask.type, bounds.allowed(e, pointer, places, mask.ir, pointer.type.of.bytes, bounds.READ))
    full = e.compilation.intrinsic(
        f"llvm.masked.gather.{_name(t)}.v{t.lanes}p0", t.ir, [pointers, ir.IntType(32), mask.type.ir, t.ir]
    )
    align = ir.Constant(ir.IntType(32), pointer.type.of.bytes)
    return Value(t, e.builder.call(full, [addresses, align, mask.ir, ir.Constant(t.ir, None)]))


@builtin
def scratch(e: Emitter, of: Type, count: int) -> Value:
    """A small array on the stack, of ``count`` elements (known to the compiler), aligned to 64 bytes."""
    with e.builder.goto_entry_block():
        memory = e.builder.alloca(of.ir, count)
        memory.align = 64
        within = bounds.known(e, memory, count * of.bytes) if e.checks else None
    return Value(ptr(of), memory, within)


@builtin
def cast(e: Emitter, x: Value, to: Type) -> Value:
    """A pointer as a pointer to another type, or to and from an integer; other values are converted."""
    return e.convert(x, to)


@builtin
def elements_of(e: Emitter, array: Value, word: int) -> Value:
    """A pointer to the first byte of an array, from the address of the array object, which keeps it in this word."""
    place = e.offset(Value(ptr(i64), e.builder.inttoptr(array.ir, ptr(i64).ir)), word)
    first = e.builder.inttoptr(e.builder.load(place.ir, typ=i64.ir, align=8), ptr(i8).ir)
    return Value(ptr(i8), first, bounds.of_array(e, array.ir) if e.checks else None)


@builtin
def prefetch(e: Emitter, pointer: Value, index: Any, near: int = 3) -> None:
    """Ask for the cache line of ``pointer[index]``: into the first cache, or, less ``near`` (2), only into the second."""
    function = e.compilation.intrinsic(
        "llvm.prefetch.p0", ir.VoidType(), [ir.PointerType(), ir.IntType(32), ir.IntType(32), ir.IntType(32)]
    )
    flags = [ir.Constant(ir.IntType(32), n) for n in (0, near, 1)]
    e.builder.call(function, [e.offset(pointer, index).ir, *flags])


@builtin
def copy_bytes(e: Emitter, to: Value, of: Value, count: Any) -> None:
    """``memcpy``."""
    _memory(e, "memcpy", to, of, ir.PointerType(), count)


@builtin
def fill_bytes(e: Emitter, to: Value, byte: int, count: Any) -> None:
    """``memset``."""
    _memory(e, "memset", to, ir.Constant(ir.IntType(8), byte), ir.IntType(8), count)


def _memory(e: Emitter, name: str, to: Value, second: Any, kind: Any, count: Any) -> None:
    suffix = "p0.p0.i64" if name == "memcpy" else "p0.i64"
    function = e.compilation.intrinsic(
        f"llvm.{name}.{suffix}", ir.VoidType(), [ir.PointerType(), kind, ir.IntType(64), ir.IntType(1)]
    )
    size, target = e.value(count).ir, to.ir
    if isinstance(second, Value):
        if e.checks:
            size = _whole(e, second, size, bounds.READ)
        second = second.ir
    if e.checks:
        size = _whole(e, to, size, bounds.WRITE)
    e.builder.call(function, [target, second, size, ir.Constant(ir.IntType(1), 0)])


def _whole(e: Emitter, pointer: Value, size: Any, how: int) -> Any:
    """So many bytes, if all of them may be used; else none."""
    found = bounds.guarded(e, pointer, size, how)
    return e.builder.select(e.builder.icmp_unsigned("==", found, pointer.ir), size, ir.Constant(size.type, 0))


# Vectors


@builtin
def splat(e: Emitter, x: Any, lanes: int) -> Value:
    """A scalar in all lanes."""
    return e.splat(x, lanes)


@builtin
def constant(e: Emitter, type: Type, number: Any) -> Value:
    """A number as a value of a type."""
    return e.constant(type, number)


@builtin
def iota(e: Emitter, of: Type, lanes: int) -> Value:
    """0, 1, 2 ... in the lanes."""
    t = vec(of, lanes)
    return Value(t, ir.Constant(t.ir, [ir.Constant(of.ir, i) for i in range(lanes)]))


@builtin
def vector(e: Emitter, of: Type, numbers: Any) -> Value:
    """Numbers known to the compiler, one in each lane."""
    t = vec(of, len(numbers))
    return Value(t, ir.Constant(t.ir, [e.constant(of, x).ir for x in numbers]))


@builtin
def pick(e: Emitter, table: Value, places: Value) -> Value:
    """Of a vector of 16 f32, the lane that each of 16 i32 says (AVX-512 only)."""
    t = table.type
    function = e.compilation.intrinsic("llvm.x86.avx512.permvar.sf.512", t.ir, [t.ir, places.type.ir])
    return Value(t, e.builder.call(function, [table.ir, places.ir]))


@builtin
def reciprocal_estimate(e: Emitter, x: Value) -> Value:
    """1 / x to 14 bits, of 16 f32 (AVX-512 only)."""
    t, mask = x.type, ir.IntType(16)
    function = e.compilation.intrinsic("llvm.x86.avx512.rcp14.ps.512", t.ir, [t.ir, t.ir, mask])
    return Value(t, e.builder.call(function, [x.ir, x.ir, ir.Constant(mask, 0xFFFF)]))


@builtin
def first_lanes(e: Emitter, count: Any, lanes: int) -> Value:
    """A mask that holds in the first ``count`` lanes (all, if there are fewer)."""
    count = e.value(count)
    if count.type.bits > 32:
        count = e.convert(minimum.emit(e, count, lanes), i32)
    count = e.splat(count, lanes)
    return e.compare("Lt", Value(vec(i32, lanes), ir.Constant(ir.VectorType(ir.IntType(32), lanes), list(range(lanes)))), count)


@builtin
def lane(e: Emitter, x: Value, index: Any) -> Value:
    """One lane of a vector."""
    return Value(x.type.scalar, e.builder.extract_element(x.ir, e.value(index).ir))


@builtin
def set_lane(e: Emitter, x: Value, index: Any, value: Any) -> Value:
    """A vector with one lane replaced."""
    return Value(x.type, e.builder.insert_element(x.ir, e.value(value, x.type.scalar).ir, e.value(index).ir))


@builtin
def shuffle(e: Emitter, a: Value, b: Value, lanes: Any) -> Value:
    """A vector of lanes picked from two: ``lanes`` are places known to the compiler, those of ``b`` after those of ``a``."""
    picks = list(lanes)
    mask = ir.Constant(ir.VectorType(ir.IntType(32), len(picks)), [ir.Constant(ir.IntType(32), i) for i in picks])
    return Value(vec(a.type.scalar, len(picks)), e.builder.shuffle_vector(a.ir, b.ir, mask))


def _reduction(name: str, start: float | None = None) -> Callable[[Emitter, Value], Value]:
    def reduce(e: Emitter, x: Value) -> Value:
        scalar = x.type.scalar
        if start is None:
            return e.intrinsic(f"vector.reduce.{name}", scalar, x, over=x.type)
        function = e.compilation.intrinsic(
            f"llvm.vector.reduce.{name}.{_name(x.type)}", scalar.ir, [scalar.ir, x.type.ir]
        )
        arguments = [e.constant(scalar, start).ir, x.ir]
        return Value(scalar, e.builder.call(function, arguments, fastmath=("reassoc",)))

    return reduce


@builtin
def hsum(e: Emitter, x: Value) -> Value:
    """The sum of the lanes, in pairs."""
    return (_reduction("fadd", -0.0) if x.type.kind == "float" else _reduction("add"))(e, x)


@builtin
def hprod(e: Emitter, x: Value) -> Value:
    """The product of the lanes."""
    return (_reduction("fmul", 1.0) if x.type.kind == "float" else _reduction("mul"))(e, x)


@builtin
def hmax(e: Emitter, x: Value) -> Value:
    """The largest lane; NaN if one is."""
    return _reduction("fmaximum" if x.type.kind == "float" else "smax")(e, x)


@builtin
def hmin(e: Emitter, x: Value) -> Value:
    """The smallest lane; NaN if one is."""
    return _reduction("fminimum" if x.type.kind == "float" else "smin")(e, x)


@builtin
def any_lane(e: Emitter, x: Value) -> Value:
    """Whether a mask holds in some lane."""
    return e.intrinsic("vector.reduce.or", i1, x, over=x.type)


# Mathematics that is one instruction


def _unary(name: str) -> Any:
    def emit(e: Emitter, x: Value) -> Value:
        return e.intrinsic(name, x.type, x)

    emit.__name__ = name
    return emit


sqrt = builtin(_unary("sqrt"))
fabs = builtin(_unary("fabs"))
floor = builtin(_unary("floor"))
ceil = builtin(_unary("ceil"))
trunc = builtin(_unary("trunc"))
rint = builtin(_unary("rint"))
ctpop = builtin(_unary("ctpop"))


@builtin
def ctlz(e: Emitter, x: Value) -> Value:
    """How many zeros an integer begins with."""
    function = e.compilation.intrinsic(f"llvm.ctlz.{_name(x.type)}", x.type.ir, [x.type.ir, ir.IntType(1)])
    return Value(x.type, e.builder.call(function, [x.ir, ir.Constant(ir.IntType(1), 0)]))


def _same(e: Emitter, *values: Any) -> list[Value]:
    like = max((v.type for v in values if isinstance(v, Value)), key=lambda t: t.lanes)
    return [e.convert(v, like) if not isinstance(v, Value) or v.type != like else v for v in values]


@builtin
def fma(e: Emitter, a: Any, b: Any, c: Any) -> Value:
    """``a * b + c``, rounded once."""
    a, b, c = _same(e, a, b, c)
    return e.intrinsic("fma", a.type, a, b, c)


@builtin
def maximum(e: Emitter, a: Any, b: Any) -> Value:
    """The larger one; NaN if one of them is."""
    a, b = e.pair(a, b)
    return e.intrinsic("maximum" if a.type.kind == "float" else "smax", a.type, a, b)


@builtin
def minimum(e: Emitter, a: Any, b: Any) -> Value:
    """The smaller one; NaN if one of them is."""
    a, b = e.pair(a, b)
    return e.intrinsic("minimum" if a.type.kind == "float" else "smin", a.type, a, b)


@builtin
def larger(e: Emitter, a: Any, b: Any) -> Value:
    """``a if a > b else b``: one instruction, and ``b`` where one of them is a NaN."""
    a, b = e.pair(a, b)
    return e.select(e.compare("Gt", a, b), a, b)


@builtin
def smaller(e: Emitter, a: Any, b: Any) -> Value:
    """``a if a < b else b``: one instruction, and ``b`` where one of them is a NaN."""
    a, b = e.pair(a, b)
    return e.select(e.compare("Lt", a, b), a, b)


@builtin
def copysign(e: Emitter, a: Any, b: Any) -> Value:
    """The size of ``a`` with the sign of ``b``."""
    a, b = e.pair(a, b)
    return e.intrinsic("copysign", a.type, a, b)


@builtin
def where(e: Emitter, condition: Any, a: Any, b: Any) -> Value:
    """``a`` where the condition holds, else ``b``: lane by lane, both computed."""
    return e.select(condition, a, b)


@builtin
def bits_as(e: Emitter, x: Value, to: Type) -> Value:
    """The same bits as another type (of vectors: of the lanes)."""
    return e.bitcast(x, to)


@builtin
def below_unsigned(e: Emitter, a: Any, b: Any) -> Value:
    """``a < b`` of integers without a sign."""
    a, b = e.pair(a, b)
    return Value(vec(i1, a.type.lanes) if a.type.lanes else i1, e.builder.icmp_unsigned("<", a.ir, b.ir))


# Threads


def _word(e: Emitter, pointer: Value, index: Any, how: int = bounds.WRITE) -> Any:
    """The address of an integer that several threads use."""
    return e.address(pointer, index, pointer.type.of.bytes, how)


@builtin
def atomic_add(e: Emitter, pointer: Value, index: Any, value: Any) -> Value:
    """Add to an integer that other threads add to; what it was before."""
    of = pointer.type.of
    return Value(of, e.builder.atomic_rmw("add", _word(e, pointer, index), e.value(value, of).ir, "seq_cst"))


@builtin
def atomic_swap(e: Emitter, pointer: Value, index: Any, value: Any) -> Value:
    """Replace an integer; what it was before."""
    of = pointer.type.of
    return Value(of, e.builder.atomic_rmw("xchg", _word(e, pointer, index), e.value(value, of).ir, "seq_cst"))


@builtin
def atomic_compare_swap(e: Emitter, pointer: Value, index: Any, expected: Any, value: Any) -> Value:
    """Replace an integer if it is as expected; whether it was."""
    of = pointer.type.of
    address, old, new = _word(e, pointer, index), e.value(expected, of).ir, e.value(value, of).ir
    pair = e.builder.cmpxchg(address, old, new, "seq_cst", "seq_cst")
    return Value(i1, e.builder.extract_value(pair, 1))


@builtin
def atomic_load(e: Emitter, pointer: Value, index: Any) -> Value:
    """An integer that other threads write."""
    of = pointer.type.of
    return Value(of, e.builder.load_atomic(_word(e, pointer, index, bounds.READ), "seq_cst", of.bytes, typ=of.ir))


@builtin
def atomic_store(e: Emitter, pointer: Value, index: Any, value: Any) -> None:
    """Write an integer that other threads read."""
    of = pointer.type.of
    e.builder.atomic_rmw("xchg", _word(e, pointer, index), e.value(value, of).ir, "seq_cst")


@builtin
def pause(e: Emitter) -> None:
    """Tell the core that this loop waits."""
    from adjoint.kernels.machine import machine

    kind = ir.FunctionType(ir.VoidType(), [])
    text = {"x86": "pause", "arm": "yield"}.get(machine().family)
    if text:
        e.builder.asm(kind, text, "~{memory}", [], True)


@builtin
def call_c(e: Emitter, name: str, result: Type, *arguments: Any) -> Any:
    """Call a function of the C library by name."""
    values = [e.value(a) for a in arguments]
    function = e.compilation.intrinsic(name, result.ir, [v.type.ir for v in values])
    called = e.builder.call(function, [v.ir for v in values])
    return None if result is void else Value(result, called)


@builtin
def call_pointer(e: Emitter, function: Value, *arguments: Any) -> None:
    """Call a native function by its address, with a result of nothing."""
    values = [e.value(a) for a in arguments]
    if e.checks:
        for v in values:
            if v.type.kind == "ptr":
                bounds.note(e, v)
    kind = ir.FunctionType(ir.VoidType(), [v.type.ir for v in values])
    e.builder.call(_Typed(function.ir, kind), [v.ir for v in values])


class _Typed:
    """A pointer as what llvmlite calls: an operand that knows its function type."""

    def __init__(self, pointer: Any, kind: Any) -> None:
        self.function_type = kind
        self.type = pointer.type
        self.pointer = pointer
        self.args = ()
        self.attributes: set[str] = set()

    def get_reference(self) -> str:
        return self.pointer.get_reference()


@builtin
def external(e: Emitter, name: str) -> Value:
    """The address of memory that is known to the process by a name, as an i64."""
    module = e.compilation.module
    found = module.globals.get(name) or ir.GlobalVariable(module, ir.IntType(8), name)
    return Value(i64, e.builder.ptrtoint(found, i64.ir))


@builtin
def address_of(e: Emitter, function: Any, *types: Type) -> Value:
    """The address of a native function specialised for parameters of these types, as an i64."""
    from adjoint.kernels.native.function import specialised

    found = specialised(e.compilation, function, [Value(t, None) for t in types])
    return Value(i64, e.builder.ptrtoint(found.function, ir.IntType(64)))


def _name(t: Type) -> str:
    from adjoint.kernels.native.emitter import overload

    return overload(t)

