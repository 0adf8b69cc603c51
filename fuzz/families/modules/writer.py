"""Writer: what is drawn for a program of modules, as text."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any


class Raw(str):
    """An expression, whose representation is itself."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


@dataclass
class Made:
    """A module or a function and what it is called with."""

    module: str = ""
    """An expression that makes the module; empty for a function."""
    inputs: list[str] = field(default_factory=list)
    """Expressions of ``x0``, ``x1`` and so on."""
    call: str = ""
    """What calls it, over the inputs' names and ``m``; all inputs in order, if it is empty."""

    def __post_init__(self) -> None:
        if not self.call:
            self.call = f"m({', '.join(f'x{i}' for i in range(len(self.inputs)))})"


FLOATS = ["torch.float64"] * 5 + ["torch.float32"] * 2 + ["torch.float16", "torch.bfloat16"]
COMPLEX = ["torch.complex128", "torch.complex64"]


class Writer:
    """Draws the parts of a program; ``dtype`` is that of its floating tensors."""

    def __init__(self, random: random.Random) -> None:
        self.random = random
        self.dtype: str = random.choice(FLOATS)
        self.laid = random.random() < 0.2  # whether inputs lie in memory in other orders
        kind = random.random()
        self.batches = [0] if kind < 0.03 else [1, 2, 3]
        if kind > 0.97:
            self.batches = [random.choice([1365, 2048, 4099])]  # arrays on both sides of where kernels begin

    def pick(self, *choices: Any) -> Any:
        """One of them."""
        return self.random.choice(choices)

    def flag(self) -> bool:
        """True or False."""
        return self.random.random() < 0.5

    def size(self, low: int = 1, high: int = 4) -> int:
        """A number of elements."""
        return self.random.randint(low, high)

    def batch(self) -> list[int]:
        """The dimension of samples, if there is one."""
        return [] if self.random.random() < 0.15 and len(self.batches) > 1 else [self.samples()]

    def samples(self) -> int:
        """How many samples."""
        return self.random.choice(self.batches)

    def maybe_complex(self, chance: float = 0.1) -> None:
        """Have the program's tensors complex now and then."""
        if self.random.random() < chance:
            self.dtype = self.random.choice(COMPLEX)

    def exact(self) -> None:
        """No halves: what is computed tells them apart from their neighbours."""
        if self.dtype in ("torch.float16", "torch.bfloat16"):
            self.dtype = "torch.float64"

    def data(self, *shape: int, grad: bool = True, low: float = -2, high: float = 2, dtype: str = "") -> str:
        """A tensor; most numbers are different everywhere, so that no two are tied."""
        seed = self.random.randint(0, 99)
        sizes = "".join(f"{n}, " for n in shape)
        wanted = ", grad=True" if grad and self.random.random() < 0.9 else ""
        text = f"data({seed}, {sizes}low={low}, high={high}, dtype={dtype or self.dtype}, step=997{wanted})"
        if self.laid and len(shape) > 1 and self.flag():
            text = f"laid({text}, {self.pick('last', 'turned', 'stepped', 'expanded')!r})"
        return text

    def integers(self, low: int, high: int, shape: list[int], dtype: str = "") -> str:
        """An integer tensor of numbers from ``low`` to below ``high``."""
        seed = self.random.randint(0, 99)
        text = f"torch.tensor(np.random.RandomState({seed}).randint({low}, {high}, {shape}))"
        return text + (f".to({dtype})" if dtype else "")

    def mask(self, shape: list[int], share: float = 0.3) -> str:
        """A tensor of bools, of which so many are True."""
        return f"torch.tensor(np.random.RandomState({self.random.randint(0, 99)}).rand(*{shape}) < {share})"

    def per(self, d: int, value: Any) -> Any:
        """A number as it is, or a tuple of ``d`` numbers drawn by ``value()``."""
        return value() if self.flag() else tuple(value() for _ in range(d))

    def given(self, always: dict[str, Any], perhaps: dict[str, Any] | None = None) -> str:
        """The text of keyword arguments; of ``perhaps`` each is left out now and then."""
        parts = [f"{k}={v!r}" for k, v in always.items()]
        parts += [f"{k}={v!r}" for k, v in (perhaps or {}).items() if self.random.random() < 0.6]
        return ", ".join(parts)

    def factory(self, chance: float = 0.2) -> dict[str, Any]:
        """``device`` and ``dtype`` of what a module makes, which is then brought to the program's."""
        drawn = {"device": self.pick(None, "cpu"), "dtype": Raw(self.pick("torch.float64", "torch.float32", "None"))}
        return {k: v for k, v in drawn.items() if self.random.random() < chance}
