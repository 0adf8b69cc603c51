"""gradcheck: gradients compared with finite differences of the function itself.

The slow mode compares whole Jacobians.  The fast mode compares one number per pair of input and output: random
directions u of the inputs and v of the outputs turn the Jacobian J into v·J·u, which costs one backward and two calls.
A complex output is checked as its real and its imaginary part; a complex input z = x + iy has the gradient
dL/dx + i dL/dy (https://arxiv.org/abs/1701.00392, section 3.5.3).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.autograd.backward import grad
from adjoint.autograd.edges import edge_of
from adjoint.autograd.node import Node, record
from adjoint.names import list_names as _list_names
from adjoint.places import users_level
from adjoint.readings.sparse import SparseArray, to_dense
from adjoint.tensor import Tensor, from_array

__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]

Array = Any
Func = Callable[..., Any]


class GradcheckError(RuntimeError):
    """Raised by :func:`gradcheck` and :func:`gradgradcheck` where a check fails."""


@dataclass(frozen=True)
class _Settings:
    eps: float
    atol: float
    rtol: float
    nondet_tol: float
    check_grad_dtypes: bool
    fast: bool
    masked: bool
    forward: bool = False  # forward mode is being checked
    complex_indices: tuple[int, ...] = ()  # which outputs (forward mode: inputs) are complex and looked at in parts
    imaginary: bool = False  # which part


def gradcheck(
    func: Func,
    inputs: Tensor | Sequence[Any],
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Compare the gradients of ``func`` at ``inputs`` with central differences of width ``eps``.

    Checked are the inputs that require grad, which should be float64 or complex128.  They agree where
    ``|analytical - numerical| <= atol + rtol * |numerical|``.  Beyond that, gradients have to be the same when computed
    twice (up to ``nondet_tol``), zero where the outputs' gradients are, and defined where some of those are not
    (``check_undefined_grad``).  ``check_forward_ad`` compares forward mode too, ``check_batched_grad`` the gradients of
    several output gradients at once with those one by one.  ``fast_mode`` compares along random directions only.

    Returns True.  Raises GradcheckError where a check fails (or returns False, with ``raise_exception=False``).

    >>> import adjoint as torch
    >>> x = torch.rand(3, dtype=torch.float64, requires_grad=True)
    >>> torch.autograd.gradcheck(lambda x: x * x, x)
    True
    """
    if not (check_forward_ad or check_backward_ad):
        raise AssertionError("Expected at least one of check_forward_ad or check_backward_ad to be True")
    if check_batched_grad and not check_backward_ad:
        raise AssertionError("Setting check_batched_grad=True requires check_backward_ad to be True")
    if check_batched_forward_grad and not check_forward_ad:
        raise AssertionError("Setting check_batched_forward_grad=True requires check_forward_ad to be True")
    given = _tuple(inputs)
    if any(isinstance(x, Tensor) and x._array.__class__ is SparseArray for x in given):  # checked by its values
        from adjoint.sparse.gradients import as_sparse_gradcheck

        return as_sparse_gradcheck(gradcheck)(
            func, given, eps=eps, atol=atol, rtol=rtol, raise_exception=raise_exception, nondet_tol=nondet_tol,
            check_undefined_grad=check_undefined_grad, check_grad_dtypes=check_grad_dtypes, check_batched_grad=check_batched_grad,
            check_batched_forward_grad=check_batched_forward_grad, check_forward_ad=check_forward_ad,
            check_backward_ad=check_backward_ad, fast_mode=fast_mode, masked=masked,
        )  # fmt: skip
    settings = _Settings(eps, atol, rtol, nondet_tol, check_grad_dtypes, fast_mode, bool(masked))
    func = _with_dense_outputs(func)
    try:
        _check_inputs(given)
        result = func(*given)
        outputs = _differentiable(result)
        if check_backward_ad:
            _check_backward(func, given, result, outputs, settings)
        if check_forward_ad:
            _check_forward(func, given, result, settings, check_undefined_grad)
        if check_batched_forward_grad:
            _check_batched_forward(func, given)
        if not check_backward_ad:
            return True
        if check_batched_grad:
            for i, output in enumerate(outputs):
                _check_batched(given, output, i)
        _check_multiplied(outputs, given, settings)
        if check_undefined_grad:
            _check_undefined(func, given)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: Func,
    inputs: Tensor | Sequence[Any],
    grad_outputs: Tensor | Sequence[Tensor] | None = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """As :func:`gradcheck`, of the function that computes the gradients of ``func``: second derivatives.

    ``grad_outputs`` are the gradients of the outputs, random between -1 and 1 where none are given (and not contiguous
    with ``gen_non_contig_grad_outputs``).

    >>> import adjoint as torch
    >>> x = torch.rand(3, dtype=torch.float64, requires_grad=True)
    >>> torch.autograd.gradgradcheck(lambda x: x * x * x, x)
    True
    """
    if not (check_fwd_over_rev or check_rev_over_rev):
        raise AssertionError("Expected at least one of check_fwd_over_rev or check_rev_over_rev to be True")
    if check_undefined_grad and not check_rev_over_rev:
        raise AssertionError("Setting check_undefined_grad=True requires check_rev_over_rev to be True")
    if check_batched_grad and not check_rev_over_rev:
        raise AssertionError("Setting check_batched_grad=True requires check_rev_over_rev to be True")
    given = _tuple(inputs)
    if grad_outputs is None:
        outputs = _differentiable(func(*given))
        gradients = tuple(_random_gradient(o, gen_non_contig_grad_outputs) for o in outputs)
    else:
        gradients = _tuple(grad_outputs)
    count = len(gradients)
    input_required = [isinstance(x, Tensor) and x.requires_grad for x in given]
    gradient_required = [x.requires_grad for x in gradients]

    def first_derivative(*args: Any) -> tuple[Tensor, ...]:
        # Forward mode hands over detached tensors.
        xs = [x.requires_grad_() if r else x for x, r in zip(args[:-count], input_required)]
        gs = [g.requires_grad_() if r else g for g, r in zip(args[-count:], gradient_required)]
        found = grad(
            _differentiable(func(*xs)),
            [x for x, r in zip(xs, input_required) if r],
            gs,
            create_graph=True,
            allow_unused=True,
        )
        return tuple(g for g in found if g is not None)

    return gradcheck(
        first_derivative,
        (*given, *gradients),
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
        nondet_tol=nondet_tol,
        check_undefined_grad=check_undefined_grad,
        check_grad_dtypes=check_grad_dtypes,
        check_batched_grad=check_batched_grad,
        fast_mode=fast_mode,
        check_forward_ad=check_fwd_over_rev,
        check_backward_ad=check_rev_over_rev,
        masked=masked,
    )


