"""The dtypes that PyTorch's operators are not compiled for are refused, with its errors, and the others give its dtype."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

pytest.importorskip("torch")

import torch

import adjoint
from adjoint.declare.namespaces import OPERATORS

DTYPES = (
    "float64", "float32", "float16", "bfloat16", "complex64", "complex128", "int64", "int32", "int16", "int8", "uint8", "bool",
    "float8_e4m3fn",
)  # fmt: skip

# What is called: `x` makes a tensor of the dtype, of ones in the shape that is given.
CALLS = """
relu(x(3))
relu6(x(3))
leaky_relu(x(3))
elu(x(3))
selu(x(3))
celu(x(3))
gelu(x(3))
silu(x(3))
mish(x(3))
hardtanh(x(3))
hardtanh(x(3), 0, 1)
hardswish(x(3))
hardsigmoid(x(3))
hardshrink(x(3))
softshrink(x(3))
softplus(x(3))
logsigmoid(x(3))
threshold(x(3), 0, 0)
prelu(x(3), x(1))
glu(x(4))
softmax(x(2, 3), 0)
softmax(x(2, 3), 1)
softmin(x(2, 3), 1)
log_softmax(x(2, 3), 0)
log_softmax(x(0, 3), 0)
cross_entropy(x(2, 3), i(2))
cross_entropy(x(2, 3), x(2, 3))
nll_loss(x(2, 3), i(2))
multi_margin_loss(x(2, 3), i(2))
multilabel_margin_loss(x(2, 3), i(2, 3))
multilabel_soft_margin_loss(x(2, 3), x(2, 3))
soft_margin_loss(x(3), x(3))
hinge_embedding_loss(x(3), i(3), reduction='sum')
margin_ranking_loss(x(3), x(3), x(3))
mse_loss(x(3), x(3))
smooth_l1_loss(x(3), x(3))
huber_loss(x(3), x(3))
l1_loss(x(3), x(3), reduction='sum')
kl_div(x(3), x(3))
kl_div(x(3), x(3), log_target=True)
binary_cross_entropy(x(3), x(3))
binary_cross_entropy_with_logits(x(3), x(3))
batch_norm(x(2, 3), None, None, training=True)
batch_norm(x(0, 3), None, None, training=True)
instance_norm(x(2, 3, 4))
layer_norm(x(2, 3), (3,))
group_norm(x(2, 4, 3), 2)
rms_norm(x(2, 3), (3,))
local_response_norm(x(1, 2, 3), 2)
avg_pool1d(x(1, 2, 4), 2)
avg_pool2d(x(1, 2, 4, 4), 2)
avg_pool3d(x(1, 2, 4, 4, 4), 2)
max_pool1d(x(1, 2, 4), 2)
max_pool1d(x(1, 2, 4), 2, return_indices=True)
max_pool2d(x(1, 2, 4, 4), 2)
max_pool3d(x(1, 2, 4, 4, 4), 2)
adaptive_avg_pool1d(x(1, 2, 4), 2)
adaptive_avg_pool2d(x(1, 2, 4, 4), 2)
adaptive_avg_pool2d(x(0, 2, 4, 4), 2)
adaptive_avg_pool3d(x(1, 2, 4, 4, 4), 2)
adaptive_max_pool1d(x(1, 2, 4), 2)
adaptive_max_pool2d(x(1, 2, 4, 4), 2)
adaptive_max_pool3d(x(1, 2, 4, 4, 4), 2)
max_unpool2d(x(1, 1, 1, 1), i(1, 1, 1, 1), 2)
max_unpool3d(x(1, 1, 1, 1, 1), i(1, 1, 1, 1, 1), 2)
unfold(x(1, 2, 4, 4), 2)
fold(x(1, 4, 9), (4, 4), 2)
pixel_shuffle(x(1, 4, 2, 2), 2)
pixel_unshuffle(x(1, 4, 2, 2), 2)
channel_shuffle(x(1, 4, 2, 2), 2)
pad(x(1, 2, 4), (1, 1), mode='reflect')
pad(x(1, 2, 4, 4), (1, 1, 1, 1), mode='replicate')
pad(x(1, 2, 4, 4, 4), (1, 1, 1, 1, 1, 1), mode='replicate')
interpolate(x(1, 2, 4), scale_factor=2)
interpolate(x(1, 2, 4, 4), scale_factor=2)
interpolate(x(1, 2, 4, 4), scale_factor=2, mode='nearest-exact')
interpolate(x(1, 2, 4), scale_factor=2, mode='linear')
interpolate(x(1, 2, 4, 4), scale_factor=2, mode='bilinear')
interpolate(x(1, 2, 4, 4), scale_factor=2, mode='bilinear', antialias=True)
interpolate(x(1, 2, 4, 4), scale_factor=2, mode='bicubic')
interpolate(x(1, 2, 2, 2, 2), scale_factor=2, mode='trilinear')
conv1d(x(1, 2, 5), x(2, 2, 2))
conv2d(x(1, 2, 5, 5), x(2, 2, 2, 2))
conv2d(x(1, 2, 5, 5), x(2, 2, 2, 2), dilation=2)
conv3d(x(1, 2, 5, 5, 5), x(2, 2, 2, 2, 2))
conv3d(x(1, 2, 5, 5, 5), x(2, 2, 1, 1, 1))
conv_transpose1d(x(1, 2, 5), x(2, 2, 2))
conv_transpose3d(x(1, 2, 5, 5, 5), x(2, 2, 2, 2, 2))
linear(x(2, 3), x(4, 3), x(4))
linear(x(1, 2, 3), x(4, 3), x(4))
pdist(x(3, 2))
embedding(x(3), torch.ones(2, 2))
scaled_dot_product_attention(x(1, 2, 3, 4), x(1, 2, 3, 4), x(1, 2, 3, 4))
""".split("\n")[1:-1]

# Stored numbers are met before the kernel that PyTorch names, in what is computed of several operators.
STORED_ELSEWHERE = {
    "local_response_norm", "margin_ranking_loss", "soft_margin_loss", "kl_div", "hinge_embedding_loss", "linear",
    "scaled_dot_product_attention",
}  # fmt: skip


def outcome(module: Any, call: str, dtype: str, **options: Any) -> tuple[str, ...]:
    """What a call gives: a dtype, or an error's type and text."""

    def x(*shape: int) -> Any:
        return module.ones(shape).to(getattr(module, dtype)).requires_grad_(**options) if options else module.ones(shape).to(
            getattr(module, dtype)
        )

    def i(*shape: int) -> Any:
        return module.ones(shape, dtype=module.int64)

    names = {"x": x, "i": i, "torch": module, "F": module.nn.functional}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            result = eval("F." + call, names)
        except Exception as error:
            return type(error).__name__, str(error)
    return (str((result[0] if isinstance(result, tuple) else result).dtype),)


