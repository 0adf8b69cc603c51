"""backward and grad: from tensors to the engine, with PyTorch's checks of what is given."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.autograd import engine, overriding
from adjoint.autograd.batch import batch, unbatch
from adjoint.autograd.captures import made_here
from adjoint.autograd.edges import GradientEdge, edge_of, stand_in
from adjoint.autograd.grad_mode import mode
from adjoint.autograd.input_metadata import form_of
from adjoint.autograd.node import Node, Output, as_pair
from adjoint.autograd.origins import explain_missing
from adjoint.autograd.taped import Taped
from adjoint.places import explain, is_ours, users_level
from adjoint.readings.batched import Level, current_levels, entered, levels_of
from adjoint.readings.meta import MetaArray
from adjoint.tensor import NO_EDGE, Sink, Tensor, attach, from_array
from adjoint.type_names import type_name

_ONES: dict[Any, Any] = {}  # dtype -> a 0-d one, which backward of a scalar begins with


def _first_gradient(output: Tensor, given: Any, index: int, create_graph: bool) -> Any:
    """The gradient to begin with at one root: the given one, checked, or 1."""
    array = output._array
    if given is None:
        if output._edge is NO_EDGE:
            return None
        if array.size != 1:
            raise RuntimeError("grad can be implicitly created only for scalar outputs")
        if array.dtype.kind == "c":
            raise RuntimeError(f"grad can be implicitly created only for real scalar outputs but got {output.dtype}")
        if array.ndim == 0 and array.__class__ is not MetaArray:
            one = _ONES.get(array.dtype)
            if one is None:
                one = _ONES[array.dtype] = np.ones((), array.dtype)
                one.flags.writeable = False
        else:
            one = np.ones_like(array)
        return Taped(from_array(one.copy())) if create_graph else one  # the user may get hold of it
    if not isinstance(given, Tensor):
        raise TypeError(f"gradients can be either Tensors or None, but got {type(given).__name__}")
    if given._array.shape != array.shape:
        raise RuntimeError(
            f"Mismatch in shape: grad_output[{index}] has a shape of {given.shape} and output[{index}] has a shape of "
            f"{output.shape}."
        )
    if output.dtype.is_complex != given.dtype.is_complex:
        raise RuntimeError(
            "For complex Tensors, both grad_output and output are required to have the same dtype. Mismatch in dtype: "
            f"grad_output[{index}] has a dtype of {given.dtype} and output[{index}] has a dtype of {output.dtype}."
        )
    if given._array.dtype != array.dtype:
        given = given.to(output.dtype)
    return Taped(given) if create_graph else given._array


def _roots(outputs: Sequence[Tensor], gradients: Sequence[Any], create_graph: bool) -> list[tuple[Sink, Any]]:
    if not all(isinstance(output, Tensor) for output in outputs):
        raise AssertionError("Expected output to be a torch.Tensor")
    taped = create_graph or bool(mode.duals)  # a given gradient may have a tangent
    first = [_first_gradient(o, g, i, taped) for i, (o, g) in enumerate(zip(outputs, gradients))]
    if len(first) != len(outputs):
        raise RuntimeError(f"got {len(outputs)} tensors and {len(first)} gradients")
    edges = [output._edge or edge_of(output) for output in outputs]
    for i, edge in enumerate(edges):
        if edge is NO_EDGE:
            raise explain_missing(
                RuntimeError(f"element {i} of tensors does not require grad and does not have a grad_fn"), outputs[i]
            )
    return list(zip(edges, first))


def _tuple(value: Any, length: int | None = None) -> tuple[Any, ...]:
    if value is None:
        return (None,) * (length or 0)
    if isinstance(value, (Tensor, GradientEdge)):
        return (value,)
    return tuple(value)


def _tensors(places: tuple[Any, ...], gradients: Sequence[Any] = ()) -> tuple[Any, ...]:
    """Tensors in the place of the :class:`~adjoint.autograd.graph.GradientEdge` objects among ``places``."""
    if any(isinstance(p, GradientEdge) for p in places):
        gradients = gradients or (None,) * len(places)
        return tuple(stand_in(p, g) if isinstance(p, GradientEdge) else p for p, g in zip(places, gradients))
    return places


@attach
def backward(
    self: Tensor,
    gradient: Tensor | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Tensor | Sequence[Tensor] | None = None,
) -> None:
    """Compute the gradients of this tensor with respect to the graph's leaves, and add them to their ``grad``.

    ``gradient``, of this tensor's shape, is the gradient with respect to this tensor; a scalar needs none.  Saved
    tensors are freed unless ``retain_graph`` (by default ``create_graph``).  With ``create_graph`` the gradients can be
    differentiated again.  With ``inputs`` only these tensors get a ``grad``.

    Raises RuntimeError if this tensor does not require grad, is no scalar and came without a gradient, or if the
    graph was freed.

    >>> import adjoint as torch
    >>> x = torch.tensor([1., 2.], requires_grad=True)
    >>> (x ** 3).sum().backward()
    >>> x.grad
    tensor([ 3., 12.])
    """
    if inputs is not None or not (gradient is None or isinstance(gradient, Tensor)):
        backward_of(self, gradient, retain_graph, create_graph, inputs=inputs)
        return
    if mode.transforms:
        raise RuntimeError(
            "backward() called inside a functorch transform. This is not supported, please use functorch.grad or "
            "functorch.vjp instead or call backward() outside of functorch transforms."
        )
    edge = self._edge
    g = _first_gradient(self, gradient, 0, create_graph)
    if edge is None:
        edge = edge_of(self)
    if edge is NO_EDGE:
        raise explain_missing(
            RuntimeError("element 0 of tensors does not require grad and does not have a grad_fn"), self
        )
    keep = create_graph if retain_graph is None else retain_graph
    if create_graph:
        _warn_of_cycle()
    caller: Any = sys._getframe(1)
    while overriding.on and is_ours(caller.f_code):
        caller = caller.f_back
    place = [caller.f_code, caller.f_lasti]
    engine.run(((edge, g),), keep_graph=keep, create_graph=create_graph, place=place)


def backward_of(
    tensors: Tensor | Sequence[Tensor],
    grad_tensors: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Any = None,
    inputs: Tensor | Sequence[Tensor] | None = None,
) -> None:
    """As :meth:`Tensor.backward`, from several tensors at once."""
    if grad_variables is not None:
        warnings.warn("`grad_variables` is deprecated. Use `grad_tensors` instead.", FutureWarning, stacklevel=users_level())
        if grad_tensors is not None:
            raise RuntimeError(
                "`grad_tensors` and `grad_variables` (deprecated) arguments both passed to `backward()`. Please only "
                "use `grad_tensors`."
            )
        grad_tensors = grad_variables
    outputs = _tuple(tensors)
    gradients = _tuple(grad_tensors, len(outputs))
    outputs = _tensors(outputs, gradients)
    keep = create_graph if retain_graph is None else retain_graph
    wanted = None if inputs is None else _inputs(inputs, "backward")
    roots = _roots(outputs, gradients, create_graph)
    if create_graph:
        _warn_of_cycle()
    if wanted is None:
        engine.run(roots, keep_graph=keep, create_graph=create_graph)
        return
    targets = set()
    for tensor in wanted:
        _check_input(tensor)
        if isinstance(tensor, GradientEdge):
            targets.add(tensor.node)
            continue
        tensor.retain_grad()
        node, _ = as_pair(edge_of(tensor))
        if node is not None:
            targets.add(node)
    needed = _on_the_way(roots, targets)
    engine.run(roots, keep_graph=keep, create_graph=create_graph, captures={}, needed=needed)


backward_of.__name__ = backward_of.__qualname__ = "backward"  # as users find it, and pickles name it


_warned_of_cycle = False


def _warn_of_cycle() -> None:
    """PyTorch's warning, once in a process, of a ``grad`` that holds the graph that holds the leaf."""
    global _warned_of_cycle
    if not _warned_of_cycle:
        _warned_of_cycle = True
        warnings.warn(
            "Using backward() with create_graph=True will create a reference cycle between the parameter and its gradient "
            "which can cause a memory leak. We recommend using autograd.grad when creating the graph to avoid this. If you "
            "have to use this function, make sure to reset the .grad fields of your parameters to None after use to break "
            "the cycle and avoid the leak.",
            UserWarning,
            stacklevel=users_level(),
        )


