"""Numbers: operands of every dtype beside each other, beside numbers that a dtype does not hold, and beside what is not a
number: promotion, wrapping, rounding; ``out=``, in-place forms, empty tensors, reductions with a ``dtype``; with gradients.
"""

from __future__ import annotations

import random as random_module

from fuzz.compare import Settings
from fuzz.program import Program

NAME = "numbers"
COMPARED = Settings(version=False)  # of results that an operator made in steps
TESTED = 150

_DTYPES = ["float32"] * 3 + ["float16", "bfloat16", "float64", "complex64", "complex128", "bool"]
_DTYPES += ["uint8", "int8", "int16", "int32", "int64"]
_FLOATS = ("float32", "float16", "bfloat16", "float64")
_LIMITS = {"uint8": (0, 255), "int8": (-128, 127), "int16": (-(2**15), 2**15 - 1), "int32": (-(2**31), 2**31 - 1),
           "int64": (-(2**62), 2**62)}  # fmt: skip
_SHAPES = [(), (), (1,), (3,), (3,), (2, 3), (2, 3), (2, 1), (0,), (2, 0), (1, 3), (2, 2, 3)]
_NUMBERS = ["0", "1", "-1", "2", "3", "7", "200", "255", "256", "300", "-129", "1000", "65504", "65536", "70000", "2**31",
            "2**33 + 1", "-(2**40)", "0.5", "-0.5", "2.5", "0.1", "1e-3", "1e-6", "1e-9", "3.4e38", "1e39", "1e300", "-1e5",
            "math.inf", "-math.inf", "math.nan", "True", "False", "1j", "(0.5 - 2j)", "-0.0"]  # fmt: skip

_UNARY = """abs neg sign sgn square sqrt rsqrt reciprocal exp exp2 expm1 log log2 log10 log1p sin cos tan asin acos atan
sinh cosh tanh asinh acosh atanh sigmoid relu erf erfc erfinv lgamma digamma i0 sinc floor ceil round trunc frac
isnan isinf isfinite isposinf isneginf isreal signbit logical_not bitwise_not angle real nan_to_num
deg2rad rad2deg positive logit""".split()
_BINARY = """add sub mul div true_divide floor_divide remainder fmod pow atan2 xlogy copysign hypot maximum minimum fmax
fmin eq ne lt le gt ge logical_and logical_or logical_xor bitwise_and bitwise_or bitwise_xor bitwise_left_shift
bitwise_right_shift gcd lcm ldexp float_power heaviside nextafter logaddexp logaddexp2 rsub""".split()
_OPERATORS = ["+", "-", "*", "/", "//", "%", "**", "==", "<", ">=", "&", "|", "^", "<<", ">>"]
_REDUCTIONS = """sum mean prod std var amax amin max min argmax argmin all any norm median nansum nanmean cumsum cumprod
logsumexp softmax count_nonzero aminmax""".split()


def generate(random: random_module.Random) -> Program:
    """A few operands, a few operators on them, and a backward."""
    names = []
    lines = []
    for i in range(random.choice([1, 2, 2, 3])):
        names.append(f"v{i}")
        lines.append(f"v{i} = {_tensor(random)}")
    for _ in range(random.randint(1, 4)):
        form = random.choice([_unary, _binary, _binary, _binary, _several, _reduction, _inplace, _inplace, _out])
        text, makes = form(random, names)
        if makes:
            names.append(f"v{len(names)}")
            text = f"{names[-1]} = {text}"
        lines.append(text)
    last = names[-1]
    lines.append(f"if {last}.requires_grad: ({last}.real if {last}.is_complex() else {last}).sum().backward()")
    return Program(lines)


