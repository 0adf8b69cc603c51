"""Updates: optimizers with their options, parameter groups, and schedules of learning rates."""

from __future__ import annotations

import random

PRELUDE = """
class Lion(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.99), weight_decay=0.0):
        super().__init__(params, dict(lr=lr, betas=betas, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if len(state) == 0:
                    state["exp_avg"] = torch.zeros_like(p)
                first, second = group["betas"]
                p.mul_(1 - group["lr"] * group["weight_decay"])
                update = (state["exp_avg"] * first).add_(p.grad, alpha=1 - first)
                p.add_(update.mul_(50).tanh_(), alpha=-group["lr"])
                state["exp_avg"].mul_(second).add_(p.grad, alpha=1 - second)
        return loss

class Lookahead(torch.optim.SGD):
    def step(self, closure=None):
        loss = super().step(closure)
        for group in self.param_groups:
            group.setdefault("count", 0)
            group["count"] += 1
            for p in group["params"]:
                slow = self.state[p].setdefault("slow", p.data.clone())
                if group["count"] % 3 == 0:
                    slow += (p.data - slow) * 0.5
                    p.data.copy_(slow)
        return loss

class Wave(torch.optim.lr_scheduler.LRScheduler):
    def __init__(self, optimizer, size, last_epoch=-1):
        self.size = size
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        return [base * (1 + self.size * math.sin(self.last_epoch)) for base in self.base_lrs]
"""
"""Optimizers and a scheduler as users write them."""

CUSTOM = ("Lion", "Lookahead")

OPTIMIZERS: dict[str, dict[str, list[object]]] = {
    "SGD": {"lr": [0.01, 0.1], "momentum": [0, 0.9], "weight_decay": [0, 0.1], "maximize": [False, True]},
    "Adam": {"lr": [0.01], "betas": [(0.8, 0.9), (0.0, 0.9)], "eps": [1e-3, 1e-8], "weight_decay": [0.1], "amsgrad": [True],
             "decoupled_weight_decay": [True]},
    "AdamW": {"lr": [0.01], "weight_decay": [0.0, 0.3], "amsgrad": [True], "betas": [(0.8, 0.9)]},
    "Adamax": {"lr": [0.01], "weight_decay": [0.1], "eps": [1e-3]},
    "NAdam": {"lr": [0.01], "momentum_decay": [0.1], "weight_decay": [0.1], "decoupled_weight_decay": [True]},
    "RAdam": {"lr": [0.01], "betas": [(0.7, 0.8), (0.9, 0.99)], "weight_decay": [0.1], "decoupled_weight_decay": [True]},
    "Adagrad": {"lr": [0.05], "lr_decay": [0.1], "weight_decay": [0.1], "initial_accumulator_value": [0.5], "eps": [1e-6, 1e-5]},
    "Adadelta": {"lr": [0.5], "rho": [0.5], "weight_decay": [0.1]},
    "RMSprop": {"lr": [0.01], "alpha": [0.9], "momentum": [0.5], "centered": [True], "weight_decay": [0.1], "eps": [1e-4]},
    "ASGD": {"lr": [0.05], "lambd": [0.1], "alpha": [0.5], "t0": [1, 20.0], "weight_decay": [0.1]},
    "Adafactor": {"lr": [0.05], "beta2_decay": [-0.5], "eps": [(1e-6, 1e-2), (1e-5, 1e-3)], "d": [2.0], "weight_decay": [0.1]},
    "Lion": {"lr": [0.01], "betas": [(0.5, 0.9)], "weight_decay": [0.1]},
    "Lookahead": {"lr": [0.1], "momentum": [0.9], "weight_decay": [0.1]},
    "Rprop": {"lr": [0.01], "etas": [(0.3, 1.1)], "step_sizes": [(1e-4, 1.0)]},
    "LBFGS": {"lr": [0.1, 1.0], "history_size": [2, 4], "line_search_fn": ["strong_wolfe"], "max_iter": [2, 4], "max_eval": [5],
              "tolerance_grad": [1e-3], "tolerance_change": [1e-4]},
}  # fmt: skip
"""The options of each; all but the rate, and what keeps rounding errors from being made much of, are left out now and then."""

_ALWAYS = {("Adagrad", "eps"), ("Adafactor", "eps"), ("LBFGS", "max_iter")}

_FUSED = ("SGD", "Adam", "AdamW", "Adagrad")


def options(random: random.Random, name: str) -> dict[str, str]:
    """Options of an optimizer, as source."""
    chosen = {k: repr(random.choice(v)) for k, v in OPTIMIZERS[name].items() if k == "lr" or (name, k) in _ALWAYS or random.random() < 0.4}
    if name == "SGD" and chosen.get("momentum") == "0.9":
        chosen.update(random.choice([{}, {"nesterov": "True"}, {"dampening": "0.3"}]))
    if name == "LBFGS" or name in CUSTOM:
        return chosen
    way = random.random()
    if name not in ("SGD", "Rprop") and way > 0.9:
        chosen["maximize"] = "True"
    if way < 0.15:
        chosen["foreach"] = "True"
    elif way < 0.25 and name in _FUSED:
        chosen["fused"] = "True"
    elif way < 0.35 and name != "RMSprop":
        chosen["lr"] = f"torch.tensor({chosen['lr']}, dtype=torch.float64)"
    return chosen