def _inputs(inputs: Any, function: str) -> tuple[Any, ...]:
    """What is differentiated with respect to, as a tuple."""
    if isinstance(inputs, (Tensor, GradientEdge)):
        return (inputs,)
    if type(inputs) is dict:
        inputs = inputs.values()
    elif isinstance(inputs, Mapping):
        raise TypeError(
            f"`inputs` argument to `{function}()` must be a dict, not {type(inputs).__name__}. Other Mapping types are not "
            "supported."
        )
    found = tuple(inputs)
    if not found:
        raise RuntimeError(f"`inputs` argument to `{function}()` cannot be empty.")
    return found


def _check_input(value: Any) -> None:
    if not isinstance(value, (Tensor, GradientEdge)):
        raise RuntimeError(f"all inputs have to be Tensors or GradientEdges, but got {type_name(value)}")


def _targets(node: Node) -> set[Node]:
    return {edge.node if isinstance(edge, Output) else edge for edge in node._edges if edge is not NO_EDGE}  # type: ignore[misc]


def _on_the_way(roots: Sequence[tuple[Sink, Any]], targets: set[Node]) -> set[Node]:
    """The nodes through which a gradient from the roots reaches one of the targets, and the targets themselves."""
    needed: set[Node] = set(targets)
    seen: set[Node] = set()
    found: list[Node] = []
    stack = [sink.node if isinstance(sink, Output) else sink for sink, _ in roots]
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)  # type: ignore[arg-type]
        found.append(node)  # type: ignore[arg-type]
        for edge in node._edges:  # type: ignore[attr-defined]
            if edge is not NO_EDGE:
                stack.append(edge.node if isinstance(edge, Output) else edge)
    # Edges lead to earlier nodes, so from the earliest on every node's targets are decided before it.
    for node in sorted(found, key=lambda n: -n._order):
        if node not in needed:
            for edge in node._edges:
                if edge is not NO_EDGE and (edge.node if isinstance(edge, Output) else edge) in needed:
                    needed.add(node)
                    break
    return needed


