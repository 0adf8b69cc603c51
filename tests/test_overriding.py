"""Classes with ``__torch_function__``, and modes: what they are asked, in which order, and what becomes of results."""

from __future__ import annotations

import copy
import importlib
import io
import subprocess
import sys

import pytest
from both import agree

import adjoint


def overrides(torch):
    return importlib.import_module(f"{torch.__name__}.overrides")


def logging_class(torch):
    """A class that prints what it is asked about."""

    class Logged(torch.Tensor):
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            print(overrides(torch).resolve_name(func), [t.__name__ for t in types], len(args))
            return super().__torch_function__(func, types, args, kwargs or {})

    return Logged


CALLS = """
t + 1 | 1 + t | t - 1 | 1 - t | t * 2 | 2 * t | t / 2 | t // 2 | 1 // t | t % 2 | 2 ** t | t @ p | p @ t | p + t | -t
+t | abs(t) | t < 1 | t == 1 | t != 1 | 1 < t | t[0] | t[0, :] | p[t.long()] | t.shape | t.T | t.data | t.grad
t.requires_grad | t.is_leaf | t.dtype | t.device | t.ndim | t.real | t._version | t.mT | t.layout | t.itemsize
t.size() | t.sum() | t.add(1) | torch.add(t, 1) | torch.add(p, t) | torch.sum(t) | torch.stack([t, p])
torch.cat((p, t)) | torch.nn.functional.linear(t, p) | torch.softmax(t, 0) | torch.chunk(t, 2) | len(t)
bool(t.sum()) | float(t.sum()) | hash(t) > 0 | t.tolist() | t.detach() | t.clone() | t.to(torch.float64) | t.float()
t.is_contiguous() | t.add_(1) | t.mul_(p) | p.mul_(t) | torch.zeros_like(t) | t.new_zeros(2) | torch.is_tensor(t)
torch.is_floating_point(t) | torch.nn.Linear(2, 2)(t) | torch.max(t, 0) | t.max(0) | 1 in t | torch.allclose(t, p)
torch.equal(t, p) | t.element_size() | t.dim() | t.nelement() | torch.where(t > 0, t, p) | torch.result_type(t, p)
torch.tensor(t) | torch.nn.Parameter(t) | t.as_subclass(torch.Tensor) | copy.copy(t) | t.split(1)[0]
torch.nn.functional.mse_loss(t, 2 * t) | torch.einsum("ij,jk->ik", t, t) | t.requires_grad_().sum().backward()
"""


def calls():
    return [call.strip() for call in CALLS.replace("\n", "|").split("|") if call.strip()]


@pytest.mark.parametrize("call", calls())
def test_a_class_is_asked_about_what_pytorch_asks_it_and_results_are_of_it(call):
    def scenario(torch):
        t, p = torch.ones(2, 2).as_subclass(logging_class(torch)), torch.ones(2, 2)
        result = eval(call, {"t": t, "p": p, "torch": torch, "copy": copy})
        if call.startswith(("t.split", "torch.nn.functional.mse", "torch.einsum")):
            return type(result).__name__  # PyTorch's functions in Python pass their arguments on by name
        return [type(result).__name__, *([r.__class__.__name__ for r in result] if isinstance(result, tuple) else [])]

    agree(scenario, warnings_too=False)


@pytest.mark.parametrize(
    "statement",
    [
        "t[0] = 1", "p[0] = t[0]", "t += 1", "t -= 1", "t *= 2", "t /= 2", "p += t", "t.requires_grad = True", "t.data = p",
        "t.grad = p", "del t.grad", "t.foo = 1; t.foo", "t //= 2", "t %= 2",
    ],
)  # fmt: skip
def test_a_class_is_asked_about_statements(statement):
    def scenario(torch):
        t, p = torch.ones(2, 2).as_subclass(logging_class(torch)), torch.ones(2, 2)
        space = {"t": t, "p": p}
        exec(statement, space)
        return type(space["t"]).__name__, type(space["p"]).__name__

    def without_names_of_deletions(torch):
        overrides_of = overrides(torch)
        given, overrides_of.resolve_name = overrides_of.resolve_name, lambda func: func.__name__
        try:
            return scenario(torch)
        finally:
            overrides_of.resolve_name = given

    agree(without_names_of_deletions if "del" in statement else scenario)


