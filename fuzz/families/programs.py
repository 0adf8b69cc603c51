"""Programs: lines of one grammar, over the names ``v0``, ``v1``, ...: operators, views, writes, hooks, modes, backwards."""

from __future__ import annotations

import random
from collections.abc import Callable

from fuzz.compare import Settings
from fuzz.functions import prelude
from fuzz.program import Program
from fuzz.writer import Writer

NAME = "programs"
COMPARED = Settings()
TESTED = 125


def generate(random: random.Random) -> Program:
    """A program of about fourteen lines."""
    writer = _Writer(random, 2, 14)
    writer.backward()
    return Program(writer.lines, prelude(writer.lines))


SHAPES = [(), (1,), (3,), (2, 3), (2, 1), (1, 3), (3, 2), (2, 2, 3), (4,)]
UNARY = ["sin", "exp", "tanh", "sigmoid", "relu", "abs", "neg", "square", "cos", "floor", "sign", "log1p", "sqrt"]
UNARY += ["reciprocal", "rsqrt", "clone", "contiguous", "softmax0", "cumsum0", "atan", "expm1", "trunc"]
BINARY = ["+", "-", "*", "/"]
BINARY_CALLS = ["maximum", "minimum", "hypot", "where0", "lerp0", "fmax", "eq", "lt", "matmul"]
REDUCTIONS = ["sum", "mean", "prod", "amax", "amin", "logsumexp", "norm", "std", "var"]
# Not floor_ and the like: a rounding error may become a whole number.
IN_PLACE_UNARY = ["sin_", "exp_", "tanh_", "sigmoid_", "relu_", "abs_", "neg_", "zero_", "square_", "sqrt_"]
IN_PLACE_BINARY = ["add_", "sub_", "mul_", "div_", "copy_", "addcmul0_", "lerp0_", "fill0_", "clamp0_", "masked_fill0_"]
IN_PLACE_UNARY += ["reciprocal_", "rsqrt_", "log1p_", "expm1_", "atan_", "cos_"]
IN_PLACE_UNARY += ["sinh_", "erf_", "exp2_", "log_", "t_", "unsqueeze0_", "squeeze_"]
IN_PLACE_BINARY += ["pow0_", "hypot_", "eq_", "lt_", "logical_and_", "addcdiv0_", "cumsum0_"]
DTYPES = ["float32"] * 12 + ["float64"] * 6 + ["int64", "int64", "bool", "bool"]



