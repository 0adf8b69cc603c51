"""Fourier transforms as users call them: the functions of ``torch.fft``, made of the rows in :mod:`.fourier`."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

from adjoint import dtypes
from adjoint.declare import composite
from adjoint.declare.namespaces import FUNCTIONS
from adjoint.ops.dims import wrap_dim
from adjoint.ops.reduction import written
from adjoint.tensor import Tensor

# Arguments


def _floats(input: Tensor, complex: bool = False) -> Tensor:
    """The operand in a dtype that is transformed: integers become floats; where asked for, real numbers complex."""
    wanted = input.dtype if input.dtype.category >= dtypes.FLOAT else dtypes.get_default_dtype()
    if wanted in (dtypes.float16, dtypes.bfloat16):
        raise RuntimeError(f"Unsupported dtype {dtypes.SCALAR_TYPE_NAMES[wanted]}")
    return input.to(wanted.to_complex() if complex and not wanted.is_complex else wanted)


def _normalization(norm: str | None, forward: bool) -> int:
    if norm is None or norm == "backward":
        return 0 if forward else 2
    if norm == "forward":
        return 2 if forward else 0
    if norm == "ortho":
        return 1
    raise RuntimeError(f'Invalid normalization mode: "{norm}"')


def _at_least_one(n: int) -> int:
    if n < 1:
        raise RuntimeError(f"Invalid number of data points ({n}) specified")
    return n


def _resized(x: Tensor, dims: Sequence[int], sizes: Sequence[int]) -> Tensor:
    """Cut, or filled up with zeros, at the end of some dimensions."""
    missing = [0] * (2 * x.ndim)
    for d, size in zip(dims, sizes):
        have = x.shape[d]
        if have < size:
            missing[2 * (x.ndim - 1 - d) + 1] = size - have
        elif have > size:
            x = x.narrow(d, 0, size)
    return FUNCTIONS["torch"]["constant_pad_nd"].function(x, missing) if any(missing) else x


def _shape_and_dims(input: Tensor, s: Any, dim: Any) -> tuple[list[int], list[int]]:
    """The dimensions to be transformed, and their sizes."""
    ndim = input.ndim
    s = [s] if isinstance(s, int) else s
    dims = None if dim is None else [wrap_dim(d, ndim, False) for d in ([dim] if isinstance(dim, int) else dim)]
    if dims is not None and len(set(dims)) != len(dims):
        raise RuntimeError("FFT dims must be unique")
    if s is None:
        dims = list(range(ndim)) if dims is None else dims
        shape = [input.shape[d] for d in dims]
    else:
        if dims is not None and len(dims) != len(s):
            raise RuntimeError("When given, dim and shape arguments must have the same length")
        if len(s) > ndim:
            raise RuntimeError(f"Got shape with {len(s)} values but input tensor only has {ndim} dimensions.")
        dims = list(range(ndim - len(s), ndim)) if dims is None else dims
        shape = [input.shape[d] if n == -1 else n for n, d in zip(s, dims)]
    for n in shape:
        _at_least_one(n)
    return shape, dims


def _half_shape(name: str, input: Tensor, s: Any, dim: Any) -> tuple[list[int], list[int], int]:
    """As :func:`_shape_and_dims` of half a spectrum, and how many real numbers it stands for along the last dimension."""
    shape, dims = _shape_and_dims(input, s, dim)
    if not shape:
        raise RuntimeError(f"{name} must transform at least one axis")
    size = 2 * (input.shape[dims[-1]] - 1) if s is None or (s if isinstance(s, int) else s[-1]) == -1 else shape[-1]
    shape[-1] = _at_least_one(size) // 2 + 1
    return shape, dims, size


def _check_out(name: str, out: Tensor | None, complex: bool) -> None:
    if out is not None and not (out.dtype.is_complex if complex else out.dtype.is_floating_point):
        kind = "complex" if complex else "floating point"
        raise RuntimeError(f"{name} expects a {kind} output tensor, but got {dtypes.SCALAR_TYPE_NAMES[out.dtype]}")


def _refuse_complex(name: str, input: Tensor, words: str) -> None:
    if input.dtype.is_complex:
        raise RuntimeError(f"{name} expects a {words} input tensor, but got {dtypes.SCALAR_TYPE_NAMES[input.dtype]}")


def _row(name: str) -> Any:
    return FUNCTIONS["torch"][name].function


# Along one dimension


def _of_complex(name: str, input: Tensor, n: Any, dim: int, norm: Any, out: Any, forward: bool) -> Tensor:
    _check_out(name, out, True)
    x = _floats(input)
    d = wrap_dim(dim, x.ndim, False)
    size = _at_least_one(x.shape[d] if n is None else n)
    x = x if n is None else _resized(x, (d,), (size,))
    if x.dtype.is_complex:
        found = _row("_fft_c2c")(x, (d,), _normalization(norm, forward), forward)
    else:
        found = _of_real(x, (d,), norm, forward, False)
    return written(found, out, f"fft_{name}")


def _of_real(x: Tensor, dims: Sequence[int], norm: Any, forward: bool, onesided: bool) -> Tensor:
    found = _row("_fft_r2c")(x, tuple(dims), _normalization(norm, forward), onesided)
    return found if forward else found.conj()


def _to_half(name: str, input: Tensor, n: Any, dim: int, norm: Any, out: Any, forward: bool) -> Tensor:
    _refuse_complex(name, input, "real")
    _check_out(name, out, True)
    x = _floats(input)
    d = wrap_dim(dim, x.ndim, False)
    size = _at_least_one(x.shape[d] if n is None else n)
    x = x if n is None else _resized(x, (d,), (size,))
    return written(_of_real(x, (d,), norm, forward, True), out, f"fft_{name}")


def _from_half(name: str, input: Tensor, n: Any, dim: int, norm: Any, out: Any, forward: bool) -> Tensor:
    _check_out(name, out, False)
    x = _floats(input, complex=True)
    d = wrap_dim(dim, x.ndim, False)
    size = _at_least_one(2 * (x.shape[d] - 1) if n is None else n)
    x = x if n is None else _resized(x, (d,), (size // 2 + 1,))
    x = x.conj() if forward else x
    return written(_row("_fft_c2r")(x, (d,), _normalization(norm, forward), size), out, f"fft_{name}")


# Along several


def _of_several(name: str, input: Tensor, s: Any, dim: Any, norm: Any, out: Any, forward: bool) -> Tensor:
    shape, dims = _shape_and_dims(input, s, dim)
    x = _floats(input, complex=True)
    _check_out(name, out, True)
    x = _resized(x, dims, shape)
    return written(_row("_fft_c2c")(x, tuple(dims), _normalization(norm, forward), forward), out, f"fft_{name}")


def _several_to_half(name: str, input: Tensor, s: Any, dim: Any, norm: Any, out: Any, forward: bool) -> Tensor:
    if forward:
        _refuse_complex(name, input, "real-valued")
    shape, dims = _shape_and_dims(input, s, dim)
    if not shape:
        raise RuntimeError(f"{name} must transform at least one axis")
    x = _floats(input)
    _check_out(name, out, True)
    x = _resized(x, dims, shape)
    if forward:
        found = _of_real(x, dims, norm, True, True)
    else:  # the last dimension first, whose half is conjugated; the others go back from there
        found = _row("_fft_r2c")(x, (dims[-1],), _normalization(norm, False), True)
        if dims[:-1]:
            found = _row("_fft_c2c")(_resolved(found.conj()), tuple(dims[:-1]), _normalization(norm, False), False)
        else:
            found = found.conj()
    return written(found, out, f"fft_{name}")


def _resolved(x: Tensor) -> Tensor:
    return x.resolve_conj()


def _several_from_half(name: str, input: Tensor, s: Any, dim: Any, norm: Any, out: Any, forward: bool) -> Tensor:
    shape, dims, size = _half_shape(name, input, s, dim)
    x = _floats(input, complex=True)
    _check_out(name, out, False)
    x = _resized(x, dims, shape)
    mode = _normalization(norm, forward)
    if forward:
        if dims[:-1]:
            x = _row("_fft_c2c")(x, tuple(dims[:-1]), mode, True)
        found = _row("_fft_c2r")(x.conj(), (dims[-1],), mode, size)
    else:
        found = _row("_fft_c2r")(x, tuple(dims), mode, size)
    return written(found, out, f"fft_{name}")


# The eighteen functions

_NORMS = """``norm`` says what is divided by how many numbers are transformed: "backward" (the default) the inverse, "forward" the
    transform, "ortho" either by the root of it."""
_ONE = """{words} along a dimension.

    The input is cut, or filled up with zeros, to {n}.  {norms}
    Integers are transformed in the default dtype; halves raise RuntimeError."""
_SEVERAL = """{words} along {dims}.

    ``s`` gives sizes to which the input is cut or filled up with zeros, -1 leaving one as it is.  ``norm`` as for ``torch.fft.fft``."""


def _declare(name: str, compute: Any, forward: bool, words: str, n: str) -> None:
    def transform(
        input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None, *, out: Tensor | None = None
    ) -> Tensor:
        return compute(name, input, n, dim, norm, out, forward)

    def of_several(
        input: Tensor, s: Sequence[int] | None = None, dim: int | Sequence[int] | None = None, norm: str | None = None, *,
        out: Tensor | None = None,
    ) -> Tensor:  # fmt: skip
        return several(name + "n", input, s, dim, norm, out, forward)

    def of_two(
        input: Tensor, s: Sequence[int] | None = None, dim: int | Sequence[int] = (-2, -1), norm: str | None = None, *,
        out: Tensor | None = None,
    ) -> Tensor:  # fmt: skip
        return several(name + "n", input, s, dim, norm, out, forward)

    several = {_of_complex: _of_several, _to_half: _several_to_half, _from_half: _several_from_half}[compute]
    transform.__doc__ = _ONE.format(words=words, n=n, norms=_NORMS)
    of_several.__doc__ = _SEVERAL.format(words=words, dims="several dimensions, or all")
    of_two.__doc__ = _SEVERAL.format(words=words, dims="two dimensions, the last ones if none are named")
    for end, function in (("", transform), ("n", of_several), ("2", of_two)):
        composite(where="fft", name=name + end)(function)


_declare("fft", _of_complex, True, "The discrete Fourier transform", "``n`` numbers")
_declare("ifft", _of_complex, False, "The inverse of the discrete Fourier transform", "``n`` numbers")
_declare(
    "rfft", _to_half, True, "The half of a real input's discrete Fourier transform from which the rest follows, n // 2 + 1 numbers",
    "``n`` numbers",
)  # fmt: skip
_declare(
    "irfft", _from_half, False, "The real numbers whose discrete Fourier transform has the input for its first half",
    "what ``n`` of them have (an even number of them, if none is given)",
)  # fmt: skip
_declare(
    "hfft", _from_half, True, "The discrete Fourier transform, which is real, of a Hermitian signal of which the input is the first half",
    "what ``n`` of them have (an even number of them, if none is given)",
)  # fmt: skip
_declare(
    "ihfft", _to_half, False, "The first half of the Hermitian signal whose discrete Fourier transform is the real input",
    "``n`` numbers",
)  # fmt: skip


# What belongs to transforms


def _frequencies(name: str, n: int, made: Any, d: float, dtype: dtypes.dtype | None, out: Any, options: dict[str, Any]) -> Tensor:
    wanted = dtype or (out.dtype if out is not None else dtypes.get_default_dtype())
    if wanted.category < dtypes.FLOAT:
        raise RuntimeError(f"{name} requires a floating point or complex dtype")
    found = made.to(wanted) * (1.0 / (n * d) if n and d else math.inf)
    found = found.requires_grad_(options["requires_grad"])
    return written(found, out, f"fft_{name}")


@composite(where="fft")
def fftfreq(
    n: int, d: float = 1.0, *, out: Tensor | None = None, dtype: dtypes.dtype | None = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """The frequencies of the ``n`` numbers that a transform of as many samples, ``d`` apart, gives: those from zero up, then
    the negative ones.

    >>> import adjoint as torch
    >>> torch.fft.fftfreq(5)
    tensor([ 0.0000,  0.2000,  0.4000, -0.4000, -0.2000])
    """
    import adjoint

    steps = adjoint.arange(operator.index(n), layout=layout, device=device)
    steps[(n + 1) // 2 :] -= n
    return _frequencies("fftfreq", n, steps, d, dtype, out, {"requires_grad": requires_grad})


@composite(where="fft")
def rfftfreq(
    n: int, d: float = 1.0, *, out: Tensor | None = None, dtype: dtypes.dtype | None = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """The frequencies of the ``n // 2 + 1`` numbers that ``rfft`` of ``n`` samples, ``d`` apart, gives.

    >>> import adjoint as torch
    >>> torch.fft.rfftfreq(5)
    tensor([0.0000, 0.2000, 0.4000])
    """
    import adjoint

    steps = adjoint.arange(n // 2 + 1, layout=layout, device=device)
    return _frequencies("rfftfreq", n, steps, d, dtype, out, {"requires_grad": requires_grad})


def _rolled(input: Tensor, dim: Any, by: Any) -> Tensor:
    dims = list(range(input.ndim)) if dim is None else [dim] if isinstance(dim, int) else list(dim)
    return input.roll([by(input.shape[wrap_dim(d, input.ndim, False)]) for d in dims], dims)


@composite(where="fft")
def fftshift(input: Tensor, dim: int | Sequence[int] | None = None) -> Tensor:
    """A spectrum with frequency zero in the middle of some dimensions, or of all, instead of at their beginning.

    >>> import adjoint as torch
    >>> torch.fft.fftshift(torch.fft.fftfreq(4))
    tensor([-0.5000, -0.2500,  0.0000,  0.2500])
    """
    return _rolled(input, dim, lambda n: n // 2)


@composite(where="fft")
def ifftshift(input: Tensor, dim: int | Sequence[int] | None = None) -> Tensor:
    """What :func:`adjoint.fft.fftshift` does, undone."""
    return _rolled(input, dim, lambda n: (n + 1) // 2)
