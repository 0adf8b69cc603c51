"""Derivatives of functions as functions: Jacobians, Hessians and their products with vectors.

The products with a vector on the right (``jvp``, ``hvp``) are computed in reverse twice: a gradient is linear in the
gradient that it starts from, so differentiating it with respect to that one gives the transpose.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from adjoint.autograd.backward import grad
from adjoint.autograd.grad_mode import enable_grad, mode, set_grad_enabled
from adjoint.dtypes import FLOAT
from adjoint.names import list_names as _list_names
from adjoint.tensor import Tensor, from_array
from adjoint.thread_state import Switch

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]

Tensors = tuple[Tensor, ...]
OneOrMore = Tensor | Tensors
_OUTPUTS = "outputs of the user-provided function"


def vjp(
    func: Callable[..., Any],
    inputs: OneOrMore,
    v: OneOrMore | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """The outputs of ``func(*inputs)``, and ``v`` times its Jacobian, of the inputs' shapes.

    ``v`` has the outputs' shapes; a function of one single-element output needs none.  With ``create_graph`` the
    results can be differentiated.  With ``strict`` an input that the outputs do not depend on is an error (RuntimeError)
    instead of a gradient of zeros.

    >>> import adjoint as torch
    >>> torch.autograd.functional.vjp(lambda x: x * x, torch.tensor([1., 2.]), torch.ones(2))
    (tensor([1., 4.]), tensor([2., 4.]))
    """
    with enable_grad():
        many_inputs, xs = _tensors(inputs, "inputs", "vjp")
        xs = _fresh(xs, create_graph)
        many_outputs, ys = _tensors(func(*xs), _OUTPUTS, "vjp")
        _require_grad(ys, _OUTPUT_CONSTANT, strict)
        if v is not None:
            vs = _vectors(v, ys, many_outputs, "vjp", create_graph)
        elif len(ys) == 1 and ys[0].numel() == 1:
            vs = None
        else:
            raise RuntimeError(
                "The vector v can only be None if the user-provided function returns a single Tensor with a single element."
            )
    with set_grad_enabled(create_graph or mode.enabled):
        found = _filled(_grad(ys, xs, vs, create_graph), xs, strict, create_graph, _INDEPENDENT)
    return _given_back(ys, many_outputs, create_graph), _given_back(found, many_inputs, create_graph)


def jvp(
    func: Callable[..., Any],
    inputs: OneOrMore,
    v: OneOrMore | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """The outputs of ``func(*inputs)``, and its Jacobian times ``v``, of the outputs' shapes.

    ``v`` has the inputs' shapes; a single-element input needs none.  Otherwise as :func:`vjp`.

    >>> import adjoint as torch
    >>> torch.autograd.functional.jvp(lambda x: x * x, torch.tensor([1., 2.]), torch.ones(2))
    (tensor([1., 4.]), tensor([2., 4.]))
    """
    with enable_grad():
        many_inputs, xs = _tensors(inputs, "inputs", "jvp")
        xs = _fresh(xs, create_graph)
        vs = _vectors_for_inputs(v, xs, many_inputs, "jvp", create_graph)
        many_outputs, ys = _tensors(func(*xs), _OUTPUTS, "jvp")
        _require_grad(ys, _OUTPUT_CONSTANT, strict)
        probes = _zeros(ys)
        pulled = _grad(ys, xs, probes, True)
        _require_grad(pulled, _GRADIENT_CONSTANT, strict)
    with set_grad_enabled(create_graph or mode.enabled):
        pushed = _filled(_grad(pulled, probes, vs, create_graph), ys, strict, create_graph, _INDEPENDENT_OF_PROBE)
    return _given_back(ys, many_outputs, create_graph), _given_back(pushed, many_outputs, create_graph)


def jacobian(
    func: Callable[..., Any],
    inputs: OneOrMore,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """The Jacobian of ``func`` at ``inputs``: per output and input a tensor of shape (*output, *input).

    A tuple for each of several outputs, of a tuple for each of several inputs.  ``vectorize`` computes all rows in one
    batched backward; ``strategy="forward-mode"`` (with ``vectorize``) all columns in one batched forward.  Otherwise
    as :func:`vjp`.

    >>> import adjoint as torch
    >>> torch.autograd.functional.jacobian(lambda x: x * x, torch.tensor([1., 2.]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    if strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError(
            'Expected strategy to be either "forward-mode" or "reverse-mode". Hint: If your function has more outputs than '
            'inputs, "forward-mode" tends to be more performant. Otherwise, prefer to use "reverse-mode".'
        )
    if strategy == "forward-mode":
        if create_graph:
            raise NotImplementedError(
                'torch.autograd.functional.jacobian: `create_graph=True` and `strategy="forward-mode"` are not supported '
                'together (yet). Please either set `create_graph=False` or `strategy="reverse-mode"`.'
            )
        return _forward_jacobian(func, inputs, strict, vectorize)
    with enable_grad():
        many_inputs, xs = _tensors(inputs, "inputs", "jacobian")
        xs = _fresh(xs, create_graph)
        many_outputs, ys = _tensors(func(*xs), _OUTPUTS, "jacobian")
        _require_grad(ys, _OUTPUT_CONSTANT, strict)
        if vectorize:
            if strict:
                raise RuntimeError(
                    "torch.autograd.functional.jacobian: `strict=True` and `vectorized=True` are not supported together. "
                    "Please either set `strict=False` or `vectorize=False`."
                )
            blocks = tuple(_rows_at_once(y, xs, create_graph) for y in ys)
        else:
            blocks = tuple(_row_by_row(i, y, xs, create_graph, strict) for i, y in enumerate(ys))
    return _nested(blocks, many_outputs, many_inputs, create_graph)


def hessian(
    func: Callable[..., Any],
    inputs: OneOrMore,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """The Hessian at ``inputs`` of ``func``, which returns a single element: per pair of inputs a tensor of their shapes.

    >>> import adjoint as torch
    >>> torch.autograd.functional.hessian(lambda x: (x * x * x).sum(), torch.tensor([1., 2.]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    many, xs = _tensors(inputs, "inputs", "hessian")
    if outer_jacobian_strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError('Expected strategy to be either "forward-mode" or "reverse-mode".')

    def single(*args: Any) -> Tensor:
        return _single_output(func, args, "hessian", strict)[0].squeeze()

    def gradient(*args: Any) -> Any:
        if outer_jacobian_strategy == "forward-mode":
            args = tuple(t.requires_grad_() for t in args)
        found = jacobian(single, args, create_graph=True)
        _require_grad(found, _JACOBIAN_CONSTANT, strict)
        return found

    blocks = jacobian(gradient, xs, create_graph, strict, vectorize, outer_jacobian_strategy)
    return blocks if many else blocks[0][0]


def vhp(
    func: Callable[..., Any],
    inputs: OneOrMore,
    v: OneOrMore | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """The output of ``func(*inputs)``, a single element, and ``v`` times its Hessian, of the inputs' shapes.

    >>> import adjoint as torch
    >>> torch.autograd.functional.vhp(lambda x: (x * x * x).sum(), torch.tensor([1., 2.]), torch.ones(2))
    (tensor(9.), tensor([ 6., 12.]))
    """
    with enable_grad():
        many_inputs, xs, vs, ys, gradient = _first_derivative(func, inputs, v, "vhp", create_graph, strict)
    with set_grad_enabled(create_graph or mode.enabled):
        found = _filled(_grad(gradient, xs, vs, create_graph), xs, strict, create_graph, _JACOBIAN_INDEPENDENT)
    return _given_back(ys, False, create_graph), _given_back(found, many_inputs, create_graph)


def hvp(
    func: Callable[..., Any],
    inputs: OneOrMore,
    v: OneOrMore | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """The output of ``func(*inputs)``, a single element, and its Hessian times ``v``, of the inputs' shapes.

    The Hessian is symmetric, so :func:`vhp` gives the same in two thirds of the time.

    >>> import adjoint as torch
    >>> torch.autograd.functional.hvp(lambda x: (x * x * x).sum(), torch.tensor([1., 2.]), torch.ones(2))
    (tensor(9.), tensor([ 6., 12.]))
    """
    with enable_grad():
        many_inputs, xs, vs, ys, gradient = _first_derivative(func, inputs, v, "hvp", create_graph, strict)
        probes = _zeros(xs)
        pulled = _grad(gradient, xs, probes, True)
        _require_grad(gradient, _HESSIAN_CONSTANT, strict)
    with set_grad_enabled(create_graph or mode.enabled):
        found = _filled(_grad(pulled, probes, vs, create_graph), xs, strict, create_graph, _HESSIAN_INDEPENDENT)
    return _given_back(ys, False, create_graph), _given_back(found, many_inputs, create_graph)


# Into the function and out of it.


def _tensors(value: Any, what: str, where: str) -> tuple[bool, Tensors]:
    """Whether there are several, and all of them."""
    many = isinstance(value, tuple)
    found = value if many else (value,)
    for i, t in enumerate(found):
        if not isinstance(t, Tensor):
            culprit = f"value at index {i}" if many else f"given {what}"
            raise TypeError(
                f"The {what} given to {where} must be either a Tensor or a tuple of Tensors but the {culprit} has type "
                f"{type(t)}."
            )
    return many, found


def _fresh(tensors: Tensors, create_graph: bool, needed: bool = True) -> Tensors:
    """New tensors of the same values: an input is told from the same tensor captured by the function."""
    return tuple(
        t.view_as(t) if create_graph and t.requires_grad else t.detach().requires_grad_(needed) for t in tensors
    )


def _zeros(like: Sequence[Tensor]) -> Tensors:
    for t in like:
        if t.dtype.category < FLOAT:
            raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
    return tuple(from_array(np.zeros_like(t._array)).requires_grad_() for t in like)


def _vectors(v: Any, targets: Tensors, many: bool, where: str, create_graph: bool) -> Tensors:
    _, vs = _tensors(v, "v", where)
    vs = _fresh(vs, create_graph, needed=False)
    if len(vs) != len(targets):
        if many:
            raise RuntimeError(f"v is a tuple of invalid length: should be {len(targets)} but got {len(vs)}.")
        raise RuntimeError("The given v should contain a single Tensor.")
    for i, (given, target) in enumerate(zip(vs, targets)):
        if given.shape != target.shape:
            entry = f"Entry {i} in " if many else ""
            raise RuntimeError(f"{entry}v has invalid size: should be {target.shape} but got {given.shape}.")
    return vs


def _vectors_for_inputs(v: Any, xs: Tensors, many: bool, where: str, create_graph: bool) -> Tensors | None:
    if v is not None:
        return _vectors(v, xs, many, where, create_graph)
    if len(xs) == 1 and xs[0].numel() == 1:
        return None
    raise RuntimeError(
        "The vector v can only be None if the input to the user-provided function is a single Tensor with a single element."
    )


def _single_output(func: Callable[..., Any], args: Any, where: str, strict: bool) -> Tensors:
    many, ys = _tensors(func(*args), _OUTPUTS, where)
    _require_grad(ys, _OUTPUT_CONSTANT, strict)
    if many:
        raise RuntimeError(f"The function given to {where} should return a single Tensor")
    if ys[0].numel() != 1:
        raise RuntimeError(f"The Tensor returned by the function given to {where} should contain a single element")
    return ys


def _first_derivative(
    func: Callable[..., Any], inputs: Any, v: Any, where: str, create_graph: bool, strict: bool
) -> tuple[bool, Tensors, Tensors | None, Tensors, Any]:
    many, xs = _tensors(inputs, "inputs", where)
    xs = _fresh(xs, create_graph)
    vs = _vectors_for_inputs(v, xs, many, where, create_graph)
    ys = _single_output(func, xs, where, strict)
    gradient = _grad(ys, xs, None, True)
    _require_grad(gradient, _JACOBIAN_CONSTANT, strict)
    return many, xs, vs, ys, gradient


def _given_back(tensors: Tensors, many: bool, create_graph: bool) -> Any:
    found = tensors if create_graph else tuple(t.detach() for t in tensors)
    return found if many else found[0]


def _nested(blocks: tuple[Tensors, ...], many_outputs: bool, many_inputs: bool, create_graph: bool) -> Any:
    found = tuple(_given_back(row, many_inputs, create_graph) for row in blocks)
    return found if many_outputs else found[0]


# Gradients.


def _grad(outputs: Sequence[Tensor | None], inputs: Tensors, vectors: Tensors | None, create_graph: bool) -> Any:
    """The gradients of those outputs that have one; None for an input that none of them depends on."""
    pairs = [
        (y, None if vectors is None else vectors[i]) for i, y in enumerate(outputs) if y is not None and y.requires_grad
    ]
    if not pairs:
        return (None,) * len(inputs)
    ys, vs = zip(*pairs)
    return grad(ys, inputs, vs, create_graph=create_graph, allow_unused=True)


def _row_by_row(index: int, y: Tensor, xs: Tensors, create_graph: bool, strict: bool) -> Tensors:
    """The blocks of the Jacobian of one output: one backward per element."""
    rows: list[list[Tensor]] = [[] for _ in xs]
    for j in range(y.numel()):
        found: Any = (None,) * len(xs)
        if y.requires_grad:
            if y.dtype.is_complex:
                raise RuntimeError(f"grad can be implicitly created only for real scalar outputs but got {y.dtype}")
            element = np.zeros(y._array.shape, y._array.dtype)
            element.flat[j] = 1
            found = grad(y, xs, from_array(element), retain_graph=True, create_graph=create_graph, allow_unused=True)
        for i, (g, x) in enumerate(zip(found, xs)):
            if g is None:
                if strict:
                    raise RuntimeError(
                        f"Output {index} of the user-provided function is independent of input {i}. This is not allowed in "
                        "strict mode."
                    )
                g = from_array(np.zeros_like(x._array))
            elif strict and create_graph and not g.requires_grad:
                raise RuntimeError(
                    f"The jacobian of the user-provided function is independent of input {index}. This is not allowed in "
                    "strict mode when create_graph=True."
                )
            rows[i].append(g)
    return tuple(_stack(r, (*y.shape, *x.shape), x) for r, x in zip(rows, xs))


def _stack(rows: list[Tensor], shape: tuple[int, ...], like: Tensor) -> Tensor:
    from adjoint.declare.namespaces import lookup

    if not rows:
        return from_array(np.zeros(shape, like._array.dtype))
    if len(rows) == 1:
        return rows[0].reshape(shape)
    return lookup("torch", "stack")(rows).reshape(shape)


def _rows_at_once(y: Tensor, xs: Tensors, create_graph: bool) -> Tensors:
    """The blocks of the Jacobian of one output: one batched backward."""
    size = y.numel()
    found: Any = (None,) * len(xs)
    if y.requires_grad and size:
        basis = from_array(np.eye(size, dtype=y._array.dtype).reshape(size, *y.shape))
        found = grad(
            y, xs, basis, retain_graph=True, create_graph=create_graph, allow_unused=True, is_grads_batched=True
        )
    blocks = []
    for g, x in zip(found, xs):
        shape = (*y.shape, *x.shape)
        blocks.append(from_array(np.zeros(shape, x._array.dtype)) if g is None else g.reshape(shape))
    return tuple(blocks)


class _uncounted(Switch):
    """Inside of a vmap that is not one of ``torch.func``'s: what those refuse is allowed."""

    fields = ("transforms",)

    def switch(self) -> None:
        mode.transforms -= 1


def _forward_jacobian(func: Callable[..., Any], inputs: Any, strict: bool, vectorize: bool) -> Any:
    """All columns of the Jacobian in one batched forward."""
    if strict:
        raise RuntimeError(
            'torch.autograd.functional.jacobian: `strict=True` and `strategy="forward-mode"` are not supported together '
            '(yet). Please either set `strict=False` or `strategy="reverse-mode"`.'
        )
    many_inputs, xs = _tensors(inputs, "inputs", "jacobian")
    if not vectorize:
        raise NotImplementedError(
            "Computing Jacobian using forward-AD or forward-over-reverse Hessian isonly implemented for `vectorize=True`."
        )
    from adjoint.autograd import forward_ad
    from adjoint.func import vmap

    sizes = [x.numel() for x in xs]
    total, start = sum(sizes), 0
    basis = []
    for x, size in zip(xs, sizes):
        part = np.zeros((total, size), x._array.dtype)
        part[start : start + size] = np.eye(size)
        basis.append(from_array(part.reshape(total, *x.shape)))
        start += size
    several: list[bool] = []

    def push(*tangents: Tensor) -> Tensors:
        with _uncounted(), forward_ad.dual_level():
            duals = [forward_ad.make_dual(x, t) for x, t in zip(xs, tangents)]
            many, ys = _tensors(func(*duals), "outputs", "jacobian")
            several.append(many)
            found = []
            for y in ys:
                primal, tangent = forward_ad.unpack_dual(y)
                found.append(from_array(np.zeros(primal.shape, primal._array.dtype)) if tangent is None else tangent)
            return tuple(found)

    blocks = []
    for columns in vmap(push)(*basis):
        shape = columns.shape[1:]
        parts = columns.split(sizes, dim=0)
        order = (*range(1, columns.ndim), 0)
        blocks.append([p.permute(*order).reshape((*shape, *x.shape)) for p, x in zip(parts, xs)])
    found: Any = blocks if many_inputs else tuple(row[0] for row in blocks)  # lists, as PyTorch has them here
    return found if several[0] else found[0]


# What strict mode raises.

_OUTPUT_CONSTANT = (
    "Output {i} of the user-provided function does not require gradients. The outputs must be computed in a differentiable "
    "manner from the input when running in strict mode."
)
_GRADIENT_CONSTANT = (
    "The gradient with respect to input {i} is independent of the inputs of the user-provided function. This is not allowed "
    "in strict mode."
)
_JACOBIAN_CONSTANT = (
    "While computing the hessian, found that the jacobian of the user-provided function with respect to input {i} is "
    "independent of the input. This is not allowed in strict mode. You should ensure that your function is twice "
    "differentiable and that the jacobian depends on the inputs (this would be violated by a linear function for example)."
)
_HESSIAN_CONSTANT = (
    "The hessian of the user-provided function with respect to input {i} is independent of the input. This is not allowed "
    "in strict mode. You should ensure that your function is thrice differentiable and that the hessian depends on the "
    "inputs."
)
_UNUSED = "The output of the user-provided function is independent of input {i}. This is not allowed in strict mode."


def _require_grad(tensors: Sequence[Tensor | None] | Tensor, text: str, strict: bool) -> None:
    if not strict:
        return
    for i, t in enumerate((tensors,) if isinstance(tensors, Tensor) else tensors):
        if t is None:
            raise RuntimeError(_UNUSED.format(i=i))
        if not t.requires_grad:
            raise RuntimeError(text.format(i=i))


# What a gradient is independent of: the text where it is missing, and the name of what else is not to be constant.
_INDEPENDENT = (_UNUSED, "jacobian")
_INDEPENDENT_OF_PROBE = (
    "The gradient with respect to the input is independent of entry {i} in the grad_outputs when using the double backward "
    "trick to compute forward mode gradients. This is not allowed in strict mode.",
    "jacobian",
)
_JACOBIAN_INDEPENDENT = (
    "The jacobian of the user-provided function is independent of input {i}. This is not allowed in strict mode.",
    "hessian",
)
_HESSIAN_INDEPENDENT = (
    "The hessian of the user-provided function is independent of entry {i} in the grad_jacobian. This is not allowed in "
    "strict mode as it prevents from using the double backward trick to replace forward mode AD.",
    "hessian",
)


def _filled(
    found: Sequence[Tensor | None], like: Sequence[Tensor], strict: bool, create_graph: bool, texts: tuple[str, str]
) -> Tensors:
    """The gradients, zeros where there are none; in strict mode errors instead."""
    filled = []
    for i, (g, t) in enumerate(zip(found, like)):
        if g is None:
            if strict:
                raise RuntimeError(texts[0].format(i=i))
            g = from_array(np.zeros_like(t._array))
        elif strict and create_graph and not g.requires_grad:
            raise RuntimeError(
                f"The {texts[1]} of the user-provided function is independent of input {i}. This is not allowed in strict "
                "mode when create_graph=True."
            )
        filled.append(g)
    return tuple(filled)


_list_names(__name__)