@pytest.mark.parametrize("call", CALLS)
def test_a_function_computes_with_the_dtypes_that_pytorch_computes_with_and_refuses_the_others(call: str) -> None:
    for dtype in DTYPES:
        ours, theirs = outcome(adjoint, call, dtype), outcome(torch, call, dtype)
        if dtype == "float8_e4m3fn" and call.partition("(")[0] in STORED_ELSEWHERE:
            continue
        assert ours == theirs, dtype


@pytest.mark.parametrize("call", ["silu(x(3))", "soft_margin_loss(x(3), torch.ones(3))"])
def test_what_has_no_derivative_of_complex_numbers_computes_with_them_until_one_is_asked_for(call: str) -> None:
    for options in ({}, {"requires_grad": True}):
        ours, theirs = (outcome(module, call, "complex64", **options) for module in (adjoint, torch))
        assert ours == theirs
    with adjoint.no_grad():
        assert outcome(adjoint, call, "complex64", requires_grad=True) == ("torch.complex64",)


def test_on_the_device_meta_no_kernel_runs_so_that_shapes_are_those_of_any_dtype() -> None:
    for module in (adjoint, torch):
        x = module.ones(1, 2, 4, 4, dtype=module.int32, device="meta")
        assert module.nn.functional.avg_pool2d(x, 2).shape == (1, 2, 2, 2)


def test_kernels_name_numpys_dtypes() -> None:
    kernels = [row.kernel for row in OPERATORS.values() if row.kernel is not None]
    assert len(kernels) > 40
    assert all(hasattr(d, "itemsize") for kernel in kernels for d in kernel.dtypes | kernel.plain)
