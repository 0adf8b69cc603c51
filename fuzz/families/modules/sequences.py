"""Sequences: recurrent modules, attention and transformers, each with all of its arguments."""

from __future__ import annotations

from typing import Any

from fuzz.families.modules.writer import Made, Raw, Writer


def recurrent(w: Writer) -> Made:
    """RNN, LSTM, GRU and their cells; padded, packed, unbatched; with a state to begin with."""
    w.exact()
    n, h = w.size(1, 3), w.size(1, 3)
    kind = w.pick("RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell")
    length, batch = w.size(1, 4), w.size(1, 3)
    always: dict[str, Any] = {"input_size": n, "hidden_size": h}
    perhaps: dict[str, Any] = {"bias": w.flag(), **w.factory()}
    if kind.endswith("Cell"):
        if kind == "RNNCell":
            perhaps["nonlinearity"] = w.pick("tanh", "relu")
        lead = [w.samples()] if w.flag() else []
        inputs = [w.data(*lead, n)]
        if w.flag():
            inputs += [w.data(*lead, h) for _ in range(2 if kind == "LSTMCell" else 1)]
        call = "m(x0, (x1, x2))" if len(inputs) == 3 else ""
        return Made(f"nn.{kind}({w.given(always, perhaps)})", inputs, call)
    layers = w.size(1, 2)
    first, both = w.flag(), w.flag()
    always |= {"num_layers": layers, "batch_first": first, "bidirectional": both}
    if layers > 1:
        perhaps["dropout"] = w.pick(0.0, 0.5)
    width = h
    if kind == "LSTM" and h > 1 and w.flag():
        always["proj_size"] = width = h - 1
    if kind == "RNN":
        perhaps["nonlinearity"] = w.pick("tanh", "relu")
    batched = w.random.random() < 0.8
    inputs = [w.data(*((batch, length) if first else (length, batch)), n) if batched else w.data(length, n)]
    if w.random.random() < 0.25:
        batched = True
        rows = ", ".join(w.data(w.size(1, 4), n) for _ in range(batch))
        inputs = [f"nn.utils.rnn.pack_sequence([{rows}], enforce_sorted=False)"]
    call = ""
    if w.flag():
        state = [layers * (1 + both), *([batch] if batched else [])]
        inputs += [w.data(*state, width)] + ([w.data(*state, h)] if kind == "LSTM" else [])
        call = "m(x0, (x1, x2))" if kind == "LSTM" else "m(x0, x1)"
    return Made(f"nn.{kind}({w.given(always, perhaps)})", inputs, call)


def attention(w: Writer) -> Made:
    """Attention of several heads, with masks of both kinds."""
    w.exact()
    heads, e = w.pick((1, 2), (1, 4), (2, 4), (2, 8))
    length, other, batch = w.size(1, 4), w.size(1, 4), w.size(1, 3)
    first = w.flag()
    batched = w.random.random() < 0.85

    def shape(steps: int, width: int) -> tuple[int, ...]:
        if not batched:
            return (steps, width)
        return (batch, steps, width) if first else (steps, batch, width)

    always: dict[str, Any] = {"embed_dim": e, "num_heads": heads, "batch_first": first}
    perhaps: dict[str, Any] = {
        "dropout": w.pick(0.0, 0.0, 0.4), "bias": w.flag(), "add_bias_kv": w.flag(), "add_zero_attn": w.flag(),
        **w.factory(),
    }  # fmt: skip
    kdim, vdim = e, e
    if w.random.random() < 0.3:
        kdim, vdim = w.size(1, 3), w.size(1, 3)
        always |= {"kdim": kdim, "vdim": vdim}
    inputs = [w.data(*shape(length, e)), w.data(*shape(other, kdim)), w.data(*shape(other, vdim))]
    if w.random.random() < 0.2 and kdim == vdim == e:
        inputs, other = inputs[:1], length
    names = "x0, x0, x0" if len(inputs) == 1 else "x0, x1, x2"
    options = {"need_weights": w.flag(), "average_attn_weights": w.flag()}
    masks: dict[str, Any] = {}
    if w.random.random() < 0.3:
        masks["key_padding_mask"] = Raw(w.mask([batch, other] if batched else [other], 0.2))
    if w.random.random() < 0.4:
        each = [batch * heads if batched else heads, length, other] if w.flag() else [length, other]
        masks["attn_mask"] = Raw(w.mask(each, 0.2) if w.flag() else w.data(*each, grad=w.flag()))
        if length == other and "key_padding_mask" not in masks and w.random.random() < 0.2:
            causal = f"nn.Transformer.generate_square_subsequent_mask({length}, dtype={w.dtype})"
            masks |= {"attn_mask": Raw(causal), "is_causal": True}
    given = w.given(masks, options)
    return Made(f"nn.MultiheadAttention({w.given(always, perhaps)})", inputs, f"m({names}, {given})")