def test_results_of_a_class_without_a_word_of_its_own_are_of_it_through_views_writes_and_gradients():
    def scenario(torch):
        class Plain(torch.Tensor):
            pass

        x = Plain([1.0, 2.0, 3.0]).requires_grad_()
        y = (x * 2)[1:]
        z = torch.cat([y, y.detach()]).relu()
        z.sum().backward()
        kept = [type(v).__name__ for v in (x, y, z, x.data, x.detach(), z.view(2, 2), z.max(0).values)]
        with torch.no_grad():
            y.mul_(10)
        return [*kept, y.detach().tolist(), x.grad, type(x.grad).__name__, type(z.grad_fn).__name__, repr(x), repr(z)]

    agree(scenario)


def test_a_view_of_a_class_writes_through_to_its_base():
    def scenario(torch):
        class Plain(torch.Tensor):
            pass

        base = torch.arange(4.0, requires_grad=True) * 1
        view = base.as_subclass(Plain)[1:3]
        view.mul_(10)
        return base, type(view).__name__, torch.autograd.grad(base.sum(), base)[0]

    agree(scenario)


def test_subclasses_are_asked_before_their_bases_and_others_from_left_to_right():
    def scenario(torch):
        def named(name, *bases):
            def asked(cls, func, types, args=(), kwargs=None):
                print(cls.__name__, [t.__name__ for t in types])
                return NotImplemented

            return type(name, bases, {"__torch_function__": classmethod(asked)})

        A = named("A", torch.Tensor)
        B = named("B", A)
        C = named("C", torch.Tensor)
        a, b, c = (torch.ones(1).as_subclass(k) for k in (A, B, C))
        for arguments in ([a, b, c], [c, a, b], [a, a, c]):
            try:
                torch.stack(arguments)
            except TypeError as error:
                print(str(error).replace(A.__module__, ""))
        for call in (lambda: a + b, lambda: a.shape, lambda: torch.nn.functional.relu(a)):
            try:
                call()
            except TypeError as error:
                print(error)

    agree(scenario)


def test_what_is_no_tensor_overrides_functions_from_its_first_call_on():
    """In a process of its own, in which nothing looks for overriding yet."""
    program = """
import {0} as torch
class Diagonal:
    def __init__(self, n, value): self.n, self.value = n, value
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        print(func.__name__, [t.__name__ for t in types], len(args), kwargs or {{}})
        return args[0].value if args[0].__class__ is cls else 7
d = Diagonal(3, 2.0)
"""
    for first in ("torch.nn.functional.dropout(d, 0.5)", "torch.cat([d, torch.ones(2)])"):
        texts = []
        for library in ("torch", "adjoint"):
            source = program.format(library) + f"print({first}); print({first})"
            done = subprocess.run([sys.executable, "-W", "ignore", "-c", source], capture_output=True, text=True)
            assert not done.returncode, done.stderr
            texts.append(done.stdout)
        if "dropout" in first:  # PyTorch's function in Python passes the rest on by name
            texts = [text.replace("1 {'p': 0.5, 'training': True, 'inplace': False}", "2 {}") for text in texts]
        assert texts[0] == texts[1]


def test_a_method_first_looked_up_when_functions_look_for_overriding_is_a_method():
    """In a process of its own: functions are there and began, methods are not yet made."""
    program = """
import {0} as torch
torch.sqrt, torch.addmm, torch.cumsum
class Telling(torch.overrides.TorchFunctionMode):
    def __torch_function__(self, func, types, args=(), kwargs=None):
        print(torch.overrides.resolve_name(func))
        return func(*args, **(kwargs or {{}}))
x = torch.ones(2, 2)
with Telling():
    x.sqrt(); x.addmm(x, x); x.cumsum(0)
for call in ("x.sqrt(out=x)", "x.addmm(x, x, out=x)", "x.cumsum(0, out=x)"):
    try:
        print(call, eval(call))
    except TypeError:
        print("refused")
"""
    texts = []
    for library in ("torch", "adjoint"):
        source = program.format(library)
        done = subprocess.run([sys.executable, "-W", "ignore", "-c", source], capture_output=True, text=True)
        assert not done.returncode, done.stderr
        texts.append(done.stdout)
    assert texts[0] == texts[1]
    assert texts[1].count("refused") == 3


