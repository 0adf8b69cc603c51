"""Loops: where batches come from, what a step consists of, and what happens between stretches of steps."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from fuzz.families.training.networks import Network
from fuzz.families.training.updates import CUSTOM

ROWS = 12


def batches(random: random.Random, network: Network) -> list[str]:
    """Lines that make data, and ``_batches``, which yields pairs of what is given and what is wanted, for ever."""
    shape = ", ".join(map(str, (ROWS, *network.row)))
    if network.words:
        lines = [f"_x = data({random.randrange(50)}, {shape}, low=0, high=8, step=1, dtype=torch.int64)"]
    else:
        lines = [f"_x = data({random.randrange(50)}, {shape}, dtype=_kind, step=1000)"]
    lines.append(f"_y = data({random.randrange(50)}, {ROWS}, 2, dtype=_kind, step=1000)")
    if random.random() < 0.6:
        size = random.choice([4, 3, 12])
        return [*lines, f"_batches = cycle([(_x[i : i + {size}], _y[i : i + {size}]) for i in range(0, {ROWS}, {size})])"]
    seeded = f"generator=torch.Generator().manual_seed({random.randrange(9)})"
    dataset = random.choice([
        "from_data.TensorDataset(_x, _y)", "from_data.TensorDataset(_x, _y)",
        f"from_data.random_split(from_data.TensorDataset(_x, _y), [9, 3], {seeded})[0]",
        f"from_data.random_split(from_data.TensorDataset(_x, _y), [0.75, 0.25], {seeded})[0]",
        "from_data.Subset(from_data.TensorDataset(_x, _y), [7, 1, 1, 4, 0, 9])",
        "from_data.ConcatDataset([from_data.TensorDataset(_x[:5], _y[:5]), from_data.TensorDataset(_x[4:], _y[4:])])",
        "list(zip(_x, _y))",
    ])  # fmt: skip
    how = random.choice([
        f"4, shuffle=True, {seeded}", "4, shuffle=True, drop_last=True", "3", "batch_size=6, drop_last=True",
        f"3, sampler=from_data.RandomSampler(_set, replacement=True, num_samples=7, {seeded})",
        f"4, sampler=from_data.WeightedRandomSampler([1.0, 2.0, 3.0, 4.0, 0.5], 9, {seeded})",
        f"2, sampler=from_data.SubsetRandomSampler([0, 3, 4, 2], {seeded})",
        "batch_sampler=from_data.BatchSampler(from_data.SequentialSampler(_set), 5, False)",
        "4, shuffle=True, collate_fn=lambda rows: tuple(torch.stack(part) for part in zip(*rows))",
    ])  # fmt: skip
    return [*lines, f"_set = {dataset}", f"_batches = cycle(from_data.DataLoader(_set, {how}))"]


@dataclass
class Loop:
    """A program's loop: how model, optimizer and scheduler are made, and the lines of a step."""

    network: Network
    name: str
    given: str
    options: str
    seed: int
    scheduler: str | None = None
    step: list[str] = field(default_factory=list)
    preparation: list[str] = field(default_factory=list)
    ending: list[str] = field(default_factory=list)
    averaged: bool = False

    @property
    def made(self) -> str:
        """The optimizer's class."""
        return self.name if self.name in CUSTOM else f"torch.optim.{self.name}"

    @property
    def plateau(self) -> bool:
        """Whether the scheduler wants to know the loss."""
        return "Plateau" in (self.scheduler or "")

    def beginning(self, seed: int | None = None) -> list[str]:
        """Model, optimizer and scheduler, new."""
        seed = self.seed if seed is None else seed
        lines = [f"m = begin({self.network.source}, {seed}).to(_kind)", f"opt = {self.made}({self.given}, {self.options})"]
        return lines if self.scheduler is None else [*lines, f"_s = {self.scheduler}"]

    def stretch(self, first: int, last: int) -> str:
        """The steps from one to another."""
        return "\n    ".join([f"for i in range({first}, {last}):", *self.step])

    def draw(self, random: random.Random, once: bool) -> None:
        """Decide what a step consists of; ``once``: of no second derivatives."""
        zero = f"opt.zero_grad(set_to_none={random.random() < 0.7})"
        backward = self._backward(random, once)
        clip = random.choice([
            "", "", "", "nn.utils.clip_grad_norm_(m.parameters(), 0.5)", "nn.utils.clip_grad_value_(m.parameters(), 0.2)",
            "nn.utils.clip_grad_norm_(m.parameters(), 0.3, norm_type=math.inf, error_if_nonfinite=True)",
            "nn.utils.clip_grad_norm_(m.parameters(), 1.0, norm_type=1, foreach=True)",
            "nn.utils.clip_grads_with_norm_(m.parameters(), 0.5, nn.utils.get_total_norm([p.grad for p in m.parameters() if p.grad is "
            "not None]))",
            "next(m.parameters()).grad = None", "[p.grad.add_(0.01 * i) for p in m.parameters() if p.grad is not None]",
        ])  # fmt: skip
        if any("_u." in line for line in backward):  # an adversary
            self.preparation += [
                "d = begin(nn.Sequential(nn.Linear(2, 3), nn.LeakyReLU(0.2), nn.Linear(3, 1)), 7).to(_kind)",
                "_u = torch.optim.RMSprop(d.parameters(), 0.01)",
            ]
        if self.name == "LBFGS" or random.random() < 0.15:
            body = [zero, *backward, *filter(None, [clip]), "return loss"]
            self.step = ["_a, _b = next(_batches)", "def _closure():", *[f"    {line}" for line in body], "loss = opt.step(_closure)"]
        else:
            self.step = ["_a, _b = next(_batches)", zero, *backward, *filter(None, [clip]), "opt.step()"]
        if self.scheduler:
            self.step.append("_s.step(loss.item())" if self.plateau else "_s.step()")
        self._hooks(random)
        self._average(random)

    def _backward(self, random: random.Random, once: bool) -> list[str]:
        """How gradients come about; leaves ``loss``."""
        parameters = "[p for p in m.parameters() if p.requires_grad]"
        plain = ["loss = loss_of(_a, _b)", "loss.backward()"]
        functional = "lambda a: func.functional_call(m, _q, (a,))"
        first = [
            *[plain] * 6,
            ["loss = loss_of(_a, _b) / 2", "loss.backward()", "(loss_of(_a.flip(0), _b.flip(0)) / 2).backward()"],
            ["loss = loss_of(_a, _b)", "(loss * 1024.0).backward()",
             "[p.grad.div_(1024.0) for p in m.parameters() if p.grad is not None]"],
            ["loss = loss_of(_a, _b) + 0.01 * sum(p.abs().sum() for p in m.parameters())", "loss.backward()"],
            [f"_p = {parameters}", "loss = loss_of(_a, _b)",
             "for p, g in zip(_p, torch.autograd.grad(loss, _p, allow_unused=True)):", "    p.grad = g"],
            ["loss_of(_a, _b).backward()", "_d = [0 if p.grad is None else 0.05 * p.grad for p in m.parameters()]",
             "with torch.no_grad(): [p.add_(d) for p, d in zip(m.parameters(), _d)]", "m.zero_grad()", "loss = loss_of(_a, _b)",
             "loss.backward()", "with torch.no_grad(): [p.sub_(d) for p, d in zip(m.parameters(), _d)]"],
            ["loss = loss_of(_a, _b)", "loss.backward(retain_graph=True)", "loss.backward()"],
            ["_u.zero_grad()", "loss = F.softplus(d(m(_a).detach())).mean() + F.softplus(-d(_b)).mean()", "loss.backward()", "_u.step()",
             "loss = loss_of(_a, _b) + F.softplus(-d(m(_a))).mean()", "loss.backward()"],
        ]  # fmt: skip
        if "BatchNorm" not in self.network.source:  # which writes to what a transform's function captures
            first.append([
                "_q = {n: p.detach() for n, p in m.named_parameters()}",
                f"_g, loss = func.grad_and_value(lambda _q: loss_of(_a, _b, {functional}))(_q)",
                "for n, p in m.named_parameters():", "    p.grad = _g[n]",
            ])  # fmt: skip
        second = [
            ["loss = loss_of(_a, _b)", f"_g = torch.autograd.grad(loss, {parameters}, create_graph=True, allow_unused=True)",
             "loss = loss + 0.1 * sum(g.square().sum() for g in _g if g is not None)", "loss.backward()"],
            ["_q = {n: p for n, p in m.named_parameters() if p.requires_grad}", f"_first = loss_of(_a, _b, {functional})",
             "_d = torch.autograd.grad(_first, list(_q.values()), create_graph=True, allow_unused=True)",
             "_q = {n: p if g is None else p - 0.1 * g for (n, p), g in zip(_q.items(), _d)}",
             f"loss = loss_of(_a.flip(0), _b.flip(0), {functional})", "loss.backward()"],
        ]  # fmt: skip
        if not self.network.words:
            second.append([
                "_a = _a.clone().requires_grad_()", "loss = loss_of(_a, _b)", "_g, = torch.autograd.grad(loss, _a, create_graph=True)",
                "loss = loss + (_g.flatten(1).norm(dim=1) - 1).square().mean()", "loss.backward()",
            ])  # fmt: skip
        return random.choice(first if once or random.random() < 0.75 else second)

    def _hooks(self, random: random.Random) -> None:
        if random.random() < 0.85:
            return
        function = any("func.grad" in line for line in self.step)  # inside of which PyTorch has no hooks on modules' gradients
        hook = random.choice([
            "_h = opt.register_step_pre_hook(lambda o, args, kwargs: [p.grad.mul_(0.5) for g in o.param_groups for p in g['params'] "
            "if p.grad is not None] and None)",
            "_h = opt.register_step_post_hook(lambda o, args, kwargs: rates.append(o.param_groups[0]['lr']))",
            "_h = [p.register_hook(lambda g: g * 0.5) for p in m.parameters()]",
            "_h = next(m.parameters()).register_post_accumulate_grad_hook(lambda p: setattr(p, 'grad', p.grad.clamp(-0.1, 0.1)))",
            *(["_h = m.register_full_backward_hook(lambda m, gi, go: (gi[0] * 0.5,) if gi[0] is not None else None)"] if not function
              else []),
            "_h = m.register_forward_hook(lambda m, args, out: out * 1.5)",
            "_u = {p: torch.optim.Adam([p], 0.01) for p in m.parameters()}\n"
            "for p in m.parameters(): p.register_post_accumulate_grad_hook(lambda p: _u[p].step() or _u[p].zero_grad())",
            "_h = opt.register_state_dict_post_hook(lambda o, d: d.update(note=[3]))",
            "_h = opt.register_load_state_dict_pre_hook(lambda o, d: {**d, 'state': d['state']})",
        ])  # fmt: skip
        self.preparation += ["rates = []", hook]

    def _average(self, random: random.Random) -> None:
        if random.random() < 0.85:
            return
        how = random.choice([
            "", ", use_buffers=True", ", avg_fn=lambda a, p, n: 0.7 * a + 0.3 * p",
            ", multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.9)",
            ", multi_avg_fn=torch.optim.swa_utils.get_swa_multi_avg_fn()", ", avg_fn=torch.optim.swa_utils.get_ema_avg_fn(0.8)",
        ])  # fmt: skip
        self.averaged = True
        self.preparation.append(f"ema = torch.optim.swa_utils.AveragedModel(m{how})")
        self.step.append("ema.update_parameters(m)")
        self.ending.append("torch.optim.swa_utils.update_bn([(_x[:6],), (_x[6:],)], ema)")
        self.ending.append("out = ema(_x)")


