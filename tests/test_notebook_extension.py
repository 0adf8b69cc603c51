"""``%load_ext adjoint``: in one notebook ``torch`` is Adjoint, until ``%unload_ext adjoint``."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("IPython")

# The shell of this process would stay, so each notebook has a process of its own.
NOTEBOOK = """\
import sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
for cell in sys.argv[1:]:
    shell.run_cell(cell)
"""


def notebook(folder, *cells):
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "IPYTHONDIR": str(folder)}
    done = subprocess.run([sys.executable, "-c", NOTEBOOK, *cells], capture_output=True, text=True, env=environment, cwd=folder)
    return done.stdout


def test_torch_is_adjoint_after_load_ext(tmp_path):
    said = notebook(
        tmp_path,
        "%load_ext adjoint",
        "import torch, torchvision, adjoint; print(torch is adjoint, torchvision is adjoint.vision)",
        "from importlib.metadata import version; print(version('torch'))",
        "%reload_ext adjoint",
        "import torch.nn as nn; print(torch is adjoint, nn.Linear(1, 2), torch.Tensor)",
    )
    assert said.splitlines() == [
        "True True",
        "2.13.0+adjoint",
        "True Linear(in_features=1, out_features=2, bias=True) <class 'torch.Tensor'>",
    ]


def test_unload_ext_takes_the_name_back_and_load_ext_gives_the_same_modules_again(tmp_path):
    said = notebook(
        tmp_path,
        "%load_ext adjoint",
        "import torch, pickle, adjoint; x = torch.ones(2)",
        "%unload_ext adjoint",
        "from importlib.util import find_spec; print('torch' in __import__('sys').modules)",
        "spec = find_spec('torch'); print(spec is None or spec.name == 'torch' and spec.origin.endswith('torch/__init__.py'))",
        "%load_ext adjoint",
        "import torch; print(torch is adjoint, pickle.loads(pickle.dumps(x)))",
    )
    assert said.splitlines() == ["False", "True", "True tensor([1., 1.])"]


def test_load_ext_refuses_where_pytorch_was_imported_before(tmp_path):
    (tmp_path / "torch.py").write_text("")
    said = notebook(tmp_path, "import torch", "%load_ext adjoint")
    assert "torch was imported before adjoint.compat.install() was called" in said
