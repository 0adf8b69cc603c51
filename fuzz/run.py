"""Run: a program's lines in one library, each in turn, and what a user can see of every name after it."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import islice
from types import CodeType, ModuleType
from typing import Any

import numpy as np
import torch

import adjoint
from fuzz.program import Program

PRELUDE = """
nn = torch.nn
F = torch.nn.functional
func = torch.func

def data(seed, *shape, low=-2, high=2, dtype=torch.float32, step=64, grad=False):
    '''Numbers between low and high that every dtype holds exactly: multiples of 1/step.'''
    made = torch.tensor(_data_drawn(seed, shape, low, high, step)).to(dtype)
    return made.requires_grad_() if grad else made

def fill(module, seed, scale=0.5):
    '''The module, its parameters and floating buffers filled with such numbers: the same in every dtype.'''
    with torch.no_grad():
        for i, (name, p) in enumerate([*module.named_parameters(), *module.named_buffers()]):
            if p.is_floating_point() or p.is_complex():
                low = 0.25 if name.endswith(("running_var",)) else -scale
                p.copy_(data(seed + i, *p.shape, low=low, high=scale, dtype=p.dtype))
    return module
"""
"""What every program has, besides ``torch``, ``np`` and ``math``."""


def drawn(seed: int, shape: tuple[int, ...], low: float, high: float, step: float) -> np.ndarray:
    """The numbers of `data`; small ones are drawn once for all runs."""
    draw = _drawn_once if math.prod(shape) < 1000 else _drawn_once.__wrapped__
    return draw(seed, tuple(shape), low, high, step)


@lru_cache(maxsize=2000)
def _drawn_once(seed: int, shape: tuple[int, ...], low: float, high: float, step: float) -> np.ndarray:
    whole = np.random.RandomState(seed).randint(int(low * step), int(high * step) + 1, shape)
    return np.asarray(whole / step, dtype=np.float64)


@lru_cache(maxsize=2000)
def _compiled(source: str, name: str) -> CodeType:
    return compile(source, name, "exec")


class Wide(ModuleType):
    """PyTorch with every floating dtype widened: what a program of narrow numbers computes when nothing is rounded."""

    _DTYPES = {
        **dict.fromkeys(("float32", "float", "float16", "half", "bfloat16"), torch.float64),
        **dict.fromkeys(("complex64", "cfloat", "complex32", "chalf"), torch.complex128),
    }
    _DRAWN = ("rand", "randn", "normal")  # whose numbers depend on the dtype

    def __getattr__(self, name: str) -> Any:
        if name in self._DTYPES:
            return self._DTYPES[name]
        value = getattr(torch, name)
        return self._drawn(value) if name in self._DRAWN else value

    @staticmethod
    def _drawn(draw: Any) -> Any:
        def widened(*args: Any, dtype: Any = None, requires_grad: bool = False, **kwargs: Any) -> Any:
            return draw(*args, dtype=torch.float32, **kwargs).double().requires_grad_(requires_grad)

        return widened


class Run:
    """A program under way in one library.

    Args:
        program: what is run.
        library: ``"torch"``, ``"adjoint"``, or ``"wide"`` (:class:`Wide`).
    """

    def __init__(self, program: Program, library: str) -> None:
        self.wide = library == "wide"
        self.library: Any = adjoint if library == "adjoint" else torch
        if self.library.get_num_threads() != program.threads:
            self.library.set_num_threads(program.threads)
        # Of PyTorch's `manual_seed` the part that concerns the CPU: the rest writes down a stack trace for each device.
        if self.wide:  # beside another run that draws from PyTorch's generator
            self._draws = torch.Generator().manual_seed(0).get_state()
        else:
            self.library.default_generator.manual_seed(0)
        names = Wide("torch") if self.wide else self.library
        self.space: dict[str, Any] = {"torch": names, "np": np, "math": math, "__name__": "__fuzz__", "_data_drawn": drawn}
        self._step(PRELUDE)
        if program.prelude:
            self._step(program.prelude)
        self._before = len(self.space)

    def step(self, line: str) -> tuple[str, str] | None:
        """Run a line; the type and the text of what it raises, or None."""
        try:
            self._step(line)
        except Exception as error:
            return type(error).__name__, plain_text(error)
        return None

    def _step(self, source: str) -> None:
        if self.wide:
            source = re.sub(r"\.(float|half|bfloat16)\(\)", ".double()", source)
            source = re.sub(r"\.(cfloat|chalf)\(\)", ".cdouble()", source)
            torch.set_default_dtype(torch.float64)
            others = torch.default_generator.get_state()
            torch.default_generator.set_state(self._draws)
        try:
            exec(_compiled(source, "<program>"), self.space)
        finally:
            if self.wide:
                torch.set_default_dtype(torch.float32)
                self._draws = torch.default_generator.get_state()
                torch.default_generator.set_state(others)

    def names(self) -> list[str]:
        """The names that the program's lines made."""
        return [n for n in islice(self.space, self._before, None) if n[0] != "_"]

    def value(self, path: str) -> Any:
        """What :meth:`parts` called by this name; None if there is no such thing."""
        return next((v for p, v in self.parts(re.match(r"\w*", path)[0]) if p == path), None)  # type: ignore[index]

    def parts(self, name: str) -> Iterator[tuple[str, Any]]:
        """The name's value, or what it consists of, each with an expression for it."""
        yield from self._parts(name, self.space.get(name))

    def _parts(self, path: str, value: Any) -> Iterator[tuple[str, Any]]:
        if isinstance(value, self.library.Tensor):
            yield path, value
        elif isinstance(value, (list, tuple)):
            yield f"len({path})", len(value)
            for i, item in enumerate(value):
                yield from self._parts(f"{path}[{i}]", item)
        elif isinstance(value, dict):
            yield f"list({path})", [k if isinstance(k, (str, int)) else type(k).__name__ for k in value]
            for key, item in value.items():
                yield from self._parts(f"{path}[{key!r}]", item)
        elif isinstance(value, self.library.nn.Module):
            for key, item in [*value.named_parameters(), *value.named_buffers()]:
                yield f"{path}.{key}", item
        else:
            yield path, value


