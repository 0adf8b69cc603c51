"""A sample call of each function that the exporter to ONNX knows: what it computes, on which tensors.

A sample is a function of the inputs, and the inputs' sizes, or arrays where values matter.  ``varies`` is the dimension of all of
them that is dynamic, if one is, and ``opset`` the first opset that has an operator for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import adjoint as torch
import adjoint.nn.functional as F


class Sample(NamedTuple):
    """A call, its inputs, and which of their dimensions may vary: that one of all inputs, or none."""

    function: Callable[..., Any]
    inputs: tuple[Any, ...]
    varies: int | None = 0
    opset: int = 20
    random: bool = False


def _numbers(*sizes: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed + sum(sizes)).uniform(0.15, 0.95, sizes).astype(np.float32)


def tensors_of(sample: Sample) -> tuple[Any, ...]:
    """The inputs as tensors."""
    return tuple(
        [torch.tensor(_numbers(*i, seed=n) if isinstance(i, tuple) else i) for n, i in enumerate(sample.inputs)]
    )


A, B, C = (4, 5), (3, 4, 6), (2, 3, 8, 8)
INTS = np.array([[3, -5, 7], [2, 4, -6], [9, 1, 5], [6, 3, 2]])
PLACES = np.array([[0, 2, 1], [1, 0, 2], [2, 1, 0], [0, 0, 1]])
TRUTH = np.array([[True, False, True], [False, False, True], [True, True, True], [False, True, False]])


def _one(name: str, inputs: tuple[Any, ...] = (A,), **kwargs: Any) -> Sample:
    """A function of torch on its inputs."""
    return Sample(lambda *t: getattr(torch, name)(*t), inputs, **kwargs)


SAMPLES: dict[str, Sample] = {
    # arithmetic
    **{
        name: _one(name)
        for name in (
            "abs acos asin asinh atan atanh ceil cos cosh erf exp floor log neg reciprocal sigmoid sign sin sinh sqrt tan tanh "
            "square rsqrt exp2 expm1 log1p log2 log10 erfc trunc frac sgn isnan isinf isfinite logical_not relu nan_to_num"
        ).split()
    },
    "acosh": Sample(lambda x: torch.acosh(x + 1), (A,)),
    "logit": Sample(lambda x: torch.logit(x, eps=0.2), (A,)),
    "round": Sample(lambda x: (torch.round(x * 9), torch.round(x, decimals=1)), (A,)),
    **{name: _one(name, (A, A)) for name in "maximum minimum fmod hypot mul sub add".split()},
    "div": Sample(
        lambda x, y: (x / y, torch.div(x * 9, y, rounding_mode="trunc"), torch.div(-x * 9, y, rounding_mode="floor")),
        (A, A),
    ),
    "__rsub__": Sample(lambda x: 1 - x, (A,)),
    "__rtruediv__": Sample(lambda x: 2 / x, (A,)),
    "floor_divide": Sample(lambda x, i: (x // 0.3, i // 2, i // -3), (A, INTS), varies=None),
    "__rfloordiv__": Sample(lambda x: 7 // x, (A,)),
    "remainder": Sample(lambda x, i: (x % 0.3, -x % 0.3, i % 4, i % -4), (A, INTS), varies=None),
    "__rmod__": Sample(lambda x: 7 % x, (A,)),
    "pow": Sample(lambda x: (x**2, x**3, x**0.5, x**-1.5), (A,)),
    "__rpow__": Sample(lambda x: 2**x, (A,)),
    "atan2": Sample(lambda x, y: torch.atan2(x - 0.5, y - 0.5), (A, A)),
    "lerp": Sample(lambda x, y: torch.lerp(x, y, 0.3), (A, A)),
    "addcmul": Sample(lambda x, y: torch.addcmul(x, y, y, value=2), (A, A)),
    "addcdiv": Sample(lambda x, y: torch.addcdiv(x, y, y, value=2), (A, A)),
    "eq": Sample(lambda i: (i == 3, i > 2, i < 2.5, i >= 3, i <= 3), (INTS,)),
    "ne": Sample(lambda i: i != 3, (INTS,)),
    "logical_and": Sample(
        lambda i, j: (torch.logical_and(i, j), torch.logical_or(i, j), torch.logical_xor(i, j)), (TRUTH, INTS)
    ),
    "bitwise_and": Sample(lambda i, t: (i & 3, i | 4, i ^ 1, t & t, t | (i > 2)), (INTS, TRUTH)),
    "bitwise_not": Sample(lambda i, t: (~i, ~t), (INTS, TRUTH)),
    "__lshift__": Sample(lambda i: (i << 2, i >> 1), (INTS,)),
    "clamp": Sample(lambda x, i: (x.clamp(0.3, 0.6), x.clamp(min=x.mean()), i.clamp(max=3)), (A, INTS), varies=None),
    "clamp_min": Sample(lambda x: x.clamp_min(0.4), (A,)),
    "clamp_max": Sample(lambda x: x.clamp_max(0.4), (A,)),
    "where": Sample(lambda t, i: (torch.where(t, i, 0), torch.where(t, 1.5, -1.0)), (TRUTH, INTS)),
    "Tensor.where": Sample(lambda t, i: i.where(t, 7), (TRUTH, INTS)),
    "masked_fill": Sample(lambda t, i: i.masked_fill(t, 9), (TRUTH, INTS)),
    # activations
    **{
        name: Sample(lambda x, name=name: getattr(F, name)(x - 0.5), (A,))
        for name in (
            "relu6 hardtanh elu celu leaky_relu selu softsign hardsigmoid hardswish silu mish logsigmoid tanhshrink softshrink "
            "hardshrink rrelu gelu"
        ).split()
    },
    "prelu": Sample(lambda x, w: F.prelu(x - 0.5, w[:3]), (C, (3,)), varies=None),
    "softplus": Sample(lambda x: (F.softplus(x), F.softplus(x, beta=2)), (A,)),
    "threshold": Sample(lambda x: F.threshold(x, 0.4, -1.0), (A,)),
    "softmax": Sample(lambda x: (x.softmax(-1), x.log_softmax(0), F.softmin(x, 1)), (A,)),
    "log_softmax": Sample(lambda x: F.log_softmax(x, 1), (A,)),
    "softmin": Sample(lambda x: F.softmin(x, 1), (A,)),
    "glu": Sample(lambda x: F.glu(x, 2), (B,)),
    # attention
    "scaled_dot_product_attention": Sample(
        lambda q, k: (
            F.scaled_dot_product_attention(q, k, k),
            F.scaled_dot_product_attention(q, k, k, is_causal=True),
            F.scaled_dot_product_attention(q, k, k, attn_mask=torch.tensor([True, False, True, True])),
        ),
        ((2, 2, 4, 6), (2, 2, 4, 6)),
    ),
    "_scaled_dot_product_flash_attention_for_cpu": Sample(
        lambda q: F.multi_head_attention_forward(
            q,
            q,
            q,
            6,
            2,
            torch.ones(18, 6),
            None,
            None,
            None,
            False,
            0.0,
            torch.ones(6, 6),
            None,
            training=False,
            need_weights=False,
        )[0],
        (B,),
        varies=1,
    ),
    # convolutions, pooling
    "conv1d": Sample(lambda x, w: F.conv1d(x, w, padding="same"), ((2, 3, 9), (4, 3, 4)), varies=None),
    "conv2d": Sample(lambda x, w: F.conv2d(x, w, stride=2, padding=1, groups=3), (C, (6, 1, 3, 3)), varies=None),
    "conv3d": Sample(lambda x, w: F.conv3d(x, w, dilation=2), ((1, 2, 6, 6, 6), (3, 2, 2, 2, 2)), varies=None),
    "conv_transpose1d": Sample(lambda x, w: F.conv_transpose1d(x, w, stride=2), ((2, 3, 5), (3, 4, 3)), varies=None),
    "conv_transpose2d": Sample(
        lambda x, w: F.conv_transpose2d(x, w, stride=2, padding=1, output_padding=1), (C, (3, 4, 3, 3)), varies=None
    ),
    "conv_transpose3d": Sample(lambda x, w: F.conv_transpose3d(x, w), ((1, 2, 3, 3, 3), (2, 3, 2, 2, 2)), varies=None),
    "convolution": Sample(
        lambda x, w: torch.convolution(x, w, None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1),
        (C, (4, 3, 3, 3)),
        varies=None,
    ),
    "max_pool1d": Sample(lambda x: F.max_pool1d(x, 2), (B,)),
    "max_pool2d": Sample(lambda x: F.max_pool2d(x, 3, stride=2, padding=1, ceil_mode=True), (C,)),
    "max_pool3d": Sample(lambda x: F.max_pool3d(x, 2), ((1, 2, 4, 4, 4),)),
    "max_pool1d_with_indices": Sample(lambda x: F.max_pool1d(x, 2, return_indices=True), (B,)),
    "max_pool2d_with_indices": Sample(lambda x: F.max_pool2d(x, 2, return_indices=True), (C,)),
    "max_pool3d_with_indices": Sample(lambda x: F.max_pool3d(x, 2, return_indices=True), ((1, 2, 4, 4, 4),)),
    "avg_pool1d": Sample(lambda x: F.avg_pool1d(x, 2), (B,)),
    "avg_pool2d": Sample(
        lambda x: (F.avg_pool2d(x, 3, padding=1, count_include_pad=False), F.avg_pool2d(x, 2, divisor_override=3)), (C,)
    ),
    "avg_pool3d": Sample(lambda x: F.avg_pool3d(x, 2), ((1, 2, 4, 4, 4),)),
    "adaptive_avg_pool1d": Sample(lambda x: F.adaptive_avg_pool1d(x, 3), (B,)),
    "adaptive_avg_pool2d": Sample(
        lambda x: (F.adaptive_avg_pool2d(x, 1), F.adaptive_avg_pool2d(x, (4, None)), F.adaptive_avg_pool2d(x, (3, 5))),
        (C,),
    ),
    "adaptive_avg_pool3d": Sample(lambda x: F.adaptive_avg_pool3d(x, 2), ((1, 2, 4, 4, 4),)),
    "lp_pool1d": Sample(lambda x: F.lp_pool1d(x, 2, 3), (B,)),
    "lp_pool2d": Sample(lambda x: F.lp_pool2d(x, 3, 2), (C,)),
    "lp_pool3d": Sample(lambda x: F.lp_pool3d(x, 2, 2), ((1, 2, 4, 4, 4),)),
    "max_unpool1d": Sample(lambda x: F.max_unpool1d(*F.max_pool1d(x, 2, return_indices=True), 2), (B,)),
    "max_unpool2d": Sample(lambda x: F.max_unpool2d(*F.max_pool2d(x, 2, return_indices=True), 2), (C,)),
    "max_unpool3d": Sample(lambda x: F.max_unpool3d(*F.max_pool3d(x, 2, return_indices=True), 2), ((1, 2, 4, 4, 4),)),
    "adaptive_max_pool1d": Sample(lambda x: F.adaptive_max_pool1d(x, 1), (B,)),
    "adaptive_max_pool2d": Sample(lambda x: (F.adaptive_max_pool2d(x, 2), F.adaptive_max_pool2d(x, 3)), (C,)),
    "adaptive_max_pool3d": Sample(lambda x: F.adaptive_max_pool3d(x, 1), ((1, 2, 4, 4, 4),)),
    # normalization
    "batch_norm": Sample(
        lambda x, m: (F.batch_norm(x, m, m + 1, m, m), F.batch_norm(x, None, None, training=True)),
        (C, (3,)),
        varies=None,
    ),
    "instance_norm": Sample(lambda x: F.instance_norm(x), (C,)),
    "layer_norm": Sample(lambda x: (F.layer_norm(x, (6,)), F.layer_norm(x, (4, 6))), (B,)),
    "rms_norm": Sample(lambda x: F.rms_norm(x, (6,)), (B,)),
    "group_norm": Sample(lambda x: F.group_norm(x, 3), ((2, 6, 4, 4),)),
    "local_response_norm": Sample(lambda x: F.local_response_norm(x, 3), (C,)),
    "dropout": Sample(lambda x: F.dropout(x, training=False), (A,)),
    "dropout2d": Sample(lambda x: F.dropout2d(x, training=False), (C,)),
    # products
    "matmul": Sample(lambda x, y: x @ y.mT, (B, B)),
    "__rmatmul__": Sample(lambda x, y: torch.Tensor.__rmatmul__(x.mT, y), (B, B)),
    "linear": Sample(lambda x, w, b: (F.linear(x, w, b), F.linear(x[0], w)), (B, (5, 6), (5,)), varies=None),
    "addmm": Sample(lambda b, x, y: torch.addmm(b, x, y, alpha=2, beta=0.5), ((4,), (3, 5), (5, 4)), varies=None),
    "baddbmm": Sample(lambda b, x, y: torch.baddbmm(b, x, y), ((3, 4, 4), B, (3, 6, 4))),
    "outer": Sample(lambda x: torch.outer(x, x), ((5,),)),
    "einsum": Sample(lambda x, y: torch.einsum("bij, bkj -> bik", x, y), (B, B)),
    "bilinear": Sample(lambda x, y, w: F.bilinear(x, y, w), (A, (4, 3), (6, 5, 3)), varies=None),
    "det": Sample(lambda x: torch.linalg.det(x), ((2, 3, 3),)),
    "cosine_similarity": Sample(lambda x, y: F.cosine_similarity(x, y, dim=-1), (B, B)),
    # reductions
    **{
        name: Sample(lambda x, name=name: (getattr(x, name)(), getattr(x, name)(1, keepdim=True)), (B,))
        for name in "sum mean prod argmax argmin".split()
    },
    "max": Sample(lambda x: (x.max(), *x.max(1), x.max(x.mean())), (B,)),
    "min": Sample(lambda x: (x.min(), *x.min(-1, keepdim=True)), (B,)),
    "amax": Sample(lambda x: (x.amax((0, 2)), x.amax()), (B,)),
    "amin": Sample(lambda x: x.amin((0, 2), keepdim=True), (B,)),
    "all": Sample(lambda t: (t.all(), t.all(1)), (TRUTH,)),
    "any": Sample(lambda t: (t.any(), t.any(0)), (TRUTH,)),
    "logsumexp": Sample(lambda x: x.logsumexp(1), (B,)),
    "var": Sample(lambda x: (x.var(1), x.var(correction=0), x.std((0, 2), keepdim=True)), (B,)),
    "std": Sample(lambda x: (x.std(), x.std(0, unbiased=False)), (B,)),
    "var_mean": Sample(lambda x: torch.var_mean(x, 1), (B,)),
    "std_mean": Sample(lambda x: torch.std_mean(x, 1), (B,)),
    "norm": Sample(
        lambda x: (
            x.norm(),
            x.norm(1, 1),
            torch.linalg.vector_norm(x, 3, 1),
            torch.linalg.vector_norm(x, float("inf")),
            F.normalize(x),
        ),
        (B,),
    ),
    "cumsum": Sample(lambda x: x.cumsum(1), (B,)),
    "cumprod": Sample(lambda x: x.cumprod(1), (B,), opset=26),
    "count_nonzero": Sample(lambda i: torch.count_nonzero(i - 3, 1), (INTS,)),
    # losses
    **{
        name: Sample(lambda x, y, name=name: (getattr(F, name)(x, y), getattr(F, name)(x, y, reduction="none")), (A, A))
        for name in "mse_loss l1_loss smooth_l1_loss huber_loss binary_cross_entropy binary_cross_entropy_with_logits".split()
    },
    "kl_div": Sample(
        lambda x, y: (F.kl_div(x, y, reduction="batchmean"), F.kl_div(x, y, reduction="sum", log_target=True)), (A, A)
    ),
    "nll_loss": Sample(lambda x, t: F.nll_loss(x, t), ((3, 5), np.array([0, 4, 2]))),
    "cross_entropy": Sample(
        lambda x, t: (
            F.cross_entropy(x, t, reduction="sum"),
            F.cross_entropy(x, t, label_smoothing=0.1, ignore_index=4),
            F.cross_entropy(x, x.softmax(1), label_smoothing=0.1),
        ),
        ((3, 5), np.array([0, 4, 2])),
    ),
    "soft_margin_loss": Sample(lambda x, y: F.soft_margin_loss(x, y - 0.5), (A, A)),
    # shapes
    "view": Sample(lambda x: (x.view(x.shape[0], -1), x.reshape(-1, 6), x.view(-1)), (B,)),
    "view_as": Sample(lambda x: x.mT.contiguous().view_as(x), (B,)),
    "flatten": Sample(lambda x: (x.flatten(), x.flatten(1), x.flatten(0, 1)), (B,)),
    "ravel": Sample(lambda x: x.ravel(), (B,)),
    "unflatten": Sample(lambda x: x.unflatten(2, (2, -1)), (B,)),
    "squeeze": Sample(lambda x: (x[:, :1].squeeze(1), x[:, :1, :1].squeeze((1, 2)), x.squeeze()), (B,)),
    "unsqueeze": Sample(lambda x: (x.unsqueeze(0), x.unsqueeze(-1)), (B,)),
    "expand": Sample(lambda x: x[:, :1].expand(x.shape[0], 7, -1), (B,)),
    "expand_as": Sample(lambda x: x[:, :1].expand_as(x), (B,)),
    "broadcast_tensors": Sample(lambda x: torch.broadcast_tensors(x, x[:, :1]), (B,)),
    "repeat": Sample(lambda x: (x.repeat(2, 1, 3), x.tile(2, 2)), (B,)),
    "repeat_interleave": Sample(lambda x: (x.repeat_interleave(3, 1), x.repeat_interleave(2)), (B,)),
    "transpose": Sample(lambda x: x.transpose(0, 2), (B,)),
    "permute": Sample(lambda x: x.permute(2, 0, -2), (B,)),
    "movedim": Sample(lambda x: x.movedim(0, -1), (B,)),
    "t": Sample(lambda x: (x[0].t(), x.mT, x[0].T), (B,)),
    "flip": Sample(lambda x: (x.flip(1), x.flip(0, 2)), (B,)),
    "roll": Sample(lambda x: (x.roll(2, 1), x.roll((1, -2), (0, 2)), x.roll(3)), (B,)),
    "cat": Sample(lambda x, i: torch.cat([x, x * 2], 1), (B, A), varies=None),
    "stack": Sample(lambda x: (torch.stack([x, x]), torch.stack([x, x], -1)), (B,)),
    "hstack": Sample(lambda x: torch.hstack([x, x]), (B,)),
    "vstack": Sample(lambda x: torch.vstack([x, x]), (B,)),
    "split": Sample(lambda x: (*x.split(4, 2), *x.split([1, 3], 1), *x.chunk(2, 1), *x.tensor_split(2, 2)), (B,)),
    "unbind": Sample(lambda x: x.unbind(1), (B,)),
    "meshgrid": Sample(
        lambda x, y: (*torch.meshgrid(x, y, indexing="ij"), *torch.meshgrid(x, y, indexing="xy")),
        ((3,), (4,)),
        varies=None,
    ),
    "to": Sample(
        lambda x, i: (x.double(), i.float(), i.to(torch.int32), x.type_as(i), i.bool(), x.clone()),
        (A, INTS),
        varies=None,
    ),
    "copy": Sample(lambda x: torch.zeros_like(x).copy_(x), (B,)),
    "fill": Sample(lambda x: (x * 2).fill_(3), (B,)),
    "zero": Sample(lambda x: (x * 2).zero_(), (B,)),
    "tril": Sample(lambda x: (x.tril(), x.triu(1)), (B,)),
    "triu": Sample(lambda t: t.triu(), (TRUTH,)),
    "diagonal": Sample(lambda x: (x.diagonal(0, 1, 2), x.diagonal(-1, 1, 2)), (B,)),
    "pixel_shuffle": Sample(lambda x: F.pixel_shuffle(x, 2), ((2, 8, 3, 3),)),
    "pixel_unshuffle": Sample(lambda x: F.pixel_unshuffle(x, 2), (C,)),
    "channel_shuffle": Sample(lambda x: F.channel_shuffle(x, 2), ((2, 4, 3, 3),)),
    "unfold": Sample(lambda x: x.unfold(1, 2, 1), (B,)),
    # indexing
    "__getitem__": Sample(
        lambda x, p, t: (
            x[0],
            x[:, 1:3],
            x[..., -1],
            x[:, None, ::2],
            x[:, p],
            x[p, p],
            x[:, p, p],
            x[p, :, p],
            x[1, :, p],
            x[0][:, p] * 1,
            x[:, [0, 2]],
            x[:, -2:],
            x[0][t.T[:, 0].nonzero()[:, 0]],
        ),
        (B, PLACES, TRUTH),
        varies=None,
    ),
    "index": Sample(lambda t, i: i[t], (TRUTH, INTS)),
    "__setitem__": Sample(lambda x: _written(x), (B,)),
    "select": Sample(lambda x: x.select(1, -1), (B,)),
    "narrow": Sample(lambda x: x.narrow(1, 1, 2), (B,)),
    "slice": Sample(lambda x: x[:, 1:], (B,)),
    "index_select": Sample(lambda x, p: x.index_select(1, p[0]), (B, PLACES), varies=None),
    "embedding": Sample(lambda p, w: F.embedding(p, w), (PLACES, A), varies=None),
    "embedding_bag": Sample(
        lambda p, w: (
            F.embedding_bag(p, w),
            F.embedding_bag(p, w, mode="sum", per_sample_weights=w[:, :3]),
            F.embedding_bag(p, w, mode="max"),
        ),
        (PLACES, A),
        varies=None,
    ),
    "gather": Sample(lambda i, p: i.gather(1, p), (INTS, PLACES)),
    "take_along_dim": Sample(lambda i, p: torch.take_along_dim(i, p, 1), (INTS, PLACES)),
    "take": Sample(lambda i, p: i.take(p), (INTS, PLACES), varies=None),
    "scatter": Sample(lambda i, p: (i.scatter(1, p, 9), i.scatter(1, p[:, :1], i[:, :1])), (INTS, PLACES)),
    "scatter_add": Sample(lambda x, p: x.scatter_add(1, p, x), ((4, 3), PLACES)),
    "scatter_reduce": Sample(lambda x, p: x.scatter_reduce(1, p, x, "amax"), ((4, 3), PLACES)),
    "index_add": Sample(lambda x, p: x.index_add(1, p[0], x), ((4, 3), PLACES), varies=None),
    "index_copy": Sample(lambda x, p: x.index_copy(1, p[0], x), ((4, 3), PLACES), varies=None),
    "index_fill": Sample(lambda x, p: x.index_fill(1, p[0], 2.0), ((4, 3), PLACES), varies=None),
    "index_put": Sample(lambda x, p: x.index_put((p, p), torch.tensor(5.0)), (B, PLACES), varies=None),
    "masked_select": Sample(lambda i, t: i.masked_select(t), (INTS, TRUTH)),
    "masked_scatter": Sample(lambda i, t: i.masked_scatter(t, i * 2), (INTS, TRUTH)),
    "nonzero": Sample(lambda t: (t.nonzero(), *t.nonzero(as_tuple=True)), (TRUTH,)),
    "one_hot": Sample(lambda p: F.one_hot(p, 4), (PLACES,)),
    "topk": Sample(lambda x: (*x.topk(2, 1), *x.topk(1, -1, largest=False)), (B,)),
    "sort": Sample(lambda x: (*x.sort(1), *x.sort(-1, descending=True)), (B,)),
    "argsort": Sample(lambda x: (x.argsort(1), x.msort()), (B,)),
    # creation
    "zeros": Sample(lambda x: torch.zeros(x.shape[0], 2) + x[:, :1, 0], (B,)),
    "ones": Sample(lambda x: torch.ones(x.shape[0], 2) + x[:, :1, 0], (B,)),
    "full": Sample(lambda x: torch.full((x.shape[0], 2), 1.5) + x[:, :1, 0], (B,)),
    "zeros_like": Sample(lambda x: (torch.zeros_like(x), x.new_zeros(x.shape[0], 3)), (B,)),
    "ones_like": Sample(lambda x: (torch.ones_like(x), x.new_ones((x.shape[0],))), (B,)),
    "full_like": Sample(lambda x: torch.full_like(x, 3.0), (B,)),
    "new_full": Sample(lambda x: x.new_full((x.shape[0], 2), 3.0), (B,)),
    "arange": Sample(
        lambda x: (torch.arange(x.shape[0]), torch.arange(1, x.shape[0] * 2, 2), x.sum() + torch.arange(0.0, 3.0, 0.5)),
        (B,),
    ),
    "linspace": Sample(lambda x: x[:, 0, 0] + torch.linspace(-1, 1, x.shape[0]), (B,)),
    "eye": Sample(lambda x: x[:, :1, 0] + torch.eye(x.shape[0]), (B,)),
    "tensor": Sample(lambda x: x.sum() * torch.tensor(float(x.shape[0])) + torch.tensor([x.shape[0], 2]), (B,)),
    "tril_indices": Sample(lambda x: torch.tril_indices(x.shape[0], x.shape[0]), (B,)),
    "triu_indices": Sample(lambda x: torch.triu_indices(x.shape[0], x.shape[0], 1), (B,)),
    # random
    "rand": Sample(lambda x: (torch.rand(x.shape[0], 2), torch.rand_like(x)), (B,), random=True),
    "randn": Sample(lambda x: (torch.randn(x.shape[0], 2), torch.randn_like(x)), (B,), random=True),
    "uniform": Sample(lambda x: (x * 1).uniform_(), (B,), random=True),
    "normal": Sample(lambda x: (x * 1).normal_(), (B,), random=True),
    "bernoulli": Sample(lambda x: torch.bernoulli(x), (B,), random=True),
    "multinomial": Sample(lambda x: torch.multinomial(x, 2, replacement=True), (A,), random=True),
    # recurrent
    **{
        name: Sample(lambda x, name=name: _RECURRENT[name](x), (B,)) for name in ("lstm", "gru", "rnn_tanh", "rnn_relu")
    },
    # resampling
    "interpolate": Sample(
        lambda x: (
            F.interpolate(x, scale_factor=2),
            F.interpolate(x, size=(5, 11), mode="bilinear"),
            F.interpolate(x, scale_factor=2, mode="bicubic", align_corners=True),
            F.interpolate(x, size=(4, 12), mode="nearest-exact"),
        ),
        (C,),
    ),
    "pad": Sample(
        lambda x: (F.pad(x, (1, 2)), F.pad(x, (1, 1, 2, 0), mode="reflect"), F.pad(x, (1, 1, 1, 1), mode="replicate")),
        (C,),
    ),
    "grid_sample": Sample(lambda x, p: F.grid_sample(x, p * 2 - 1, align_corners=False), (C, (2, 4, 4, 2))),
    "affine_grid": Sample(lambda t: F.affine_grid(t, [t.shape[0], 3, 4, 5], align_corners=False), ((2, 2, 3),)),
    "col2im": Sample(lambda x: F.fold(x, (5, 5), 2), ((2, 12, 16),)),
    "im2col": Sample(lambda x: F.unfold(x, 3, padding=1), (C,)),
}


def _written(x: Any) -> Any:
    """Writes in place, into views and through them."""
    a, b, c = x.clone(), x.clone(), x * 1
    a[:, 0] = 5
    a[..., 1] *= 2
    b[b > 0.5] = -1
    row = b[:, 1]
    row.add_(1)
    seen = b.transpose(1, 2)
    b[:, :, 0] = x[:, :, 1]
    c[:, torch.tensor([0, 2])] = 7
    return a, b, seen, c.relu_()


def _made(kind: str, **options: Any) -> Any:
    return getattr(torch.nn, kind)(6, 5, 2, bidirectional=True, **options).eval().requires_grad_(False)


_RECURRENT = {
    "lstm": _made("LSTM"), "gru": _made("GRU"), "rnn_tanh": _made("RNN"), "rnn_relu": _made("RNN", nonlinearity="relu")
}  # fmt: skip
