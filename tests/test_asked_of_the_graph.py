"""What programs ask of the graph and of the backward that runs, by the names under which PyTorch has it."""

from __future__ import annotations

import gc
from collections import OrderedDict
from typing import Any

import pytest
from both import agree

import adjoint


def test_the_number_of_the_backward_that_runs() -> None:
    def scenario(torch: Any) -> Any:
        numbers = []
        y = torch.ones(2, requires_grad=True) * 2
        y.register_hook(lambda g: numbers.append(torch._C._current_graph_task_id()))
        for _ in range(3):
            y.sum().backward(retain_graph=True)
        return [n - numbers[0] for n in numbers], torch._C._current_graph_task_id()

    agree(scenario)


def test_which_nodes_a_backward_will_run() -> None:
    def scenario(torch: Any) -> Any:
        found = []
        a, b = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
        c = a * b
        d, e = c.cos(), c.sin()
        leaves = [pair[0] for pair in c.grad_fn.next_functions]
        nodes = [c.grad_fn, d.grad_fn, e.grad_fn, *leaves]
        c.register_hook(lambda g: found.append([torch._C._will_engine_execute_node(n) for n in nodes]))
        d.sum().backward(retain_graph=True)
        d.sum().backward(inputs=(a,), retain_graph=True)
        torch.autograd.grad(e.sum(), c, retain_graph=True)
        return found

    agree(scenario, raises=False)


@pytest.mark.parametrize(
    "asked",
    [
        "_will_engine_execute_node(y.grad_fn)", "_will_engine_execute_node(y)", "_will_engine_execute_node(3)",
        "_current_graph_task_execution_order()",
    ],
)  # fmt: skip
@pytest.mark.parametrize("during", ["nothing", "grad of a leaf", "backward"])
def test_questions_at_the_wrong_time(asked: str, during: str) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.ones(2, requires_grad=True)
        y = x * 2

        def ask(_: Any) -> None:
            space = {"torch": torch, "y": y if "y.grad_fn" not in asked else Leaf}
            print(eval("torch._C." + asked, space))

        class Leaf:
            grad_fn = y.grad_fn.next_functions[0][0]

        if during == "nothing":
            return ask(None)
        y.register_hook(ask)
        if during == "backward":
            return y.sum().backward()
        return torch.autograd.grad(y.sum(), x)

    agree(scenario)


def test_the_order_in_which_nodes_run() -> None:
    def scenario(torch: Any) -> Any:
        found: list[Any] = []
        order: list[Any] = []

        def ask(_: Any) -> None:
            found.append([type(n).__name__ for n in torch._C._current_graph_task_execution_order()])

        a, b = torch.tensor(1.0, requires_grad=True), torch.tensor(2.0, requires_grad=True)
        c, d = b.sin(), a.cos()
        e = c * d
        f = e.exp() + c
        for name, t in {"a": a, "b": b, "c": c, "d": d, "e": e, "f": f}.items():
            t.register_hook(lambda g, name=name: order.append(name))
        f.register_hook(ask)
        with torch.autograd.set_multithreading_enabled(False):
            f.backward(retain_graph=True)
        return found, order

    agree(scenario, raises=False)


def test_the_node_that_is_running() -> None:
    def scenario(torch: Any) -> Any:
        found: list[Any] = []

        def ask(*_: Any) -> None:
            node = torch._C._current_autograd_node()
            found.append(node and type(node).__name__)

        class Own(torch.autograd.Function):
            @staticmethod
            def forward(ctx: Any, x: Any) -> Any:
                ask()
                return x * 2

            @staticmethod
            def backward(ctx: Any, g: Any) -> Any:
                ask()
                with torch.enable_grad():
                    y = torch.ones(1, requires_grad=True).exp()
                    y.register_hook(ask)
                    y.backward()  # a backward inside of one
                ask()
                return g

        x = torch.ones(2, requires_grad=True)
        x.register_hook(ask)
        y = Own.apply(x.sin()).cos()
        y.register_hook(ask)
        y.sum().backward()
        ask()
        return found

    agree(scenario, raises=False)


def test_whether_the_graph_is_kept() -> None:
    def scenario(torch: Any) -> Any:
        found = [torch._C._autograd._get_current_graph_task_keep_graph()]
        y = torch.ones(2, requires_grad=True) * 2
        y.register_hook(lambda g: found.append(torch._C._autograd._get_current_graph_task_keep_graph()))
        y.sum().backward(retain_graph=True)
        y.sum().backward(create_graph=True)
        y.sum().backward()
        return found

    agree(scenario, raises=False)