def plain_text(error: BaseException) -> str:
    """An error's text without what is PyTorch's alone: a trace of C++, addresses, the names of kernels."""
    text = str(error).split("\nException raised from")[0]
    text = re.sub(rf"(output type) ({'|'.join(map(re.escape, _C_TYPES))})$", lambda m: f"{m[1]} {_C_TYPES[m[2]]}", text)
    text = re.sub(r'^"\w+" (not implemented)', r"\1", text)
    text = text.partition("\n\nTip: To see a more detailed error message")[0]  # which names PyTorch's options
    return re.sub(r"0x[0-9a-f]+", "0x", text).replace("torch.return_types.", "").replace("torch.dtype", "dtype")


_C_TYPES = {
    "bool": "Bool", "unsigned char": "Byte", "signed char": "Char", "short int": "Short", "int": "Int", "long int": "Long",
    "c10::Half": "Half", "c10::BFloat16": "BFloat16", "float": "Float", "double": "Double",
}  # fmt: skip
"""clamp_'s kernel prints the C++ type where every other operator prints the scalar type's name."""


@contextmanager
def quiet() -> Iterator[None]:
    """No warnings: what a program, or looking at what it made, warns of is not compared."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def seen(value: Any, library: Any, graph: int = 1) -> dict[str, Any]:
    """What a user can see of a value, until the next line; what looking at it raises, where it raises."""
    try:
        return _seen(value, library, graph)
    except Exception as error:
        return {"looking raised": (type(error).__name__, plain_text(error))}


def _seen(value: Any, library: Any, graph: int) -> dict[str, Any]:
    if not isinstance(value, library.Tensor):
        return {"value": _plain(value, library)}
    grad = value.grad
    shape = tuple(value.shape)
    return {
        "dtype": _named(value.dtype),
        "shape": shape,
        "strides": [step for step, n in zip(value.stride(), shape) if n > 1] if 0 not in shape else [],
        "requires_grad": value.requires_grad,
        "is_leaf": value.is_leaf,
        "version": None if value.is_inference() else value._version,
        "value": _numbers(value),
        "grad": None if grad is None else _numbers(grad),
        "grad's dtype": None if grad is None else _named(grad.dtype),
        "grad's graph": None if grad is None else grad.requires_grad,
        "grad_fn": _nodes(value.grad_fn, graph),
    }


def _plain(value: Any, library: Any) -> Any:
    """What is not a tensor, or the name of its type."""
    if isinstance(value, (bool, int, str, type(None), np.ndarray)):
        return value
    if isinstance(value, (float, complex)):
        return np.asarray(value)
    return str(value) if isinstance(value, (library.dtype, library.Size)) else type(value).__name__


_named = lru_cache(maxsize=100)(str)
"""A dtype's name."""


def memory(value: Any, library: Any) -> tuple[int, int] | None:
    """Where in memory a tensor's elements lie, from and to; None of what has none."""
    if not isinstance(value, library.Tensor) or not value.numel():
        return None
    try:
        start = value.data_ptr()
        reach = sum((n - 1) * step for n, step in zip(value.shape, value.stride()))
        return start, start + (reach + 1) * value.element_size()
    except Exception:  # a tensor inside of a transform
        return None


def overlap(a: tuple[int, int] | None, b: tuple[int, int] | None) -> bool:
    """Whether two places in memory have something in common."""
    return a is not None and b is not None and a[0] < b[1] and b[0] < a[1]


def array(tensor: Any) -> np.ndarray:
    """A tensor's numbers, copied; bfloat16's as float32."""
    return _numbers(tensor).copy()


def _numbers(tensor: Any) -> np.ndarray:
    """A tensor's numbers where they lie, if NumPy can read them there."""
    plain = tensor.detach()
    if plain.is_conj() or plain.is_neg():
        plain = plain.resolve_conj().resolve_neg()
    if "bfloat16" in _named(plain.dtype):
        plain = plain.float()
    if plain.__class__ is torch.Tensor and plain._is_zerotensor():  # zeros that have no memory
        plain = plain.clone()
    return plain.numpy()  # type: ignore[no-any-return]


def _nodes(node: Any, depth: int) -> Any:
    """A node's name, and those of the nodes behind it to a depth."""
    name = None if node is None else type(node).__name__
    if node is None or depth < 2:
        return name
    return (name, *(_nodes(following, depth - 1) for following, _ in node.next_functions))
