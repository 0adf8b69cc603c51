"""Optimizers: the samples of PyTorch's optimizer database, with both libraries, in step.

Each is constructed, printed, stepped with gradients that both are given, with and without a closure, scheduled, copied,
saved, and resumed by the other library; parameters and the whole state are compared after every step.
"""

from __future__ import annotations

import copy
import itertools
import pickle
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

import numpy as np
import torch
from torch.testing._internal.common_optimizers import OptimizerErrorEnum, optim_db

import adjoint
from fuzz.databases.comparison import difference, numbers
from fuzz.databases.report import Report, reported
from fuzz.databases.translation import Lacking, translated

OPTIMIZERS = {info.name: info for info in optim_db}
DTYPES = ("float32", "float64", "bfloat16", "float16", "complex64", "complex128")
HALVES = ("float16", "bfloat16")

# Optimizer -> what its differences look like, and why they are there.
KNOWN: dict[str, tuple[str, str]] = {}


def _known(reason: str, pattern: str, *names: str) -> None:
    for name in names:
        before = KNOWN.get(name)
        KNOWN[name] = (f"{before[0]}|{pattern}", f"{before[1]}; {reason}") if before else (pattern, reason)


_known(
    "PyTorch's fused SGD leaves whole vectors of halves in a large parameter as they were",
    r"float16.*'fused': True.*odd: ", "SGD",
)  # fmt: skip
_known(
    "PyTorch takes the first gradient that momentum sees out of the graph, so its derivatives lack that part",
    r"'differentiable': True.*recorded \[1\]", "SGD",
)  # fmt: skip
_known(
    "PyTorch computes halves in half, where the squares of small gradients and eps are 0; here they are in float32",
    r"float16.* values: .*nan \|", "NAdam", "RAdam", "RMSprop",
)  # fmt: skip
_known(
    "Whether a change of gradient in halves is large enough to be kept turns on a rounding error",
    r"float16.*parts: ", "LBFGS",
)  # fmt: skip

STEPS = 5


@dataclass
class Sample:
    """Options of an optimizer, and what it optimizes: in PyTorch's values."""

    options: dict[str, Any]
    arrangement: str
    error: Any = None
    """The database's parameters that are refused, if the sample is one of its errors."""
    schedulers: list[Callable[[Any], Any]] = field(default_factory=list)
    stepped: bool = True
    """Of an error: whether it is the step that raises."""

    def __str__(self) -> str:
        return f"{self.options} {self.arrangement}"


def sampled(name: str, dtype: str, most: int | None = None) -> Iterator[tuple[int, Sample]]:
    """The samples of an optimizer in a dtype, with their numbers; at most so many, always the same ones."""
    info = OPTIMIZERS[name]
    if dtype.startswith("complex") and not info.supports_complex:
        return
    torch.manual_seed(1)
    given = "cpu", getattr(torch, dtype)
    samples = []
    for each in info.optim_inputs_func(*given):
        for extra, arrangement in itertools.product(
            _ways(info), ARRANGEMENTS if info.supports_param_groups else ("list",)
        ):
            samples.append(Sample({**each.kwargs, **extra}, arrangement))
    samples += [Sample({}, "list", schedulers=list(group)) for group in info.scheduler_inputs]
    for each in info.optim_error_inputs_func(*given):
        refused = each.optimizer_error_input
        stepped = each.error_on is OptimizerErrorEnum.STEP_ERROR
        samples.append(Sample(refused.kwargs, "refused", (refused.params,), stepped=stepped))
    numbered = list(enumerate(samples))
    if most is not None and len(numbered) > most:
        numbered = sorted(Random(name).sample(numbered, most), key=lambda pair: pair[0])
    yield from numbered


def _ways(info: Any) -> Iterator[dict[str, bool]]:
    """The options that choose among PyTorch's implementations."""
    yield {}
    for way in info.supported_impls:
        if way != "fused" or "cpu" in info.supports_fused_on:
            yield {way: True}
    if info.has_capturable_arg:
        yield {"capturable": True}


