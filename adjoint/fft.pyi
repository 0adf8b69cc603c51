"""``torch.fft``: discrete Fourier transforms.  They are declared in :mod:`adjoint.ops.fourier`, ``.fourier_transforms``.

>>> import adjoint as torch
>>> torch.fft.fft(torch.tensor([1., 0., 0., 0.]))
tensor([1.+0.j, 1.+0.j, 1.+0.j, 1.-0.j])
"""

# Written by `python -m stubs` from the tables; not by hand.

from builtins import bool as _bool
from builtins import float as _float
from builtins import int as _int
from collections.abc import Sequence

from adjoint.device import device as _device
from adjoint.dtypes import dtype as _dtype
from adjoint.layouts import layout as _layout
from adjoint.tensor import Tensor

def fft(
    input: Tensor, n: _int | None = None, dim: _int = -1, norm: str | None = None, *, out: Tensor | None = None
) -> Tensor:
    """The discrete Fourier transform along a dimension.

    The input is cut, or filled up with zeros, to ``n`` numbers.  ``norm`` says what is divided by how many numbers are transformed: "backward" (the default) the inverse, "forward" the
    transform, "ortho" either by the root of it.
    Integers are transformed in the default dtype; halves raise RuntimeError.
    """

def fft2(
    input: Tensor,
    s: Sequence[_int] | None = None,
    dim: _int | Sequence[_int] = ...,
    norm: str | None = None,
    *,
    out: Tensor | None = None,
) -> Tensor:
    """The discrete Fourier transform along two dimensions, the last ones if none are named.

    ``s`` gives sizes to which the input is cut or filled up with zeros, -1 leaving one as it is.  ``norm`` as for ``torch.fft.fft``.
    """

def fftfreq(
    n: _int,
    d: _float = 1.0,
    *,
    out: Tensor | None = None,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | str | _int | None = None,
    requires_grad: _bool = False,
) -> Tensor:
    """The frequencies of the ``n`` numbers that a transform of as many samples, ``d`` apart, gives: those from zero up, then
    the negative ones.

    >>> import adjoint as torch
    >>> torch.fft.fftfreq(5)
    tensor([ 0.0000,  0.2000,  0.4000, -0.4000, -0.2000])
    """

def fftn(
    input: Tensor,
    s: Sequence[_int] | None = None,
    dim: _int | Sequence[_int] | None = None,
    norm: str | None = None,
    *,
    out: Tensor | None = None,
) -> Tensor:
    """The discrete Fourier transform along several dimensions, or all.

    ``s`` gives sizes to which the input is cut or filled up with zeros, -1 leaving one as it is.  ``norm`` as for ``torch.fft.fft``.
    """

def fftshift(input: Tensor, dim: _int | Sequence[_int] | None = None) -> Tensor:
    """A spectrum with frequency zero in the middle of some dimensions, or of all, instead of at their beginning.

    >>> import adjoint as torch
    >>> torch.fft.fftshift(torch.fft.fftfreq(4))
    tensor([-0.5000, -0.2500,  0.0000,  0.2500])
    """

def hfft(
    input: Tensor, n: _int | None = None, dim: _int = -1, norm: str | None = None, *, out: Tensor | None = None
) -> Tensor:
    """The discrete Fourier transform, which is real, of a Hermitian signal of which the input is the first half along a dimension.

    The input is cut, or filled up with zeros, to what ``n`` of them have (an even number of them, if none is given).  ``norm`` says what is divided by how many numbers are transformed: "backward" (the default) the inverse, "forward" the
    transform, "ortho" either by the root of it.
    Integers are transformed in the default dtype; halves raise RuntimeError.
    """

def hfft2(
    input: Tensor,
    s: Sequence[_int] | None = None,
    dim: _int | Sequence[_int] = ...,
    norm: str | None = None,
    *,
    out: Tensor | None = None,
) -> Tensor:
    """The discrete Fourier transform, which is real, of a Hermitian signal of which the input is the first half along two dimensions, the last ones if none are named.

    ``s`` gives sizes to which the input is cut or filled up with zeros, -1 leaving one as it is.  ``norm`` as for ``torch.fft.fft``.
    """

def hfftn(
    input: Tensor,
    s: Sequence[_int] | None = None,
    dim: _int | Sequence[_int] | None = None,
    norm: str | None = None,
    *,
    out: Tensor | None = None,
) -> Tensor:
    """The discrete Fourier transform, which is real, of a Hermitian signal of which the input is the first half along several dimensions, or all.

    ``s`` gives sizes to which the input is cut or filled up with zeros, -1 leaving one as it is.  ``norm`` as for ``torch.fft.fft``.
    """

def ifft(
    input: Tensor, n: _int | None = None, dim: _int = -1, norm: str | None = None, *, out: Tensor | None = None
) -> Tensor:
    """The inverse of the discrete Fourier transform along a dimension.

    The input is cut, or filled up with zeros, to ``n`` numbers.  ``norm`` says what is divided by how many numbers are transformed: "backward" (the default) the inverse, "forward" the
    transform, "ortho" either by the root of it.
    Integers are transformed in the default dtype; halves raise RuntimeError.
    """

def ifft2(
    input: Tensor,
    s: Sequence[_int] | None = None,
    dim: _int | Sequence[_int] = ...,
    norm: str | None = None,
    *,
    out: Tensor | None = None,
) -> Tensor:
    """The inverse of the discrete Fourier transform along two dimensions, the last ones if none are named.

    ``s`` gives sizes to which the input is cut or filled up with zeros, -1 leaving one as it is.  ``norm`` as for ``torch.fft.fft``.
    """

