"""Recorder: while it is on it sees every operator that the program calls and every node that its backwards run.

An interceptor sees the operators, a watcher the nodes, hooks the modules and optimizers.  What they see is written down
at once (:mod:`.model`) and not kept, so a recording holds no tensor and no graph; nothing that runs is changed by it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from adjoint.autograd import engine
from adjoint.autograd.function import CustomFunction
from adjoint.autograd.grad_mode import mode
from adjoint.autograd.interception import intercept
from adjoint.autograd.node import Node as GraphNode
from adjoint.interrupts import at_once, surely
from adjoint.thread_state import declare, put_back, snapshot
from adjoint.viz import lines, model
from adjoint.viz.calls import Call, call_of, writes_into
from adjoint.viz.graph import Graph
from adjoint.viz.outside import Outside
from adjoint.viz.passes import Passes

MOST = 200_000
"""Nodes that a recording has at most; what comes after them is counted and left out."""


_here = declare(recorders=())  # those of this thread, and of those that go on in its place


class Recorder:
    """Records what this thread runs between :meth:`start` and :meth:`stop`, into ``recording``."""

    def __init__(self, title: str = "", program: str | None = None, most: int = MOST) -> None:
        self.recording = model.Recording(title, program)
        self.most = most
        self.sources = lines.Sources(self.recording.files)
        self.graph = Graph(self.recording, self.sources, most)
        self.passes = Passes(self.graph, self._backward_ended)
        self.outside = Outside(self)
        self.window: Any = None  # what lets go of steps in the middle of a long training, where that is wanted
        self._inside = 0  # of Functions whose forward runs
        self._began = 0.0
        self._interceptor = self._operator  # one object, by which it is taken away again
        self._watcher = self._node

    def start(self) -> None:
        """See everything from now on."""
        self.graph.home = lines.user_frame(sys._getframe(1))
        self._began = self.graph.began = time.perf_counter()
        before = snapshot()
        try:
            _here.recorders = (*_here.recorders, self)
            intercept.add(self._interceptor)
            engine.watchers.append(self._watcher)
            self.outside.start()
        except BaseException:
            put_back(before)
            surely(self._away)
            raise

    def _away(self) -> None:
        """Be taken away from wherever it sees from."""
        intercept.remove(self._interceptor)
        engine.unwatch(self._watcher)
        _here.recorders = tuple([r for r in _here.recorders if r is not self])
        self.outside.stop()

    @at_once
    def stop(self) -> model.Recording:
        """See nothing any more; the recording."""
        surely(self._away)
        self.passes.end()
        if self.window is not None:
            self.window.close()
        self.graph.finish(lines.user_frame(sys._getframe(1)))
        return self.recording

    def step_ended(self, optimizer: bool = True) -> None:
        """A step of a training has ended, with an optimizer's, or in a program without any with a backward."""
        if self.window is not None:
            self.passes.settle()
            self.window.step_ended(optimizer)

    def _backward_ended(self) -> None:
        if not self.outside.optimizers:
            self.step_ended(False)

    def is_here(self) -> bool:
        """Whether this thread's doings are recorded."""
        return self in _here.recorders

    def _operator(self, operator: Any, run: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if self._inside:
            return run(*args, **kwargs)
        custom = operator.__class__ is CustomFunction
        self._inside += custom
        started = time.perf_counter()
        try:
            result = run(*args, **kwargs)
        finally:
            seconds = time.perf_counter() - started
            self._inside -= custom
        call = call_of(operator, args, kwargs, result)
        if call.made:
            self._called(call, seconds)
        return result

    def _called(self, call: Call, seconds: float) -> None:
        if not self.graph.has_room():
            return
        self.passes.settle()
        frame = sys._getframe(2)
        user = lines.user_frame(frame)
        way = lines.way_to(frame, user)
        node = self.graph.add_call(call, user, writes_into(frame, call), self.outside.module(), self._phase(), way)
        node.forward_seconds = seconds
        self.graph.step("forward", node.id)

    def _phase(self) -> str:
        if mode.task is not None:
            return "backward"
        if self.outside.stepping:
            return "optimizer"
        return "forward" if mode.enabled else "no_grad"

    def _node(self, node: GraphNode, g: Any, run: Callable[[], Any]) -> Any:
        if not self.is_here() or mode.task is None:
            return run()
        return self.passes.run(node, g, run)


class record:
    """Records everything that this thread runs inside: operators, backwards, modules and steps of optimizers.

    ``title`` is shown above the recording; after ``most`` nodes the rest is only counted.  What runs is not changed by being
    recorded: not its values, random numbers, graphs or errors.

    >>> import adjoint as torch
    >>> from adjoint.viz import record
    >>> x = torch.tensor([1., 2.], requires_grad=True)
    >>> with record() as recording:
    ...     loss = (x * x).sum()
    ...     loss.backward()
    >>> [node.operator for node in recording.nodes if node.kind == "operator"]
    ['mul', 'sum']
    """

    def __init__(self, title: str = "", *, most: int = MOST) -> None:
        self.title = title
        self.most = most
        self._recorders: list[Recorder] = []

    def __enter__(self) -> model.Recording:
        recorder = Recorder(self.title, most=self.most)
        try:
            self._recorders.append(recorder)
            recorder.start()
            return recorder.recording
        except BaseException:
            surely(recorder._away)
            raise

    @at_once
    def __exit__(self, *exc: object) -> None:
        try:
            self._recorders[-1].stop()
        finally:
            del self._recorders[-1]