def _random_gradient(output: Tensor, strided: bool) -> Tensor:
    d = output.dtype if output.dtype.category >= dtypes.FLOAT else dtypes.float64
    shape = output._array.shape
    strided = strided and output._array.size > 1 and bool(shape)
    if strided:  # every second element of a larger tensor
        shape = (*shape[:-1], shape[-1] * 2)
    if d.is_complex:
        parts = _rand((*shape, 2), d.to_real())._array * 2 - 1
        array = np.ascontiguousarray(parts).view(d.array)[..., 0]
    else:
        array = _rand(shape, d)._array * 2 - 1
    array = array.astype(d.array, copy=False)
    if strided:
        array = array[..., 1::2]
    t = from_array(np.asarray(array))
    return t.requires_grad_()


def _rand(shape: tuple[int, ...], d: dtypes.dtype, generator: Any = None) -> Tensor:
    from adjoint.declare.namespaces import lookup

    return lookup("torch", "rand")(shape, dtype=d, generator=generator)


# What was given.


def _tuple(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,)


def _with_dense_outputs(func: Func) -> Func:
    """A function whose sparse results are made dense, which leaves them as they are."""

    def dense(value: Any) -> Any:
        if isinstance(value, (tuple, list)):
            return tuple(map(dense, value))
        return value.to_dense() if isinstance(value, Tensor) and value._array.__class__ is SparseArray else value

    return lambda *args: dense(func(*args))