def transformer(w: Writer) -> Made:
    """Layers of transformers, stacks of them, and whole ones."""
    w.exact()
    heads, e = w.pick((1, 2), (2, 4), (1, 4))
    length, other, batch = w.size(1, 4), w.size(1, 4), w.size(1, 3)
    first = w.flag()
    batched = w.random.random() < 0.85

    def shape(steps: int) -> tuple[int, ...]:
        if not batched:
            return (steps, e)
        return (batch, steps, e) if first else (steps, batch, e)

    layer: dict[str, Any] = {"d_model": e, "nhead": heads, "dim_feedforward": w.size(2, 5), "batch_first": first}
    perhaps: dict[str, Any] = {
        "dropout": w.pick(0.0, 0.3), "activation": w.pick("relu", "gelu", Raw("F.silu")), "norm_first": w.flag(),
        "bias": w.flag(), "layer_norm_eps": w.pick(1e-5, 0.1), **w.factory(),
    }  # fmt: skip
    one = w.given(layer, perhaps)
    source, target = w.data(*shape(length)), w.data(*shape(other))
    masks: dict[str, Any] = {}
    kind = w.pick("EncoderLayer", "DecoderLayer", "Encoder", "Decoder", "Transformer")
    encodes = kind.startswith("Encoder")
    if w.random.random() < 0.3:
        square = w.mask([length, length] if encodes else [other, other], 0.2)
        names = {"EncoderLayer": "src_mask", "Encoder": "mask"}
        masks[names.get(kind, "tgt_mask")] = Raw(square)
    if w.random.random() < 0.3:
        padded = length if encodes else other
        name = "src_key_padding_mask" if encodes else "tgt_key_padding_mask"
        masks[name] = Raw(w.mask([batch, padded] if batched else [padded], 0.2))
    if not encodes and w.random.random() < 0.3:
        masks["memory_mask"] = Raw(w.mask([other, length], 0.2))
    inputs = [source] if encodes else [target, source]
    given = w.given(masks)
    call = f"m({'x0' if encodes else 'x0, x1'}{', ' + given if given else ''})"
    if kind == "Transformer":
        more = w.given(
            {"num_encoder_layers": w.size(0, 1), "num_decoder_layers": 1},
            {"custom_encoder": None, "custom_decoder": None},
        )
        call = call.replace("m(x0, x1", "m(x1, x0")
        return Made(f"nn.Transformer({one}, {more})", inputs, call)
    if kind.endswith("Layer"):
        return Made(f"nn.Transformer{kind}({one})", inputs, call)
    norm = w.pick(None, Raw(f"nn.LayerNorm({e})"))
    stack = {"num_layers": w.size(1, 2)}
    options: dict[str, Any] = {"norm": norm}
    if kind == "Encoder":
        options |= {"enable_nested_tensor": False, "mask_check": w.flag()}
    made = f"nn.Transformer{kind}({kind.lower()}_layer=nn.Transformer{kind}Layer({one}), {w.given(stack, options)})"
    return Made(made, inputs, call)
