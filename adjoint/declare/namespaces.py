"""Namespaces: where a declared operator appears.

Everything is built when it is first looked up: modules ask :data:`FUNCTIONS` through ``__getattr__``, and Tensor's
attributes are :class:`_Lazy` descriptors that replace themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any, TypeVar

import numpy as np

from adjoint.autograd import overriding
from adjoint.autograd.backward import backward_of, grad
from adjoint.autograd.overlap import USUAL, Overlap
from adjoint.autograd.taped import TAPED
from adjoint.declare.kernel_dtypes import Kernel
from adjoint.declare.naming import named_in, show
from adjoint.declare.operator import Operator
from adjoint.declare.outs import CAST, RULES, Out
from adjoint.declare.overridable import begin_function, begin_method, begin_methods
from adjoint.declare.refusing import guarded
from adjoint.tensor import Tensor

F = TypeVar("F", bound=Callable[..., Any])

# In-place forms of one operand that PyTorch has as methods only.
_METHODS_ALONE = frozenset(
    {
        "absolute_", "bitwise_not_", "digamma_", "erfinv_", "lerp_", "lgamma_", "logical_not_", "renorm_", "sgn_", "sign_",
        "tril_", "triu_", "true_divide_",
    }
)  # fmt: skip

# In-place forms of several tensors that PyTorch has as functions, too.
_FUNCTIONS_TOO = frozenset({"addmv_", "clamp_max_", "clamp_min_", "gcd_", "lcm_", "xlogy_"})

OPERATORS: dict[str, Operator] = {}
"""Every row of the tables, by name."""

FUNCTIONS: dict[str, dict[str, Any]] = {}
"""Namespace ("torch", "nn.functional", ...) -> name -> an Operator, or the function itself."""


class _Lazy:
    """An attribute of Tensor that is made when it is first looked up, and is the thing itself from then on.

    ``own``: what is made is found there alone, and goes by that name."""

    __slots__ = ("make", "name", "own")

    def __init__(self, name: str, make: Callable[[], Any], own: bool) -> None:
        self.name = name
        self.make = make
        self.own = own

    def __get__(self, instance: Any, owner: Any) -> Any:
        made = overriding.as_declared(self.make())  # a method begins for itself, where functions do already
        if isinstance(made, FunctionType):
            its_own, takes_out = self.own or made.__qualname__.startswith("Tensor."), _takes_out(made)
            if not its_own or takes_out:  # what overrides functions tells `torch.add` and `Tensor.add` apart
                made = _copied(made)
            if takes_out:
                _without_out(made)
            if not made.__qualname__.startswith("Tensor."):
                show(made, ("Tensor",), self.name)
        if overriding.on:
            begin_method(self.name, made)
        setattr(Tensor, self.name, made)
        return made if instance is None else made.__get__(instance, owner)


def _copied(function: FunctionType) -> FunctionType:
    """The function once more, as an object of its own."""
    made = FunctionType(
        function.__code__, function.__globals__, function.__name__, function.__defaults__, function.__closure__
    )
    made.__kwdefaults__, made.__doc__ = function.__kwdefaults__, function.__doc__
    made.__qualname__, made.__module__ = function.__qualname__, function.__module__
    made.__annotations__ = function.__annotations__
    made.__dict__.update(function.__dict__)
    return made


def _takes_out(function: FunctionType) -> bool:
    code = function.__code__
    return "out" in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


def _without_out(method: FunctionType) -> None:
    """Have a method not take ``out``, which of PyTorch's none does: its code is the function's, but for the parameter's name."""
    names, defaults = method.__code__.co_varnames, method.__kwdefaults__
    method.__code__ = method.__code__.replace(co_varnames=tuple(NOT_OUT if n == "out" else n for n in names))
    if defaults:
        method.__kwdefaults__ = {NOT_OUT if n == "out" else n: default for n, default in defaults.items()}


NOT_OUT = "_nothing_to_write_to"
"""What methods have in the place of the parameter ``out``; it is always None."""


