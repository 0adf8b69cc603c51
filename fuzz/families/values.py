"""Values: every dtype, with numbers beyond its range, NaN and infinities, no elements; all of indexing and assignment, ``out=``,
and views of views, conjugates and negatives among them."""

from __future__ import annotations

import random
from collections.abc import Callable

from fuzz.compare import Settings
from fuzz.program import Program

NAME = "values"
# Which of two errors comes first is each library's own business where dtypes are refused.
COMPARED = Settings(errors="any", strides=False, version=False)
TESTED = 300


def generate(random: random.Random) -> Program:
    """A program of about ten lines."""
    return Program(_Writer(random, 10).lines)


SHAPES = [(), (1,), (3,), (2, 3), (2, 1), (1, 3), (3, 2), (4,), (0,), (2, 0), (2, 1, 3)]
INTEGERS = {"uint8": (0, 255), "int8": (-128, 127), "int16": (-(2**15), 2**15 - 1), "int32": (-(2**31), 2**31 - 1)}
INTEGERS |= {"int64": (-(2**63), 2**63 - 1)}
FLOATS = ["float16", "bfloat16", "float32", "float64"]
COMPLEX = ["complex64", "complex128"]
DTYPES = [*INTEGERS, "bool", *FLOATS, *FLOATS, *COMPLEX]
NUMBERS = "0 1 -1 2 3 0.5 2.5 -2.5 255 256 1000 -1000 65504.0 65536 1e-8 3.4e38 1e39 float('inf') float('nan') True False 1j".split()
NUMBERS += ["2**31", "2**40", "-2**40", "(1+2j)"]
OPERATORS = ["+", "-", "*", "/", "//", "%", "**", "&", "|", "^", "<<", ">>", "==", "!=", "<", "<=", ">", ">="]
BINARY = ["add", "sub", "mul", "div", "true_divide", "floor_divide", "remainder", "fmod", "pow", "float_power", "maximum", "minimum"]
BINARY += ["fmax", "fmin", "atan2", "hypot", "xlogy", "copysign", "ldexp", "logaddexp", "heaviside", "rsub", "clamp_min", "clamp_max"]
BINARY += ["bitwise_and", "bitwise_or", "bitwise_xor", "eq", "lt", "logical_and", "logical_xor", "gcd", "nextafter", "clamp"]
UNARY = ["neg", "abs", "sign", "sgn", "square", "sqrt", "exp", "log", "log1p", "sin", "tanh", "sigmoid", "reciprocal", "floor", "ceil"]
UNARY += ["trunc", "round", "frac", "isnan", "isinf", "isfinite", "isreal", "logical_not", "bitwise_not", "conj", "angle", "nan_to_num"]
UNARY += ["relu", "positive", "conj_physical", "deg2rad", "rsqrt", "expm1", "signbit", "clone", "erf", "resolve_conj", "resolve_neg"]
REDUCTIONS = ["sum", "prod", "mean", "amax", "amin", "all", "any", "nansum", "logsumexp", "argmax", "argmin", "count_nonzero", "norm"]
INDICES = [
    "0", "-1", "...", "None", ":", "1:", ":-1", "::2", "1:1", "5:", "0, ...", "..., 0", "..., None", "None, 0", ":, None", "..., :1",
    "torch.tensor([0, -1])", "torch.tensor(0)", "torch.tensor([0, 0], dtype=torch.int32)", "torch.tensor([], dtype=torch.int64)",
    "torch.tensor([True])", "torch.tensor(True)", "torch.tensor([[0, 1], [1, 0]])", "..., torch.tensor([0, 0])", "[0, -1]", "[0], [0]",
    "torch.tensor([0, 1], dtype=torch.uint8)", "0, torch.tensor([0])", "torch.tensor([0]), None", "None, torch.tensor([0, -1])",
    "torch.tensor([0]), ..., torch.tensor([0])", "True", "False", "[True]", "7", "::-1", "0.5", "torch.tensor([9])", "()",
    "torch.tensor([0, 1], dtype=torch.int8)", "0, 0", ":, 0", "1:, torch.tensor([0])", "[]", "torch.tensor([0.0])",
]  # fmt: skip


