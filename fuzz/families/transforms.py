"""Transforms: functions of functions nested three deep, of what is outside of them too, in losses that are differentiated.

A program makes tensors and modules, a loss of them in which expressions use them inside of transforms and outside, and
gradients of the loss.  Expressions are vectors of three elements, scalars, matrices and stacks of vectors; a function is
an expression of its argument and of everything around it.  All is double precision: a rounding error is no finding.
"""

from __future__ import annotations

import random
import re

from fuzz.compare import Settings
from fuzz.program import Program

NAME = "transforms"
COMPARED = Settings(strides=False, graph=0, version=False, errors="any", ulps=2.0**22)
TESTED = 100


def generate(random: random.Random) -> Program:
    """A program of about ten lines."""
    return Program(_Writer(random).lines, PRELUDE, seconds=60.0)


PRELUDE = """
f64 = torch.float64

class Cube(torch.autograd.Function):
    generate_vmap_rule = True
    @staticmethod
    def forward(x):
        return x ** 3
    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)
    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * 3 * x ** 2
    @staticmethod
    def jvp(ctx, t):
        (x,) = ctx.saved_tensors
        return t * 3 * x ** 2

def cube(x):  # in PyTorch a Function is recorded also in no_grad, inside of a transform
    return Cube.apply(x) if torch.is_grad_enabled() else x ** 3

def written(a, b):
    c = a * 1
    c[1:] = b[:2] * 2
    return c

def part_written(a, b):
    c = a + b * 0
    c[:2].mul_(b[1:])
    return c

def added(a, b):
    c = torch.zeros_like(a)
    c += a
    c.mul_(b)
    return c

def constant(x):
    with torch.no_grad():
        return x.sin() * 2

def without(f, x):
    with torch.no_grad():
        return f(x)

def normal(a):  # not F.layer_norm: the second derivatives of its tangents are wrong in PyTorch
    return (a - a.mean()) / (a.var() + 1).sqrt()

def default(a, w=None):
    return a if w is None else a * w

def lin_hooked(x):
    return hooked(x)

def both(module, m):
    return dict(weight=torch.stack([m, m * 2]))

checkpoint = torch.utils.checkpoint.checkpoint
hooked = fill(nn.Linear(3, 3, dtype=f64), 3)
hooked.register_forward_hook(lambda mod, args, out: out * 2)

def aux(f):
    return lambda *xs: (f(*xs), xs[0] * 2)
"""

VECTORS = ["($v * $v)", "($v + $v)", "($v - $s)", "$v.sin()", "$v.tanh()", "($m @ $v)", "($v * $s)"]
VECTORS += ["$v.flip(0)", "$v.cumsum(0)", "torch.where($v > 0.01, $v, $v)", "$v.softmax(0)", "($v ** 2)"]
VECTORS += ["torch.stack([$s, $s, $s])", "normal($v)", "written($v, $v)", "part_written($v, $v)"]
VECTORS += ["added($v, $v)", "cube($v)", "$v.exp().reciprocal()", "constant($v)", "default($v, $v)"]
VECTORS += ["$v[torch.tensor([2, 0, 1])]", "torch.cat([$v[:1], $v[1:]])", "$v.roll(1)", "$module($v)"]
VECTORS += ["func.functional_call($module, dict(weight=$m), ($v,))", "$v.sort().values", "$v.expand(2, 3).sum(0)"]
VECTORS += ["torch.cross($v, $v, dim=0)", "$m.diagonal()", "torch.relu($v)", "$v.abs()", "lin_hooked($v)"]
VECTORS += ["$v.masked_fill($v > 0.01, 2.0)"]
VECTORS += ["torch.einsum('ij,j->i', $m, $v)", "$v.index_select(0, torch.tensor([1, 1, 2]))", "$v.clamp(-1, 1)"]
VECTORS += ["($m * $v).sum(0)", "$v.view(3, 1).squeeze(1)", "$v.unfold(0, 3, 1)[0]", "F.gelu($v)", "$v.cumprod(0)"]
SCALARS = ["$v.sum()", "($v * $v).sum()", "torch.dot($v, $v)", "$v[1]", "($s * $s)", "$v.logsumexp(0)"]
SCALARS += [
    "($s + $s)",
    "$s.sin()",
    "$v.pow(3).sum()",
    "$v.pow(2).mean()",
    "$m.sum()",
    "($v.square().sum() + 1).sqrt()",
]
SCALARS += ["($v - $v).square().mean()", "$v.max()"]
MATRICES = ["torch.outer($v, $v)", "($m * $v)", "$m.t()", "($m @ $m)", "$v.diag()", "$m.tanh()"]
STACKS = ["X", "Y", "($x * $v)", "torch.stack([$v, $v])", "$v.expand(4, 3)", "($x @ $m)", "$x.sin()", "$m"]

