"""Samples: for every row of the tables, expressions that run it, written once for both libraries.

A sample is an expression in the names of :func:`values`; floating ones require grad where gradients are tested.  An
element-wise row in ``torch`` needs none, unless its domain is not all numbers (:data:`DOMAINS`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from adjoint.declare.operator import Operator


@lru_cache(maxsize=1)
def values() -> dict[str, np.ndarray]:
    """The operands: floating ones in float64 (no two alike, none near an integer or a half), and others as they are."""
    random = np.random.default_rng(7)

    def spread(shape: Any, low: float, high: float) -> np.ndarray:
        size = int(np.prod(shape))
        found = np.linspace(low, high, size + 2)[1:-1] + random.uniform(-0.01, 0.01, size) / max(size, 1)
        near = np.abs(found * 2 - np.round(found * 2)) < 0.02
        return random.permutation(found + near * 0.03).reshape(shape)

    return {
        "x": spread((2, 3), -2, 2),
        "y": spread((2, 3), -1.9, 2.1),
        "z": spread((2, 3), -1.5, 1.7),
        "p": spread((2, 3), 0.4, 2.2),  # positive
        "q": spread((2, 3), 0.5, 2.4),
        "u": spread((2, 3), 0.1, 0.9),
        "c": spread((2, 3), -0.9, 0.9),
        "big": spread((2, 3), 1.2, 3.1),
        "row": spread((3,), -1.2, 1.4),
        "prow": spread((3,), 0.6, 1.6),
        "col": spread((2, 1), -1.3, 1.1),
        "s": spread((), 0.3, 1.1),
        "v": spread((3,), -1, 1.3),
        "w": spread((3,), -1.1, 1.2),
        "v4": spread((4,), -1.1, 1.2),
        "v6": spread((6,), -1.1, 1.2),
        "m": spread((3, 3), -1.4, 1.6),
        "n": spread((3, 3), -1.2, 1.5),
        "m34": spread((3, 4), -1.2, 1.5),
        "t": spread((2, 3, 4), -1.5, 1.4),
        "t2": spread((2, 4, 3), -1.3, 1.6),
        "big4": spread((2, 4, 2, 2), -1.3, 1.6),
        "l": spread((2, 2, 6), -1.5, 1.7),
        "i2": spread((2, 2, 4, 4), -1.5, 1.7),
        "i3": spread((2, 2, 4, 4, 2), -1.5, 1.7),
        "k1": spread((3, 2, 3), -1, 1.1),
        "k2": spread((3, 2, 3, 3), -1, 1.1),
        "b3": spread((3,), -0.4, 0.6),
        "b2": spread((2,), 0.4, 1.6),
        "g4": spread((4,), 0.4, 1.6),
        "pair": spread((3, 2), -1.4, 1.6),
        # What has no gradient.
        "mask": np.array([[True, False, True], [False, True, True]]),
        "bits": np.array([[True, True, False], [False, True, False]]),
        "j": np.array([[5, -3, 12], [7, 2, -9]]),
        "k": np.array([[2, 4, 3], [1, 6, 5]]),
        "idx": np.array([2, 0]),
        "twice": np.array([1, 1]),
        "along0": np.array([[0, 1, 1], [1, 0, 0]]),
        "along1": np.array([[0, 2], [1, 1]]),
        "label": np.array([2, 0]),
        "lines": np.array([3, 2, 3]),
        "labels": np.array([[[0, 1], [1, 0]], [[1, 1], [0, 1]]]),
    }


NOT_DIFFERENTIABLE = {"mask", "bits", "j", "k", "idx", "twice", "along0", "along1", "label", "labels", "lines"}

# Which operands an element-wise row takes, where not all numbers do.
DOMAINS: dict[str, tuple[str, ...]] = {
    "sqrt": ("p",),
    "rsqrt": ("p",),
    "log": ("p",),
    "log2": ("p",),
    "log10": ("p",),
    "log1p": ("c",),
    "asin": ("c",),
    "acos": ("c",),
    "atanh": ("c",),
    "acosh": ("big",),
    "erfinv": ("c",),
    "logit": ("u",),
    "lgamma": ("p",),
    "digamma": ("p",),
    "xlogy": ("x", "p"),
    "_standard_gamma_grad": ("p", "p"),
    "_dirichlet_grad": ("u", "p", "p + 1"),
    "pow": ("p", "y"),
    "gcd": ("j", "k"),
    "lcm": ("j", "k"),
    "bitwise_and": ("j", "k"),
    "bitwise_or": ("j", "k"),
    "bitwise_xor": ("j", "k"),
    "bitwise_not": ("j",),
    "bitwise_left_shift": ("j", "k"),
    "bitwise_right_shift": ("j", "k"),
}

_RESIZE = "F.interpolate({x}, scale_factor=2, mode='{mode}'{more})"

# Row -> its samples.
SAMPLES: dict[str, tuple[str, ...]] = {
    # activation
    "leaky_relu": ("F.leaky_relu(x, 0.3)",),
    "_prelu_kernel": ("F.prelu(x, s)", "F.prelu(x, prow)", "torch._prelu_kernel(x, prow)"),
    "rrelu_with_noise": ("F.rrelu(x, 0.2, 0.2, training=True)",),
    "threshold": ("F.threshold(x, 0.2, -3.0)",),
    "hardtanh": ("F.hardtanh(x, -0.5, 0.7)", "F.relu6(x * 5)"),
    "hardswish": ("F.hardswish(x * 3)",),
    "hardsigmoid": ("F.hardsigmoid(x * 3)",),
    "softshrink": ("F.softshrink(x, 0.4)",),
    "hardshrink": ("F.hardshrink(x, 0.4)",),
    "elu": ("F.elu(x, 0.7)", "F.selu(x)"),
    "celu": ("F.celu(x, 0.7)",),
    "gelu": ("F.gelu(x)", "F.gelu(x, approximate='tanh')"),
    "silu": ("F.silu(x)",),
    "mish": ("F.mish(x)",),
    "softplus": ("F.softplus(x, beta=2.0, threshold=3.0)",),
    "logsigmoid": ("F.logsigmoid(x)",),
    "glu": ("F.glu(t)",),
    # arithmetic
    "add": ("x + y", "torch.add(x, row, alpha=2)", "x + 3"),
    "sub": ("x - y", "torch.sub(x, col, alpha=3)", "x - 2"),
    "rsub_number": ("2 - x", "torch.rsub(x, 2, alpha=3)"),
    "rsub": ("torch.rsub(x, y, alpha=2)",),
    "mul": ("x * y", "x * row", "x * s", "x * 3"),
    "div": ("x / p", "x / prow", "x / 2", "torch.div(x, p, rounding_mode='floor')", "torch.div(x, p, rounding_mode='trunc')"),
    "floor_divide": ("torch.floor_divide(x, p)",),
    "remainder_number": ("x % 0.7",),
    "remainder_of_number": ("0.7 % p",),
    "remainder": ("torch.remainder(x, p)",),
    "fmod_number": ("torch.fmod(x, 0.7)",),
    "fmod": ("torch.fmod(x, p)",),
    "pow_number": ("x ** 3", "p ** 0.5", "p ** -1.5"),
    "rpow_number": ("2 ** x",),
    "lerp_number": ("torch.lerp(x, y, 0.3)",),
    "lerp_tensor": ("torch.lerp(x, y, z)",),
    "ldexp": ("torch.ldexp(x, y)", "torch.ldexp(x, k)"),
    "addcmul": ("torch.addcmul(x, y, z, value=2)",),
    "addcdiv": ("torch.addcdiv(x, y, p, value=2)",),
    # bounds
    "clamp": ("torch.clamp(x, -0.5, 0.7)",),
    ".clamp": ("torch.clamp(x, y - 0.5, y + 0.7)", "torch.clamp(x, max=y)"),
    "clamp_min_number": ("torch.clamp_min(x, 0.2)",),
    "clamp_max_number": ("torch.clamp_max(x, 0.2)",),
    "where": ("torch.where(mask, x, y)", "torch.where(mask, row, 2.0)"),
    "nan_to_num": ("torch.nan_to_num(x / mask, 1.0, 2.0, 3.0)",),
    # shape
    "view": ("x.view(3, 2)", "x.view(-1)"),
    "_unsafe_view": ("t.transpose(0, 2).reshape(24)", "torch.kron(x, m)"),
    "_reshape_alias": ("t[:, :2].reshape(2, 8)", "t.transpose(0, 1).reshape(3, 2, 2, 2)"),
    "squeeze": ("col.squeeze(1)", "col.squeeze()"),
    "unsqueeze": ("x.unsqueeze(1)",),
    "alias": ("x[...]",),
    "expand": ("row.expand(2, 3)", "col.expand(-1, 3)"),
    "view_as_real": ("torch.view_as_real(torch.complex(x, y))",),
    "view_as_complex": ("torch.view_as_complex(pair)",),
    "angle": ("torch.angle(x)", "torch.angle(torch.complex(x, y))"),
    "conj": ("torch.conj(torch.complex(x, y)) * 2",),
    "_neg_view": ("torch._neg_view(x)",),
    "conj_physical": ("torch.conj_physical(torch.complex(x, y))",),
    "complex": ("torch.complex(x, y)",),
    "polar": ("torch.polar(p, y)",),
    "transpose": ("torch.transpose(t, 0, 2)",),
    "t": ("x.t()",),
    "permute": ("t.permute(2, 0, 1)",),
    "unbind": ("torch.unbind(x)", "x.unbind(1)"),
    "split": ("torch.split(t, 3, 2)",),
    "unsafe_split": ("torch.unsafe_split(t, 3, 2)",),
    "unsafe_split_with_sizes": ("torch.unsafe_split_with_sizes(t, [1, 3], 2)",),
    "split_with_sizes": ("torch.split(t, [1, 2], 1)",),
    "as_strided": ("x.as_strided((2, 2), (1, 2), 1)",),
    "cat": ("torch.cat([x, y], 1)", "torch.cat([x, row[None]])"),
    "stack": ("torch.stack([x, y], 1)",),
    "block_diag": ("torch.block_diag(x, m)",),
    "repeat": ("x.repeat(2, 1, 2)",),
    "flip": ("x.flip(0, 1)",),
    "roll": ("torch.roll(x, 1)", "torch.roll(x, (1, 2), (0, 1))"),
    "rot90": ("torch.rot90(x)",),
    "tril": ("torch.tril(m)", "torch.tril(t, 1)"),
    "triu": ("torch.triu(m, -1)",),
    "diagonal_copy": ("torch.diagonal_copy(m)",),
    "diag_embed": ("torch.diag_embed(x, 1)",),
    "diagonal": ("torch.diagonal(t, 1, 1, 2)",),
    "diagonal_backward": ("torch.diagonal(m)",),
    "select": ("t.select(1, 2)", "x[1]"),
    "select_backward": ("x[0] * x[1]",),
    "slice": ("t[:, 1:, ::2]",),
    "slice_backward": ("t[:, :2] * t[:, 1:]",),
    "narrow_copy": ("torch.narrow_copy(t, 2, 1, 2)",),
    "unfold": ("v6.unfold(0, 3, 2)",),
    "unfold_backward": ("v6.unfold(0, 3, 1)",),
    # reduction
    "sum": ("x.sum()", "t.sum((0, 2))", "x.sum(1, keepdim=True)"),
    "mean": ("x.mean()", "t.mean((0, 2))", "x.mean(1, keepdim=True)"),
    "nansum": ("torch.nansum(x)", "torch.nansum(x, 1)"),
    "prod": ("x.prod()", "x.prod(1)", "torch.prod(x * mask)"),
    "any": ("torch.any(mask)", "torch.any(mask, 1)"),
    "all": ("torch.all(mask)", "torch.all(mask, 0)"),
    "count_nonzero": ("torch.count_nonzero(mask)", "torch.count_nonzero(j, 1)"),
    "var": ("x.var()", "x.var(1)", "torch.var(x, 0, correction=0, keepdim=True)"),
    "std": ("x.std()", "x.std(1)"),
    "var_mean": ("torch.var_mean(x, 1)",),
    "std_mean": ("torch.std_mean(x)",),
    "logsumexp": ("torch.logsumexp(x, 1)", "torch.logsumexp(t, (0, 2))"),
    "trace": ("torch.trace(m)",),
    "max": ("x.max()",),
    "min": ("x.min()",),
    ".max": ("x.max(1)",),
    ".min": ("x.min(0)",),
    "amax": ("torch.amax(x, 1)", "torch.amax(x)"),
    "amin": ("torch.amin(x, 0)",),
    "aminmax": ("torch.aminmax(x)", "torch.aminmax(x, dim=1)"),
    "argmax": ("x.argmax()", "x.argmax(1)"),
    "argmin": ("x.argmin()", "x.argmin(0)"),
    "median": ("x.median()",),
    ".median": ("x.median(1)",),
    "nanmedian": ("x.nanmedian()",),
    ".nanmedian": ("x.nanmedian(1)",),
    "mode": ("torch.mode(x)",),
    "sort": ("torch.sort(x)", "torch.sort(x, 0, descending=True)"),
    "topk": ("torch.topk(x, 2)",),
    "kthvalue": ("torch.kthvalue(x, 2)",),
    "cumsum": ("torch.cumsum(x, 1)",),
    "cumprod": ("torch.cumprod(x, 1)", "torch.cumprod(x * mask, 1)"),
    "cummax": ("torch.cummax(x, 1)",),
    "cummin": ("torch.cummin(x, 0)",),
    "logcumsumexp": ("torch.logcumsumexp(x, 1)",),
    "_shares_back": ("torch.logcumsumexp(x, 1)",),
    "_shares_forth": ("torch.logcumsumexp(x, 1)",),
    "softmax": ("torch.softmax(x, 1)",),
    "log_softmax": ("torch.log_softmax(x, 0)",),
    # contraction
    "mm": ("torch.mm(x, m)",),
    "mv": ("torch.mv(x, v)",),
    "dot": ("torch.dot(v, w)",),
    "vdot": ("torch.vdot(v, w)",),
    "bmm": ("torch.bmm(t, t2)",),
    "matmul": ("t @ m34.t()", "t @ v4"),
    "vector_matmul": ("v @ m",),
    "addmm": ("torch.addmm(x, x, m, beta=0.5, alpha=2)", "torch.addmm(row, x, m)"),
    "addmv": ("torch.addmv(b2, x, v, alpha=2)",),
    "addr": ("torch.addr(m, v, w, beta=0.5, alpha=2)",),
    "baddbmm": ("torch.baddbmm(m, t, t2, beta=0.5, alpha=2)",),
    "addbmm": ("torch.addbmm(m, t, t2, alpha=2)",),
    "linear": ("F.linear(x, m, row)", "F.linear(t, m34, row)"),
    "linear.whole": (),
    "plus_number": ("torch.special.ndtr(x)",),
    "times_number": ("torch.trapezoid(x)",),
    "over_number": ("torch.trapezoid(x, y)",),
    "convolution": (
        "F.conv1d(l, k1, b3, padding=1)",
        "F.conv2d(i2, k2, b3, stride=2, padding=1)",
        "F.conv_transpose2d(i2, k2.transpose(0, 1), b3, stride=2, padding=1, output_padding=1)",
        "F.conv2d(i2, k2[:2, :1], groups=2)",
    ),
    "_convolve": ("F.conv2d(i2, k2)",),
    "_convolution_input_gradient": ("F.conv2d(i2, k2)",),
    "_convolution_weight_gradient": ("F.conv2d(i2, k2)",),
    # copies
    "clone": ("x.clone()",),
    "_to_copy": ("x.to(torch.float32)",),
    "copy": ("torch.zeros(2, 3, dtype=x.dtype).copy_(x)", "(x * 1).copy_(row)"),
    # linalg
    "inverse": ("torch.linalg.inv(m)",),
    "det": ("torch.linalg.det(m)",),
    "linalg_slogdet": ("torch.linalg.slogdet(m)",),
    "linalg_solve": ("torch.linalg.solve(m, n)", "torch.linalg.solve(m, v)", "torch.linalg.solve(m, n, left=False)"),
    "linalg_solve_triangular": ("torch.linalg.solve_triangular(m.triu() + 3 * eye, n, upper=True)",),
    "linalg_lu_factor_ex": ("torch.linalg.lu_factor(m)", "torch.linalg.lu_factor_ex(m34)", "torch.linalg.lu_factor(t2)"),
    "linalg_lu": ("torch.linalg.lu(m)", "torch.linalg.lu(m34)", "torch.linalg.lu(t2)"),
    "lu_unpack": ("torch.lu_unpack(m, lines.int())", "torch.lu_unpack(m34, lines.int())", "torch.lu_unpack(pair, lines[:2].int())"),
    "linalg_lu_solve": (
        "torch.linalg.lu_solve(m, lines.int(), n)",
        "torch.linalg.lu_solve(m, lines.int(), n, adjoint=True)",
        "torch.linalg.lu_solve(m, lines.int(), x, left=False)",
        "torch.linalg.lu_solve(m, lines.int(), x, left=False, adjoint=True)",
    ),
    "linalg_householder_product": (
        "torch.linalg.householder_product(m, v)", "torch.linalg.householder_product(pair, b2)",
        "torch.linalg.householder_product(t2, x)",
    ),
    "ormqr": (
        "torch.ormqr(m, v, n)", "torch.ormqr(m, v, n, transpose=True)", "torch.ormqr(pair, b2, x, left=False)",
        "torch.ormqr(pair, b2, x, left=False, transpose=True)",
    ),
    "geqrf": ("torch.geqrf(m.detach())", "torch.geqrf(x.detach())"),
    "linalg_ldl_factor_ex": ("torch.linalg.ldl_factor((m + m.mH).detach())",),
    "linalg_pinv": ("torch.linalg.pinv(x)",),
    "linalg_lstsq": ("torch.linalg.lstsq(pair, m34).solution",),
    "linalg_matrix_exp": ("torch.linalg.matrix_exp(m * 0.3)",),
    "linalg_cholesky": ("torch.linalg.cholesky(m @ m.mH + eye)",),
    "cholesky": ("torch.cholesky(m @ m.mH + eye)",),
    "linalg_qr": ("torch.linalg.qr(m)",),
    "linalg_svd": ("torch.linalg.svdvals(x)", "torch.linalg.svd(m, full_matrices=False)[1]"),
    "linalg_eigh": ("torch.linalg.eigvalsh(m + m.mH)", "torch.linalg.eigh(m + m.mH)[1].abs()"),
    "linalg_eig": ("torch.linalg.eigvals(m + m.mH)",),
    "linalg_vector_norm": ("torch.linalg.vector_norm(x)", "torch.linalg.vector_norm(x, 3, 1)", "x.norm(1)"),
    "linalg_cross": ("torch.linalg.cross(x, y)",),
    "dist": ("torch.dist(x, y)", "torch.dist(x, y, 3)"),
    "cdist": ("torch.cdist(x, y)", "torch.cdist(x, y, 1.0)"),
    "cdist.other": ("torch.cdist(x, y, 3.0)",),
    "pdist": ("torch.pdist(x)", "torch.pdist(x, 1.0)"),
    # Fourier transforms
    "_fft_c2c": (
        "torch.fft.fftn(x, dim=(0, 1))",
        "torch.fft.ifft2(t, norm='ortho')",
        "torch.fft.fft(torch.complex(x, y), 5, 0, 'forward')",
    ),
    "_fft_r2c": ("torch.fft.rfft(x)", "torch.fft.rfftn(t, dim=(2, 1))", "torch.fft.fft(m34, 3)", "torch.fft.ihfft(v6)"),
    "_fft_c2r": (
        "torch.fft.irfft(torch.complex(x, y))",
        "torch.fft.irfft(torch.complex(x, y), 3, 0)",
        "torch.fft.irfft2(torch.complex(m, n), (3, 5))",
        "torch.fft.hfft(torch.complex(v, w), 5)",
    ),
    # elementwise with values
    "mvlgamma": ("torch.mvlgamma(p + 1, 2)",),
    "i1": ("torch.special.i1(x)",),
    **{
        name: (f"torch.special.{name}({operand})",)
        for operand, names in {
            "x": "erfcx log_ndtr i0e i1e airy_ai bessel_j0 bessel_j1 modified_bessel_i0 modified_bessel_i1 spherical_bessel_j0",
            "p": "entr bessel_y0 bessel_y1 modified_bessel_k0 modified_bessel_k1 scaled_modified_bessel_k0 "
            "scaled_modified_bessel_k1",
            "u": "ndtri",
        }.items()
        for name in names.split()
    },
    "xlog1py": ("torch.special.xlog1py(x, p)", "torch.special.xlog1py(x, prow)"),
    "zeta": ("torch.special.zeta(big.detach(), q)",),
    **{
        f"{name}_polynomial_{kind}": (f"torch.special.{name}_polynomial_{kind}(x, k)",)
        for name, kinds in {
            "chebyshev": "tuvw", "shifted_chebyshev": "tuvw", "hermite": ("h", "he"), "laguerre": "l", "legendre": "p"
        }.items()
        for kind in kinds
    },
    "i0": ("torch.i0(x)",),
    "polygamma": ("torch.polygamma(1, p)", "torch.polygamma(2, p)"),
    "frexp": ("torch.frexp(x)",),
    "isnan": ("torch.isnan(x / mask)",),
    "isinf": ("torch.isinf(x / mask)",),
    "isposinf": ("torch.isposinf(x / mask)",),
    "isneginf": ("torch.isneginf(x / mask)",),
    "isfinite": ("torch.isfinite(x / mask)",),
    "isreal": ("torch.isreal(x)",),
    "round": ("torch.round(x)", "torch.round(x, decimals=1)"),
    "hypot": ("torch.hypot(x, p)",),
    # indexing
    "index": ("x[:, idx]", "t[idx.clamp(max=1), :, idx]", "x[mask]"),
    "index_put": ("torch.index_put(x * 1, (label.clamp(max=1),), y)", "torch.index_put(x * 1, (twice,), row, accumulate=True)"),
    "index_zero": ("torch.index_put(x * 1, (label.clamp(max=1),), y)",),
    "add_at": ("x[:, [0, 0]]",),
    "from_zero": ("x[:, idx - 2]",),
    "zero_in": ("torch.select_scatter(x, row, 0, 1)", "F.embedding(along0, x, padding_idx=1)"),
    "masked_put": ("torch.masked_select(x, mask)",),
    "embedding": ("F.embedding(along0, x)",),
    "take_along": ("x.max(1)[0]", "torch.sort(x)[0]"),
    "add_along": ("torch.sort(x, 0)[0]",),
    "gather": ("torch.gather(x, 1, along1)", "torch.gather(x, 0, along0)"),
    "scatter_zero": ("torch.scatter(x, 0, along0, y)",),
    "scatter.src": ("torch.scatter(x, 1, along1[:, :1], y[:, :1])",),
    "scatter.value": ("torch.scatter(x, 1, along1, 2.0)",),
    "scatter_add": ("torch.scatter_add(x, 1, along1, y[:, :2])",),
    "scatter.reduce": ("torch.scatter(x.detach(), 1, along1, y.detach(), reduce='add')",),
    "scatter.value_reduce": ("torch.scatter(x.detach(), 1, along1, 2.0, reduce='multiply')",),
    "_derived_once": (),
    "scatter_reduce": (
        "torch.scatter_reduce(x, 1, along1, y[:, :2], 'sum')",
        "torch.scatter_reduce(x, 1, along1, y[:, :2], 'prod')",
        "torch.scatter_reduce(x, 1, along1, y[:, :2], 'mean')",
        "torch.scatter_reduce(x, 1, along1, y[:, :2], 'amax')",
        "torch.scatter_reduce(x, 1, along1, y[:, :2], 'amin', include_self=False)",
    ),
    "select_scatter": ("torch.select_scatter(x, row, 0, 1)",),
    "slice_scatter": ("torch.slice_scatter(x, col, 1, 1, 2)",),
    "diagonal_scatter": ("torch.diagonal_scatter(m, v)",),
    "index_select": ("torch.index_select(x, 1, idx)",),
    "index_add": ("torch.index_add(x, 1, idx, y[:, :2], alpha=2)",),
    "index_reduce": (
        "torch.index_reduce(x, 1, idx, y[:, :2], 'prod')",
        "torch.index_reduce(x, 1, idx, y[:, :2], 'mean', include_self=False)",
        "torch.index_reduce(x, 1, idx, y[:, :2], 'amax')",
    ),
    "index_copy": ("torch.index_copy(x, 1, idx, y[:, :2])",),
    "index_fill.number": ("torch.index_fill(x, 1, idx, 2.0)",),
    "index_fill.tensor": ("torch.index_fill(x, 1, idx, s)",),
    "take": ("torch.take(x, along1)",),
    "put": ("torch.put(x, idx, b2)", "torch.put(x, idx, b2, accumulate=True)"),
    "masked_select": ("torch.masked_select(x, mask)",),
    "masked_scatter": ("torch.masked_scatter(x, mask, v6)",),
    "zero": ("(x * 1).zero_() + x",),
    "fill.0": ("torch.fill(x * 1, 2.0)",),
    "fill.1": ("torch.fill(x * 1, s)",),
    "fill.2": ("(x * 1).fill_(2.0) + x",),
    "fill.3": ("(x * 1).fill_(s) + x",),
    "masked_zero": ("torch.masked_scatter(x, mask, v6)",),
    "masked_fill.number": ("torch.masked_fill(x, mask, 2.0)",),
    "masked_fill.tensor": ("torch.masked_fill(x, mask, s)",),
    "as_strided_scatter": (
        "torch.as_strided_scatter(x.detach(), y[:, :2], (2, 2), (1, 2))",
        "torch.as_strided_scatter(t.detach(), x, (2, 3), (12, 2), 1)",
    ),
    "igamma": ("torch.igamma(p.detach(), q)",),
    "igammac": ("torch.igammac(p.detach(), q)",),
    "polygamma.1": ("(p * 1).polygamma_(1)",),
    # view copies
    "alias_copy": ("torch.alias_copy(x)",),
    "expand_copy": ("torch.expand_copy(col, (2, 3))",),
    "permute_copy": ("torch.permute_copy(t, (2, 0, 1))",),
    "select_copy": ("torch.select_copy(t, 1, 2)",),
    "slice_copy": ("torch.slice_copy(t, 2, 1, None, 2)",),
    "split_copy": ("torch.split_copy(t, 2, 1)",),
    "split_with_sizes_copy": ("torch.split_with_sizes_copy(t, (1, 3), 2)",),
    "squeeze_copy": ("torch.squeeze_copy(col)", "torch.squeeze_copy(col, 1)", "torch.squeeze_copy(col, (0, 1))"),
    "t_copy": ("torch.t_copy(x)",),
    "transpose_copy": ("torch.transpose_copy(t, 0, 2)",),
    "unbind_copy": ("torch.unbind_copy(t, 1)",),
    "unfold_copy": ("torch.unfold_copy(t, 2, 2, 1)",),
    "unsqueeze_copy": ("torch.unsqueeze_copy(x, 1)",),
    "view_as_real_copy": ("torch.view_as_real_copy(torch.complex(x, y))",),
    "view_copy": ("torch.view_copy(t, (6, -1))",),
    "as_strided_copy": ("torch.as_strided_copy(x, (2, 2), (1, 2))",),
    "detach_copy": ("torch.detach_copy(x)",),
    # padding, convolution's relatives
    "constant_pad_nd": ("F.pad(x, (1, 2, -1, 1), value=3.0)",),
    "reflection_pad1d": ("F.pad(l, (2, 1), mode='reflect')",),
    "reflection_pad2d": ("F.pad(i2, (2, 1, 1, 0), mode='reflect')",),
    "reflection_pad3d": ("F.pad(i3[..., :2], (1, 0, 1, 1, 0, 1), mode='reflect')",),
    "replication_pad1d": ("F.pad(l, (2, 1), mode='replicate')",),
    "replication_pad2d": ("F.pad(i2, (2, 1, 1, 0), mode='replicate')",),
    "replication_pad3d": ("F.pad(i3[..., :2], (1, 0, 1, 1, 0, 1), mode='replicate')",),
    "im2col": ("F.unfold(i2, 2, stride=2)",),
    "col2im": ("F.fold(i2.reshape(2, 8, 4), (4, 4), 2, stride=2)",),
    "pixel_shuffle": ("F.pixel_shuffle(big4, 2)",),
    "pixel_unshuffle": ("F.pixel_unshuffle(i2, 2)",),
    "channel_shuffle": ("F.channel_shuffle(big4, 2)",),
    "max_pool2d": ("F.max_pool2d(i2, 2)", "F.max_pool2d(i2, 3, stride=1, padding=1)", "F.max_pool1d(l, 2)"),
    "max_pool2d_with_indices": ("F.max_pool2d(i2, 2, return_indices=True)[0]",),
    "max_pool3d": ("F.max_pool3d(i3, 2)",),
    "max_pool3d_with_indices": ("F.max_pool3d(i3, 2, return_indices=True)[0]",),
    "max_unpool2d": ("F.max_unpool2d(*F.max_pool2d(i2, 2, return_indices=True), 2)",),
    "max_unpool3d": ("F.max_unpool3d(*F.max_pool3d(i3, (2, 2, 1), return_indices=True), (2, 2, 1))",),
    "avg_pool2d": ("F.avg_pool2d(i2, 2)", "F.avg_pool2d(i2, 3, 2, 1, count_include_pad=False)"),
    "avg_pool3d": ("F.avg_pool3d(i3, 2)",),
    "adaptive_avg_pool2d": ("F.adaptive_avg_pool2d(i2, (2, 3))",),
    "adaptive_avg_pool3d": ("F.adaptive_avg_pool3d(i3, (2, 3, 1))",),
    "adaptive_max_pool2d": ("F.adaptive_max_pool2d(i2, (2, 3))",),
    "adaptive_max_pool3d": ("F.adaptive_max_pool3d(i3, (2, 2, 1))",),
    "_tap_scatter": ("F.max_pool2d(i2, 2)",),
    "_tap_gather": ("F.max_pool2d(i2, 2)",),
    "_tap_sum": ("F.avg_pool2d(i2, 2)", "F.lp_pool2d(i2.abs() + 1, 2.0, 2)"),
    "_tap_spread": ("F.avg_pool2d(i2, 2)",),
    "_flat_scatter": ("F.adaptive_max_pool2d(i2, 2)",),
    "_flat_gather": ("F.adaptive_max_pool2d(i2, 2)",),
    "_weighted": ("F.adaptive_avg_pool2d(i2, (2, 3))",),
    "upsample_Nearest1D": (_RESIZE.format(x="l", mode="nearest", more=""),),
    "upsample_Nearest2D": (_RESIZE.format(x="i2", mode="nearest", more=""),),
    "upsample_Nearest3D": (_RESIZE.format(x="i3[..., :2, :2]", mode="nearest", more=""),),
    "upsample_NearestExact1D": ("F.interpolate(l, 4, mode='nearest-exact')",),
    "upsample_NearestExact2D": ("F.interpolate(i2, (5, 3), mode='nearest-exact')",),
    "upsample_NearestExact3D": ("F.interpolate(i3, (2, 3, 2), mode='nearest-exact')",),
    "upsample_Linear1D": (_RESIZE.format(x="l", mode="linear", more=""), "F.interpolate(l, 4, mode='linear', align_corners=True)"),
    "upsample_Bilinear2D": (_RESIZE.format(x="i2", mode="bilinear", more=", align_corners=True"),),
    "upsample_Trilinear3D": ("F.interpolate(i3, (2, 3, 5), mode='trilinear')",),
    "upsample_Bicubic2D": ("F.interpolate(i2, (5, 3), mode='bicubic')",),
    "upsample_Bilinear2DAa": ("F.interpolate(i2, (3, 3), mode='bilinear', antialias=True)",),
    "upsample_Bicubic2DAa": ("F.interpolate(i2, (3, 3), mode='bicubic', antialias=True)",),
    "upsample_Lanczos2DAa": ("F.interpolate(i2, (3, 3), mode='lanczos', antialias=True)",),
    "grid_sampler_2d": (
        "torch.grid_sampler_2d(i2, t2.reshape(2, 3, 2, 2), 0, 0, False)",
        "torch.grid_sampler_2d(i2, t2.reshape(2, 3, 2, 2), 0, 2, True)",
        "torch.grid_sampler_2d(i2, t2.reshape(2, 3, 2, 2), 1, 1, False)",
    ),
    "grid_sampler_3d": ("torch.grid_sampler_3d(i3, torch.cat([t.reshape(2, 2, 2, 1, 3)] * 2, 3), 0, 1, False)",),
    "affine_grid_generator": ("torch.affine_grid_generator(t.reshape(4, 2, 3)[:2], (2, 1, 3, 2), False)",),
    "fractional_max_pool2d": (
        "F.fractional_max_pool2d(i2, 2, (2, 3), _random_samples=big4[:, :2, :, 0].detach().sigmoid())",
    ),
    "fractional_max_pool3d": (
        "F.fractional_max_pool3d(i3, (2, 2, 1), (2, 2, 1), _random_samples=t[:, :2, :3].detach().sigmoid())",
    ),
    "conv_tbc": ("torch.conv_tbc(t, big4[:, :, 0, :], b2, 1)",),
    # losses and normalization
    "_ctc_loss": (
        "F.ctc_loss(t.transpose(0, 1).log_softmax(2), torch.tensor([[1, 2], [3, 3]]), (3, 2), (2, 1), reduction='none')",
    ),
    "_ctc_loss_backward": ("F.ctc_loss(t.log_softmax(2), torch.tensor([1, 3, 2]), (2, 2, 2), (1, 1, 1))",),
    "mse_loss": ("F.mse_loss(x, y)", "F.mse_loss(x, y, reduction='none')", "F.mse_loss(x, y, reduction='sum')"),
    "smooth_l1_loss": ("F.smooth_l1_loss(x, y, beta=0.6)", "F.smooth_l1_loss(x, y, reduction='none')"),
    "huber_loss": ("F.huber_loss(x, y, delta=0.7)",),
    "binary_cross_entropy_with_logits": (
        "F.binary_cross_entropy_with_logits(x, u)",
        "F.binary_cross_entropy_with_logits(x, u.detach(), pos_weight=prow.detach(), reduction='none')",
    ),
    "binary_cross_entropy": ("F.binary_cross_entropy(u, u.detach() * 0.9)", "F.binary_cross_entropy(u, c * 0.5 + 0.5)"),
    "soft_margin_loss": ("F.soft_margin_loss(x, y.detach().sign())",),
    "nll_loss": (
        "F.nll_loss(x, label)",
        "F.nll_loss(x, label, weight=prow.detach(), reduction='none')",
        "F.cross_entropy(x, label)",
    ),
    "nll_loss2d": ("F.nll_loss(i2[..., :2, :2], labels)",),
    "_cofactors": ("torch.linalg.det(m)",),
    "_cofactors_along": ("torch.linalg.det(m)",),
    "_class_gather": ("F.nll_loss(x, label)",),
    "_of_concentration": ("torch._standard_gamma(p, generator=torch.Generator().manual_seed(1))",),
    "_class_scatter": ("F.nll_loss(x, label, reduction='sum')",),
    "multi_margin_loss": ("F.multi_margin_loss(x, label)",),
    "native_batch_norm": (
        "F.batch_norm(i2, None, None, b2, b2 * 0.5, training=True)",
        "F.batch_norm(i2, b2.detach(), b2.detach())",
    ),
    "_fused_rms_norm": (  # large arrays only
        "F.rms_norm(t.reshape(-1, 4).repeat(4096, 1), (4,), g4)[-6:]",
        "F.rms_norm(x.repeat(4096, 1, 1), (2, 3), None, 0.1)[-2:]",
    ),
    "native_layer_norm": ("F.layer_norm(t, (4,), g4, v4)", "F.layer_norm(x, (2, 3))"),
    "_weight_norm_interface": ("torch._weight_norm(m34, prow[:, None])", "torch._weight_norm(t, g4[None, None], 2)"),
    "native_group_norm": ("F.group_norm(big4, 2, g4, v4)",),
    "_scaled_dot_product_flash_attention_for_cpu": (
        "F.scaled_dot_product_attention(big4, big4 * 0.5, big4 - 1, is_causal=True)",
        "F.scaled_dot_product_attention(big4, i2[..., :2, :2], i2[..., 2:, 2:], m[:2, :2], enable_gqa=True)",
    ),
}  # fmt: skip

# Sample -> the dtypes that PyTorch has for it and Adjoint does not: there it has to raise.
UNSUPPORTED: dict[str, set[str]] = {
    "torch.linalg.matrix_exp(m * 0.3)": {"bfloat16", "float16"},
    "torch.logcumsumexp(x, 1)": {"complex64", "complex128"},
}

# Rows that PyTorch has nothing of the name for: the same of its other functions, with which they are compared.
NEW: dict[str, Callable[..., Any]] = {
    # name: lambda torch, x: ...
}

# torchvision's, there once it is imported: test_vision_regions compares them with loops, gradchecks them and runs them under vmap.
OF_VISION = (
    "box_iou_rotated", "deformed_patches", "nms", "ps_roi_align", "ps_roi_pool", "roi_align", "roi_pool", "row_sums",
)  # fmt: skip

# Rows that no sample can reach, and why.
WITHOUT: dict[str, str] = {
    **dict.fromkeys(OF_VISION, "is torchvision's, and PyTorch has none to compare with"),
    "_to_copy.meta": "a tensor that moves to the device meta leaves its numbers behind, as test_meta has it",
    "batched.matmul": "the reading of matmul inside of vmap, which test_func runs",
    "linear.whole": "is linear in float32 LSTMs, which test_recurrent_modules runs",
    **dict.fromkeys(
        ("mkldnn_rnn_layer", "_lstm_layer", "_rnn_layer"), "is a layer of a recurrent module, which test_recurrent_layer runs"
    ),
    "_derived_once": "stands behind scatter_reduce's gradients of products, and is reached by their derivatives",
}


def is_of_sparse(key: str, row: Any) -> bool:
    """Whether a row has sparse operands, or makes sparse gradients: samples have none, and test_sparse runs it."""
    return getattr(row.forward, "__module__", "").startswith("adjoint.ops.sparse_") or key in ("embedding_sparse", "listed_rows")


def _lend() -> None:
    """Give PyTorch, in this process, what stands in for the rows that it has not."""
    if not NEW:
        return
    import torch

    for name, function in NEW.items():
        setattr(torch, name, functools.partial(function, torch))


_lend()


def samples_of(key: str, operator: Operator) -> tuple[str, ...]:
    """The samples of a row; none where it needs one that nobody wrote."""
    if key in SAMPLES:
        return SAMPLES[key]
    if not operator.elementwise or not {"torch", "Tensor"} & set(operator.where):
        return ()
    count = len(operator.arrays)
    operands = DOMAINS.get(key, ("x", "y", "z")[:count])
    function = f"torch.{key}({{}})" if "torch" in operator.where else f"x.{key}({{}})"
    if "torch" not in operator.where:
        operands = operands[1:]
    found = [function.format(", ".join(operands))]
    if count == 2 and "torch" in operator.where and operands == ("x", "y"):
        found.append(f"torch.{key}(x, row)")
    return tuple(found)
