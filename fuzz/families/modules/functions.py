"""Functions of nn.functional that are called with their parameters, each with all of its arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fuzz.families.modules.labels import ctc, linear_cross_entropy
from fuzz.families.modules.layers import fractional
from fuzz.families.modules.writer import Made, Raw, Writer

_Values = dict[str, list[Any]]

# Of one tensor: arguments that are always given, and those that are perhaps.
SIMPLE: dict[str, tuple[_Values, _Values]] = {
    "relu": ({}, {"inplace": [True, False]}),
    "relu6": ({}, {"inplace": [True, False]}),
    "elu": ({}, {"alpha": [0.7, 1, -1], "inplace": [True, False]}),
    "selu": ({}, {"inplace": [True, False]}),
    "celu": ({}, {"alpha": [0.7, 2], "inplace": [True, False]}),
    "silu": ({}, {"inplace": [True, False]}),
    "mish": ({}, {"inplace": [True, False]}),
    "sigmoid": ({}, {}),
    "tanh": ({}, {}),
    "softsign": ({}, {}),
    "tanhshrink": ({}, {}),
    "logsigmoid": ({}, {}),
    "gelu": ({}, {"approximate": ["none", "tanh"]}),
    "glu": ({}, {"dim": [0, -1]}),
    "hardshrink": ({}, {"lambd": [0.3, 0, Raw("torch.tensor(0.3)")]}),
    "softshrink": ({}, {"lambd": [0.3, 0, Raw("torch.tensor(0.3)")]}),
    "hardsigmoid": ({}, {"inplace": [True, False]}),
    "hardswish": ({}, {"inplace": [True, False]}),
    "hardtanh": ({}, {"min_val": [-0.7, -2], "max_val": [1.1, Raw("torch.tensor(0.5)")], "inplace": [True, False]}),
    "leaky_relu": ({}, {"negative_slope": [0.2, 0, 1, Raw("torch.tensor(0.2)")], "inplace": [True, False]}),
    "rrelu": ({}, {"lower": [0.1], "upper": [0.3], "training": [True, False], "inplace": [True, False]}),
    "softplus": ({}, {"beta": [2, 0.5, Raw("torch.tensor(2)")], "threshold": [1, 20, Raw("torch.tensor(1.0)")]}),
    "threshold": ({"threshold": [0.2, Raw("torch.tensor(0.2)")], "value": [-1.0, 0.5]}, {"inplace": [True, False]}),
    "softmax": ({"dim": [0, -1]}, {"dtype": [None, Raw("torch.float64")], "_stacklevel": [3]}),
    "log_softmax": ({"dim": [0, -1]}, {"dtype": [None, Raw("torch.float64")], "_stacklevel": [3]}),
    "softmin": ({"dim": [0, -1]}, {"dtype": [None, Raw("torch.float64")], "_stacklevel": [3]}),
    "gumbel_softmax": ({}, {"tau": [1, 0.5], "hard": [True, False], "eps": [1e-10], "dim": [0, -1]}),
    "dropout": ({}, {"p": [0.4, 0, 1], "training": [True, False], "inplace": [True, False]}),
    "alpha_dropout": ({}, {"p": [0.4, 0, 1], "training": [True, False], "inplace": [True, False]}),
    "normalize": ({}, {"p": [2.0, 1.0, 3], "dim": [0, -1], "eps": [1e-12, 0.5], "out": [None]}),
    "relu_": ({}, {}),
    "elu_": ({}, {"alpha": [0.7]}),
    "celu_": ({}, {"alpha": [0.7]}),
    "selu_": ({}, {}),
    "hardtanh_": ({}, {"min_val": [-0.5], "max_val": [0.7]}),
    "leaky_relu_": ({}, {"negative_slope": [0.2]}),
    "rrelu_": ({}, {"lower": [0.1], "upper": [0.3], "training": [True, False]}),
    "threshold_": ({"threshold": [0.2], "value": [-1.0]}, {}),
}  # fmt: skip


def simple(w: Writer) -> Made:
    """A function of one tensor of any shape."""
    name = w.pick(*SIMPLE)
    always, perhaps = ({k: w.pick(*v) for k, v in part.items()} for part in SIMPLE[name])
    shape = [(2 if name == "glu" else 1) * w.size() for _ in range(w.size(1, 4))]
    if w.batches != [1, 2, 3]:
        shape[0] = 2 * w.samples()
    given = w.given(always, perhaps)
    x = w.data(*shape)
    written = "inplace=True" in given or name.endswith("_")
    return Made("", [f"({x} * 1)" if written and w.random.random() < 0.9 else x], f"F.{name}(x0, {given})")


def channelwise(w: Writer) -> Made:
    """Dropout of whole channels, and orders of channels."""
    kind = w.pick("dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout", "channel_shuffle", "pixel_shuffle",
                  "pixel_unshuffle", "native_channel_shuffle")  # fmt: skip
    if "dropout" in kind:
        d = int(kind[-2]) if kind[-1] == "d" else w.size(1, 3)
        shape = [*w.batch(), w.size(), *(w.size() for _ in range(d))]
        if kind == "feature_alpha_dropout":
            shape = [w.samples(), *shape[-d - 1 :]]
        perhaps = {"p": w.pick(0.4, 0, 1), "training": w.flag(), "inplace": w.random.random() < 0.2}
        text = w.given({}, perhaps)
        x = w.data(*shape)
        return Made("", [f"({x} * 1)" if "inplace=True" in text else x], f"F.{kind}(x0, {text})")
    named = {"pixel_shuffle": "upscale_factor", "pixel_unshuffle": "downscale_factor"}.get(kind, "groups")
    call = f"F.{kind}(x0, 2)" if kind == "native_channel_shuffle" else f"F.{kind}(x0, {named}=2)"
    return Made("", [w.data(*w.batch(), 4, 2, 4)], call)


def convolution(w: Writer) -> Made:
    """Convolutions whose weights are any tensors."""
    if w.random.random() < 0.05:
        length, samples, inside, outside = w.size(3, 6), w.samples(), w.size(1, 2), w.size(1, 2)
        inputs = [w.data(length, samples, inside), w.data(w.size(1, 3), inside, outside), w.data(outside)]
        return Made("", inputs, f"F.conv_tbc(x0, x1, x2, {w.given({}, {'pad': w.size(0, 2)})})")
    w.maybe_complex()
    d, groups = w.size(1, 3), w.pick(1, 1, 2)
    inside, outside = groups * w.size(1, 2), groups * w.size(1, 2)
    transposed = w.flag()
    kernel = [w.size(1, 3) for _ in range(d)]
    weight = [inside, outside // groups, *kernel] if transposed else [outside, inside // groups, *kernel]
    perhaps: dict[str, Any] = {"stride": w.per(d, lambda: w.size(1, 3)), "dilation": w.per(d, lambda: w.size(1, 2))}
    if transposed:
        perhaps |= {"padding": w.per(d, lambda: w.size(0, 2)), "output_padding": w.per(d, lambda: w.size(0, 1))}
    else:
        perhaps["padding"] = w.pick(w.per(d, lambda: w.size(0, 2)), "valid", "same")
        if perhaps["padding"] == "same":
            perhaps["stride"] = 1
    inputs = [w.data(*w.batch(), inside, *(w.size(3, 6) for _ in range(d))), w.data(*weight)]
    always = {"groups": groups} if groups > 1 else {}
    if w.flag():
        inputs.append(w.data(outside))
        always["bias"] = Raw("x2")
    name = f"conv_transpose{d}d" if transposed else f"conv{d}d"
    return Made("", inputs, f"F.{name}(x0, x1, {w.given(always, perhaps)})")


def pooling(w: Writer) -> Made:
    """Pools, adaptive pools, and back."""
    d = w.size(1, 3)
    kind = w.pick("avg_pool", "max_pool", "max_pool_with_indices", "lp_pool", "adaptive_avg_pool", "adaptive_max_pool",
                  "adaptive_max_pool_with_indices", "max_unpool", "fractional_max_pool",
                  "fractional_max_pool_with_indices")  # fmt: skip
    if "fractional" in kind:
        d = max(d, 2)
        lead, space = [*w.batch(), w.size(1, 2)], [w.size(3, 6) for _ in range(d)]
        call = f"F.{kind.replace('pool', f'pool{d}d')}(x0, {fractional(w, lead, space)})"
        return Made("", [w.data(*lead, *space)], call)
    name = kind.replace("pool", f"pool{d}d")
    x = w.data(*w.batch(), w.size(1, 2), *(w.size(3, 6) for _ in range(d)), low=0.25 if kind == "lp_pool" else -2)
    indices = {"return_indices": w.flag()}
    if "adaptive" in kind:
        more = {} if kind == "adaptive_avg_pool" else indices
        return Made("", [x], f"F.{name}(x0, {w.given({'output_size': w.per(d, lambda: w.size(1, 4))}, more)})")
    kernel = w.size(1, 3)
    if kind == "max_unpool":
        sizes = f", output_size=x0[0].shape[:-{d}] + ({', '.join(str(5) for _ in range(d))},)" if w.flag() else ""
        shape = [*w.batch(), w.size(1, 2), *([5] * d)]
        pooled = f"F.max_pool{d}d({w.data(*shape)}, 2, return_indices=True)"
        given = w.given({"kernel_size": 2}, {"stride": w.pick(None, 2), "padding": 0})
        return Made("", [pooled], f"F.{name}(x0[0], x0[1], {given}{sizes})")
    always: dict[str, Any] = {"kernel_size": kernel if w.flag() or (kind, d) == ("lp_pool", 1) else (kernel,) * d}
    perhaps: dict[str, Any] = {"stride": w.pick(None, w.size(1, 3)), "ceil_mode": w.flag()}
    if kind == "lp_pool":
        always["norm_type"] = w.pick(1, 2, 3, 2.5)
    else:
        perhaps["padding"] = w.size(0, kernel // 2)
    if kind == "avg_pool":
        perhaps["count_include_pad"] = w.flag()
        if d > 1:
            perhaps["divisor_override"] = w.pick(None, 3)
    if "max" in kind:
        perhaps |= {"dilation": w.size(1, 2), **indices}
    return Made("", [x], f"F.{name}(x0, {w.given(always, perhaps)})")


def normalization(w: Writer) -> Made:
    """Norms with any weights and statistics."""
    kind = w.pick("batch_norm", "instance_norm", "layer_norm", "group_norm", "rms_norm", "local_response_norm")
    channels = 2 * w.size(1, 2)
    shape = [w.samples(), channels, *(w.size(2, 4) for _ in range(w.size(1, 2)))]
    inputs = [w.data(*shape)]
    always: dict[str, Any] = {}
    perhaps: dict[str, Any] = {} if kind == "local_response_norm" else {"eps": w.pick(1e-5, 0.1)}
    sizes = [channels]
    if kind in ("batch_norm", "instance_norm"):
        perhaps["momentum"] = w.pick(0.1, 0.7)
        always["training" if kind == "batch_norm" else "use_input_stats"] = own = w.flag()
        if w.flag() or not own or kind == "batch_norm":
            given = w.flag() or not own
            always["running_mean"] = Raw(w.data(channels, grad=False)) if given else None
            always["running_var"] = Raw(w.data(channels, grad=False, low=0.25)) if given else None
    elif kind in ("layer_norm", "rms_norm"):
        sizes = shape[-w.size(1, 2) :]
        always["normalized_shape"] = sizes
    elif kind == "group_norm":
        always["num_groups"] = w.pick(1, 2)
    else:
        given = w.given({"size": w.size(1, 3)}, {"alpha": 0.1, "beta": 0.6, "k": 1.5})
        return Made("", inputs, f"F.local_response_norm(x0, {given})")
    for name in ("weight", "bias") if kind != "rms_norm" else ("weight",):
        if w.flag():
            inputs.append(w.data(*sizes))
            always[name] = Raw(f"x{len(inputs) - 1}")
    return Made("", inputs, f"F.{kind}(x0, {w.given(always, perhaps)})")


def products(w: Writer) -> Made:
    """Linear, bilinear, embeddings, prelu, distances."""
    kind = w.pick("linear", "bilinear", "embedding", "embedding_bag", "prelu", "cosine_similarity", "pairwise_distance",
                  "pdist", "one_hot")  # fmt: skip
    n, m, lead = w.size(), w.size(), w.batch()
    if kind == "linear":
        w.maybe_complex()
        inputs = [w.data(*lead, n), *([w.data(m, n), w.data(m)] if w.flag() else [w.data(m, n)])]
        return Made("", inputs, f"F.linear(x0, x1{', bias=x2' if len(inputs) > 2 else ''})")
    if kind == "bilinear":
        k = w.size()
        inputs = [w.data(*lead, n), w.data(*lead, k), w.data(m, n, k)] + ([w.data(m)] if w.flag() else [])
        return Made("", inputs, f"F.bilinear(x0, x1, x2{', bias=x3' if len(inputs) > 3 else ''})")
    if kind in ("embedding", "embedding_bag"):
        return _embedding(w, kind, m)
    if kind == "prelu":
        return Made("", [w.data(w.samples(), n, m), w.data(w.pick(1, n))], "F.prelu(x0, weight=x1)")
    if kind == "pdist":
        return Made("", [w.data(w.size(2, 4), w.size(2, 4))], f"F.pdist(x0, {w.given({}, {'p': w.pick(1, 2, 3.5)})})")
    if kind == "one_hot":
        given = w.given({}, {"num_classes": w.pick(6, -1)})
        return Made("", [w.integers(0, 6, [w.size(1, 4)])], f"F.one_hot(x0, {given})")
    pair = [w.data(w.size(2, 4), n), w.data(n)] if w.random.random() < 0.3 else [w.data(3, n), w.data(3, n)]
    if kind == "cosine_similarity":
        given = w.given({}, {"dim": w.pick(-1, 1, 0), "eps": w.pick(1e-8, 0.5)})
    else:
        given = w.given({}, {"p": w.pick(1.0, 2.0, 3.0), "eps": w.pick(1e-6, 0.1), "keepdim": w.flag()})
    return Made("", pair, f"F.{kind}(x0, x1, {given})")


def _embedding(w: Writer, kind: str, m: int) -> Made:
    perhaps: dict[str, Any] = {
        "padding_idx": w.pick(None, 0, -1), "norm_type": w.pick(2.0, 1.0), "scale_grad_by_freq": w.flag(), "sparse": False,
    }  # fmt: skip
    weight = w.data(6, m)
    if w.random.random() < 0.3:
        weight = w.data(6, m, grad=False)
        perhaps["max_norm"] = w.pick(None, 0.5)
    if kind == "embedding":
        ids = w.integers(0, 6, [*w.batch(), w.size()])
        return Made("", [ids, weight], f"F.embedding(x0, x1, {w.given({}, perhaps)})")
    mode = w.pick("sum", "mean", "max")
    perhaps["scale_grad_by_freq"] = mode != "max" and w.flag()
    length, last = w.size(3, 6), w.flag()
    inputs = [w.integers(0, 6, [length]), weight]
    always: dict[str, Any] = {
        "mode": mode, "include_last_offset": last,
        "offsets": Raw(f"torch.tensor([0, {w.size(0, 2)}{f', {length}' if last else ''}])"),
    }  # fmt: skip
    if mode == "sum" and w.flag():
        inputs.append(w.data(length))
        always["per_sample_weights"] = Raw("x2")
    return Made("", inputs, f"F.embedding_bag(x0, x1, {w.given(always, perhaps)})")


def resampling(w: Writer) -> Made:
    """Padding, interpolation, windows and back."""
    kind = w.pick("pad", "pad", "interpolate", "interpolate", "unfold", "fold", "upsample", "upsample_nearest",
                  "upsample_bilinear")  # fmt: skip
    if kind == "pad":
        return _pad(w)
    if kind in ("unfold", "fold"):
        always = {"kernel_size": w.per(2, lambda: w.size(1, 3))}
        perhaps = {"dilation": w.size(1, 2), "padding": w.size(0, 2), "stride": w.size(1, 2)}
        given = w.given(always, perhaps)
        x = w.data(*w.batch(), 2, 5, 4)
        if kind == "unfold":
            return Made("", [x], f"F.unfold(x0, {given})")
        return Made("", [f"F.unfold({x}, {given})"], f"F.fold(x0, output_size=(5, 4), {given})")
    d = w.size(1, 3) if kind == "interpolate" else 2
    x = w.data(w.samples(), w.size(1, 2), *(w.size(3, 5) for _ in range(d)))
    scaled = w.flag()
    always = (
        {"scale_factor": w.per(d, lambda: w.pick(0.5, 1.5, 2.0, 2.3))} if scaled else {"size": w.per(d, lambda: w.size(2, 7))}
    )
    if kind in ("upsample_nearest", "upsample_bilinear"):
        return Made("", [x], f"F.{kind}(x0, {w.given(always)})")
    modes = {1: ["nearest", "linear"], 2: ["nearest", "bilinear", "bicubic"], 3: ["nearest", "trilinear"]}[d]
    always["mode"] = mode = w.pick(*modes, "nearest-exact", "area")
    perhaps: dict[str, Any] = {"align_corners": w.flag()} if "linear" in mode or mode == "bicubic" else {}
    if kind == "interpolate":
        if scaled:
            perhaps["recompute_scale_factor"] = w.pick(None, True, False)
        perhaps["antialias"] = mode in ("bilinear", "bicubic") and w.random.random() < 0.3
    return Made("", [x], f"F.{kind}(x0, {w.given(always, perhaps)})")


def _pad(w: Writer) -> Made:
    mode = w.pick("constant", "constant", "reflect", "replicate", "circular")
    d = w.size(1, 3)
    shape = [w.samples(), w.size(1, 3), *(w.size(3, 5) for _ in range(d))]
    sizes = [w.size(-1 if mode == "constant" else 0, 2) for _ in range(2 * (w.size(1, d) if mode == "constant" else d))]
    value = {"value": w.pick(None, 0.7, -1)} if mode == "constant" else {}
    return Made("", [w.data(*shape)], f"F.pad(x0, {w.given({'pad': sizes, 'mode': mode}, value)})")


def sampling(w: Writer) -> Made:
    """Images at the points of a grid, and the grids of affine maps."""
    d = w.size(2, 3)
    samples, channels = w.samples(), w.size(1, 2)
    corners = {"align_corners": w.flag()}
    if w.random.random() < 0.3:
        size = [samples, channels, *(w.size() for _ in range(d))]
        given = w.given({"size": size}, corners)
        return Made("", [w.data(samples, d, d + 1)], f"F.affine_grid(theta=x0, {given})")
    modes = ["bilinear", "nearest", *(["bicubic"] if d == 2 else [])]
    given = w.given({}, {"mode": w.pick(*modes), "padding_mode": w.pick("zeros", "border", "reflection"), **corners})
    image = w.data(samples, channels, *(w.size(2, 5) for _ in range(d)))
    grid = w.data(samples, *(w.size(1, 3) for _ in range(d)), d, low=-1.4, high=1.4)
    return Made("", [image, grid], f"F.grid_sample(x0, grid=x1, {given})")


def attention(w: Writer) -> Made:
    """The product of attention, with masks of both kinds."""
    batch, length, other, width, value = w.samples() or 1, w.size(), w.size(), w.size(), w.size()
    if batch > 3:
        w.batches = [1, 2, 3]
        batch = w.samples()
    heads = [w.size(1, 3)] if w.flag() else []
    grouped = bool(heads) and w.random.random() < 0.2
    keys = [heads[0]] if heads else []
    if grouped:
        heads = [2 * keys[0]]
    inputs = [
        w.data(batch, *heads, length, width), w.data(batch, *keys, other, width), w.data(batch, *keys, other, value),
    ]  # fmt: skip
    always: dict[str, Any] = {"enable_gqa": True} if grouped else {}
    perhaps: dict[str, Any] = {"scale": w.pick(None, 0.3), "dropout_p": 0.0}
    if w.flag():
        if w.flag():
            always["attn_mask"] = Raw(w.mask([length, other], 0.7))
        else:
            inputs.append(w.data(length, other))
            always["attn_mask"] = Raw("x3")
    else:
        perhaps["is_causal"] = w.flag()
    return Made("", inputs, f"F.scaled_dot_product_attention(x0, x1, x2, {w.given(always, perhaps)})")


FUNCTIONS: list[Callable[[Writer], Made]] = [
    simple, simple, channelwise, convolution, pooling, normalization, products, products, resampling, attention,
    sampling, ctc, linear_cross_entropy,
]  # fmt: skip
