"""``adjoint link``: an environment in which ``torch`` is Adjoint, for Python, pip, notebooks and editors; and back."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import textwrap
from pathlib import Path

import pytest

from adjoint.linking import contents, packages, place
from adjoint.linking.place import Place, Refused

ROOT = Path(__file__).parent.parent
NEEDED = ("numpy", "numpy.libs", "scipy", "scipy.libs", "ml_dtypes", "llvmlite", "tqdm")
VERSIONS = {"torch": "2.13.0+adjoint", "torchvision": "0.28.0+adjoint"}


class Environment:
    """A virtual environment without PyTorch, in which Adjoint is the source, and what it needs is borrowed."""

    def __init__(self, folder: Path) -> None:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
        self.python = folder / "bin" / "python"
        self.commands = folder / "bin"
        self.packages = next((folder / "lib").glob("python*")) / "site-packages"
        for name in NEEDED:
            theirs = Path(sysconfig.get_path("purelib")) / name
            if theirs.exists():
                (self.packages / name).symlink_to(theirs)
        (self.packages / "adjoint.pth").write_text(f"{ROOT}\n")

    def run(self, *arguments: str, status: int | None = 0) -> subprocess.CompletedProcess[str]:
        variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        done = subprocess.run(
            [str(self.python), *arguments], cwd=self.packages.parent, env=variables, capture_output=True, text=True
        )
        assert status is None or done.returncode == status, done.stdout + done.stderr
        return done

    def pip(self, *arguments: str) -> str:
        command = [sys.executable, "-m", "pip", "--python", str(self.python), "--disable-pip-version-check", *arguments]
        done = subprocess.run(command, capture_output=True, text=True)
        return done.stdout + done.stderr

    def files(self) -> set[str]:
        found = [*self.packages.glob("torch*/**/*"), *self.packages.glob("torch*"), *self.packages.glob(".adjoint*")]
        return {str(path) for path in found} | {path.name for path in self.commands.iterdir()}

    def write(self, path: str, text: str) -> Path:
        target = self.packages / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(textwrap.dedent(text))
        return target


@pytest.fixture(scope="module")
def linked(tmp_path_factory):
    environment = Environment(tmp_path_factory.mktemp("linked") / "env")
    said = environment.run("-m", "adjoint", "link").stdout
    assert f"torch 2.13.0+adjoint and torchvision 0.28.0+adjoint now lead to Adjoint in {environment.packages}" in said
    return environment


@pytest.fixture
def environment(tmp_path):
    return Environment(tmp_path / "env")


@pytest.mark.parametrize(
    "first",
    ["import torch", "import torch.nn.functional as F", "from torch import nn, Tensor", "import torchvision", "import adjoint"],
)
def test_torch_is_adjoint_whatever_is_imported_first(linked, first):
    program = f"""
    {first}
    import torch, torchvision, adjoint, torch.utils.data, sys
    print(torch is adjoint, torchvision is adjoint.vision, torch.utils.data is adjoint.utils.data, torch.Tensor, torch.__version__)
    """
    said = linked.run("-c", textwrap.dedent(program)).stdout
    assert said == "True True True <class 'torch.Tensor'> 2.13.0+adjoint\n"


def test_functorch_comes_with_torch(linked):
    program = "import functorch, torch; print(functorch.vmap(torch.sin)(torch.zeros(2)), functorch.__name__)"
    assert linked.run("-W", "ignore", "-c", program).stdout == "tensor([0., 0.]) functorch\n"
    assert "functorch/__init__.pyi" in (linked.packages / "torch-2.13.0+adjoint.dist-info" / "RECORD").read_text()


def test_threads_that_import_torch_at_once_get_one_module(linked):
    program = """
    import threading
    found = []
    def load():
        import torch.nn
        found.append(torch)
    threads = [threading.Thread(target=load) for _ in range(8)]
    [t.start() for t in threads], [t.join() for t in threads]
    print(len(found), len({id(each) for each in found}))
    """
    assert linked.run("-c", textwrap.dedent(program)).stdout == "8 1\n"


def test_a_worker_that_is_spawned_finds_adjoint(linked):
    linked.write(
        "../worker.py",
        """
        import multiprocessing, torch
        def work(queue, x):
            queue.put((torch.__version__, x.sum().item()))
        if __name__ == "__main__":
            context = multiprocessing.get_context("spawn")
            queue = context.Queue()
            process = context.Process(target=work, args=(queue, torch.ones(3)))
            process.start()
            print(queue.get())
            process.join()
        """,
    )
    assert linked.run("worker.py").stdout == "('2.13.0+adjoint', 3.0)\n"


def test_its_commands_are_there(linked):
    assert "usage: torch" in linked.run("-m", "torch.distributed.run", "--help").stdout
    done = subprocess.run([linked.commands / "torchrun", "--help"], capture_output=True, text=True)
    assert "--nproc-per-node" in done.stdout, done.stderr


def test_what_python_is_told_of_the_packages(linked):
    program = """
    from importlib import metadata
    from importlib.util import find_spec
    for name in ("torch", "torchvision"):
        files = metadata.files(name)
        print(name, metadata.version(name), all(f.locate().exists() for f in files), len({str(f) for f in files}) == len(files))
        print(find_spec(name).name, name in metadata.packages_distributions(), metadata.requires(name))
    print([e.value for e in metadata.entry_points(group="console_scripts") if e.name == "torchrun"])
    """
    assert linked.run("-c", textwrap.dedent(program)).stdout.splitlines() == [
        "torch 2.13.0+adjoint True True",
        "torch True None",
        "torchvision 0.28.0+adjoint True True",
        "torchvision True ['torch==2.13.0+adjoint', 'numpy', 'pillow>=5.3.0']",
        "['torch.distributed.run:main']",
    ]


def test_the_hashes_in_record_are_those_of_the_files(linked):
    checked = 0
    for record in linked.packages.glob("torch*.dist-info/RECORD"):
        for line in record.read_text().splitlines():
            path, digest, size = line.rsplit(",", 2)
            if path.endswith("RECORD"):
                assert not digest
                continue
            data = (linked.packages / path).read_bytes()
            assert (contents.digest(data), len(data)) == (digest, int(size)), path
            checked += 1
    assert checked > 100


def test_pip_takes_them_for_pytorch(linked):
    listed = dict(line.split() for line in linked.pip("list").splitlines()[2:])
    assert {name: listed.get(name) for name in VERSIONS} == VERSIONS
    said = linked.pip("install", "--no-index", "--no-deps", "torch>=2.4", "torch==2.13.0", "torchvision")
    assert said.count("already satisfied") == 2, said


def test_a_second_call_changes_nothing_and_mends_what_is_missing(linked):
    before = linked.files()
    assert "already lead to Adjoint" in linked.run("-m", "adjoint", "link").stdout
    assert linked.files() == before
    shutil.rmtree(linked.packages / "torch" / "nn")
    assert "now lead to Adjoint" in linked.run("-m", "adjoint", "link").stdout
    assert linked.files() - {each for each in before if "__pycache__" in each} == {e for e in before if "__pycache__" not in e}


def test_what_type_checkers_read_has_every_module_that_programs_import(linked):
    for module in ("__init__", "nn/__init__", "nn/functional", "optim/lr_scheduler/__init__", "utils/data/__init__", "storage"):
        assert (linked.packages / "torch" / f"{module}.pyi").read_text().startswith("from adjoint")
    assert (linked.packages / "torch" / "py.typed").exists()
    for module in ("cli", "ops/__init__", "kernels/__init__", "viz/__init__", "vision/__init__"):
        assert not (linked.packages / "torch" / f"{module}.pyi").exists()
    assert (linked.packages / "torchvision" / "models" / "__init__.pyi").exists()


def test_type_checkers_are_told_of_no_top_level_module_that_pytorch_does_not_have():
    torch = pytest.importorskip("torch")
    theirs = {path.name.partition(".")[0] for path in Path(torch.__file__).parent.iterdir()}
    ours = {path.split("/")[0].partition(".")[0] for path, _ in contents.stubs("torch")}
    assert ours - theirs - set(dir(torch)) == set()


def test_unlink_removes_what_link_wrote_and_nothing_else(environment):
    before = environment.files()
    environment.run("-m", "adjoint", "link")
    environment.run("-c", "import torchvision")
    assert "no longer" in environment.run("-m", "adjoint", "unlink").stdout
    assert environment.files() == before
    assert "is not linked" in environment.run("-m", "adjoint", "unlink", status=1).stderr
    environment.run("-m", "adjoint", "link")
    changed = environment.packages / "torch" / "__init__.py"
    changed.write_text("mine = 1\n")
    other = environment.write("torch/other.py", "")
    assert f"left, since it was changed: {changed}" in environment.run("-m", "adjoint", "unlink").stdout
    assert environment.files() - before == {str(each) for each in (changed, other, changed.parent)}
    assert "in the way" in environment.run("-m", "adjoint", "link", status=1).stderr


def test_pip_uninstalls_them(environment):
    before = environment.files()
    environment.run("-m", "adjoint", "link")
    environment.run("-c", "import torchvision")
    said = environment.pip("uninstall", "--yes", "torch", "torchvision")
    assert said.count("Successfully uninstalled") == 2, said
    assert environment.files() == before


@pytest.mark.parametrize("name", ["torch", "torchvision"])
def test_it_refuses_where_the_real_one_is_installed(environment, name):
    environment.write(f"{name}-2.12.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 2.12.0\n")
    environment.write(f"{name}-2.12.0.dist-info/INSTALLER", "pip\n")
    environment.write(f"{name}/__init__.py", "")
    before = environment.files()
    assert f"{name} 2.12.0 is installed in {environment.packages}" in environment.run("-m", "adjoint", "link", status=1).stderr
    assert environment.files() == before


def test_torchvision_says_that_torch_is_another_by_now(environment):
    environment.run("-m", "adjoint", "link")
    environment.pip("uninstall", "--yes", "torch")
    environment.write("torch/__init__.py", "")
    said = environment.run("-c", "import torchvision", status=1).stderr
    assert "ImportError: torch was imported before adjoint.compat.install()" in said
    environment.run("-m", "adjoint", "unlink")
    assert not (environment.packages / "torchvision").exists() and (environment.packages / "torch").exists()


def test_without_adjoint_the_import_says_what_to_do(environment):
    environment.run("-m", "adjoint", "link")
    (environment.packages / "adjoint.pth").unlink()
    said = environment.run("-c", "import torch", status=1).stderr
    assert "ImportError: torch leads to Adjoint here (`adjoint link` was called), but Adjoint is not installed." in said


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder of packages that this process takes for its environment's, and small packages."""
    where = Place(tmp_path / "site", tmp_path / "bin")
    monkeypatch.setattr(packages, "place", lambda **options: where)
    monkeypatch.setattr(packages, "installed", lambda folder=where.packages: place.installed(folder))
    monkeypatch.setattr(contents, "package", small)
    return where


