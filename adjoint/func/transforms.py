"""Derivatives as functions of functions: grad, vjp, jvp, Jacobians and Hessians, in any nesting."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from adjoint.autograd.accumulate import AccumulateGrad
from adjoint.autograd.backward import grad as autograd_grad
from adjoint.autograd.captures import begin, come_in, end, is_foreign, let_in, look_alike, made_here
from adjoint.autograd.edges import edge_of
from adjoint.autograd.evaluation import Evaluation
from adjoint.autograd.forward_ad import Level, check_tangent, laid_as, refuse_nesting, second_name, with_tangents
from adjoint.autograd.grad_mode import mode, recording, set_recording
from adjoint.autograd.node import Output, as_pair
from adjoint.autograd.saved import alias
from adjoint.declare.namespaces import lookup
from adjoint.dtypes import FLOAT
from adjoint.func.vmap import vmap
from adjoint.ops.shape import alias_view
from adjoint.pytree import tree_flatten, tree_map, tree_unflatten, treespec_pprint
from adjoint.tensor import NO_EDGE, Tensor, from_array, tick
from adjoint.thread_state import Switch, put_back, snapshot


def _own(tensors: Sequence[Any]) -> list[Any]:
    """New names for the tensors, to be differentiated with respect to, also by what is around this transform: it may be called in
    ``no_grad``, and its pullback outside of that."""
    for t in tensors:
        if not isinstance(t, Tensor):
            raise ValueError(f"Thing passed to transform API must be Tensor, got {type(t)}")
        if t.dtype.category < FLOAT:
            raise RuntimeError("only Tensors of floating point dtype can require gradients")
    return [come_in(second_name(t), is_foreign(t)) for t in tensors]


def _leading_beyond(tensors: Sequence[Tensor]) -> set[Any]:
    """The nodes of the graphs of tensors, and of their tangents, that lead to a leaf which is not the name of a transform
    that is over: what an outer derivative, or a later backward, may be asked to go through."""
    found: list[Any] = []
    beyond: set[Any] = set()
    seen = set()
    stack: list[Any] = []
    for t in tensors:
        _put_nodes(t, stack)
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            if node.__class__ is AccumulateGrad:
                if not node.variable._only_a_name:
                    beyond.add(node)
                continue
            found.append(node)
            stack += [edge.node if edge.__class__ is Output else edge for edge in node._edges if edge is not NO_EDGE]
    if not beyond:
        return beyond
    for node in sorted(found, key=lambda n: -n._order):  # from the earliest on, so that those it leads to are decided
        if any((edge.node if edge.__class__ is Output else edge) in beyond for edge in node._edges):
            beyond.add(node)
    return beyond


def _is_recorded(values: Sequence[Any]) -> bool:
    """Whether a tensor, or a tangent of it, requires grad."""
    return any(t.requires_grad for t in with_tangents(values))


def _put_nodes(tensor: Tensor, stack: list[Any]) -> None:
    """Put the node of a tensor, and those of its tangents, on a stack."""
    if tensor.requires_grad:
        node = as_pair(edge_of(tensor))[0]
        if node is not None:
            stack.append(node)
    for tangent in (tensor._tangents or {}).values():
        _put_nodes(tangent, stack)


def _let_go(tensor: Any, but: Any = frozenset()) -> Any:
    """The tensor without its graph, and without that of its tangents, where these do not begin at one of the nodes."""
    if not isinstance(tensor, Tensor) or not (tensor.requires_grad or tensor._tangents):
        return tensor
    keeps = tensor.requires_grad and as_pair(edge_of(tensor))[0] in but
    if keeps and not tensor._tangents:
        return tensor
    free = alias(tensor, tensor._edge if keeps else NO_EDGE)
    if tensor._tangents:
        free._tangents = {level: _let_go(t, but) for level, t in tensor._tangents.items()}
    return free


class _computing(Switch):
    """Inside of a transform."""

    fields = ("transforms", "pushes", "primal_from", "within", "birth", "interceptors")

    def __init__(self, pushes: int = 0, sources: Sequence[Any] = ()) -> None:
        self.pushes = pushes
        self.sources = sources
        self.inputs: list[Any] = []  # what stands for them inside

    def switch(self) -> None:
        mode.transforms += 1
        mode.pushes += self.pushes
        if self.pushes:
            mode.primal_from = mode.primal
            self.birth = tick()
            begin(self, self.birth)
        else:
            mode.within = (*mode.within, self)


def _check_given(leaves: Sequence[Any], where: str, what: str) -> None:
    if not leaves:
        raise RuntimeError(f"{where}: Expected {what} to contain at least one Tensor.")
    for leaf in leaves:
        if not isinstance(leaf, Tensor):
            raise RuntimeError(f"{where}: Expected {what} to only contain Tensors, got {type(leaf)}")


def _check_outputs(outputs: Sequence[Any], where: str) -> None:
    if not outputs or (len(outputs) == 1 and outputs[0] is None):
        raise RuntimeError(f"{where}: Expected f to be a function that has non-empty output (got output = {outputs})")
    for o in outputs:
        if not isinstance(o, Tensor):
            raise RuntimeError(f"{where}: expected f(*primals) to return only tensors, got unsupported type {type(o)}")


def _apart(result: Any, where: str) -> Any:
    """The output of a function with an auxiliary one, and that one."""
    if not (isinstance(result, tuple) and len(result) == 2):
        raise RuntimeError(f"{where}: output of function f should be a tuple: (output, aux) if has_aux is True")
    for a in tree_flatten(result[1])[0]:
        if not isinstance(a, Tensor):
            raise RuntimeError(f"Expected tensors, got unsupported type {type(a)}")
    return result


class _Reverse:
    """One evaluation of a function, and the pullbacks from its outputs to its inputs.

    The function is recorded also where the transform itself is called in ``no_grad``: then its result is a constant to
    all around it.
    """

    def __init__(self, func: Callable[..., Any], primals: Any, has_aux: bool, where: str) -> None:
        leaves, self.in_spec = tree_flatten(primals)
        state = snapshot()
        before = mode.enabled
        outer = mode.evaluating
        self.evaluation = Evaluation()
        try:
            set_recording(True)
            mode.transforms += 1
            self.inputs = self.evaluation.inputs = _own(leaves)
            self.evaluation.sources = leaves
            edges = [i._edge for i in self.inputs]
            mode.evaluating = (*outer, self.evaluation)
            around = begin(self.evaluation, self.evaluation.birth)
            result = func(*tree_unflatten(self.inputs, self.in_spec))
            end(around)
            mode.evaluating = outer
            set_recording(before)
            mode.transforms -= 1
        except BaseException:
            put_back(state)
            raise
        self.aux: Any = None
        if has_aux:
            result, self.aux = _apart(result, where)
        self.outputs, self.out_spec = tree_flatten(result)
        self.result = result
        self.where = where
        self.used = False  # whether a gradient of the outputs has reached an input
        self.recorded = before
        self.primals = {id(i): (p, edge) for i, p, edge in zip(self.inputs, leaves, edges)}

    def finish(self) -> None:
        """Decide whether derivatives can be recorded: whether somebody could ask for theirs."""
        for i in self.inputs:
            if i._edge is None:
                i._only_a_name = True
        auxiliary = [] if self.aux is None else tree_flatten(self.aux)[0]
        self.kept = _leading_beyond([*self.outputs, *auxiliary])
        self.beyond = bool(self.kept)

    def shown(self, tree: Any) -> Any:
        """Outputs as the caller gets them: part of an outer graph only where there is one."""
        return self._shown(tree) if tree.__class__ is Tensor else tree_map(self._shown, tree)

    def _shown(self, value: Any) -> Any:
        primal, edge = self.primals.get(id(value), (None, None))
        if primal is not None and edge is value._edge:  # an input that is returned as it is
            return primal
        if isinstance(value, Tensor) and value._edge is None:  # a leaf from outside
            return value
        shown = _let_go(value, self.kept if self.recorded else ())
        if mode.birth and isinstance(shown, Tensor) and shown is not value:
            look_alike(shown, value)
        return shown

    def pull(self, cotangents: Sequence[Tensor], retain: bool, create_graph: bool | None = None) -> list[Any]:
        """The gradients of all inputs, zero where an output does not depend on one."""
        roots = [(o, c) for o, c in zip(self.outputs, cotangents) if o.requires_grad]
        beyond = self.beyond or _is_recorded(cotangents)
        wanted = [i for i in self.inputs if i.requires_grad]
        found: dict[int, Any] = {}
        if roots and wanted:
            outer = mode.pulling
            try:
                mode.pulling = self.evaluation
                gradients = autograd_grad(
                    [o for o, _ in roots],
                    wanted,
                    [c for _, c in roots],
                    retain_graph=retain or beyond,
                    create_graph=beyond and (mode.enabled if create_graph is None else create_graph),
                    allow_unused=True,
                )
                mode.pulling = outer
            except BaseException:
                mode.pulling = outer
                raise
            self.used = any(g is not None for g in gradients)
            if beyond:
                kept = _leading_beyond([g for g in gradients if g is not None])
                gradients = [_let_go(g, kept) for g in gradients]
            found = {id(i): g for i, g in zip(wanted, gradients)}
        pulled = [g if (g := found.get(id(i))) is not None else from_array(np.zeros_like(i._array)) for i in self.inputs]
        if mode.birth:
            made_here(pulled)
        return pulled


def vjp(func: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """``func(*primals)``, and a function from cotangents of its outputs to those of its inputs.

    >>> import adjoint as torch
    >>> y, pullback = torch.func.vjp(torch.sin, torch.zeros(2))
    >>> pullback(torch.ones(2))
    (tensor([1., 1.]),)
    """
    where = "vjp(f, *primals)"
    run = _Reverse(func, tuple(primals), has_aux, where)
    _check_outputs(run.outputs, where)
    for o in run.outputs:
        if o.dtype.category < FLOAT:
            raise RuntimeError(
                f"vjp(f, ...): All outputs of f must be floating-point or complex Tensors, got Tensor with dtype {o.dtype}"
            )
    run.finish()

    def pullback(cotangents: Any, retain_graph: bool = True, create_graph: bool | None = None) -> Any:
        leaves, spec = tree_flatten(cotangents)
        if spec != run.out_spec:
            raise RuntimeError(
                f"Expected pytree structure of cotangents to be the same as pytree structure of outputs to the function. "
                f"cotangents: {treespec_pprint(spec)}, primal output: {treespec_pprint(run.out_spec)}"
            )
        return tree_unflatten(run.pull(leaves, retain_graph, create_graph), run.in_spec)

    shown = run.shown(run.result)
    return (shown, pullback, run.shown(run.aux)) if has_aux else (shown, pullback)


argnums_t = int | tuple[int, ...]


def select(args: tuple[Any, ...], argnums: int | tuple[int, ...]) -> Any:
    """Of a call's arguments the one with this number, or a tuple of those with these; raises PyTorch's errors about numbers."""
    if not isinstance(argnums, (int, tuple)):
        raise RuntimeError(f"argnums must be int or Tuple[int, ...], got: {type(argnums)}")
    numbers = argnums if isinstance(argnums, tuple) else (argnums,)
    for n in numbers:
        if not isinstance(n, int):
            raise RuntimeError(f"argnum must be int, got: {type(n)}")
        if not -len(args) <= n < len(args):
            raise RuntimeError(f"Got argnum={n}, but only {len(args)} positional inputs")
    if not isinstance(argnums, tuple):
        return args[argnums]
    if not argnums:
        raise RuntimeError("argnums must be non-empty")
    places = tuple(n % len(args) for n in argnums)
    if len(set(places)) != len(places):
        raise RuntimeError(f"argnums elements must be unique, got {places}")
    return tuple(args[n] for n in argnums)


def _replace(args: tuple[Any, ...], argnums: int | tuple[int, ...], new: Any) -> tuple[Any, ...]:
    found = list(args)
    for n, value in zip((argnums,), (new,)) if isinstance(argnums, int) else zip(argnums, new):
        found[n] = value
    return tuple(found)


def _of_some(
    func: Callable[..., Any], args: tuple[Any, ...], argnums: int | tuple[int, ...], kwargs: dict[str, Any]
) -> Callable[[Any], Any]:
    """A function of those arguments of a call that have these numbers; the others, too, it may write to."""
    numbers = {n % len(args) for n in ((argnums,) if isinstance(argnums, int) else argnums)}
    rest = [a for n, a in enumerate(args) if n not in numbers]
    others = tree_flatten((rest, kwargs))[0] if rest or kwargs else ()

    def function(chosen: Any) -> Any:
        if not others:
            return func(*_replace(args, argnums, chosen), **kwargs)
        with let_in(others):
            return func(*_replace(args, argnums, chosen), **kwargs)

    return function


def grad_and_value(
    func: Callable[..., Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """A function that returns the gradient of ``func`` and its value, ``(value, aux)`` with ``has_aux``."""

    @functools.wraps(func)
    def derivative(*args: Any, **kwargs: Any) -> Any:
        chosen = select(args, argnums)
        run = _Reverse(_of_some(func, args, argnums, kwargs), (chosen,), has_aux, "grad_and_value(f)(*args)")
        output = run.result
        if not isinstance(output, Tensor):
            raise RuntimeError(f"grad_and_value(f)(*args): Expected f(*args) to return a Tensor, got {type(output)}")
        if output.ndim != 0:
            raise RuntimeError(
                "grad_and_value(f)(*args): Expected f(*args) to return a scalar Tensor, got tensor with "
                f"{output.ndim} dims. Maybe you wanted to use the vjp or jacrev APIs instead?"
            )
        run.finish()
        one = np.ones_like(output._array)
        (gradient,) = tree_unflatten(run.pull([from_array(one)], retain=False), run.in_spec)
        if run.used and output.dtype.is_complex:
            raise RuntimeError(f"grad can be implicitly created only for real scalar outputs but got {output.dtype}")
        value = run.shown(output)
        return (gradient, (value, run.shown(run.aux))) if has_aux else (gradient, value)

    return derivative


def grad(func: Callable[..., Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False) -> Callable[..., Any]:
    """A function that returns the gradient of ``func``, which must return a scalar, with respect to ``argnums``.

    >>> import adjoint as torch
    >>> torch.func.grad(torch.func.grad(torch.sin))(torch.tensor(0.5))
    tensor(-0.4794)
    """
    both = grad_and_value(func, argnums, has_aux)

    @functools.wraps(func)
    def derivative(*args: Any, **kwargs: Any) -> Any:
        gradient, value = both(*args, **kwargs)
        return (gradient, value[1]) if has_aux else gradient

    return derivative


def jvp(
    func: Callable[..., Any], primals: Any, tangents: Any, *, strict: bool = False, has_aux: bool = False
) -> Any:
    """``func(*primals)`` and its derivative in the direction ``tangents``, by forward mode.

    >>> import adjoint as torch
    >>> torch.func.jvp(torch.exp, (torch.zeros(2),), (torch.ones(2),))
    (tensor([1., 1.]), tensor([1., 1.]))
    """
    where = "jvp(f, primals, tangents)"
    if not isinstance(primals, tuple):
        raise RuntimeError(
            f"{where}: Expected primals to be a tuple. E.g. it should be valid to call f(*primals)."
        )
    leaves, spec = tree_flatten(primals)
    directions, direction_spec = tree_flatten(tangents)
    if spec != direction_spec:
        raise RuntimeError(
            f"{where}: Expected primals and tangents to have the same python structure. For example, if primals is a tuple "
            "of 3 tensors, tangents also must be. Got primals with structure "
            f"{spec} and tangents with structure {direction_spec}"
        )
    _check_given(leaves, where, "primals")
    _check_given(directions, where, "tangents")
    if not mode.pushes:
        refuse_nesting()
    around = mode.birth
    foreign = [is_foreign(p) for p in leaves]
    computing = _computing(1, leaves)
    duals = computing.inputs
    with computing, Level() as level:
        for p, t in zip(leaves, directions):
            check_tangent(p, t)
        for p, t, known in zip(leaves, directions, foreign):
            dual = alias_view.function(p)  # so that a write to it is one to the primal
            come_in(dual, known)
            level.set_tangent(dual, laid_as(p, t))
            duals.append(dual)
        result = func(*tree_unflatten(duals, spec))
        aux = None
        if has_aux:
            result, aux = _apart(result, where)
        outputs, out_spec = tree_flatten(result)
        _check_outputs(outputs, where)
        pushed = []
        for o in outputs:
            found = level.tangent(o)
            if found is None:
                if strict:
                    raise RuntimeError(
                        "jvp(f, primals, tangents, strict=True): The output of f is independent of the inputs. This is not "
                        "allowed with strict=True."
                    )
                found = from_array(np.zeros_like(o._array))
            if around and not any(found is t for t in directions):
                made_here((found,))
            pushed.append(found)
        for o in outputs:
            if o._tangents:
                o._tangents.pop(level, None)
    values = tree_unflatten([alias_view.function(o) for o in outputs], out_spec)
    shown = (values, tree_unflatten(pushed, out_spec))
    return (*shown, aux) if has_aux else shown


def linearize(func: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., Any]]:
    """``func(*primals)``, and its derivative there as a function of tangents; ``func`` itself runs once, unless some of it is in
    ``no_grad``.

    >>> import adjoint as torch
    >>> y, push = torch.func.linearize(torch.exp, torch.zeros(2))
    >>> push(torch.ones(2))
    tensor([1., 1.])
    """
    run = _Reverse(func, tuple(primals), False, "linearize(f, *primals)")
    if run.outputs:
        _check_outputs(run.outputs, "jvp(f, primals, tangents)")
    run.beyond = False
    with recording():
        dummies = []
        for o in run.outputs:
            v = from_array(np.zeros_like(o._array))
            v._edge = None
            dummies.append(v)
        pulled = run.pull(dummies, retain=True)
    for v in dummies:
        v._only_a_name = True
    run.finish()

    def push(*tangents: Any) -> Any:
        leaves, spec = tree_flatten(tangents)
        if spec != run.in_spec:
            raise RuntimeError(
                f"Expected the tangents {spec} to have the same argspec as the primals {run.in_spec}"
            )
        for i, (t, p) in enumerate(zip(leaves, run.inputs)):
            for what, of_tangent, of_primal in (("shape", t.shape, p.shape), ("dtype", t.dtype, p.dtype)):
                if of_tangent != of_primal:
                    raise RuntimeError(
                        f"tangent:{i} with {what} {of_tangent} in flattened pytree doesn't match the {what} {of_primal} of "
                        "the corresponding primal."
                    )
        if run.evaluation.switched_off:  # tangents pass through what no_grad kept from the graph
            return jvp(func, tuple(primals), tuple(tangents))[1]
        used = [(p, t) for p, t in zip(pulled, leaves) if p.requires_grad]
        found: Any = [None] * len(dummies)
        if used:
            outer = mode.pulling
            try:
                mode.pulling = run.evaluation
                found = autograd_grad(
                    [p for p, _ in used],
                    dummies,
                    [t for _, t in used],
                    retain_graph=True,
                    create_graph=mode.enabled and (run.beyond or _is_recorded(leaves)),
                    allow_unused=True,
                )
                mode.pulling = outer
            except BaseException:
                mode.pulling = outer
                raise
            kept = _leading_beyond([f for f in found if f is not None])
            found = [_let_go(f, kept) for f in found]
        return tree_unflatten(
            [from_array(np.zeros_like(d._array)) if f is None else f for f, d in zip(found, dummies)], run.out_spec
        )

    return run.shown(run.result), push


def _basis(tensors: Sequence[Tensor]) -> tuple[list[Tensor], list[int]]:
    """Per tensor, the standard basis of all of them together: (number of elements of all) x (its shape)."""
    sizes = [t.numel() for t in tensors]
    total = sum(sizes)
    found = []
    start = 0
    for t, size in zip(tensors, sizes):
        rows = np.zeros((total, size), t._array.dtype)
        rows[start + np.arange(size), np.arange(size)] = 1
        found.append(from_array(rows.reshape(total, *t._array.shape)))
        start += size
    if mode.birth:
        made_here(found)
    return found, sizes


def _check_real(name: str, what: str, tensors: Sequence[Any]) -> None:
    for i, t in enumerate(tensors):
        if isinstance(t, Tensor) and t.dtype.is_complex:
            raise RuntimeError(
                f"{name}: Expected all {what} to be real but received complex tensor at flattened input idx: {i}"
            )


def jacrev(
    func: Callable[..., Any],
    argnums: int | tuple[int, ...] = 0,
    *,
    has_aux: bool = False,
    chunk_size: int | None = None,
    _preallocate_and_copy: bool = False,
) -> Callable[..., Any]:
    """A function that returns the Jacobian of ``func`` by reverse mode: one pullback per output element, batched.

    >>> import adjoint as torch
    >>> torch.func.jacrev(lambda x: x ** 2)(torch.tensor([1., 2.]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    if not (chunk_size is None or chunk_size > 0):
        raise ValueError("jacrev: `chunk_size` should be greater than 0.")

    @functools.wraps(func)
    def jacobian(*args: Any, **kwargs: Any) -> Any:
        _check_real("jacrev", "inputs", tree_flatten(args)[0])
        chosen = select(args, argnums)
        found = vjp(_of_some(func, args, argnums, kwargs), chosen, has_aux=has_aux)
        output, pullback = found[:2]
        outputs, out_spec = tree_flatten(output)
        _check_real("jacrev", "outputs", outputs)
        basis, sizes = _basis(outputs)
        count = sum(sizes)
        if chunk_size == 1 and count > 0:  # no vmap, and none of what it cannot do
            rows = [pullback(tree_unflatten([b[i] for b in basis], out_spec))[0] for i in range(count)]
            flat = [tree_flatten(row) for row in rows]
            in_spec = flat[0][1]
            leaves = [lookup("torch", "stack")(list(parts)) for parts in zip(*(f[0] for f in flat))]
        else:
            pulled = vmap(lambda *b: pullback(tree_unflatten(b, out_spec))[0], chunk_size=chunk_size)(*basis)
            leaves, in_spec = tree_flatten(pulled)
        split = [leaf.split(sizes) for leaf in leaves]
        blocks = []
        for i, o in enumerate(outputs):
            parts = [s[i].reshape((*o.shape, *leaf.shape[1:])) for s, leaf in zip(split, leaves)]
            blocks.append(tree_unflatten(parts, in_spec))
        made = tree_unflatten(blocks, out_spec)
        return (made, found[2]) if has_aux else made

    return jacobian


def jacfwd(
    func: Callable[..., Any],
    argnums: int | tuple[int, ...] | None = 0,
    has_aux: bool = False,
    *,
    randomness: str = "error",
) -> Callable[..., Any]:
    """A function that returns the Jacobian of ``func`` by forward mode: one push per input element, batched.

    ``argnums=None`` stands for all arguments.

    >>> import adjoint as torch
    >>> torch.func.jacfwd(torch.exp)(torch.zeros(2))
    tensor([[1., 0.],
            [0., 1.]])
    """

    @functools.wraps(func)
    def jacobian(*args: Any, **kwargs: Any) -> Any:
        asked = tuple(range(len(args))) if argnums is None else argnums
        _check_real("jacfwd", "inputs", tree_flatten(args)[0])
        chosen = select(args, asked)
        leaves, in_spec = tree_flatten(chosen)
        basis, sizes = _basis(leaves)
        function = _of_some(func, args, asked, kwargs)

        def push(*directions: Any) -> Any:
            found = jvp(
                function,
                (chosen,),
                (tree_unflatten(directions, in_spec),),
                has_aux=has_aux,
            )
            _check_real("jacfwd", "outputs", tree_flatten(found[0])[0])
            return (found[1], found[2]) if has_aux else found[1]

        pushed = vmap(push, out_dims=(-1, 0) if has_aux else -1, randomness=randomness)(*basis)
        aux = None
        if has_aux:
            pushed, aux = pushed
            aux = tree_map(lambda a: a[0], aux)  # of the first direction: it is the same in all
        outputs, out_spec = tree_flatten(pushed)
        blocks = []
        for o in outputs:
            parts = o.split(sizes, -1)
            blocks.append(
                tree_unflatten([p.reshape((*o.shape[:-1], *leaf.shape)) for p, leaf in zip(parts, leaves)], in_spec)
            )
        made = tree_unflatten(blocks, out_spec)
        return (made, aux) if has_aux else made

    return jacobian


def hessian(func: Callable[..., Any], argnums: int | tuple[int, ...] = 0) -> Callable[..., Any]:
    """A function that returns the Hessian of ``func``: forward over reverse mode."""
    return jacfwd(jacrev(func, argnums), argnums)


def functionalize(func: Callable[..., Any], *, remove: str = "mutations") -> Callable[..., Any]:
    """The function itself, under its own name.

    In PyTorch this rewrites in-place operators and views for compilers that have none; what a caller sees is the same,
    writes to the inputs included.
    """
    if remove not in ("mutations", "mutations_and_views"):
        raise RuntimeError(
            f"functionalize(f, remove='mutations'): received invalid argument for remove={remove}. Valid options are:\n"
            "     remove='mutations': all inplace and out= operators will be removed from the program, and replaced with "
            "their out-of-place equivalents.\n     remove='mutations_and_views': In addition to the above, all aliasing "
            "operators {view} will be replaced with their non-aliasing counterparts, {view}_copy.\n"
        )

    @functools.wraps(func)
    def inside(*args: Any, **kwargs: Any) -> Any:
        with _computing():
            return func(*args, **kwargs)

    return inside
