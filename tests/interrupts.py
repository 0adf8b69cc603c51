"""Interrupts at every place: a scenario is run once for each, and all that could stay switched is compared.

``every("line", scenario)`` raises KeyboardInterrupt at one line after the other of Adjoint's own code, while the scenario runs.
Some of these places no signal can reach, and two kinds are left out for it: functions that are ``at_once``
(:mod:`adjoint.interrupts`), and the way out of a ``with``, which is Python's own.  ``every("signal", scenario)`` has a signal
arrive at one bytecode instruction after the other, of all code, and leaves it to Python when it is noticed: what really happens.

A scenario is a function in ``SCENARIOS`` that prepares what it needs and returns the function that is interrupted, or a pair of it
and of another that checks what was prepared.  ``python tests/interrupts.py [line|signal] [names]`` (``make
interrupts``) runs all places of all, or of those named, and says where something stayed; with a number, so many places of each.
"""

from __future__ import annotations

import _thread
import dis
import functools
import gc
import itertools
import signal
import sys
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import adjoint
import adjoint as torch
from adjoint import interrupts, thread_state
from adjoint.autograd import accumulate, anomaly_mode, engine, forward_ad, grad_mode, graph, origins
from adjoint.autograd.interception import intercept
from adjoint.autograd.quiet import loudness
from adjoint.nn.modules import module_hooks as hooks_of_modules
from adjoint.optim import optimizer as optimizers
from adjoint.utils import checkpoint as checkpointing

SCENARIOS: dict[str, Callable[[], Any]] = {}
_HOOKS = (hooks_of_modules.GLOBAL, optimizers._global_pre_hooks, optimizers._global_post_hooks)


def scenario(prepare: Callable[[], Any]) -> Callable[[], Any]:
    """Add a scenario to the table (a decorator)."""
    SCENARIOS[prepare.__name__] = prepare
    return prepare


# What is compared.


def state() -> dict[str, Any]:
    """All that Adjoint switches, in this thread and in all."""
    fields: dict[str, Any] = thread_state._defaults | thread_state.this_thread.__dict__
    return {
        **fields,
        "off": dict(grad_mode.off),
        "active": dict(intercept.active),
        "watchers": list(engine.watchers),
        "callbacks": dict(engine._callbacks),
        "dual levels": list(forward_ad._current),
        "anomaly": (anomaly_mode._State.enabled, anomaly_mode._State.check_nan, origins.noting.on),
        "NumPy's warnings": loudness(),
        "checkpoints": (checkpointing._early_stop, checkpointing._debug, graph._mutation_allowed),
        "garbage": gc.isenabled(),
        "hooks on all modules and optimizers": [list(hooks) for hooks in _HOOKS],
        "locks": [lock for lock in _locks() if _is_held(lock)],
    }


def _locks() -> list[Any]:
    if not _found_locks or len(sys.modules) != _found_locks[0]:
        found = [*accumulate._LOCKS, torch.default_generator.lock]
        for name, module in list(sys.modules.items()):
            if name.startswith("adjoint."):
                found += [v for v in list(vars(module).values()) if isinstance(v, (_thread.LockType, _thread.RLock))]
        _found_locks[:] = len(sys.modules), found
    return _found_locks[1]


_found_locks: list[Any] = []


def _is_held(lock: Any) -> bool:
    return bool(lock._is_owned() if isinstance(lock, _thread.RLock) else lock.locked())


def training() -> bytes:
    """Two steps of a small training: all numbers that it comes to."""
    w = torch.tensor([[0.5, -1.0], [2.0, 0.25]], requires_grad=True)
    optimizer = torch.optim.Adam([w], lr=0.1)
    x = torch.tensor([[1.0, 2.0], [3.0, -1.0]])
    found = []
    for _ in range(2):
        optimizer.zero_grad()
        loss = ((x @ w).tanh() ** 2).sum()
        loss.backward()
        optimizer.step()
        found += [loss.detach().numpy().tobytes(), w.grad.numpy().tobytes(), w.detach().numpy().tobytes()]
    return b"".join(found)


