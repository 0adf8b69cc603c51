"""Training: small networks with every optimizer, scheduler, clipping, accumulation and parameter groups, stopped and resumed
in the middle: the same parameters after every stretch of steps."""

from __future__ import annotations

import random

from fuzz.compare import Settings
from fuzz.known import Case, Known
from fuzz.program import Program

NAME = "training"
COMPARED = Settings(version=False, graph=0, strides=False, errors="type", ulps=4e6)  # 1e-9 of float64
TESTED = 30


def _chaotic(case: Case) -> bool:
    lines = case.program.lines
    return case.found.key in ("value", "grad") and any("Rprop" in line or "LBFGS" in line for line in lines)


def _step_length(case: Case) -> bool:
    return case.found.path.startswith("state[") and case.found.path.endswith("['t']")


KNOWN = [
    Known("LBFGS keeps its first step's length as a number, PyTorch as a tensor", _step_length, goes_on=True),
    Known("Rprop's signs and LBFGS's differences of gradients make much of rounding errors: after steps, not compared", _chaotic)
]

PRELUDE = """
def reached(optimizer):
    '''What an optimizer keeps, as it would be saved, but for the numbers of its parameters' groups.'''
    return {k: dict(v) for k, v in optimizer.state_dict()["state"].items()}

def batch(step, *shape):
    return data(step, *shape, dtype=torch.float64, step=997)
"""

_OPTIMIZERS: dict[str, dict[str, list[object]]] = {
    "SGD": {"lr": [0.01, 0.1], "momentum": [0, 0.9], "weight_decay": [0, 0.1], "nesterov": [False], "maximize": [False, True]},
    "Adam": {"lr": [0.01], "betas": [(0.8, 0.9)], "eps": [1e-3], "weight_decay": [0, 0.1], "amsgrad": [False, True]},
    "AdamW": {"lr": [0.01], "weight_decay": [0.01, 0.3], "amsgrad": [False, True], "maximize": [False, True]},
    "Adamax": {"lr": [0.01], "weight_decay": [0, 0.1], "eps": [1e-3]},
    "NAdam": {"lr": [0.01], "momentum_decay": [0.004, 0.1], "weight_decay": [0, 0.1], "decoupled_weight_decay": [False, True]},
    "RAdam": {"lr": [0.01], "weight_decay": [0, 0.1], "decoupled_weight_decay": [False, True]},
    "Adagrad": {"lr": [0.05], "lr_decay": [0, 0.1], "weight_decay": [0, 0.1], "initial_accumulator_value": [0, 0.5]},
    "Adadelta": {"lr": [0.5], "rho": [0.9, 0.5], "weight_decay": [0, 0.1]},
    "RMSprop": {"lr": [0.01], "alpha": [0.9], "momentum": [0, 0.5], "centered": [False, True], "weight_decay": [0, 0.1]},
    "ASGD": {"lr": [0.05], "lambd": [1e-4, 0.1], "alpha": [0.75], "t0": [1, 100.0], "weight_decay": [0, 0.1]},
    "Rprop": {"lr": [0.01], "etas": [(0.5, 1.2), (0.3, 1.1)], "step_sizes": [(1e-4, 1.0)]},
    "LBFGS": {"lr": [0.1], "history_size": [2, 4], "line_search_fn": [None, "strong_wolfe"]},
}

_SCHEDULERS = [
    "StepLR(opt, 3, gamma=0.5)", "MultiStepLR(opt, [2, 5], gamma=0.3)", "ExponentialLR(opt, 0.9)",
    "CosineAnnealingLR(opt, 6, eta_min=0.001)", "CosineAnnealingWarmRestarts(opt, 4, T_mult=2)",
    "LinearLR(opt, start_factor=0.5, total_iters=4)", "ConstantLR(opt, factor=0.3, total_iters=3)",
    "PolynomialLR(opt, total_iters=9, power=2.0)", "LambdaLR(opt, lambda e: 0.95 ** e)",
    "MultiplicativeLR(opt, lambda e: 0.95)", "ReduceLROnPlateau(opt, patience=1, factor=0.5)",
    "OneCycleLR(opt, max_lr=0.05, total_steps=40, cycle_momentum=False)",
    "CyclicLR(opt, 0.001, 0.05, step_size_up=3, cycle_momentum=False)",
    "SequentialLR(opt, [lr.ConstantLR(opt, 0.1, 2), lr.ExponentialLR(opt, 0.9)], [3])",
    "ChainedScheduler([lr.ConstantLR(opt, 0.5, 3), lr.ExponentialLR(opt, 0.95)])",
]  # fmt: skip

