"""Anomaly detection: which operator of the forward is behind a NaN or an error in the backward.

While it is on, every recorded node keeps the traceback of the call that recorded it (in its ``metadata``), and the
engine looks at every gradient that a node gives.
"""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.autograd import engine
from adjoint.autograd.interception import intercept
from adjoint.autograd.node import Node
from adjoint.autograd.origins import note_result, noting
from adjoint.autograd.saved_hooks import recorded_node
from adjoint.interrupts import at_once
from adjoint.names import list_names as _list_names
from adjoint.places import here, is_our_file, users_level
from adjoint.tensor import tick
from adjoint.thread_state import declare, put_back, snapshot

__all__ = ["detect_anomaly", "set_detect_anomaly"]


class _State:
    enabled = False
    check_nan = True


_thread = declare(
    tracing=False,  # this thread's operators are seen
    running=None,  # the node that runs
)


def is_anomaly_enabled() -> bool:
    """Whether anomaly detection is on."""
    return _State.enabled


def is_anomaly_check_nan_enabled() -> bool:
    """Whether anomaly detection, when on, looks for NaN in gradients."""
    return _State.check_nan


@at_once
def _set(enabled: bool, check_nan: bool) -> None:
    _State.enabled, _State.check_nan = enabled, check_nan
    noting.on = enabled
    try:
        if enabled and not _thread.tracing:
            _thread.tracing = True
            intercept.add(_trace)
        elif not enabled and _thread.tracing:
            _thread.tracing = False
            intercept.remove(_trace)
    finally:
        if enabled and _watch not in engine.watchers:
            engine.watchers.append(_watch)
        elif not enabled and _watch in engine.watchers:
            engine.watchers.remove(_watch)


class detect_anomaly:
    """Inside, an error or a NaN in a backward is reported with the traceback of the forward call behind it.

    NaN raises RuntimeError, unless ``check_nan=False``.  For debugging only: everything is slower.

    >>> import adjoint as torch, warnings
    >>> warnings.simplefilter("ignore")
    >>> x = torch.tensor(0., requires_grad=True)
    >>> with torch.autograd.detect_anomaly():
    ...     ((x * 0).sqrt() * 0).backward()
    Traceback (most recent call last):
    ...
    RuntimeError: Function 'SqrtBackward0' returned nan values in its 0th output.
    """

    def __init__(self, check_nan: bool = True) -> None:
        self.prev = is_anomaly_enabled()
        self.prev_check_nan = is_anomaly_check_nan_enabled()
        self.check_nan = check_nan
        warnings.warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should only be enabled for "
            "debugging.",
            stacklevel=users_level(),
        )

    def __enter__(self) -> None:
        before = snapshot()
        try:
            _set(True, self.check_nan)
        except BaseException:
            put_back(before)
            _set(self.prev, self.prev_check_nan)
            raise

    @at_once
    def __exit__(self, *exc: object) -> None:
        _set(self.prev, self.prev_check_nan)


class set_detect_anomaly:
    """Switch anomaly detection on or off, at once; as a context manager also back again at its end."""

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self.prev = is_anomaly_enabled()
        self.prev_check_nan = is_anomaly_check_nan_enabled()
        _set(bool(mode), check_nan)

    def __enter__(self) -> None:
        pass

    @at_once
    def __exit__(self, *exc: object) -> None:
        _set(self.prev, self.prev_check_nan)


def _trace(operator: Any, run: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The interceptor: run the operator and note on the node that it recorded where it was called."""
    before = tick()
    result = run(*args, **kwargs)
    note_result(operator, result, args)
    node = recorded_node(result, before)
    if node is not None:
        node.metadata["traceback_"] = _users_stack()
        node.__dict__["_place"] = here()
        if _thread.running is not None:  # recorded by a backward that is itself recorded
            node.metadata["parent_"] = _thread.running
    return result


def _users_stack() -> list[str]:
    """The stack of this thread, up to the user's call of an operator."""
    stack = traceback.extract_stack()
    while len(stack) > 1 and is_our_file(stack[-1].filename, "autograd", "declare", "ops", "readings"):
        stack.pop()
    return traceback.format_list(stack)


def _watch(node: Node, g: Any, run: Callable[[], Any]) -> Any:
    """The watcher: run a node, report an error, look for NaN."""
    outer = _thread.running
    _thread.running = node
    try:
        grads = run()
    except Exception:
        _report(node)
        raise
    finally:
        _thread.running = outer
    if _State.check_nan:
        for i, g in enumerate(grads):
            if g is not None and _has_nan(g):
                _report(node)
                raise RuntimeError(f"Function '{node.name()}' returned nan values in its {i}th output.")
    return grads


def _has_nan(g: Any) -> bool:
    array = getattr(g, "tensor", None)
    array = g if array is None else array._array
    while hasattr(array, "level"):  # a batch is an array in an array
        array = array.array
    return bool(np.isnan(array).any())


def _report(node: Node) -> None:
    """Warn of the forward call that recorded the node, and of those that led to it."""
    known = node.metadata.get("traceback_")
    if known is None:
        _warn(f"Error detected in {node.name()}. {_NO_TRACEBACK}")
    else:
        _warn(f"Error detected in {node.name()}. Traceback of forward call that caused the error:\n{''.join(known)}")
    parent = node.metadata.get("parent_")
    while parent is not None:
        text = f"\n\nPrevious calculation was induced by {parent.name()}. "
        known = parent.metadata.get("traceback_")
        if known is None:
            _warn(text + _NO_TRACEBACK)
        else:
            _warn(f"{text}Traceback of forward call that induced the previous calculation:\n{''.join(known)}")
        parent = parent.metadata.get("parent_")


_NO_TRACEBACK = "No forward pass information available. Enable detect anomaly during forward pass for more information."


def _warn(text: str) -> None:
    """Warn, at the user's line that started the backward."""
    warnings.warn(text, UserWarning, stacklevel=users_level())


_list_names(__name__)
