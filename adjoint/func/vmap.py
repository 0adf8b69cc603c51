"""vmap: a function of one sample becomes a function of a batch of them.

The function runs once, on tensors over :class:`~adjoint.readings.batched.BatchedArray`.  An operator that calls a NumPy
function without a batching rule is run sample by sample, and says so.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

from adjoint.autograd.batch import batch, note_shared_in, unbatch
from adjoint.autograd.function import CustomFunction, Function
from adjoint.autograd.grad_mode import mode
from adjoint.autograd.interception import intercept
from adjoint.autograd.samples import samples, whole
from adjoint.declare.namespaces import lookup
from adjoint.places import users_level
from adjoint.pytree import broadcast_to_tree, tree_flatten, tree_unflatten
from adjoint.random import get_rng_state, set_rng_state
from adjoint.readings import batching_rules
from adjoint.readings.batched import BatchedArray, Level, MissingRule, entered, left, levels_of
from adjoint.tensor import NO_EDGE, Tensor
from adjoint.thread_state import put_back, snapshot

assert batching_rules  # importing it declares the rules


instead: list[Callable[..., Any]] = []
"""What is run in place of a vmap, the last of them: there is one while a model is traced that cannot hold samples."""


def vmap(
    func: Callable[..., Any],
    in_dims: Any = 0,
    out_dims: Any = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """A function that applies ``func`` to every slice of its inputs and stacks the results.

    ``in_dims`` says which dimension of each input is mapped over (None: every sample gets all of it), ``out_dims`` where
    the mapped dimension is in each output; both may be nested as inputs and outputs are.  ``randomness`` is "error",
    "different" or "same" (for all samples).  ``chunk_size`` bounds how many samples are computed at a time.

    Raises ValueError if dimensions and inputs do not agree, RuntimeError for a random operator under "error".

    >>> import adjoint as torch
    >>> torch.vmap(torch.dot)(torch.ones(2, 3), torch.ones(2, 3))
    tensor([3., 3.])
    """
    if randomness not in ("error", "different", "same"):
        raise RuntimeError(f"Only allowed values for randomness are 'error', 'different', or 'same'. Got {randomness}")
    if chunk_size is not None and not chunk_size > 0:
        raise ValueError(f"vmap: chunk_size should be None or greater than 0. (got {chunk_size})")

    @functools.wraps(func)
    def batched(*args: Any, **kwargs: Any) -> Any:
        name = getattr(func, "__name__", repr(func))
        for dim in () if out_dims.__class__ is int else tree_flatten(out_dims)[0]:
            if not (dim is None or isinstance(dim, int)):
                raise ValueError(
                    f"vmap({name}, ..., out_dims={out_dims}): `out_dims` must be an int, None or a python collection of ints "
                    "representing where in the outputs the vmapped dimension should appear."
                )
        dims, leaves, spec, size = _inputs(in_dims, args, name)
        if instead:
            real = functools.partial(_run, func, leaves, dims, spec, out_dims, randomness, size, kwargs, name)
            return instead[-1](func, real, leaves, dims, spec, out_dims, size, kwargs)
        if chunk_size is not None and size:  # also if one chunk is all: what comes out is a copy then
            return _in_chunks(func, leaves, dims, spec, out_dims, randomness, chunk_size, size, kwargs, name)
        return _run(func, leaves, dims, spec, out_dims, randomness, size, kwargs, name)

    return batched


def chunk_vmap(
    func: Callable[..., Any], in_dims: Any = 0, out_dims: Any = 0, randomness: str = "error", chunks: int = 2
) -> Callable[..., Any]:
    """As :func:`vmap`, in that many pieces of the batch, one after the other.

    >>> import adjoint as torch
    >>> from adjoint.functorch.experimental import chunk_vmap
    >>> chunk_vmap(torch.sum, chunks=2)(torch.ones(3, 2))
    tensor([2., 2., 2.])
    """
    if chunks == 1:
        return vmap(func, in_dims, out_dims, randomness)

    @functools.wraps(func)
    def batched(*args: Any, **kwargs: Any) -> Any:
        size = _inputs(in_dims, args, getattr(func, "__name__", repr(func)))[3]
        length = -(-size // chunks) if chunks > 0 else chunks  # as Tensor.chunk has it
        return vmap(func, in_dims, out_dims, randomness, chunk_size=length)(*args, **kwargs)

    return batched


def _inputs(in_dims: Any, args: tuple[Any, ...], name: str) -> tuple[list[Any], list[Any], Any, int]:
    """Per leaf of the inputs its mapped dimension (from 0 on, or None), the leaves, their structure and the batch size."""
    call = f"vmap({name}, in_dims={in_dims}, ...)(<inputs>)"
    if not isinstance(in_dims, (int, tuple)):
        raise ValueError(
            f"{call}: expected `in_dims` to be int or a (potentially nested) tuple matching the structure of inputs, got: "
            f"{type(in_dims)}."
        )
    if not args:
        raise ValueError(
            f"vmap({name})(<inputs>): got no inputs. Maybe you forgot to add inputs, or you are trying to vmap over a "
            "function with no inputs. The latter is unsupported."
        )
    leaves, spec = tree_flatten(tuple(args))
    dims = broadcast_to_tree(in_dims, spec)
    if dims is None:
        raise ValueError(
            f"{call}: in_dims is not compatible with the structure of `inputs`. in_dims has structure "
            f"{tree_flatten(in_dims)[1]} but inputs has structure {spec}."
        )
    found = []
    sizes = []
    for leaf, dim in zip(leaves, dims):
        if dim is not None and not isinstance(dim, int):
            raise ValueError(
                f"{call}: Got in_dim={dim} for an input but in_dim must be either an integer dimension or None."
            )
        if dim is not None and not isinstance(leaf, Tensor):
            raise ValueError(
                f"{call}: Got in_dim={dim} for an input but the input is of type {type(leaf)}. We cannot vmap over "
                "non-Tensor arguments, please use None as the respective in_dim"
            )
        if dim is not None and not -leaf.ndim <= dim < leaf.ndim:
            raise ValueError(
                f"{call}: Got in_dim={dim} for some input, but that input is a Tensor of dimensionality {leaf.ndim} so "
                f"expected in_dim to satisfy -{leaf.ndim} <= in_dim < {leaf.ndim}."
            )
        if dim is not None:
            dim %= leaf.ndim
            sizes.append(leaf.shape[dim])
        found.append(dim)
    if not sizes:
        raise ValueError("vmap: Expected at least one Tensor to vmap over")
    if any(size != sizes[0] for size in sizes):
        raise ValueError(
            f"vmap: Expected all tensors to have the same size in the mapped dimension, got sizes {sizes} for the mapped "
            "dimension"
        )
    return found, leaves, spec, sizes[0]


def _run(
    func: Callable[..., Any],
    leaves: list[Any],
    dims: list[Any],
    spec: Any,
    out_dims: Any,
    randomness: str,
    size: int,
    kwargs: dict[str, Any],
    name: str,
) -> Any:
    level = Level(size, randomness)
    inside = [leaf if dim is None else samples(leaf, level, dim) for leaf, dim in zip(leaves, dims)]
    arrays = [i._array if isinstance(i, Tensor) else None for i in inside]  # ``t_`` gives a sample another one
    before = snapshot()
    fallback = functools.partial(_with_fallback, level)
    try:
        with entered(level):
            mode.transforms += 1
            around = mode.within
            mode.within = (*around, level)
            intercept.add(fallback)
            result = func(*tree_unflatten(inside, spec), **kwargs)
            mode.transforms -= 1
            mode.within = around
            intercept.remove(fallback)
            inputs = {id(i): (leaf, array) for i, leaf, dim, array in zip(inside, leaves, dims, arrays) if dim == 0}
            return _outputs(result, level, out_dims, name, inputs)
    except BaseException as error:
        put_back(before)
        level.active = False
        if isinstance(error, MissingRule):
            raise RuntimeError(
                f"Batching rule not implemented for aten::{error}. We could not generate a fallback."
            ) from error
        raise


def _outputs(result: Any, level: Level, out_dims: Any, name: str, made_of: dict[int, Any]) -> Any:
    """A vmap's outputs; ``made_of``: the tensors that there are for samples with these arrays, by the identity of the samples."""
    outputs, spec = tree_flatten(result)
    one = isinstance(result, Tensor) and isinstance(out_dims, tuple) and len(out_dims) == 1
    dims = list(out_dims) if one else broadcast_to_tree(out_dims, spec)
    if dims is None:
        raise ValueError(
            f"vmap({name}, ..., out_dims={out_dims})(<inputs>): out_dims is not compatible with the structure of `outputs`. "
            f"out_dims has structure {tree_flatten(out_dims)[1]} but outputs has structure {spec}."
        )
    made = []
    for o, dim in zip(outputs, dims):
        if dim is None:
            if isinstance(o, Tensor) and level in levels_of(o._array):
                raise ValueError(
                    f"vmap({name}, ...): `{name}` can not return a BatchedTensor when out_dim is None"
                )
            made.append(o)
            continue
        if not isinstance(o, Tensor):
            raise ValueError(
                f"vmap({name}, ...): `{name}` must only return Tensors, got type {type(o)}. Did you mean to set "
                "out_dims= to None for output?"
            )
        ndim = o._array.ndim + 1
        if not -ndim <= dim < ndim:
            raise IndexError(
                f"Dimension out of range (expected to be in range of [{-ndim}, {ndim - 1}], but got {dim})"
            )
        known, array = made_of.get(id(o), (None, None)) if dim % ndim == 0 else (None, None)  # one and the same for an input, or
        if known is None or array is not o._array:  # two outputs, that are
            known = whole(o, level, dim % ndim)
            if dim % ndim == 0:
                made_of[id(o)] = known, o._array
        made.append(known)
    return tree_unflatten(made, spec)