def _elements(gradient: Tensor | None) -> Any:
    """The array of a gradient, dense."""
    if gradient is None:
        return None
    array = gradient._array
    return to_dense(array) if array.__class__ is SparseArray else array


def _differentiable(result: Any) -> tuple[Tensor, ...]:
    return tuple(t for t in _tuple(result) if t.requires_grad)


def _floating(value: Any) -> bool:
    return isinstance(value, Tensor) and value.dtype.category >= dtypes.FLOAT


def _checked(inputs: Sequence[Any]) -> list[tuple[int, Tensor]]:
    """The inputs that are checked, with their positions."""
    return [(i, t) for i, t in enumerate(inputs) if isinstance(t, Tensor) and t.requires_grad]


def _check_inputs(inputs: tuple[Any, ...]) -> None:
    for i, t in _checked(inputs):
        if t.dtype not in (dtypes.float64, dtypes.complex128):
            warnings.warn(
                f"Input #{i} requires gradient and is not a double precision floating point or complex. This check will "
                "likely fail if all the inputs are not of double precision floating point or complex. ",
                stacklevel=users_level(),
            )
        if t._array.size and any(stride == 0 and size > 1 for stride, size in zip(t._array.strides, t._array.shape)):
            raise RuntimeError(
                f"The {i}th input has a dimension with stride 0. gradcheck only supports inputs that are non-overlapping "
                "to be able to compute the numerical gradients correctly. You should call .contiguous on the input before "
                "passing it to gradcheck."
            )
    if not _checked(inputs):
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of them have requires_grad=True."
        )


# Numerical derivatives.


def _difference(func: Func, inputs: Any, target: Tensor, step: Array, norm: float, eps: Any, index: Any) -> list[Array]:
    """The central difference of all outputs along ``step``, an array of the target's shape and length ``norm``."""
    memory = target._array  # written to as it is: the graph that `func` may have is the original tensor's
    before = memory.copy()
    try:
        memory[...] = before - step
        low = [t._array.copy() for t in _tuple(func(*inputs))]
        memory[...] = before + step
        high = [t._array.copy() for t in _tuple(func(*inputs))]
    finally:
        memory[...] = before
    place = "" if index is None else f"on index {index} "
    for a, b in zip(low, high):
        text = (
            f"Expected `func` to return outputs with the same {{}} when inputs are perturbed {place}by {eps}, but got:"
        )
        if a.shape != b.shape:
            raise AssertionError(f"{text.format('shape')} shapes {from_array(a).shape} and {from_array(b).shape}.")
        if a.dtype != b.dtype:
            raise AssertionError(f"{text.format('dtype')} dtypes {from_array(a).dtype} and {from_array(b).dtype}.")
    return [
        ((b - a) / (2 * norm)).reshape(-1)
        if a.dtype.kind in "fc"
        else (b ^ a if a.dtype.kind == "b" else b - a).reshape(-1)
        for a, b in zip(low, high)
    ]


def _numerical_along(
    func: Func, inputs: Any, target: Tensor, direction: Any, settings: _Settings, index: Any = None
) -> list[Array]:
    """The derivative of all outputs along a direction of one input; of a complex one, along x, plus i times along y."""
    eps = settings.eps
    along_x, along_y = direction if isinstance(direction, tuple) else (direction, direction)
    shape = target._array.shape
    found = _difference(func, inputs, target, (along_x * eps).reshape(shape), eps, eps, index)
    if target.dtype.is_complex:
        other = _difference(func, inputs, target, (along_y * (1j * eps)).reshape(shape), eps, eps, index)
        found = [x + 1j * y for x, y in zip(found, other)]
    return found


