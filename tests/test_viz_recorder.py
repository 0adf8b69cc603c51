"""The recorder: what a recording has of a program, and that nothing is changed by being recorded."""

import json

import adjoint as torch
from adjoint.autograd import engine
from adjoint.autograd.interception import intercept
from adjoint.nn.modules.module_hooks import GLOBAL
from adjoint.viz import Recording, record


def recorded_square():
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    with record() as recording:
        y = x + 2
        z = y * y * 2
        z.mean().backward()
    return recording


def test_nodes_are_the_operators_in_order_behind_the_leaves_that_they_use():
    nodes = recorded_square().nodes
    assert [n.kind for n in nodes] == ["leaf", "operator", "operator", "operator", "operator"]
    assert [n.operator for n in nodes[1:]] == ["add", "mul", "mul", "mean"]
    assert [n.grad_fn for n in nodes] == ["AccumulateGrad", "AddBackward0", "MulBackward0", "MulBackward0", "MeanBackward0"]
    assert [i.node for i in nodes[2].inputs] == [1, 1]
    assert nodes[3].line.text == "z = y * y * 2"


def test_gradients_that_arrived_and_left_are_those_of_the_backward():
    nodes = recorded_square().nodes
    assert nodes[4].gradient.arrived[0].numbers == 1.0
    assert nodes[0].gradient.arrived[0].numbers == [4.0, 16 / 3, 20 / 3] or abs(nodes[0].gradient.arrived[0].norm - 9.428) < 1e-3
    assert nodes[2].gradient.left[0].numbers == nodes[2].gradient.left[1].numbers


def test_a_recording_is_its_json():
    recording = recorded_square()
    again = Recording.from_dict(json.loads(recording.to_json()))
    assert again.to_dict() == recording.to_dict()


def test_nothing_is_left_on_afterwards():
    before = intercept.active, len(engine.watchers), len(GLOBAL)
    recorded_square()
    try:
        with record():
            torch.ones(2) @ torch.ones(3)
    except RuntimeError:
        pass
    assert (intercept.active, len(engine.watchers), len(GLOBAL)) == before


def events(recording):
    return [step.event for step in recording.steps]


def test_steps_are_in_the_order_in_which_things_happened():
    assert events(recorded_square()) == [
        *["forward"] * 4, "backward begins", "arrive", "arrive", "arrive", "arrive", "free", "arrive", "accumulate",
        "backward ends",
    ]  # fmt: skip


def test_memory_that_the_graph_keeps_is_freed_by_the_backward():
    steps = recorded_square().steps
    assert max(step.saved_bytes for step in steps) == 12  # y, once for both operands
    assert steps[-1].saved_bytes == 0


def test_a_graph_that_is_dropped_keeps_nothing():
    x = torch.ones(1000, requires_grad=True)
    with record() as recording:
        for _ in range(3):
            (x * x).exp().sum()
    assert max(step.saved_bytes for step in recording.steps) == 8000


def test_parameters_go_by_their_path_and_operators_by_their_module():
    net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU())
    optimizer = torch.optim.SGD(net.parameters(), 0.1)
    with record() as recording:
        optimizer.zero_grad()
        loss = net(torch.ones(1, 2)).sum()
        loss.backward()
        optimizer.step()
    assert [m.path for m in recording.modules] == ["", "0", "1"]
    assert {n.name: n.module for n in recording.nodes if n.kind == "leaf"} == {"0.weight": 1, "0.bias": 1}
    assert {n.operator: n.module for n in recording.nodes if n.kind == "operator"} == {"linear": 1, "relu": 2, "sum": None}
    assert [s.text for s in recording.steps if s.event in ("zero_grad", "optimizer")] == ["SGD.zero_grad()", "SGD.step()"]
    assert torch.optim.Optimizer.zero_grad.__qualname__ == "Optimizer.zero_grad"
    assert not hasattr(torch.optim.Optimizer.zero_grad, "__wrapped__")