def _in_chunks(
    func: Callable[..., Any],
    leaves: list[Any],
    dims: list[Any],
    spec: Any,
    out_dims: Any,
    randomness: str,
    chunk_size: int,
    size: int,
    kwargs: dict[str, Any],
    name: str,
) -> Any:
    parts = []
    state = get_rng_state() if randomness == "same" else None
    for start in range(0, size, chunk_size):
        if state is not None:  # the same numbers in all chunks too
            set_rng_state(state)
        length = min(chunk_size, size - start)
        chunk = [leaf if d is None else leaf.narrow(d, start, length) for leaf, d in zip(leaves, dims)]
        parts.append(_run(func, chunk, dims, spec, out_dims, randomness, length, kwargs, name))
    flat = [tree_flatten(p) for p in parts]
    out_spec = flat[0][1]
    if out_spec.is_leaf() and isinstance(out_dims, tuple):
        out_dims = out_dims[0]
    places = broadcast_to_tree(out_dims, out_spec)
    assert places is not None
    cat = lookup("torch", "cat")
    joined = [
        pieces[0] if d is None else cat(list(pieces), d) for pieces, d in zip(zip(*(f[0] for f in flat)), places)
    ]
    return tree_unflatten(joined, out_spec)


def _note_shared(result: Any, level: Level) -> None:
    """Note at the nodes of an operator's results which of these all samples share, and of their tangents."""
    if result.__class__ is Tensor and result._edge is NO_EDGE and not result._tangents:
        return
    for made in result if isinstance(result, (tuple, list)) else (result,):
        if isinstance(made, Tensor) and level not in levels_of(made._array):
            note_shared_in(made, level)
            for tangent in (made._tangents or {}).values():
                note_shared_in(tangent, level)


