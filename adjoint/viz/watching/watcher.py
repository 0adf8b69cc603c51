"""Watcher: what looks at a model while it is trained, and the hooks by which it does.

Nothing is put into the model: forwards are seen by one hook on all modules, which is there only in the steps that are looked
at, and steps by one on all optimizers.  So copies, pickles and state dictionaries of a watched model are as ever, and nothing
is left when the watching ends.  Numbers are only read, and no random ones drawn: training gives the same bits.
"""

from __future__ import annotations

import math
import threading
import time
import warnings
import weakref
from typing import Any

import numpy as np

from adjoint.autograd.grad_mode import mode
from adjoint.autograd.quiet import silence
from adjoint.kernels.late import by_kernel
from adjoint.nn.modules.module_hooks import register_module_forward_hook
from adjoint.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook
from adjoint.places import users_level
from adjoint.tensor import Tensor
from adjoint.viz.watching.history import History, Numbers, Sample
from adjoint.viz.watching.layers import Choice, layers_of
from adjoint.viz.watching.outputs import Outputs
from adjoint.viz.watching.statistics import Statistics, part_of

_ACTIVE: set[Watching] = set()  # those that are not closed, whether or not anybody else holds them


class Watching:
    """The part of a watcher that sees a model's training and keeps the numbers: see :func:`adjoint.viz.watch`."""

    def __init__(self, model: Any, every: int, layers: Choice, histograms: bool, keep: int) -> None:
        self.layers, self.parameters = layers_of(model, layers)
        self.title = type(model).__name__
        self.total = sum(p.numel() for p in model.parameters())
        self.history = History(every, keep, histograms)
        self.histograms = histograms
        self.step_number = 0  # of the step that is under way
        self.began = time.time()
        self.seconds = 0.0  # that the watching itself took
        self.closed = False
        self.lock = threading.RLock()
        self._start = time.perf_counter()
        self._model = weakref.ref(model)
        self._was_training = model.training
        self._by_tensor = {id(p.tensor()): p for p in self.parameters}
        self._made: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()  # optimizer -> steps that it made
        self._explicit = False  # whether steps are told by step()
        self._frozen = not any(p.requires_grad for p in model.parameters())  # then each call of the model is a step
        self._sample: Sample | None = None  # of the step that is under way, where it is looked at
        self._latest: Sample | None = None  # the one before it
        self._alarmed = False  # whether a step was looked at since its gradients were not finite
        # Of each optimizer, the parameter whose gradient is looked at in every step.
        self._canaries: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()
        self._called = False  # whether a watched module was called in this step, where it is looked at
        self._logs_after: bool | None = None  # whether the user logs after the optimizer's step
        self._outputs = Outputs(self.layers, histograms)
        self._before: dict[str, Any] = {}  # copies of the weights as they were before the step
        self._given: dict[str, Any] | None = None  # weights that step() was given last
        self._forward: Any = None
        self._handles: list[Any] = []
        self._finalizer = weakref.finalize(model, _close, weakref.ref(self))
        self._finalizer.atexit = False
        try:
            self._handles.append(register_optimizer_step_pre_hook(self._guarded(self._before_step)))
            self._handles.append(register_optimizer_step_post_hook(self._guarded(self._after_step)))
            _ACTIVE.add(self)
            self._arm()
        except BaseException:
            self.close()
            raise

    @property
    def inputs(self) -> dict[str, str]:
        """Rows that functional activations have ("fc2 ← ReLU"), and their kinds."""
        return self._outputs.inputs

    def log(self, **values: Any) -> None:
        """Keep values of the step that is under way, or was last: ``watcher.log(loss=loss, lr=0.1)``.

        They may be numbers or tensors of one element.  Raises TypeError or ValueError for anything else.
        """
        for name, value in values.items():
            if isinstance(value, Tensor):
                if value.numel() != 1:
                    raise ValueError(f"watcher.log: {name} has {value.numel()} elements; one number is wanted")
                value = value.item()
            try:
                number = float(value)
            except (TypeError, ValueError):
                raise TypeError(f"watcher.log: {name} is a {type(value).__name__}; a number is wanted") from None
            with self.lock:
                if self._logs_after is None:
                    self._logs_after = self.step_number > 0 and not self._called
                at = max(0, self.step_number - self._logs_after)
                self.history.log(name, at, number)
                self.write_logged(name, number, at)

    def step(self, gradients: Any = None, weights: Any = None) -> None:
        """Say that a step is done, where no optimizer of ``torch.optim`` makes the steps.

        Call it before gradients are zeroed.  Functional code passes what it has: dictionaries of tensors by the
        parameters' names.  Raises RuntimeError where an optimizer was seen to make the steps.
        """
        if self._made:
            raise RuntimeError("watcher.step() is for programs without an optimizer; here the optimizer's steps are counted")
        self._explicit = True
        self._guarded(self._explicit_step)(gradients, weights)

    def close(self) -> None:
        """End the watching: hooks are removed, what was seen stays."""
        with self.lock:
            if self.closed:
                return
            _ACTIVE.discard(self)
            for handle in self._handles:
                handle.remove()
            if self._forward is not None:
                self._forward.remove()
            self._forward = None
            self.closed = True  # last: what an interrupt left is taken away when it is closed again
            if self._sample is not None and self._outputs.any():
                self._publish_activations(self._sample)
                self._keep(self._sample)
            self._sample = None
            self._before.clear()
            self._outputs.forget()
            self._finalizer.detach()

    def write_sample(self, sample: Sample) -> None:
        """Called with each sample when it is complete."""

    def write_logged(self, name: str, value: float, step: int) -> None:
        """Called with each value that is logged."""

    # Steps

    def _arm(self) -> None:
        """Prepare for the step that begins: it is looked at, or it costs nothing."""
        self._called = False
        if not self.history.wants(self.step_number):
            self._disarm()
            return
        self._sample = Sample(self.step_number, time.perf_counter() - self._start)
        self._outputs.forget()
        if self._forward is None:
            hook = self._guarded(self._after_forward)
            hook.observes = self._guarded(self._computed_together)
            self._forward = register_module_forward_hook(hook)
        if self._explicit:
            self._remember(self._given or self._own_weights())

    def _disarm(self) -> None:
        if self._forward is not None and not (self._frozen and not self.closed):
            self._forward.remove()
            self._forward = None

    def _next(self) -> None:
        """The step is done."""
        self.step_number += 1
        self._outputs.forget()
        self._before.clear()
        self._arm()

    def _before_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        if self._sample is None and self._leads(optimizer) and not self._alarm(optimizer):
            return  # nearly always
        held = self._held_by(optimizer)
        sample = self._sample_of(optimizer, held)
        if sample is None:
            return
        self._remember({p.name: p.tensor() for p in held})
        if not _closure(args, kwargs):
            self._measure_gradients(sample, {p.name: p.tensor().grad for p in held})

    def _after_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        held = self._held_by(optimizer)
        if not held:
            return  # another model's
        sample = self._sample_of(optimizer, held)
        if sample is not None:
            weights = {p.name: p.tensor() for p in held}
            if _closure(args, kwargs):
                self._measure_gradients(sample, {name: w.grad for name, w in weights.items()})
            self._measure_weights(sample, weights)
            if sample.rate is None:
                sample.rate = _number(optimizer.param_groups[0].get("lr"))
        leads = self._leads(optimizer)
        self.history.held.update([p.name for p in held])
        if leads and sample is not None and self.step_number:  # in the first step other optimizers are not known yet
            rest = {n: w for n, w in self._own_weights().items() if n not in self.history.held}
            self._measure_gradients(sample, {name: w.grad for name, w in rest.items()})
            self._measure_weights(sample, rest)
        self._made[optimizer] = self._made.get(optimizer, max(0, self.step_number - 1)) + 1
        if leads and self._sample is not None:
            self._publish_activations(self._sample)
        if sample is not None:
            self._keep(sample)
        if leads:
            if self._sample is not None:
                self._latest, self._sample = self._sample, None
            self._next()

    def _alarm(self, optimizer: Any) -> bool:
        """Whether this step is looked at out of turn: a gradient is not finite for the first time.

        Whatever goes wrong in a forward or a backward reaches the first layers, so a small gradient of theirs tells.
        """
        if self._alarmed:
            return False
        canary = self._canaries.get(optimizer)
        if canary is None:
            held = self._held_by(optimizer)
            if not held:
                return False
            first = [p for p in held if p.layer is held[0].layer]
            canary = self._canaries[optimizer] = min(first, key=lambda p: math.prod(p.shape))
        tensor = canary.tensor()
        gradient = None if tensor is None else tensor.grad
        if gradient is None or gradient._array.__class__ is not np.ndarray or np.isfinite(gradient._array).all():
            return False
        self._alarmed = True
        self._sample = Sample(self.step_number, time.perf_counter() - self._start)
        self.history.kept.add(self.step_number)
        return True

    def _leads(self, optimizer: Any) -> bool:
        """Whether an optimizer's step ends a step: of several optimizers, that of the one that made the most."""
        if not self._made:
            return True
        return self._made.get(optimizer, max(0, self.step_number - 1)) >= self.step_number

    def _sample_of(self, optimizer: Any, held: list[Any]) -> Sample | None:
        """The sample that an optimizer's step belongs to: the other optimizers' steps belong to the leading one's latest."""
        if not held or self._leads(optimizer):
            return self._sample if held else None
        latest = self._latest
        return latest if latest is not None and ("weight", held[0].name) not in latest.values else None

    def _held_by(self, optimizer: Any) -> list[Any]:
        """The watched parameters that an optimizer holds."""
        found = self._by_tensor
        return [found[id(p)] for group in optimizer.param_groups for p in group["params"]
                if id(p) in found and found[id(p)].tensor() is p]  # fmt: skip

    def _explicit_step(self, gradients: Any, weights: Any) -> None:
        sample = self._sample
        now = weights if weights is not None else self._own_weights()
        if sample is not None:
            if gradients is None:
                gradients = {name: w.grad for name, w in self._own_weights().items()}
            self._measure_gradients(sample, self._known(gradients))
            self._measure_weights(sample, self._known(now))
            self._publish_activations(sample)
            self._keep(sample)
            self._sample = None
        self._given = weights
        self._next()

    def _own_weights(self) -> dict[str, Any]:
        return {p.name: p.tensor() for p in self.parameters if p.tensor() is not None}

    def _known(self, given: Any) -> dict[str, Any]:
        names = {p.name for p in self.parameters}
        return {name: t for name, t in dict(given).items() if name in names}

    # Numbers

    def _remember(self, weights: dict[str, Any]) -> None:
        for name, w in weights.items():
            array = _array(w)
            self._before[name] = array.shape, _copied(part_of(array))

    def _measure_gradients(self, sample: Sample, gradients: dict[str, Any]) -> None:
        for name, g in gradients.items():
            if g is not None:
                found = Statistics(_array(g), sample=self.histograms)
                self.history.put(sample, "gradient", name, Numbers(found, self.histograms))

    def _measure_weights(self, sample: Sample, weights: dict[str, Any]) -> None:
        for name, w in weights.items():
            array = _array(w)
            found = Statistics(array, sample=self.histograms)
            self.history.put(sample, "weight", name, Numbers(found, self.histograms))
            shape, before = self._before.pop(name, (None, None))
            if shape == array.shape:
                change = Statistics(part_of(array), before, sample=self.histograms).as_of(found.count)
                ratio = change.norm / found.norm if found.norm else None
                self.history.put(sample, "update", name, Numbers(change, self.histograms, ratio))

    def _after_forward(self, module: Any, args: Any, output: Any) -> None:
        model = self._model()
        self._called = True
        if self._sample is not None and self._counts(model):
            self._outputs.see(module, args, output)
        if self._frozen and module is model and not self._explicit:
            if self._sample is not None:
                self._publish_activations(self._sample)
                self._keep(self._sample)
                self._sample = None
            self._next()

    def _computed_together(self, linear: Any, input: Tensor) -> None:
        if self._sample is not None and self._counts(self._model()):
            self._outputs.see_not_made(linear, input)

    def _counts(self, model: Any) -> bool:
        """Whether a forward is one of training: not where it is computed again for a backward, or evaluates."""
        if mode.task is not None or model is None:
            return False
        return self._frozen or (mode.enabled and (model.training or not self._was_training))

    def _publish_activations(self, sample: Sample) -> None:
        for name, found in self._outputs.taken().items():
            self.history.put(sample, "activation", name, Numbers(found, self.histograms))

    def _keep(self, sample: Sample) -> None:
        if not self.history.samples or self.history.samples[-1] is not sample:
            self.history.add(sample)
        self.write_sample(sample)

    def _guarded(self, function: Any) -> Any:
        """A hook that takes its own time, holds the lock, and ends the watching where it fails: training goes on."""
        reference = weakref.WeakMethod(function)

        def guarded(*args: Any) -> None:
            method = reference()
            if method is None or self.closed:
                return
            start = time.perf_counter()
            with self.lock, silence():
                try:
                    method(*args)
                except Exception as error:
                    self._sample = None  # what is known of it may be what failed
                    self.close()
                    said = f"watch has ended at step {self.step_number}: {type(error).__name__}: {error}"
                    warnings.warn(said, RuntimeWarning, stacklevel=users_level())
            self.seconds += time.perf_counter() - start

        return guarded


def _close(reference: Any) -> None:
    watcher = reference()
    if watcher is not None:
        watcher.close()


def _closure(args: Any, kwargs: Any) -> bool:
    """Whether a step was given a function that computes the gradients, which are there after it only."""
    return (args[1] if len(args) > 1 else kwargs.get("closure")) is not None


def _array(tensor: Any) -> Any:
    return tensor._array if isinstance(tensor, Tensor) else tensor


@by_kernel("copying:copy")
def _copied(array: Any) -> Any:
    return array.copy()


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
