"""Arithmetic, element-wise functions, reductions, order, contractions and linear algebra, compared with PyTorch.

Every case is an expression over the names of ``INPUTS``.  It is evaluated with PyTorch and with Adjoint; values, dtypes,
shapes, the name of ``grad_fn``, gradients and second derivatives have to agree.
"""

from __future__ import annotations

import re
import warnings

import numpy as np
import pytest

import adjoint
import adjoint.nn.functional

torch = pytest.importorskip("torch")


def _inputs(lib):
    """The same tensors made by either library, in float64, requiring grad."""
    rng = np.random.default_rng(0)
    arrays = {
        "x": rng.uniform(0.2, 0.9, (3, 3)),
        "y": rng.uniform(0.2, 0.9, (3, 3)),
        "v": rng.uniform(0.2, 0.9, 3),
        "s": np.float64(0.3),
        "w": rng.uniform(-2, 2, (2, 3, 4)),
        "u": rng.uniform(-2, 2, (2, 4, 3)),
        "r": rng.uniform(-2, 2, (4, 3)),
        "z": np.array([[0.5, 0.0, -1.5], [2.0, 0.0, 0.0], [-0.5, 1.5, 0.25]]),
        "c": rng.uniform(-1, 1, (3, 3)) + 1j * rng.uniform(-1, 1, (3, 3)),
        "d": rng.uniform(-1, 1, 3) + 1j * rng.uniform(-1, 1, 3),
    }
    return {k: lib.from_numpy(np.array(a)).requires_grad_() for k, a in arrays.items()}


def _first(result):
    """The first differentiable tensor of a result."""
    return result if hasattr(result, "grad_fn") else next(t for t in result if hasattr(t, "grad_fn"))


def _all(result):
    if hasattr(result, "detach"):
        return [result]
    if isinstance(result, (tuple, list)):
        return [t for part in result for t in _all(part)]
    return []


def _evaluate(lib, expression):
    names = _inputs(lib)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return names, eval(expression, {"torch": lib, "F": lib.nn.functional, **names})


def _weights(lib, like, i):
    """A fixed cotangent for an output."""
    rng = np.random.default_rng(i + 1)
    array = rng.uniform(0.5, 1.5, tuple(like.shape))
    if like.dtype.is_complex:
        array = array + 1j * rng.uniform(0.5, 1.5, tuple(like.shape))
    return lib.from_numpy(np.array(array)).to(like.dtype)


def _weighted(lib, t, i):
    weighted = t * _weights(lib, t, i)
    return weighted.abs().sum() if t.is_complex() else weighted.sum()


def _gradients(lib, expression, twice):
    names, result = _evaluate(lib, expression)
    outputs = [t for t in _all(result) if t.requires_grad]
    loss = sum(_weighted(lib, t, i) for i, t in enumerate(outputs))
    used = [t for n, t in names.items() if n in _names_in(expression)]
    grads = lib.autograd.grad(loss, used, create_graph=twice, allow_unused=True)
    found = [None if g is None else _numpy(g) for g in grads]
    if twice:
        parts = [g for g in grads if g is not None and g.requires_grad]
        if parts:
            second = sum(_weighted(lib, g, 7 + i) for i, g in enumerate(parts))
            grads = lib.autograd.grad(second, used, allow_unused=True)
            found += [np.zeros(tuple(t.shape)) if g is None else _numpy(g) for g, t in zip(grads, used)]
        else:
            found += [np.zeros(tuple(t.shape)) for t in used]
    return found


def _numpy(t):
    t = t.detach()
    if hasattr(t, "_is_zerotensor") and t._is_zerotensor():
        return np.zeros(tuple(t.shape))
    return t.resolve_conj().numpy()


def _names_in(expression):
    return set(re.findall(r"\b[a-z]\b", expression))


def _same(a, b, what):
    assert len(a) == len(b)
    for x, y in zip(a, b):
        assert (x is None) == (y is None), what
        if x is not None:
            np.testing.assert_allclose(x, y, rtol=1e-8, atol=1e-10, err_msg=what)