_NETWORKS = [
    ("nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2))", "4, 3"),
    ("nn.Sequential(nn.Linear(3, 6), nn.LayerNorm(6), nn.GELU(), nn.Linear(6, 2))", "4, 3"),
    ("nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Softplus(), nn.Linear(4, 2))", "5, 3"),
    ("nn.Sequential(nn.Conv1d(2, 3, 3, padding=1), nn.SiLU(), nn.Flatten(), nn.Linear(12, 2))", "3, 2, 4"),
    ("nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.3), nn.Sigmoid(), nn.Linear(4, 2))", "4, 3"),
]

_LOSSES = ["F.mse_loss(out, goal)", "F.huber_loss(out, goal, delta=0.7)", "(out - goal).abs().pow(1.5).mean()",
           "F.cross_entropy(out, goal.softmax(1))"]  # fmt: skip


def generate(random: random.Random) -> Program:
    """A network, an optimizer, perhaps a scheduler; some steps, a save and a resumption, and more steps."""
    network, shape = random.choice(_NETWORKS)
    rows = shape.split(",")[0]
    name = random.choice(list(_OPTIMIZERS))
    options = {k: random.choice(v) for k, v in _OPTIMIZERS[name].items() if k == "lr" or random.random() < 0.6}
    if name == "SGD" and options.get("momentum") == 0.9 and random.random() < 0.5:
        options["nesterov"] = True
    if name == "LBFGS":
        options["max_iter"] = 2
    given = ", ".join(f"{k}={v!r}" for k, v in options.items())
    groups = name != "LBFGS" and random.random() < 0.3
    parameters = "m.parameters()"
    if groups:
        parameters = f"[{{'params': list(m[0].parameters())}}, {{'params': list(m[-1].parameters()), 'lr': {options['lr']!r} / 3}}]"
    scheduler = random.choice(_SCHEDULERS) if random.random() < 0.6 else None
    if scheduler and groups and ("CyclicLR" in scheduler or "OneCycle" in scheduler):
        scheduler = "ExponentialLR(opt, 0.9)"
    lines = [
        "lr = torch.optim.lr_scheduler",
        f"m = fill({network}, {random.randint(0, 50)}).double()",
        f"opt = torch.optim.{name}({parameters}, {given})",
    ]
    if scheduler:
        lines.append(f"_s = lr.{scheduler}")
    clip = random.choice(["", "", "nn.utils.clip_grad_norm_(m.parameters(), 0.5)", "nn.utils.clip_grad_value_(m.parameters(), 0.2)"])
    parts = random.choice([1, 1, 2]) if name != "LBFGS" else 1
    loss = random.choice(_LOSSES)
    target = f"batch(i + 500 + 100 * k, {rows}, 2)"
    body = [
        "    def closure():",
        f"        opt.zero_grad(set_to_none={random.random() < 0.7})",
        f"        for k in range({parts}):",
        f"            out, goal = m(batch(i + 100 * k, {shape})), {target}",
        f"            loss = {loss} / {parts}",
        "            loss.backward()",
        *([f"        {clip}"] if clip else []),
        "        return loss",
    ]
    step = "opt.step(closure)" if name == "LBFGS" or random.random() < 0.3 else "closure(); opt.step()"
    after = ("_s.step(float(closure()))" if "Plateau" in (scheduler or "") else "_s.step()") if scheduler else "pass"

    def stretch(first: int, count: int) -> str:
        return "\n".join([f"for i in range({first}, {first + count}):", *body, f"    {step}; {after}"])

    count = random.randint(2, 25) if name not in ("LBFGS", "Rprop") else 1
    total = 50 if name not in ("LBFGS", "Rprop") else count + 1
    lines += [stretch(0, count), "state = reached(opt)", "rates = [g['lr'] for g in opt.param_groups]"]
    if random.random() < 0.6:
        lines += [
            f"_saved = opt.state_dict(), m.state_dict(){', _s.state_dict()' if scheduler else ''}",
            f"m = fill({network}, 3).double()",
            f"opt = torch.optim.{name}({parameters}, {given})",
            "m.load_state_dict(_saved[1]); opt.load_state_dict(_saved[0])",
        ]
        if scheduler:
            lines += [f"_s = lr.{scheduler}", "_s.load_state_dict(_saved[2]); opt.load_state_dict(_saved[0])"]
    lines += [stretch(count, total - count), "state = reached(opt)", "rates = [g['lr'] for g in opt.param_groups]"]
    return Program(lines, PRELUDE)