class _Writer:
    """A program under construction."""

    def __init__(self, random: random.Random, length: int) -> None:
        self.random = random
        self.lines: list[str] = []
        self.names: list[str] = []
        for _ in range(2):
            self.create()
        kinds: list[tuple[Callable[[], None], int]] = [
            (self.create, 3),
            (self.unary, 6),
            (self.binary, 12),
            (self.fused, 4),
            (self.reduction, 5),
            (self.scan, 2),
            (self.cast, 4),
            (self.view, 9),
            (self.index, 6),
            (self.set_item, 8),
            (self.in_place, 10),
            (self.scatter, 4),
            (self.out, 4),
            (self.fill, 4),
            (self.backward, 4),
        ]
        steps, weights = zip(*kinds)
        for _ in range(length):
            self.random.choices(steps, weights)[0]()

    def any(self) -> str:
        """A name, the later ones more often."""
        return self.names[-1 - min(int(self.random.expovariate(0.4)), len(self.names) - 1)]

    def new(self, expression: str) -> None:
        """A line that gives the expression a new name."""
        name = f"v{len(self.names)}"
        self.names.append(name)
        self.lines.append(f"{name} = {expression}")

    def number(self) -> str:
        """A Python number, or one of a dtype of its own."""
        r = self.random
        if r.random() < 0.7:
            return r.choice(NUMBERS)
        dtype = r.choice(DTYPES)
        return f"torch.tensor({self.value(dtype)}, dtype=torch.{dtype})"

    def operand(self) -> str:
        return self.number() if self.random.random() < 0.5 else self.any()

    def value(self, dtype: str) -> str:
        r = self.random
        if dtype == "bool":
            return repr(r.random() < 0.5)
        if dtype in INTEGERS:
            low, high = INTEGERS[dtype]
            return repr(r.choice([low, high, 0, 1, 2, 3, max(low, -1), max(low, -7), min(high, 100)]))
        part = r.choice(["0.0", "1.0", "-1.0", "2.5", "-0.75", "3.0", "100.0", "-1e-3", "6e4", "float('inf')", "float('nan')"])
        return part if dtype in FLOATS else r.choice([part, "1j", "(1.5-2j)", "(-0.5+1j)", "(2+0.5j)"])

    def create(self) -> None:
        r = self.random
        shape, dtype = r.choice(SHAPES), r.choice(DTYPES)
        count = 1
        for size in shape:
            count *= size
        values = ", ".join(self.value(dtype) for _ in range(count))
        self.new(f"torch.tensor([{values}], dtype=torch.{dtype}).reshape({shape})")
        if dtype in FLOATS + COMPLEX and r.random() < 0.4:
            self.lines[-1] += ".requires_grad_()"

    def unary(self) -> None:
        self.new(f"torch.{self.random.choice(UNARY)}({self.any()})")

    def binary(self) -> None:
        a, b = self.any(), self.operand()
        if self.random.random() < 0.3:
            a, b = b, a
        if self.random.random() < 0.5:
            self.new(f"{a} {self.random.choice(OPERATORS)} {b}")
        else:
            self.new(f"torch.{self.random.choice(BINARY)}({a}, {b})")

    def fused(self) -> None:
        a, b, c, n, m = self.any(), self.any(), self.any(), self.number(), self.number()
        self.new(self.random.choice([
            f"torch.addcmul({a}, {b}, {c}, value={n})", f"torch.addcdiv({a}, {b}, {c}, value={n})", f"torch.lerp({a}, {b}, {n})",
            f"torch.where({a} == {a}, {b}, {n})", f"torch.where({a} == {b}, {n}, {c})", f"torch.clamp({a}, {n}, {m})",
            f"torch.clamp({a}, max={self.operand()})", f"torch.add({a}, {b}, alpha={n})", f"torch.sub({a}, {b}, alpha={n})",
            f"torch.div({a}, {self.operand()}, rounding_mode={self.random.choice(['trunc', 'floor'])!r})",
            f"torch.nan_to_num({a}, 1.5, 100.0, -100.0)",
            f"torch.cat([{a}, {b}])", f"torch.stack([{a}, {b}])", f"torch.result_type({a}, {n})", f"torch.isclose({a}, {b})",
        ]))  # fmt: skip

    def reduction(self) -> None:
        r, x, name = self.random, self.any(), self.random.choice(REDUCTIONS)
        options = []
        if r.random() < 0.5 or name in ("amax", "amin", "logsumexp"):
            options.append(f"{'dim=' if name == 'norm' else ''}{r.choice([0, -1])}")
        if name in ("sum", "prod", "mean", "nansum") and r.random() < 0.4:
            options.append(f"dtype=torch.{r.choice(DTYPES)}")
        self.new(f"{x}.{name}({', '.join(options)})")

    def scan(self) -> None:
        name = self.random.choice(["cumsum", "cumprod", "logcumsumexp", "cummax"])
        more = f", dtype=torch.{self.random.choice(DTYPES)}" if name in ("cumsum", "cumprod") and self.random.random() < 0.5 else ""
        self.new(f"{self.any()}.{name}(0{more})" + ("[0]" if name == "cummax" else ""))

    def cast(self) -> None:
        # Not of what an integer cannot hold: what becomes of it is undefined.
        x, dtype = self.any(), self.random.choice(DTYPES)
        whole = dtype in INTEGERS
        self.new(f"{x}.nan_to_num(1.0, 7.0, -7.0).clamp(0, 100).to(torch.{dtype})" if whole else f"{x}.to(torch.{dtype})")

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
        x, r = self.any(), self.random
        name = r.choice(["add_", "sub_", "mul_", "div_", "pow_", "remainder_", "fmod_", "floor_divide_", "clamp_", "copysign_"])
        if r.random() < 0.25:
            name = r.choice(["neg_", "sqrt_", "abs_", "square_", "zero_", "sin_", "reciprocal_", "round_"])
            self.guarded(x, f"{x}.{name}()")
        elif r.random() < 0.2:
            operator = r.choice(["+", "-", "*", "/", "//", "%", "**", "&", "|"])
            self.guarded(x, f"{x} {operator}= {self.operand()}")
        else:
            self.guarded(x, f"{x}.{name}({self.operand()})")

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
        x, a = self.any(), self.any()
        function = self.random.choice(["add", "mul", "div", "sub", "maximum", "eq", "pow", "atan2", "remainder"])
        # No resizing: PyTorch resizes the storage, and all that look at it go on with another memory.
        self.lines.append(f"if {a}.shape == {x}.shape:\n with torch.no_grad(): torch.{function}({a}, {self.number()}, out={x})")

    def fill(self) -> None:
        x, n = self.any(), self.number()
        text = self.random.choice([f"{x}.fill_({n})", f"{x}.masked_fill_({x} == {x}, {n})", f"{x}.real.fill_(2)", f"{x}.zero_()"])
        if self.random.random() < 0.4:
            self.new(self.random.choice([f"torch.full_like({x}, {n})", f"{x}.new_full((2,), {n})", f"torch.full((2,), {n}, dtype={x}.dtype)"]))
        else:
            self.guarded(x, text)

    def backward(self) -> None:
        x = self.any()
        self.lines.append(f"if {x}.requires_grad: {x}.abs().sum().backward(retain_graph=True)")
