"""Updating: optimizers over large and small parameters, with all of their options, whose rules become kernels."""

from __future__ import annotations

import random
import re

from fuzz.families.large.writer import LARGE, Writer, tiny

_OPTIONS: dict[str, list[str]] = {
    "SGD": ["momentum=0.9", "nesterov=True, momentum=0.8", "dampening=0.2, momentum=0.9", "weight_decay=0.1", "maximize=True"],
    "Adam": ["amsgrad=True", "weight_decay=0.1", "betas=(0.5, 0.7)", "eps=1e-3", "maximize=True", "lr=torch.tensor(0.01)",
             "decoupled_weight_decay=True"],
    "AdamW": ["amsgrad=True", "weight_decay=0.2", "betas=(0.0, 0.9)", "maximize=True", "lr=torch.tensor(0.01)"],
    "NAdam": ["weight_decay=0.1", "momentum_decay=0.1", "decoupled_weight_decay=True", "maximize=True"],
    "RAdam": ["weight_decay=0.1", "betas=(0.8, 0.9)", "decoupled_weight_decay=True", "maximize=True"],
    "Adamax": ["weight_decay=0.1", "betas=(0.5, 0.7)", "maximize=True"],
    "Adagrad": ["lr_decay=0.1", "weight_decay=0.1", "initial_accumulator_value=0.5", "maximize=True"],
    "Adadelta": ["rho=0.5", "weight_decay=0.1", "lr=0.5", "maximize=True"],
    "RMSprop": ["momentum=0.9", "centered=True", "weight_decay=0.1", "alpha=0.5", "maximize=True"],
    "Rprop": ["etas=(0.4, 1.3)", "step_sizes=(1e-4, 1.0)", "maximize=True"],
    "ASGD": ["lambd=0.1", "weight_decay=0.1", "t0=1.0", "alpha=0.5", "maximize=True"],
}  # fmt: skip


def optimizer(r: random.Random) -> list[str]:
    """Some steps of an optimizer, with what users do between them; of what it writes, copies are compared: how often it
    writes is its own matter."""
    w = Writer(r)
    sizes = [w.shape, w.shape]
    sizes += [(r.choice((1, 5, 16, 100)),), (LARGE,), (LARGE + 1,), (2 * LARGE + 3,), (3, 7, 5)] if not tiny() else [(1,), (3, 5)]
    names = []
    for i in range(r.randint(1, 4)):
        shape = r.choice(sizes)
        x = w.add(w.numbers(shape), shape)
        if r.random() < 0.3:
            x = w.laid_out(x, shared=False)
        names.append(f"_p{i}")
        w.line(f"_p{i} = nn.Parameter({x}{r.choice(('', '', '.half()', '.clone()'))})")
    name = r.choice([*_OPTIONS])
    options = r.sample(_OPTIONS[name], r.choice((0, 1, 1, 2)))
    if len(options) == 2 and {*re.findall(r"(\w+)=", options[0])} & {*re.findall(r"(\w+)=", options[1])}:
        del options[1]
    given = "".join(f", {option}" for option in options)
    ways = ["", "", "", ", foreach=True", ", foreach=False"]
    if r.random() < 0.2 and len(names) > 1:
        groups = f"[{{'params': [{names[0]}]}}, {{'params': [{', '.join(names[1:])}], 'lr': 0.003}}]"
    else:
        groups = f"[{', '.join(names)}]"
    w.line(f"o = torch.optim.{name}({groups}{given}{r.choice(ways)})")
    for step in range(r.randint(1, 4)):
        _step(w, r, names, step)
    return w.lines


def _step(w: Writer, r: random.Random, names: list[str], step: int) -> None:
    way = r.random()
    if way < 0.3:
        some = names if r.random() < 0.7 else names[:1]
        w.line(f"sum((p.sin() * data({r.randint(0, 99)}, *p.shape, dtype=p.dtype)).sum() for p in [{', '.join(some)}]).backward()")
    else:
        for p in names:
            if r.random() < 0.85:
                laid = r.choice(("", "", "", ".transpose(0, -1).contiguous().transpose(0, -1)", ".flip(0)"))
                w.line(f"{p}.grad = data({r.randint(0, 99)}, *{p}.shape, dtype={p}.dtype){laid}")
    if r.random() < 0.15:
        w.line(f"n = nn.utils.clip_grad_norm_([{', '.join(names)}], {r.choice((0.5, 1.0, 100.0))})")
    if r.random() < 0.1:
        w.line(f"{names[0]}.grad = None")
    w.line("o.step()")
    after = r.random()
    if after < 0.3:
        w.line(f"o.zero_grad(set_to_none={r.random() < 0.5})")
    elif after < 0.4:
        w.line("o.load_state_dict(o.state_dict())")
    elif after < 0.5:
        w.line(f"o.param_groups[0]['lr'] = {r.choice((0.0, 0.5, 1e-4))}")
    elif after < 0.55:
        w.line(f"with torch.no_grad(): {names[0]}.mul_(0.5)")
    elif after < 0.6:
        w.line(f"{names[0]}.data = {names[0]}.data * 2")
    w.line(f"p, s = values([{', '.join(names)}]), values([*o.state.values()])")
