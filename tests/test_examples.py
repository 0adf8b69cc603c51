"""The examples run under ``adjoint run``, and what they save is PyTorch's."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


def test_digits_trains_and_saves_a_checkpoint_that_pytorch_loads(tmp_path):
    pytest.importorskip("sklearn")
    pytest.importorskip("matplotlib")
    command = [sys.executable, "-m", "adjoint", "run", str(EXAMPLES / "digits.py")]
    options = ["--epochs", "1", "--batch-size", "128", "--out", str(tmp_path)]
    done = subprocess.run([*command, *options], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "accuracy on 359 held-out images" in done.stdout
    assert "epoch 1/1" in done.stderr  # the progress bar
    assert (tmp_path / "loss.png").read_bytes().startswith(b"\x89PNG")
    torch = pytest.importorskip("torch")
    saved = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert saved["model"]["conv1.weight"].shape == (64, 1, 3, 3) and saved["model"]["fc.bias"].dtype is torch.float32
    assert saved["model"]["bn1.num_batches_tracked"].item() == 11
