"""``torch.utils.flop_counter``: the floating-point operations of products and convolutions, forward and backward, counted."""

from __future__ import annotations

import functools
import warnings
from collections import defaultdict
from collections.abc import Callable
from math import prod
from typing import Any

from adjoint.autograd import engine
from adjoint.autograd.interception import intercept
from adjoint.autograd.node import Node
from adjoint.autograd.taped import Taped
from adjoint.interrupts import at_once, surely
from adjoint.library import operators
from adjoint.library.operators import OpOverloadPacket, namespace
from adjoint.names import list_names
from adjoint.places import users_level
from adjoint.pytree import tree_map
from adjoint.tensor import NO_EDGE, Tensor
from adjoint.utils._products import backward_products, forward_products
from adjoint.utils.module_tracker import ModuleTracker

__all__ = ["FlopCounterMode", "register_flop_formula"]

_Shape = Any
aten = namespace("aten")

flop_registry: dict[Any, Callable[..., int]] = {}
"""How the operations of an operator are counted: a function of the shapes of its arguments and, as ``out_shape``, its result."""


def get_shape(i: Any) -> Any:
    """A tensor's shape; anything else as it is."""
    return i.shape if isinstance(i, Tensor) else i


def shape_wrapper(f: Callable[..., int]) -> Callable[..., int]:
    """A formula of shapes as one of tensors."""

    @functools.wraps(f)
    def of_tensors(*args: Any, out_val: Any = None, **kwargs: Any) -> int:
        args, kwargs, out_shape = tree_map(get_shape, (args, kwargs, out_val))
        return f(*args, out_shape=out_shape, **kwargs)

    return of_tensors


def register_flop_formula(targets: Any, get_raw: bool = False) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """A decorator: the function counts the operations of these operators (``torch.ops.mine.scale``), from the shapes of their
    arguments, or, ``get_raw``, from the arguments.

    Raises ValueError for what is no operator, RuntimeError for one that has a formula.
    """

    def register(formula: Callable[..., int]) -> Callable[..., int]:
        counted = formula if get_raw else shape_wrapper(formula)
        for target in targets if isinstance(targets, (list, tuple)) else [targets]:
            if not isinstance(target, OpOverloadPacket):
                raise ValueError(
                    "register_flop_formula(targets): expected each target to be OpOverloadPacket (i.e. torch.ops.mylib.foo), "
                    f"JitFunction, or HigherOrderOperator, got {target} which is of type {type(target)}"
                )
            if target in flop_registry:
                raise RuntimeError(f"duplicate registrations for {target}")
            flop_registry[target] = counted
        return counted

    return register


@register_flop_formula(aten.mm)
def mm_flop(a_shape: _Shape, b_shape: _Shape, *args: Any, out_shape: Any = None, **kwargs: Any) -> int:
    """Of a product of two matrices: a multiplication and an addition per element of either, per row or column of the other."""
    (m, k), (inner, n) = a_shape, b_shape
    if k != inner:
        raise AssertionError(f"matmul: inner dimensions must match (k == k2), got {k} and {inner}")
    return int(2 * m * k * n)


@register_flop_formula(aten.addmm)
def addmm_flop(self_shape: _Shape, a_shape: _Shape, b_shape: _Shape, out_shape: Any = None, **kwargs: Any) -> int:
    """Of a product of two matrices; the addition is not counted."""
    return mm_flop(a_shape, b_shape)


@register_flop_formula(aten.bmm)
def bmm_flop(a_shape: _Shape, b_shape: _Shape, out_shape: Any = None, **kwargs: Any) -> int:
    """Of the products of a batch of matrices."""
    if a_shape[0] != b_shape[0]:
        raise AssertionError(f"bmm: batch dimensions must match (b == b2), got {a_shape[0]} and {b_shape[0]}")
    return int(a_shape[0] * mm_flop(a_shape[1:], b_shape[1:]))


@register_flop_formula(aten.baddbmm)
def baddbmm_flop(self_shape: _Shape, a_shape: _Shape, b_shape: _Shape, out_shape: Any = None, **kwargs: Any) -> int:
    """Of the products of a batch of matrices; the addition is not counted."""
    return bmm_flop(a_shape, b_shape)


def conv_flop_count(x_shape: _Shape, w_shape: _Shape, out_shape: _Shape, transposed: bool = False) -> int:
    """Of a convolution: per place of the output (transposed: of the input), the products of the filter with all channels."""
    places = prod((x_shape if transposed else out_shape)[2:])
    return int(2 * x_shape[0] * places * prod(w_shape))


@register_flop_formula(aten.convolution)
def conv_flop(
    x_shape: _Shape, w_shape: _Shape, _bias: Any, _stride: Any, _padding: Any, _dilation: Any, transposed: bool, *args: Any,
    out_shape: Any = None, **kwargs: Any,
) -> int:  # fmt: skip
    """Of a convolution, from the operator's arguments."""
    return conv_flop_count(x_shape, w_shape, out_shape, transposed=transposed)