def _numerical_jacobian(func: Func, inputs: Any, target: Tensor, settings: _Settings) -> list[Array]:
    """Per output the Jacobian, of shape (elements of the input, elements of the output)."""
    rows = []
    shape = target._array.shape
    real = target.dtype.to_real().array
    for index in np.ndindex(*shape):
        direction = np.zeros(shape, real)
        direction[index] = 1
        rows.append(_numerical_along(func, inputs, target, direction, settings, index))
    if not rows:
        outputs = _tuple(func(*inputs))
        return [np.zeros((0, t._array.size), target._array.dtype) for t in outputs]
    return [np.stack(columns) for columns in zip(*rows)]


# Analytical derivatives, in reverse.


def _vector_jacobian(output: Tensor, targets: list[Tensor], v: Array) -> list[Array | None]:
    gradient = from_array(np.asarray(v, output._array.dtype).reshape(output._array.shape))
    found = grad(output, targets, gradient, retain_graph=True, allow_unused=True)
    return [_elements(g) for g in found]


def _rows(output: Tensor, targets: list[Tensor], v: Array | None, settings: _Settings) -> list[Array]:
    """Per input the Jacobian (elements of the input, elements of the output), or the one column that ``v`` gives."""
    size = output._array.size
    vectors = [v] if v is not None else list(np.eye(size, dtype=output._array.dtype))
    passes = [[_vector_jacobian(output, targets, x) for x in vectors] for _ in range(2)]
    jacobians: list[list[Array]] = []
    for columns in passes:
        made = []
        for i, t in enumerate(targets):
            jacobian = np.zeros((t._array.size, len(vectors)), t._array.dtype)
            for j, column in enumerate(columns):
                g = column[i]
                if g is None:
                    continue
                if g.shape != t._array.shape:
                    raise GradcheckError("Analytical gradient has incorrect size")
                if g.dtype != t._array.dtype and settings.check_grad_dtypes:
                    raise GradcheckError("Gradient has dtype mismatch")
                jacobian[:, j] = g.reshape(-1)
            made.append(jacobian)
        jacobians.append(made)
    for first, second in zip(*jacobians):
        if first.size and not np.abs(first - second).max() <= settings.nondet_tol and not _same(first, second):
            raise GradcheckError(
                "Backward is not reentrant, i.e., running backward with same input and grad_output multiple times gives "
                "different values, although analytical gradient matches numerical gradient.The tolerance for "
                f"nondeterminism was {settings.nondet_tol}.{_NONDETERMINISTIC}"
            )
    return jacobians[0]


def _same(a: Array, b: Array) -> bool:
    return bool(np.array_equal(a, b, equal_nan=True))


def _check_backward(func: Func, inputs: Any, result: Any, outputs: tuple[Tensor, ...], settings: _Settings) -> None:
    if not any(t.dtype.is_complex for t in _tuple(result)):
        _compare_backward(func, inputs, result, outputs, settings)
        return
    complex_indices = tuple(i for i, t in enumerate(outputs) if t.dtype.is_complex)
    for imaginary in (True, False):

        def part(*args: Any, imaginary: bool = imaginary) -> tuple[Any, ...]:
            found = _tuple(func(*args))
            return tuple((t.imag if imaginary else t.real) if t.dtype.is_complex else t for t in found)

        parts = part(*inputs)
        looked_at = _Settings(**{**settings.__dict__, "complex_indices": complex_indices, "imaginary": imaginary})
        _compare_backward(part, inputs, parts, _differentiable(parts), looked_at)


