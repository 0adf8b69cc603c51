"""Saved tensors: what a node keeps for its backward, and the errors of asking for it too late."""

from __future__ import annotations

from typing import Any, NoReturn

from adjoint import dtypes
from adjoint.autograd.grad_mode import mode
from adjoint.autograd.node import Node, Output, as_pair
from adjoint.autograd.taped import Taped
from adjoint.autograd.waiting import look_at, memory_of, waits
from adjoint.places import explain, tell
from adjoint.tensor import NO_EDGE, InferenceWrites, Sink, Tensor, writes_of

_new = object.__new__


def saved_result(result: Tensor) -> Tensor:
    """What a node keeps of its own output: the same memory under the same record of writes, without the graph,
    so that node and output do not hold each other."""
    t = _new(Tensor)
    t._array = result._array
    t._edge = NO_EDGE
    t._writes = result._writes or writes_of(result)
    return t


def alias(tensor: Tensor, edge: Sink | None, *, array: Any = None) -> Tensor:
    """A tensor over the same memory and record of writes, with another place in the graph."""
    t = _new(Tensor)
    t._array = tensor._array if array is None else array
    t._edge = edge
    t._writes = writes_of(tensor)
    if tensor._waits is not None and array is None:
        look_at(t, memory_of(tensor), waits(tensor))
    if tensor._tangents is not None:
        t._tangents = tensor._tangents
    return t


def is_freed(saved: Any) -> bool:
    """Whether what a node has in the place of its saved tensors says that they were freed: None, or a list, the place
    of the backward that freed them."""
    return saved is None or saved.__class__ is list


def raise_freed(freed: Any = None) -> NoReturn:
    """PyTorch's error for using a graph whose saved tensors are gone, and where they were freed."""
    error = RuntimeError(
        "Trying to backward through the graph a second time (or directly access saved tensors after they have already "
        "been freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). "
        "Specify retain_graph=True if you need to backward through the graph a second time or if you need to access "
        "saved tensors after calling backward."
    )
    if freed:
        explain(error, "The graph was freed by the backward at", tell(tuple(freed)))
    raise error



_INFERENCE = (
    "Inference tensors cannot be saved for backward. Please do not use Tensors created in inference mode in "
    "computation tracked by autograd. To work around this, you can make a clone to get a normal tensor and use it "
    "in autograd, or use `torch.no_grad()` instead of `torch.inference_mode()`."
)


def refuse_inference(saved: Any) -> None:
    """Raise PyTorch's error where one of the tensors that a node is about to save is an inference tensor.

    Transforms may use those: what they record is the derivative of another name of it.
    """
    for tensor in saved:
        if isinstance(tensor, tuple):
            refuse_inference(tensor)
        elif tensor is not None and tensor._writes.__class__ is InferenceWrites:
            if not (mode.transforms or InferenceWrites.usable()):
                raise RuntimeError(_INFERENCE)


def operator_name(node: Node) -> str:
    """The operator's name as error messages give it: ``Mul`` for MulBackward0, ``Sum1`` for SumBackward1."""
    name, backward, number = node.name().rpartition("Backward")
    return name + number.removesuffix("0") if backward and (not number or number.isdigit()) else node.name()


def raise_modified(node: Node, saved: Tensor, output: int | None = None, turned: bool = False) -> None:
    """PyTorch's error for a saved tensor that was written to since; ``output``: which of the node's own it is; ``turned``: it is
    a matrix of which PyTorch saves the transposed view.

    It returns where nothing was written, but a tensor over this memory was detached in place, and that was not this one.
    """
    from adjoint.autograd.anomaly_mode import is_anomaly_enabled
    from adjoint.autograd.edges import edge_of

    writes = writes_of(saved)
    if writes.__class__ is InferenceWrites:
        raise RuntimeError(_INFERENCE)
    if writes.count == writes.count_at(node._order):
        if getattr(saved, "_detached", False):
            raise RuntimeError(
                "Trying to use a saved tensor that has been detached in-place, i.e. with .detach_().This is not supported, "
                "please use out-of-place `.detach()` instead"
            )
        return
    written = saved.__dict__.get("_written")  # the tensor that this one stood for when it was written to
    now = written() if written is not None else saved
    now = saved if now is None else now
    kind = dtypes.legacy_name(dtypes.of_array(saved._array))
    sizes = list(now._array.shape)
    made_by, number = as_pair(edge_of(now)) if not now.is_leaf else (None, 0)
    if output is not None:
        made_by, number = node, output
        view_of_it = saved.__dict__.get("_made_by")  # a result that was written into a view is known by the view's node
        if view_of_it is not None and view_of_it() is not None:
            made_by, number = view_of_it(), 0
    hint = "enable anomaly detection to find the operation that failed to compute its gradient, with torch.autograd."
    hint += "set_detect_anomaly(True, check_nan=False)."
    if is_anomaly_enabled():
        hint = "the backtrace further above shows the operation that failed to compute its gradient. The variable in "
        hint += "question was changed in there or anywhere later. Good luck!"
    maker = None if made_by is None else operator_name(made_by)
    if turned and len(sizes) == 2:
        sizes.reverse()
        maker = "AsStrided" if now.requires_grad else None  # as a view's history is told after its base was written to
    origin = f", which is output {number} of {maker}," if maker is not None else ""
    error = RuntimeError(
        "one of the variables needed for gradient computation has been modified by an inplace operation: "
        f"[{kind} {sizes}]{origin} is at version {writes_of(now).count}; expected version "
        f"{writes.count_at(node._order)} instead. Hint: {hint}"
    )
    noted = node.__dict__.get("_place")
    if noted is not None:
        explain(error, f"The tensor was saved by {operator_name(node)} at", tell(noted))
    else:
        explain(error, f"The tensor was saved by {operator_name(node)} (its line is noted under detect_anomaly)")
    explain(error, "and changed in place at", tell(writes.first_after(node._order)))
    raise error


def taped_input(node: Node, saved: Any, array: Any = None) -> Taped:
    """A saved input as the taped reading sees it: with its place in the graph; ``array``: what it was, if that is kept."""
    writes = saved._writes
    if writes is not None and writes.stamp < node._order:
        raise_modified(node, saved)
    if not isinstance(saved, Tensor):
        return Taped(saved.tensor)
    if array is not None and saved._array is not array:
        from adjoint.autograd.edges import edge_of

        return Taped(alias(saved, edge_of(saved), array=array))
    return Taped(saved)


def taped_result(node: Node, saved: Any, index: int | None = None) -> Taped:
    """A saved output as the taped reading sees it: made by this node."""
    writes = saved._writes
    if writes is not None and writes.stamp < node._order:
        raise_modified(node, saved, index or 0)
    return Taped(alias(saved, node if index is None else Output(node, index)))
