"""explain(): the text, exactly, of what people read first; and that long graphs stay short."""

import subprocess
import sys
from pathlib import Path

import pytest

import adjoint as torch
from adjoint.viz import explain, record
from adjoint.viz.rows import rows_of


def lines(explanation, width=110):
    return explanation.text(width, color=False).splitlines()


def test_the_first_lesson():
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    z = (x + 2) * (x + 2) * 2
    out = z.mean()
    assert lines(out.explain()) == [
        "#  your line                  operator  shape              derivative   saved    gradient g",
        "1  z = (x + 2) * (x + 2) * 2  add       (3,) [3, 4, 5]     g            –        [2, 2.67, 3.33]",
        "2    x + 2                    add       (3,) [3, 4, 5]     g            –        [2, 2.67, 3.33]",
        "3    (x + 2) * (x + 2)        mul       (3,) [9, 16, 25]   g * (x + 2)  (x + 2)  [0.667, 0.667, 0.667]",
        "4    (x + 2) * (x + 2) * 2    mul       (3,) [18, 32, 50]  g * 2        –        [0.333, 0.333, 0.333]",
        "5  out = z.mean()             mean      () 33.3            g / 3        –        1",
        "leaves: x ← [4, 5.33, 6.67], the sum of 2",
        "Nothing is written yet: out.backward() puts these gradients into .grad.",
        "Down: the forward. Up: the backward. g is what arrives at a row; the derivative says what goes on to its",
        "  inputs.",
    ]


def test_a_layer_and_its_loss():
    x = torch.ones(5)
    y = torch.zeros(3)
    w = torch.full((5, 3), 0.1).requires_grad_()
    b = torch.zeros(3, requires_grad=True)
    bce = torch.nn.functional.binary_cross_entropy_with_logits
    with record() as recording:
        z = torch.matmul(x, w) + b
        loss = bce(z, y)
        loss.backward()
    assert lines(recording.explain(), 130) == [
        "#  your line                   operator                  shape                 derivative          saved  gradient g",
        "1  z = torch.matmul(x, w) + b  matmul                    (3,) [0.5, 0.5, 0.5]  w: outer(x, g)      x      "
        "[0.207, 0.207, 0.207]",
        "2    torch.matmul(x, w) + b    add                       (3,) [0.5, 0.5, 0.5]  g                   –      "
        "[0.207, 0.207, 0.207]",
        "3  loss = bce(z, y)            binary_cross_entropy_wi…  () 0.974              (σ(z) - y) * g / 3  z, y   1",
        "leaves: w ← .grad (5, 3) |g| 0.804 (written)   b ← .grad [0.207, 0.207, 0.207] (written)   "
        "x: no gradient (requires_grad=False)",
        "        y: no gradient (requires_grad=False)",
        "Down: the forward. Up: the backward. g is what arrives at a row; the derivative says what goes on to its inputs.",
    ]


def test_it_fits_the_terminal():
    x = torch.randn(100, 30, requires_grad=True)
    loss = torch.nn.functional.binary_cross_entropy_with_logits((x * 2 + 1).relu(), torch.zeros(100, 30))
    for width in (60, 80, 100, 140):
        assert max(map(len, lines(loss.explain(), width))) <= width


def test_a_leaf_is_explained_by_the_ways_to_it():
    a = torch.ones(2, requires_grad=True)
    b = torch.ones(2, requires_grad=True)
    loss = (a.exp() * b.sin()).sum()
    text = str(b.explain())
    assert "These are the ways from loss to b." in text
    assert " sin " in text and " exp " not in text
    assert loss.requires_grad


def test_what_has_no_graph_says_so():
    x = torch.ones(3)
    assert lines(x.explain()) == [
        "leaves: x (requires_grad=False)",
        "x has no graph: it does not require grad, so nothing was recorded.",
    ]


def test_variables_that_were_assigned_again_are_told_apart_by_their_statements():
    x = torch.ones(3, requires_grad=True)
    h = x
    for _ in range(2):
        h = torch.tanh(h)
        h = h * x
    found = [row.line for row in rows_of(explain(h.sum()).recording, None).rows]
    assert found[:4] == ["h = torch.tanh(h)", "h = h * x", "h = torch.tanh(h)", "h = h * x"]


def test_equal_blocks_are_folded_and_the_rest_is_named():
    block = lambda: torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.Tanh())
    net = torch.nn.Sequential(*[block() for _ in range(30)])
    text = net.explain(torch.ones(2, 4)).text(120, color=False)
    assert "×30" in text
    assert len(text.splitlines()) < 20
    assert "explain(rows=None) tells all" in text
    assert len(net.explain(torch.ones(2, 4), rows=None).text(120, color=False).splitlines()) > 60


def test_colors_are_for_terminals_alone(monkeypatch):
    x = torch.ones(3, requires_grad=True)
    assert "\033[" not in str(x.sum().explain())
    assert "\033[" in x.sum().explain().text(100, color=True)


def test_a_gradient_that_does_not_fit_has_the_error_of_backward():
    y = torch.ones(2, requires_grad=True) * 2
    with pytest.raises(RuntimeError, match="Mismatch in shape"):
        y.explain(gradient=torch.ones(3))
    with pytest.raises(TypeError):
        y.explain(gradient="one")
    assert "[3, 3]" in str(y.explain(gradient=torch.full((2,), 3.0)))


def test_what_has_no_graph_at_all_is_refused():
    with pytest.raises(TypeError, match="cannot explain a int"):
        explain(3)


def test_nothing_of_it_is_imported_before_it_is_asked_for():
    program = (
        "import sys, adjoint as torch, adjoint.nn, adjoint.optim\n"
        "x = torch.ones(2, requires_grad=True); (x * x).sum().backward()\n"
        "assert not [m for m in sys.modules if m.startswith('adjoint.viz')]\n"
        "x.explain(); assert 'adjoint.viz.table' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parent.parent)