# Expressions whose grad_fn, values, first and second derivatives all have to agree.
SMOOTH = """
x + v
x + 2
torch.add(x, v, alpha=3)
x - v
torch.sub(x, v, alpha=2)
2 - x
torch.rsub(x, v)
x * v
x / v
2 / x
x / 4
torch.true_divide(x, v)
-x
x ** 2
x ** 3
x ** 0.5
x ** -1
x ** 1.7
x ** 0
x ** v
2 ** x
torch.pow(2.5, x)
x.square()
x.sqrt()
x.rsqrt()
x.reciprocal()
abs(z - 0.1)
x.sign()
z.sgn()
x % 0.25
x % v
torch.fmod(z, 0.4)
torch.fmod(x, v)
torch.addcmul(x, v, y, value=2)
torch.addcdiv(x, v, y, value=2)
torch.lerp(x, y, 0.3)
torch.lerp(x, y, v)
torch.float_power(x, 2)
torch.ldexp(x, v)
x.exp()
x.exp2()
x.expm1()
x.log()
x.log2()
x.log10()
x.log1p()
x.sin()
x.cos()
x.tan()
x.asin()
x.acos()
x.atan()
x.sinh()
x.cosh()
x.tanh()
x.asinh()
(x + 1).acosh()
x.atanh()
x.deg2rad()
x.rad2deg()
x.sinc()
torch.atan2(x, v)
torch.hypot(x, v)
x.sigmoid()
x.logit()
x.logit(eps=0.3)
torch.logaddexp(x, v)
torch.logaddexp2(x, v)
torch.xlogy(x, v)
torch.xlogy(x, 2)
x.erf()
x.erfc()
x.erfinv()
x.lgamma()
x.digamma()
torch.polygamma(1, x)
x.floor()
x.ceil()
x.round()
x.round(decimals=1)
x.trunc()
x.frac()
torch.copysign(x, -v)
x.clamp(0.3, 0.6)
x.clamp(min=0.5)
x.clamp(min=v)
x.clamp(v - 0.1, v)
x.clip(max=0.5)
x.clamp_min(0.4)
x.clamp_max(v)
torch.maximum(x, v)
torch.minimum(x, y)
torch.maximum(x, x)
torch.fmax(x, v)
torch.fmin(x, v)
torch.where(x > 0.5, x, v)
torch.where(x > 0.5, x, 0.0)
torch.where(x > 0.5, 1.0, x)
x.where(x > 0.5, v)
x.nan_to_num()
x.angle()
x.sum()
x.sum(0)
x.sum((0, 1))
w.sum((0, 2), keepdim=True)
w.sum(-1)
x.mean()
w.mean(1)
w.mean((0, 1), keepdim=True)
x.nansum()
x.nanmean(0)
x.prod()
x.prod(0)
w.prod(1, keepdim=True)
z.prod()
z.prod(0)
x.var()
w.var(1)
w.var((0, 2), correction=0, keepdim=True)
x.std()
w.std(-1, unbiased=False)
torch.var_mean(w, 1)
torch.std_mean(w)
x.logsumexp(0)
w.logsumexp((0, 2), keepdim=True)
x.softmax(0)
w.softmax(-1)
w.log_softmax(1)
F.softmax(w, dim=0)
F.log_softmax(x, dim=-1)
F.softmin(x, dim=-1)
x.norm()
x.norm(1)
w.norm(3, 1)
w.norm(float('inf'), -1)
w.norm(dim=(0, 1), keepdim=True)
torch.norm(x, p=0.5)
torch.linalg.vector_norm(w, -float('inf'), 1)
torch.linalg.matrix_norm(w)
torch.linalg.matrix_norm(w, 1)
torch.linalg.matrix_norm(w, 'nuc')
torch.linalg.norm(x, 2)
torch.linalg.norm(x, float('inf'))
torch.dist(x, v)
torch.dist(x, y, 3)
torch.max(x)
x.max(0)
x.max(1, keepdim=True)
torch.max(x, v)
x.min()
w.min(-1)
x.amax()
w.amax((0, 1))
w.amin(1, keepdim=True)
torch.aminmax(x)
torch.aminmax(w, dim=1)
x.cumsum(0)
w.cumsum(-1)
x.cumprod(0)
z.cumprod(1)
w.cummax(1)
w.cummin(-1)
w.logcumsumexp(1)
x.median()
x.median(0)
w.nanmedian()
w.nanmedian(1, keepdim=True)
x.mode(0)
x.sort(0)
w.sort(1, descending=True)
w.msort()
w.topk(2)
w.topk(2, 1, largest=False)
w.kthvalue(2, 1)
x.trace()
torch.cross(w, w * 2 + 1, dim=1)
torch.linalg.cross(x, v.expand(3, 3))
x @ y
x @ v
v @ v
x.mm(y)
x.mv(v)
v.dot(v)
torch.vdot(v, v * 2)
w.bmm(u)
w @ u
w @ u[0]
w[0] @ u
v @ u.transpose(1, 2)
w @ r
x @ w
torch.outer(v, v)
torch.inner(v, v)
torch.inner(x, y)
torch.tensordot(x, x, 2)
torch.tensordot(x, x, ([1, 0], [1, 0]))
torch.tensordot(v, v, 1)
torch.addmm(v, x, y, beta=2, alpha=3)
torch.addmv(v, x, v, beta=2, alpha=3)
torch.addr(x, v, v, beta=2, alpha=3)
torch.baddbmm(v, w, u, beta=2, alpha=3)
torch.addbmm(x[:2, :3].sum(), w, u)
torch.einsum('ij,jk->ik', x, y)
torch.einsum('ij->ji', x)
torch.einsum('ii', x)
torch.einsum('ii->i', x)
torch.einsum('ij,ij->', x, y)
torch.einsum('i,j->ij', v, v)
torch.einsum('bij,bjk->bik', w, u)
torch.einsum('...ij,jk->...ik', w, r)
torch.einsum('bij,kj,bik->bk', u, x, u)
torch.einsum('ij', x)
torch.einsum(x, [0, 1], v, [1], [0])
torch.tensordot(x, y, 1)
torch.tensordot(w, u, ([1, 2], [2, 1]))
torch.kron(x, v)
torch.chain_matmul(x, y, x)
torch.linalg.multi_dot([v, x, y, v])
F.linear(x, y)
F.linear(x, y, v)
F.linear(v, x, v)
F.linear(u, r, r.sum(1))
F.bilinear(x, y, x.expand(2, 3, 3))
torch.linalg.inv(x)
x.inverse()
x.det()
x.logdet()
torch.linalg.slogdet(x)
torch.linalg.solve(x, y)
torch.linalg.solve(x, v)
torch.linalg.solve(x, y, left=False)
torch.linalg.solve_triangular(x, y, upper=True)
torch.linalg.solve_triangular(x, y, upper=False, left=False)
torch.linalg.cholesky(x @ x.mT + torch.eye(3, dtype=torch.float64))
torch.linalg.cholesky(x @ x.mT + torch.eye(3, dtype=torch.float64), upper=True)
torch.cholesky(x @ x.mT + torch.eye(3, dtype=torch.float64))
torch.linalg.svdvals(w)
torch.linalg.eigvalsh(x + x.mT)
torch.linalg.pinv(w)
torch.linalg.pinv(u)
torch.matrix_power(x, 3)
torch.matrix_power(x, -2)
torch.matrix_exp(x)
torch.linalg.cond(x)
torch.linalg.vecdot(x, y)
torch.diff(x)
torch.diff(x, 2, 0)
torch.cov(x)
torch.corrcoef(x)
torch.trapezoid(x)
torch.trapezoid(x, v, dim=0)
torch.cumulative_trapezoid(x, dx=2)
torch.linalg.vander(v)
torch.mvlgamma(x + 1, 2)
x.i0()
""".strip().splitlines()

