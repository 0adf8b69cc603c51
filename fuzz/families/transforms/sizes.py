"""Arrays of just under, just as many and just over as many elements as go to kernels, inside of transforms and outside.

Their gradients may wait until they are read: what is read, written and run backward in between is part of the program.
"""

from __future__ import annotations

import random
import re

SHAPES = [(127, 129), (128, 128), (3, 5461), (2, 8193), (16385, 1), (1, 16384), (4, 64, 65), (5, 16384), (129, 128)]

BODIES = [
    "_r * w",
    "(_r * w).sin()",
    "(_r - _r.mean()) * w",
    "_r.softmax(-1) * w",
    "_r.cumsum(-1) * 0.01",
    "torch.where(_r > 0, _r * w, w)",
    "(_r.exp() * w).tanh()",
    "_r.flip(-1) * w",
    "torch.relu(_r * w) + w",
    "F.gelu(_r) * w",
    "_r * s + w",
    "_r * (w * s).sum()",
    "_r.clamp(-1, 1) * s",
    "F.layer_norm(_r, _r.shape[-1:]) * w",
    "_r[..., torch.arange(_r.shape[-1]).flip(0)] * w",
    "_r.sort(stable=True, dim=-1).values * w",
    "_r.view(-1) * s",
    "(_r * c).sum(-1)",
    "torch.outer(_r.reshape(-1)[:3], w.reshape(-1)[:5])",
    "_r.mul(2).add_(w).mul_(_r)",
]

WAYS = [
    "func.vmap(lambda _r: {body})(x)",
    "func.vmap(lambda _r: {body}, chunk_size=2)(x[:5])",
    "func.vmap(func.grad(lambda _r: ({body}).square().sum()))(x)",
    "func.grad(lambda _r: ({body}).square().sum())(x)",
    "func.grad(lambda _r: ({body}).square().sum())(x[0])",
    "func.vjp(lambda _r: {body}, x)[1](x.new_ones(1).expand_as(func.vjp(lambda _r: {body}, x)[0]))[0]",
    "func.jvp(lambda _r: {body}, (x,), (x * 0.5,))[1]",
    "func.vmap(lambda _q: func.jvp(lambda _r: {body}, (_q,), (_q.sin(),))[1])(x)",
    "func.jacrev(lambda _t: (lambda _r: {body})(x * _t).sum())(s)",
    "func.jacfwd(lambda _t: (lambda _r: {body})(x * _t).sum())(s)",
    "func.jacfwd(lambda _t: (lambda _r: {body})(x[0] * _t[0]).sum() * _t)(s)",
    "func.hessian(lambda _t: (lambda _r: {body})(x * _t).sum())(s)",
    "func.grad(lambda _q: func.grad(lambda _r: ({body}).square().sum())(_q).sin().sum())(x)",
    "func.grad(lambda _q: func.vmap(lambda _r: {body})(_q).square().sum())(x)",
    "torch.utils.checkpoint.checkpoint(lambda _r: {body}, x, use_reentrant=False)",
    "pushed(lambda _r: {body}, x, x.sin())",
]

ONCE = [way for way in WAYS if way.count("func.") < 2 and not re.search("grad|jvp|jac|hessian|pushed", way)]
"""For layer norms: their third derivatives, and those of their tangents, are wrong in PyTorch."""


def sizes(random: random.Random) -> list[str]:
    """One or two such values in a loss, with its gradients, read at once or later."""
    r = random
    shape = r.choice(SHAPES)
    dtype = r.choice(["torch.float32", "torch.float64", "torch.float64"])
    last = shape[-1]
    lines = [
        f"x = data({r.randrange(1000)}, {', '.join(map(str, shape))}, dtype={dtype}, low=-1, high=1, grad={r.random() < 0.6})",
        f"w = data({r.randrange(1000)}, {r.choice([last, last, 1])}, dtype={dtype}, low=-1, high=1, grad=True)",
        f"s = data({r.randrange(1000)}, 1, dtype={dtype}, low=-1, high=1, grad=True)",
        f"c = data({r.randrange(1000)}, {last}, dtype={dtype}, low=-1, high=1)",
    ]
    if r.random() < 0.2 and len(shape) == 2:
        lines[0] = f"x = data({r.randrange(1000)}, {shape[1]}, {shape[0]}, dtype={dtype}, low=-1, high=1).t()"
    losses = ["(w * 100).sum()", "(x * w).square().mean()"][: r.choice([0, 1, 2])]
    for i in range(r.choice([1, 1, 2])):
        body = r.choice(BODIES)
        ways = ONCE if "layer_norm" in body else WAYS
        lines.append(f"y{i} = {r.choice(ways).format(body=body)}")
        losses.append(r.choice([f"y{i}.square().mean()", f"y{i}.mean()", f"(y{i} * s).mean()"]))
    if r.random() < 0.3:
        lines.append(f"_h = {r.choice('ws')}.register_hook(lambda _g: _g * 2)")
    lines.append(f"loss = {' + '.join(losses)}")
    if r.random() < 0.3:
        lines.append("g = torch.autograd.grad(loss, [w, s], create_graph=True, allow_unused=True)")
        lines.append("loss = sum((_g ** 2).sum() for _g in g if _g is not None) + (w * s).sum()")
    lines.append(f"loss.backward(retain_graph={r.random() < 0.5})")
    for _ in range(r.choice([0, 0, 1, 2])):
        lines.append(
            r.choice(
                [
                    "loss.backward()",
                    "with torch.no_grad(): w.mul_(2)",
                    "with torch.no_grad(): w.grad.mul_(0.5)",
                    "(w * s).sum().backward()",
                    "w.grad = None",
                    "kept = w.grad",
                    "copied = w.grad.clone()",
                    "with torch.no_grad(): w.sub_(w.grad * 0.01)",
                    "func.vmap(lambda _r: (_r * w).sum())(x.detach()).mean().backward()",
                ]
            )
        )
    return lines