def test_what_a_node_is_given() -> None:
    def scenario(torch: Any) -> Any:
        class Two(torch.autograd.Function):
            @staticmethod
            def forward(ctx: Any, x: Any) -> Any:
                return x.double(), x[0]

        x = torch.ones(3, 2, requires_grad=True)
        nodes = [
            (x * 2).grad_fn, x.half().grad_fn, torch.var_mean(x, 0)[0].grad_fn, Two.apply(x)[0].grad_fn,
            x.sum().grad_fn.next_functions[0][0],
        ]  # fmt: skip
        return [
            [(tuple(m.shape), str(m.dtype), str(m.device), m.is_nested_tensor) for m in n._input_metadata] for n in nodes
        ]

    agree(scenario, raises=False)


def test_a_shape_that_a_node_was_not_told() -> None:
    x = adjoint.ones(3, requires_grad=True)
    node = x.exp().sum().grad_fn.next_functions[0][0]
    with pytest.raises(RuntimeError, match=r"ExpBackward0 does not know the shape of its output 0"):
        node._input_metadata


@pytest.mark.parametrize(
    "call",
    [
        'DelayedError("no", 1)(x)', 'DelayedError("no", 2)(x, plain)[0]', 'DelayedError("no", 2)(x, plain)[1]',
        'DelayedError("no", 1)(1)', 'DelayedError("no", 2)(x)', 'DelayedError("no", 1)(plain)', "UndefinedGrad()(x)",
        "UndefinedGrad()(x, x)", "UndefinedGrad()(1)", "UndefinedGrad()(plain)", "UndefinedGrad()(x * 2)",
    ],
)  # fmt: skip
@pytest.mark.parametrize("recorded", [True, False])
def test_nodes_by_themselves(call: str, recorded: bool) -> None:
    def scenario(torch: Any) -> Any:
        functions = torch._C._functions
        space = {"DelayedError": functions.DelayedError, "UndefinedGrad": functions.UndefinedGrad}
        space |= {"x": torch.ones(2, requires_grad=True), "plain": torch.ones(2)}
        with torch.set_grad_enabled(recorded or "Undefined" in call):
            y = eval(call, space)
        print(y, y.grad_fn and y.grad_fn.name())
        y.sum().backward()
        return space["x"].grad

    agree(scenario)


def test_what_stands_behind_a_backward_that_is_differentiated_once() -> None:
    def scenario(torch: Any) -> Any:
        class Once(torch.autograd.Function):
            @staticmethod
            def forward(ctx: Any, x: Any, n: Any, y: Any) -> Any:
                return x * n * y

            @staticmethod
            @torch.autograd.function.once_differentiable
            def backward(ctx: Any, g: Any) -> Any:
                return g, None, g

        def described(node: Any) -> Any:
            return node and [type(node).__name__, *(described(n) for n, _ in node.next_functions)]

        x, y = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
        Once.apply(x, 3, y).sum().backward(create_graph=True)
        return described(x.grad.grad_fn), x.grad

    agree(scenario)


def test_a_saved_tensor_is_made_by_nodes_only() -> None:
    def scenario(torch: Any) -> Any:
        x = torch.ones(2, requires_grad=True)
        saved = (x * x).grad_fn._raw_saved_self
        print(isinstance(saved, torch.autograd.SavedTensor), isinstance(saved, torch._C._autograd.SavedTensor))
        for hooks in ((lambda t: t,), (1, 1), (lambda t: t, 1)):
            try:
                saved.register_hooks(*hooks)
            except TypeError as error:
                print(str(error).partition("Invoked")[0])
        torch.autograd.SavedTensor()

    agree(scenario, raises=True)


def test_a_tensor_saved_without_a_node() -> None:
    def scenario(torch: Any) -> Any:
        x = torch.ones(2, requires_grad=True) * 2
        saved = torch._C._autograd._make_saved_tensor(x, False)
        print(saved.unpack().grad_fn is x.grad_fn)
        saved.register_hooks(lambda t: t.numpy(force=True), lambda a: torch.from_numpy(a) * 5)
        return saved.unpack().tolist()

    agree(scenario, raises=False)


@pytest.mark.parametrize("versions", ["(0,)", "(3,)", "(1,)", "(-1,)", "(1, 2)"])
def test_versions_set_by_hand(versions: str) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.ones(2)
        x.add_(1)
        leaf = torch.ones(2, requires_grad=True)
        y = leaf * x
        x.mul_(3)
        torch._C._autograd._unsafe_set_version_counter((x,), eval(versions))
        print(x._version)
        y.sum().backward()
        return leaf.grad

    agree(scenario)


def test_versions_kept_over_writes() -> None:
    def scenario(torch: Any) -> Any:
        x, y = torch.ones(2), torch.ones(2)
        leaf = torch.ones(2, requires_grad=True)
        z = leaf * x
        with torch.autograd._unsafe_preserve_version_counter((x, y)):
            x.mul_(2)
            y.mul_(3)
            print(x._version, y._version)
        z.sum().backward()
        print(x._version, y._version, leaf.grad)
        torch.autograd._unsafe_preserve_version_counter([x])

    agree(scenario)