ARRANGEMENTS = ("list", "groups", "odd")


def compare(name: str, dtype: str, most: int | None = None, only: set[int] | None = None) -> Report:
    """Run an optimizer's samples in a dtype, at most so many, or these."""

    def first_difference(sample: Sample) -> str | None:
        found = _one(name, dtype, sample)
        return None if found is None else f"{sample}: {found}"

    return reported(
        name, dtype, (s for s in sampled(name, dtype, most) if only is None or s[0] in only), first_difference,
        lambda f: name in KNOWN and re.search(KNOWN[name][0], f"{dtype} {f.what}"),
    )  # fmt: skip


def _one(name: str, dtype: str, sample: Sample) -> str | None:
    runs = _Run(torch, name, dtype, sample), _Run(adjoint, name, dtype, sample)
    for step in _REFUSED if sample.error is not None else _RECORDED if sample.options.get("differentiable") else _STEPS:
        results, errors = zip(*(run.attempt(step) for run in runs))
        if errors[0] is not None or errors[1] is not None:
            found = _of_errors(*errors)
            return found and f"{step.__name__} {found}"
        found = difference(*results, where=f"{step.__name__} ", **_allowed(name, dtype, sample))
        if found is not None:
            return found
    return None if sample.error is not None or sample.options.get("differentiable") else _across(*runs)


def _allowed(name: str, dtype: str, sample: Sample) -> dict[str, Any]:
    """How closely numbers are compared: arguments of :func:`fuzz.databases.comparison.difference`."""
    recorded = bool(sample.options.get("differentiable"))
    wide = dtype in ("float64", "complex128")
    if name == "LBFGS":  # its directions come from differences of nearly equal gradients
        return {"values": wide, "loose": 100.0}
    if name == "Muon":  # directions are computed in bfloat16
        return {"loose": 6e5 if wide else 30.0}
    if recorded and dtype in HALVES:
        return {"values": False, "memory": False}
    if not wide:
        return {"loose": 3.0 if dtype in HALVES or recorded else 1.0, "memory": not recorded}
    # PyTorch has a tensor in single precision among its numbers; of a recorded step it is 1 - beta ** step
    single = any(isinstance(v, torch.Tensor) for v in sample.options.values())
    single |= (name, sample.options.get("foreach")) == ("ASGD", True)
    return {
        "loose": 1e4 if recorded and "Adam" in name else 100.0 if single or recorded else 1e-4,
        "memory": not recorded,
    }