def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor] | dict[Any, Tensor],
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> Any:
    """The gradients of ``outputs`` with respect to ``inputs``, a tuple, without touching any ``grad``.

    A dictionary of inputs gives a dictionary of gradients.  With ``is_grads_batched`` every one of ``grad_outputs`` has
    a first dimension more than its output, and so has every gradient.

    Raises RuntimeError if an input does not require grad, or was not used and ``allow_unused`` is not set.

    >>> import adjoint as torch
    >>> x = torch.tensor(3., requires_grad=True)
    >>> g, = torch.autograd.grad(x ** 3, x, create_graph=True)
    >>> g, torch.autograd.grad(g, x)
    (tensor(27., grad_fn=<MulBackward0>), (tensor(18.),))
    """
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False."
        )
    allow = materialize_grads if allow_unused is None else allow_unused
    wanted = _inputs(inputs, "grad")
    if not only_inputs:
        warnings.warn(
            "only_inputs argument is deprecated and is ignored now (defaults to True). To accumulate gradient for other "
            "parts of the graph, please use torch.autograd.backward.",
            FutureWarning,
            stacklevel=users_level(),
        )
    outs = _tuple(outputs)
    gradients = _tuple(grad_outputs, len(outs))
    outs = _tensors(outs, gradients)
    if mode.transforms and mode.pulling is None and not mode.duals:
        _check_not_of_samples(outs)
    if mode.evaluating and not create_graph and mode.pulling is None:  # its result has tangents, and no graph
        for evaluation in mode.evaluating:
            evaluation.switched_off = True
    keep = create_graph if retain_graph is None else retain_graph
    if is_grads_batched:
        results = _batched_gradients(outs, wanted, gradients, keep, create_graph, allow)
    else:
        results = _gradients(outs, wanted, gradients, keep, create_graph, allow)
    if materialize_grads:
        for i, (tensor, found) in enumerate(zip(wanted, results)):
            if found is None:
                if isinstance(tensor, GradientEdge):
                    raise RuntimeError("materialize_grads cannot be used when the given input is a GradientEdge")
                zeros = results[i] = from_array(np.zeros_like(tensor._array))
                if create_graph:
                    zeros._edge = None
    if mode.birth:
        made_here(results)
    return dict(zip(inputs, results)) if type(inputs) is dict else tuple(results)