def _compare_backward(func: Func, inputs: Any, result: Any, outputs: tuple[Tensor, ...], settings: _Settings) -> None:
    checked = _checked(inputs)
    targets = [t for _, t in checked]
    if not outputs:
        _check_constant(func, inputs, targets, settings)
        return
    wanted = [i for i, t in enumerate(_tuple(result)) if t.requires_grad]
    if not settings.fast:
        numerical = [_numerical_jacobian(func, inputs, t, settings) for t in targets]
        for i, output in enumerate(outputs):
            for j, analytical in enumerate(_rows(output, targets, None, settings)):
                expected = numerical[j][wanted[i]]
                if not _close(analytical, expected, settings.rtol, settings.atol):
                    raise GradcheckError(_mismatch(analytical, expected, i, j, settings))
        return
    us, vs = _directions(targets, outputs)
    numerical_vju = []
    for t, u in zip(targets, us):
        columns = _numerical_along(func, inputs, t, u, settings)
        numerical_vju.append([(v * columns[w]).sum() for v, w in zip(vs, wanted)])
    for i, (output, v) in enumerate(zip(outputs, vs)):
        for j, (vj, u) in enumerate(zip(_rows(output, targets, v, settings), us)):
            column = vj[:, 0]
            got = column.real @ u[0] + 1j * (column.imag @ u[1]) if isinstance(u, tuple) else column @ u
            expected = numerical_vju[j][i]
            if not _close(got, expected, settings.rtol, _scaled(settings.atol, u, v)):
                text = _mismatch(np.asarray(got), np.asarray(expected), i, j, settings)
                slow_numerical = _numerical_jacobian(func, inputs, targets[j], settings)[wanted[i]]
                slow_analytical = _rows(output, targets, None, settings)[j]
                raise GradcheckError(text + _slow_report(slow_numerical, slow_analytical, settings))


def _check_constant(func: Func, inputs: Any, targets: list[Tensor], settings: _Settings) -> None:
    """A function without differentiable outputs has to have the derivative zero."""
    for t in targets:
        if settings.fast:
            (u,), _ = _directions([t], ())
            bad = [
                d.size and np.abs(d).max() > settings.nondet_tol for d in _numerical_along(func, inputs, t, u, settings)
            ]
        else:
            bad = [np.any(jacobian) for jacobian in _numerical_jacobian(func, inputs, t, settings)]
        if any(bad):
            raise GradcheckError("Numerical gradient for function expected to be zero")


def _directions(targets: Sequence[Tensor], outputs: Sequence[Tensor]) -> tuple[list[Any], list[Array]]:
    """Random directions of length one: of the inputs (two for a complex one), and of the outputs."""
    from adjoint.declare.namespaces import lookup

    generator = lookup("torch", "Generator")()  # not the user's, so that checking leaves no trace

    def vector(t: Tensor, real: bool = False) -> Array:
        d = t.dtype.to_real() if real else t.dtype
        v = _rand((t._array.size,), dtypes.get_default_dtype(), generator)._array.astype(d.array)
        return v / np.linalg.norm(v) if v.size else v

    us = [(vector(t, True), vector(t, True)) if t.dtype.is_complex else vector(t, True) for t in targets]
    return us, [vector(t) for t in outputs]


def _scaled(atol: float, u: Any, v: Array | None) -> float:
    """``atol`` for v·J·u: every element of J may be off by it, so the sum may be by sum(u) sum(v) times as much."""
    total = sum(float(x.sum()) for x in u) if isinstance(u, tuple) else float(u.sum())
    return atol * total * (1.0 if v is None else float(v.sum()))


def _close(a: Array, b: Array, rtol: float, atol: float) -> bool:
    return bool(np.allclose(a, b, rtol, atol))


def _shown(array: Array) -> str:
    return format(from_array(np.asarray(array)))


def _mismatch(analytical: Array, numerical: Array, output: int, input: int, settings: _Settings) -> str:
    text = ""
    if (input if settings.forward else output) in settings.complex_indices:
        part = "imaginary" if settings.imaginary else "real"
        text = f"While considering the {part} part of complex {'inputs' if settings.forward else 'outputs'} only, "
    how = "computed with forward mode " if settings.forward else ""
    return (
        f"{text}Jacobian {how}mismatch for output {output:d} with respect to input {input:d},\n"
        f"numerical:{_shown(numerical)}\nanalytical:{_shown(analytical)}\n"
    )


