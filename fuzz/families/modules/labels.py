"""Labels: losses that hold a layer or align sequences, as modules and as functions, each with all of its arguments."""

from __future__ import annotations

from typing import Any

from fuzz.families.modules.writer import Made, Raw, Writer


def adaptive_softmax(w: Writer) -> Made:
    """The softmax of clusters of classes: its loss, all log-probabilities, or the best class."""
    n, rows = w.size(4, 8), w.batch()
    always = {"in_features": n, "n_classes": 6, "cutoffs": w.pick([2], [2, 4], [1, 3, 5])}
    perhaps = {"div_value": w.pick(2.0, 1.5), "head_bias": w.flag(), **w.factory()}
    module = f"nn.AdaptiveLogSoftmaxWithLoss({w.given(always, perhaps)})"
    if rows and w.random.random() < 0.3:
        return Made(module, [w.data(*rows, n)], f"m.{w.pick('log_prob', 'predict')}(x0)")
    return Made(module, [w.data(*rows, n), w.integers(0, 6, rows)])


def linear_cross_entropy(w: Writer) -> Made:
    """A linear layer and the cross entropy of its scores, of one label or of several."""
    n, classes, rows = w.size(), w.size(2, 4), w.batch()
    more = w.pick((), (), (2,), (1, 2)) if rows else ()
    always: dict[str, Any] = {"reduction": w.pick("mean", "sum", "none")}
    if w.flag():
        always["weight"] = Raw(f"data(7, {classes}, low=0.25, dtype={w.dtype})")
    # In chunks, which `options` asks for, Adjoint has it not, and says so.
    perhaps = {"ignore_index": w.pick(None, 0, 1), "label_smoothing": w.pick(0.0, 0.2, 1.0), "options": None}
    given = w.given(always, perhaps)
    x, target = w.data(*rows, n), w.integers(0, classes, [*rows, *more])
    if w.flag():
        sizes = w.given({"in_features": n, "num_classes": classes}, {"bias": w.flag(), **w.factory()})
        shape = f"out_features={more}, " if more or w.flag() else ""
        return Made(f"nn.LinearCrossEntropyLoss({sizes}, {shape}{given})", [x, target])
    inputs = [x, w.data(classes, *more, n), target]
    if w.flag():
        inputs.append(w.data(classes, *more))
        given += ", linear_bias=x3"
    return Made("", inputs, f"F.linear_cross_entropy(x0, linear_weight=x1, target=x2, {given})")


def ctc(w: Writer) -> Made:
    """The loss of labels that lie somewhere in a sequence: padded labels, or one after the other, or of one sequence."""
    batch = w.pick([], [1], [2], [3])
    length, classes = w.size(3, 6), w.size(3, 5)
    blank = w.pick(0, 0, classes - 1)
    count = batch[0] if batch else 1
    sizes, steps = [w.size(0, 3) for _ in range(count)], [w.size(2, length) for _ in range(count)]
    low, high = (1, classes) if blank == 0 else (0, blank)
    joined = bool(batch) and w.flag()
    shape = [sum(sizes)] if joined else [*batch, max(sizes)]
    targets = w.integers(low, high, shape, w.pick("", "torch.int32"))
    of_tensors = not batch or w.flag()
    lengths = [f"torch.tensor({v if batch else v[0]})" if of_tensors else str(tuple(v)) for v in (steps, sizes)]
    always = {"blank": blank} if blank else {}
    perhaps: dict[str, Any] = {"reduction": w.pick("mean", "sum", "none"), "zero_infinity": w.random.random() < 0.8}
    if not blank:
        perhaps["blank"] = 0
    given = w.given(always, perhaps)
    inputs = [w.data(length, *batch, classes), targets]
    if w.flag():
        call = f"m(F.log_softmax(x0, -1), x1, {lengths[0]}, {lengths[1]})"
        return Made(f"nn.CTCLoss({given})", inputs, call)
    named = f"log_probs=F.log_softmax(x0, -1), targets=x1, input_lengths={lengths[0]}, target_lengths={lengths[1]}"
    return Made("", inputs, f"F.ctc_loss({named}, {given})")