@register_flop_formula(aten.convolution_backward)
def conv_backward_flop(
    grad_out_shape: _Shape, x_shape: _Shape, w_shape: _Shape, _bias: Any, _stride: Any, _padding: Any, _dilation: Any,
    transposed: bool, _output_padding: Any, _groups: Any, output_mask: Any, out_shape: Any, **kwargs: Any,
) -> int:  # fmt: skip
    """Of a convolution's backward: the gradient of the input is a convolution with the same filter, that of the filter one of
    the input with the gradient, batches and channels in each other's place."""

    def turned(shape: _Shape) -> _Shape:
        return (shape[1], shape[0], *shape[2:])

    count = 0
    if output_mask[0]:
        count += conv_flop_count(grad_out_shape, w_shape, get_shape(out_shape[0]), not transposed)
    if output_mask[1]:
        first, second = (grad_out_shape, x_shape) if transposed else (x_shape, grad_out_shape)
        count += conv_flop_count(turned(first), turned(second), turned(get_shape(out_shape[1])))
    return count


def sdpa_flop_count(query_shape: _Shape, key_shape: _Shape, value_shape: _Shape) -> int:
    """Of attention: queries with keys, and scores with values.  Causal or not is not told apart."""
    *b, s_q, d = query_shape
    return int(2 * prod(b) * s_q * key_shape[-2] * (d + value_shape[-1]))


def sdpa_flop(query_shape: _Shape, key_shape: _Shape, value_shape: _Shape, *args: Any, out_shape: Any = None, **kwargs: Any) -> int:
    """Of attention, from an operator's arguments."""
    return sdpa_flop_count(query_shape, key_shape, value_shape)


def sdpa_backward_flop_count(grad_out_shape: _Shape, query_shape: _Shape, key_shape: _Shape, value_shape: _Shape) -> int:
    """Of attention's backward: the scores once more, and two products for either of the forward's."""
    *b, s_q, d = query_shape
    return int(2 * prod(b) * s_q * key_shape[-2] * (3 * d + 2 * value_shape[-1]))


class FlopCounterMode:
    """Inside of ``with``, counts the floating-point operations of products and convolutions, forward and backward, by module.

    ``depth`` is how deep modules are shown, ``display`` whether the table is printed at the end, ``custom_mapping`` has formulas
    for more operators.

    >>> import adjoint as torch
    >>> from adjoint.utils.flop_counter import FlopCounterMode
    >>> with FlopCounterMode(display=False) as counter:
    ...     torch.nn.Linear(3, 4)(torch.ones(2, 3)).sum().backward()
    >>> counter.get_total_flops()
    96
    """

    def __init__(
        self, mods: Any = None, depth: int | None = 2, display: bool = True, custom_mapping: dict[Any, Any] | None = None
    ) -> None:
        if mods is not None:
            warnings.warn("mods argument is not needed anymore, you can stop passing it", stacklevel=users_level())
        self.flop_counts: dict[str, dict[Any, int]] = defaultdict(lambda: defaultdict(int))
        self.depth = depth
        self.display = display
        own = (custom_mapping or {}).items()
        self.flop_registry = {**flop_registry, **{k: v if getattr(v, "_get_raw", False) else shape_wrapper(v) for k, v in own}}
        self.mod_tracker = ModuleTracker()

    def get_total_flops(self) -> int:
        """All that was counted."""
        return sum(self.flop_counts["Global"].values())

    def get_flop_counts(self) -> dict[str, dict[Any, int]]:
        """Per module (``"Global"``: the whole program) and operator what was counted."""
        return {module: dict(counts) for module, counts in self.flop_counts.items()}

    def get_table(self, depth: int | None = None) -> str:
        """What was counted, as a table."""
        from adjoint.utils._flop_table import table

        return table(self.flop_counts, self.get_total_flops(), self.depth if depth is None else depth)

    def __enter__(self) -> FlopCounterMode:
        self.flop_counts.clear()
        self._interceptor = self._see_operator
        self._watcher = self._see_node
        self.mod_tracker.__enter__()
        try:
            intercept.add(self._interceptor)
            engine.watchers.append(self._watcher)
            operators.watchers.append(self._see_custom)
            return self
        except BaseException:
            self._leave()
            raise

    @at_once
    def __exit__(self, *exc: object) -> None:
        surely(self._leave)
        if self.display:
            print(self.get_table(self.depth))

    def _leave(self) -> None:
        self.mod_tracker.__exit__()
        intercept.remove(self._interceptor)
        engine.unwatch(self._watcher)
        operators.watchers[:] = [w for w in operators.watchers if w != self._see_custom]

    def _count_flops(self, func_packet: Any, out: Any, args: Any, kwargs: Any) -> None:
        formula = self.flop_registry.get(func_packet)
        if formula is not None:
            count = formula(*args, **kwargs, out_val=out)
            for parent in self.mod_tracker.parents:
                self.flop_counts[parent][func_packet] += count

    def _see_operator(self, operator: Any, run: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        result = run(*args, **kwargs)
        found = forward_products(operator, args, kwargs, result)
        for name, shapes, options in found:
            self._count_flops(getattr(aten, name), get_shape(result), shapes, options)
        if not found:
            packet = next((p for p in self.flop_registry if str(p) == f"aten.{operator.name}"), None)
            if packet is not None:
                self._count_flops(packet, result, args, kwargs)
        return result

    def _see_custom(self, operator: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        self._count_flops(operator.overloadpacket, result, args, kwargs)

    def _see_node(self, node: Node, g: Any, run: Callable[[], Any]) -> Any:
        if g is not None and g.__class__ is not list and g.__class__ is not Taped:  # what is recorded is seen as operators
            wanted = [edge is not NO_EDGE for edge in node._edges]
            for name, shapes, out in backward_products(node, g.shape, wanted):
                self._count_flops(getattr(aten, name), out, shapes, {})
        return run()


list_names(__name__)
