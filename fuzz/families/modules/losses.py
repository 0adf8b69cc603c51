"""Losses: as modules and as functions, each with all of its arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fuzz.families.modules.writer import Made, Raw, Writer

_FUNCTIONS = {
    "CrossEntropyLoss": "cross_entropy", "NLLLoss": "nll_loss", "BCELoss": "binary_cross_entropy",
    "BCEWithLogitsLoss": "binary_cross_entropy_with_logits", "GaussianNLLLoss": "gaussian_nll_loss",
    "SoftMarginLoss": "soft_margin_loss", "HingeEmbeddingLoss": "hinge_embedding_loss",
    "MultiMarginLoss": "multi_margin_loss", "MultiLabelSoftMarginLoss": "multilabel_soft_margin_loss",
    "MultiLabelMarginLoss": "multilabel_margin_loss", "CosineEmbeddingLoss": "cosine_embedding_loss",
    "MarginRankingLoss": "margin_ranking_loss", "TripletMarginLoss": "triplet_margin_loss",
    "TripletMarginWithDistanceLoss": "triplet_margin_with_distance_loss", "L1Loss": "l1_loss", "MSELoss": "mse_loss",
    "HuberLoss": "huber_loss", "SmoothL1Loss": "smooth_l1_loss", "KLDivLoss": "kl_div", "PoissonNLLLoss": "poisson_nll_loss",
}  # fmt: skip
_WITHOUT_OLD = ("GaussianNLLLoss", "HuberLoss", "TripletMarginWithDistanceLoss")
"""Which never had ``size_average`` and ``reduce``."""


def loss(w: Writer) -> Made:
    """A loss, as a module or as a function."""
    name = w.pick(*_FUNCTIONS)
    options: dict[str, Any] = {"reduction": w.pick("mean", "sum", "none")}
    if w.random.random() < 0.2 and name not in _WITHOUT_OLD:
        options |= {k: v for k, v in (("size_average", w.flag()), ("reduce", w.flag())) if w.flag()}
    shape = [w.samples(), w.size(2, 4), *(w.size(1, 3) for _ in range(w.size(0, 2)))]
    more, inputs = _MAKERS.get(name, _of_two)(w, name, shape)
    given = w.given(options, more)
    function = _FUNCTIONS[name]
    if w.flag():
        if function in ("l1_loss", "mse_loss", "huber_loss") and w.random.random() < 0.3:
            inputs.append(w.data(*shape, low=0.25, grad=False))
            given += f", weight=x{len(inputs) - 1}"
            return Made("", inputs, f"F.{function}(x0, x1, {given})")
        return Made("", inputs, f"F.{function}({', '.join(f'x{i}' for i in range(len(inputs)))}, {given})")
    return Made(f"nn.{name}({given})", inputs)


Drawn = tuple[dict[str, Any], list[str]]


def _of_two(w: Writer, name: str, shape: list[int]) -> Drawn:
    more = {
        "HuberLoss": {"delta": w.pick(0.6, 2.0)}, "SmoothL1Loss": {"beta": w.pick(0.7, 0.0, 3.0)},
        "KLDivLoss": {"log_target": w.flag()},
        "PoissonNLLLoss": {"log_input": w.flag(), "full": w.flag(), "eps": w.pick(1e-8, 0.1)},
    }.get(name, {})  # fmt: skip
    if name == "MSELoss" or name == "L1Loss":
        w.maybe_complex(0.05 if name == "L1Loss" else 0.0)
    low = 0.1 if name in ("KLDivLoss", "PoissonNLLLoss") else -2
    return dict(more), [w.data(*shape, low=low), w.data(*shape, low=low)]


def _of_classes(w: Writer, name: str, shape: list[int]) -> Drawn:
    batched = w.random.random() < 0.85 or len(shape) > 2
    labels = [shape[0], *shape[2:]] if batched else []
    x = w.data(*(shape if batched else shape[1:]))
    target = w.integers(0, shape[1], labels)
    more: dict[str, Any] = {}
    if w.flag():
        more["weight"] = Raw(f"data(7, {shape[1]}, low=0.25, dtype={w.dtype})")
    if w.flag():
        more["ignore_index"] = w.pick(0, 1, -100)
    if name == "CrossEntropyLoss":
        more["label_smoothing"] = w.pick(0.0, 0.2, 1.0)
        if w.random.random() < 0.2:
            target = w.data(*(shape if batched else shape[1:]), low=0, high=1)
            more.pop("ignore_index", None)
    return more, [x, target]


def _of_probabilities(w: Writer, name: str, shape: list[int]) -> Drawn:
    more: dict[str, Any] = {}
    if w.flag():
        more["weight"] = Raw(f"data(9, {shape[-1]}, low=0.25, dtype={w.dtype})")
    if name == "BCELoss":
        return more, [w.data(*shape, low=0.05, high=0.95), w.data(*shape, low=0, high=1, grad=w.flag())]
    if w.flag():
        more["pos_weight"] = Raw(f"data(8, {shape[-1]}, low=0.5, dtype={w.dtype})")
    return more, [w.data(*shape), w.data(*shape, low=0, high=1)]


def _gaussian(w: Writer, name: str, shape: list[int]) -> Drawn:
    var = w.pick(shape, shape[:-1], [*shape[:-1], 1])
    return {"full": w.flag(), "eps": w.pick(1e-6, 0.5)}, [w.data(*shape), w.data(*shape), w.data(*var, low=0.1)]


def _of_signs(w: Writer, name: str, shape: list[int]) -> Drawn:
    signs = w.data(*shape, grad=False) + ".sign()"
    return ({"margin": w.pick(0.5, 1.5)} if name[0] == "H" else {}), [w.data(*shape), signs]


def _of_labels(w: Writer, name: str, shape: list[int]) -> Drawn:
    n, c = shape[:2]
    batched = w.random.random() < 0.85
    x = w.data(*([n] if batched else []), c)
    if name == "MultiMarginLoss":
        more: dict[str, Any] = {"p": w.pick(1, 2), "margin": w.pick(0.7, 1.0)}
        if w.flag():
            more["weight"] = Raw(f"data(7, {c}, low=0.25, dtype={w.dtype})")
        return more, [x, w.integers(0, c, [n] if batched else [])]
    if name == "MultiLabelMarginLoss":
        return {}, [x, w.integers(-1, c, [n, c] if batched else [c])]
    weight = {"weight": Raw(f"data(7, {c}, low=0.25, dtype={w.dtype})")} if w.flag() else {}
    return weight, [x, w.data(*([n] if batched else []), c, low=0, high=1, grad=False)]


def _of_pairs(w: Writer, name: str, shape: list[int]) -> Drawn:
    n, c = shape[:2]
    each = ([n, c] if w.random.random() < 0.8 else [c]) if name[0] == "C" else [n]
    signs = w.data(*([n] if each[0] == n and each != [c] else []), grad=False) + ".sign()"
    return {"margin": w.pick(0.0, 0.3)}, [w.data(*each), w.data(*each), signs]


def _of_triplets(w: Writer, name: str, shape: list[int]) -> Drawn:
    inputs = [w.data(*shape[:2]) for _ in range(3)]
    more: dict[str, Any] = {"margin": w.pick(0.8, 1.0), "swap": w.flag()}
    if name == "TripletMarginLoss":
        return more | {"p": w.pick(1.0, 2.0, 3.0), "eps": w.pick(1e-6, 0.1)}, inputs
    return more | {"distance_function": Raw("lambda a, b: (a - b).abs().sum(-1)")}, inputs


_MAKERS: dict[str, Callable[[Writer, str, list[int]], Drawn]] = {
    "CrossEntropyLoss": _of_classes, "NLLLoss": _of_classes, "BCELoss": _of_probabilities,
    "BCEWithLogitsLoss": _of_probabilities, "GaussianNLLLoss": _gaussian, "SoftMarginLoss": _of_signs,
    "HingeEmbeddingLoss": _of_signs, "MultiMarginLoss": _of_labels, "MultiLabelSoftMarginLoss": _of_labels,
    "MultiLabelMarginLoss": _of_labels, "CosineEmbeddingLoss": _of_pairs, "MarginRankingLoss": _of_pairs,
    "TripletMarginLoss": _of_triplets, "TripletMarginWithDistanceLoss": _of_triplets,
}  # fmt: skip