def parameters(random: random.Random, name: str, chosen: dict[str, str]) -> str:
    """What an optimizer is given: all parameters, or groups of them with options of their own."""
    if name == "LBFGS" or random.random() < 0.55:
        return random.choice(["m.parameters()", "m.parameters()", "m.named_parameters()", "[p for p in m.parameters()]"])
    second = [f"'lr': {chosen['lr']} / 3"]
    if "weight_decay" in OPTIMIZERS[name]:
        second.append("'weight_decay': 0.2")
    if name == "SGD":
        second = [*second, "'momentum': 0.5"] if "nesterov" not in chosen else second
    if name in ("Adam", "AdamW"):
        second.append("'betas': (0.5, 0.6)")
    if name == "RMSprop" and "momentum" not in chosen:
        second.append("'momentum': 0.3")
    given = ", ".join(random.sample(second, random.randint(1, len(second))))
    split = random.choice([
        ("[p for p in m.parameters() if p.dim() > 1]", "[p for p in m.parameters() if p.dim() < 2]"),
        ("list(m.parameters())[:1]", "list(m.parameters())[1:]"),
        ("[p for n, p in m.named_parameters() if 'bias' not in n]", "[p for n, p in m.named_parameters() if 'bias' in n]"),
    ])  # fmt: skip
    return f"[{{'params': {split[0]}}}, {{'params': {split[1]}, {given}}}]"


def schedule(random: random.Random, chosen: dict[str, str], groups: bool) -> str:
    """A scheduler of ``opt``."""
    simple = [
        "StepLR(opt, 3, gamma=0.5)", "MultiStepLR(opt, [2, 5, 5], gamma=0.3)", "ExponentialLR(opt, 0.9)",
        "CosineAnnealingLR(opt, 6, eta_min=0.001)", "LinearLR(opt, start_factor=0.5, total_iters=4)",
        "ConstantLR(opt, factor=0.3, total_iters=3)", "PolynomialLR(opt, total_iters=9, power=2.0)",
        "LambdaLR(opt, lambda e: 0.95 ** e)", "MultiplicativeLR(opt, lambda e: 0.95)",
        "Wave(opt, 0.5)",
    ]  # fmt: skip
    cycled = "True" if ("momentum" in chosen and chosen["momentum"] != "0") or "betas" in chosen else "False"
    others = [
        "CosineAnnealingWarmRestarts(opt, 4, T_mult=2)", "CosineAnnealingWarmRestarts(opt, 3, eta_min=0.002)",
        "ReduceLROnPlateau(opt, patience=1, factor=0.5)",
        "ReduceLROnPlateau(opt, mode='max', patience=0, cooldown=2, threshold=0.01, threshold_mode='abs', min_lr=0.002)",
        f"OneCycleLR(opt, max_lr=0.05, total_steps=60, cycle_momentum={cycled})",
        f"OneCycleLR(opt, max_lr=0.05, epochs=6, steps_per_epoch=10, pct_start=0.4, anneal_strategy='linear', three_phase=True, "
        f"cycle_momentum={cycled})",
        f"CyclicLR(opt, 0.001, 0.05, step_size_up=3, step_size_down=2, mode='triangular2', cycle_momentum={cycled})",
        f"CyclicLR(opt, 0.001, 0.05, step_size_up=3, mode='exp_range', gamma=0.98, cycle_momentum={cycled})",
        "CyclicLR(opt, 0.001, 0.05, step_size_up=2, scale_fn=lambda x: 1 / (1 + x), scale_mode='iterations', cycle_momentum=False)",
        "SWALR(opt, swa_lr=0.02, anneal_epochs=5)", "SWALR(opt, swa_lr=0.02, anneal_epochs=4, anneal_strategy='linear')",
    ]  # fmt: skip
    kind = random.random()
    if kind < 0.4:
        made = random.choice(simple)
    elif kind < 0.75:
        made = random.choice(others)
    else:
        first, second, third = (_named(s) for s in random.sample(simple, 3))
        made = random.choice([
            f"SequentialLR(opt, [{first}, {second}], [3])", f"SequentialLR(opt, [{first}, {second}, {third}], [2, 6])",
            f"ChainedScheduler([{first}, {second}])",
            f"SequentialLR(opt, [{first}, lr.CosineAnnealingWarmRestarts(opt, 3)], [4])",
        ])  # fmt: skip
    if groups and made.startswith("LambdaLR"):
        made = "LambdaLR(opt, [lambda e: 0.95 ** e, lambda e: 1 / (1 + e)])"
    return _named(made)


def _named(made: str) -> str:
    """A scheduler's call with the name of its module."""
    if made.startswith("Wave"):
        return made
    return ("torch.optim.swa_utils." if made.startswith("SWALR") else "lr.") + made
