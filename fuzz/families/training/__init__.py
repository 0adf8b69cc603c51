"""Training: small networks of every kind of layer with every optimizer and scheduler, in the loops that people write: batches
from loaders, accumulation, clipping, penalties on gradients, averages, hooks; stopped, changed and resumed in the middle.

Parameters, gradients, the optimizer's whole state and the rates are compared after every stretch of steps, in double
precision to 1e-9.  Where a stretch makes more of rounding errors than that (signs of gradients, differences of nearly equal
ones), PyTorch itself tells how much: the run that decides starts a few last digits away.
"""

from __future__ import annotations

import random

import numpy as np

from fuzz.compare import Settings
from fuzz.families.training import networks, updates
from fuzz.families.training.loops import Loop, batches, events
from fuzz.known import Case, Known
from fuzz.program import Program
from fuzz.run import Run, array, quiet

NAME = "training"
COMPARED = Settings(version=False, graph=0, strides=False, errors="type", relative=1e-9)
TESTED = 50


def _decides(case: Case) -> bool:
    """Whether LBFGS differs where PyTorch's own, begun a few last digits away, takes other decisions or other steps."""
    if not any("optim.LBFGS" in line for line in case.program.lines):
        return False
    with quiet():
        nudged = Run(case.program, "wide")
        for line in case.program.lines[: case.found.line + 1]:
            nudged.step(line)
    theirs, again = (dict(run.parts("state")) for run in (case.runs[0], nudged))
    if list(theirs) != list(again):
        return True
    apart = 0.0
    for path, value in theirs.items():
        if isinstance(value, int):
            if value != again[path]:
                return True
        elif isinstance(value, case.runs[0].library.Tensor):
            a, b = array(value), array(again[path])
            apart = max(apart, float(np.abs(a - b).max(initial=0) / max(np.abs(a).max(initial=0), 1e-30)))
    if isinstance(case.found.pytorch, np.ndarray) and isinstance(case.found.adjoint, np.ndarray):
        a, b = case.found.pytorch, case.found.adjoint
        return bool(np.abs(a - b).max(initial=0) <= 300 * apart * max(np.abs(a).max(initial=0), 1e-3))
    return apart > 1e-7


def _rate_of_zero(case: Case) -> bool:
    return (
        case.found.key == "raised"
        and case.texts == ("float division by zero", "")
        and any("strong_wolfe" in line for line in case.program.lines)
    )


def _overflows(case: Case) -> bool:
    value = case.found.pytorch
    return (
        any("soft_margin_loss" in line for line in case.program.lines)
        and isinstance(value, np.ndarray)
        and not np.isfinite(value).all()
    )


KNOWN = [
    Known("LBFGS makes so much of a few last digits that PyTorch's own goes elsewhere", _decides),
    Known("PyTorch's line search divides by a rate of zero", _rate_of_zero),
    Known("PyTorch's soft_margin_loss is infinite from 710 on", _overflows),
]

PRELUDE = (
    """
import copy, io, pickle
lr = torch.optim.lr_scheduler
from_data = __import__(torch.__name__ + ".utils.data", fromlist=["x"])

def begin(module, seed):
    '''The module filled with numbers; in the run that tells what rounding errors come to, a few last digits away.'''
    fill(module, seed)
    if type(torch).__name__ == "Wide":
        with torch.no_grad():
            for p in module.parameters():
                p.add_(data(seed, *p.shape, dtype=p.dtype), alpha=1e-14)
    return module

def reached(optimizer):
    '''What an optimizer keeps, as it would be saved, but for the numbers of its parameters' groups.'''
    return {k: dict(v) for k, v in optimizer.state_dict()["state"].items()}

def cycle(loader):
    '''What a loader yields, for ever; a loader without batches has an end.'''
    batch = ()
    while batch is not None:
        batch = None
        for batch in loader:
            yield batch

def saved(value):
    file = io.BytesIO()
    library = __import__(torch.__name__)
    library.save(value, file)
    file.seek(0)
    return library.load(file, weights_only=False)
"""
    + networks.PRELUDE
    + updates.PRELUDE
)


def generate(random: random.Random) -> Program:
    """A network, an optimizer, perhaps a scheduler; some stretches of steps, and something in between."""
    network, loss = networks.network(random), networks.loss(random)
    name = random.choice(list(updates.OPTIMIZERS))
    if name == "Rprop" and "Attentive" in network.source:  # the gradient of keys' biases is 0, and its sign rounding's
        name = "AdamW"
    # Nor sums of as many 1 as -1, nor the slope along what a loss does not depend on
    if name == "Rprop" and any(word in loss for word in ("l1_loss", "margin_loss", "hinge", "abs()", "cosine")):
        loss = "F.mse_loss(out, goal)"
    options = updates.options(random, name)
    given = updates.parameters(random, name, options)
    kind = random.choices(["float64", "float32", "bfloat16"], [88, 10, 2])[0]
    if name == "LBFGS":
        kind = "float64"
    loop = Loop(network, name, given, ", ".join(f"{k}={v}" for k, v in options.items()), random.randint(0, 50))
    if random.random() < 0.55:
        loop.scheduler = updates.schedule(random, options, given.startswith("[{"))
    lines = [f"_kind = torch.{kind}", *batches(random, network), *loop.beginning()]
    lines.append(f"def loss_of(a, b, model=None):\n    out, goal = (model or m)(a), b\n    return {loss}")
    # PyTorch has no second derivatives of them, or, of frequencies, wrong ones
    lacking = ("bag=True", "Attentive", "multi_margin", "scale_grad_by_freq")
    loop.draw(random, once=any(word in network.source + loss for word in lacking))
    lines += loop.preparation
    total = 50 if random.random() < 0.25 else 12
    stretches = random.choice([1, 2, 2, 2, 3])
    first = 0
    for k in range(stretches):
        last = total if k == stretches - 1 else first + max(1, (total - first) // random.randint(2, 4))
        lines += [loop.stretch(first, last), "state = reached(opt)", "rates = [g['lr'] for g in opt.param_groups]"]
        first = last
        if k < stretches - 1:
            lines += events(random, loop)
    lines += loop.ending
    return Program(lines, PRELUDE)
