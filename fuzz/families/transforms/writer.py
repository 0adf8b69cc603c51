"""Writer: a program of expressions, functions of what is around them, and transforms of these."""

from __future__ import annotations

import random
import re

from fuzz.families.transforms.forms import (
    MATRICES,
    OUTERMOST,
    SCALAR_TRANSFORMS,
    SCALARS,
    STACKS,
    VECTOR_TRANSFORMS,
    VECTORS,
)

# Of what shares memory with the target only a copy: what a write makes of memory that it reads is not said.
WRITES = ["$t.mul_($v.clone())", "$t[1:] = $v[:2] * 1", "$t[0].mul_(2)", "$t.add_($v.clone())", "$t.sin_()", "$t.mul_($t)"]
WRITES += ["func.vmap(lambda _r: _r.mul_(2))($t)", "func.vmap(lambda _r, _q: _r.add_(_q))($t, $v.clone())"]


class Writer:
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
        form = self.random.choice(WRITES)
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
        return re.sub(r"\$(module|arg|jvp|\w\d?)", lambda found: self.part(found[1], budget, depth), form)

    def part(self, name: str, budget: int, depth: int) -> str:
        if name == "arg":
            return str(self.random.randrange(2))
        if name == "jvp":
            return str(self.random.randrange(3))
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