class _Guarded:
    """A function made of other operators, as users call it: with its errors explained; built when first looked up."""

    __slots__ = ("made", "name", "original", "out")

    def __init__(self, original: Any, places: list[str], name: str | None, out: Out | None) -> None:
        self.original = original
        self.name = named_in(places, name or original.__name__)
        self.made: Any = None
        self.out = out
        if out is not None:
            RULES[self.name] = out

    def make(self) -> Any:
        """The function."""
        if self.made is None:
            plain = isinstance(self.original, FunctionType)
            self.made = guarded(self.original, self.name, self.out) if plain else self.original
        return self.made


def _method(name: str, make: Callable[[], Any], own: bool = False) -> None:
    assert name not in Tensor.__dict__, f"Tensor.{name} is declared twice"
    setattr(Tensor, name, _Lazy(name, make, own))


def _declare(operator: Operator, aliases: tuple[str, ...], inplace: bool, dunder: tuple[str, ...]) -> Operator:
    from adjoint.declare.emit import build

    key = operator.name if operator.name not in OPERATORS else f"{'/'.join(operator.where)}.{operator.name}"
    assert key not in OPERATORS, f"operator {key} is declared twice"
    OPERATORS[key] = operator
    operator.name = operator.name.partition(".")[0]  # "fill.tensor" is the row of `fill` for a tensor
    if operator.out is not None:
        RULES[named_in(operator.where, operator.name)] = operator.out
    own = getattr(operator.forward, "on_arrays", None)
    if own is not None:  # an array function of our own: the row is its taped reading
        assert operator.forward not in TAPED, f"{operator.name}: its forward has a taped reading already"
        TAPED[operator.forward] = lambda *args, **kwargs: operator.function(*args, **kwargs)
    ufunc = operator.plain or operator.forward
    if operator.elementwise and isinstance(ufunc, np.ufunc) and ufunc not in TAPED:
        TAPED[ufunc] = lambda *operands: operator.function(*_operands(operands))
    for name in (operator.name, *aliases):
        for place in operator.where:
            if place == "Tensor":
                _method(name, lambda: build(operator, "function"), operator.where == ("Tensor",))
                continue
            names = FUNCTIONS.setdefault(place, {})
            assert name not in names, f"{place}.{name} is declared twice"
            names[name] = operator
        if inplace:

            def make_inplace() -> Any:
                return operator.inplace

            _method(name + "_", make_inplace)
            if name + "_" in _FUNCTIONS_TOO or (len(operator.arrays) == 1 and name + "_" not in _METHODS_ALONE):
                for place in operator.where:
                    if place != "Tensor":
                        FUNCTIONS.setdefault(place, {})[name + "_"] = make_inplace
    for special in dunder:
        if special.startswith("__i") and special not in ("__invert__",):
            _method(special, lambda: build(operator, "augmented"), True)
        else:
            own = operator.elementwise or not operator.where
            _method(special, lambda: build(operator, "dunder" if operator.elementwise else "function"), own)
    return operator


def _operands(given: tuple[Any, ...]) -> tuple[Any, ...]:
    """A formula's ``2 * g``: its numbers as the operands that they are beside its first tensor."""
    if all(isinstance(x, Tensor) for x in given):
        return given
    from adjoint.declare.operands import number

    beside = next(x for x in given if isinstance(x, Tensor))._array.dtype
    return tuple(
        x if isinstance(x, Tensor) else number(x.item() if isinstance(x, np.generic) else x, beside) for x in given
    )


def _gradients(formulas: dict[str, Any]) -> dict[tuple[str, ...], Any]:
    return {tuple(names.replace(",", " ").split()): formula for names, formula in formulas.items()}


