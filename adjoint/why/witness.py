"""Witness: sees what a program does to its tensors, and writes it into a :class:`~adjoint.why.trace.Trace`.

While it is on, an interceptor sees every operator of its thread, a watcher every node of every backward, and
:mod:`.instruments` what neither of them can see.  Off, it costs nothing.
"""

from __future__ import annotations

import os
import sys
import weakref
from collections.abc import Callable
from typing import Any

from adjoint.autograd import engine
from adjoint.autograd.accumulate import AccumulateGrad
from adjoint.autograd.function import CustomFunction
from adjoint.autograd.grad_mode import mode
from adjoint.autograd.interception import intercept
from adjoint.autograd.node import Node, as_pair
from adjoint.tensor import Tensor, version_of, writes_of
from adjoint.why.functions import Custom
from adjoint.why.lines import Line, here, is_own, is_users, line_of, users_frame
from adjoint.why.names import Scene
from adjoint.why.numbers import sample, stats_of
from adjoint.why.operands import (
    array_of,
    held_argument,
    is_public,
    number_of,
    numbers_in,
    stats_that_came,
    tensors_in,
    text_of,
)
from adjoint.why.trace import Backward, Event, Op, Run, Stats, Step, Trace, Value

_PASSING = frozenset(  # functions of ours that say nothing of what the user called
    "call _operator wrapper inside __call__ anew function_itself _seen <lambda> _call_with_hooks guard guarded".split()
)
_HERE = os.path.dirname(os.path.abspath(__file__)) + os.sep
_SAMPLES = 400  # how many operands are written out as text


