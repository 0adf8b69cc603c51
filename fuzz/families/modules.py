"""Modules: every module of nn with its arguments, forward, first and second derivatives, trained and evaluated, under
checkpoint, hooks and functional calls."""

from __future__ import annotations

import random
from collections.abc import Callable

from fuzz.compare import Settings
from fuzz.known import Case, Known
from fuzz.program import Program

NAME = "modules"
COMPARED = Settings(version=False, errors="type", graph=0)
TESTED = 150



def _gradients_strides(case: Case) -> bool:
    return case.found.key == "strides" and case.found.path[0] in "gh"


def _no_second_derivative(case: Case) -> bool:
    return case.found.key == "raised" and "is not implemented" in case.texts[0] and not case.texts[1]


def _second_of_bce(case: Case) -> bool:
    return case.found.path[:1] == "h" and any("BCELoss" in line for line in case.program.lines)


KNOWN = [
    Known("PyTorch's second derivative of BCELoss takes its input for 1e-12 more", _second_of_bce),
    Known("what grad() returns lies in memory as a formula left it", _gradients_strides, goes_on=True),
    Known("PyTorch has no second derivative of its attention, and of some losses", _no_second_derivative),
]

PRELUDE = """
checkpoint = __import__(torch.__name__ + ".utils.checkpoint", fromlist=["x"]).checkpoint

def tensors(out):
    if isinstance(out, torch.Tensor):
        return [out]
    if hasattr(out, "data") and hasattr(out, "batch_sizes"):
        return [out.data]
    return [t for part in (out.values() if isinstance(out, dict) else out) if part is not None for t in tensors(part)]

def weighted(out):
    '''A loss to which no two elements contribute alike.'''
    found = [t for t in tensors(out) if t.requires_grad]
    return sum((t * data(5, *t.shape, dtype=t.dtype)).sum() for t in found) if found else torch.zeros(())

def leaves(module, *inputs):
    return [t for t in (*inputs, *module.parameters()) if isinstance(t, torch.Tensor) and t.requires_grad]
"""


class _Writer:
    """The lines of a program: a module, its inputs, and what is done with them."""

    def __init__(self, random: random.Random) -> None:
        self.random = random
        self.dtype = random.choice(["torch.float64"] * 3 + ["torch.float32"])
        self.inputs: list[str] = []
        self.exact = True  # whether halves and integers of its input may be at a kink

    def pick(self, *choices: object) -> object:
        return self.random.choice(choices)

    def flag(self) -> bool:
        return self.random.random() < 0.5

    def size(self, low: int = 1, high: int = 4) -> int:
        return self.random.randint(low, high)

    def data(self, *shape: int, grad: bool = True, low: float = -2, high: float = 2, dtype: str = "") -> str:
        """An input; most are a different number everywhere, so that no two are tied."""
        seed = self.random.randint(0, 99)
        sizes = "".join(f"{n}, " for n in shape)
        wanted = ", grad=True" if grad and self.random.random() < 0.9 else ""
        return f"data({seed}, {sizes}low={low}, high={high}, dtype={dtype or self.dtype}, step=997{wanted})"

    def arguments(self, *positional: object, **named: object) -> str:
        """The text of arguments; of the named ones each is left out now and then."""
        parts = [repr(p) for p in positional]
        parts += [f"{k}={v!r}" for k, v in named.items() if self.random.random() < 0.6]
        return ", ".join(parts)


def _activation(w: _Writer) -> str:
    name, named = w.random.choice(_ACTIVATIONS)
    if name == "Threshold":
        w.inputs = [w.data(w.size(), w.size())]
        return "nn.Threshold(0.2, -1.0)"
    if name in _IN_PLACE and w.random.random() < 0.2:
        named = {**named, "inplace": True}
    x = w.data(*(w.size() for _ in range(w.size(1, 4))))
    w.inputs = [x + " * 1" if named.get("inplace") else x]
    return f"nn.{name}({w.arguments(**named)})"


