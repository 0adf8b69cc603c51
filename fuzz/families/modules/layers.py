"""Layers: modules that activate, convolve, pool, normalize, and change shapes, each with all of its arguments."""

from __future__ import annotations

from typing import Any

from fuzz.families.modules.writer import Made, Raw, Writer

Values = dict[str, list[Any]]

ACTIVATIONS: dict[str, tuple[Values, Values]] = {  # arguments that are always given, and those that are perhaps
    "ReLU": ({}, {"inplace": [True, False]}),
    "ReLU6": ({}, {"inplace": [True, False]}),
    "ELU": ({}, {"alpha": [0.7, 1, 2.5], "inplace": [True, False]}),
    "SELU": ({}, {"inplace": [True, False]}),
    "CELU": ({}, {"alpha": [0.7, 1.3, -0.5], "inplace": [True, False]}),
    "Sigmoid": ({}, {}),
    "GELU": ({}, {"approximate": ["tanh", "none"]}),
    "GLU": ({}, {"dim": [0, -1]}),
    "SiLU": ({}, {"inplace": [True, False]}),
    "Mish": ({}, {"inplace": [True, False]}),
    "Softplus": ({}, {"beta": [2, 0.5], "threshold": [1, 20, -1]}),
    "Softsign": ({}, {}),
    "Softshrink": ({}, {"lambd": [0.3, 0, 1]}),
    "Hardshrink": ({}, {"lambd": [0.3, 0, 1, -1]}),
    "Tanhshrink": ({}, {}),
    "Tanh": ({}, {}),
    "Hardtanh": (
        {}, {"min_val": [-0.7, -2], "max_val": [1.1, 0.5], "inplace": [True, False], "min_value": [-0.3], "max_value": [0.3]},
    ),
    "Hardsigmoid": ({}, {"inplace": [True, False]}),
    "Hardswish": ({}, {"inplace": [True, False]}),
    "LogSigmoid": ({}, {}),
    "LeakyReLU": ({}, {"negative_slope": [0.2, 0, 1, -0.1], "inplace": [True, False]}),
    "RReLU": ({}, {"lower": [0.1, 0.2], "upper": [0.3, 0.4], "inplace": [True, False]}),
    "Threshold": ({"threshold": [0.2, 0, -1.0], "value": [-1.0, 0, 0.5]}, {"inplace": [True, False]}),
    "Softmax": ({"dim": [0, -1]}, {}),
    "LogSoftmax": ({"dim": [0, -1]}, {}),
    "Softmin": ({"dim": [0, -1]}, {}),
    "Softmax2d": ({}, {}),
    "Identity": ({}, {}),
    "Flatten": ({}, {"start_dim": [0, 1, -2], "end_dim": [-1, 1, 2]}),
    "Dropout": ({}, {"p": [0.4, 0, 1], "inplace": [True, False]}),
    "Dropout1d": ({}, {"p": [0.4, 0, 1], "inplace": [True, False]}),
    "Dropout2d": ({}, {"p": [0.4, 0, 1], "inplace": [True, False]}),
    "Dropout3d": ({}, {"p": [0.4, 0, 1], "inplace": [True, False]}),
    "AlphaDropout": ({}, {"p": [0.3, 0, 1], "inplace": [True, False]}),
    "FeatureAlphaDropout": ({}, {"p": [0.3, 0, 1], "inplace": [True, False]}),
}  # fmt: skip
_DIMS = {"Softmax2d": (3, 4), "GLU": (2, 3), "Dropout1d": (2, 3), "Dropout2d": (3, 4), "Dropout3d": (4, 5)}


def activation(w: Writer) -> Made:
    """What is applied to every element, or along a dimension."""
    if w.random.random() < 0.08:
        return _prelu(w)
    name = w.pick(*ACTIVATIONS)
    always, perhaps = ({k: w.pick(*v) for k, v in part.items()} for part in ACTIVATIONS[name])
    if name == "Hardtanh" and w.flag():
        perhaps = {k: v for k, v in perhaps.items() if not k.endswith("value")}
    shape = [w.size() for _ in range(w.size(*_DIMS.get(name, (1, 4))))]
    if name == "GLU":
        shape = [2 * n for n in shape]
    if w.batches != [1, 2, 3]:
        shape[0] = 2 * w.samples()
    text = f"nn.{name}({w.given(always, perhaps)})"
    x = w.data(*shape)
    return Made(text, [f"({x} * 1)" if "inplace=True" in text and w.random.random() < 0.9 else x])