class _Run:
    """A sample under way in one library; its methods are the steps, whose results are compared."""

    def __init__(self, library: Any, name: str, dtype: str, sample: Sample) -> None:
        self.library, self.dtype, self.sample = library, getattr(library, dtype), sample
        self.made = getattr(library.optim, name)
        self.name = name
        self.optimizer: Any = None
        self.parameters: list[Any] = []
        self.leaves: list[Any] = []
        self.schedulers: list[Any] = []
        self.steps = 0

    def attempt(self, step: Callable[[_Run], Any]) -> tuple[Any, BaseException | None]:
        """The step's result, or what it raises."""
        try:
            return step(self), None
        except Lacking:
            raise
        except Exception as error:
            return None, error

    def construction(self) -> Any:
        """What is printed, and what a state has before the first step."""
        self.parameters = self._parameters()
        self.optimizer = self._made(self.parameters)
        self.schedulers = [self._own(make)(self.optimizer) for make in self.sample.schedulers]
        return repr(self.optimizer), self._state(), sorted(self.optimizer.defaults)

    def refusal(self) -> Any:
        """The warnings of a construction; what it raises is compared."""
        (params,) = self.sample.error
        memo: dict[int, Any] = {}
        given = self._parameters() if params is None else self._own(params, memo)
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            self.optimizer = self.made(given, **self._own(self.sample.options))
            if self.sample.stepped:
                for group in self.optimizer.param_groups:
                    for p in group["params"]:
                        p.grad = self.library.ones_like(p)
                self.optimizer.step()
        return [str(each.message) for each in told]

    def stepping(self) -> Any:
        """Parameters and state after each of some steps."""
        return [self._step() for _ in range(STEPS)]

    def copied(self) -> Any:
        """What copies come to, which share nothing with the original."""
        found = []
        for again in (copy.deepcopy, lambda pair: pickle.loads(pickle.dumps(pair))):
            other = copy.copy(self)
            other.schedulers = []
            if self.name == "LBFGS":  # whose own list of parameters no pickle carries in PyTorch
                continue
            other.parameters, other.optimizer = again((self.parameters, self.optimizer))
            found.append([other._step(), other._step()])
        return found

    def recorded(self) -> Any:
        """The derivatives of parameters after some steps, with respect to those before them and to the gradients."""
        self.leaves = self._parameters()
        self.parameters = [p.clone() for p in self.leaves]
        self.optimizer = self._made(self.parameters)
        gradients = [
            [self._tensor(7 * k + i, p.shape).requires_grad_() for i, p in enumerate(self.leaves)] for k in range(3)
        ]
        for each in gradients:
            for p, g in zip(self.parameters, each):
                p.grad = g
            self.optimizer.step()
        total = sum((p * self._tensor(90 + i, p.shape)).sum().abs() for i, p in enumerate(self.parameters))
        wanted = [*self.leaves, *itertools.chain(*gradients)]
        return self.parameters, self.library.autograd.grad(total, wanted, allow_unused=True)

    # What they are made of

    def _own(self, value: Any, memo: dict[int, Any] | None = None) -> Any:
        return value if self.library is torch else translated(value, memo)

    def _tensor(self, seed: int, shape: Any) -> Any:
        drawn = np.random.RandomState(seed)
        made = _odd(drawn, shape)
        if self.dtype.is_complex:
            made = made + 1j * _odd(drawn, shape)
        return self.library.tensor(made).to(self.dtype)

    def _gradient(self, k: int, i: int, p: Any) -> Any:
        """The i-th parameter's gradient at the k-th step, which lies as a backward would have it."""
        if (k, i) == (2, 1):
            return None
        made = self.library.empty_like(p, requires_grad=False)
        return made.zero_() if (k, i) == (3, 0) else made.copy_(self._tensor(100 * k + i, p.shape))

    def _parameters(self) -> list[Any]:
        matrices = self.name == "Muon"
        shapes: list[tuple[int, ...]] = [(3, 4), (5, 2), (2, 2)] if matrices else [(3, 4), (5,), (2, 3, 2)]
        made = [self.library.nn.Parameter(self._tensor(50 + i, shape)) for i, shape in enumerate(shapes)]
        if self.sample.arrangement == "odd":  # in another order in memory; large; of one element or of none
            made[0] = self.library.nn.Parameter(self._tensor(60, (4, 3)).t())
            made.append(self.library.nn.Parameter(self._tensor(61, (70, 300))))
            if not matrices:
                made.append(self.library.nn.Parameter(self._tensor(62, ())))
                if self.name != "Adafactor":  # which divides by the number of elements
                    made.append(self.library.nn.Parameter(self._tensor(63, (0, 3))))
        return made

    def _made(self, parameters: list[Any]) -> Any:
        options = self._own(self.sample.options)
        if self.sample.arrangement != "groups":
            return self.made(parameters, **options)
        second: dict[str, Any] = {"params": parameters[1:2], "lr": 0.03}
        third: dict[str, Any] = {"params": parameters[2:]}
        known = self.made(parameters, **options).defaults
        for name, value in (("weight_decay", 0.2), ("maximize", True), ("eps", 1e-3), ("momentum", 0.5)):
            if name in known and not isinstance(known[name], tuple):
                third[name] = value
        for name, value in (("amsgrad", True), ("nesterov", True), ("centered", True), ("betas", (0.7, 0.8))):
            if name in known:
                second[name] = value
        if self.name == "SGD":
            second["momentum"], second["dampening"] = 0.7, 0
        return self.made([{"params": parameters[:1]}, second, third], **options)

    def _step(self) -> Any:
        """One step from gradients that depend on the step alone; of LBFGS, from a function's."""
        k, self.steps = self.steps, self.steps + 1
        if OPTIMIZERS[self.name].step_requires_closure:
            goals = [self._tensor(30 + i, p.shape) for i, p in enumerate(self.parameters)]

            def closure() -> Any:
                self.optimizer.zero_grad()
                apart = [(p - goal).abs() for p, goal in zip(self.parameters, goals)]
                loss = sum((d * d + 0.1 * d * d * d * d).sum() for d in apart)
                loss.backward()
                return loss

            returned = self.optimizer.step(closure)
        else:
            for i, p in enumerate(self.parameters):
                p.grad = self._gradient(k, i, p)
            loss = self.library.tensor(float(k))
            returned = self.optimizer.step() if k % 2 else self.optimizer.step(lambda: loss)
        for scheduler in self.schedulers:
            plateau = type(scheduler).__name__ == "ReduceLROnPlateau"
            scheduler.step(*([1.0] if plateau else []))
        return returned, [p.detach() for p in self.parameters], self._state()

    def _state(self) -> Any:
        return copy.deepcopy(self.optimizer.state_dict())


