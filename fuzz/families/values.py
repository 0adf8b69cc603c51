"""Values: every dtype beside every other, beside numbers that a dtype does not hold, and with NaN, infinities and no elements:
promotion, wrapping, rounding; indexing and assignment, ``out=``, in-place forms, reductions with a ``dtype``; views of views,
conjugates and negatives among them; with gradients."""

from __future__ import annotations

import random
from collections.abc import Callable
from math import prod

from fuzz.compare import Settings
from fuzz.program import Program
from fuzz.writer import Writer

NAME = "values"
COMPARED = Settings(version=False)  # of results that an operator made in steps
TESTED = 100


def generate(random: random.Random) -> Program:
    """A program of two to twelve lines, and a backward."""
    writer = Values(random, random.choice([1, 2, 2, 3]), random.choice([1, 2, 3, 4, 6, 9]))
    writer.last()
    return Program(writer.lines)


SHAPES = [(), (), (1,), (3,), (3,), (2, 3), (2, 3), (2, 1), (1, 3), (3, 2), (4,), (0,), (2, 0), (2, 1, 3), (2, 2, 3)]
INTEGERS = {"uint8": (0, 255), "int8": (-128, 127), "int16": (-(2**15), 2**15 - 1), "int32": (-(2**31), 2**31 - 1)}
INTEGERS |= {"int64": (-(2**63), 2**63 - 1)}
# The lowest divided by -1 ends PyTorch's process.
INTEGERS |= {name: (INTEGERS[name][0] + 1, INTEGERS[name][1]) for name in ("int32", "int64")}
FLOATS = ["float16", "bfloat16", "float32", "float64"]
COMPLEX = ["complex64", "complex128"]
DTYPES = [*INTEGERS, "bool", *FLOATS, *FLOATS, "float32", *COMPLEX]
NUMBERS = """0 1 -1 2 3 7 200 255 256 300 -129 1000 -1000 65504.0 65536 70000 2**31 2**33+1 2**40 -2**40 0.5 -0.5 2.5 -2.5 0.1 1e-3
1e-6 1e-8 1e-9 3.4e38 1e39 1e300 -1e5 math.inf -math.inf math.nan True False 1j (1+2j) (0.5-2j) -0.0""".split()
OPERATORS = "+ - * / // % ** & | ^ << >> == != < <= > >=".split()
BINARY = """add sub mul div true_divide floor_divide remainder fmod pow float_power maximum minimum fmax fmin atan2 hypot xlogy
copysign ldexp logaddexp logaddexp2 heaviside rsub clamp_min clamp_max clamp bitwise_and bitwise_or bitwise_xor
bitwise_left_shift bitwise_right_shift eq ne lt le gt ge logical_and logical_or logical_xor gcd lcm nextafter""".split()
UNARY = """neg abs sign sgn square sqrt rsqrt reciprocal exp exp2 expm1 log log2 log10 log1p sin cos tan asin acos atan sinh cosh
tanh asinh acosh atanh sigmoid relu erf erfc erfinv lgamma digamma i0 sinc floor ceil round trunc frac isnan isinf isfinite
isposinf isneginf isreal signbit logical_not bitwise_not conj conj_physical angle real nan_to_num deg2rad rad2deg positive
logit clone resolve_conj resolve_neg""".split()
REDUCTIONS = """sum mean prod std var amax amin max min argmax argmin all any norm median nansum nanmean cumsum cumprod cummax
logsumexp logcumsumexp softmax count_nonzero aminmax""".split()
WITH_DTYPE = ("sum", "mean", "prod", "nansum", "nanmean", "cumsum", "cumprod", "softmax")
WITH_DIM = ("cumsum", "cumprod", "cummax", "softmax", "logsumexp", "logcumsumexp")
INDICES = [
    "0", "-1", "...", "None", ":", "1:", ":-1", "::2", "1:1", "5:", "0, ...", "..., 0", "..., None", "None, 0", ":, None", "..., :1",
    "torch.tensor([0, -1])", "torch.tensor(0)", "torch.tensor([0, 0], dtype=torch.int32)", "torch.tensor([], dtype=torch.int64)",
    "torch.tensor([True])", "torch.tensor(True)", "torch.tensor([[0, 1], [1, 0]])", "..., torch.tensor([0, 0])", "[0, -1]", "[0], [0]",
    "torch.tensor([0, 1], dtype=torch.uint8)", "0, torch.tensor([0])", "torch.tensor([0]), None", "None, torch.tensor([0, -1])",
    "torch.tensor([0]), ..., torch.tensor([0])", "True", "False", "[True]", "7", "::-1", "0.5", "torch.tensor([9])", "()",
    "torch.tensor([0, 1], dtype=torch.int8)", "0, 0", ":, 0", "1:, torch.tensor([0])", "[]", "torch.tensor([0.0])",
]  # fmt: skip