# Interrupting.


class Interrupting:
    """Counts places while a function runs, and interrupts it at the one numbered ``at`` (from 0 on)."""

    def __init__(self, kind: str, at: int = -1) -> None:
        self.signals = kind == "signal"
        self.at = at
        self.count = 0
        self.place = ""

    def __call__(self, function: Callable[[], Any]) -> bool:
        """Run the function; whether it was interrupted."""
        try:
            sys.settrace(self._called)
            try:
                function()
            finally:
                sys.settrace(None)
            for _ in range(3):  # where a signal that came last of all is noticed
                pass
        except KeyboardInterrupt:
            return True
        return False

    def _called(self, frame: Any, event: str, argument: Any) -> Any:
        code = frame.f_code
        if code is _END or (code.co_filename == _HERE and code.co_name in _OWN):
            return None
        if self.signals:
            frame.f_trace_opcodes = True
            frame.f_trace_lines = False
            return self._opcode
        if not _is_adjoints(code.co_filename) or code in interrupts.codes:
            return None
        return self._line

    def _line(self, frame: Any, event: str, argument: Any) -> Any:
        if event == "line" and not _leaves_a_with(frame):
            self.count += 1
            if self.count - 1 == self.at:
                self.place = f"{frame.f_code.co_filename}:{frame.f_lineno}"
                sys.settrace(None)
                raise KeyboardInterrupt
        return self._line

    def _opcode(self, frame: Any, event: str, argument: Any) -> Any:
        if event == "opcode":
            self.count += 1
            if self.count - 1 == self.at:
                self.place = f"{frame.f_code.co_filename}:{frame.f_lineno} {frame.f_code.co_name} at {frame.f_lasti}"
                last = _signal_at_its_end()
                sys.settrace(None)
                del last  # the signal has arrived; nothing here looks for it before the function is left
                return None
        return self._opcode


class _Last:
    pass


_keep: list[Any] = []


def _signal_at_its_end() -> _Last:
    """An object with whose end SIGINT arrives, without a line of Python that could notice it."""
    last = _Last()
    arrive = functools.partial(next, map(_thread.interrupt_main, itertools.repeat(signal.SIGINT)))
    _keep[:] = [weakref.ref(last, arrive)]
    return last


_HERE = __file__
_END = Interrupting.__call__.__code__
_OWN = {"_called", "_line", "_opcode", "_signal_at_its_end"}
_FOLDER = adjoint.__file__.removesuffix("__init__.py")


def _is_adjoints(filename: str) -> bool:
    return filename.startswith((_FOLDER, "<adjoint"))


@functools.lru_cache(maxsize=None)
def _withs(code: Any) -> frozenset[int]:
    """Where, in a function's code, the way out of a ``with`` begins: None three times and a call, or what is done to errors."""
    instructions = [i for i in dis.get_instructions(code) if i.opname not in ("PRECALL", "NOP", "CACHE")]
    found = set()
    for i, first in enumerate(instructions[:-3]):
        pushed = instructions[i : i + 3]
        if all((p.opname == "LOAD_CONST" and p.argval is None) or p.opname == "DUP_TOP" for p in pushed):
            if instructions[i + 3].opname in ("CALL", "CALL_FUNCTION"):
                found.add(first.offset)
                back = i - 1
                while back >= 0 and instructions[back].opname in ("SWAP", "POP_BLOCK", "NOP"):  # a result is put aside
                    found.add(instructions[back].offset)
                    back -= 1
        if first.opname == "PUSH_EXC_INFO" and pushed[1].opname == "WITH_EXCEPT_START":
            found |= {first.offset, pushed[1].offset}
    nops = {i.offset for i in dis.get_instructions(code) if i.opname == "NOP" and i.offset + 2 in found}
    return frozenset(found | nops)