_ACTIVATIONS: list[tuple[str, dict[str, object]]] = [
    ("ReLU", {}), ("ReLU6", {}), ("ELU", {"alpha": 0.7}), ("SELU", {}), ("CELU", {"alpha": 1.3}), ("Sigmoid", {}),
    ("GELU", {"approximate": "tanh"}), ("SiLU", {}), ("Mish", {}), ("Softplus", {"beta": 2, "threshold": 1}),
    ("Softsign", {}), ("Softshrink", {"lambd": 0.3}), ("Hardshrink", {"lambd": 0.3}), ("Tanhshrink", {}), ("Tanh", {}),
    ("Hardtanh", {"min_val": -0.7, "max_val": 1.1}), ("Hardsigmoid", {}), ("Hardswish", {}), ("LogSigmoid", {}),
    ("LeakyReLU", {"negative_slope": 0.2}), ("PReLU", {"init": 0.3}), ("Threshold", {}),
    ("RReLU", {"lower": 0.1, "upper": 0.3}), ("Softmax", {"dim": -1}), ("LogSoftmax", {"dim": 0}), ("Softmin", {"dim": -1}),
    ("Identity", {}), ("Flatten", {"start_dim": 0, "end_dim": -1}), ("Dropout", {"p": 0.4}), ("AlphaDropout", {"p": 0.3}),
    ("FeatureAlphaDropout", {"p": 0.3}),
]  # fmt: skip
_IN_PLACE = ("ReLU", "ELU", "SELU", "CELU", "SiLU", "Mish", "LeakyReLU", "Hardtanh", "Dropout", "Hardswish", "RReLU")


def _convolution(w: _Writer) -> str:
    d = w.size(1, 3)
    groups = int(w.pick(1, 1, 2))  # type: ignore[call-overload]
    inside, outside = groups * w.size(1, 2), groups * w.size(1, 2)
    kernel = [w.size(1, 3) for _ in range(d)]
    transposed = w.flag()
    named: dict[str, object] = {
        "stride": w.size(1, 3), "padding": w.size(0, 2) if transposed else w.pick(0, 1, 2, "same", "valid"),
        "dilation": w.size(1, 2), "bias": w.flag(),
    }  # fmt: skip
    if named["padding"] == "same":
        named["stride"] = 1
    if transposed:
        named["output_padding"] = w.size(0, max(int(named["stride"]), int(named["dilation"])) - 1)  # type: ignore[call-overload]
    else:
        named["padding_mode"] = w.pick("zeros", "zeros", "reflect", "replicate", "circular")
    space = [w.size(4, 7) for _ in range(d)]
    w.inputs = [w.data(*([w.size(1, 3)] if w.random.random() < 0.85 else []), inside, *space)]
    shown = ", ".join(f"{k}={v!r}" for k, v in named.items())
    name = f"ConvTranspose{d}d" if transposed else f"Conv{d}d"
    return f"nn.{name}({inside}, {outside}, {tuple(kernel)}, groups={groups}, {shown})"


