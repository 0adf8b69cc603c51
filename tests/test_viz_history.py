"""Recordings of graphs that nobody recorded: from the graph, the caller's variables and the caller's source."""

import linecache

import adjoint as torch
from adjoint.viz._of import recording_of

x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)


def lesson():
    z = (x + 2) * (x + 2) * 2
    out = z.mean()
    return z, out, recording_of(out)


def operators(recording):
    return [n for n in recording.nodes if n.kind == "operator"]


def test_nodes_have_the_names_of_the_callers_variables_and_the_statements_that_assigned_them():
    _, _, recording = lesson()
    assert [(n.name, n.operator, n.line.text) for n in operators(recording)] == [
        (None, "add", "z = (x + 2) * (x + 2) * 2"),
        (None, "add", "z = (x + 2) * (x + 2) * 2"),
        (None, "mul", "z = (x + 2) * (x + 2) * 2"),
        ("z", "mul", "z = (x + 2) * (x + 2) * 2"),
        ("out", "mean", "out = z.mean()"),
    ]
    assert recording.nodes[0].name == "x" and recording.nodes[0].kind == "leaf"


def test_gradients_are_those_of_a_backward_that_leaves_no_trace():
    z, out, recording = lesson()
    assert recording.dry
    assert [round(v, 4) for v in recording.nodes[0].gradient.arrived[0].numbers] == [4.0, 5.3333, 6.6667]
    assert x.grad is None
    out.backward()
    assert x.grad.tolist() == recording.nodes[0].gradient.arrived[0].numbers
    x.grad = None


def test_no_hook_runs():
    w = torch.ones(2, requires_grad=True)
    seen = []
    w.register_hook(seen.append)
    y = w * 3
    y.register_hook(seen.append)
    recording = recording_of(y.sum())
    assert not seen
    assert any("Hooks" in note for note in recording.notes)


def test_a_graph_that_was_freed_is_shown_without_gradients_and_says_why():
    y = x * x
    out = y.sum()
    out.backward()
    x.grad = None
    recording = recording_of(out)
    assert [n.operator for n in operators(recording)] == ["mul", "sum"]
    assert recording.notes == ["Gradients end where the graph was freed by an earlier backward."]


def test_inputs_that_need_no_gradient_are_known_from_what_was_saved():
    data = torch.ones(3)
    loss = (x * data).sum()
    recording = recording_of(loss)
    mul = operators(recording)[0]
    assert [(i.argument, recording.nodes[i.node].name, i.requires_grad) for i in mul.inputs] == [
        ("self", "x", True),
        ("other", "data", False),
    ]
    assert mul.inputs[0].derivative_named == "g * data"


def run_cells(*cells):
    """Run cells as a notebook's kernel does, each a file of its own that linecache knows; the variables."""
    space = {"torch": torch, "recording_of": recording_of, "__name__": "__main__"}
    for i, cell in enumerate(cells):
        path = f"/tmp/ipykernel_1/{i}{abs(hash(cells))}.py"
        linecache.cache[path] = (len(cell), None, cell.splitlines(True), path)
        exec(compile(cell, path, "exec"), space)
    return space


def test_cells_of_a_notebook_share_their_statements():
    space = run_cells(
        "x = torch.ones(3, requires_grad=True)\n", "y = x * 2\n\nz = y + 1\n", "out = z.sum()\nr = recording_of(out)\n"
    )
    assert [n.line.text for n in operators(space["r"])] == ["y = x * 2", "z = y + 1", "out = z.sum()"]
    assert [f.name for f in space["r"].files] == ["cell"] * 2


def test_statements_of_several_lines_are_told_whole():
    w = torch.ones(3, requires_grad=True)
    loss = (
        w
        * 2
    ).sum()  # fmt: skip
    recording = recording_of(loss)
    assert recording.nodes[-1].line.text == "loss = ( w * 2 ).sum()  # fmt: skip"
    first = recording.nodes[-1].line.number
    assert {first, first + 3} <= set(recording.files[0].lines)


def test_saved_tensor_hooks_are_not_run():
    w = torch.ones(3, requires_grad=True)
    unpacked = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: unpacked.append(t) or t):
        loss = (w * w).sum()
    recording = recording_of(loss)
    assert not unpacked
    assert any("packed by hooks" in note for note in recording.notes)


def test_random_numbers_are_as_they_were():
    class Noisy(torch.autograd.Function):
        @staticmethod
        def forward(ctx, t):
            return t * 1

        @staticmethod
        def backward(ctx, g):
            return g + torch.randn(3)

    w = torch.ones(3, requires_grad=True)
    loss = Noisy.apply(w).sum()
    torch.manual_seed(1)
    recording_of(loss)
    after = torch.randn(3)
    torch.manual_seed(1)
    assert after.tolist() == torch.randn(3).tolist()


def test_results_that_nobody_kept_are_computed_of_few_known_numbers():
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    loss = ((w + 1) * (w + 1)).sum()
    assert recording_of(loss).nodes[3].outputs[0].value.numbers == [4.0, 9.0]


def test_results_of_what_was_written_to_since_are_not_guessed():
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    loss = (w * 2).sum()
    with torch.no_grad():
        w += 1
    product = operators(recording_of(loss))[0]
    assert product.operator == "mul" and product.outputs[0].value is None


def test_what_a_reshape_was_made_of_is_known_by_its_words():
    x = torch.arange(6.0).requires_grad_()
    y = (x + 2).reshape(2, 3)
    loss = (y * y).sum()
    nodes = recording_of(loss).nodes
    assert [(n.operator, n.name, n.expression) for n in nodes[1:3]] == [
        ("add", None, "x + 2"),
        ("view", "y", "(x + 2).reshape(2, 3)"),
    ]