def small(name):
    return {f"{name}/__init__.py": b"1\n", f"{name}/nn/__init__.pyi": b"2\n"}


def everything(where):
    found = [path for folder in (where.packages, where.commands) for path in folder.rglob("*") if path.is_file()]
    return {path: path.read_bytes() for path in found}


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=["full", "interrupted"])
@pytest.mark.parametrize("again", [False, True], ids=["first", "again"])
def test_what_fails_in_the_middle_leaves_everything_as_it_was(here, monkeypatch, error, again):
    here.packages.mkdir()
    here.commands.mkdir()
    if again:
        packages.link()
        monkeypatch.setattr(contents, "_WHEEL", "Wheel-Version: 1.1\n")
    before = everything(here)
    rename, moves = Path.rename, [0]

    def failing(path, target):
        moves[0] -= 1
        if not moves[0]:
            if error.args:
                raise error
            rename(path, target)  # an interrupt comes after it as well
            raise error
        return rename(path, target)

    for failing_one in range(1, 11 if again else 6):
        moves[0] = failing_one
        with monkeypatch.context() as patched:
            patched.setattr(Path, "rename", failing)
            with pytest.raises(type(error)):
                packages.link()
        assert everything(here) == before
    assert packages.link().written
    assert not list(here.packages.glob(".adjoint*")) and not list(here.commands.glob(".adjoint*"))