def _slow_report(numerical: Array, analytical: Array, settings: _Settings) -> str:
    largest = np.abs(numerical - analytical).max()
    text = (
        "\nThe above quantities relating the numerical and analytical jacobians are computed \n"
        "in fast mode. See: https://github.com/pytorch/pytorch/issues/53876 for more background \n"
        "about fast mode. Below, we recompute numerical and analytical jacobians in slow mode:\n\n"
        f"Numerical:\n {_shown(numerical)}\n"
        f"Analytical:\n{_shown(analytical)}\n\n"
        f"The max per-element difference (slow mode) is: {float(largest)}.\n"
    )
    if _close(analytical, numerical, settings.rtol, settings.atol):
        text += "Fast gradcheck failed but element-wise differences are small: it might pass with `fast_mode=False`."
    return text


_NONDETERMINISTIC = (
    "\n\nNOTE: If your op relies on non-deterministic operations, this failure might be expected: then pass "
    "`nondet_tol=<tol>` to gradcheck/gradgradcheck.\n"
)


# Analytical derivatives, forward.


def _check_forward(func: Func, inputs: Any, result: Any, settings: _Settings, check_undefined: bool) -> None:
    complex_indices = tuple(i for i, t in enumerate(inputs) if isinstance(t, Tensor) and t.dtype.is_complex)
    looked_at = {**settings.__dict__, "forward": True, "complex_indices": complex_indices}
    if not complex_indices:
        _compare_forward(func, inputs, result, _Settings(**looked_at))
        if check_undefined:
            _check_undefined_forward(func, inputs)
        return
    for imaginary in (True, False):

        def of_part(*args: Any, imaginary: bool = imaginary) -> tuple[Any, ...]:
            new = list(args)
            for i in complex_indices:
                new[i] = inputs[i].real + new[i] * 1j if imaginary else new[i] + inputs[i].imag * 1j
            return _tuple(func(*new))

        parts = [(t.imag if imaginary else t.real) if i in complex_indices else t for i, t in enumerate(inputs)]
        _compare_forward(of_part, parts, of_part(*parts), _Settings(**{**looked_at, "imaginary": imaginary}))
        if check_undefined:
            _check_undefined_forward(of_part, parts)


def _push(func: Func, inputs: Any, tangents: dict[int, Array], check_dtypes: bool = False) -> list[Array | None]:
    """The tangents of the floating outputs, given those of the inputs at some positions (zero for the other checked)."""
    from adjoint.autograd import forward_ad

    found: list[Array | None] = []
    with forward_ad.dual_level():
        duals = list(inputs)
        for i, t in _checked(inputs):
            given = tangents.get(i)
            array = (
                np.zeros_like(t._array) if given is None else np.asarray(given, t._array.dtype).reshape(t._array.shape)
            )
            duals[i] = forward_ad.make_dual(t.detach(), from_array(array))
        for output in _tuple(func(*duals)):
            if not _floating(output):
                continue
            primal, tangent = forward_ad.unpack_dual(output)
            if check_dtypes and tangent is not None and primal.dtype.is_complex != tangent.dtype.is_complex:
                raise GradcheckError("Forward AD gradient has dtype mismatch.")
            found.append(
                np.zeros(output._array.size, output._array.dtype) if tangent is None else tangent._array.reshape(-1)
            )
    return found


def _compare_forward(func: Func, inputs: Any, result: Any, settings: _Settings) -> None:
    checked = _checked(inputs)
    floating = [i for i, t in enumerate(_tuple(result)) if _floating(t)]
    outputs = [i for i in floating if _tuple(result)[i].requires_grad]
    if not outputs:
        _check_constant(func, inputs, [t for _, t in checked], settings)
        return
    us, _ = _directions([t for _, t in checked], ())
    for j, ((position, t), u) in enumerate(zip(checked, us)):
        slow_analytical = None
        if settings.fast:
            numerical = _numerical_along(func, inputs, t, u, settings)
            analytical = _push(func, inputs, {position: u}, settings.check_grad_dtypes)
            atol = _scaled(settings.atol, u, None)
        else:
            numerical = _numerical_jacobian(func, inputs, t, settings)
            analytical = _forward_jacobian(func, inputs, position, t, settings)
            atol = settings.atol
        for i, output in enumerate(outputs):
            got, expected = analytical[floating.index(output)], numerical[output]
            if not _close(got, expected, settings.rtol, atol):
                text = _mismatch(got, expected, i, j, settings)
                if settings.fast:
                    slow_analytical = _forward_jacobian(func, inputs, position, t, settings)[floating.index(output)]
                    slow_numerical = _numerical_jacobian(func, inputs, t, settings)[output]
                    text += _slow_report(slow_numerical, slow_analytical, settings)
                raise GradcheckError(text)