class _Writer(Writer):
    """A program under construction."""

    def kinds(self) -> list[tuple[Callable[[], None], int]]:
        return [
            (self.create, 4),
            (self.unary, 8),
            (self.binary, 10),
            (self.reduction, 5),
            (self.view, 12),
            (self.index, 5),
            (self.join, 3),
            (self.in_place, 12),
            (self.set_item, 6),
            (self.hook, 4),
            (self.mode, 6),
            (self.backward, 8),
            (self.second_derivative, 3),
            (self.flags, 4),
            (self.scatter, 5),
            (self.out, 2),
            (self.function, 3),
            (self.grads, 3),
            (self.look, 2),
            (self.parts_written, 3),
            (self.complex, 3),
            (self.gradient, 4),
            (self.derivative, 4),
            (self.assign, 4),
            (self.kept, 3),
            (self.copied, 2),
        ]

    def create(self) -> None:
        r = self.random
        shape = r.choice(SHAPES)
        dtype = r.choice(DTYPES)
        n = 1
        for size in shape:
            n *= size
        if dtype == "bool":
            values = [r.random() < 0.5 for _ in range(n)]
        elif dtype == "int64":
            values = [r.randint(-3, 3) for _ in range(n)]
        else:
            # No -0.0: relu's sign of it differs.  Exact in every dtype.
            values = [r.randint(-128, 128) / 64 for _ in range(n)]
        grad = ", requires_grad=True" if dtype.startswith("float") and r.random() < 0.7 else ""
        self.new(f"torch.tensor({values}, dtype=torch.{dtype}).reshape({shape}).detach().clone()")
        if grad:
            self.lines[-1] += ".requires_grad_()"

    def unary(self) -> None:
        name = self.random.choice(UNARY)
        x = self.any()
        if name.endswith("0"):
            self.new(f"{x}.{name[:-1]}({self.random.choice([0, -1])})")
        else:
            # What is rounded off should not be a whole number in the one library and nearly one in the other.
            self.new(f"({x} * 1.01 + 0.003).{name}()" if name in ("floor", "trunc", "sign") else f"{x}.{name}()")

    def operand(self) -> str:
        """A second operand: a tensor, or now and then a number."""
        if self.random.random() < 0.3:
            return repr(self.random.choice([2, -1, 0.5, 3.0, 0]))
        return self.any()

    def binary(self) -> None:
        if self.random.random() < 0.75:
            self.new(f"{self.any()} {self.random.choice(BINARY)} {self.operand()}")
            return
        name = self.random.choice(BINARY_CALLS)
        a, b = self.any(), self.any()
        if name == "where0":
            self.new(f"torch.where({a} > 0, {a}, {b})")
        elif name == "lerp0":
            self.new(f"torch.lerp({a}, {b}, 0.25)")
        else:
            self.new(f"torch.{name}({a}, {b})")

    def reduction(self) -> None:
        name = self.random.choice(REDUCTIONS)
        x = self.any()
        if name == "prod":  # of infinities and zeros, its gradient depends on how the formula is written
            x = f"{x}.clamp(0.5, 3)"
        style = self.random.random()
        if name in ("amax", "amin", "logsumexp") or style < 0.5:
            keep = ", keepdim=True" if self.random.random() < 0.4 else ""
            argument = "dim=" if name == "norm" else ""
            self.new(f"{x}.{name}({argument}{self.random.choice([0, -1])}{keep})")
        else:
            self.new(f"{x}.{name}()")

    def view(self) -> None:
        r = self.random
        x = self.any()
        d = r.choice([0, -1])
        # Nothing that writes through `data`, which no library notices: gradients then depend on how a formula is written.
        # No overlapping windows (unfold with a smaller step): what a write to them does is undefined.
        choices = [
            f"{x}.view(-1)", f"{x}.t()", f"{x}.transpose(0, -1)", f"{x}.unsqueeze({d})", f"{x}.squeeze()",
            f"{x}.reshape(-1)", f"{x}.expand(2, *{x}.shape)", f"{x}.select(0, 0)", f"{x}[0]", f"{x}[1:]", f"{x}[..., :2]",
            f"{x}[None]", f"{x}.detach()", f"{x}.view_as({x})", f"{x}.narrow(0, 0, 1)", f"{x}.flatten()", f"{x}.diagonal()",
            f"{x}.unbind(0)[0]", f"{x}.chunk(2)[0]", f"{x}.split(1)[-1]", f"{x}.data * 1", f"{x}.permute(*range({x}.dim())[::-1])",
            f"{x}.movedim(0, -1)", f"{x}.T", f"{x}[::2]", f"{x}.unfold(0, 2, 2)", f"{x}.swapaxes(0, -1)",
            f"{x}.unflatten(0, (1, -1))", f"{x}.squeeze(0)", f"{x}.mT", f"{x}.view({x}.shape)", f"{x}.tensor_split(2)[0]",
            f"{x}.hsplit(1)[0]", f"{x}.real", f"{x}.ravel()", f"{x}.expand_as({self.any()})", f"{x}.conj()",
            f"{x}.broadcast_to({x}.shape)",
            f"{x}.as_strided((2,), (1,)) if {x}.numel() else {x}.clone()",
        ]  # fmt: skip
        self.new(r.choice(choices))

    def index(self) -> None:
        x = self.any()
        choices = [
            f"{x}[torch.tensor([0, 0])]", f"{x}[{x} > 0]", f"{x}[..., torch.tensor([0, -1])]", f"{x}[[0]]",
            f"{x}.index_select(0, torch.tensor([0, 0]))", f"{x}.gather(0, torch.zeros_like({x}, dtype=torch.int64))",
            f"{x}.masked_select({x} > 0)", f"{x}.take(torch.tensor([0, 1]))", f"{x}.flip(0)", f"{x}.roll(1, 0)",
            f"{x}.repeat(2, 1)", f"{x}.tril()", f"({x} + 0).sort(-1)[0]", f"({x} + 0).max(0)[0]",
            f"({x} + 0).topk(1, 0)[0].detach()",  # detached, and no -0.0: which of equal ones is taken is not said
            f"{x}.masked_fill({x} > 0, 0.5)", f"{x}.to(torch.float64)", f"{x}.double()", f"{x}.float()",
        ]  # fmt: skip
        self.new(self.random.choice(choices))

    def join(self) -> None:
        a, b = self.any(), self.any()
        self.new(
            self.random.choice([f"torch.stack([{a}, {b}])", f"torch.cat([{a}, {b}])", f"torch.cat([{a}, {a}], -1)"])
        )

    def in_place(self) -> None:
        x = self.any()
        if self.random.random() < 0.45:
            name = self.random.choice(IN_PLACE_UNARY)
            # Other sizes in place of a view: PyTorch crashes when a hook is registered on it; of a tensor whose gradient
            # is retained: an assertion in PyTorch fails at the next write.
            guard = (
                f"if not {x}._is_view() and not {x}.retains_grad: " if name in ("t_", "unsqueeze0_", "squeeze_") else ""
            )
            self.lines.append(f"{guard}{x}.{name.replace('0_', '_')}({'0' if '0_' in name else ''})")
            return
        name = self.random.choice(IN_PLACE_BINARY)
        text = {
            "addcmul0_": f"{x}.addcmul_({self.any()}, {self.any()}, value=0.5)",
            "addcdiv0_": f"{x}.addcdiv_({self.any()} * 1.5, {self.any()} * 1.5, value=0.5)",
            "cumsum0_": f"{x}.cumsum_(0)",
            "pow0_": f"{x}.pow_({self.operand()} * 1.0)",
            "lerp0_": f"{x}.lerp_({self.any()}, 0.25)",
            "fill0_": f"{x}.fill_({self.random.choice([2, 0.5])})",
            "clamp0_": f"{x}.clamp_(min=-0.5)",
            "masked_fill0_": f"{x}.masked_fill_({x} > 0, 0.5)",
        }.get(name)
        if text is None:
            text = f"{x}.{name}({self.any() if name == 'copy_' else self.operand()})"
        if name in ("lerp0_", "clamp0_", "addcmul0_", "addcdiv0_", "cumsum0_", "pow0_", "eq_", "lt_", "hypot_"):
            # Integers: which of two errors comes first differs.
            text = f"if {x}.is_floating_point(): {text}"
        self.lines.append(text)

    def set_item(self) -> None:
        x = self.any()
        where = self.random.choice(["0", "...", "1:", f"{x} > 0", "torch.tensor([0])", "..., 0", "None"])
        value = self.operand()
        # PyTorch gives an integer tensor that a gradient-requiring one is written into a history which nothing can use;
        # and what infinity becomes as an integer is anybody's guess.
        guard = f"if {x}.is_floating_point() or not {value}.is_floating_point(): " if value.startswith("v") else ""
        self.lines.append(f"{guard}{x}[{where}] = {value}")

    def scatter(self) -> None:
        """A write at indices."""
        x, y = self.any(), self.any()
        zeros, first = f"torch.zeros_like({y}, dtype=torch.int64)", "torch.tensor([0])"
        text = self.random.choice([
            f"{x}.scatter_(0, {zeros}, {y})", f"{x}.scatter_add_(0, {zeros}, {y})", f"{x}.scatter_(0, {zeros}, 0.5)",
            f"{x}.index_add_(0, {first}, {y})", f"{x}.index_copy_(0, {first}, {y})", f"{x}.index_fill_(0, {first}, 0.5)",
            f"{x}.index_put_(({first},), {y})", f"{x}.index_put_(({first},), {y}, accumulate=True)",
            # Nothing scattered from too few: what was written before PyTorch notices stays written.
            f"{x}.masked_scatter_({x} > 0, {y}.clone()) if {y}.numel() >= {x}.numel() else None", f"{x}.put_({first}, {y})",
        ])  # fmt: skip
        self.lines.append(f"if {x}.dtype == {y}.dtype and {x}.is_floating_point() and {x}.numel(): {text}")

    def out(self) -> None:
        """A result written into a tensor that exists."""
        x, a, b = self.any(), self.any(), self.any()
        text = self.random.choice(
            [f"torch.add({a}, {b}, out={x})", f"torch.mul({a}, {b}, out={x})", f"torch.exp({a}, out={x})"]
        )
        mode = "with torch.no_grad(): " if self.random.random() < 0.6 else ""
        # No resizing: PyTorch resizes the storage, and all that look at it go on with another memory.
        self.lines.append(f"if {a}.shape == {b}.shape == {x}.shape and {x}.is_floating_point():\n {mode}{text}")

    def function(self) -> None:
        """A custom Function (see :mod:`fuzz.functions`)."""
        x, y = self.any(), self.any()
        calls = [f"Scale.apply({x})", f"Product.apply({x}, {y})[0]", f"Double_.apply({x} * 1)", f"Once.apply({x})"]
        calls += [f"Double_.apply({x})", f"Pair.apply({x}, {y}, 2.0)[0]", f"Pair.apply({x}, {y}, 0.5)[1]", f"Same.apply({x})"]
        calls += [f"sum(Split.apply({x}))", f"Split.apply({x})[1]", f"Other.apply({x}, {y})"]
        self.new(self.random.choice(calls))

    def grads(self) -> None:
        """Gradients of several tensors, or only of some leaves."""
        x, y, z = self.any(), self.any(), self.any()
        keep = self.random.choice(["", ", retain_graph=True"])
        text = self.random.choice([
            f"list(map(id, torch.autograd.grad(({x} * {y}).sum(), [{x}, {z}], allow_unused=True{keep})))",
            f"({x} * 2).sum().backward(inputs=[{y}]{keep})", f"torch.autograd.backward([{x}.sum(), {y}.sum()]{keep})",
        ])  # fmt: skip
        self.lines.append(text)

    def parts_written(self) -> None:
        """A write to one of several views that one call made, or to a view of a view."""
        x, y = self.any(), self.any()
        part = self.random.choice([
            "unbind(0)[0]", "chunk(2)[-1]", "split(1)[0]", "tensor_split(2)[0]", "unfold(0, 1, 1)[0]", "view(-1)[1:]", "t()[0]",
            "transpose(0, -1)[..., :1]", "diagonal().unsqueeze(0)", "squeeze().unsqueeze(0)", "flatten()[::2]", "movedim(0, -1)[0]",
        ])  # fmt: skip
        write = self.random.choice(["mul_(2)", "zero_()", f"add_({y})", f"copy_({y})", "sin_()", "fill_(0.5)", "clamp_(min=0)"])
        self.lines.append(f"if {x}.is_floating_point(): {x}.{part}.{write}")

    def complex(self) -> None:
        """Into complex numbers and back."""
        x, y = self.any(), self.any()
        self.new(self.random.choice([
            f"torch.complex({x}, {y})", f"torch.complex({x}, {x} * 2).abs()", f"torch.view_as_real(torch.complex({x}, {y}))",
            f"({x} * (1 + 2j)).real", f"({x} * 1j * {y}).imag", f"torch.polar({x}.abs(), {y}).real", f"({x} + 1j).conj() * {y}",
            f"({x} + 0.5j).angle()", f"torch.complex({x}, {x}).sum()", f"({x} * 2j).exp().real", f"(({x} + 1j) @ ({y} - 1j)).abs()",
        ]))  # fmt: skip

    def gradient(self) -> None:
        """A backward of a gradient that is given."""
        x, y = self.any(), self.any()
        # Not a tensor itself: PyTorch makes it the leaf's `grad`, and adds the next gradient to it, and to the leaf of which it is a view.
        g = self.random.choice([
            f"torch.ones_like({x})", f"{x}.detach() * 0.5", f"{y}.clone()", f"torch.ones((), dtype={x}.dtype).expand({x}.shape)", f"({x} * 2)",
            f"torch.ones_like({x}).t()", f"torch.full_like({x}, 0.5).requires_grad_()", "torch.tensor(2.0)",
        ])  # fmt: skip
        options = self.random.choice(["", "", ", retain_graph=True", ", create_graph=True", f", inputs=[{y}]", f", inputs=({y}, {x})"])
        self.lines.append(f"if {x}.requires_grad: {x}.backward({g}{options})")

    def derivative(self) -> None:
        """``autograd.grad`` with its options; its results may be none."""
        r, x, y, z = self.random, self.any(), self.any(), self.any()
        target = r.choice([f"{x}.sum()", f"({x} * {y}).sum()", f"({x} * {x}).mean()", f"[{x}.sum(), ({y} * {z}).sum()]", x])
        wrt = r.choice([y, f"[{y}]", f"[{y}, {z}]", f"({x}, {z})", f"[{y}, {y}]"])
        options = [o for o in ("retain_graph=True", "create_graph=True", "allow_unused=True", "materialize_grads=True")
                   if r.random() < 0.45]  # fmt: skip
        if target == x:
            options.append(r.choice([f"grad_outputs=torch.ones_like({x})", f"grad_outputs={y} * 1", f"grad_outputs=({x}.detach() * 2,)"]))
            if r.random() < 0.2:
                options[-1] = f"grad_outputs=torch.stack([torch.ones_like({x}), {x}.detach()]), is_grads_batched=True"
        # Copies, since strides of what formulas make, and which of equal arrays are one, are each library's own business.
        self.new(f"[g if g is None else g.clone(memory_format=torch.contiguous_format) for g in torch.autograd.grad({', '.join([target, wrt, *options])})]")
        found = self.names.pop()
        self.new(f"torch.as_tensor(sum(g.sum() for g in {found}_ if g is not None)) * 1.0")
        self.lines[-2:] = [self.lines[-2].replace(f"{found} = ", f"{found}_ = ", 1), self.lines[-1]]

    def assign(self) -> None:
        """Assignments to what a tensor consists of, and steps of an optimizer."""
        x, y = self.any(), self.any()
        self.lines.append(self.random.choice([
            f"{x}.grad = {y}.detach().clone()", f"{x}.grad = {x}.detach() * 2", f"{x}.grad = None if {x}.grad is None else {x}.grad * 2",
            f"if {x}.grad is not None: {x}.grad.add_(1)", f"if {x}.grad is not None: {x}.grad += {x}.detach()",
            f"if {x}.is_leaf and {x}.grad is not None:\n with torch.no_grad(): {x}.sub_({x}.grad, alpha=0.5)",
            # Of the same shape and dtype: gradients on their way to the leaf have those of before.
            f"if {x}.is_leaf and {x}.shape == {y}.shape and {x}.dtype == {y}.dtype: {x}.data = {y}.data.clone()",
            f"if {x}.is_leaf: {x}.data = {x}.data.neg() if {x}.dtype != torch.bool else {x}.data", f"{x}.requires_grad = {x}.is_floating_point()",
            f"if {x}.grad is not None: {x}.grad.detach_().zero_()",
        ]))  # fmt: skip

    def kept(self) -> None:
        """What is saved passes through hooks, or is computed again."""
        x, y = self.any(), self.any()
        hooks = self.random.choice([
            "torch.autograd.graph.saved_tensors_hooks(lambda t: t.clone(), lambda t: t)",
            "torch.autograd.graph.saved_tensors_hooks(lambda t: t.detach() * 2, lambda t: t * 0.5)",
            "torch.autograd.graph.saved_tensors_hooks(lambda t: (t.tolist(), t.dtype), lambda t: torch.tensor(t[0], dtype=t[1]))",
            "torch.autograd.graph.save_on_cpu()", "torch.autograd.graph.allow_mutation_on_saved_tensors()",
        ])  # fmt: skip
        again = "torch.utils.checkpoint.checkpoint"
        self.new(self.random.choice([
            f"{again}(lambda t: t.sin() * {y}, {x}, use_reentrant=False)", f"{again}(lambda t, u: (t * u).tanh(), {x}, {y}, use_reentrant=False)",
            f"{again}(lambda t: t.exp() * 2, {x}, use_reentrant=True)",
        ]))  # fmt: skip
        if self.random.random() < 0.6:
            name, _, text = self.lines.pop().partition(" = ")
            text = self.random.choice([f"({x} * {y}).sin()", f"{x}.exp() * {x}", f"Scale.apply({x})", f"({x} @ {y}).tanh()", f"{x}.softmax(-1)"])
            self.lines.append(f"with {hooks}: {name} = {text}")

    def copied(self) -> None:
        """A copy that is another leaf."""
        x = self.any()
        self.new(self.random.choice([
            f"copy.deepcopy({x})", f"copy.copy({x})", f"pickle.loads(pickle.dumps({x}.detach()))", f"copy.deepcopy({x}.detach().requires_grad_())",
            f"{x}.new_tensor({x}.tolist())", f"torch.empty_like({x}).copy_({x})", f"torch.nn.Parameter({x}.detach().clone())",
            f"{x}.clone().detach().requires_grad_({x}.requires_grad)",
        ]))  # fmt: skip

    def look(self) -> None:
        """What a node saved."""
        x = self.any()
        # Not `_saved_self`: where it was not needed it is None, and in Adjoint freed with the rest.
        self.new(f"{x}.grad_fn._saved_result.detach().clone()")

    def hook(self) -> None:
        x = self.any()
        what = ["register_hook(lambda g: g * 2)", "register_hook(lambda g: None)", "retain_grad()", "retain_grad()"]
        what += ["register_hook(lambda g: g.sin() + 1)", "register_hook(lambda g: g.detach())", "register_hook(lambda g: g.zero_())"]
        what += ["register_hook(lambda g: g * 2).remove()", "register_post_accumulate_grad_hook(lambda t: t.grad.mul_(2))"]
        what += ["grad_fn.register_hook(lambda gi, go: tuple(g if g is None else g * 2 for g in gi))"]
        what += ["grad_fn.register_prehook(lambda go: tuple(g if g is None else g * 2 for g in go))"]
        self.lines.append(f"{x}.{self.random.choice(what)}")

    def mode(self) -> None:
        """The next line under a grad mode."""
        line = self.random.choice([self.unary, self.binary, self.view, self.in_place, self.set_item])
        contexts = ["no_grad()"] * 3 + ["enable_grad()", "no_grad(), torch.enable_grad()", "set_grad_enabled(False)"]
        self.under(self.random.choice(contexts), line)

    def backward(self) -> None:
        x = self.any()
        options = self.random.choice(["", "", "retain_graph=True", "retain_graph=True", "create_graph=True"])
        target = x if self.random.random() < 0.2 else f"{x}.sum()"
        condition = f"if {x}.requires_grad: " if self.random.random() < 0.8 else ""
        self.lines.append(f"{condition}{target}.backward({options})")

    def second_derivative(self) -> None:
        x, y = self.any(), self.any()
        unused = ", allow_unused=True" if self.random.random() < 0.5 else ""
        # None as an operand is an error of the argument parser, whose text lists C++ overloads.  The copy, because the
        # operators of which a formula is made, and the strides that they leave, are each library's own business.
        self.new(
            "(lambda g: torch.zeros(2) if g is None else g.clone(memory_format=torch.contiguous_format))"
            f"(torch.autograd.grad(({y} * {y}).sum(), {x}, create_graph=True{unused})[0])"
        )

    def flags(self) -> None:
        x = self.any()
        what = ["requires_grad_()", "requires_grad_(False)", "detach_()", "grad = None", "grad.zero_()"]
        chosen = self.random.choice(what)
        # PyTorch notices when a tensor that was saved has lost its history since; Adjoint lets it be.
        self.lines.append(f"if {x}.is_leaf: {x}.detach_()" if chosen == "detach_()" else f"{x}.{chosen}")