@pytest.mark.parametrize("moves", [2, 5, 6, 8])
def test_what_is_killed_in_the_middle_is_mended_by_a_second_call_or_removed(here, monkeypatch, moves):
    packages.link()
    wanted = everything(here)
    monkeypatch.setattr(contents, "_WHEEL", "Wheel-Version: 1.1\n")
    program = f"""
    import os, sys
    from pathlib import Path
    from adjoint.linking import contents, packages, place
    where = place.Place(Path({str(here.packages)!r}), Path({str(here.commands)!r}))
    packages.place = lambda **options: where
    packages.installed = lambda folder=where.packages: place.installed(folder)
    contents._WHEEL = "Wheel-Version: 1.1\\n"
    contents.package = lambda name: {{f"{{name}}/__init__.py": b"1\\n", f"{{name}}/nn/__init__.pyi": b"2\\n"}}
    sys.executable = {sys.executable!r}
    rename, left = Path.rename, {moves}
    def killed(path, target):
        global left
        left -= 1
        rename(path, target)
        if not left:
            os._exit(9)
    Path.rename = killed
    packages.link()
    """
    variables = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", textwrap.dedent(program)]
    done = subprocess.run(command, env=variables, capture_output=True, text=True)
    assert done.returncode == 9, done.stderr
    packages.link()
    found = everything(here)
    assert found.keys() == wanted.keys() and found != wanted
    packages.unlink()
    assert everything(here) == {}