def _leaves_a_with(frame: Any) -> bool:
    return frame.f_lasti in _withs(frame.f_code)


def every(kind: str, name: str, most: int | None = None) -> Iterator[str]:
    """Interrupt a scenario at every place, or at ``most`` of them, evenly spread; what stayed switched, as text."""
    prepare = SCENARIOS[name]
    for _ in range(3):  # what is built at first use is built
        _parts(prepare())[0]()
    good = training()
    counting = Interrupting(kind)
    counting(_parts(prepare())[0])
    total = counting.count
    for at in range(total) if most is None or most >= total else [i * total // most for i in range(most)]:
        function, check = _parts(prepare())
        before = state()
        interrupting = Interrupting(kind, at)
        interrupted = interrupting(function)
        after = state()
        different = [key for key in before if before[key] != after[key]]
        if different:
            yield f"{name}, {kind} {at} of {total}, {interrupting.place}: " + "; ".join(
                f"{key} was {before[key]}, is {after[key]}" for key in different
            )
            thread_state.put_back({})
            engine.watchers.clear()
            return
        if training() != good:
            yield f"{name}, {kind} {at} of {total}, {interrupting.place}: a training afterwards comes to other numbers"
        wrong = check(interrupted) if check is not None else None
        if wrong:
            yield f"{name}, {kind} {at} of {total}, {interrupting.place}: {wrong}"


def _parts(prepared: Any) -> tuple[Callable[[], Any], Any]:
    return prepared if isinstance(prepared, tuple) else (prepared, None)


# The scenarios.


def leaf(*values: float) -> Any:
    return torch.tensor(values or (1.0, -2.0, 3.0), requires_grad=True)


def _whole(x: Any, *wanted: list[float] | None) -> Callable[[bool], str | None]:
    """A check that the leaf's ``grad`` is one of the values, the last one where nothing interrupted."""

    def check(interrupted: bool) -> str | None:
        got = None if x.grad is None else x.grad.tolist()
        return None if got in (wanted if interrupted else wanted[-1:]) else f"the grad is {got}"

    return check


@scenario
def backward() -> Any:
    x = leaf()
    loss = (x * x + x.exp().log()).sum()
    return loss.backward, _whole(x, None, [3.0, -3.0, 7.0])


@scenario
def backward_of_large_arrays() -> Any:
    x = torch.linspace(-1, 1, 1 << 15).requires_grad_()
    loss = ((x * x).sin().exp() * x).sum()

    def check(interrupted: bool) -> str | None:
        return None if (x.grad is None and interrupted) or x.grad.numpy().tobytes() == _LARGE[0] else "the grad is another"

    if not _LARGE:
        y = x.detach().requires_grad_()
        ((y * y).sin().exp() * y).sum().backward()
        _LARGE.append(y.grad.numpy().tobytes())
    return loss.backward, check


_LARGE: list[bytes] = []


@scenario
def step_of_large_arrays() -> Any:
    w = torch.ones(1 << 15, requires_grad=True)
    w.grad = torch.ones(1 << 15)
    optimizer = torch.optim.Adam([w], lr=0.1)
    optimizer.step()

    def check(interrupted: bool) -> str | None:
        return None if len(set(w.tolist())) == 1 else "half of the parameter has been stepped"

    return optimizer.step, check


@scenario
def convolution() -> Any:
    model = torch.nn.Conv2d(4, 8, 3)
    x = torch.ones(4, 4, 16, 16)
    return lambda: model(x).sum().backward()


@scenario
def backward_accumulates() -> Any:
    x = leaf()
    x.sum().backward()
    loss = (x * x).sum()
    return loss.backward, _whole(x, [1.0, 1.0, 1.0], [3.0, -3.0, 7.0])


@scenario
def backward_of_a_freed_graph_says_so() -> Any:
    x = leaf()
    y = x * x
    loss = y.sum()

    def check(interrupted: bool) -> str | None:
        for attempt in (loss.backward, loss.backward):  # the second one cannot have what the first had
            x.grad = None
            try:
                attempt()
            except RuntimeError as error:
                if "second time" not in str(error) or x.grad is not None:
                    return f"{error}, and the grad is {x.grad}"
                return None
            if x.grad.tolist() != [2.0, -4.0, 6.0]:
                return f"another backward came to {x.grad}"
        return "a graph was used three times"

    return loss.backward, check


@scenario
def backward_retains() -> Any:
    x = leaf()
    loss = (x * x).sum()

    def check(interrupted: bool) -> str | None:
        x.grad = None
        loss.backward()
        return None if x.grad.tolist() == [2.0, -4.0, 6.0] else f"the grad is {x.grad}"

    return functools.partial(loss.backward, retain_graph=True), check


@scenario
def backward_recorded() -> Any:
    x = leaf()
    loss = (x * x * x).sum()

    def run() -> None:
        (g,) = torch.autograd.grad(loss, x, create_graph=True)
        g.sum().backward()

    return run, _whole(x, None, [6.0, -12.0, 18.0])


@scenario
def backward_recorded_in_no_grad() -> Any:
    x = leaf()
    loss = (x * x * x).sum()

    def run() -> None:
        with torch.no_grad():
            torch.autograd.grad(loss, x, create_graph=True)

    return run


@scenario
def backward_with_hooks() -> Any:
    x = leaf()
    y = x * x
    y.register_hook(lambda g: g * 2)
    y.grad_fn.register_hook(lambda inputs, outputs: None)
    y.retain_grad()
    x.register_post_accumulate_grad_hook(lambda p: None)
    z = y.sum()
    torch.autograd.graph.register_multi_grad_hook((x, y), lambda grads: None)
    return z.backward, _whole(x, None, [4.0, -8.0, 12.0])


@scenario
def backward_in_a_hook() -> Any:
    x, other = leaf(), leaf()
    y = x * x
    y.register_hook(lambda g: _nested(other))
    return y.sum().backward


def _nested(x: Any) -> None:
    with torch.enable_grad():
        (x * x).sum().backward()


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (x,) = ctx.saved_tensors
        with torch.enable_grad():
            inner = x.detach().requires_grad_()
            (inner * inner).sum().backward()
        return g * inner.grad


@scenario
def function() -> Any:
    x = leaf()

    def run() -> None:
        Square.apply(x).sum().backward()

    return run, _whole(x, None, [2.0, -4.0, 6.0])


@scenario
def grad() -> Any:
    x = leaf()
    return lambda: torch.autograd.grad((x * x).sum(), x)


@scenario
def grad_batched() -> Any:
    x = leaf()
    y = x * x
    return lambda: torch.autograd.grad(y, x, torch.eye(3), is_grads_batched=True)


@scenario
def no_grad() -> Any:
    x = leaf()

    def run() -> None:
        with torch.no_grad():
            x * 2
            with torch.enable_grad():
                x * 2
        x * 2

    return run


@torch.no_grad()
def _doubled(x: Any) -> Any:
    return x * 2


@torch.inference_mode()
def _inferred(x: Any) -> Any:
    return x * 2


@torch.no_grad()
def _generated(x: Any) -> Any:
    for _ in range(2):
        yield x * 2


@scenario
def decorators() -> Any:
    x = leaf()

    def run() -> None:
        _doubled(x)
        _inferred(x)
        list(_generated(x))

    return run


@scenario
def set_grad_enabled() -> Any:
    x = leaf()
    switch = torch.set_grad_enabled(True)

    def run() -> None:
        with switch:
            x * 2

    return run


@scenario
def inference_mode() -> Any:
    x = leaf()

    def run() -> None:
        with torch.inference_mode():
            x * 2
            with torch.inference_mode(False):
                x * 2
            with torch.enable_grad():
                x * 2

    return run


@scenario
def detect_anomaly() -> Any:
    x = leaf()
    switch = torch.autograd.detect_anomaly()

    def run() -> None:
        with switch:
            (x * x).sum().backward()

    return run


@scenario
def saved_tensors_hooks() -> Any:
    x = leaf()

    def run() -> None:
        with torch.autograd.graph.saved_tensors_hooks(lambda t: t.detach().numpy(), torch.from_numpy):
            loss = (x * x).exp().sum()
        with torch.autograd.graph.save_on_cpu():
            loss = loss * x.sum()
        with torch.autograd.graph.disable_saved_tensors_hooks("no"):
            loss.backward()

    return run


@scenario
def mutation_allowed() -> Any:
    x = leaf()

    def run() -> None:
        with torch.autograd.graph.allow_mutation_on_saved_tensors():
            y = x.clone()
            z = (y * y).sum()
            y.mul_(2)
            z.backward()

    return run


def _part(x: Any) -> Any:
    return torch.nn.functional.dropout((x * x).sin(), 0.5).sum()


@scenario
def checkpoint() -> Any:
    x = leaf()
    return lambda: checkpointing.checkpoint(_part, x, use_reentrant=False).backward()


@scenario
def checkpoint_reentrant() -> Any:
    x = leaf()
    return lambda: checkpointing.checkpoint(_part, x, use_reentrant=True).backward()


@scenario
def checkpoint_settings() -> Any:
    x = leaf()

    def run() -> None:
        with checkpointing.set_checkpoint_early_stop(False), checkpointing.set_checkpoint_debug_enabled(True):
            checkpointing.checkpoint(_part, x, use_reentrant=False).backward()

    return run


@scenario
def dual_level() -> Any:
    x = leaf()

    def run() -> None:
        with torch.autograd.forward_ad.dual_level():
            dual = torch.autograd.forward_ad.make_dual(x, torch.ones(3))
            torch.autograd.forward_ad.unpack_dual((dual * dual).exp())
            torch.autograd.grad((dual * dual).sum(), x)

    return run


@scenario
def vmap() -> Any:
    x = torch.ones(2, 3)
    return lambda: torch.vmap(lambda a: (a * a).sum())(x)


@scenario
def vmap_of_draws() -> Any:
    x = torch.ones(2, 3)
    return lambda: torch.vmap(lambda a: a + torch.rand(3), randomness="different", chunk_size=1)(x)


@scenario
def derivatives_of_functions() -> Any:
    x = torch.ones(2)

    def run() -> None:
        f = torch.func
        f.grad(lambda a: (a * a).sum())(x)
        f.jvp(torch.sin, (x,), (x,))
        f.vjp(torch.sin, x)[1](x)

    return run


@scenario
def jacobians() -> Any:
    x = torch.ones(2)

    def run() -> None:
        torch.func.jacrev(torch.sin)(x)
        torch.func.jacfwd(torch.sin)(x)

    return run


@scenario
def functional_jacobian() -> Any:
    x = torch.ones(2)
    return lambda: torch.autograd.functional.jacobian(torch.sin, x, vectorize=True)


@scenario
def fork_rng() -> Any:
    before = torch.get_rng_state().tolist()

    def run() -> None:
        with torch.random.fork_rng():
            torch.rand(700)

    def check(interrupted: bool) -> str | None:
        return None if torch.get_rng_state().tolist() == before else "the random state is another"

    return run, check


@scenario
def functional_call() -> Any:
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Tanh())
    own = dict(model.named_parameters())
    given = {name: torch.zeros_like(p) for name, p in own.items()}

    def check(interrupted: bool) -> str | None:
        now = dict(model.named_parameters())
        return None if all(now[name] is p for name, p in own.items()) else "the module keeps the parameters of a call"

    return lambda: torch.func.functional_call(model, given, (torch.ones(1, 2),)), check