def _prelu(w: Writer) -> Made:
    channels = w.size()
    options = w.given({}, {"num_parameters": w.pick(1, channels), "init": w.pick(0.3, -0.5), **w.factory()})
    shape = [w.samples(), channels, *(w.size() for _ in range(w.size(0, 2)))]
    return Made(f"nn.PReLU({options})", [w.data(*shape)])


def convolution(w: Writer) -> Made:
    """Convolutions and transposed ones."""
    w.maybe_complex()
    d = w.size(1, 3)
    groups = w.pick(1, 1, 2, 3)
    inside, outside = groups * w.size(1, 2), groups * w.size(1, 2)
    transposed = w.flag()
    always: dict[str, Any] = {
        "in_channels": inside, "out_channels": outside, "kernel_size": w.per(d, lambda: w.size(1, 3)),
    }  # fmt: skip
    perhaps: dict[str, Any] = {
        "stride": w.per(d, lambda: w.size(1, 3)), "dilation": w.per(d, lambda: w.size(1, 2)), "bias": w.flag(),
        **w.factory(),
    }  # fmt: skip
    if groups > 1:
        always["groups"] = groups
    if transposed:
        perhaps["padding"] = w.per(d, lambda: w.size(0, 2))
        perhaps["output_padding"] = w.per(d, lambda: w.size(0, 1))
        perhaps["padding_mode"] = "zeros"
    else:
        perhaps["padding"] = w.pick(w.per(d, lambda: w.size(0, 2)), "same", "valid")
        perhaps["padding_mode"] = w.pick("zeros", "zeros", "reflect", "replicate", "circular")
        if perhaps["padding"] == "same":
            perhaps["stride"] = 1
    space = [w.size(4, 7) for _ in range(d)]
    name = f"ConvTranspose{d}d" if transposed else f"Conv{d}d"
    return Made(f"nn.{name}({w.given(always, perhaps)})", [w.data(*w.batch(), inside, *space)])