def _pooling(w: _Writer) -> str:
    d = w.size(1, 3)
    space = [w.size(3, 7) for _ in range(d)]
    w.inputs = [w.data(*([w.size(1, 2)] if w.random.random() < 0.85 else []), w.size(1, 2), *space)]
    kernel = w.size(1, 3)
    kind = w.pick("MaxPool", "AvgPool", "LPPool", "AdaptiveAvgPool", "AdaptiveMaxPool")
    if kind in ("AdaptiveAvgPool", "AdaptiveMaxPool"):
        more = f", return_indices={w.flag()}" if kind == "AdaptiveMaxPool" else ""
        return f"nn.{kind}{d}d({w.size(1, 4)}{more})"
    if kind == "LPPool":
        w.inputs = [w.inputs[0].replace("low=-2", "low=0.25")]
        return f"nn.LPPool{d}d({w.pick(1, 2, 3)}, {kernel}, {w.arguments(stride=w.size(1, 3), ceil_mode=w.flag())})"
    named: dict[str, object] = {"stride": w.size(1, 3), "padding": w.size(0, kernel // 2), "ceil_mode": w.flag()}
    if kind == "AvgPool":
        named["count_include_pad"] = w.flag()
        if d > 1:
            named["divisor_override"] = w.size(1, 5)
    else:
        named["dilation"] = w.size(1, 2)
        named["return_indices"] = w.flag()
    return f"nn.{kind}{d}d({kernel}, {w.arguments(**named)})"


def _normalization(w: _Writer) -> str:
    kind = w.pick("BatchNorm", "InstanceNorm", "LayerNorm", "GroupNorm", "RMSNorm", "LocalResponseNorm", "CrossMapLRN2d")
    d = w.size(1, 3)
    shape = [w.size(2, 4), 2 * w.size(1, 2), *(w.size(2, 4) for _ in range(d))]
    named: dict[str, object] = {"eps": w.pick(1e-5, 0.1)}
    if kind in ("BatchNorm", "InstanceNorm"):
        named |= {"momentum": w.pick(0.1, 0.5, None), "affine": w.flag(), "track_running_stats": w.flag()}
        if kind == "InstanceNorm" and named["momentum"] is None:
            named["momentum"] = 0.2
        w.inputs = [w.data(*shape)]
        return f"nn.{kind}{d}d({shape[1]}, {w.arguments(**named)})"
    w.inputs = [w.data(*shape)]
    if kind == "GroupNorm":
        return f"nn.GroupNorm(2, {shape[1]}, {w.arguments(**named, affine=w.flag())})"
    if kind == "LocalResponseNorm":
        return f"nn.LocalResponseNorm({w.size(1, 3)}, {w.arguments(alpha=0.1, beta=0.6, k=1.5)})"
    if kind == "CrossMapLRN2d":
        w.inputs = [w.data(2, 3, 3, 3)]
        return f"nn.LocalResponseNorm({w.size(1, 3)})"
    over = shape[-w.size(1, 2) :]
    more = {"elementwise_affine": w.flag()} | ({"bias": w.flag()} if kind == "LayerNorm" else {})
    return f"nn.{kind}({over}, {w.arguments(**named, **more)})"


def _linear(w: _Writer) -> str:
    n, m = w.size(), w.size()
    kind = w.pick("Linear", "Linear", "Bilinear", "Embedding", "EmbeddingBag")
    lead = [w.size() for _ in range(w.size(0, 2))]
    if kind == "Linear":
        w.inputs = [w.data(*lead, n)]
        return f"nn.Linear({n}, {m}, bias={w.flag()})"
    if kind == "Bilinear":
        k = w.size()
        w.inputs = [w.data(*lead, n), w.data(*lead, k)]
        return f"nn.Bilinear({n}, {k}, {m}, bias={w.flag()})"
    shape = [w.size(1, 4), w.size(1, 4)]
    seed = w.random.randint(0, 99)
    w.inputs = [f"torch.tensor(np.random.RandomState({seed}).randint(0, 6, {shape}))"]
    named: dict[str, object] = {
        "padding_idx": w.pick(None, 0, -1), "max_norm": w.pick(None, 0.5), "norm_type": w.pick(2.0, 1.0),
        "scale_grad_by_freq": w.flag(),
    }  # fmt: skip
    if kind == "EmbeddingBag":
        named["mode"] = w.pick("sum", "mean", "max")
        if named["mode"] == "max":
            named["scale_grad_by_freq"] = False
    return f"nn.{kind}(6, {m}, {w.arguments(**named)})"


def _loss(w: _Writer) -> str:
    shape = [w.size(1, 4), w.size(2, 4), *(w.size(1, 3) for _ in range(w.size(0, 2)))]
    reduction = w.pick("mean", "sum", "none")
    end = f"reduction={reduction!r}"
    kind = w.random.choice(_LOSSES)
    x = w.data(*shape)
    if kind in ("CrossEntropyLoss", "NLLLoss"):
        seed = w.random.randint(0, 99)
        labels = [shape[0], *shape[2:]]
        target = f"torch.tensor(np.random.RandomState({seed}).randint(0, {shape[1]}, {labels}))"
        more = ""
        if w.flag():
            more += f", weight=data(7, {shape[1]}, low=0.25, dtype={w.dtype})"
        if w.flag():
            more += f", ignore_index={w.pick(0, 1, -100)}"
        if kind == "CrossEntropyLoss":
            more += f", label_smoothing={w.pick(0.0, 0.2)}"
            if w.random.random() < 0.2:
                target = w.data(*shape, low=0, high=1)
                more = f", label_smoothing={w.pick(0.0, 0.2)}"
        w.inputs = [x, target]
        return f"nn.{kind}({end}{more})"
    if kind in ("BCELoss",):
        w.inputs = [w.data(*shape, low=0.05, high=0.95), w.data(*shape, low=0, high=1, grad=False)]
        return f"nn.BCELoss({end})"
    if kind == "BCEWithLogitsLoss":
        more = f", pos_weight=data(8, {shape[-1]}, low=0.5, dtype={w.dtype})" if w.flag() else ""
        w.inputs = [x, w.data(*shape, low=0, high=1)]
        return f"nn.BCEWithLogitsLoss({end}{more})"
    if kind == "GaussianNLLLoss":
        w.inputs = [x, w.data(*shape), w.data(*shape, low=0.1)]
        return f"nn.GaussianNLLLoss({end}, {w.arguments(full=w.flag())})"
    if kind in ("SoftMarginLoss", "HingeEmbeddingLoss"):
        w.inputs = [x, w.data(*shape, grad=False) + ".sign()"]
        return f"nn.{kind}({end}{f', margin={w.pick(0.5, 1.5)}' if kind[0] == 'H' else ''})"
    if kind in ("MultiMarginLoss", "MultiLabelSoftMarginLoss", "MultiLabelMarginLoss"):
        n, c = shape[:2]
        seed = w.random.randint(0, 99)
        target = {
            "MultiMarginLoss": f"torch.tensor(np.random.RandomState({seed}).randint(0, {c}, [{n}]))",
            "MultiLabelMarginLoss": f"torch.tensor(np.random.RandomState({seed}).randint(-1, {c}, [{n}, {c}]))",
            "MultiLabelSoftMarginLoss": w.data(n, c, low=0, high=1, grad=False),
        }[kind]
        w.inputs = [w.data(n, c), target]
        return f"nn.{kind}({end}{f', p={w.pick(1, 2)}, margin=0.7' if kind == 'MultiMarginLoss' else ''})"
    if kind in ("CosineEmbeddingLoss", "MarginRankingLoss"):
        n, c = shape[:2]
        pair = [w.data(n, c), w.data(n, c)] if kind[0] == "C" else [w.data(n), w.data(n)]
        w.inputs = [*pair, w.data(n, grad=False) + ".sign()"]
        return f"nn.{kind}({end}, margin={w.pick(0.0, 0.3)})"
    if kind == "TripletMarginLoss":
        n, c = shape[:2]
        w.inputs = [w.data(n, c) for _ in range(3)]
        return f"nn.TripletMarginLoss({end}, {w.arguments(margin=0.8, p=w.pick(1.0, 2.0), swap=w.flag())})"
    named = {
        "HuberLoss": {"delta": 0.6}, "SmoothL1Loss": {"beta": 0.7}, "KLDivLoss": {"log_target": w.flag()},
        "PoissonNLLLoss": {"log_input": True, "full": w.flag()},
    }.get(kind, {})  # fmt: skip
    low = 0.1 if kind in ("KLDivLoss", "PoissonNLLLoss") else -2
    w.inputs = [x, w.data(*shape, low=low)]
    return f"nn.{kind}({end}, {w.arguments(**named)})"


_LOSSES = [
    "CrossEntropyLoss", "CrossEntropyLoss", "NLLLoss", "BCELoss", "BCEWithLogitsLoss", "GaussianNLLLoss", "SoftMarginLoss",
    "HingeEmbeddingLoss", "MultiMarginLoss", "MultiLabelSoftMarginLoss", "MultiLabelMarginLoss", "CosineEmbeddingLoss",
    "MarginRankingLoss", "TripletMarginLoss", "L1Loss", "MSELoss", "HuberLoss", "SmoothL1Loss", "KLDivLoss",
    "PoissonNLLLoss",
]  # fmt: skip


def _recurrent(w: _Writer) -> str:
    n, h = w.size(1, 3), w.size(1, 3)
    kind = w.pick("RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell")
    length, batch = w.size(1, 4), w.size(1, 3)
    if str(kind).endswith("Cell"):
        w.inputs = [w.data(*([batch] if w.flag() else []), n)]
        more = f", nonlinearity={w.pick('tanh', 'relu')!r}" if kind == "RNNCell" else ""
        return f"nn.{kind}({n}, {h}, bias={w.flag()}{more})"
    layers = w.size(1, 2)
    named: dict[str, object] = {"bias": w.flag(), "batch_first": w.flag(), "bidirectional": w.flag()}
    if layers > 1:
        named["dropout"] = 0.5
    if kind == "LSTM" and h > 1:
        named["proj_size"] = h - 1
    if kind == "RNN":
        named["nonlinearity"] = w.pick("tanh", "relu")
    w.inputs = [w.data(length, batch, n) if w.random.random() < 0.8 else w.data(length, n)]
    if w.random.random() < 0.25:
        lengths = [w.size(1, 4) for _ in range(batch)]
        rows = ", ".join(w.data(k, n) for k in lengths)
        w.inputs = [f"nn.utils.rnn.pack_sequence([{rows}], enforce_sorted=False)"]
    return f"nn.{kind}({n}, {h}, {layers}, {w.arguments(**named)})"


def _attention(w: _Writer) -> str:
    heads = w.size(1, 2)
    e = heads * w.size(1, 2) * 2
    length, batch = w.size(1, 4), w.size(1, 3)
    kind = w.pick("MultiheadAttention", "TransformerEncoderLayer", "TransformerDecoderLayer")
    first = w.flag()
    shape = (batch, length, e) if first else (length, batch, e)
    named: dict[str, object] = {"dropout": w.pick(0.0, 0.0, 0.4), "bias": w.flag()}
    if kind == "MultiheadAttention":
        w.inputs = [w.data(*shape) for _ in range(3)]
        named |= {"add_bias_kv": w.flag(), "add_zero_attn": w.flag()}
        return f"nn.MultiheadAttention({e}, {heads}, batch_first={first}, {w.arguments(**named)})"
    named["dropout"] = w.pick(0.0, 0.3)
    named |= {"activation": w.pick("relu", "gelu"), "norm_first": w.flag()}
    w.inputs = [w.data(*shape)] + ([w.data(*shape)] if kind == "TransformerDecoderLayer" else [])
    return f"nn.{kind}({e}, {heads}, {w.size(2, 5)}, batch_first={first}, {w.arguments(**named)})"


def _shape(w: _Writer) -> str:
    d = w.size(1, 3)
    shape = [w.size(1, 2), w.size(1, 3), *(w.size(3, 5) for _ in range(d))]
    w.inputs = [w.data(*shape)]
    kind = w.pick("pad", "up", "fold", "shuffle", "distance", "unflatten")
    if kind == "pad":
        mode = w.pick("Reflection", "Replication", "Circular", "Constant", "Zero")
        sizes = tuple(w.size(0, 2) for _ in range(2 * d))
        return f"nn.{mode}Pad{d}d({sizes}{', 0.7' if mode == 'Constant' else ''})"
    if kind == "up":
        modes = {1: ["nearest", "linear"], 2: ["nearest", "bilinear", "bicubic"], 3: ["nearest", "trilinear"]}[d]
        mode = w.random.choice([*modes, "nearest-exact"])
        size = f"scale_factor={w.pick(0.5, 1.5, 2, 2.3)}" if w.flag() else f"size={w.size(2, 7)}"
        corners = f", align_corners={w.flag()}" if "linear" in mode or mode == "bicubic" else ""
        return f"nn.Upsample({size}, mode={mode!r}{corners})"
    if kind == "fold":
        w.inputs = [w.data(2, 2, 5, 4)]
        return f"nn.Unfold({w.size(1, 3)}, {w.arguments(dilation=w.size(1, 2), padding=w.size(0, 2), stride=w.size(1, 2))})"
    if kind == "shuffle":
        w.inputs = [w.data(2, 4, 2, 4)]
        return str(w.pick("nn.PixelShuffle(2)", "nn.PixelUnshuffle(2)", "nn.ChannelShuffle(2)"))
    if kind == "distance":
        n, c = w.size(), w.size(2, 4)
        w.inputs = [w.data(n, c), w.data(n, c)]
        if w.flag():
            return f"nn.CosineSimilarity({w.arguments(dim=w.pick(0, 1), eps=0.01)})"
        return f"nn.PairwiseDistance({w.arguments(p=w.pick(1.0, 2.0, 3.0), keepdim=w.flag())})"
    w.inputs = [w.data(2, 6, 3)]
    return "nn.Unflatten(1, (2, 3))"


_MAKERS: list[Callable[[_Writer], str]] = [
    _activation, _convolution, _convolution, _pooling, _normalization, _normalization, _linear, _loss, _loss, _recurrent,
    _attention, _shape,
]  # fmt: skip


def generate(random: random.Random) -> Program:
    """A module, in a mode, called in some way, and differentiated once or twice."""
    w = _Writer(random)
    module = random.choice(_MAKERS)(w)
    names = [f"x{i}" for i in range(len(w.inputs))]
    lines = [f"m = fill({module}, {random.randint(0, 50)}).to({w.dtype})"]
    if random.random() < 0.4:
        lines.append("m = m.eval()" if random.random() < 0.8 else "m = m.requires_grad_(False)")
    lines += [f"{name} = {made}" for name, made in zip(names, w.inputs)]
    given = ", ".join(names)
    hooked = random.random() < 0.2
    if hooked:
        hook = random.choice(
            ["register_forward_hook(lambda m, i, o: None)", "register_full_backward_hook(lambda m, gi, go: None)",
             "register_forward_pre_hook(lambda m, i: tuple(t * 1 if t.is_floating_point() else t for t in i))"]
        )  # fmt: skip
        if "pack_sequence" not in lines[-1]:
            lines.append(f"_ = m.{hook}")
    calls = [f"m({given})"] * 6 + [f"checkpoint(m, {given}, use_reentrant=False)"]
    calls += [f"func.functional_call(m, dict(m.named_parameters()), ({given},))", f"nn.Sequential(m)({given})"]
    call = random.choice(calls if len(names) == 1 else calls[:-1])
    lines.append(f"y = {call}")
    ending = random.choice(["backward", "grad", "second", "second", "third", "twice"])
    if ending == "backward":
        lines += ["_l = weighted(y)", "if _l.requires_grad: _l.backward()"]
    elif ending == "twice":
        lines += ["_l = weighted(y)", "if _l.requires_grad: _l.backward()", f"z = {calls[0]}", "_k = weighted(z)",
                  "if _k.requires_grad: _k.backward()"]  # fmt: skip
    else:
        create = ending != "grad"
        lines += ["_l = weighted(y)", f"_in = leaves(m, {given})"]
        lines.append(
            f"g = list(torch.autograd.grad(_l, _in, create_graph={create}, allow_unused=True)) if _l.requires_grad else []"
        )
        if create:
            lines.append("_k = weighted(g)")
            deeper = ending == "third"
            lines.append(
                f"h = list(torch.autograd.grad(_k, _in, create_graph={deeper}, allow_unused=True)) if _k.requires_grad else []"
            )
    return Program(lines, PRELUDE)