def test_it_refuses_the_systems_python_and_folders_that_cannot_be_written_to(tmp_path, monkeypatch):
    (tmp_path / "EXTERNALLY-MANAGED").write_text("")
    paths = {"stdlib": str(tmp_path), "purelib": str(tmp_path / "site"), "scripts": str(tmp_path / "bin")}
    users = {"purelib": str(tmp_path / "users"), "scripts": str(tmp_path / "users_bin")}
    monkeypatch.setattr(place.sysconfig, "get_path", lambda name, scheme="": (users if scheme == "of_user" else paths)[name])
    monkeypatch.setattr(place.sysconfig, "get_preferred_scheme", lambda key: "of_user" if key == "user" else "")
    monkeypatch.setattr(place.site, "ENABLE_USER_SITE", True)
    monkeypatch.setattr(place.sys, "base_prefix", place.sys.prefix)
    with pytest.raises(Refused, match=r"managed by the system's package manager.*--break-system-packages"):
        place.place()
    assert place.place(break_system_packages=True).packages == tmp_path / "site"
    (tmp_path / "EXTERNALLY-MANAGED").unlink()
    monkeypatch.setattr(place, "_writable", lambda folder: False)
    assert place.place() == Place(tmp_path / "users", tmp_path / "users_bin")
    monkeypatch.setattr(place.sys, "base_prefix", "/elsewhere")
    with pytest.raises(Refused, match="may not write"):
        place.place()


def test_wrong_use_says_how_to_use_it(linked):
    for arguments in (["link", "--force"], ["unlink", "--break-system-packages"], ["link", "torch"]):
        assert "usage: adjoint run" in linked.run("-m", "adjoint", *arguments, status=2).stderr