# Compared without second derivatives: PyTorch has none, or they are not unique (signs of vectors), or take another way.
FIRST_ONLY = """
torch.complex(x, y)
torch.polar(x, y)
torch.linalg.qr(x)
torch.linalg.qr(w)
torch.linalg.lstsq(x, y)[0]
torch.linalg.eigvals(x).abs()
torch.cdist(x, y)
torch.cdist(x, y, p=1)
torch.unique_consecutive(x).detach() * x.sum()
x.quantile(0.3)
w.quantile(torch.tensor([0.2, 0.7], dtype=torch.float64), dim=1)
w.nanquantile(0.4, dim=-1, keepdim=True)
x.quantile(0.3, interpolation='nearest')
torch.renorm(x, 2, 0, 0.5)
torch.einsum('ij,jk->ki', x, y)
""".strip().splitlines()

COMPLEX = """
c + 2
c * d
c / d
c - d
2 / c
c ** 2
c ** d
c.reciprocal()
c.sqrt()
c.exp()
c.log()
c.sin()
c.cos()
c.tan()
c.tanh()
c.sinh()
c.cosh()
c.abs()
c.sgn()
c.angle()
c.conj()
c.real
c.imag
torch.view_as_real(c)
torch.conj_physical(c)
c * x
x * c
torch.where(x > 0.5, c, d)
c.sum(0)
c.mean()
c.prod(0)
c.cumsum(0)
c @ d
c @ c
d.dot(d)
torch.vdot(d, d * 2)
torch.linalg.inv(c)
torch.linalg.det(c)
torch.linalg.solve(c, d)
c.norm()
c.var()
torch.addmm(c, c, c)
torch.lerp(c, d, 0.3)
F.linear(c, c, d)
""".strip().splitlines()

# PyTorch shows a chain of views where Adjoint has one node.
OTHER_NODE = {
    "torch.ldexp(x, v)", "v @ u.transpose(1, 2)", "x @ w", "torch.linalg.cond(x)", "torch.matrix_power(x, -2)",
    "torch.unique_consecutive(x).detach() * x.sum()", "x.quantile(0.3)", "x.quantile(0.3, interpolation='nearest')",
    "torch.trapezoid(x)", "torch.trapezoid(x, v, dim=0)",
    "torch.renorm(x, 2, 0, 0.5)", "torch.einsum('ij', x)", "w[0] @ u", "w.nanquantile(0.4, dim=-1, keepdim=True)",
    "w.quantile(torch.tensor([0.2, 0.7], dtype=torch.float64), dim=1)", "F.bilinear(x, y, x.expand(2, 3, 3))",
}  # fmt: skip


@pytest.mark.parametrize("expression", SMOOTH + FIRST_ONLY + COMPLEX)
def test_values_dtypes_and_nodes_agree_with_pytorch(expression):
    _, expected = _evaluate(torch, expression)
    _, result = _evaluate(adjoint, expression)
    theirs, ours = _all(expected), _all(result)
    assert len(theirs) == len(ours)
    for a, b in zip(ours, theirs):
        assert str(a.dtype) == str(b.dtype)
        assert tuple(a.shape) == tuple(b.shape)
        np.testing.assert_allclose(a.detach().resolve_conj().numpy(), b.detach().resolve_conj().numpy(), rtol=1e-9, atol=1e-12)
        assert a.requires_grad == b.requires_grad
    if expression not in OTHER_NODE and _first(expected).grad_fn is not None:
        assert type(_first(result).grad_fn).__name__ == type(_first(expected).grad_fn).__name__


@pytest.mark.parametrize("expression", SMOOTH)
def test_first_and_second_derivatives_agree_with_pytorch(expression):
    _same(_gradients(adjoint, expression, True), _gradients(torch, expression, True), expression)


@pytest.mark.parametrize("expression", FIRST_ONLY + COMPLEX)
def test_gradients_agree_with_pytorch(expression):
    _same(_gradients(adjoint, expression, False), _gradients(torch, expression, False), expression)


# Promotion

DTYPES = ("bool", "uint8", "int8", "int32", "int64", "float16", "bfloat16", "float32", "float64", "complex64", "complex128")
BINARY = ("add", "sub", "mul", "div", "floor_divide", "remainder", "pow", "maximum", "eq", "lt", "logical_and", "bitwise_and",
          "atan2", "where", "xlogy", "fmod", "bitwise_left_shift", "clamp_min", "rsub", "hypot", "logaddexp")  # fmt: skip