def _check_not_of_samples(outputs: Sequence[Tensor]) -> None:
    """Raise PyTorch's error for a vmap's samples that are differentiated inside of it by what is around it: there they have
    no graph."""
    levels = current_levels()
    if not levels or (mode.evaluating and mode.evaluating[-1].birth < levels[-1].birth):
        return
    for i, output in enumerate(outputs):
        if levels[-1] in levels_of(output._array):
            raise explain(
                RuntimeError(f"element {i} of tensors does not require grad and does not have a grad_fn"),
                "Inside of a vmap its samples are differentiated with torch.func.grad.",
            )


def _batched_gradients(
    outs: Sequence[Tensor], wanted: Any, gradients: Any, keep: bool, create_graph: bool, allow: bool
) -> list[Tensor | None]:
    """As :func:`_gradients`, for a batch of gradients at once."""
    sizes = []
    for i, (output, g) in enumerate(zip(outs, gradients)):
        if g is None:
            _first_gradient(output, None, i, False)  # an error where none can be made up
            continue
        if not isinstance(g, Tensor):
            raise TypeError(f"gradients can be either Tensors or None, but got {type(g).__name__}")
        if g._array.shape[1:] != output._array.shape:
            raise RuntimeError(
                "If `is_grads_batched=True`, we interpret the first dimension of each grad_output as the batch dimension. "
                "The sizes of the remaining dimensions are expected to match the shape of corresponding output, but a "
                f"mismatch was detected: grad_output[{i}] has a shape of {g.shape[2:]} and output[{i}] has a shape of "
                f"{output.shape}. If you only want some tensors in `grad_output` to be considered batched, consider using "
                "vmap."
            )
        sizes.append(len(g._array))
    if len(set(sizes)) != 1:
        raise ValueError(
            "vmap: Expected all tensors to have the same size in the mapped dimension, got sizes "
            f"{sorted(set(sizes))} for the mapped dimension"
        )
    level = Level(sizes[0])
    with entered(level):
        batched = [None if g is None else batch(g, level, 0) for g in gradients]
        found = _gradients(outs, wanted, batched, keep, create_graph, allow)
        return [None if g is None else unbatch(g, level, 0) for g in found]


def _gradients(
    outs: Sequence[Tensor], wanted: Any, gradients: Any, keep: bool, create_graph: bool, allow: bool
) -> list[Tensor | None]:
    """The gradients with respect to the tensors and edges ``wanted``; None where there is none, if that is allowed."""
    roots = _roots(outs, gradients, create_graph)
    for tensor in wanted:
        _check_input(tensor)
    ins = _tensors(wanted)
    captures: dict[Node, list[tuple[int, int]]] = {}
    for position, tensor in enumerate(ins):
        if tensor._edge is NO_EDGE:
            raise RuntimeError("One of the differentiated Tensors does not require grad")
        node, index = as_pair(edge_of(tensor))
        if node is None:  # a view that requires grad only because its base does: no gradient ever arrives
            continue
        captures.setdefault(node, []).append((index, position))
    needed = _on_the_way(roots, set(captures))
    needed -= {node for node in captures if needed.isdisjoint(_targets(node))}
    got = engine.run(roots, keep_graph=keep, create_graph=create_graph, captures=captures, needed=needed)
    results: list[Tensor | None] = []
    for position in range(len(ins)):
        gradient = engine.as_tensor(got.get(position))
        if gradient is None:
            if not allow:
                raise RuntimeError(
                    f"The differentiated Tensor at index {position} appears to not have been used in the graph. Set "
                    "allow_unused=True if this is the desired behavior."
                )
        results.append(gradient)
    return results