def test_a_mode_sees_functions_those_that_make_tensors_too_and_is_off_inside():
    def scenario(torch):
        class Loud(overrides(torch).TorchFunctionMode):
            def __init__(self, name):
                self.name = name

            def __torch_function__(self, func, types, args=(), kwargs=None):
                print(self.name, overrides(torch).resolve_name(func), kwargs or {})
                return func(*args, **(kwargs or {}))

        with Loud("outer"):
            with Loud("inner") as mode:
                x = torch.ones(2) + torch.tensor([1.0, 2.0])
                torch.arange(3, dtype=torch.float64)
                torch.manual_seed(0)
                print(overrides(torch)._get_current_function_mode() is mode)
            torch.zeros(1)
        torch.zeros(1)
        return x, len(overrides(torch)._get_current_function_mode_stack())

    agree(scenario)


def test_a_mode_that_fails_is_off_afterwards():
    def scenario(torch):
        class Refusing(overrides(torch).TorchFunctionMode):
            def __torch_function__(self, func, types, args=(), kwargs=None):
                if func is torch.zeros:
                    raise ValueError("no zeros")
                return NotImplemented

        for call in (lambda: torch.zeros(1), lambda: torch.add(torch.Tensor([1.0]), 1)):
            try:
                with Refusing():
                    call()
            except (ValueError, TypeError) as error:
                print(type(error).__name__, str(error).partition(" object at ")[0])
        return torch.zeros(1)

    agree(scenario)


def test_functions_of_users_are_overridden_by_the_same_words():
    def scenario(torch):
        o = overrides(torch)

        def scaled(a, b):
            if o.has_torch_function((a, b)):
                return o.handle_torch_function(scaled, (a, b), a, b)
            return a * b + 1

        class Deep(torch.Tensor):
            depth = 0

            @classmethod
            def __torch_function__(cls, func, types, args, kwargs=None):
                print("  " * cls.depth + func.__name__)
                cls.depth += 1
                result = o.redispatch_function(func, types, args, kwargs)
                cls.depth -= 1
                return result

        @o.wrap_torch_function(lambda a: (a,))
        def wrapped(a):
            return a

        a = torch.tensor([3.0]).as_subclass(Deep)
        print([o.is_tensor_like(v) for v in (a, torch.ones(1), 1, None, Deep)])
        print([o.is_tensor_method_or_property(f) for f in (torch.Tensor.add, torch.add, torch.Tensor.shape.__get__, len)])
        print([o.has_torch_function((v,)) for v in (a, torch.ones(1), torch.nn.Parameter(torch.ones(1)), 1)])
        print(o.has_torch_function_unary(a), o.has_torch_function_variadic(1, a))
        wrapped(a)
        return scaled(a, a)

    agree(scenario)


def test_a_parameter_of_a_class_is_of_that_class_and_counts_as_a_parameter():
    def scenario(torch):
        class Weight(torch.Tensor):
            pass

        w = torch.nn.Parameter(torch.ones(2).as_subclass(Weight))
        m = torch.nn.Linear(1, 1)
        m.w = w
        return [
            type(w).__name__, isinstance(w, torch.nn.Parameter), repr(w), sorted(dict(m.named_parameters())),
            type(torch.nn.Parameter(torch.ones(1)) * 2).__name__, type(torch.nn.Parameter(torch.ones(2)) + w).__name__,
        ]  # fmt: skip

    agree(scenario)


class Marked(adjoint.Tensor):
    """At the top of a module, for pickles."""


def test_instances_are_copied_pickled_and_saved_as_instances():
    x = adjoint.ones(2).as_subclass(Marked)
    x.name_of_it = "x"
    for other in (copy.copy(x), copy.deepcopy(x), __import__("pickle").loads(__import__("pickle").dumps(x))):
        assert type(other) is Marked and other.name_of_it == "x" and other.tolist() == [1, 1]
    file = io.BytesIO()
    adjoint.save(x, file)
    file.seek(0)
    loaded = adjoint.load(file, weights_only=False)
    assert type(loaded) is Marked and loaded.name_of_it == "x"