NUMBERS = (True, 2, 2.5, 1j)


def _outcome(lib, compute):
    """(dtype, shape, values) of what is computed, or the type and the text of the error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            result = compute(lib)
            return [
                (str(t.dtype), tuple(t.shape), _plain(lib, t)) if hasattr(t, "detach") else t
                for t in (result if isinstance(result, (tuple, list)) else [result])
            ]
        except Exception as error:
            return type(error).__name__, str(error)


def _plain(lib, t):
    t = t.detach()
    return t.to(lib.float64).numpy() if t.dtype == lib.bfloat16 else t.resolve_conj().numpy()


def _agree(compute, rtol=1e-6):
    ours, theirs = _outcome(adjoint, compute), _outcome(torch, compute)
    if isinstance(theirs, tuple) or isinstance(ours, tuple):
        assert ours == theirs
        return
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs):
        if not isinstance(b, tuple):
            assert a == b
            continue
        assert a[:2] == b[:2]
        half = "float16" in b[0]
        np.testing.assert_allclose(
            a[2].astype(np.float64) if half else a[2], b[2].astype(np.float64) if half else b[2],
            rtol=1e-2 if half else rtol, atol=1e-9,
        )  # fmt: skip


def _sample(lib, dtype, ndim):
    values = [1, 0, 1] if dtype == "bool" else [1, 2, 3]
    t = lib.tensor(values).to(getattr(lib, dtype))
    return t if ndim else t[2]


def _apply(lib, name, a, b):
    if name == "where":
        return lib.where(lib.tensor([True, False, True]), a, b)
    return getattr(lib, name)(a, b)


# Where PyTorch refuses a dtype by a kernel's name that says no more than that it is absent, any error will do.
# ComplexHalf is a dtype that Adjoint does not have.
def _refused(outcome):
    return isinstance(outcome, tuple) and any(
        words in outcome[1] for words in ("not implemented for", "invalid combination", "not supported", "ComplexHalf")
    )


@pytest.mark.parametrize("name", BINARY)
def test_dtypes_are_promoted_as_in_pytorch(name):
    for first in DTYPES:
        for second in DTYPES:
            for ndims in ((1, 1), (1, 0), (0, 1)):
                def compute(lib, f=first, s=second, n=ndims):
                    return _apply(lib, name, _sample(lib, f, n[0]), _sample(lib, s, n[1]))

                if not _refused(_outcome(torch, compute)):
                    _agree(compute)


@pytest.mark.parametrize("name", BINARY)
def test_numbers_are_promoted_as_in_pytorch(name):
    for first in DTYPES:
        for number in NUMBERS:
            def compute(lib, f=first, n=number):
                return _apply(lib, name, _sample(lib, f, 1), n)

            if not _refused(_outcome(torch, compute)):
                _agree(compute)


UNARY = """
exp log sqrt rsqrt reciprocal sin tanh sigmoid abs neg sign floor
round square erf sum mean prod max argmax cumsum var any all
isnan isfinite logical_not deg2rad softmax norm sort unique count_nonzero nansum median sinc
nan_to_num angle conj trunc logsumexp amax cumprod bitwise_not expm1 atan lgamma signbit
isposinf isreal frac
""".split()


@pytest.mark.parametrize("name", UNARY)
def test_every_dtype_gives_what_pytorch_gives(name):
    dims = {"cumsum": (0,), "cumprod": (0,), "softmax": (0,), "logsumexp": (0,)}
    for dtype in DTYPES:
        def compute(lib, d=dtype):
            return getattr(lib, name)(_sample(lib, d, 1), *dims.get(name, ()))

        if not _refused(_outcome(torch, compute)):
            _agree(compute)


# Values and errors

EXACT = r"""
t([-4., 4., 5., -5.]) % 2
t([-4., 4., 5., -5.]) % -2
t([-7, 7]) % t([3, -3])
t([1., -1., 0.]) // 0
t([-7, 7]) // 2
torch.div(t([-7, 7]), 2, rounding_mode='trunc')
torch.div(t([-7., 7.]), 2, rounding_mode='floor')
torch.div(t([-7., 7.]), 2, rounding_mode='trunc')
t([2, 1, -1, -1]) ** t([-1, -1, -1, -2])
2 ** t([1, 2, 3])
t([True]) ** 2
7 % t([3, 4])
7 // t([3, 4])
t([1, 2]) << 1
t([4, -4]) >> 1
t([5, 3]) & 6
t([5, 3]) | t([8, 8])
~t([5, -1])
~t([True, False])
t([True, False]) ^ t([True, True])
t([1], dtype=torch.uint8) + 300
t([1], dtype=torch.uint8) * -1
-t([2], dtype=torch.uint8)
t([nan, 1., inf]).nan_to_num(5., 6.)
torch.maximum(t([nan, 1.]), t([0., nan]))
torch.fmax(t([nan, 1.]), t([0., nan]))
t([nan, 2.]).clamp(0, 1)
t([1, 5]).clamp(2)
t([1, 5]).clamp(2.5)
t([1., 5.]).clamp(4, 2)
t([1., nan]).max()
t([1., nan, 3.]).max(0)
t([1., nan, 3.]).argmin()
t([3., nan, 1.]).sort()
t([3., nan, 1.]).sort(descending=True)
t([2, 1, 2, 1]).sort(descending=True, stable=True)
t([3., nan, 1.]).median()
t([3., nan, 1.]).nanmedian()
t([[3., nan, 1.], [1., 2., 3.]]).median(1)
t([3., 1., 1., 3., 2.]).mode()
t([1., nan]).nansum()
t([1., nan]).nanmean()
t([1., nan]).cummax(0)
t([2., 2., 1., 3.]).cummax(0)
t([2., 2., 3., 1.]).cummin(0)
t([-inf, -inf]).logsumexp(0)
t([inf, 1.]).logsumexp(0)
t([-inf, 1.]).softmax(0)
t([0., 0.]).var()
t([1.]).var()
t(3.).var()
t(3.).sum(0)
t(3.).max(0)
t(3.).softmax(0)
t(3.).sort()
t(3.).cumsum(0)
t([]).sum()
t([]).prod()
t([]).mean()
torch.ones(0, 3).sum(0)
torch.ones(2, 0).prod(1)
torch.ones(2, 3).sum((), keepdim=True)
torch.ones(2, 3).sum(axis=0, keepdims=True)
torch.ones(2, 3).mean(axis=1)
torch.ones(2, 3).argmax(keepdim=True)
torch.ones(2, 3).all(dim=(0, 1))
t([0., 2.]).any(dim=0, keepdim=True)
torch.sum(t([1, 2]), dtype=torch.float64)
torch.mean(t([1, 2]), dtype=torch.float64)
torch.sum(t([1.5, 2.5]), dtype=torch.int32)
torch.softmax(t([1, 2]), 0, dtype=torch.float32)
t([1, 2, 3]).cumsum(0, dtype=torch.float64)
torch.isclose(t([1., nan]), t([1. + 1e-9, nan]), equal_nan=True)
torch.allclose(t([1., 2.]), t([1., 2.1]))
torch.equal(t([1, 2]), t([1, 2]))
torch.isclose(t([1, 2]), t([1, 3]))
torch.unique(t([3, 1, 3]), return_inverse=True, return_counts=True)
torch.unique(t([[1, 2], [1, 2], [0, 1]]), dim=0, return_counts=True)
torch.unique_consecutive(t([1, 1, 2, 1]), return_inverse=True, return_counts=True)
torch.unique_consecutive(t([[1, 2], [1, 2], [0, 1]]), dim=0)
torch.bincount(t([1, 1, 3]))
torch.bincount(t([1, 1, 3]), t([.5, 1., 2.]), minlength=6)
torch.histc(t([1., 2., 2., 4.]), bins=3, min=1, max=4)
torch.histc(t([1., 2., 2., 4.]), bins=2)
torch.searchsorted(t([1, 3, 5]), t([3, 6]), right=True)
torch.searchsorted(t([1, 3, 5]), t([2.5, 3.0, 6.0]))
torch.searchsorted(t([1.0, 3.5, 5.0]), t([3, 4]), right=True)
torch.searchsorted(t([0.1]).double() * 3, t([0.1]) * 3)
torch.searchsorted(torch.zeros(2, 0), torch.ones(2, 3))
torch.bucketize(t([1, 2, 3]), t([1.5, 2.5]))
torch.bucketize(t([2**24 + 1]), t([2.0**24]))
torch.bucketize(t([1.0, 2.5, 3.0]), t([1, 2]))
torch.histogram(t([1.0, 2.0, 2.5]))
torch.searchsorted(t([[1, 3, 5], [2, 4, 6]]), t([[3, 6], [3, 6]]), out_int32=True)
torch.bucketize(t([0., 3., 9.]), t([1., 3., 5.]))
torch.bucketize(3, t([1, 3, 5]))
t([1., 2., 4.]).quantile(0.4)
t([1., nan, 4.]).quantile(0.4)
t([1., nan, 4.]).nanquantile(0.4)
t([[1., 5.], [2., 4.]]).quantile(t([0., 0.5, 1.]), dim=0, keepdim=True)
t([3., 1., 2.]).kthvalue(2)
t([1., 3., 2.]).topk(2, largest=False)
torch.aminmax(t([[1, 5], [2, 4]]), dim=1)
torch.count_nonzero(t([[1, 0], [2, 4]]), 0)
torch.frexp(t([1., 3.]))
torch.gcd(t([12, 8]), t([18, 12]))
torch.lcm(t([4]), t([6]))
torch.nextafter(t([1.]), t([2.]))
torch.heaviside(t([-1., 0., 1.]), t([0.5]))
t([0.5, 1.5, 2.5, -0.5]).round()
t([1.234, 5.678]).round(decimals=2)
t([123.]).round(decimals=-1)
torch.xlogy(t([0., 0., 1.]), t([0., nan, 2.]))
torch.digamma(t([0., -1., 0.5]))
torch.lgamma(t([0., -1., 0.5]))
torch.logaddexp(t([-inf, inf]), t([-inf, inf]))
torch.polar(t([1., 2.]), t([0., 1.]))
torch.view_as_complex(t([[1., 2.], [3., 4.]]))
torch.real(t([1 + 2j]))
t([3 + 4j]).abs()
t([3 + 4j, 0]).sgn()
t([-1., 1.]).angle()
torch.where(t([True, False]), 1, 2.5)
torch.where(t([True, False]), t([1, 2]), 2.5)
torch.where(t([True, False, True]))
torch.linalg.slogdet(torch.eye(2) * -2)
torch.slogdet(torch.eye(2))
torch.linalg.inv_ex(torch.eye(2))
torch.linalg.matrix_rank(torch.ones(2, 2))
torch.linalg.eigh(torch.eye(2) * 3)[0]
torch.linalg.lstsq(t([[1., 0.], [0., 2.], [0., 0.]]), t([[1.], [2.], [3.]]))
torch.logdet(-torch.eye(1))
torch.matrix_power(t([[2., 1.], [0., 1.]]), 0)
torch.linalg.norm(t([[1., 2.], [3., 4.]]), 'nuc')
torch.diff(t([True, False, True]))
torch.diff(t([1., 2.]), prepend=t([0.]), n=2)
torch.cov(t([[1., 2., 3.], [4., 5., 7.]]), aweights=t([.1, .2, .1]))
torch.cov(t([[1., 2., 3.], [4., 5., 7.]]), correction=0, fweights=t([1, 2, 1]))
torch.isin(t([1, 2, 3]), t([2, 5]))
torch.isin(t([1, 2]), 2, invert=True)
torch.vander(t([1, 2, 3]), N=2, increasing=True)
torch.clamp_(t([1., 5.]), max=2.)
2 << t([1, 2])
torch.norm(t([1., 2.]), dtype=torch.float64)
torch.cdist(t([[0., 0.]]), t([[3., 4.], [0., 1.]]), p=0)
torch.cdist(torch.ones(30, 2), torch.zeros(30, 2))[0]
torch.einsum('i,j', t([1., 2.]), t([3., 4.]))
torch.einsum('ij,ij->i', t([[1., 2.]]), t([[3., 4.]]))
torch.einsum('bij,bjk', torch.ones(2, 3, 4), torch.ones(2, 4, 5))
torch.einsum('...i,...i', torch.ones(2, 3), torch.ones(1, 3))
torch.einsum('ii,jj', torch.ones(2, 2), torch.ones(3, 3))
torch.tensordot(t([1., 2.]), t([3., 4.]), 0)
torch.ones(2, 3, dtype=torch.int64) @ torch.ones(3, dtype=torch.int64)
torch.ones(2, 3, dtype=torch.float16) @ torch.ones(3, 2, dtype=torch.float16)
torch.ones(2, 3, dtype=torch.bfloat16).sum()
torch.full((4096,), 1.001, dtype=torch.float16).sum()
torch.ones(2, 3).addmm(torch.ones(2, 2) * nan, torch.ones(2, 3), beta=0).isnan().all()
torch.addmm(t(nan), torch.ones(2, 2), torch.ones(2, 2), beta=0)
torch.add(2, t([1.]))
torch.sub(2, t([1.]))
torch.mul(2, t([1.]))
torch.div(2, t([4.]))
torch.remainder(5, t([3]))
torch.add(t([1.]), t([1.]), out=torch.zeros(1))
torch.matmul(torch.ones(2, 2), torch.ones(2, 2), out=torch.zeros(2, 2))
t([1., 2.]).add_(1)
t([1., 2.]).sub_(t([1., 1.]))
t([1., 2.]).mul_(2).div_(4)
t([1., 2.]).pow_(2)
t([1., 2.]).clamp_(max=1.5)
t([1., 2.]).sqrt_()
t([1., 2.]).addcmul_(t([1., 2.]), t([3., 4.]), value=2)
t([1., 2.]).lerp_(t([3., 4.]), 0.5)
t([1., 2.]).eq_(1)
t([1, 2]).bitwise_and_(1)
t([1., 2.]).cumsum_(0)
t([1., 2.]).square_()
t([1., 2.]).fmod_(1.5)
""".strip().splitlines()

ERRORS = r"""
t([3]) // 0
t([3]) % 0
torch.fmod(t([3]), 0)
torch.div(t([3]), t([0]), rounding_mode='floor')
torch.div(t([3]), 2, rounding_mode='round')
t([True]) - t([True])
t([1.]) - t([True])
1 - t([True])
t([True]) - 1
-t([True])
torch.positive(t([True]))
torch.add(t([1]), 1, alpha=1.5)
torch.add(t([1.]), 1, alpha=1j)
torch.add(t([1.]), 1, alpha=True)
t([2]) ** -1
torch.sign(t([1j]))
torch.gcd(t([1.]), t([2.]))
t([1.]) << 1
t([1.]) & 1
t([1j]) < 1j
torch.maximum(torch.ones(2), 1)
torch.maximum(t([1j]), t([1j]))
torch.lerp(torch.ones(1), torch.ones(1).double(), .5)
torch.lerp(t([1]), t([3]), .5)
torch.addcdiv(t([1]), t([1]), t([1]))
torch.ones(2).clamp()
torch.ones(2).clamp(torch.ones(2), 3)
t([1j]).clamp(1)
torch.exp(3.)
torch.add(torch.ones(1), 'a')
torch.ones(2) + torch.ones(3)
torch.ones(2, 3).add(torch.ones(3, 2))
t([1, 2]).add_(1.5)
t([1]).div_(2)
torch.ones(1).add_(torch.ones(2))
torch.where(torch.ones(2), 1., 2.)
torch.where(t([True, False]), torch.ones(3), 1.)
torch.isclose(t([1.]), t([1]))
t([1, 2]).mean()
t([True]).mean()
torch.ones(2, 3).sum(2)
torch.ones(2, 3).sum((0, 0))
torch.ones(2, 3).mean(5)
torch.ones(2, 3).sum(-3)
t([]).max()
t([]).min()
torch.ones(0, 3).max(0)
t([]).argmax()
torch.ones(0, 3).argmin(0)
torch.ones(0, 3).amax(0)
torch.ones(2, 3).amax((0, 0))
t([1]).var()
t([2, 1]).std()
torch.std_mean(t([2, 1]))
t([1]).softmax(0)
t([1.]).softmax(3)
t([1, 2]).norm()
torch.ones(2, 3).norm(dim=5)
torch.ones(2).norm('x')
torch.ones(2).norm('nuc')
torch.linalg.vector_norm(torch.ones(0), float('inf'))
torch.linalg.matrix_norm(torch.ones(2))
torch.linalg.matrix_norm(torch.ones(2, 2), 3)
torch.linalg.norm(torch.ones(2, 2, 2), 2)
t([1j]).max()
t([True]).median()
t([1, 2]).topk(3)
torch.ones(2, 3).kthvalue(9)
torch.ones(3).quantile(2.)
torch.ones(3).long().quantile(.5)
torch.ones(3).quantile(.5, interpolation='x')
t([1.]).sort(5)
torch.ones(2, 3).cumsum(3)
torch.ones(2).cumsum()
torch.bincount(t([1.]))
torch.bincount(t([-1]))
torch.histc(t([1, 2]))
torch.trace(torch.ones(3))
t([1, 2]).nanmean()
torch.cross(torch.ones(2), torch.ones(2))
torch.linalg.cross(torch.ones(2), torch.ones(2))
torch.cdist(torch.ones(3), torch.ones(3))
torch.cdist(torch.ones(3, 2), torch.ones(3, 4))
torch.cdist(torch.ones(2, 2), torch.ones(2, 2), p=-1)
torch.dist(torch.ones(2), torch.ones(3))
torch.ones(2, 3) @ torch.ones(2, 3)
torch.ones(2, 3).mm(torch.ones(3))
torch.ones(3).mm(torch.ones(3, 3))
torch.ones(2, 3) @ torch.ones(2)
torch.ones(2).mv(torch.ones(2))
torch.ones(3) @ torch.ones(2)
torch.ones(3).dot(torch.ones(2, 2))
torch.ones(3).dot(torch.ones(3).double())
torch.ones(2, 3) @ torch.ones(3, 2).double()
t([[1, 2]]) @ torch.ones(2, 1)
torch.ones(2, 3, 4).bmm(torch.ones(2, 3, 4))
torch.ones(2, 3).bmm(torch.ones(2, 3, 4))
torch.ones(2, 3, 4).bmm(torch.ones(2, 4))
torch.ones(2, 3, 4).bmm(torch.ones(3, 4, 2))
torch.ones(2, 3, 4) @ torch.ones(3, 4, 2)
torch.ones(2, 3, 4) @ torch.ones(2, 3, 2)
t(1.) @ torch.ones(2)
torch.ones(2) @ t(1.)
torch.ones(2, 3) @ 2
torch.matmul(torch.ones(2, 3), 2)
torch.addmm(torch.ones(2), torch.ones(2, 3), torch.ones(2, 3))
torch.addmm(torch.ones(5), torch.ones(2, 3), torch.ones(3, 2))
torch.addmm(torch.ones(2).double(), torch.ones(2, 3), torch.ones(3, 2))
F.linear(torch.ones(2, 3), torch.ones(4, 2))
F.linear(torch.ones(2, 3), torch.ones(4, 2), torch.ones(4))
F.linear(torch.ones(2, 3), torch.ones(4, 3), torch.ones(5))
F.linear(torch.ones(2, 3), torch.ones(4, 3).double(), torch.ones(4).double())
F.linear(torch.ones(2, 3).long(), torch.ones(4, 3), torch.ones(4))
F.linear(torch.ones(5, 2, 3), torch.ones(4, 2), torch.ones(4))
torch.outer(torch.ones(2, 2), torch.ones(2))
torch.inner(torch.ones(2, 3), torch.ones(2, 2))
torch.einsum('ij,jk', torch.ones(2, 3), torch.ones(2, 3))
torch.einsum('ij', torch.ones(2))
torch.einsum('i,i->k', torch.ones(2), torch.ones(2))
torch.tensordot(torch.ones(2, 3), torch.ones(2, 3), 1)
torch.linalg.multi_dot([torch.ones(2, 2)])
torch.matrix_power(torch.ones(2, 3), 2)
torch.linalg.inv(torch.ones(2, 3))
torch.linalg.inv(torch.ones(2, 2))
torch.linalg.inv(torch.zeros(2, 2, 2))
torch.linalg.inv(torch.ones(2, 2, dtype=torch.int64))
torch.linalg.inv(torch.ones(2, 2, dtype=torch.float16))
torch.linalg.inv(torch.ones(3))
torch.linalg.cholesky(-torch.eye(2))
torch.linalg.cholesky(torch.ones(2, 2, 2) * -1)
torch.linalg.solve(torch.ones(2, 2), torch.ones(2))
torch.linalg.solve(torch.eye(2), torch.ones(3))
torch.linalg.solve(torch.eye(2), torch.ones(2).double())
torch.linalg.det(torch.ones(2, 3))
torch.linalg.eigh(torch.ones(2, 3))
torch.linalg.svd(torch.ones(2))
torch.linalg.svd(t([[nan]]))
torch.linalg.qr(torch.ones(3, 3), mode='x')
torch.linalg.lstsq(torch.ones(2), torch.ones(2))
torch.diff(t(1.))
torch.cov(torch.ones(2, 2, 2))
torch.view_as_real(torch.ones(2))
torch.view_as_complex(torch.ones(3))
torch.imag(torch.ones(2))
torch.complex(torch.ones(2), torch.ones(2).double())
(torch.ones(2, requires_grad=True) // 2).sum().backward()
torch.linalg.qr(torch.ones(3, 2, requires_grad=True), mode='complete')[0].sum().backward()
""".strip().splitlines()


def _run(expression):
    return lambda lib: eval(
        expression, {"torch": lib, "t": lib.tensor, "F": lib.nn.functional, "nan": float("nan"), "inf": float("inf")}
    )


@pytest.mark.parametrize("expression", EXACT)
def test_special_values_agree_with_pytorch(expression):
    assert not isinstance(_outcome(torch, _run(expression)), tuple)
    _agree(_run(expression))


@pytest.mark.parametrize("expression", ERRORS)
def test_errors_have_the_type_and_the_text_of_pytorch(expression):
    assert isinstance(_outcome(torch, _run(expression)), tuple)
    _agree(_run(expression))


def test_return_types_print_as_in_pytorch():
    for expression in ("torch.max(t([[1., 2.]]), 1)", "t([2., 1.]).sort()", "torch.aminmax(t([1, 2]))", "t([1., 2.]).median(0)"):
        assert repr(_run(expression)(adjoint)) == repr(_run(expression)(torch))


def test_a_row_of_zeros_has_the_gradients_of_a_product():
    x = adjoint.tensor([0.0, 2.0, 3.0], requires_grad=True)
    x.prod().backward()
    assert x.grad.tolist() == [6.0, 0.0, 0.0]
    y = adjoint.tensor([0.0, 0.0, 3.0], requires_grad=True)
    assert adjoint.autograd.functional.hessian(lambda v: v.prod(), y).tolist() == [[0, 3, 0], [3, 0, 0], [0, 0, 0]]


def test_linear_shows_the_transposed_weight_in_its_graph():
    x, w, b = adjoint.ones(2, 3), adjoint.ones(4, 3, requires_grad=True), adjoint.ones(4, requires_grad=True)
    bias, rows, weight = adjoint.nn.functional.linear(x, w, b).grad_fn.next_functions
    assert bias[0].variable is b and rows == (None, 0)
    assert weight[0].name() == "TBackward0" and weight[0].next_functions[0][0].variable is w


def test_an_operand_changed_in_place_after_a_scalar_power_is_noticed():
    x = adjoint.ones(2, requires_grad=True) * 1
    y = x**2
    x.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_a_power_in_place_differentiates_the_value_before_it():
    x = adjoint.tensor([2.0, 3.0], requires_grad=True)
    y = x * 1
    y.pow_(3)
    y.sum().backward()
    assert x.grad.tolist() == [12.0, 27.0]


def test_the_determinant_of_a_singular_matrix_has_a_gradient():
    def gradient(lib):
        x = lib.tensor([[1.0, 2.0], [2.0, 4.0]], dtype=lib.float64, requires_grad=True)
        lib.linalg.det(x).backward()
        return x.grad.numpy()

    np.testing.assert_allclose(gradient(adjoint), [[4, -2], [-2, 1]], atol=1e-12)


def test_vectors_of_decompositions_have_gradients_that_finite_differences_confirm():
    rng = np.random.default_rng(3)
    for shape in ((3, 3), (4, 2), (2, 4)):
        x = adjoint.from_numpy(rng.normal(size=shape)).requires_grad_()
        assert adjoint.autograd.gradcheck(lambda a: [t.abs() for t in adjoint.linalg.svd(a, full_matrices=False)], x)
        assert adjoint.autograd.gradcheck(lambda a: [t.abs() for t in adjoint.linalg.qr(a)], x)
    x = adjoint.from_numpy(rng.normal(size=(3, 3))).requires_grad_()
    assert adjoint.autograd.gradcheck(lambda a: [t.abs() for t in adjoint.linalg.eigh(a + a.mT)], x)
    assert adjoint.autograd.gradcheck(lambda a: [t.abs() for t in adjoint.linalg.eig(a)], x)


@pytest.mark.parametrize("dtype", ("float32", "bfloat16", "float16"))
def test_gradients_have_the_dtype_of_their_input(dtype):
    for expression in SMOOTH:
        if "linalg" in expression or "float64" in expression or re.search(r"det|inverse|matrix|float_power|cholesky", expression):
            continue
        d = getattr(adjoint, dtype)
        names = {k: t.detach().to(d).requires_grad_() for k, t in _inputs(adjoint).items() if k not in "cd"}
        result = eval(expression, {"torch": adjoint, "F": adjoint.nn.functional, **names})
        seen = []
        for t in _all(result):
            if t.requires_grad:
                assert t.dtype is d, expression
                t.grad_fn.register_hook(lambda grads, _, seen=seen: seen.extend(g.dtype for g in grads if g is not None))
        sum(t.sum() for t in _all(result) if t.requires_grad).backward()
        assert seen and set(seen) == {d}, expression