def pooling(w: Writer) -> Made:
    """Pools of windows, of regions, and back."""
    d = w.size(1, 3)
    space = [w.size(3, 7) for _ in range(d)]
    lead = [*w.batch(), w.size(1, 2)]
    kernel = w.size(1, 3)
    kind = w.pick("MaxPool", "AvgPool", "LPPool", "AdaptiveAvgPool", "AdaptiveMaxPool", "MaxUnpool", "FractionalMaxPool")
    if kind == "FractionalMaxPool":
        d = max(d, 2)
        space = [w.size(3, 7) for _ in range(d)]
        return Made(f"nn.{kind}{d}d({fractional(w, lead, space)})", [w.data(*lead, *space)])
    if kind.startswith("Adaptive"):
        more = {"return_indices": w.flag()} if kind == "AdaptiveMaxPool" else {}
        size = w.per(d, lambda: w.pick(1, 2, 3, 4, None) if d > 1 else w.size(1, 4))
        size = 2 if size is None else size
        return Made(f"nn.{kind}{d}d({w.given({'output_size': size}, more)})", [w.data(*lead, *space)])
    stride = w.pick(None, w.per(d, lambda: w.size(1, 3)))
    if kind == "LPPool":
        options = w.given(
            {"norm_type": w.pick(1, 2, 3, 2.5), "kernel_size": w.per(d, lambda: w.size(1, 3)) if d > 1 else kernel},
            {"stride": stride if d > 1 or not isinstance(stride, tuple) else kernel, "ceil_mode": w.flag()},
        )
        return Made(f"nn.LPPool{d}d({options})", [w.data(*lead, *space, low=0.25)])
    if kind == "MaxUnpool":
        options = w.given({"kernel_size": 2}, {"stride": w.pick(None, 2), "padding": 0})
        pooled = f"F.max_pool{d}d({w.data(*lead, *space)}, 2, return_indices=True)"
        size = f", output_size={lead + space}" if w.flag() else ""
        return Made(f"nn.MaxUnpool{d}d({options})", [pooled], f"m(*x0{size})")
    perhaps: dict[str, Any] = {
        "stride": stride, "padding": w.per(d, lambda: w.size(0, kernel // 2)), "ceil_mode": w.flag(),
    }  # fmt: skip
    if kind == "AvgPool":
        perhaps["count_include_pad"] = w.flag()
        if d > 1:
            perhaps["divisor_override"] = w.pick(None, w.size(1, 5), -2)
    else:
        perhaps |= {"dilation": w.per(d, lambda: w.size(1, 2)), "return_indices": w.flag()}
    size = kernel if w.flag() else (kernel,) * d
    return Made(f"nn.{kind}{d}d({w.given({'kernel_size': size}, perhaps)})", [w.data(*lead, *space)])


def fractional(w: Writer, lead: list[int], space: list[int]) -> str:
    """The arguments of a pool whose windows lie at random, or where numbers say."""
    d, kernel = len(space), w.size(1, 3)
    always: dict[str, Any] = {"kernel_size": kernel if w.flag() else (kernel,) * d}
    if w.flag():
        always["output_size"] = w.per(d, lambda: w.size(1, min(space) - kernel + 1))
    else:
        always["output_ratio"] = w.per(d, lambda: w.pick(0.4, 0.5, 0.7))
    perhaps: dict[str, Any] = {"return_indices": w.flag()}
    if w.flag():
        numbers = w.data(lead[0] if len(lead) > 1 else 1, lead[-1], d, low=0, high=0.99, grad=False)
        always["_random_samples"] = Raw(numbers)
    return w.given(always, perhaps)


def normalization(w: Writer) -> Made:
    """Norms over the batch, over features, over both."""
    kind = w.pick("BatchNorm", "InstanceNorm", "LayerNorm", "GroupNorm", "RMSNorm", "LocalResponseNorm", "CrossMapLRN2d")
    d = w.size(1, 3)
    channels = 2 * w.size(1, 2)
    shape = [w.samples(), channels, *(w.size(3, 5) for _ in range(d))]
    perhaps: dict[str, Any] = {"eps": w.pick(1e-5, 0.1), "bias": w.flag(), **w.factory()}
    if kind in ("BatchNorm", "InstanceNorm"):
        perhaps |= {"momentum": w.pick(0.1, 0.5, None, 0.0), "affine": w.flag(), "track_running_stats": w.flag()}
        if kind == "InstanceNorm":
            perhaps["momentum"] = w.pick(0.1, 0.5)
            shape = shape[1:] if w.random.random() < 0.2 else shape
        elif d == 1 and w.flag():
            shape = shape[:2]
        return Made(f"nn.{kind}{d}d({w.given({'num_features': channels}, perhaps)})", [w.data(*shape)])
    if kind == "GroupNorm":
        always = {"num_groups": w.pick(1, 2, channels), "num_channels": channels}
        return Made(f"nn.GroupNorm({w.given(always, {**perhaps, 'affine': w.flag()})})", [w.data(*shape)])
    if kind in ("LocalResponseNorm", "CrossMapLRN2d"):
        options = w.given({"size": w.size(1, 3)}, {"alpha": 0.1, "beta": w.pick(0.6, 1), "k": 1.5})
        if kind == "CrossMapLRN2d":
            shape = [*shape[:2], w.size(3, 5), w.size(3, 5)]
        return Made(f"nn.{kind}({options})", [w.data(*shape)])
    over: Any = shape[-w.size(1, 2) :]
    if kind == "RMSNorm":
        perhaps.pop("bias")
        perhaps["eps"] = w.pick(None, 1e-5, 0.1)
    always = {"normalized_shape": over[0] if len(over) == 1 and w.flag() else over}
    return Made(f"nn.{kind}({w.given(always, {**perhaps, 'elementwise_affine': w.flag()})})", [w.data(*shape)])


def linear(w: Writer) -> Made:
    """Products with a matrix, and rows of one."""
    n, m = w.size(), w.size()
    kind = w.pick("Linear", "Linear", "Bilinear", "Embedding", "EmbeddingBag")
    lead = [*w.batch(), *(w.size() for _ in range(w.size(0, 1)))]
    bias = {"bias": w.flag(), **w.factory()}
    if kind == "Linear":
        w.maybe_complex()
        return Made(f"nn.Linear({w.given({'in_features': n, 'out_features': m}, bias)})", [w.data(*lead, n)])
    if kind == "Bilinear":
        k = w.size()
        always = {"in1_features": n, "in2_features": k, "out_features": m}
        return Made(f"nn.Bilinear({w.given(always, bias)})", [w.data(*lead, n), w.data(*lead, k)])
    always = {"num_embeddings": 6, "embedding_dim": m}
    perhaps: dict[str, Any] = {
        "padding_idx": w.pick(None, 0, -1, 5), "max_norm": w.pick(None, 0.5), "norm_type": w.pick(2.0, 1.0),
        "scale_grad_by_freq": w.flag(), "sparse": False, **w.factory(),
    }  # fmt: skip
    if w.random.random() < 0.2:
        perhaps["_weight"] = Raw(f"data({w.size(0, 99)}, 6, {m})")
    dtype = w.pick("", "torch.int32")
    if kind == "Embedding":
        perhaps["_freeze"] = w.random.random() < 0.2
        return Made(f"nn.Embedding({w.given(always, perhaps)})", [w.integers(0, 6, lead, dtype)])
    mode = w.pick("sum", "mean", "max")
    perhaps["scale_grad_by_freq"] = mode != "max" and w.flag()
    last = w.flag()
    given = w.given({**always, "mode": mode}, perhaps)
    if w.flag():
        shape = [w.samples(), w.size(1, 3)]
        extra = [w.data(*shape)] if mode == "sum" and w.flag() else []
        call = "m(x0, per_sample_weights=x1)" if extra else ""
        return Made(f"nn.EmbeddingBag({given})", [w.integers(0, 6, shape, dtype), *extra], call)
    length = w.size(2, 6)
    cuts = sorted(w.random.sample(range(length), w.size(1, 2)))
    offsets = f"torch.tensor({[0, *cuts] + ([length] if last else [])})" + (f".to({dtype})" if dtype else "")
    given += f", include_last_offset={last}" if last or w.flag() else ""
    return Made(f"nn.EmbeddingBag({given})", [w.integers(0, 6, [length], dtype), offsets])


def shape(w: Writer) -> Made:
    """What pads, resamples, folds, and orders elements anew; distances."""
    d = w.size(1, 3)
    shape = [*w.batch(), w.size(1, 3), *(w.size(3, 5) for _ in range(d))]
    kind = w.pick("pad", "up", "up2d", "fold", "unfold", "shuffle", "distance", "unflatten")
    if kind == "pad":
        mode = w.pick("Reflection", "Replication", "Circular", "Constant", "Zero")
        sizes = w.pick(1, tuple(w.size(0, 2) for _ in range(2 * d)), tuple(w.size(-1, 1) for _ in range(2 * d)))
        always = {"padding": sizes} | ({"value": w.pick(0.7, 0, -1)} if mode == "Constant" else {})
        return Made(f"nn.{mode}Pad{d}d({w.given(always)})", [w.data(*shape)])
    if kind in ("up", "up2d"):
        if kind == "up2d":
            d = 2
        shape = [w.samples(), w.size(1, 3), *(w.size(3, 5) for _ in range(d))]
        size: dict[str, Any] = (
            {"scale_factor": w.pick(0.5, 1.5, 2, 2.3)} if w.flag() else {"size": w.per(d, lambda: w.size(2, 7))}
        )
        if kind == "up2d":
            return Made(f"nn.Upsampling{w.pick('Nearest', 'Bilinear')}2d({w.given(size)})", [w.data(*shape)])
        modes = {1: ["nearest", "linear"], 2: ["nearest", "bilinear", "bicubic"], 3: ["nearest", "trilinear"]}[d]
        mode = w.random.choice([*modes, "nearest-exact"])
        perhaps: dict[str, Any] = {"align_corners": w.flag()} if "linear" in mode or mode == "bicubic" else {}
        if "scale_factor" in size:
            perhaps["recompute_scale_factor"] = w.pick(None, True, False)
        return Made(f"nn.Upsample({w.given({**size, 'mode': mode}, perhaps)})", [w.data(*shape)])
    if kind in ("fold", "unfold"):
        always = {"kernel_size": w.per(2, lambda: w.size(1, 3))}
        perhaps = {
            "dilation": w.per(2, lambda: w.size(1, 2)), "padding": w.per(2, lambda: w.size(0, 2)),
            "stride": w.per(2, lambda: w.size(1, 2)),
        }  # fmt: skip
        given = w.given(always, perhaps)
        if kind == "unfold":
            return Made(f"nn.Unfold({given})", [w.data(*w.batch(), 2, 5, 4)])
        return Made(f"nn.Fold(output_size=(5, 4), {given})", [f"F.unfold({w.data(*w.batch(), 2, 5, 4)}, {given})"])
    if kind == "shuffle":
        text = w.pick("PixelShuffle(upscale_factor=2)", "PixelUnshuffle(downscale_factor=2)", "ChannelShuffle(groups=2)")
        return Made(f"nn.{text}", [w.data(w.samples(), 4, 2, 4)])
    if kind == "distance":
        pair = [w.size(), w.size(2, 4)]
        inputs = [w.data(*pair), w.data(*pair)]
        if w.flag():
            return Made(f"nn.CosineSimilarity({w.given({}, {'dim': w.pick(0, 1), 'eps': w.pick(0.01, 1e-8)})})", inputs)
        perhaps = {"p": w.pick(1.0, 2.0, 3.0, 0.0, Raw("math.inf")), "keepdim": w.flag(), "eps": w.pick(1e-6, 0.0, 0.1)}
        return Made(f"nn.PairwiseDistance({w.given({}, perhaps)})", inputs)
    return Made(f"nn.Unflatten(dim=1, unflattened_size={w.pick((2, 3), (-1, 2), [6, 1])})", [w.data(w.samples(), 6, 3)])