_LEAF_WARNING = (
    "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad attribute won't be populated "
    "during autograd.backward(). If you indeed want the .grad field to be populated for a non-leaf Tensor, use "
    ".retain_grad() on the non-leaf Tensor. If you access the non-leaf Tensor by mistake, make sure you access the leaf "
    "Tensor instead. See github.com/pytorch/pytorch/pull/30531 for more informations."
)


def _get_grad(self: Tensor) -> Tensor | None:
    """The gradient accumulated so far: None until the first backward.  Read from a non-leaf, a warning says why."""
    if self._grad is None and not self._retains and not self._stale and not self.is_leaf:
        warnings.warn(_LEAF_WARNING, UserWarning, stacklevel=users_level())
    return self._grad


def _set_grad(self: Tensor, value: Tensor | None) -> None:
    if value is None:
        self._grad = None
        return
    if not isinstance(value, Tensor):
        raise TypeError(f"assigned grad expected to be a Tensor or None but got grad of type {type_name(value)}")
    if value is self:
        raise RuntimeError("can't assign Variable as its own grad")
    wanted = self.dtype if self._grad_dtype is False else self._grad_dtype
    if wanted is not None and value.dtype is not wanted:
        raise RuntimeError(
            f"attempting to assign a gradient with dtype '{dtypes.C_NAMES[value.dtype]}' to a tensor with grad_dtype "
            f"'{dtypes.SCALAR_TYPE_NAMES[wanted]}'. The gradient must match the tensor's grad_dtype (defaults to the tensor's "
            "dtype). You can set the tensor's grad_dtype attribute with a specific dtype, or None to allow any dtype. Set "
            "grad_dtype with caution. Diverging the dtypes of a tensor and its gradient may break downstream systems that "
            "assume they match."
        )
    if value._array.shape != self._array.shape:
        raise RuntimeError(
            f"attempting to assign a gradient of size '{list(value.shape)}' to a tensor of size '{list(self.shape)}'. Please "
            "ensure that the gradient and the tensor are the same size"
        )
    self._grad = value


def _del_grad(self: Tensor) -> None:
    self._grad = None


attach(property(_get_grad, _set_grad, _del_grad), name="grad")


def _grad_fn(self: Tensor) -> Node | None:
    """The node that made this tensor; None for a leaf."""
    if self.is_leaf:
        return None
    node, index = as_pair(self._edge or edge_of(self))
    if node is not None and getattr(node, "_forms", None) is None:
        node.__dict__.setdefault("_forms_told", {})[index] = form_of(self)
    return node


attach(property(_grad_fn), name="grad_fn")


def _set_grad_fn(self: Tensor, value: None) -> None:
    if value is not None:
        raise RuntimeError("_grad_fn can be only set to None")
    self.detach_()


def _keep_grad_fn(self: Tensor) -> None:
    raise RuntimeError("Deletion of _grad_fn not allowed. Detach tensor instead!")


attach(property(_grad_fn, _set_grad_fn, _keep_grad_fn), name="_grad_fn")
attach(
    property(
        lambda self: 0 if self.is_leaf else as_pair(self._edge or edge_of(self))[1],
        doc="Which of the outputs of ``grad_fn`` this tensor is, counted from 0.",
    ),
    name="output_nr",
)