def _forward_jacobian(func: Func, inputs: Any, position: int, target: Tensor, settings: _Settings) -> list[Array]:
    rows = [
        _push(func, inputs, {position: row}, settings.check_grad_dtypes)
        for row in np.eye(target._array.size, dtype=target._array.dtype)
    ]
    if not rows:
        return [np.zeros((0, t._array.size), t._array.dtype) for t in _tuple(func(*inputs)) if _floating(t)]
    return [np.stack(columns) for columns in zip(*rows)]


def _check_undefined_forward(func: Func, inputs: Any) -> None:
    """An input without a tangent has to count as one whose tangent is zero."""
    from adjoint.autograd import forward_ad

    checked = _checked(inputs)
    us, _ = _directions([t for _, t in checked], ())
    for position, _ in checked:
        runs = []
        for materialized in (True, False):
            with forward_ad.dual_level():
                duals = list(inputs)
                for (i, t), u in zip(checked, us):
                    tangent = np.zeros_like(t._array) if i == position else u.reshape(t._array.shape)
                    duals[i] = t.detach()
                    if i != position or materialized:
                        duals[i] = forward_ad.make_dual(duals[i], from_array(tangent))
                runs.append([forward_ad.unpack_dual(t).tangent for t in _tuple(func(*duals)) if _floating(t)])
        for i, (with_zeros, without) in enumerate(zip(*runs)):
            if with_zeros is None or without is None:
                continue
            if not np.allclose(with_zeros._array, without._array):
                raise GradcheckError(
                    f"Mismatch in tangent values for output with index: {i} when input: {inputs[position]} has an undefined "
                    f"tangent value. Got: {with_zeros} but expected: {without}"
                )


# Gradients of outputs: several at once, zero, undefined.


def _randn(like: Tensor) -> Tensor:
    from adjoint.declare.namespaces import lookup

    return lookup("torch", "randn")(like._array.shape, dtype=like.dtype)


def _check_batched(inputs: Any, output: Tensor, index: int) -> None:
    targets = [t for _, t in _checked(inputs)]
    gradients = [_randn(output) for _ in range(2)]
    expected = [grad(output, targets, g, retain_graph=True, materialize_grads=True) for g in gradients]
    stacked = from_array(np.stack([g._array for g in gradients]))
    try:
        found = grad(output, targets, stacked, retain_graph=True, materialize_grads=True, is_grads_batched=True)
    except RuntimeError as error:
        raise GradcheckError(f"While computing batched gradients, got: {error}\n\n{_BATCHED_FAILED}") from error
    for i, (got, one_by_one) in enumerate(zip(found, zip(*expected))):
        wanted = np.stack([g._array for g in one_by_one])
        assert got is not None
        if not np.allclose(np.broadcast_to(got._array, wanted.shape), wanted):
            raise GradcheckError(
                f"For output {index} and input {i}:\n\n{_BATCHED_FAILED}\n\nGot:\n{got}\n\nExpected:\n{_shown(wanted)}"
            )