@pytest.mark.parametrize("kind", ["leaf", "computed", "constant"])
@pytest.mark.parametrize("forward", ["x[:]", "x", "x * 2", "mark(x[:])", "mark(x)", "mark(x * 2)"])
@pytest.mark.parametrize("recorded", [True, False])
@pytest.mark.parametrize("write", ["y.zero_()", "y.add_(w)", "x.mul_(2)"])
def test_what_a_function_returns_and_writes_to_it(kind: str, forward: str, recorded: bool, write: str) -> None:
    def scenario(torch: Any) -> Any:
        class Own(torch.autograd.Function):
            @staticmethod
            def forward(ctx: Any, x: Any) -> Any:
                def mark(t: Any) -> Any:
                    ctx.mark_non_differentiable(t)
                    return t

                return eval(forward, {"x": x, "mark": mark})

            @staticmethod
            def backward(ctx: Any, g: Any) -> Any:
                return g

        leaf = torch.ones(2, requires_grad=True)
        x = {"leaf": leaf, "computed": leaf * 1, "constant": torch.ones(2)}[kind]
        with torch.set_grad_enabled(recorded):
            y = Own.apply(x)
        print(y.requires_grad, y.is_leaf, y._is_view(), y is x)
        eval(write, {"x": x, "y": y, "w": torch.ones(2, requires_grad=True)})
        print(y, x)
        return y.requires_grad and y.grad_fn is not None and type(y.grad_fn).__name__

    agree(scenario)


def test_a_view_made_in_inference_mode_is_not_written_to_outside() -> None:
    def scenario(torch: Any, of_view: bool) -> Any:
        x = torch.zeros(2)
        with torch.inference_mode():
            y = x.view(2)
        y.requires_grad_(True)
        z = y.view(2) if of_view else y
        z /= 2

    agree(lambda torch: scenario(torch, True), raises=True)
    agree(lambda torch: scenario(torch, False), raises=True)


@pytest.mark.parametrize("operator", ["a.sin()", "a * a", "a.exp()", "a @ a", "a.pow(3)", "torch.atan2(a, a)", "a[:1]"])
@pytest.mark.parametrize("create_graph", [True, False])
def test_what_saved_a_tensor_that_was_then_detached_in_place(operator: str, create_graph: bool) -> None:
    def scenario(torch: Any) -> Any:
        leaf = torch.ones(2, requires_grad=True)
        a = leaf * 2
        b = eval(operator, {"a": a, "torch": torch})
        c = eval(operator, {"a": leaf * 3, "torch": torch})
        a.detach_()
        torch.autograd.grad(c.sum(), leaf, create_graph=create_graph)
        return torch.autograd.grad(b.sum(), leaf, create_graph=create_graph)

    agree(scenario)


def test_a_leaf_detached_in_place_gets_no_gradient() -> None:
    def scenario(torch: Any) -> Any:
        leaf = torch.ones(2, requires_grad=True)
        b = leaf.sin()
        leaf.detach_()
        b.sum().backward()
        return leaf.grad, leaf.requires_grad

    agree(scenario, raises=False)


def test_memory_set_anew_is_another_leaf() -> None:
    def scenario(torch: Any) -> Any:
        x = torch.ones(2, requires_grad=True)
        edge = torch.autograd.graph.get_gradient_edge(x)
        y = x.clone()
        with torch.no_grad():
            x.set_(torch.ones(3))
        print(torch.autograd.grad(y.sum(), edge, retain_graph=True))
        return torch.autograd.grad(y.sum(), x)

    agree(scenario, raises=True)


@pytest.mark.parametrize("name", ["grad", "data", "requires_grad", "_grad_fn", "_backward_hooks"])
def test_deleting_what_a_tensor_has(name: str) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.ones(2, requires_grad=True)
        x.sum().backward()
        delattr(x, name)
        return getattr(x, name)

    agree(scenario)


@pytest.mark.parametrize("hooks", ["own", "None", "own before requires_grad"])
def test_the_dictionary_of_a_tensors_hooks(hooks: str) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.ones(2, requires_grad="before" not in hooks)
        own: Any = None if hooks == "None" else OrderedDict()
        if "before" not in hooks:
            x.register_hook(lambda g: g * 3)
        x._backward_hooks = own
        print(x._backward_hooks is own)
        x.requires_grad_()
        if own is not None:
            own["mine"] = lambda g: g * 5
        x.sum().backward()
        return x.grad

    agree(scenario, raises=False)


