"""What type checkers and editors are told: the stubs are those that the tables give, programs pass, mistakes are found."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mypy")

ROOT = Path(__file__).parent.parent
TYPED = ROOT / "tests" / "typed"
SEEDS = [*sorted((ROOT / "tests" / "programs").glob("*.py")), *sorted((ROOT / "examples").glob("*.py"))]
SEEDS = [path for path in SEEDS if "transformers" not in path.read_text("utf-8")]  # which the tests do not install

# Complaints that are the program's own: functions without annotations, and other packages that have none.
OWN = {
    "import-untyped", "no-untyped-def",
    "reportMissingParameterType", "reportMissingTypeStubs", "reportUnknownParameterType", "reportConstantRedefinition",
    "reportMissingModuleSource",
}  # fmt: skip


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """The seeds and examples under both names, and the typed programs, in one folder, with the path that checkers need."""
    from adjoint.linking.contents import stubs

    folder = tmp_path_factory.mktemp("programs")
    for path in SEEDS:
        text = path.read_text()
        (folder / f"torch_{path.name}").write_text(text)
        text = re.sub(r"^import torchvision\b", "import adjoint.vision as torchvision", text, flags=re.M)
        text = re.sub(r"^from torchvision\b", "from adjoint.vision", text, flags=re.M)
        text = re.sub(r"^import torch$", "import adjoint as torch", text, flags=re.M)
        (folder / f"adjoint_{path.name}").write_text(re.sub(r"^from torch\b", "from adjoint", text, flags=re.M))
    for path in TYPED.glob("*.py"):
        shutil.copy(path, folder / path.name)
    text = (TYPED / "training.py").read_text()
    text = text.replace("import adjoint as torch", "import torch").replace("import adjoint.nn", "import torch.nn")
    (folder / "torch_training.py").write_text(text.replace("from adjoint", "from torch"))
    for name in ("torch", "torchvision"):
        for place, text in stubs(name):
            path = folder / "aliases" / name / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    os.symlink(ROOT / "adjoint", folder / "aliases" / "adjoint")
    return folder


def complaints_of_mypy(folder):
    files = sorted(path.name for path in folder.glob("*.py"))
    out = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--no-error-summary", "--hide-error-context",
         "--cache-dir", str(ROOT / ".mypy_cache" / "programs"), *files],
        cwd=folder, capture_output=True, text=True, env={**os.environ, "MYPYPATH": str(folder / "aliases")},
    )  # fmt: skip
    assert out.returncode in (0, 1), out.stdout + out.stderr
    for line in out.stdout.splitlines():
        if found := re.match(r"(\w+\.py):(\d+): error: (.*)\[([\w-]+)\]$", line):
            yield found[1], int(found[2]), found[4], found[3]


def complaints_of_pyright(folder):
    config = {"typeCheckingMode": "strict", "extraPaths": ["aliases"], "exclude": ["aliases"], "pythonVersion": "3.11"}
    (folder / "pyrightconfig.json").write_text(json.dumps(config))
    out = subprocess.run(
        [*PYRIGHT, "--outputjson", "--pythonpath", sys.executable], cwd=folder, capture_output=True, text=True, timeout=300
    )
    for each in json.loads(out.stdout)["generalDiagnostics"]:
        yield Path(each["file"]).name, each["range"]["start"]["line"] + 1, each.get("rule", ""), each["message"]


def find_pyright():
    """The command, if it is installed and has what it fetches from npm's registry when it is first run."""
    command = Path(sys.executable).with_name("pyright")
    if not command.exists() or shutil.which("node") is None:
        return None
    try:
        ran = subprocess.run([command, "--version"], capture_output=True, timeout=60)
    except subprocess.TimeoutExpired:
        return None
    return [str(command)] if ran.returncode == 0 else None


PYRIGHT = find_pyright()
CHECKERS = {
    "mypy": complaints_of_mypy,
    "pyright": pytest.param(complaints_of_pyright, marks=pytest.mark.skipif(PYRIGHT is None, reason="pyright cannot be run")),
}


@pytest.fixture(scope="module", params=CHECKERS.values(), ids=CHECKERS.keys())
def complaints(request, programs):
    return list(request.param(programs))


