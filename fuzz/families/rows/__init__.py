"""Rows: every row of the tables, by an expression that runs it, in each direction: forward, gradient, gradient of the
gradient, forward mode, both orders of one in the other, and each of them under vmap; with operands of every dtype, of
other strides and with special values; and once more with every array large.

What the other families say in their grammars, these say of each row by itself.  The expressions are those of the tables'
tests; a new row has one, or its test fails.
"""

from __future__ import annotations

import random as random_module
import zlib
from functools import lru_cache

import numpy as np

from adjoint.declare.namespaces import OPERATORS
from fuzz.compare import Settings
from fuzz.families.rows.known import KNOWN as KNOWN
from fuzz.program import Program
from tests.samples import NEW, NOT_DIFFERENTIABLE, samples_of, values

NAME = "rows"
WALKS = True
COMPARED = Settings(version=False)  # of results that an operator made in steps
TESTED = 60
ENVIRONMENTS = [{}, {"ADJOINT_KERNELS_FROM": "1"}]

PRELUDE = """
def outputs(r):
    r = r if isinstance(r, (tuple, list)) else (r,)
    return [t for t in r if isinstance(t, torch.Tensor) and t.requires_grad]

def cotangent(t, seed=3):
    'Numbers for each element: exact ones.'
    n = torch.arange(t.numel(), dtype=torch.float64).reshape(t.shape)
    made = ((n * 5 + seed) % 7 - 3) / 4
    return torch.complex(made, made.flip(0) if made.dim() else made).to(t.dtype) if t.is_complex() else made.to(t.dtype)

def scalar(r):
    'All outputs, weighed and added: of complex ones the real part.'
    r = r if isinstance(r, (tuple, list)) else (r,)
    r = [(t * cotangent(t)).sum() for t in r if isinstance(t, torch.Tensor) and (t.is_floating_point() or t.is_complex())]
    total = r[0]
    for t in r[1:]:
        total = total + t
    return total.real if total.is_complex() else total

def gradients(r, inputs, create_graph=False, seeds=None):
    'Copies: of which operators a gradient is made, and how it lies in memory, is not compared.'
    outs = outputs(r)
    seeds = [cotangent(t) for t in outs] if seeds is None else seeds
    found = torch.autograd.grad(outs, inputs, seeds, allow_unused=True, create_graph=create_graph)
    return [None if g is None else g.clone(memory_format=torch.contiguous_format) for g in found]

def floating(r):
    r = r if isinstance(r, (tuple, list)) else (r,)
    return tuple(t for t in r if isinstance(t, torch.Tensor) and (t.is_floating_point() or t.is_complex()))

def pulled(f, inputs, seeds):
    'The gradients as a function of the inputs and of the gradients that arrive.'
    return func.vjp(lambda *inputs: floating(f(*inputs)), *inputs)[1](seeds)

def seeds_of(f, inputs):
    return tuple(cotangent(t) for t in floating(f(*inputs)))

def plain(r):
    'The results of a transform, copied: how they lie in memory is not compared, and zeros may be none.'
    if isinstance(r, (tuple, list)):
        return [plain(t) for t in r]
    return (r.clone() if r.dtype == torch.bool else r + 0).clone(memory_format=torch.contiguous_format)

def samples(x):
    'A batch of three.'
    flat = x.detach().reshape(-1)
    return torch.stack([flat.roll(i).reshape(x.shape) for i in range(3)])
"""

_FLOATS = ["float64"] * 6 + ["float32"] * 4 + ["complex128"] * 2 + ["complex64", "float16", "bfloat16"]
_MODES = ["forward", "backward", "twice", "jvp", "vmap", "vmap of grad", "forward over reverse", "reverse over forward",
          "jvp of vmap", "vmap of jvp", "vmap of twice", "jvp of vjp", "jacobian", "checkpoint"]  # fmt: skip


@lru_cache(maxsize=1)
def _expressions() -> list[str]:
    found = {sample for key, operator in OPERATORS.items() if key not in NEW for sample in samples_of(key, operator)}
    return sorted(found, key=lambda sample: zlib.crc32(sample.encode()))  # so that few programs are of many kinds


