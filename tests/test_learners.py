"""What learners see of their mistakes is what they see with PyTorch, and the page that shows it is true."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

import adjoint
import adjoint.nn
import adjoint.optim
import adjoint.vision
from tests.learners.cases import TUTORIALS, Case, Tutorial
from tests.learners.running import seen
from tests.learners.table import PAGE, page

# Mistakes of which PyTorch says something else, and why.
OTHERWISE = {
    "x = torch.rand(3, require_grad=True)": "its text for functions of several signatures",
    "x = torch.randn(3, True)": "PyTorch takes it, for a size of 3 by 1",
    "z = z.mean; z.backward()": "a method is a function of C++ there",
    "y = x.detach; print(y + 1)": "a method is a function of C++ there",
    "v = torch.Tensor(0.1, 1.0, 0.001)": "its text for functions of several signatures",
    "torch.optim.SGD([weights], 'fast')": "the same comparison the other way round",
    "z.mean('all')": "its text for functions of several signatures",
    "torch.randn((2, 2), 2)": "its text for functions of several signatures",
    "model('data')": "all arguments with their defaults are listed there",
    "model(data.numpy())": "all arguments with their defaults are listed there",
    "torch.tensor([2., [3.]])": "another way through the list",
    "torch.tensor()": "Python's text for what is missing",
    "torch.mul(w)": "Python's text for what is missing",
    "torch.Tensor([2.0], requires_grad=True)": "its text for functions of several signatures",
    "y.is_leaf = True": "Python's text for what cannot be set",
    "y.grad_fn = None": "Python's text for what cannot be set",
}
OTHER_KIND = {"x = torch.randn(3, True)"}


@pytest.mark.parametrize("tutorial", TUTORIALS, ids=lambda t: t.page)
def test_mistakes_look_as_they_do_with_pytorch(tutorial: Tutorial) -> None:
    torch = pytest.importorskip("torch")
    found = []
    for case in tutorial.cases:
        if "torchvision" in case.mistake:  # whose binary the tests do not load
            continue
        theirs, ours = seen(tutorial, case, torch, ModuleType("torchvision")), seen(tutorial, case, adjoint, adjoint.vision)
        if case.mistake in OTHERWISE:
            assert (theirs.kind, theirs.text) != (ours.kind, ours.text), f"no longer otherwise: {case.mistake}"
            if case.mistake in OTHER_KIND:
                continue
            same = theirs.kind == ours.kind
        else:
            same = (theirs.kind, theirs.text, theirs.printed) == (ours.kind, ours.text, ours.printed)
        if not same:
            found.append(f"{case.mistake}\n  PyTorch: {theirs}\n  Adjoint: {ours}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("tutorial", TUTORIALS, ids=lambda t: t.page)
def test_every_mistake_is_seen_and_says_nothing_of_the_inside(tutorial: Tutorial) -> None:
    for case in tutorial.cases:
        found = seen(tutorial, case, adjoint, adjoint.vision)
        assert found.kind or found.printed or _is_harmless(case), case
        for word in ("_array", "adjoint.", "numpy.core", "ufunc", "<lambda>", "operand(s)"):
            assert word not in found.text, (case, found)


def _is_harmless(case: Case) -> bool:
    return case.mistake in ("weights.zero_()",) or case.statement == "def forward(ctx, x):"


def test_notes_name_the_learners_own_line() -> None:
    told = [
        (case, note)
        for tutorial in TUTORIALS
        for case in tutorial.cases
        for note in seen(tutorial, case, adjoint, adjoint.vision).notes
        if "File " in note
    ]
    assert len(told) >= 8
    assert all('File "lesson.py", line ' in note for _, note in told), told


def test_there_are_mistakes_of_every_tutorial() -> None:
    assert sum(len(t.cases) for t in TUTORIALS) >= 150
    assert all(len(t.cases) >= 25 for t in TUTORIALS)
    mistakes = [c.mistake for t in TUTORIALS for c in t.cases]
    assert set(OTHERWISE) <= set(mistakes)


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="Python's own texts differ from version to version")
def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == page(), "`make learners` writes docs/learners.md anew"
