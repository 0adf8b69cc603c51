"""Waiting: a step of training whose gradients are put off within the backward, and what the user's code does meanwhile.

In a backward through large arrays gradients are noted before they are computed.  Hooks, Functions, what saved tensors are
unpacked by and other threads may write to what they are computed from: to parameters, to saved arrays through views, ``data``
and NumPy's memory, to gradients that have been taken over.  Each must come before or after a node as it does in PyTorch.
"""

from __future__ import annotations

import random

from fuzz.families.large.writer import Writer

_LINKS = [
    "{0} * {1}", "{0} * {1}", "{0} + {1}", "{0} - {1}", "{0} * {0}", "{0}.sin()", "{0}.tanh()", "{0} * 1.5", "{0}.sigmoid() * {1}",
    "{0} / ({1}.abs() + 1)", "({0} * 0.3).exp()", "torch.where({0} > {1}, {0}, {1})", "{0}.flip(0)", "{0}.reshape(-1).view_as({0})",
    "Scale.apply({0})", "{0}.softmax(-1)", "{0}.cumsum(0) * 0.1", "{0}.clamp(-1, 1)", "F.relu({0})", "torch.addcmul({0}, {1}, {1})",
    "{0}.clone().mul_({1})", "({0} * 2).add_({1})", "torch.lerp({0}, {1}, 0.3)", "({0} * {1}).tanh_()", "{0} - {0}.mean()",
    "{0} * {1}.sum(0)", "{0}.pow(2)", "kept({0}, {1})", "torch.stack([{0} * 1, {1} * 1]).sum(0)", "({0}, {1})[0]",
]  # fmt: skip
_EFFECTS = [  # in the middle of a backward
    "{p}.data.mul_(2)", "{p}.detach().zero_()", "_memory.fill(0.5)", "_memory[:1].fill(3)", "{t}.data.fill_(0.25)", "{t}.detach().mul_(2)",
    "{p}.data[:1].fill_(2)", "{p}.grad is None or {p}.grad.mul_(2)", "setattr({p}, 'grad', None)",
    "seen.append(None if {p}.grad is None else {p}.grad.clone())", "seen.append({p}.grad)", "({p} * {p}).sum().backward()",
    "seen.append(torch.autograd.grad(({p} * {p}).sum(), {p})[0])", "stop()", "stop()", "o.step()", "o.zero_grad()",
    "written({p})", "written({t})", "{p}.set_({p}.detach() * 2)", "{p}.requires_grad_(False)", "apart(lambda: ({p} * 3).sum().backward())",
    "setattr({p}, 'grad', {p}.detach() * 2)", "nn.utils.clip_grad_norm_([{p}], 0.5)", "{p}.data.copy_({t}.detach())",
    "setattr({p}, 'data', {p}.detach() * 2)", "{p}.grad is None or {p}.grad.detach().numpy().fill(0.5)",
]  # fmt: skip
_WAYS = [  # in which the user's code gets into it
    "{t}.register_hook(does(lambda: {e}))", "{t}.register_hook(does(lambda: {e}))", "{p}.register_hook(does(lambda: {e}))",
    "{p}.register_post_accumulate_grad_hook(does(lambda: {e}))", "{t}.grad_fn.register_hook(does(lambda: {e}))",
    "{t}.grad_fn.register_prehook(does(lambda: {e}))", "{t} = Acting.apply({t}, lambda: {e})", "{t} = Acting.apply({t}, lambda: {e})",
    "with torch.autograd.graph.saved_tensors_hooks(lambda x: x, unpacking(lambda: {e})): {t} = {t} * {p}",
]  # fmt: skip
_BETWEEN = [  # before the backward, or between two
    "with torch.no_grad(): {p}.mul_(2)", "{p}.data.mul_(2)", "_memory.fill(0.5)", "{t}.data.fill_(0.25)", "{p}.requires_grad_(False)",
    "{p}.requires_grad_(True)", "{p}.grad = None", "{p}.grad = torch.ones_like({p})", "held = {p}.grad", "o.zero_grad()",
    "o.zero_grad(set_to_none=False)", "n = nn.utils.clip_grad_norm_([{p}], 0.5)", "c = copy.deepcopy({p})", "o.step()",
    "held = {p}.grad; held is None or held.mul_(2)", "held = {p}.grad\nwith torch.no_grad(): held is None or held.add_(1)",
    "{p}.detach().resize_(3)", "{p}.data = {p}.detach() + 1", "del {t}", "{t}.retain_grad()", "{t} = {t}.detach()",
    "{p}.grad is None or {p}.grad.zero_()", "{p}.grad, {q}.grad = {q}.grad, {p}.grad", "c = pickle.loads(pickle.dumps({p}.detach())).clone()",
    "{p}.grad is None or {p}.grad.t_()", "{t}[0] = 0.5", "{t}.mul_(2)", "with torch.no_grad(): {p}.copy_({q})", "{p}.data = {q}.data",
    "with torch.no_grad(): {p}.set_({q}.detach() * 1)", "held = {p}.grad; {p}.grad = held", "{p}.grad is None or {p}.grad.requires_grad_()",
    "with torch.inference_mode(): c = {p} * 2",
]  # fmt: skip
_BACKWARDS = [
    "{y}.backward({c})", "{y}.backward({c})", "{y}.backward({c}, retain_graph=True)", "{y}.backward({c}, retain_graph=True)",
    "g = torch.autograd.grad({y}, [{p}], {c}, allow_unused=True, retain_graph=True)", "apart(lambda: {y}.backward({c}, retain_graph=True))",
    "torch.autograd.backward([{y}, {t}], [{c}, {c}], retain_graph=True)", "{y}.backward({c}, inputs=[{p}], retain_graph=True)",
    "({y} * {t}).sum().backward(retain_graph=True)", "{y}.backward({c}, create_graph=True)", "({p} * {p}).sum().backward()",
]  # fmt: skip