# What a transform makes of a function; V, S, M stand for functions whose results are vectors, scalars, matrices.
VECTOR_TRANSFORMS = [
    "func.grad($S)($v)",
    "func.grad($S2, argnums=$arg)($v, $v)",
    "func.grad_and_value($S)($v)[0]",
    "func.grad(aux($S), has_aux=True)($v)[$arg]",
    "func.vjp($V, $v)[1]($v)[0]",
    "func.vjp($V2, $v, $v)[1]($v)[$arg]",
    "func.vjp($V, $v)[0]",
    "func.jvp($V, ($v,), ($v,))[1]",
    "func.jvp($V2, ($v, $v), ($v, $v))[1]",
    "func.jvp($V, ($v,), ($v,))[0]",
    "(func.jacrev($V)($v) @ $v)",
    "(func.jacrev($V, chunk_size=2)($v) @ $v)",
    "(func.jacfwd($V)($v) @ $v)",
    "(func.hessian($S)($v) @ $v)",
    "func.jacrev($S)($v)",
    "func.jacfwd($S)($v)",
    "func.vmap($V)($x).sum(0)",
    "func.vmap($V, chunk_size=2)($x).sum(0)",
    "func.vmap($V2, in_dims=(0, None))($x, $v).sum(0)",
    "func.vmap($V2, in_dims=(0, 1))($m, $m).sum(0)",
    "func.vmap(lambda _r: _r * $V(_r), in_dims=1, out_dims=1)($m).sum(0)",
    "func.vmap($S)($m)",
    "func.vmap(func.grad($S))($x).sum(0)",
    "func.vmap(func.jacrev($V))($x).sum((0, 1))",
    "func.vmap(func.jacfwd($V))($x).sum((0, 1))",
    "func.vmap(func.hessian($S))($x).sum((0, 1))",
    "func.jacrev(lambda _q: func.vmap($V)(X * _q))($v).sum((0, 1))",
    "func.vmap(lambda _q: ($V(_q), $S(w)), out_dims=(0, None))($x)[0].sum(0)",
    "func.vmap(lambda _q: _q['a'] * _q['b'], in_dims=({'a': 0, 'b': None},))({'a': $x, 'b': $v}).sum(0)",
    "func.vmap(lambda _p, _q: func.functional_call(lin, _p, (_q,)), in_dims=(0, None))(both(lin, $m), $v).sum(0)",
    "func.vmap(lambda _p, _q: func.functional_call(lin, _p, (_q,)))(both(lin, $m), $m[:2]).sum(0)",
    "func.grad(lambda _p: func.functional_call(lin, _p, ($v,)).sum())(dict(weight=$m))['weight'].sum(0)",
    "func.vmap(func.grad(lambda _p, _q: func.functional_call(lin, _p, (_q,)).sum()), in_dims=(None, 0))("
    "dict(weight=$m), $x)['weight'].sum((0, 1))",
    "torch.stack(func.jacrev($V2, argnums=(0, 1))($v, $v)).sum((0, 1))",
    "torch.stack(func.jacfwd($V2, argnums=(0, 1))($v, $v)).sum((0, 1))",
    "without(func.grad($S), $v)",
    "without($V, $v)",
]
SCALAR_TRANSFORMS = [
    "func.vmap($S)($x).sum()",
    "func.vmap($S, chunk_size=3)($x).logsumexp(0)",
    "func.grad_and_value($S)($v)[1]",
    "func.jvp($S, ($v,), ($v,))[1]",
    "func.hessian($S)($v).sum()",
]
OUTERMOST = [  # what is not to be used inside of another transform
    "checkpoint(lambda _c: _c * $v, $v, use_reentrant=False)",
    "torch.autograd.functional.jacobian($V, $v, create_graph=True).sum(0)",
    "torch.autograd.functional.hessian($S, $v, create_graph=True).sum(0)",
    "func.vmap(lambda _g: torch.autograd.grad((w + b) ** 3, [w, b][w.requires_grad < 1], _g, retain_graph=True, "
    "create_graph=True)[0])(X).sum(0)",
    "func.vmap(lambda _r: F.dropout($v * _r, 0.5), randomness='different')($x).sum(0)",
    "func.vmap(lambda _r: F.dropout($v * _r, 0.5), randomness='same')($x).sum(0)",
    "func.vmap(lambda _r: $v * torch.rand(3, dtype=f64) * _r, randomness='different')($x).sum(0)",
]


