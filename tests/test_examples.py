"""The examples run under ``adjoint run``; what they print is what they print on PyTorch, and what they save is PyTorch's."""

import json
import re
import subprocess
import sys
import urllib.error
import urllib.request
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


# Example -> options by which it is done in a second, and the picture that it draws.
SHORT = {
    "character_gpt.py": ("--steps 3 --batch-size 4 --context 16 --width 16 --layers 2 --heads 2", "loss.png"),
    "vae.py": ("--epochs 1 --batch-size 256 --width 32", "plane.png"),
    "time_series.py": ("--steps 3 --batch-size 4 --length 12 --width 8", "forecast.png"),
    "cart_pole.py": ("--rounds 3 --carts 4 --longest 40", "poles.png"),
}

PROGRAM = """
import runpy, sys
for path, *options in {runs}:
    sys.argv = [path, *options]
    runpy.run_path(path, run_name="__main__")
"""


def losses_of_all(command: list[str], out: Path) -> list[float]:
    """The first and the last loss of each of the short examples, which run in one process and draw into a folder."""
    out.mkdir()
    runs = [[str(EXAMPLES / name), *options.split(), "--out", str(out / name)] for name, (options, _) in SHORT.items()]
    program = out / "all_examples.py"
    program.write_text(PROGRAM.format(runs=runs))
    done = subprocess.run([*command, str(program)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for name, (_, picture) in SHORT.items():
        assert (out / name / picture).read_bytes().startswith(b"\x89PNG")
    found = re.findall(r"loss (\S+) in the beginning, (\S+) in the end", done.stdout)
    assert len(found) == len(SHORT)
    return [float(loss) for pair in found for loss in pair]


def test_the_other_examples_draw_and_lose_what_they_do_on_pytorch(tmp_path):
    for package in ("sklearn", "matplotlib", "torch"):
        pytest.importorskip(package)
    found = losses_of_all([sys.executable, "-m", "adjoint", "run"], tmp_path / "adjoint")
    assert found == pytest.approx(losses_of_all([sys.executable], tmp_path / "torch"), rel=1e-4, abs=1e-4)


def test_the_image_classifier_reads_files_trains_exports_and_serves(tmp_path):
    for package in ("sklearn", "PIL", "onnx", "onnxruntime"):
        pytest.importorskip(package)
    command = [sys.executable, "-m", "adjoint", "run", str(EXAMPLES / "image_classifier.py")]
    options = ["--epochs", "1", "--most", "10", "--batch-size", "16", "--workers", "1", "--out", str(tmp_path), "--serve", "0"]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        said = []
        for line in process.stdout:
            said.append(line)
            if line.startswith("http"):
                break
        else:
            raise AssertionError(process.stderr.read())
        text = "".join(said)
        assert "accuracy on 20 held-out pictures" in text and re.search("the network's to 1e-0[67]", text), text
        body = (tmp_path / "pictures" / "test" / "7" / "0005.png").read_bytes()
        with urllib.request.urlopen(urllib.request.Request(said[-1].strip(), body), timeout=20) as answer:
            found = json.loads(answer.read())
        assert found["class"] in "0123456789" and 0.1 <= found["probability"] <= 1
        with pytest.raises(urllib.error.HTTPError, match="400: not a picture"):
            urllib.request.urlopen(urllib.request.Request(said[-1].strip(), b"text"), timeout=20)
        process.terminate()