def events(random: random.Random, loop: Loop) -> list[str]:
    """What happens between two stretches."""
    schedule = loop.scheduler
    packed = "m, opt, _s" if schedule else "m, opt"
    resumed = [
        f"_saved = opt.state_dict(), m.state_dict(){', _s.state_dict()' if schedule else ''}", *loop.beginning(3),
        "m.load_state_dict(_saved[1])", "opt.load_state_dict(_saved[0])",
    ]  # fmt: skip
    if schedule:
        resumed += ["_s.load_state_dict(_saved[2])", "opt.load_state_dict(_saved[0])"]
    choices = [
        *[resumed] * 4,
        [line.replace("_saved = ", "_saved = saved((", 1) + "))" if line.startswith("_saved = ") else line for line in resumed],
        ["for p in list(m.parameters())[:1]: p.requires_grad_(False)"],
        ["for p in list(m.parameters())[:1]: p.requires_grad_(False); p.grad = None"],
        ["for g in opt.param_groups: g['lr'] = g['lr'] * 0.5"],
        ["for p in m.parameters(): p.data = p.data.clone()"],
        ["with torch.no_grad(): nn.utils.vector_to_parameters(nn.utils.parameters_to_vector(m.parameters()) * 0.9, m.parameters())"],
        ["m.eval()", "out = m(_x)", "m.train()"], ["m.eval()"],
        ["with torch.no_grad(): loss = loss_of(_x, _y)"], ["opt.state.clear()"], ["opt.zero_grad(); opt.step(lambda: loss_of(_x, _y))"],
        ["m.load_state_dict({k: v * 0.5 if v.is_floating_point() else v for k, v in m.state_dict().items()})"],
    ]  # fmt: skip
    if loop.name != "LBFGS":  # of which PyTorch's copies have lost the parameters
        choices += [[f"{packed} = copy.deepcopy(({packed}))"]] * 2
        if loop.network.portable and loop.name not in CUSTOM and "Wave" not in (schedule or "") and "lambda" not in (schedule or "") and "cycle_momentum" not in (schedule or ""):
            choices += [[f"{packed} = {way}"] for way in (f"pickle.loads(pickle.dumps(({packed})))", f"saved(({packed}))")]
        if not schedule and "named" not in loop.given:
            choices.append(["opt.add_param_group({'params': [nn.Parameter(torch.ones(2, dtype=_kind))], 'lr': 0.3})"])
        if "weight_decay" in loop.options:
            choices.append(["opt.param_groups[0]['weight_decay'] = 0.3"])
    if schedule and schedule.startswith(("lr.StepLR", "lr.Exp", "lr.CosineAnnealingLR", "lr.Poly")):
        choices.append([f"_s = {schedule[:-1]}, last_epoch=i)"])
    return random.choice(choices)
