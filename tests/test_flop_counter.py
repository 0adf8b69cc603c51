"""The flop counter: what products and convolutions cost, forward and backward, by module."""

import importlib

import pytest
from both import agree

import adjoint


def counter(torch):
    return importlib.import_module(f"{torch.__name__}.utils.flop_counter")


def counted(torch, run, **options):
    with counter(torch).FlopCounterMode(display=False, **options) as counts:
        result = run()
        if result.requires_grad:
            result.sum().backward()
    found = {module: {str(op): n for op, n in of.items()} for module, of in counts.get_flop_counts().items()}
    return found, counts.get_total_flops()


CALLS = [
    "R(3, 4) @ R(4, 5)", "R(3, 4) @ R(4)", "R(4) @ R(4)", "R(2, 3, 4) @ R(2, 4, 5)", "R(2, 3, 4) @ R(4, 5)", "R(3, 4) @ R(2, 4, 5)",
    "R(2, 2, 3, 4) @ R(1, 2, 4, 5)", "R(4) @ R(4, 3)", "R(4) @ R(2, 4, 3)", "torch.randn(3, 4) @ R(4, 5)",
    "R(3, 4) @ torch.randn(4, 5)",
    "torch.addmm(R(5), R(3, 4), R(4, 5))", "torch.baddbmm(R(2, 3, 5), R(2, 3, 4), R(2, 4, 5))", "torch.outer(R(3), R(4))",
    "torch.addbmm(R(3, 5), R(2, 3, 4), R(2, 4, 5))", "torch.einsum('bij,bjk->bik', R(2, 3, 4), R(2, 4, 5))",
    "torch.einsum('bhid,bhjd->bhij', R(2, 2, 3, 4), R(2, 2, 5, 4))", "torch.tensordot(R(3, 4), R(4, 5), 1)",
    "torch.nn.Linear(4, 5)(R(3, 4))", "torch.nn.Linear(4, 5, bias=False)(R(3, 4))", "torch.nn.Linear(4, 5)(R(2, 3, 4))",
    "torch.nn.Linear(4, 5, bias=False)(R(2, 3, 4))", "torch.nn.Linear(4, 5)(R(4))", "torch.nn.Linear(4, 5)(torch.randn(3, 4))",
    "torch.nn.Conv1d(4, 6, 3)(R(2, 4, 9))", "torch.nn.Conv2d(4, 6, 3, padding=1, stride=2, groups=2)(R(2, 4, 9, 8))",
    "torch.nn.Conv2d(4, 6, 3)(torch.randn(2, 4, 9, 8))", "torch.nn.ConvTranspose2d(4, 6, 3, stride=2)(R(2, 4, 5, 5))",
    "torch.nn.Conv3d(1, 2, 2)(R(1, 1, 4, 4, 4))", "torch.nn.Conv2d(4, 6, 3, padding='same')(R(4, 9, 8))",
    "torch.nn.functional.scaled_dot_product_attention(R(2, 2, 6, 4), R(2, 2, 5, 4), R(2, 2, 5, 3))",
    "torch.nn.functional.scaled_dot_product_attention(R(2, 5, 4), R(2, 5, 4), R(2, 5, 4))", "torch.nn.GRU(4, 5)(R(3, 2, 4))[0]",
    "torch.nn.RNN(4, 5)(R(3, 2, 4))[0]", "torch.linalg.multi_dot([R(3, 4), R(4, 5), R(5, 2)])", "torch.matrix_power(R(3, 3), 3)",
]  # fmt: skip


@pytest.mark.parametrize("call", CALLS)
def test_products_and_convolutions_count_forward_and_backward(call):
    def scenario(torch):
        names = {"torch": torch, "R": lambda *shape: torch.randn(*shape, requires_grad=True)}
        return counted(torch, lambda: eval(call, names))

    agree(scenario)


def net(torch):
    def block():
        return torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 8))

    return torch.nn.Sequential(block(), torch.nn.Sequential(block(), torch.nn.Linear(8, 200)))


@pytest.mark.parametrize("depth", [None, 1, 2, 3])
def test_the_table_shows_modules_down_to_a_depth(depth):
    def scenario(torch):
        model, x = net(torch), torch.ones(4, 8)
        with counter(torch).FlopCounterMode(display=False, depth=depth) as counts:
            (model(x) @ torch.ones(200, 3)).sum().backward()
        return {module: {str(op): n for op, n in of.items()} for module, of in counts.get_flop_counts().items()}

    agree(scenario)
    model = net(adjoint)
    with counter(adjoint).FlopCounterMode(display=False, depth=depth) as counts:
        (model(adjoint.ones(4, 8)) @ adjoint.ones(200, 3)).sum().backward()
    lines = counts.get_table().splitlines()
    assert lines[0].split() == ["Module", "FLOP", "%", "Total"] and set(lines[1]) == {"-", " "}
    modules = [line.split()[0] for line in lines[2:] if not line.strip().startswith("-")]
    deepest = {None: 4, 1: 1, 2: 2, 3: 3}[depth]  # of net()
    assert "Global" in modules and max(m.count(".") + 1 for m in modules) == deepest
    assert len({len(line) for line in lines}) == 1