class VmapInfo(NamedTuple):
    """What a Function's ``vmap`` is told of the vmap that it is called in."""

    batch_size: int
    randomness: str


def _custom(level: Level, operator: CustomFunction, function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    """An autograd.Function: as it is written where it says that this will do; else with its ``vmap`` as the forward."""
    cls = operator.function
    if not any(_has_batch(a, level) for a in tree_flatten(args)[0]):
        return function(*args)
    own = cls.vmap is not Function.vmap
    if cls.generate_vmap_rule:
        if own:
            raise RuntimeError(
                f"You tried to vmap over {cls.__name__}, but it has both generate_vmap_rule=True and an overridden vmap "
                "staticmethod. Please set generate_vmap_rule=False or delete the overriden vmap staticmethod to avoid "
                "ambiguity. For more details, please see https://pytorch.org/docs/main/notes/extending.func.html"
            )
    elif not own:
        raise RuntimeError(
            f"You tried to vmap over {cls.__name__}, but it does not have vmap support. Please override and implement the "
            "vmap staticmethod or set generate_vmap_rule=True. For more details, please see "
            "https://pytorch.org/docs/main/notes/extending.func.html"
        )
    elif operator.forward is cls.forward:  # else it is the vmap further in whose batch the Function is told of
        operator.forward = functools.partial(_batched_forward, level, cls)
    return function(*args)


def _batched_forward(level: Level, cls: Any, *args: Any) -> Any:
    """Call a Function's ``vmap`` outside of the vmap."""
    flat, spec = tree_flatten(args)
    mine = [_has_batch(v, level) for v in flat]
    whole = tree_unflatten([unbatch(v, level, 0) if m else v for v, m in zip(flat, mine)], spec)
    dims = tree_unflatten([0 if m else None for m in mine], spec)
    with left(level):
        result = cls.vmap(VmapInfo(level.size, level.randomness), dims, *whole)
    if not (isinstance(result, tuple) and len(result) == 2):
        got = f"{len(result)} returns" if isinstance(result, tuple) else f"a {type(result)}"
        raise RuntimeError(
            "Expected the vmap staticmethod to have two returns, an output and out_dims with pytree structure compatible "
            f"with the output. Got {got} instead"
        )
    outputs, out_spec = tree_flatten(result[0])
    places = broadcast_to_tree(result[1], out_spec)
    if places is None:
        raise RuntimeError(
            "The autograd.Function's vmap staticmethod returned an incompatible (output, out_dims) tuple. Expected "
            f"out_dims={result[1]} to be compatible with the structure of `output`. out_dims has structure "
            f"{tree_flatten(result[1])[1]} but output has structure {out_spec}. For more details, please see "
            "https://pytorch.org/docs/main/notes/extending.func.html"
        )
    made = [o if d is None else batch(o, level, d % o.ndim) for o, d in zip(outputs, places)]
    return tree_unflatten(made, out_spec)


def _has_batch(value: Any, level: Level) -> bool:
    return isinstance(value, Tensor) and isinstance(value._array, BatchedArray) and value._array.level is level


def _with_fallback(level: Level, operator: Any, function: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    if operator.__class__ is CustomFunction:
        result = _custom(level, operator, function, args)
        _note_shared(result, level)
        return result
    try:
        result = function(*args, **kwargs)
        if result.__class__ is Tensor:
            array = result._array
            if array.__class__ is BatchedArray and array.level is level:
                return result
        _note_shared(result, level)
        return result
    except MissingRule:
        flat, spec = tree_flatten((list(args), kwargs))
        mine = [isinstance(v, Tensor) and isinstance(v._array, BatchedArray) and v._array.level is level for v in flat]
        if not any(mine):
            raise
    warnings.warn(
        f"There is a performance drop because we have not yet implemented the batching rule for aten::{operator.name}. "
        "Please file us an issue on GitHub so that we can prioritize its implementation.",
        UserWarning,
        stacklevel=users_level(),
    )
    shared = [not m and isinstance(v, Tensor) and v.requires_grad and mode.enabled for v, m in zip(flat, mine)]
    whole = [unbatch(v, level, 0) if m or s else v for v, m, s in zip(flat, mine, shared)]
    mine = [m or s for m, s in zip(mine, shared)]

    def one_by_one() -> Any:
        results = []
        for i in range(level.size):
            one_args, one_kwargs = tree_unflatten([v[i] if m else v for v, m in zip(whole, mine)], spec)
            results.append(function(*one_args, **one_kwargs))
        flat_results = [tree_flatten(r) for r in results]
        stack = lookup("torch", "stack")
        together = [batch(stack(list(parts)), level, 0) for parts in zip(*(f[0] for f in flat_results))]
        return tree_unflatten(together, flat_results[0][1])

    # What a sample's node saves of its own results needs their tangents: those of the levels inside of the vmap, too.
    return intercept.anew(one_by_one) if any(isinstance(v, Tensor) and v._tangents for v in whole) else one_by_one()