def test_the_makers_of_instances_refuse_what_pytorchs_refuse():
    def scenario(torch):
        class Plain(torch.Tensor):
            pass

        x = torch.Tensor._make_subclass(Plain, torch.ones(2), True)
        print(repr(x), x.is_leaf)
        for call in (
            lambda: torch.ones(2).as_subclass(int),
            lambda: torch.Tensor._make_subclass(int, torch.ones(2)),
            lambda: torch.Tensor._make_wrapper_subclass(Plain, (2, 3)),
        ):
            try:
                call()
            except TypeError as error:
                print(error)

    agree(scenario)


def test_a_class_that_would_have_to_see_operators_below_autograd_is_refused():
    class Below(adjoint.Tensor):
        @classmethod
        def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
            raise AssertionError

    makers = adjoint.ones(1).as_subclass, lambda cls: cls([1.0]), lambda cls: adjoint.Tensor._make_wrapper_subclass(cls, (2,))
    for make in makers:
        with pytest.raises(NotImplementedError, match="defines __torch_dispatch__"):
            make(Below)


def test_tables_of_overrides_find_functions_by_what_they_are():
    def scenario(torch):
        handled = {torch.add: "function", torch.Tensor.add: "method", torch.Tensor.shape.__get__: "attribute"}
        handled[torch.nn.functional.relu] = "relu"

        class Table(torch.Tensor):
            @classmethod
            def __torch_function__(cls, func, types, args=(), kwargs=None):
                return handled.get(func, func.__name__)

        t = torch.ones(1).as_subclass(Table)
        return torch.add(t, 1), t.add(1), t + 1, t.shape, torch.nn.functional.relu(t), t.relu(), torch.sub(t, 1), t.mul(1)

    agree(scenario)


def test_without_classes_and_modes_nothing_looks_for_them():
    program = "import adjoint as torch; from adjoint.autograd import overriding; x = torch.nn.Linear(2, 2)(torch.ones(1, 2)); "
    program += "x.sum().backward(); print(overriding.on, torch.add.__code__.co_name)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "[] add\n", done.stderr


def test_vmap_and_forward_mode_go_through_instances():
    def scenario(torch):
        class Plain(torch.Tensor):
            pass

        x = torch.arange(6.0).view(3, 2).as_subclass(Plain)
        primal, tangent = torch.func.jvp(lambda v: (v * v).sum(), (torch.ones(2),), (torch.ones(2),))
        return torch.func.vmap(lambda v: (v * 2).sum())(x), torch.func.grad(lambda v: (v * v).sum())(torch.ones(2)), tangent

    agree(scenario)


def test_where_a_graph_was_freed_is_told_with_overriding_on_too():
    adjoint.ones(1).as_subclass(Marked)
    loss = adjoint.ones(1, requires_grad=True).exp().sum()
    loss.backward()
    with pytest.raises(RuntimeError, match="a second time") as raised:
        loss.backward()
    assert __file__ in "".join(raised.value.__notes__)


def test_a_batch_of_instances_is_one():
    def scenario(torch):
        x = torch.ones(2).as_subclass(logging_class(torch))
        collate = importlib.import_module(f"{torch.__name__}.utils.data").default_collate
        printed = collate([x, x])
        return type(printed).__name__, tuple(printed.as_subclass(torch.Tensor).shape)

    def without_questions(torch):  # PyTorch asks for the layout first
        import contextlib
        import io

        with contextlib.redirect_stdout(io.StringIO()):
            return scenario(torch)

    agree(without_questions)


def test_methods_that_are_built_late_do_not_take_what_methods_do_not_take() -> None:
    program = """
import adjoint as torch
class Answers:
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return "answered"
assert torch.add(Answers(), 1) == "answered"
assert torch.sub(torch.ones(2), 1, out=torch.empty(2)).tolist() == [0, 0]
for name in ("add", "sub"):
    try:
        getattr(torch.ones(2), name)(1, out=torch.ones(2))
    except TypeError as error:
        print(error)
assert torch.ones(2).sub(Answers()) == "answered"
"""
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert found.stdout.count("unexpected keyword argument 'out'") == 2, found