def test_the_table_is_laid_out_in_columns():
    with counter(adjoint).FlopCounterMode(display=False) as counts:
        adjoint.nn.Linear(3, 4)(adjoint.ones(2, 3)).sum().backward()
    assert counts.get_table() == (
        "Module           FLOP    % Total\n"
        "-------------  ------  ---------\n"
        "Linear             96    100.00%\n"
        " - aten.addmm      48     50.00%\n"
        " - aten.mm         48     50.00%"
    )
    with counter(adjoint).FlopCounterMode(display=False) as counts:
        adjoint.ones(200, 300) @ adjoint.ones(300, 400)
    assert counts.get_table() == (
        "Module         FLOP    % Total\n"
        "----------  -------  ---------\n"
        "Global      48.000M    100.00%\n"
        " - aten.mm  48.000M    100.00%"
    )


def test_formulas_for_more_operators_are_registered_or_given():
    def scenario(torch):
        mode = counter(torch)
        name = f"counted_{torch.__name__}"
        library = importlib.import_module(f"{torch.__name__}.library")

        def double(x: torch.Tensor) -> torch.Tensor:
            return x * 2

        made = library.custom_op(f"{name}::double", double, mutates_args=())
        packet = getattr(torch.ops, name).double

        @mode.register_flop_formula(packet)
        def formula(x_shape, out_shape=None, **kwargs):
            return x_shape[0] * out_shape[1]

        for target in (packet, 3):
            try:
                mode.register_flop_formula(target)(formula)
            except (RuntimeError, ValueError) as error:
                print(type(error).__name__, str(error).replace(name, ""))
        own = {torch.ops.aten.relu: lambda x_shape, out_shape=None: 1000}
        _, total = counted(torch, lambda: made(torch.ones(3, 4)).relu(), custom_mapping=own)
        convolution = mode.conv_flop_count([2, 3, 5], [4, 3, 2], [2, 4, 4])
        return total, mode.mm_flop((2, 3), (3, 4)), mode.bmm_flop((5, 2, 3), (5, 3, 4)), convolution

    agree(scenario)


def test_modules_are_tracked_forward_and_backward():
    def scenario(torch):
        tracker_of = importlib.import_module(f"{torch.__name__}.utils.module_tracker")

        class Shown(torch.nn.Module):
            def forward(self, x):
                print("forward", sorted(tracker.parents))
                x = x * 2
                x.register_hook(lambda g: print("backward", sorted(tracker.parents), tracker.is_bw))
                return x * 3

        model = torch.nn.Sequential(torch.nn.Sequential(Shown()), Shown())
        with tracker_of.ModuleTracker() as tracker:
            model(torch.ones(2, requires_grad=True)).sum().backward()
            print(sorted(tracker.parents), tracker.is_bw)

    agree(scenario)


def test_a_counter_that_was_left_counts_no_more():
    with counter(adjoint).FlopCounterMode(display=False) as counts:
        adjoint.ones(2, 3) @ adjoint.ones(3, 4)
    adjoint.ones(2, 3) @ adjoint.ones(3, 4)
    assert counts.get_total_flops() == 48
    with pytest.raises(ValueError, match="stop"), counter(adjoint).FlopCounterMode(display=False):
        raise ValueError("stop")
    from adjoint.autograd import engine
    from adjoint.autograd.interception import intercept

    assert not engine.watchers and not intercept.active


def test_modes_below_autograd_refuse_to_be_entered_and_questions_are_answered():
    below = adjoint.utils._python_dispatch
    with pytest.raises(NotImplementedError, match="TorchFunctionMode"), below.TorchDispatchMode():
        pass

    class Pair(adjoint.Tensor):
        def __tensor_flatten__(self):
            return ["a", "b"], None

        @classmethod
        def __tensor_unflatten__(cls, inner, context, size, stride):
            made = inner["a"].as_subclass(cls)
            made.a, made.b = inner["a"], inner["b"]
            return made

    pair = Pair.__tensor_unflatten__({"a": adjoint.ones(2), "b": adjoint.zeros(2)}, None, None, None)
    assert below.is_traceable_wrapper_subclass(pair) and not below.is_traceable_wrapper_subclass(adjoint.ones(1))
    assert below.transform_subclass(pair, lambda name, t: t + 1).b.tolist() == [1, 1]
    assert below._get_current_dispatch_mode() is None and below._get_current_dispatch_mode_stack() == []
    with below._disable_current_modes() as modes:
        assert modes == []