def _tensor(random: random_module.Random) -> str:
    dtype = random.choice(_DTYPES)
    shape = random.choice(_SHAPES)
    n = 1
    for size in shape:
        n *= size
    values: list[object] = []
    for _ in range(n):
        chance = random.random()
        if dtype == "bool":
            values.append(chance < 0.5)
        elif dtype in _LIMITS:
            low, high = _LIMITS[dtype]
            values.append(random.choice([low, high, high // 2]) if chance < 0.15 else random.randint(max(low, -5), 6))
        elif chance < 0.06:
            values.append(random.choice(["math.inf", "-math.inf", "math.nan"]))
        elif chance < 0.1:
            values.append(random.choice([0.0, 65504.0, 1e-5]))
        else:
            values.append(random.randint(-128, 128) / 64)
    text = f"torch.tensor([{', '.join(map(str, values))}], dtype=torch.{dtype}).reshape({shape})"
    if "complex" in dtype and n:
        text = f"({text} * (1 + 0.5j))"
    if (dtype in _FLOATS or "complex" in dtype) and random.random() < 0.6:
        text = f"{text}.detach().requires_grad_()"
    return text


def _operand(random: random_module.Random, names: list[str], numbers: float = 0.45) -> str:
    return random.choice(_NUMBERS) if random.random() < numbers else random.choice(names)


def _unary(random: random_module.Random, names: list[str]) -> tuple[str, bool]:
    return f"torch.{random.choice(_UNARY)}({random.choice(names)})", True


def _binary(random: random_module.Random, names: list[str]) -> tuple[str, bool]:
    a, b = random.choice(names), _operand(random, names)
    chance = random.random()
    if chance < 0.45:
        operator = random.choice(_OPERATORS)
        return (f"{b} {operator} {a}" if random.random() < 0.4 else f"{a} {operator} {b}"), True
    if chance < 0.55:
        return f"torch.div({a}, {b}, rounding_mode={random.choice([repr('floor'), repr('trunc')])})", True
    name = random.choice(_BINARY)
    if name in ("add", "sub") and random.random() < 0.4:
        return f"torch.{name}({a}, {b}, alpha={random.choice(_NUMBERS)})", True
    if name in ("pow", "float_power", "remainder", "xlogy") and random.random() < 0.3:
        a, b = b, a
    return f"torch.{name}({a}, {b})", True


def _several(random: random_module.Random, names: list[str]) -> tuple[str, bool]:
    a, b, c = (random.choice(names) for _ in range(3))
    n, m = _operand(random, names, 0.7), _operand(random, names, 0.7)
    return random.choice([
        f"torch.where({a} > 0, {n}, {m})", f"torch.clamp({a}, {n}, {m})", f"torch.clamp({a}, min={n})",
        f"torch.clamp({a}, max={m})", f"torch.lerp({a}, {b}, {n})", f"torch.addcmul({a}, {b}, {c}, value={random.choice(_NUMBERS)})",
        f"torch.addcdiv({a}, {b}, {c}, value={random.choice(_NUMBERS)})", f"{a}.masked_fill({a} == 0, {n})",
        f"torch.cat([{a}.reshape(-1), {b}.reshape(-1)])", f"torch.stack([{a}, {b}])", f"{a}.to({b}.dtype)",
        f"torch.full_like({a}, {random.choice(_NUMBERS)})", f"torch.full((2,), {random.choice(_NUMBERS)}, dtype={a}.dtype)",
        f"torch.zeros(2, dtype=torch.result_type({a}, {n}))", f"torch.nan_to_num({a}, {random.choice(_NUMBERS)})", f"torch.isclose({a}, {b})",
        f"{a}.new_tensor({random.choice(_NUMBERS)})", f"torch.arange(4, dtype={a}.dtype) * {n}", f"torch.isin({a}, {b})",
        f"{a}.type_as({b}) + {n}", f"torch.tensor([{random.choice(_NUMBERS)}, {random.choice(_NUMBERS)}])",
    ]), True  # fmt: skip


def _reduction(random: random_module.Random, names: list[str]) -> tuple[str, bool]:
    a, name = random.choice(names), random.choice(_REDUCTIONS)
    arguments = []
    if name in ("cumsum", "cumprod", "softmax", "logsumexp") or random.random() < 0.4:
        arguments.append(f"dim={random.choice([0, -1])}")
    if name in ("sum", "mean", "prod", "nansum", "cumsum", "cumprod", "softmax") and random.random() < 0.4:
        arguments.append(f"dtype=torch.{random.choice(_DTYPES)}")
    several = name == "aminmax" or (name in ("max", "min", "median") and bool(arguments))
    return f"torch.{name}({', '.join([a, *arguments])})" + "[0]" * several, True


def _inplace(random: random_module.Random, names: list[str]) -> tuple[str, bool]:
    a, n = random.choice(names), _operand(random, names)
    number = random.choice(_NUMBERS)
    if random.random() < 0.5:  # a leaf that requires grad raises, and that has been seen
        a = f"({a} * 1)"
    return random.choice([
        f"{a}.add_({n})", f"{a}.sub_({n})", f"{a}.mul_({n})", f"{a}.div_({n})", f"{a}.div_({n}, rounding_mode='floor')",
        f"{a}.pow_({n})", f"{a}.remainder_({n})", f"{a}.floor_divide_({n})", f"{a}.clamp_({number})", f"{a}.fill_({n})",
        f"{a}.addcmul_({random.choice(names)}, {random.choice(names)}, value={number})", f"{a}.copy_({random.choice(names)})",
        f"{a}.masked_fill_({a} > 0, {n})", f"{a}.add_({n}, alpha={number})", f"{a}.eq_({n})", f"{a}.fmod_({n})",
        f"{a}.lerp_({random.choice(names)}, {n})", f"{a}.zero_()", f"{a}.bitwise_and_({n})", f"{a}.atan2_({random.choice(names)})",
        f"{a}.sqrt_()", f"{a}.reciprocal_()", f"{a}.exp_()", f"{a}.round_()", f"{a}.cumsum_(0)",
    ]), a.startswith("(")  # fmt: skip


def _out(random: random_module.Random, names: list[str]) -> tuple[str, bool]:
    a, n = random.choice(names), _operand(random, names)
    shape = random.choice([f"{a}.shape", f"{a}.shape", "(0,)"])
    made = f"torch.empty({shape}, dtype=torch.{random.choice(_DTYPES)})"
    call = random.choice([f"add({a}, {n}", f"mul({a}, {n}", f"div({a}, {n}", f"exp({a}", f"eq({a}, {n}", f"pow({a}, {n}",
                          f"sum({a}, 0", f"clamp({a}, 0", f"abs({a}", f"cumsum({a}, 0", f"sqrt({a}", f"floor({a}",
                          f"maximum({a}, {random.choice(names)}", f"isnan({a}"])  # fmt: skip
    return f"torch.{call}, out={made})", True