def ifftn(
    input: Tensor,
    s: Sequence[_int] | None = None,
    dim: _int | Sequence[_int] | None = None,
    norm: str | None = None,
    *,
    out: Tensor | None = None,
) -> Tensor:
    """The inverse of the discrete Fourier transform along several dimensions, or all.

    ``s`` gives sizes to which the input is cut or filled up with zeros, -1 leaving one as it is.  ``norm`` as for ``torch.fft.fft``.
    """

def ifftshift(input: Tensor, dim: _int | Sequence[_int] | None = None) -> Tensor:
    """What :func:`adjoint.fft.fftshift` does, undone."""

def ihfft(
    input: Tensor, n: _int | None = None, dim: _int = -1, norm: str | None = None, *, out: Tensor | None = None
) -> Tensor:
    """The first half of the Hermitian signal whose discrete Fourier transform is the real input along a dimension.

    The input is cut, or filled up with zeros, to ``n`` numbers.  ``norm`` says what is divided by how many numbers are transformed: "backward" (the default) the inverse, "forward" the
    transform, "ortho" either by the root of it.
    Integers are transformed in the default dtype; halves raise RuntimeError.
    """

def ihfft2(
    input: Tensor,
    s: Sequence[_int] | None = None,
    dim: _int | Sequence[_int] = ...,
    norm: str | None = None,
    *,
    out: Tensor | None = None,
) -> Tensor:
    """The first half of the Hermitian signal whose discrete Fourier transform is the real input along two dimensions, the last ones if none are named.

    ``s`` gives sizes to which the input is cut or filled up with zeros, -1 leaving one as it is.  ``norm`` as for ``torch.fft.fft``.
    """

def ihfftn(
    input: Tensor,
    s: Sequence[_int] | None = None,
    dim: _int | Sequence[_int] | None = None,
    norm: str | None = None,
    *,
    out: Tensor | None = None,
) -> Tensor:
    """The first half of the Hermitian signal whose discrete Fourier transform is the real input along several dimensions, or all.

    ``s`` gives sizes to which the input is cut or filled up with zeros, -1 leaving one as it is.  ``norm`` as for ``torch.fft.fft``.
    """

def irfft(
    input: Tensor, n: _int | None = None, dim: _int = -1, norm: str | None = None, *, out: Tensor | None = None
) -> Tensor:
    """The real numbers whose discrete Fourier transform has the input for its first half along a dimension.

    The input is cut, or filled up with zeros, to what ``n`` of them have (an even number of them, if none is given).  ``norm`` says what is divided by how many numbers are transformed: "backward" (the default) the inverse, "forward" the
    transform, "ortho" either by the root of it.
    Integers are transformed in the default dtype; halves raise RuntimeError.
    """

def irfft2(
    input: Tensor,
    s: Sequence[_int] | None = None,
    dim: _int | Sequence[_int] = ...,
    norm: str | None = None,
    *,
    out: Tensor | None = None,
) -> Tensor:
    """The real numbers whose discrete Fourier transform has the input for its first half along two dimensions, the last ones if none are named.

    ``s`` gives sizes to which the input is cut or filled up with zeros, -1 leaving one as it is.  ``norm`` as for ``torch.fft.fft``.
    """

def irfftn(
    input: Tensor,
    s: Sequence[_int] | None = None,
    dim: _int | Sequence[_int] | None = None,
    norm: str | None = None,
    *,
    out: Tensor | None = None,
) -> Tensor:
    """The real numbers whose discrete Fourier transform has the input for its first half along several dimensions, or all.

    ``s`` gives sizes to which the input is cut or filled up with zeros, -1 leaving one as it is.  ``norm`` as for ``torch.fft.fft``.
    """

def rfft(
    input: Tensor, n: _int | None = None, dim: _int = -1, norm: str | None = None, *, out: Tensor | None = None
) -> Tensor:
    """The half of a real input's discrete Fourier transform from which the rest follows, n // 2 + 1 numbers along a dimension.

    The input is cut, or filled up with zeros, to ``n`` numbers.  ``norm`` says what is divided by how many numbers are transformed: "backward" (the default) the inverse, "forward" the
    transform, "ortho" either by the root of it.
    Integers are transformed in the default dtype; halves raise RuntimeError.
    """

def rfft2(
    input: Tensor,
    s: Sequence[_int] | None = None,
    dim: _int | Sequence[_int] = ...,
    norm: str | None = None,
    *,
    out: Tensor | None = None,
) -> Tensor:
    """The half of a real input's discrete Fourier transform from which the rest follows, n // 2 + 1 numbers along two dimensions, the last ones if none are named.

    ``s`` gives sizes to which the input is cut or filled up with zeros, -1 leaving one as it is.  ``norm`` as for ``torch.fft.fft``.
    """

def rfftfreq(
    n: _int,
    d: _float = 1.0,
    *,
    out: Tensor | None = None,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | str | _int | None = None,
    requires_grad: _bool = False,
) -> Tensor:
    """The frequencies of the ``n // 2 + 1`` numbers that ``rfft`` of ``n`` samples, ``d`` apart, gives.

    >>> import adjoint as torch
    >>> torch.fft.rfftfreq(5)
    tensor([0.0000, 0.2000, 0.4000])
    """

def rfftn(
    input: Tensor,
    s: Sequence[_int] | None = None,
    dim: _int | Sequence[_int] | None = None,
    norm: str | None = None,
    *,
    out: Tensor | None = None,
) -> Tensor:
    """The half of a real input's discrete Fourier transform from which the rest follows, n // 2 + 1 numbers along several dimensions, or all.

    ``s`` gives sizes to which the input is cut or filled up with zeros, -1 leaving one as it is.  ``norm`` as for ``torch.fft.fft``.
    """
