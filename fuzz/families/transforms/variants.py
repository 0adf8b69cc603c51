"""Variants: one transform or two of a short function, for every dtype and for shapes without elements, in the modes of recording, with
writes to what the function made, was handed, or captured."""

from __future__ import annotations

import random

DTYPES = ["torch.float32", "torch.float64", "torch.float64", "torch.complex64", "torch.complex128", "torch.complex128"]
DTYPES += ["torch.float16", "torch.bfloat16"]
SHAPES = ["3", "2, 3", "0", "0, 3", "2, 0", "1", "2, 1, 2", "4", ""]

PRELUDE = """
def inferred(f, *args):
    with torch.inference_mode():
        return f(*args)

def normal(f, *args):
    with torch.inference_mode(False):
        return f(*args)

def quiet(f, *args):
    with torch.no_grad():
        return f(*args)

def loud(f, *args):
    with torch.enable_grad():
        return f(*args)

def real(t):
    return t.real if t.is_complex() else t

def loss(t):
    return real(t * t.conj()).sum()

def filled(a, b):
    made = torch.zeros_like(a)
    made[...] = b
    made.mul_(a)
    return made

def split_written(a):
    made = a * 1
    for part in made.unbind() if made.dim() else [made]:
        part = part * 2
    made.view(-1)[:1].mul_(3)
    return made

def dual(f, x, t):
    forward = torch.autograd.forward_ad
    with forward.dual_level():
        return forward.unpack_dual(f(forward.make_dual(x, t)))
"""

# Of a tensor of any shape another one of that shape; ``w`` is one as well, and is captured.
BODIES = [
    "_r * _r", "_r * w", "_r + w.conj()", "_r.sin()", "_r.exp() - w", "_r.conj() * _r", "_r / (w * w + 2)", "_r * _r.sum()", "-_r",
    "_r - _r.mean()", "filled(_r, w)", "filled(w, _r)", "split_written(_r)", "_r.reshape(-1).flip(0).view_as(_r)", "_r.tanh() * 2",
    "(_r * 2).add_(w)", "(w * 2).mul_(_r)", "(_r * 1).copy_(w) + _r", "torch.where(real(w) > 0, _r, w)", "_r.abs() * w", "_r ** 2",
    "_r.detach() * _r", "_r.clone().fill_(2) * _r", "quiet(lambda: _r * 2) * _r", "loud(lambda: _r * w)", "real(_r) * w", "_r.square()",
    "inferred(lambda: w * 2) * 1 + _r", "torch.stack([_r, w])[0]", "torch.cat([_r.reshape(-1), w.reshape(-1)])[:_r.numel()].view_as(_r)",
    "_r.reshape(-1).cumsum(0).view_as(_r)", "_r.T.T if _r.dim() == 2 else _r", "_r.sqrt()", "_r.sigmoid()", "w.expand_as(_r) * _r",
    "(_r * 1).zero_() + _r", "_r.masked_fill(real(_r) > 0, 1)", "_r.to(torch.complex128) * 1j", "_r.double() if not _r.is_complex() else _r",
]  # fmt: skip
WRITING = [
    "w.add_(1) * _r", "w[:].mul_(2) * _r", "w.detach().mul_(_r)", "w.data.mul_(2) * _r", "(_r.mul_(2) * w)", "_r.detach().mul_(2) * w",
    "quiet(lambda: w.mul_(2)) * _r", "quiet(lambda: _r.mul_(2)) * w", "w.copy_(_r) * _r", "inferred(lambda: w.mul_(2)) * _r",
    "torch.mul(w, 2, out=w) * _r", "torch.mul(_r, 2, out=torch.zeros_like(w))", "(w * 2).mul_(_r) * w", "w.view(-1).zero_().sum() * _r",
]  # fmt: skip
# What a transform makes of a function ``f`` of such tensors.
ONCE = [
    "func.vmap({f})(s)", "func.vmap({f}, out_dims=-1)(s)", "func.vmap({f}, in_dims=-1)(s.movedim(0, -1))", "func.vmap({f}, chunk_size=2)(s)",
    "func.grad(lambda _q: loss(({f})(_q)))(x)", "func.grad_and_value(lambda _q: loss(({f})(_q)))(x)", "func.vjp({f}, x)[1](v)[0]",
    "func.vjp({f}, x)[0]", "func.jvp({f}, (x,), (v,))", "func.jacrev({f})(x)", "func.jacfwd({f})(x)", "dual({f}, x, v)",
    "func.hessian(lambda _q: loss(({f})(_q)))(x)", "func.jacrev(lambda _q: loss(({f})(_q)))(x)", "func.jacfwd(lambda _q: loss(({f})(_q)))(x)",
    "pushed({f}, x, v)",
]  # fmt: skip
TWICE = [
    "func.vmap(func.grad(lambda _q: loss(({f})(_q))))(s)", "func.vmap(lambda _q: func.jvp({f}, (_q,), (v,))[1])(s)",
    "func.vmap(lambda _q: func.vjp({f}, _q)[1](v)[0])(s)", "func.grad(lambda _q: loss(func.vmap({f})(_q)))(s)",
    "func.jvp(func.vmap({f}), (s,), (s * 2,))", "func.jvp(lambda _q: func.jvp({f}, (_q,), (v,))[1], (x,), (v,))[1]",
    "func.grad(lambda _q: loss(func.grad(lambda _p: loss(({f})(_p)))(_q)))(x)", "func.vmap(func.vmap({f}))(torch.stack([s, s]))",
    "func.grad(lambda _q: loss(func.jvp({f}, (_q,), (v,))[1]))(x)", "func.jvp(func.grad(lambda _q: loss(({f})(_q))), (x,), (v,))",
    "func.vmap(func.jacfwd({f}))(s)", "func.vmap(func.jacrev({f}))(s)", "func.jacfwd(func.jacrev({f}))(x)", "func.jacrev(func.vmap({f}))(s)",
]  # fmt: skip
AROUND = ["{y}", "{y}", "{y}", "inferred(lambda: {y})", "quiet(lambda: {y})", "inferred(lambda: normal(lambda: {y}))"]


def variant(random: random.Random) -> list[str]:
    """Tensors of one dtype and shape, a result, and gradients of it where it has any."""
    r = random
    dtype, shape = r.choice(DTYPES), r.choice(SHAPES)
    size = (shape + ", ") if shape else ""
    part = " * (1 + 0.5j)" if "complex" in dtype else ""
    lines = [
        f"{name} = {'torch.clone' if part else ''}(data({r.randrange(1000)}, {before}{size}dtype={dtype}, low=-1, high=1){part})"
        + (".requires_grad_()" if name in "xw" and r.random() < 0.4 else "")
        for name, before in (("x", ""), ("w", ""), ("v", ""), ("s", f"{r.choice([1, 2, 3, 3, 0])}, "))
    ]
    if r.random() < 0.2:
        lines.append("w = inferred(lambda: w.detach() * 2)")
    for i in range(r.choice([1, 1, 2])):
        body = r.choice(WRITING if r.random() < 0.25 else BODIES)
        y = r.choice(TWICE if r.random() < 0.4 else ONCE).format(f=f"lambda _r: {body}")
        if "mul_(2)" in body:  # linearized functions run twice
            y = y.replace("pushed(", "dual(")
        lines.append(f"y{i} = {r.choice(AROUND).format(y=y)}")
    if r.random() < 0.5:
        lines.append("first = y0[0] if isinstance(y0, tuple) else y0")
        lines.append("g = torch.autograd.grad(loss(first), [_x for _x in (x, w) if _x.requires_grad], allow_unused=True)")
    return lines