class Values(Writer):
    """A program under construction."""

    def kinds(self) -> list[tuple[Callable[[], None], int]]:
        return [
            (self.create, 3),
            (self.unary, 7),
            (self.binary, 16),
            (self.fused, 7),
            (self.reduction, 8),
            (self.cast, 5),
            (self.view, 7),
            (self.index, 5),
            (self.set_item, 6),
            (self.in_place, 12),
            (self.scatter, 3),
            (self.out, 6),
            (self.fill, 4),
            (self.backward, 4),
        ]

    def create(self) -> None:
        r = self.random
        shape, dtype = r.choice(SHAPES), r.choice(DTYPES)
        special = r.choice([0.0, 0.1, 0.1, 0.5])
        values = ", ".join(self.value(dtype, special) for _ in range(prod(shape)))
        grad = ".requires_grad_()" if dtype in FLOATS + COMPLEX and r.random() < 0.5 else ""
        self.new(f"torch.tensor([{values}], dtype=torch.{dtype}).reshape({shape}){'.detach()' * bool(grad)}{grad}")

    def value(self, dtype: str, special: float = 0.5) -> str:
        """A number of the dtype; how often it is at the limits of it."""
        r = self.random
        if dtype == "bool":
            return repr(r.random() < 0.5)
        if dtype in INTEGERS:
            low, high = INTEGERS[dtype]
            return repr(r.choice([low, high, high // 2, min(high, 100)]) if r.random() < special else r.randint(max(low, -7), 6))
        part = repr(r.randint(-128, 128) / 64)
        if r.random() < special:
            part = r.choice(["0.0", "1.0", "100.0", "-1e-3", "1e-5", "6e4", "65504.0", "math.inf", "-math.inf", "math.nan"])
        return part if dtype in FLOATS else r.choice([part, f"({part}+0.5j)", f"complex(0.5, {part})", "1j", "(1.5-2j)"])

    def number(self) -> str:
        """A Python number, or one of a dtype of its own."""
        if self.random.random() < 0.75:
            return self.random.choice(NUMBERS)
        dtype = self.random.choice(DTYPES)
        return f"torch.tensor({self.value(dtype)}, dtype=torch.{dtype})"

    def operand(self, numbers: float = 0.5) -> str:
        """A number, so often, or a tensor."""
        return self.number() if self.random.random() < numbers else self.any()

    def unary(self) -> None:
        self.new(f"torch.{self.random.choice(UNARY)}({self.any()})")

    def binary(self) -> None:
        r, a, b = self.random, self.any(), self.operand()
        chance = r.random()
        if chance < 0.08:
            self.new(f"torch.div({a}, {b}, rounding_mode={r.choice(['trunc', 'floor'])!r})")
            return
        if chance < 0.15:
            self.new(f"torch.{r.choice(['add', 'sub'])}({a}, {b}, alpha={self.number()})")
            return
        if r.random() < 0.3:
            a, b = b, a
        self.new(f"{a} {r.choice(OPERATORS)} {b}" if chance < 0.55 else f"torch.{r.choice(BINARY)}({a}, {b})")

    def fused(self) -> None:
        a, b, c, n, m = self.any(), self.any(), self.any(), self.operand(0.7), self.operand(0.7)
        number = self.random.choice(NUMBERS)
        self.new(self.random.choice([
            f"torch.addcmul({a}, {b}, {c}, value={self.number()})", f"torch.addcdiv({a}, {b}, {c}, value={self.number()})",
            f"torch.lerp({a}, {b}, {n})", f"torch.where({a} == {a}, {b}, {n})", f"torch.where({a} == {b}, {n}, {c})",
            f"torch.where({a} > 0, {n}, {m})", f"torch.clamp({a}, {n}, {m})", f"torch.clamp({a}, min={n})", f"torch.clamp({a}, max={m})",
            f"{a}.masked_fill({a} == 0, {n})", f"torch.nan_to_num({a}, {number})", f"torch.nan_to_num({a}, 1.5, 100.0, -100.0)",
            f"torch.cat([{a}, {b}])", f"torch.cat([{a}.reshape(-1), {b}.reshape(-1)])", f"torch.stack([{a}, {b}])",
            f"torch.zeros(2, dtype=torch.result_type({a}, {n}))", f"torch.isclose({a}, {b})", f"torch.isin({a}, {b})",
            f"{a}.new_tensor({number})", f"torch.arange(4, dtype={a}.dtype) * {n}", f"torch.tensor([{number}, {self.random.choice(NUMBERS)}])",
        ]))  # fmt: skip

    def reduction(self) -> None:
        r, x, name = self.random, self.any(), self.random.choice(REDUCTIONS)
        dim = name in WITH_DIM or r.random() < 0.4
        options = f", dim={r.choice([0, -1])}" * dim
        options += f", dtype=torch.{r.choice(DTYPES)}" * (name in WITH_DTYPE and r.random() < 0.4)
        several = name in ("aminmax", "cummax") or (name in ("max", "min", "median") and dim)
        self.new(f"torch.{name}({x}{options})" + "[0]" * several)

    def cast(self) -> None:
        # Not of what an integer cannot hold: what becomes of it is undefined.
        x, y, dtype = self.any(), self.any(), self.random.choice(DTYPES)
        whole = ".nan_to_num(1.0, 7.0, -7.0).clamp(0, 100)" * (dtype in INTEGERS)
        self.new(self.random.choice([f"{x}{whole}.to(torch.{dtype})", f"{x}.to({y}.dtype)", f"{x}.type_as({y})"]))

    def view(self) -> None:
        r, x = self.random, self.any()
        self.new(r.choice([
            f"{x}.conj()", f"{x}.conj()", f"{x}.mH", f"{x}.real", f"{x}.imag", f"torch._neg_view({x}) if {x}.dtype != torch.bool else {x}[:]", f"{x}.t()", f"{x}.T",
            f"{x}[1:]", f"{x}[..., :1]", f"{x}[::2]", f"{x}.view(-1)", f"{x}.reshape(-1)", f"{x}.unsqueeze(0)", f"{x}.squeeze()",
            f"{x}.expand(2, *{x}.shape)", f"{x}.detach()", f"{x}.select(0, 0)", f"{x}.unbind(0)[0]", f"{x}.diagonal()",
            f"torch.view_as_real({x})", f"torch.view_as_complex({x})", f"{x}.narrow(0, 0, 1)", f"{x}.chunk(2)[-1]", f"{x}.flatten()",
            f"{x}.as_strided((2,), (1,))", f"{x}.as_strided((1, 2), (1, 1), 0)", f"{x}.movedim(0, -1)", f"{x}.unfold(0, 1, 1)",
        ]))  # fmt: skip

    def index(self) -> None:
        where = f"{self.any()} == {self.any()}" if self.random.random() < 0.15 else self.random.choice(INDICES)
        self.new(f"{self.any()}[{where}]")

    def set_item(self) -> None:
        x = self.any()
        where = f"{x} == {self.any()}" if self.random.random() < 0.2 else self.random.choice(INDICES)
        self.guarded(x, f"{x}[{where}] = {self.operand()}")

    def guarded(self, x: str, text: str) -> None:
        """A write, which may be one to a leaf, or of what an integer cannot hold: that is undefined."""
        mode = "with torch.no_grad(): " if self.random.random() < 0.4 else ""
        self.lines.append(f"if {x}.is_floating_point() or {x}.is_complex():\n {mode}{text}" if "= v" in text else mode + text)

    def in_place(self) -> None:
        x, y, n, r = self.any(), self.any(), self.operand(), self.random
        if r.random() < 0.15:
            self.guarded(x, f"{x} {r.choice('+ - * / // % ** & |'.split())}= {self.operand()}")
            return
        call = r.choice([
            f"add_({n})", f"add_({n}, alpha={self.number()})", f"sub_({n})", f"mul_({n})", f"div_({n})", f"div_({n}, rounding_mode='floor')",
            f"pow_({n})", f"remainder_({n})", f"fmod_({n})", f"floor_divide_({n})", f"clamp_({n})", f"copysign_({n})", f"eq_({n})",
            f"addcmul_({y}, {self.any()}, value={self.number()})", f"addcdiv_({y}, {self.any()}, value={self.number()})", f"copy_({y})",
            f"lerp_({y}, {n})", f"bitwise_and_({n})", f"atan2_({y})", "cumsum_(0)",
            *(f"{name}_()" for name in "neg sqrt abs square zero sin exp reciprocal round".split()),
        ])  # fmt: skip
        if r.random() < 0.4:  # of a copy: a leaf that requires grad raises, and that has been seen
            self.new(f"({x} * 1).{call}")
        else:
            self.guarded(x, f"{x}.{call}")

    def scatter(self) -> None:
        x, y, n, first = self.any(), self.any(), self.number(), "torch.tensor([0, 0])"
        zeros = f"torch.zeros_like({y}, dtype=torch.int64)"
        text = self.random.choice([
            f"{x}.scatter_add(0, {zeros}, {y})", f"{x}.index_add(0, {first}, {y}, alpha={n})", f"{x}.index_fill(0, {first}, {n})",
            f"{x}.masked_fill({x} == {x}, {n})", f"{x}.index_put(({first},), {y}, accumulate=True)", f"{x}.take({first})",
            f"{x}.scatter_reduce(0, {zeros}, {y}, 'mean')", f"{x}.scatter(0, {zeros}, {n})", f"{x}.put({first}, {y}, accumulate=True)",
            f"{x}.gather(0, {zeros})", f"{x}.index_select(0, {first})", f"{x}.masked_select({x} == {y})",
        ])  # fmt: skip
        self.new(text)

    def out(self) -> None:
        """A result written into a tensor that exists, or into a new one of any dtype, of the right shape or none."""
        r, x, a, n = self.random, self.any(), self.any(), self.operand()
        call = r.choice([
            *(f"{name}({a}, {n}" for name in "add mul div sub maximum eq pow atan2 remainder".split()),
            *(f"{name}({a}" for name in "exp abs sqrt floor isnan".split()), f"sum({a}, 0", f"clamp({a}, 0", f"cumsum({a}, 0",
        ])  # fmt: skip
        if r.random() < 0.5 or call.startswith("sum"):  # which has another shape
            shape = r.choice([f"{a}.shape", f"{a}.shape", "(0,)"])
            self.new(f"torch.{call}, out=torch.empty({shape}, dtype=torch.{r.choice(DTYPES)}))")
        else:  # No resizing: PyTorch resizes the storage, and all that look at it go on with another memory.
            shapes = f"{a}.shape == {x}.shape" + f" == {n}.shape" * n.startswith("v")
            self.lines.append(f"if {shapes}:\n with torch.no_grad(): torch.{call}, out={x})")

    def fill(self) -> None:
        x, n = self.any(), self.number()
        text = self.random.choice([f"{x}.fill_({n})", f"{x}.masked_fill_({x} == {x}, {n})", f"{x}.masked_fill_({x} > 0, {n})",
                                   f"{x}.real.fill_(2)", f"{x}.zero_()"])  # fmt: skip
        if self.random.random() < 0.4:
            self.new(self.random.choice([f"torch.full_like({x}, {n})", f"{x}.new_full((2,), {n})", f"torch.full((2,), {n}, dtype={x}.dtype)"]))
        else:
            self.guarded(x, text)

    def backward(self) -> None:
        x = self.any()
        self.lines.append(f"if {x}.requires_grad: {x}.abs().sum().backward(retain_graph=True)")

    def last(self) -> None:
        """The last line."""
        x = self.names[-1]
        self.lines.append(f"if {x}.requires_grad: ({x}.real if {x}.is_complex() else {x}).sum().backward()")
