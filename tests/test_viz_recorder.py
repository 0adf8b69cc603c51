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
