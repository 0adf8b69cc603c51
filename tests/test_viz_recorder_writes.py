"""Writes in place in a recording: the base stays the base, views keep their own names, parameters are one leaf."""

import adjoint as torch
from adjoint.viz import record


def leaves(recording):
    return [node for node in recording.nodes if node.kind == "leaf"]


def operators(recording):
    return [(node.operator, node.name) for node in recording.nodes if node.kind == "operator"]


def used_by_last(recording, argument=0):
    return recording.nodes[recording.nodes[-1].inputs[argument].node]


def test_a_tensor_of_which_a_part_was_assigned_is_what_the_next_operator_uses():
    conv = torch.nn.Conv2d(1, 2, 3)
    with record() as recording:
        img = torch.zeros(1, 1, 32, 32)
        img[0, 0, 8:20, 10:18] = 1.0
        y = conv(img)
    assert y.requires_grad
    image = used_by_last(recording)
    assert (image.name, image.outputs[0].shape, image.outputs[0].value.max) == ("img", (1, 1, 32, 32), 1.0)
    assert image.in_place
    first, part = (recording.nodes[i.node] for i in image.inputs)
    assert (first.name, first.outputs[0].value.max) == ("img", 0.0)
    assert (part.operator, part.in_place, part.name) == ("fill", True, None)
    views = [node for node in recording.nodes if node.operator in ("select", "slice")]
    assert [(node.name, node.in_place) for node in views] == [(None, False)] * 4


def test_writes_through_views_make_a_new_node_of_the_base_each():
    with record() as recording:
        x = torch.ones(3, 4)
        x[0].mul_(2)
        x.view(-1)[5] = 0
        z = x + 1
    assert z.sum().item() == 27
    whole = used_by_last(recording)
    assert (whole.name, whole.outputs[0].shape) == ("x", (3, 4))
    before = recording.nodes[whole.inputs[0].node]
    assert (before.name, before.outputs[0].value.numbers[0]) == ("x", [2.0] * 4)
    assert recording.nodes[before.inputs[0].node].kind == "input"
    names = [name for operator, name in operators(recording) if operator not in ("copy_slices", "add")]
    assert names == [None] * len(names)


def test_a_recorded_write_into_a_view_leads_into_the_base():
    a = torch.ones(3, requires_grad=True)
    with record() as recording:
        x = a * 2
        v = x[1:]
        v.mul_(3)
        x.sum().backward()
    total = next(node for node in recording.nodes if node.operator == "sum")
    whole = recording.nodes[total.inputs[0].node]
    assert (whole.grad_fn, whole.name) == ("torch::autograd::CopySlices", "x")
    assert [recording.nodes[i.node].operator for i in whole.inputs] == ["mul", "mul"]
    assert [recording.nodes[i.node].name for i in whole.inputs] == ["x", "v"]
    assert leaves(recording)[0].gradient.arrived[0].numbers == [2.0, 6.0, 6.0] == a.grad.tolist()
    assert [node.name for node in recording.nodes if node.operator == "slice" and node.phase == "forward"] == ["v"]


def test_a_view_of_what_was_written_to_since_is_looked_at_again():
    with record() as recording:
        x = torch.ones(4)
        v = x[:2]
        x[0] = 5
        y = v * 1
    assert y.tolist() == [5, 1]
    again = used_by_last(recording)
    assert (again.name, again.outputs[0].value.numbers) == ("v", [5.0, 1.0])
    assert recording.nodes[again.view_of].name == "x"


def test_a_parameter_and_its_first_values_are_one_leaf():
    with record() as recording:
        net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Linear(3, 1))
        for layer in net:
            torch.nn.init.ones_(layer.weight)
            torch.nn.init.zeros_(layer.bias)
            with torch.no_grad():
                layer.weight[0, 0] = 4
                layer.weight.mul_(0.5)
        optimizer = torch.optim.SGD(net.parameters(), 0.5)
        net(torch.ones(1, 2)).sum().backward()
    found = {node.name: node for node in leaves(recording)}
    assert len(leaves(recording)) == 4
    assert sorted(found) == ["0.bias", "0.weight", "1.bias", "1.weight"]
    assert found["0.weight"].outputs[0].value.numbers == [[2.0, 0.5], [0.5, 0.5], [0.5, 0.5]]
    assert found["0.weight"].module == 1
    written = [node for node in recording.nodes if node.in_place and node.inputs[0].node == found["0.bias"].id]
    assert [node.operator for node in written][-1:] == ["zero"]
    with record() as recording:
        for _ in range(2):
            net(torch.ones(1, 2)).sum().backward()
            optimizer.step()
    assert [node.name for node in leaves(recording)].count("0.weight") == 2


def test_a_write_after_a_use_makes_another_leaf():
    w = torch.ones(2, requires_grad=True)
    with record() as recording:
        y = w * 2
        with torch.no_grad():
            w.fill_(3)
        z = w * 2
    assert y.requires_grad and z.requires_grad
    assert [node.outputs[0].value.numbers for node in leaves(recording)] == [[1.0, 1.0], [3.0, 3.0]]