@scenario
def module_hooks() -> Any:
    model = torch.nn.Linear(2, 2)
    model.register_forward_hook(lambda module, args, result: result * 2)
    model.register_full_backward_hook(lambda module, inputs, outputs: None)
    x = torch.ones(1, 2, requires_grad=True)
    return lambda: model(x).sum().backward()


@scenario
def training_a_model() -> Any:
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3), torch.nn.ReLU(), torch.nn.Linear(3, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    x = torch.ones(4, 2)

    def run() -> None:
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(model(x), torch.zeros(4, 1)).backward()
        optimizer.step()

    return run


@scenario
def profiler() -> Any:
    x = leaf()

    def run() -> None:
        with torch.autograd.profiler.profile():
            with torch.autograd.profiler.record_function("region"):
                (x * x).sum().backward()

    return run


@scenario
def recorder() -> Any:
    from adjoint.viz import record

    x = leaf()

    def run() -> None:
        with record():
            (x * x).sum().backward()

    return run


@scenario
def torchs_profiler() -> Any:
    x = leaf()

    def run() -> None:
        with torch.profiler.profile() as p:
            (x * x).sum().backward()
            p.step()

    return run


@scenario
def watching() -> Any:
    from adjoint.viz import watch

    model = torch.nn.Linear(2, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def run() -> None:
        with watch(model, serve=False):
            for _ in range(2):
                optimizer.zero_grad()
                model(torch.ones(1, 2)).sum().backward()
                optimizer.step()

    return run


@scenario
def autocast() -> Any:
    x = leaf()

    def run() -> None:
        with torch.autocast("cpu"):
            with torch.autocast("cpu", enabled=False):
                (x * x).sum().backward()
            torch.nn.functional.mse_loss(x, x).backward()

    return run


@scenario
def default_device() -> Any:
    def run() -> None:
        with torch.device("cpu"):
            torch.ones(2)

    return run


@scenario
def save() -> Any:
    import io

    x = leaf()
    return lambda: torch.save({"x": x}, io.BytesIO())


def _steps(make: Callable[[Any], Any]) -> Any:
    ps = [leaf(), torch.ones(2, 2, requires_grad=True)]
    optimizer = make(ps)

    def closure() -> Any:
        optimizer.zero_grad()
        loss = sum((p * p).sum() for p in ps)
        loss.backward()
        return loss

    optimizer.step(closure)
    optimizer.step(closure)

    def check(interrupted: bool) -> str | None:
        optimizer.step(closure)  # goes on
        return None if all(np.isfinite(p.detach().numpy()).all() for p in ps) else "a parameter is not a number"

    return lambda: optimizer.step(closure), check


OPTIMIZERS = {
    "SGD": {"lr": 0.1, "momentum": 0.9},
    **{key: {"lr": 0.01} for key in ("Adam", "AdamW", "Adamax", "NAdam", "RAdam", "Adagrad", "RMSprop", "Rprop", "ASGD")},
    "Adadelta": {},
    "Adafactor": {},
    "LBFGS": {"max_iter": 2, "line_search_fn": "strong_wolfe"},
}
for _name, _options in OPTIMIZERS.items():
    SCENARIOS[_name] = functools.partial(
        _steps, functools.partial(lambda name, options, ps: getattr(torch.optim, name)(ps, **options), _name, _options)
    )


def main() -> int:
    """Interrupt all scenarios, or those named, everywhere."""
    import time
    import warnings

    warnings.simplefilter("ignore")
    sys.unraisablehook = lambda unraisable: None
    kinds = [a for a in sys.argv[1:] if a in ("line", "signal")] or ["line", "signal"]
    most = next((int(a) for a in sys.argv[1:] if a.isdigit()), None)
    names = [a for a in sys.argv[1:] if a in SCENARIOS] or list(SCENARIOS)
    wrong = 0
    for kind in kinds:
        for name in names:
            start = time.perf_counter()
            found = list(every(kind, name, most))
            print(f"{kind:6} {name:40} {time.perf_counter() - start:7.1f} s  {'good' if not found else len(found)}", flush=True)
            for text in found[:3]:
                print("   ", text[:1500])
            wrong += len(found)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