def _jointly(joint: str | dict[str, str], formulas: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """Per gradient the inputs of what computes it; of all gradients where they are not told apart."""
    if isinstance(joint, str):
        joint = {name: joint for names in _gradients(formulas) for name in names} if joint else {}
    return {name: tuple(of.split()) for name, of in joint.items()}


def _readings(reads: dict[str, str] | None) -> dict[str, str]:
    return {name: text for names, text in (reads or {}).items() for name in names.replace(",", " ").split()}


def op(
    name: str,
    forward: Callable[..., Any],
    /,
    *,
    where: str = "torch Tensor",
    aliases: tuple[str, ...] = (),
    dunder: tuple[str, ...] = (),
    inplace: bool = False,
    gradients: dict[str, Any] | None = None,
    outputs: tuple[str, ...] | str | None = None,
    apart: bool = False,
    differentiable: tuple[str, ...] | None = None,
    keeps: dict[str, Any] | tuple[str, ...] = (),
    node: str = "",
    variadic: str | None = None,
    tangent: Any = None,
    writer: Callable[..., Any] | None = None,
    doc: str | None = None,
    is_view: bool = False,
    turns: tuple[bool, bool] | None = None,
    fused: bool = True,
    least: int | None = None,
    kernel: Kernel | None = None,
    out: Out | None = None,
    overlap: Overlap = USUAL,
    held: str = "",
    flat: str = "",
    lies: Any = None,
    joint: str | dict[str, str] = "",
    steps: Callable[..., Any] | None = None,
    reads: dict[str, str] | None = None,
    **formulas: Callable[..., Any],
) -> Operator:
    """Declare an operator.

    ``forward`` computes it on arrays; its annotations say which parameters are arrays (``Array``, ``Array | None``,
    ``Arrays``), everything else is a value.  Each keyword that names an input is the formula of its gradient;
    ``gradients={"input weight": formula}`` gives several with one formula, which returns a tuple.  What a formula may
    ask for is said at :class:`~adjoint.declare.operator.Operator`.

    ``keeps`` names what the forward returns beside its result for the formulas: a tuple of names for constants
    (indices, masks), a dictionary name -> formula for what depends on the inputs (a mean), which higher derivatives
    compute again.  ``outputs`` names several outputs; with ``apart`` users never see them together.  ``where`` lists the
    namespaces, ``variadic`` the value that may be given as separate arguments, ``node`` the node's class name where it is not
    ``<Name>Backward0``; it may choose one by the arguments, as in ``"SumBackward0 if dim is None else SumBackward1"``.

    ``writer(self, ...)`` is the forward of the in-place operator where that can be cheaper than the forward and a copy: it
    checks its arguments, writes into its first and returns it.  Formulas must then not ask for the first input.

    ``flat`` names the inputs whose gradients are step functions of themselves (a rectifier's, a pooling's): differentiated
    once more they are zero, as in PyTorch, and not without a graph.  ``joint`` names the inputs of the one function that
    computes all gradients in PyTorch (or, per gradient, of the one that computes it): it requires grad where one of them
    does.  See :mod:`.again`; where neither is said, it is what the formulas do that decides.

    ``held`` names the inputs of which PyTorch saves a view: a node keeps their memory as well, so that an assignment to
    their ``data`` does not reach its backward.

    ``lies`` is how results lie in memory where that is not how the forward leaves them: see :mod:`.arranging`.

    ``steps`` computes it, on tensors, of the operators of which PyTorch's does, where PyTorch has several nodes for it: they are
    what is seen of the graph (:mod:`.steps`).  What a node does not save, its formulas have to ask the shape of.

    ``reads`` says, per input, how a formula reads that is code and not an expression: on paper, with the names that formulas
    have, or in words.  It is what documentation and pictures of graphs show.

    ``kernel`` says with which dtypes PyTorch computes it, where the forward could compute with more: see :mod:`.kernel_dtypes`.

    ``out`` has the function take the argument ``out=``, and says of which dtypes that may be: see :mod:`.outs`.
    ``overlap`` says what may share memory where it writes: see :mod:`adjoint.autograd.overlap`.

    ``fused=False`` says that the formulas are calls of functions with kernels of their own (products, convolutions), so
    that there is nothing to compile around them.  ``least`` is from how many elements on the first array is worth a kernel,
    where NumPy has to call so much that it is worth one sooner than other rows'.
    """
    return _declare(
        Operator(
            name,
            forward,
            _gradients({**(gradients or {}), **formulas}),
            view=is_view,
            turns=turns,
            fused=fused,
            least=least,
            kernel=kernel,
            out=out,
            overlap=overlap,
            outputs=outputs,
            apart=apart,
            differentiable=differentiable,
            keeps=dict.fromkeys(keeps) if not isinstance(keeps, dict) else keeps,
            node_name=node,
            variadic=variadic,
            tangent=tangent,
            writer=writer,
            where=tuple(where.split()),
            doc=doc,
            held=tuple(held.split()),
            flat=tuple(flat.split()),
            lies=lies,
            joint=_jointly(joint, {**(gradients or {}), **formulas}),
            steps=steps,
            reads=_readings(reads),
        ),
        aliases,
        inplace,
        dunder,
    )


def view(name: str, forward: Callable[..., Any], /, **options: Any) -> Operator:
    """Declare an operator whose result looks at its first operand's memory; otherwise as :func:`op`."""
    return op(name, forward, is_view=True, **options)


def inplace_only(operator: Operator, *, where: str = "Tensor", doc: str | None = None) -> Operator:
    """Put the in-place form alone of an operator, ``name_``, into namespaces; returns the operator."""

    def make_inplace() -> Any:
        made = operator.inplace
        made.__doc__ = doc or made.__doc__
        return made

    for place in where.split():
        if place == "Tensor":
            _method(operator.name + "_", make_inplace)
        else:
            FUNCTIONS.setdefault(place, {})[operator.name + "_"] = make_inplace
    return operator


def elementwise(
    name: str,
    forward: Callable[..., Any],
    /,
    *,
    plain: Callable[..., Any] | None = None,
    promote: str = "same",
    wide: bool = False,
    least: int | None = None,
    where: str = "torch Tensor",
    aliases: tuple[str, ...] = (),
    dunder: tuple[str, ...] = (),
    inplace: bool = True,
    node: str = "",
    tangent: Any = None,
    doc: str | None = None,
    scalar: Operator | None = None,
    scalar_first: bool | Operator = False,
    numbers_alone: bool = False,
    numbers: bool = True,
    beside_numpy: bool = False,
    check: Callable[..., Any] | None = None,
    kernel: Kernel | None = None,
    out: Out | None = CAST,
    overlap: Overlap = USUAL,
    stored: frozenset[Any] = frozenset(),
    gradients: dict[str, Any] | None = None,
    flat: str = "",
    again: str = "",
    lies: Any = None,
    reads: dict[str, str] | None = None,
    **formulas: Callable[..., Any],
) -> Operator:
    """Declare an element-wise operator: its operands (the parameters without a default) may be numbers, are promoted
    to one dtype and broadcast; formulas need not care, their results are brought back to the operand's shape.

    ``plain`` is a cheaper forward for when every value has its default.  ``promote`` is "float" where integers become
    the default dtype, "bool" where the result is one.  ``wide`` rows compute halves beside a number in float32, the number
    not rounded.  ``scalar`` and ``scalar_first`` are the rows that take over where
    the last or the first operand is a Python number, and PyTorch has a node of its own for it.  ``numbers_alone`` has two
    numbers be a tensor, too; ``numbers=False`` refuses Python numbers altogether; with ``beside_numpy`` its special method takes
    NumPy arrays as tensors.  ``check`` is called with operands of two dtypes, or of one that the forward refuses, to raise
    PyTorch's error.  ``stored`` are dtypes that are stored only and that PyTorch's kernel takes all the same.  ``again`` names
    the node of ``flat`` gradients where PyTorch's has a name of its own.  Otherwise as :func:`op`.
    """
    return _declare(
        Operator(
            name,
            forward,
            _gradients({**(gradients or {}), **formulas}),
            elementwise=True,
            plain=plain,
            promote=promote,
            wide=wide,
            least=least,
            node_name=node,
            tangent=tangent,
            where=tuple(where.split()),
            doc=doc,
            scalar_first=scalar_first,
            numbers_alone=numbers_alone,
            scalar=scalar,
            check=check,
            kernel=kernel,
            out=out,
            overlap=overlap,
            stored=stored,
            numbers=numbers,
            beside_numpy=beside_numpy,
            flat=tuple(flat.split()),
            again=again,
            lies=lies,
            reads=_readings(reads),
        ),
        aliases,
        inplace,
        dunder,
    )


def composite(
    function: F | None = None,
    *,
    where: str = "torch Tensor",
    name: str | None = None,
    aliases: tuple[str, ...] = (),
    dunder: tuple[str, ...] = (),
    inplace: bool | str = False,
    out: Out | None = None,
) -> Any:
    """Put a function on tensors, made of other operators, into namespaces (a decorator); it needs no formula.

    ``inplace="copied"`` says that these operators save the first operand, of which they are then given a copy.

    ``out`` says what may be given as ``out=`` (:mod:`.outs`), which the function is given if it does not have it.
    """

    def put(f: F) -> F:
        from adjoint.declare.inplace import inplace_composite

        if isinstance(f, FunctionType):
            show(f, where.split() or (("Tensor",) if dunder else ()), dunder[0] if dunder and not where else name or f.__name__)
        if inplace:
            for n in (name or f.__name__, *aliases):
                method = inplace_composite(f, n + "_", inplace == "copied")
                _method(n + "_", lambda method=method: method)
                if "torch" in where.split() and n + "_" not in _METHODS_ALONE:
                    FUNCTIONS.setdefault("torch", {})[n + "_"] = method
        public = _Guarded(f, where.split(), name, out)
        for special in dunder:  # a method's own, where there is one
            method_too = "Tensor" in where.split()
            _method(special, (lambda: getattr(Tensor, name or f.__name__)) if method_too else public.make)
        for n in (name or f.__name__, *aliases):
            for place in where.split():
                if place == "Tensor":
                    _method(n, public.make)
                elif n not in _METHODS_ALONE:
                    names = FUNCTIONS.setdefault(place, {})
                    assert n not in names, f"{place}.{n} is declared twice"
                    names[n] = public
        return f

    return put if function is None else put(function)


def name_methods() -> None:
    """Name the methods of Tensor that other layers put there, as the tables' are named."""
    for name, method in list(Tensor.__dict__.items()):
        if isinstance(method, FunctionType) and name != "__new__":  # which errors name otherwise
            if method.__module__.partition(".")[2] not in ("", "nn.functional", "linalg", "special", "fft"):
                show(method, ("Tensor",), name)


def declared() -> Iterator[Any]:
    """The functions that are in a namespace, other than those yet to be built."""
    for place in (Tensor.__dict__, *FUNCTIONS.values(), *(o._built for o in OPERATORS.values()), _APART):
        for value in list(place.values()):
            for function in (value.original, value.made) if isinstance(value, _Guarded) else (value,):
                if isinstance(function, FunctionType) and function.__name__ != "make_inplace":
                    yield function


def _begin_all() -> None:
    """Have all functions that are built be offered to what overrides them; others are when they are looked up."""
    begin_methods()
    overriding.begin(backward_of)
    overriding.begin(grad)
    for place in FUNCTIONS.values():
        for name, value in place.items():
            if isinstance(value, Operator):
                begin_function(name + "_", value._built.get("inplace"))
                value = value._built.get("function")
            elif isinstance(value, _Guarded):
                value = value.original if name == "tensor" else value.made  # which is imported, not looked up
            if getattr(value, "__name__", "") != "make_inplace":
                begin_function(name, value)
    for (_, name), value in _APART.items():
        begin_function(name, value)


overriding.begin_all.append(_begin_all)


def lookup(place: str, name: str) -> Any:
    """The function ``name`` of a namespace, built if it has to be; None where there is none."""
    found = FUNCTIONS.get(place, {}).get(name)
    if isinstance(found, Operator):
        found = found.function
    elif isinstance(found, _Guarded):
        found = found.make()
    elif getattr(found, "__name__", "") == "make_inplace":
        found = found()
        _APART.setdefault((place, name), None)
    if isinstance(found, FunctionType):
        if (place, name) in _APART:  # what overrides functions tells the two apart
            found = _APART[place, name] = _APART[place, name] or _copied(found)
            show(found, (place,), name)
        elif ".ops." in found.__module__:  # one that was put there by hand
            show(found, (place,), name)
    if overriding.on:
        begin_function(name, found)
    return found


# Functions that PyTorch has once for `torch` and once for another namespace or as a method, and rows that are of both; each is made
# when it is first looked up.
_APART: dict[tuple[str, str], Any] = dict.fromkeys(
    [
        ("nn.functional", "layer_norm"), ("nn.functional", "rms_norm"), ("linalg", "det"), ("linalg", "matmul"),
        ("linalg", "matrix_exp"), ("linalg", "matrix_power"), ("special", "log_softmax"), ("special", "softmax"),
    ]
)  # fmt: skip