class Witness:
    """Sees a thread's operators, backwards and optimizers from :meth:`start` to :meth:`stop`."""

    on: Witness | None = None
    """The one that is on, if there is one."""

    def __init__(self) -> None:
        self.trace = Trace()
        self.clock = 0
        self.depth = 0  # inside of how many operators
        self.stepping = 0
        self.running: list[Node] = []
        self.off: list[tuple[Line | None, str]] = []  # where recording was switched off, the innermost last
        self.numbers: dict[Any, int] = {}  # Python numbers taken out of tensors -> the value they came from
        self.arrays: list[tuple[Any, int]] = []  # NumPy arrays over tensors' memory, and the values they came from
        self.escaped: list[int] = []
        self.modules: dict[int, list[tuple[int, bool, Line | None]]] = {}  # id -> when it was called, training or not
        self._known: dict[int, tuple[Any, int, int]] = {}  # id(tensor) -> weak reference, version, value
        self._written: dict[int, tuple[Any, Line | None, int]] = {}  # id(record of writes) -> it, where, last operator
        self.leaves: dict[int, tuple[Any, int]] = {}  # id(record of writes) -> it, the leaf's value
        self.data: dict[int, tuple[Any, int]] = {}  # id(record of writes) -> it, the value of data that the user made
        self.grads: dict[
            int, tuple[Any, int]
        ] = {}  # id(record of writes) -> it, the value of the leaf it is the grad of
        self._backwards: dict[int, Backward] = {}
        self.scenes: dict[Any, Any] = {}  # place of a backward or step -> the variables there
        self.customs: dict[int, Custom] = {}  # a Function's node, by its time -> what it was given
        self._samples = 0
        self._places: list[Any] = []
        self._interceptor = self._operator  # one object, by which it is taken away again
        self._watcher = self._node

    # On and off

    def start(self) -> Witness:
        """Begin to see."""
        from adjoint.why import instruments

        intercept.add(self._interceptor)
        engine.watchers.append(self._watcher)
        instruments.put_on(self)
        Witness.on = self
        return self

    def resume(self) -> None:
        """Go on after a :meth:`stop`."""
        self.start()

    def stop(self) -> Trace:
        """See no more; what was seen."""
        from adjoint.why import instruments

        if Witness.on is self:
            intercept.remove(self._interceptor)
            engine.watchers.remove(self._watcher)
            instruments.take_off(self)
            Witness.on = None
        return self.trace

    def tick(self) -> int:
        """The next moment."""
        self.clock += 1
        return self.clock

    # Values

    def value_of(self, tensor: Tensor, made: str = "seen", line: Line | None = None) -> int:
        """The number of what a tensor holds now."""
        known = self._known.get(id(tensor))
        if known is not None and known[0]() is tensor:
            _, version, value = known
            if version == version_of(tensor):
                return value
            if tensor.is_leaf and tensor.requires_grad:
                self._known[id(tensor)] = (known[0], version_of(tensor), value)
                entry = self.trace.values[value]
                if entry.history is None:
                    entry.history = [(entry.n, entry.stats)]
                entry.stats = stats_of(tensor._array)
                entry.history.append((self.tick(), entry.stats))
                return value
            record = self._written.get(id(tensor._writes))
            return self._after_write(tensor, value, record)
        return self._new(tensor, None, made, line)

    def knows(self, tensor: Tensor) -> bool:
        """Whether a tensor was seen before."""
        known = self._known.get(id(tensor))
        return known is not None and known[0]() is tensor

    def _new(self, tensor: Tensor, op: int | None, made: str, line: Line | None) -> int:
        values = self.trace.values
        value = len(values)
        leaf = tensor.is_leaf
        needs = tensor.requires_grad
        reference = weakref.ref(tensor)
        values.append(
            Value(
                value, op, line, made, tuple(tensor._array.shape), str(tensor.dtype).removeprefix("torch."), needs,
                leaf, stats_of(tensor._array), reference, self.tick(),
            )
        )  # fmt: skip
        if leaf and needs:
            record = writes_of(tensor)
            self.leaves[id(record)] = (record, value)
            self.trace.kept.append(tensor)
        self._known[id(tensor)] = (reference, version_of(tensor), value)
        return value

    def renew(self, tensor: Tensor) -> None:
        """Note that a leaf's flag or memory is another from now on."""
        known = self._known.get(id(tensor))
        if known is not None and known[0]() is tensor:
            self._known[id(tensor)] = (known[0], version_of(tensor), known[2])
            if tensor.requires_grad and tensor.is_leaf:
                record = writes_of(tensor)
                self.leaves[id(record)] = (record, known[2])
                self.trace.kept.append(tensor)

    def _after_write(self, tensor: Tensor, before: int, record: Any) -> int:
        """The value that a write in place left in a tensor."""
        line, writer = (record[1], record[2]) if record is not None else (None, -1)
        inputs: tuple[int, ...] = (before,)
        name, values, order = "write", (), 0
        needed: tuple[bool, ...] = (self.trace.values[before].requires_grad,)
        if 0 <= writer < len(self.trace.ops):
            op = self.trace.ops[writer]
            name, values, order = op.name.rstrip("_") + "_", op.values, op.order
            others = [i for i in zip(op.inputs, op.needed) if i[0] != before]
            inputs += tuple(i for i, _ in others)
            needed += tuple(n for _, n in others)
        made = self.add_op(name, line, inputs, needed, (tensor,), order=order, values=values, writes=True)
        return made.outputs[0]

    def add_op(
        self,
        name: str,
        line: Line | None,
        inputs: tuple[int, ...],
        needed: tuple[bool, ...],
        results: tuple[Tensor, ...],
        **more: Any,
    ) -> Op:
        """Note a call that made ``results`` from ``inputs``."""
        ops = self.trace.ops
        op = Op(len(ops), self.tick(), name, line, inputs, needed, (), **more)
        ops.append(op)
        op.outputs = tuple(self._new(t, op.index, "operator", line) for t in results)
        for t in results:
            if not t.is_leaf:
                node = as_pair(t._edge or t._find_edge())[0]
                if node is not None:
                    self.trace.by_order.setdefault(node._order, op.index)
                    op.order = op.order or node._order
        return op

    # Operators

    def _operator(self, operator: Any, run: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if self.depth or self.stepping:
            return run(*args, **kwargs)
        operands = list(tensors_in((args, tuple(kwargs.values()))))
        inputs = tuple(self.value_of(t) for t in operands)
        recording = mode.enabled
        needed = tuple(recording and t.requires_grad for t in operands)
        numbers = tuple(numbers_in((args, tuple(kwargs.values()))))
        self.depth += 1
        try:
            result = run(*args, **kwargs)
        finally:
            self.depth -= 1
        made = tuple(t for t in tensors_in((result,)) if not any(t is o for o in operands))
        line, called, module = self._called()
        off, off_name = self.off[-1] if self.off and not recording else (None, "")
        op = self.add_op(
            operator.name, line, inputs, needed, made, called=called, module=module, off=off, mode=off_name,
            recording=recording, values=numbers, backward=bool(self.running),
            maybe=tuple({self.numbers[x] for x in numbers if x in self.numbers}),
        )  # fmt: skip
        self._note_operands(op, operands)
        if operator.__class__ is CustomFunction and op.order:
            self.customs[op.order] = Custom(operator.function, tuple(held_argument(a) for a in args))
        return result

    def _note_operands(self, op: Op, operands: list[Tensor]) -> None:
        """Write the operands out where they explain something: a value that is not finite is born of them."""
        values = self.trace.values
        born = any((s := values[o].stats) is not None and not s.finite for o in op.outputs)
        if born and self._samples < _SAMPLES:
            self._samples += 1
            for v, t in zip(op.inputs, operands):
                values[v].sample = values[v].sample or sample(t)

    def _called(self) -> tuple[Line | None, str, Any]:
        """The user's line, the function of ours that it calls, and the innermost module of ours in between."""
        frame: Any = sys._getframe(2)
        called, module = "", None
        while frame is not None:
            code = frame.f_code
            file = code.co_filename
            if is_users(file):
                return line_of(frame), called if is_public(called) else "", module
            if is_own(file):
                name = code.co_name
                if name == "forward":
                    owner = frame.f_locals.get("self")
                    if owner is not None:
                        called = type(owner).__name__
                        if module is None:
                            module = (id(owner), called, getattr(owner, "training", None), text_of(owner))
                elif name not in _PASSING and not file.startswith(_HERE):
                    called = name
            frame = frame.f_back
        return None, called, module

    # Writes

    def wrote(self, record: Any) -> None:
        """A write in place, to the memory of this record."""
        if self.stepping:
            return
        if self.running and self.running[-1].__class__ is AccumulateGrad:
            return
        line = here()
        ops = self.trace.ops
        last = len(ops) - 1
        if last >= 0 and ops[last].line != line:
            last = -1
        self._written[id(record)] = (record, line, last)
        how = ops[last].name.rstrip("_") + "_" if last >= 0 else ""
        if id(record) in self.grads:
            self.event(
                "grad written", line, self.grads[id(record)][1], how, after=ops[last].values if last >= 0 else ()
            )
        elif id(record) in self.leaves:
            self.event("written", line, self.leaves[id(record)][1], how, after=last)
        elif id(record) in self.data:
            self.event("data written", line, self.data[id(record)][1], how)

    def event(
        self, what: str, line: Line | None, of: int = 0, text: str = "", before: Any = None, after: Any = None
    ) -> None:
        """Note that something happened."""
        self.trace.events.append(Event(self.tick(), what, line, of, text, before, after))

    # Backwards

    def _node(self, node: Node, arrived: Any, run: Callable[[], Any]) -> Any:
        task = mode.task
        backward = self._backwards.get(task[0])
        if backward is None:
            roots = list(task[1])
            orders = tuple(n._order for n in (as_pair(sink)[0] for sink, _ in roots) if n is not None)
            backward = Backward(self.tick(), here(), orders, tuple(stats_of(g) for _, g in roots), task[2] is not None)
            for sink, _ in roots:
                if sink.__class__ is AccumulateGrad:
                    backward.root = self.value_of(sink.variable)
            self._backwards[task[0]] = backward
            self.trace.backwards.append(backward)
            self.scene()
        if node.__class__ is AccumulateGrad:
            return self._leaf(backward, node, arrived, run)
        entry = Run(node._order, node.name(), (), self.tick(), came=stats_that_came(arrived))
        backward.runs.append(entry)
        self.running.append(node)
        try:
            grads = run()
        except Exception as error:
            entry.error = backward.error = f"{type(error).__name__}: {error}"
            raise
        finally:
            self.running.pop()
            backward.end = self.tick()
        left = []
        for edge, g in zip(node._edges, grads):
            target = as_pair(edge)[0]
            left.append((0 if target is None else target._order, None if g is None else stats_of(g)))
        entry.left = tuple(left)
        custom = self.customs.get(node._order)
        if custom is not None:
            custom.came, custom.left = array_of(arrived), [array_of(g) for g in grads]
        return grads

    def _leaf(self, backward: Backward, node: Any, g: Any, run: Callable[[], Any]) -> Any:
        leaf = node.variable
        value = self.value_of(leaf)
        before = None if leaf._grad is None else stats_of(leaf._grad)
        came = stats_that_came(g)
        self.running.append(node)
        try:
            return run()
        finally:
            self.running.pop()
            after = None
            if leaf._grad is not None:
                after = stats_of(leaf._grad)
                record = writes_of(leaf._grad)
                self.grads[id(record)] = (record, value)
            entry = Run(node._order, "AccumulateGrad", (), self.tick(), value, before, after, came)
            backward.runs.append(entry)
            backward.end = self.tick()

    def failed_backward(self, tensor: Tensor) -> None:
        """A backward from a tensor without a graph, which raises."""
        backward = Backward(
            self.tick(), here(), (), (), False, error="no graph", root=self.value_of(tensor), failed=True
        )
        self.trace.backwards.append(backward)
        self.scene()

    def scene(self) -> None:
        """Keep the variables of the user's frames, of the latest time at each line."""
        frame = users_frame(sys._getframe(1))
        if frame is not None:
            place = frame.f_code, frame.f_lineno
            if place not in self.scenes or len(self.scenes) < 4:
                self.scenes.pop(place, None)
                self.scenes[place] = Scene.of(frame)

    # Optimizers

    def before_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        """An optimizer is about to step."""
        kept: dict[int, Any] = {}
        for group in optimizer.param_groups:
            for p in group["params"]:
                array = p._array
                kept[self.value_of(p)] = (
                    p, None if p._grad is None else stats_of(p._grad), array.copy() if array.size <= 1 << 22 else None, group,
                )  # fmt: skip
        self._places.append((here(), kept, self.tick()))
        self.stepping += 1

    def after_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        """An optimizer stepped."""
        self.stepping -= 1
        line, kept, _ = self._places.pop()
        grads: dict[int, tuple[Stats | None, float, float]] = {}
        rates: dict[int, tuple[float, float]] = {}
        for value, (p, g, array, group) in kept.items():
            weight = stats_of(p._array)
            change = stats_of(p._array - array) if array is not None and array.shape == p._array.shape else None
            grads[value] = (g, weight.norm if weight else 0.0, change.norm if change else -1.0)
            rates[value] = number_of(group.get("lr", 0)), number_of(group.get("weight_decay", 0))
        self.trace.steps.append(Step(self.tick(), line, id(optimizer), grads, rates))

    # Modules

    def module_called(self, module: Any) -> None:
        """A module is called."""
        seen = self.modules.setdefault(id(module), [])
        if not seen:
            self.trace.kept.append(module)
        if not seen or seen[-1][1] != module.training or len(seen) < 50:
            seen.append((self.tick(), module.training, here()))
