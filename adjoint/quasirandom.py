"""``torch.quasirandom``: Sobol's points, which fill a cube more evenly than random ones."""

from __future__ import annotations

from typing import Any

import numpy as np

import adjoint
from adjoint import dtypes
from adjoint.names import list_names as _list_names
from adjoint.random.generator import Generator
from adjoint.tensor import Tensor, from_array


class SobolEngine:
    """Sobol's points in the cube ``[0, 1)^dimension``, in the order of Gray's code, one after the other.

    The direction numbers are Joe and Kuo's (2008, criterion D6), as SciPy keeps them; there are up to 21201 dimensions, and
    2^30 points.  With ``scramble`` they are scrambled at random, by a lower triangular matrix for each dimension and a
    digital shift (Matoušek 1998), from ``seed`` or else from the default generator.

    Raises ValueError for a dimension that there is not.

    >>> import adjoint as torch
    >>> torch.quasirandom.SobolEngine(2).draw(3)
    tensor([[0.0000, 0.0000],
            [0.5000, 0.5000],
            [0.7500, 0.2500]])
    """

    MAXBIT = 30
    MAXDIM = 21201

    def __init__(self, dimension: int, scramble: bool = False, seed: int | None = None) -> None:
        if dimension > self.MAXDIM or dimension < 1:
            raise ValueError(f"Supported range of dimensionality for SobolEngine is [1, {self.MAXDIM}]")
        self.seed = seed
        self.scramble = scramble
        self.dimension = dimension
        directions = _directions(dimension, self.MAXBIT)
        if scramble:
            self.shift, directions = self._scrambled(directions)
        else:
            self.shift = adjoint.zeros(dimension, dtype=dtypes.int64)
        self.sobolstate = from_array(directions)
        self.quasi = self.shift.clone()
        self._first_point = (self.quasi / 2**self.MAXBIT).reshape(1, -1)
        self.num_generated = 0

    def draw(self, n: int = 1, out: Tensor | None = None, dtype: dtypes.dtype | None = None) -> Tensor:
        """The next ``n`` points, a tensor of shape ``(n, dimension)`` of the dtype, or the default one.

        Raises NotImplementedError for other dtypes than float32 and float64.
        """
        if dtype is None:
            dtype = adjoint.get_default_dtype()
        if self.num_generated == 0:  # the first point is where it all begins, and no step leads to it
            result = self._first_point.to(dtype)
            if n != 1:
                result = adjoint.cat((result, self._steps(n - 1, 0, dtype)), dim=-2)
        else:
            result = self._steps(n, self.num_generated - 1, dtype)
        self.num_generated += n
        if out is not None:
            return out.resize_as_(result).copy_(result)
        return result

    def draw_base2(self, m: int, out: Tensor | None = None, dtype: dtypes.dtype | None = None) -> Tensor:
        """The next ``2**m`` points.  Raises ValueError where they would not be balanced, since together with those before
        they are not a power of two."""
        n = 2**m
        total = self.num_generated + n
        if total & (total - 1):
            raise ValueError(
                f"The balance properties of Sobol' points require n to be a power of 2. {self.num_generated} points have been "
                f"previously generated, then: n={self.num_generated}+2**{m}={total}. If you still want to do this, please use "
                "'SobolEngine.draw()' instead."
            )
        return self.draw(n=n, out=out, dtype=dtype)

    def reset(self) -> SobolEngine:
        """Begin with the first point again."""
        self.quasi.copy_(self.shift)
        self.num_generated = 0
        return self

    def fast_forward(self, n: int) -> SobolEngine:
        """Leave ``n`` points out."""
        begun = self.num_generated > 0
        first, steps = (self.num_generated - 1, n) if begun else (0, n - 1)
        if steps > 0:
            changed = _gray(first) ^ _gray(first + steps)
            bits = [i for i in range(self.MAXBIT) if changed >> i & 1]
            quasi = self.quasi.numpy()
            quasi ^= np.bitwise_xor.reduce(self.sobolstate.numpy()[:, bits], axis=1)
        self.num_generated += n
        return self

    def _steps(self, n: int, first: int, dtype: dtypes.dtype) -> Tensor:
        """``n`` points beyond the one that ``first`` steps led to."""
        if dtype not in (dtypes.float32, dtypes.float64):
            raise NotImplementedError(f"\"_sobol_engine_draw\" not implemented for '{dtypes.SCALAR_TYPE_NAMES[dtype]}'")
        points = adjoint.empty(n, self.dimension, dtype=dtypes.int64)
        if n:
            after = np.arange(first + 1, first + n + 1)
            bits = np.log2(after & -after).astype(np.int64)  # each step turns one bit of Gray's code
            turned = self.sobolstate.numpy().T[bits]
            turned[0] ^= self.quasi.numpy()
            np.bitwise_xor.accumulate(turned, axis=0, out=points.numpy())
            self.quasi = points[-1].clone()
        return points.to(dtype) * 2.0**-self.MAXBIT

    def _scrambled(self, directions: Any) -> tuple[Tensor, Any]:
        """A random shift, and the direction numbers multiplied by random matrices of bits."""
        generator = None if self.seed is None else Generator().manual_seed(self.seed)
        bits = self.MAXBIT
        shift = adjoint.randint(2, (self.dimension, bits), generator=generator)
        matrices = adjoint.randint(2, (self.dimension, bits, bits), generator=generator).numpy()
        matrices = np.tril(matrices, -1).astype(np.float32) + np.eye(bits, dtype=np.float32)
        places = np.arange(bits - 1, -1, -1)[:, None]  # a number's digits, the highest one first
        digits = (directions[:, None, :] >> places & 1).astype(np.float32)
        product = np.matmul(matrices, digits).astype(np.int64) & 1
        powers = 2 ** adjoint.arange(bits)
        return (shift * powers).sum(-1), (product << places).sum(axis=1)

    def __repr__(self) -> str:
        parts = [f"dimension={self.dimension}"]
        if self.scramble:
            parts.append("scramble=True")
        if self.seed is not None:
            parts.append(f"seed={self.seed}")
        return f"{self.__class__.__name__}({', '.join(parts)})"


def _directions(dimension: int, bits: int) -> Any:
    """The direction numbers: int64 of shape ``(dimension, bits)``."""
    from scipy.stats import qmc

    return qmc.Sobol(dimension, scramble=False, bits=bits)._sv.astype(np.int64)


def _gray(n: int) -> int:
    """Gray's code of a number."""
    return n ^ n >> 1


_list_names(__name__)