def test_zeros_for_outputs_that_have_no_gradient_may_be_left_out() -> None:
    def scenario(torch: Any, zeros: bool) -> Any:
        class Own(torch.autograd.Function):
            @staticmethod
            def forward(ctx: Any, x: Any) -> Any:
                a, b, c = x.clone(), x.clone(), x.clone()
                ctx.mark_non_differentiable(b)
                ctx._materialize_non_diff_grads = zeros
                return a, b, c

            @staticmethod
            def backward(ctx: Any, *grads: Any) -> Any:
                print(grads)
                return grads[0]

        x = torch.ones(2, requires_grad=True)
        Own.apply(x)[0].sum().backward()
        return x.grad

    agree(lambda torch: scenario(torch, True), raises=False)
    agree(lambda torch: scenario(torch, False), raises=False)


def test_an_argument_returned_as_it_is_keeps_its_class() -> None:
    def scenario(torch: Any) -> Any:
        class Own(torch.Tensor):
            pass

        class Same(torch.autograd.Function):
            @staticmethod
            def forward(ctx: Any, x: Any) -> Any:
                return x

        y = Same.apply(torch.ones(2).as_subclass(Own))
        return type(y).__name__, y.tolist()

    agree(scenario, raises=False)


def test_hooks_after_a_leafs_node_see_the_memory_that_became_its_gradient() -> None:
    def scenario(torch: Any) -> Any:
        x = torch.ones(3, requires_grad=True)
        node = x.view_as(x).grad_fn.next_functions[0][0]

        def after(inputs: Any, outputs: Any) -> None:
            x.grad = outputs[0].mul(10)

        x.register_hook(lambda g: g - 2)
        node.register_prehook(lambda gs: (gs[0] / 5,))
        x.register_post_accumulate_grad_hook(lambda t: print(t.grad.add_(0.5)))
        node.register_hook(after)
        x.sum().backward()
        return x.grad

    agree(scenario, raises=False)


def test_views_are_told_by_their_steps_where_the_user_wants_it() -> None:
    def scenario(torch: Any, replay: bool) -> Any:
        x = torch.ones(2, 3, requires_grad=True) * 1
        with torch.autograd._force_original_view_tracking(replay):
            print(torch.autograd.is_view_replay_enabled())
            y = x[0]
            x.mul_(2)
            y.add_(1)
            node = y.grad_fn
            y.sum().backward()
        print(torch.autograd.is_view_replay_enabled())
        return type(node).__name__ in ("SelectBackward0", "AsStridedBackward0"), x.requires_grad

    agree(lambda torch: scenario(torch, True), raises=False)
    agree(lambda torch: scenario(torch, False), raises=False)


def test_a_view_of_another_dtype_that_is_transposed_in_place_has_the_gradient_of_its_transpose() -> None:
    """PyTorch gives the transposed gradient where the same steps are taken in place; there is one gradient."""

    def gradient(in_place: bool) -> Any:
        leaf = adjoint.arange(9.0).reshape(3, 3).to(adjoint.complex64).requires_grad_()
        b = adjoint.view_as_real(leaf.clone())
        b = b.transpose_(0, 1) if in_place else b.transpose(0, 1)
        b += 1
        b.backward(adjoint.arange(18.0).view(3, 3, 2))
        return leaf.grad

    assert gradient(True).tolist() == gradient(False).tolist()


def test_hooks_that_an_unpack_hook_enters_end_with_it() -> None:
    entered: list[Any] = []
    x = adjoint.ones(2, requires_grad=True)
    context = adjoint.autograd.graph.saved_tensors_hooks(lambda t: entered.append(1) or t, lambda t: t)

    def unpack(t: Any) -> Any:
        context.__enter__()
        return t

    with adjoint.autograd.graph.saved_tensors_hooks(lambda t: t, unpack):
        y = x.sin()
    y.sum().backward()
    x.sin()
    assert not entered


def test_a_saved_constant_is_unpacked_as_what_the_hook_gave() -> None:
    def scenario(torch: Any) -> Any:
        x, constant = torch.ones(2, requires_grad=True), torch.ones(2)
        with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t):
            y = x * constant
        return y.grad_fn._saved_other is constant

    agree(scenario, raises=False)


def test_classes_are_decorated_with_a_warning() -> None:
    def scenario(torch: Any) -> Any:
        @torch.no_grad()
        class Own:
            def __init__(self) -> None:
                self.made = torch.is_grad_enabled()

            def later(self) -> Any:
                return torch.is_grad_enabled()

        own = Own()
        return own.made, own.later()

    agree(scenario, raises=False)


def test_a_weak_reference_to_a_tensor() -> None:
    def scenario(torch: Any) -> Any:
        x = torch.ones(2)
        known = torch._C._WeakTensorRef(x)
        before = known.expired()
        del x
        gc.collect()
        return before, known.expired()

    agree(scenario, raises=False)