def generate(random: random_module.Random, number: int) -> Program:
    """An expression, its operands, and what is done with it: the number says which expression, and in which direction."""
    turn, i = divmod(number // len(ENVIRONMENTS), len(_expressions()))
    sample, mode = _expressions()[i], _MODES[(turn + i) % len(_MODES)]
    names = [n for n in dict.fromkeys(compile(sample, "sample", "eval").co_names) if n in values()]
    dtype = random.choice(_FLOATS)
    floats = [n for n in names if n not in NOT_DIFFERENTIABLE]
    if not floats:
        mode = "vmap" if names and "vmap" in mode else "forward"
    if mode == "jacobian" and "complex" in dtype:  # which PyTorch does not have
        dtype = "float64"
    expanded = mode in ("forward", "backward", "twice", "vmap")  # forward mode writes into what it is given
    plain = (
        "complex" in dtype or "linalg" in sample or "chol" in sample
    )  # no special values: infinities are many, factors any
    lines = [_operand(random, n, dtype if n in floats else "", expanded, plain) for n in names]
    if "eye" in sample:
        lines.append(f"eye = torch.eye(3, dtype=torch.{dtype})")
    wanted = [n for n in floats or names if random.random() < 0.8] or (floats or names)[:1]
    return Program(lines + _done(random, mode, sample, wanted), PRELUDE, notes={"sample": sample, "mode": mode})


def _operand(random: random_module.Random, name: str, dtype: str, expanded: bool, plain: bool) -> str:
    """A line that makes an operand: its values in another order, now and then special ones, now and then other strides."""
    array = values()[name]
    if not dtype:
        return f"{name} = torch.tensor({array.tolist()})"
    numbers = array.reshape(-1).tolist()
    random.shuffle(numbers)
    step = 64 if dtype in ("float16", "bfloat16") else 4096
    numbers = [round(x * step) / step for x in numbers]
    special = 1.0 if plain else random.random()
    if special < 0.08:
        numbers[random.randrange(len(numbers))] = random.choice([0.0, -0.0, 1.0, -1.0, 0.5])
    elif special < 0.16:
        numbers[random.randrange(len(numbers))] = random.choice([float("nan"), float("inf"), -float("inf")])
    elif special < 0.24:
        numbers = [random.choice(numbers[:2]) for _ in numbers]
    text = str(np.array(numbers).reshape(array.shape).tolist()).replace("nan", "math.nan").replace("inf", "math.inf")
    made = f"torch.tensor({text}, dtype=torch.{dtype})"
    if "complex" in dtype:
        made = f"({made} + 0.75j * torch.tensor({text}, dtype=torch.{dtype}).flip(0))" if array.ndim else made
    layout = random.random()
    if layout < 0.12 and array.ndim > 1:
        made += ".mT.contiguous().mT"
    elif layout < 0.24 and array.ndim:
        made = f"{made}.repeat_interleave(2, -1)[..., ::2]"
    elif layout < 0.3 and array.ndim and expanded and not plain:
        made += ".narrow(0, 0, 1).expand(" + ", ".join(map(str, array.shape)) + ")"
    return f"{name} = {made}"


def _done(random: random_module.Random, mode: str, sample: str, wanted: list[str]) -> list[str]:
    """The lines that run the expression in one direction or another."""
    listed = ", ".join(wanted)
    function = f"lambda {listed}: {sample}"
    summed = f"lambda {listed}: scalar({sample})"
    tangents = f"({', '.join(f'cotangent({n}, 1)' for n in wanted)},)"
    positions = tuple(range(len(wanted)))
    dims = tuple(0 if i == 0 or random.random() < 0.6 else None for i in positions)
    batches = ", ".join(f"samples({n})" if d == 0 else n for n, d in zip(wanted, dims))
    if mode == "forward":
        return [f"r = {sample}"]
    if mode in ("backward", "twice", "checkpoint"):
        lines = [f"{n}.requires_grad_()" for n in wanted]
        if mode == "checkpoint":
            run = (
                f"torch.utils.checkpoint.checkpoint({function}, {listed}, use_reentrant={random.choice([True, False])})"
            )
        else:
            run = sample
        lines.append(f"r = {run}")
        if mode != "twice":
            return [*lines, f"g = gradients(r, [{listed}])"]
        lines.append("_seeds = [cotangent(t).requires_grad_() for t in outputs(r)]")
        lines.append(f"g = gradients(r, [{listed}], True, _seeds)")
        return [*lines, f"h = gradients(g, [{listed}, *_seeds])"]
    inner = f"scalar(func.grad({summed}, {positions})({listed}))"
    calls = {
        "vmap of twice": f"func.vmap(func.grad(lambda {listed}: {inner}, {positions}), {dims}, randomness='same')({batches})",
        "jvp of vjp": (
            f"func.jvp(lambda _g, *_a: pulled({function}, _a, _g), (_seeds, {listed},), "
            f"(tuple(cotangent(s, 1) for s in _seeds), *{tangents}))"
        ),
        "jvp": f"func.jvp({function}, ({listed},), {tangents})",
        "vmap": f"func.vmap({function}, {dims}, randomness='same')({batches})",
        "vmap of grad": f"func.vmap(func.grad({summed}, {positions}), {dims}, randomness='same')({batches})",
        "forward over reverse": f"func.jvp(func.grad({summed}, {positions}), ({listed},), {tangents})",
        "reverse over forward": (
            f"func.grad(lambda {listed}: scalar(func.jvp({function}, ({listed},), {tangents})[1]), {positions})({listed})"
        ),
        "jvp of vmap": (
            f"func.jvp(func.vmap({function}, {dims}, randomness='same'), ({batches},), "
            f"({', '.join(f'cotangent({b}, 1)' for b in batches.split(', '))},))"
        ),
        "vmap of jvp": (
            f"func.vmap(lambda {listed}: func.jvp({function}, ({listed},), {tangents}), {dims}, randomness='same')({batches})"
        ),
        "jacobian": f"func.{random.choice(['jacrev', 'jacfwd'])}({function}, {positions})({listed})",
    }
    before = [f"_seeds = seeds_of({function}, ({listed},))"] if mode == "jvp of vjp" else []
    return [*before, f"r = plain({calls[mode]})"]