def steps(r: random.Random) -> list[str]:
    """A graph, code that gets into its backward, and backwards with more of it in between."""
    w = Writer(r, r.choice(("float32", "float32", "float64")))
    shape = w.shape
    leaves = ["a", "b"] + (["c"] if r.random() < 0.3 else [])
    for name in leaves:
        w.line(f"{name} = {w.numbers(shape, ', grad=True')}")
    w.line("_memory = a.detach().numpy()")
    w.line("seen = []")
    w.line(f"o = torch.optim.SGD([{', '.join(leaves)}], lr=0.1, momentum={r.choice(('0', '0.9'))})")
    tensors: list[str] = []
    for i in range(r.randint(2, 6)):
        operands = [r.choice(leaves + tensors), r.choice(leaves + tensors[-2:])]
        if tensors and r.random() < 0.7:
            operands[0] = tensors[-1]
        w.line(f"t{i} = {r.choice(_LINKS).format(*operands)}")
        tensors.append(f"t{i}")
        if r.random() < 0.3:
            effect = r.choice(_EFFECTS).format(p=r.choice(leaves), t=r.choice(tensors))
            w.line(_guarded(r.choice(_WAYS).format(t=r.choice(tensors), p=r.choice(leaves), e=effect)))
    y = tensors[-1]
    cotangent = f"data({r.randint(0, 99)}, *{y}.shape, dtype={y}.dtype)"
    for _ in range(r.randint(1, 3)):
        for _ in range(r.choice((0, 0, 1, 1, 2))):
            p, q = r.sample(leaves, 2)
            w.line(r.choice(_BETWEEN).format(p=p, q=q, t=r.choice(tensors), c=cotangent))
        text = r.choice(_BACKWARDS).format(y=y, c=cotangent, p=r.choice(leaves), t=r.choice(tensors))
        w.line(f"try: {text}\nexcept Stop: pass" if r.random() < 0.5 else text)
        if r.random() < 0.3:
            w.line(r.choice(("o.step()", "o.step(); o.zero_grad()", "n = nn.utils.clip_grad_norm_([a, b], 1.0)")))
    return w.lines


def _guarded(line: str) -> str:
    """A registration, where there is a graph to register with."""
    name, _, rest = line.partition(".")
    return f"if {name}.requires_grad and {name}.grad_fn is not None: {line}" if rest.startswith("grad_fn") else line