def _check_batched_forward(func: Func, inputs: Any) -> None:
    from adjoint._vmap_internals import _vmap
    from adjoint.autograd import forward_ad

    for position, target in _checked(inputs):

        def push(tangent: Tensor, position: int = position, target: Tensor = target) -> tuple[Tensor, ...]:
            with forward_ad.dual_level():
                duals = [t.detach() if isinstance(t, Tensor) else t for t in inputs]
                duals[position] = forward_ad.make_dual(target.detach(), tangent)
                found = []
                for t in _tuple(func(*duals)):
                    primal, out = forward_ad.unpack_dual(t)
                    found.append(from_array(np.zeros(primal._array.shape, primal._array.dtype)) if out is None else out)
                return tuple(found)

        tangents = [_randn(target) for _ in range(2)]
        expected = [push(t) for t in tangents]
        try:
            found = _vmap(push)(from_array(np.stack([t._array for t in tangents])))
        except RuntimeError as error:
            raise GradcheckError(
                f"While computing batched gradients, got: {error}\n\n{_BATCHED_FORWARD_FAILED}"
            ) from error
        for i, (got, one_by_one) in enumerate(zip(found, zip(*expected))):
            wanted = np.stack([t._array for t in one_by_one])
            if not np.allclose(got._array, wanted):
                raise GradcheckError(
                    f"For output {i} and input {i}:\n\n{_BATCHED_FORWARD_FAILED}\n\nGot:\n{got}\n\nExpected:\n"
                    f"{_shown(wanted)}"
                )


_BATCHED_FAILED = (
    "gradcheck or gradgradcheck failed while testing batched gradient computation. Where the function does not support "
    "it, pass `check_batched_grad=False`."
)
_BATCHED_FORWARD_FAILED = (
    "gradcheck failed while testing batched gradient computation with forward-mode AD. Where the function does not "
    "support it, pass `check_batched_forward_grad=False`."
)


def _check_multiplied(outputs: tuple[Tensor, ...], inputs: Any, settings: _Settings) -> None:
    """Gradients of zero have to give gradients of zero."""
    targets = [t for _, t in _checked(inputs)]
    zeros = [from_array(np.zeros(t._array.shape, t._array.dtype)) for t in outputs]
    for g, t in zip(grad(outputs, targets, zeros, retain_graph=True, allow_unused=True) if outputs else (), targets):
        if g is None:
            continue
        if not (np.allclose(_elements(g), 0) if settings.masked else np.all(_elements(g) == 0)):
            raise GradcheckError("backward not multiplied by grad_output")
        if g.dtype is not t.dtype:
            raise GradcheckError("grad is incorrect type")
        if g._array.shape != t._array.shape:
            raise GradcheckError("grad is incorrect size")


class UndefinedGradBackward(Node):
    """The identity whose gradient is undefined."""

    __slots__ = ()

    def apply(self, g: Any) -> Any:
        return (None,)

    apply_taped = apply


def _check_undefined(func: Func, inputs: Any) -> None:
    """The backward has to work where the gradients of all outputs, or of one of several, are undefined."""
    targets = [t for _, t in _checked(inputs)]
    count = len(_differentiable(func(*inputs)))
    for undefined in [None, *range(count)] if count > 1 else [None]:
        outputs = []
        for i, t in enumerate(_differentiable(func(*inputs))):
            if undefined in (None, i):
                hidden = from_array(t._array)
                hidden._edge = record(UndefinedGradBackward(), (edge_of(t),))
                t = hidden
            outputs.append(t)
        zeros = [from_array(np.zeros(t._array.shape, t._array.dtype)) for t in outputs]
        try:
            found = grad(outputs, targets, zeros, allow_unused=True) if outputs else ()
        except RuntimeError as error:
            _warn_of_undefined()
            raise GradcheckError(
                'Expected backward function to handle undefined output grads. Please look at "Notes about undefined '
                'output gradients" in "tools/autograd/derivatives.yaml"'
            ) from error
        if any(g is not None and np.any(_elements(g) != 0) for g in found):
            _warn_of_undefined()
            raise GradcheckError(
                "Expected all input grads to be undefined or zero when all output grads are undefined or zero. Please "
                'look at "Notes about undefined output gradients" in "tools/autograd/derivatives.yaml"'
            )


def _warn_of_undefined() -> None:
    warnings.warn(
        "Backwards compatibility: New undefined gradient support checking feature is enabled by default, but it may break "
        "existing callers of this function. If this is true for you, you can call this function with "
        '"check_undefined_grad=False" to disable the feature',
        stacklevel=users_level(),
    )


_list_names(__name__)