class _Writer:
    """A program under construction."""

    def __init__(self, random: random.Random) -> None:
        self.random = random
        self.lines: list[str] = []
        self.count = 0
        self.scope: dict[str, list[str]] = {"v": [], "s": [], "m": [], "x": ["X", "Y"], "module": ["lin"]}
        self.leaves: list[str] = []
        self.deepest = random.choice([1, 2, 2, 3])
        self.create()
        losses = []
        for _ in range(random.choice([1, 1, 2, 3])):
            for _ in range(random.choice([0, 0, 1, 2])):
                random.choice([self.derived, self.write, self.hook])()
            losses.append(self.result())
        losses.append(self.outside())
        random.shuffle(losses)
        self.lines.append(f"loss = {' + '.join(losses)}")
        self.differentiate()

    def create(self) -> None:
        """The tensors and the module that are captured."""
        r = self.random
        self.lines.append(f"X = data({r.randrange(1000)}, {r.choice([1, 2, 5])}, 3, dtype=f64, low=-1, high=1)")
        self.lines.append(f"Y = data({r.randrange(1000)}, {r.choice([3, 4, 7])}, 3, dtype=f64, low=-1, high=1)")
        for kind, name, shape in (("v", "w", "3, "), ("v", "b", "3, "), ("m", "A", "3, 3, "), ("s", "c", "")):
            grad = r.random() < 0.8
            self.lines.append(
                f"{name} = data({r.randrange(1000)}, {shape}dtype=f64, low=-1, high=1{', grad=True' * grad})"
            )
            self.scope[kind].append(name)
            if grad:
                self.leaves.append(name)
        module = r.choice(["nn.Linear(3, 3, dtype=f64)", "nn.Linear(3, 3, bias=False, dtype=f64)"])
        self.lines.append(f"lin = fill({module}, {r.randrange(1000)})")
        self.leaves.append("lin.weight")

    def derived(self) -> None:
        """A tensor that is made of others: no leaf, perhaps a view."""
        name = self.new()
        kind = self.random.choice("vvvm")
        if kind == "m":
            self.lines.append(f"{name} = {self.fill(self.random.choice(MATRICES), 1)}")
        else:
            form = self.random.choice(["($v * 2)", "$m[1]", "$m[:, 0]", "$m.diagonal()", "$v.view(3)", "$v.sin()"])
            self.lines.append(f"{name} = {self.fill(form, 1)}")
        self.scope[kind].append(name)

    def write(self) -> None:
        """An in-place write to something captured."""
        form = self.random.choice(["$t.mul_($v)", "$t[1:] = $v[:2] * 1", "$t[0].mul_(2)", "$t.add_($v)", "$t.sin_()"])
        self.derived()
        name = self.scope["v"][-1]
        if name not in self.leaves:
            self.lines.append(self.fill(form.replace("$t", name), 1))

    def hook(self) -> None:
        """A hook on something captured, whose effect is seen in the gradients."""
        name = self.random.choice([*self.scope["v"], *self.leaves])
        effect = self.random.choice(["_g * 2", "_g.sin()"])
        self.lines.append(f"_h = {name}.register_hook(lambda _g: {effect}) if {name}.requires_grad else None")

    def result(self) -> str:
        """A value with a transform in it; what it adds to the loss."""
        r = self.random
        name = self.new()
        if r.random() < 0.1:
            expression = self.fill(r.choice(OUTERMOST), 1)
        elif r.random() < 0.2:
            expression = self.transform("s", 3)
        else:
            expression = self.transform("v", 3)
        self.lines.append(f"{name} = {expression}")
        if r.random() < 0.3:
            self.scope["v"].append(f"({name} * w)")
        return r.choice([f"({name} ** 2).sum()", f"{name}.sum()", f"({name} * w).sum()", f"{name}.sin().sum()"])

    def outside(self) -> str:
        return self.fill(self.random.choice(["($v * 100).sum()", "$module($v).sum() * 10", "$s", "($m * $v).sum()"]), 2)

    def differentiate(self) -> None:
        r = self.random
        asked = [*self.leaves, *(n for n in self.scope["v"] if n.startswith("t") and r.random() < 0.5)]
        some = f"[_x for _x in [{', '.join(asked)}] if _x.requires_grad]"
        way = r.choice(["backward", "grad", "grad", "second", "second", "batched"])
        if way == "backward":
            self.lines.append("loss.backward()")
        elif way == "grad":
            self.lines.append(f"g = torch.autograd.grad(loss, {some}, allow_unused=True)")
        elif way == "batched":
            self.lines.append(
                f"g = torch.autograd.grad(loss.expand(3), {some}, torch.eye(3, dtype=f64), allow_unused=True, "
                "is_grads_batched=True)"
            )
        else:
            self.lines.append(f"g = torch.autograd.grad(loss, {some}, create_graph=True, allow_unused=True)")
            self.lines.append("again = sum((_x ** 2).sum() for _x in g if _x is not None) + (w * 10).sum()")
            if r.random() < 0.5:
                self.lines.append("again.backward()")
            else:
                self.lines.append(f"h = torch.autograd.grad(again, {some}, allow_unused=True)")

    def new(self) -> str:
        self.count += 1
        return f"t{self.count}"

    def expression(self, kind: str, budget: int, depth: int = 0) -> str:
        """An expression of a kind over what is in scope; ``budget`` how large, ``depth`` how many functions it is in."""
        r = self.random
        known = self.scope[kind]
        if (budget <= 0 and known) or (known and r.random() < 0.15):
            return known[-1 - min(int(r.expovariate(0.5)), len(known) - 1)]
        if kind in "vs" and 0 < depth < self.deepest and r.random() < 0.3:
            return self.transform(kind, budget, depth)
        forms = {"v": VECTORS, "s": SCALARS, "m": MATRICES, "x": STACKS}[kind]
        return self.fill(r.choice(forms), budget - 1, depth)

    def transform(self, kind: str, budget: int, depth: int = 0) -> str:
        forms = VECTOR_TRANSFORMS if kind == "v" else SCALAR_TRANSFORMS
        return self.fill(self.random.choice(forms), budget, depth)

    def fill(self, form: str, budget: int, depth: int = 0) -> str:
        """A form with expressions and functions in its places."""
        return re.sub(r"\$(module|arg|\w\d?)", lambda found: self.part(found[1], budget, depth), form)

    def part(self, name: str, budget: int, depth: int) -> str:
        if name == "arg":
            return str(self.random.randrange(2))
        if name == "module":
            return self.random.choice(self.scope["module"])
        if name[0] in "VS":
            return self.function(name[0].lower(), 2 if name.endswith("2") else 1, budget, depth)
        return self.expression(name, budget - 1, depth)

    def function(self, kind: str, arguments: int, budget: int, depth: int) -> str:
        """A function of vectors, of what is around it, and perhaps with something captured as a default argument."""
        names = [f"y{self.count + i}" for i in range(arguments)]
        self.count += arguments
        before = {k: list(v) for k, v in self.scope.items()}
        default = ""
        if self.random.random() < 0.15:
            extra = f"d{self.count}"
            default = f", {extra}={self.expression('v', 0, depth)}"
            names_in_scope = [*names, extra]
        else:
            names_in_scope = names
        self.scope["v"] = [*self.scope["v"], *names_in_scope]
        body = self.expression(kind, max(budget, 1), depth + 1)
        self.scope = before
        return f"(lambda {', '.join(names)}{default}: {body})"