_STEPS: tuple[Callable[[_Run], Any], ...] = (_Run.construction, _Run.stepping, _Run.copied)
_RECORDED: tuple[Callable[[_Run], Any], ...] = (_Run.construction, _Run.recorded)
_REFUSED: tuple[Callable[[_Run], Any], ...] = (_Run.refusal,)


def _odd(drawn: np.random.RandomState, shape: Any) -> Any:
    """Odd multiples of 1/64: neither they nor their sums with a tenth of a parameter vanish but for a rounding error."""
    return np.asarray((2 * drawn.randint(-64, 64, tuple(shape)) + 1) / 64)


def _across(theirs: _Run, ours: _Run) -> str | None:
    """Whether each library goes on from the state that the other saved, as the other goes on."""
    states = theirs.optimizer.state_dict(), ours.optimizer.state_dict()
    for here, there, state in ((theirs, ours, translated(states[0])), (ours, theirs, _theirs(states[1]))):
        original, resumed = copy.copy(here), copy.copy(there)
        for run in (original, resumed):
            run.schedulers = []
            run.parameters = [run.library.nn.Parameter(p.detach().clone()) for p in run.parameters]
            run.optimizer = run._made(run.parameters)
        original.optimizer.load_state_dict(copy.deepcopy(here.optimizer.state_dict()))
        resumed.optimizer.load_state_dict(state)
        pair = [original._step(), original._step()], [resumed._step(), resumed._step()]
        allowed = _allowed(here.name, str(here.dtype).removeprefix("torch."), here.sample)
        found = difference(
            *(pair if here is theirs else pair[::-1]), where=f"saved by {here.library.__name__} ", **allowed
        )
        if found is not None:
            return found
    return None


def _theirs(value: Any) -> Any:
    """A state of Adjoint's in PyTorch's tensors."""
    if isinstance(value, adjoint.Tensor):
        return torch.from_numpy(np.array(numbers(value))).to(getattr(torch, str(value.dtype).removeprefix("torch.")))
    if isinstance(value, dict):
        return {k: _theirs(v) for k, v in value.items()}
    return type(value)(map(_theirs, value)) if isinstance(value, (list, tuple)) else value


def _of_errors(theirs: BaseException | None, ours: BaseException | None) -> str | None:
    texts = [None if e is None else f"{type(e).__name__}: {e}" for e in (theirs, ours)]
    if all(text is None or "modified by an inplace operation" in text for text in texts) and texts[0]:
        return None  # what a step overwrites of that which its own derivative needs depends on how it is computed
    return None if texts[0] == texts[1] else f"raised: {texts[0]} | {texts[1]}"