def test_a_parameter_that_was_stepped_is_a_leaf_of_another_value():
    w = torch.ones(2, requires_grad=True)
    with record() as recording:
        for _ in range(2):
            (w * w).sum().backward()
            with torch.no_grad():
                w -= 0.25 * w.grad
                w.grad.zero_()
    leaves = [n for n in recording.nodes if n.kind == "leaf"]
    assert [(n.name, n.outputs[0].value.numbers) for n in leaves] == [("w", [1.0, 1.0]), ("w", [0.5, 0.5])]
    assert [n.gradient.arrived[0].numbers for n in leaves] == [[2.0, 2.0], [1.0, 1.0]]
    assert {n.phase for n in recording.nodes if n.in_place} == {"no_grad"}


def test_names_are_the_outermost_variables_that_are_the_tensor():
    def twice(a):
        doubled = a * 2
        return doubled

    x = torch.ones(2, requires_grad=True)
    params = {"b": torch.ones(2, requires_grad=True)}
    with record() as recording:
        out = twice(x) + params["b"]
    names = [n.name for n in recording.nodes]
    assert names == ["x", None, "params['b']", "out"]
    assert recording.nodes[1].line.text == "doubled = a * 2"
    assert out.requires_grad


def test_writes_in_place_and_views_are_told():
    x = torch.ones(3, requires_grad=True)
    with record() as recording:
        a = x * 1
        b = a[1:]
        b.mul_(2)
        c = a.sum()
        c.backward()
    product = recording.nodes[1]
    assert (product.name, product.operator) == ("a", "mul")
    written = [n for n in recording.nodes if n.in_place]
    assert [n.operator for n in written] == ["mul"]
    assert recording.nodes[written[0].inputs[0].node].view_of == product.id
    assert recording.nodes[0].gradient.arrived[0].numbers == [1.0, 2.0, 2.0]


def test_what_a_checkpoint_computes_again_is_no_second_use():
    import adjoint.utils.checkpoint as checkpoint

    layer = torch.nn.Linear(2, 2)
    x = torch.ones(2, requires_grad=True)
    with record() as recording:
        checkpoint.checkpoint(lambda a: layer(a).relu(), x, use_reentrant=False).sum().backward()
    assert "the sum of" not in str(recording.explain())
    assert any(n.phase == "backward" and n.operator == "addmm" for n in recording.nodes)


def test_several_backwards_and_those_that_are_recorded():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with record() as recording:
        (g,) = torch.autograd.grad((x**3).sum(), x, create_graph=True)
        g.sum().backward()
    assert [b.create_graph for b in recording.backwards] == [True, False]
    assert [b.line.text for b in recording.backwards] == [
        "(g,) = torch.autograd.grad((x**3).sum(), x, create_graph=True)",
        "g.sum().backward()",
    ]
    assert recording.nodes[recording.backwards[1].root].operator == "sum"


def test_a_bound_on_the_nodes_is_kept_and_told():
    x = torch.ones(2, requires_grad=True)
    with record(most=5) as recording:
        y = x
        for _ in range(20):
            y = y * 2
        y.sum().backward()
    assert len(recording.nodes) <= 6
    assert recording.omitted["nodes"] > 10
    assert x.grad.tolist() == [2.0**20] * 2
    recording.to_json()


def test_other_threads_are_not_recorded():
    import threading

    x = torch.ones(2, requires_grad=True)
    with record() as recording:
        thread = threading.Thread(target=lambda: (x * x).sum().backward())
        thread.start()
        thread.join()
        (x + 1).sum()
    assert [n.operator for n in recording.nodes if n.kind == "operator"] == ["add", "sum"]


def test_an_expression_that_runs_again_keeps_its_words_each_time():
    def shaped(t):
        return t.reshape(2, 3)

    x = torch.arange(6.0).requires_grad_()
    with record() as recording:
        y = shaped(x * 2)
        z = shaped(shaped(shaped(y)).t())
    assert z.shape == (2, 3)
    views = [(n.operator, n.expression) for n in recording.nodes if n.operator in ("view", "clone", "unsafe_view")]
    assert views == [*[("view", "t.reshape(2, 3)")] * 3, ("clone", None), ("unsafe_view", "t.reshape(2, 3)")]


def test_statistics_of_very_large_numbers_are_numbers():
    with record() as recording:
        torch.tensor([1e200, -1e200], dtype=torch.float64) + 0
    value = recording.nodes[-1].outputs[0].value
    assert value.to_dict()["std"] == value.to_dict()["max"] == 1e200
