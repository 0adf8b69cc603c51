"""What Tab offers: by jedi, which reads sources and stubs, and by IPython, which asks the objects themselves."""

import importlib
from pathlib import Path

import pytest

import adjoint

jedi = pytest.importorskip("jedi")
torch = pytest.importorskip("torch")

PROJECT = jedi.Project(Path(adjoint.__file__).parent.parent)


def offered(source):
    """The names that jedi completes the end of a source with."""
    lines = source.split("\n")
    return {c.name for c in jedi.Script(source, project=PROJECT).complete(len(lines), len(lines[-1]))}


def shared(ours, theirs):
    """The public names of PyTorch's that Adjoint has as well."""
    return {name for name in dir(theirs) if name[0] != "_" and name in dir(ours)}


PLACES = {
    "torch.": ("import adjoint as torch\n", ""),
    "nn.": ("from adjoint import nn\n", "nn"),
    "F.": ("import adjoint.nn.functional as F\n", "nn.functional"),
    "optim.": ("from adjoint import optim\n", "optim"),
    "torch.autograd.": ("import adjoint as torch\n", "autograd"),
    "torch.linalg.": ("import adjoint as torch\n", "linalg"),
    "torch.utils.data.": ("import adjoint as torch\n", "utils.data"),
    "torch.func.": ("import adjoint as torch\n", "func"),
    "torch.optim.lr_scheduler.": ("import adjoint as torch\n", "optim.lr_scheduler"),
}


@pytest.mark.parametrize("prefix", PLACES)
def test_jedi_offers_every_name(prefix):
    lines, name = PLACES[prefix]
    ours, theirs = (importlib.import_module(f"{top}.{name}".rstrip(".")) for top in ("adjoint", "torch"))
    assert shared(ours, theirs) - offered(lines + prefix) == set()


def test_jedi_offers_every_name_by_its_first_two_letters():
    names = shared(adjoint, torch)
    for letters in sorted({name[:2] for name in names if len(name) > 1}):
        assert {n for n in names if n.startswith(letters)} <= offered(f"import adjoint as torch\ntorch.{letters}"), letters
    assert "importlib" not in offered("import adjoint as torch\ntorch.im")


EXPRESSIONS = ["torch.ones(2)", "(torch.ones(2) @ x + 1).relu()", "x.max(0).values", "torch.nn.Parameter(x)", "x.grad"]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_jedi_knows_what_is_a_tensor(expression):
    source = f"import adjoint as torch\nx = torch.zeros(2, requires_grad=True)\ny = {expression}\ny."
    missing = shared(adjoint.ones(1), torch.ones(1)) - offered(source)
    assert missing == set()


def test_jedi_tells_what_a_function_is():
    script = jedi.Script("import adjoint as torch\ntorch.cumsum(torch.ones(2), 0)\n", project=PROJECT)
    (found,) = script.help(2, 8)
    text = found.docstring()
    assert text.startswith("cumsum(input: Tensor, dim: _int") and "sum" in text.partition("\n")[2]


@pytest.fixture(scope="module")
def completer():
    interactive = pytest.importorskip("IPython.core.interactiveshell")
    shell = interactive.InteractiveShell.instance()
    shell.Completer.use_jedi = False
    shell.run_cell("import adjoint as torch\nx = torch.ones(2, 3)\nlayer = torch.nn.Linear(2, 3)\nnode = (x * x).grad_fn")
    yield shell.Completer
    interactive.InteractiveShell.clear_instance()


LIVE = {
    "torch.": (adjoint, torch),
    "torch.nn.functional.": (adjoint.nn.functional, torch.nn.functional),
    "x.": (adjoint.ones(2, 3), torch.ones(2, 3)),
    "layer.": (adjoint.nn.Linear(2, 3), torch.nn.Linear(2, 3)),
}


@pytest.mark.parametrize("text", LIVE)
def test_ipython_offers_every_name_of_live_objects_and_no_others(text, completer):
    found = {each.removeprefix(text) for each in completer.complete(text)[1]}
    found = {name.rpartition(".")[2] for name in found}
    ours, theirs = LIVE[text]
    assert shared(ours, theirs) - found == set()
    theirs_when_imported = {"onnx"}
    own = {"empty_cache", "explain", "memory_stats", "set_cache_limit", "show", "summary", "viz", "why"}
    assert {n for n in found if n[:1] != "_"} - set(dir(theirs)) - theirs_when_imported - own == set()


def test_ipython_completes_a_prefix(completer):
    found = completer.complete("torch.masked_")[1]
    assert [name.rpartition(".")[2] for name in found] == ["masked_fill", "masked_scatter", "masked_select"]