def test_stubs_are_those_that_the_tables_give():
    ran = subprocess.run([sys.executable, "-m", "stubs", "--check"], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, f"{ran.stdout}run `make stubs`{ran.stderr}"


def test_programs_pass(complaints, programs):
    """Both under ``import adjoint as torch`` and under ``import torch``, once that name leads here."""
    found = [c for c in complaints if c[0] != "mistakes.py" and c[2] not in OWN and not _is_told_nothing(programs, *c[:2])]
    assert found == []


def _is_told_nothing(folder, file, line):
    """Whether a line is in a function whose parameters have no annotations, or about another package's."""
    text = (folder / file).read_text().splitlines()
    if re.search(r"digits\.|plt\.|axes\.|figure\.|load_digits", text[line - 1]):
        return True
    if not text[line - 1].startswith("        "):
        return False
    start = next(i for i in range(line - 1, 0, -1) if text[i].lstrip().startswith("def "))
    return ":" not in text[start].partition("(")[2].rpartition(")")[0]


def test_every_mistake_is_found(complaints):
    lines = (TYPED / "mistakes.py").read_text().splitlines()
    planted = {i for i, line in enumerate(lines, 1) if "# mistake" in line}
    assert {line for file, line, _, _ in complaints if file == "mistakes.py"} == planted


def test_the_typed_program_runs():
    ran = subprocess.run(
        [sys.executable, TYPED / "training.py"], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert ran.returncode == 0, ran.stderr


@pytest.mark.skipif(PYRIGHT is None, reason="pyright cannot be run")
def test_hover_says_what_a_function_computes(programs):
    source = "import adjoint as torch\nx = torch.lgamma(torch.ones(2))\ny = x.sum(0)\nz = torch.nn.functional.gelu(y)\n"
    with Server(programs) as server:
        server.open(programs / "hovered.py", source)
        at = {"lgamma": (1, 12), "sum": (2, 7), "gelu": (3, 27), "x": (2, 4)}
        said = {name: server.hover(programs / "hovered.py", *place) for name, place in at.items()}
    assert "input: Tensor" in said["lgamma"] and "-> Tensor" in said["lgamma"] and "gamma function" in said["lgamma"]
    assert "dim: int | Sequence[int] | None" in said["sum"] and "keepdim: bool = False" in said["sum"]
    assert "approximate" in said["gelu"] and "Gradients" in said["gelu"]
    assert "x: Tensor" in said["x"]


class Server:
    """Pyright's language server, as an editor talks to it."""

    def __init__(self, folder):
        command = [Path(sys.executable).with_name("pyright-langserver"), "--stdio"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.count = 0
        root = folder.as_uri()
        self.ask("initialize", processId=None, rootUri=root, capabilities={}, workspaceFolders=[{"uri": root, "name": "x"}])
        self.tell("initialized")

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.ask("shutdown")
        self.tell("exit")
        self.process.wait(10)

    def open(self, path, text):
        self.tell("textDocument/didOpen", textDocument={"uri": path.as_uri(), "languageId": "python", "version": 1, "text": text})

    def hover(self, path, line, character):
        where = {"textDocument": {"uri": path.as_uri()}, "position": {"line": line, "character": character}}
        return self.ask("textDocument/hover", **where)["contents"]["value"]

    def ask(self, method, **params):
        self.count += 1
        self.write({"jsonrpc": "2.0", "id": self.count, "method": method, "params": params})
        while True:
            message = self.read()
            if message.get("id") == self.count and "method" not in message:
                return message["result"]
            if "id" in message:  # it asks for settings, or to register something
                items = message["params"].get("items", [])
                self.write({"jsonrpc": "2.0", "id": message["id"], "result": [{} for _ in items] or None})

    def tell(self, method, **params):
        self.write({"jsonrpc": "2.0", "method": method, "params": params})

    def write(self, message):
        body = json.dumps(message).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def read(self):
        length = 0
        while (line := self.process.stdout.readline()) not in (b"\r\n", b""):
            if line.lower().startswith(b"content-length"):
                length = int(line.split(b":")[1])
        return json.loads(self.process.stdout.read(length))
