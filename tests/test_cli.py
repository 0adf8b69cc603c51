"""``adjoint run`` is ``python`` for PyTorch programs: arguments, __main__, exit status, tracebacks."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from adjoint import postponed

PYTHON = [sys.executable]
ADJOINT_RUN = [sys.executable, "-m", "adjoint", "run"]


def call(command, *arguments, cwd, stdin=None):
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    return subprocess.run(
        [*command, *arguments], cwd=cwd, input=stdin, capture_output=True, text=True, env=environment
    )


@pytest.fixture
def write(tmp_path):
    def write(text, name="program.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    return write


@pytest.fixture
def both(tmp_path):
    """Run the same with ``python`` and with ``adjoint run``; what they did must be the same, and is returned."""

    def both(*arguments):
        python = call(PYTHON, *arguments, cwd=tmp_path)
        adjoint = call(ADJOINT_RUN, *arguments, cwd=tmp_path)
        assert (adjoint.stdout, adjoint.stderr) == (python.stdout, python.stderr)
        assert adjoint.returncode == python.returncode
        return adjoint

    return both


@pytest.fixture
def run(tmp_path):
    """Run a program with ``adjoint run`` and return what it printed."""

    def run(path, *arguments):
        done = call(ADJOINT_RUN, str(path), *arguments, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


PROBE = """\
    "A docstring."
    import sys
    print(__name__, __file__, __doc__, __spec__, __package__, sys.argv, sys.path[0])
    print(sys.modules["__main__"].__dict__ is globals(), type(__loader__).__name__, sorted(globals()))
"""


@pytest.mark.skipif(sys.flags.safe_path if sys.version_info >= (3, 11) else False, reason="python -P")
def test_a_program_sees_itself_as_under_python(write, both):
    write(PROBE, "folder/probe.py")
    assert "--help" in both("folder/probe.py", "--help", "-x", "a b").stdout


def test_a_module_runs_with_m(write, both):
    write("import sys; print(__name__, __spec__.name, sys.argv[1:], sys.path[0])", "package/tool.py")
    write("", "package/__init__.py")
    assert "package.tool" in both("-m", "package.tool", "1").stdout


def test_a_command_runs_with_c(both):
    assert both("-c", "import sys; print(__name__, sys.argv, repr(sys.path[0]))", "1").stdout.startswith("__main__")


def test_a_folder_runs_by_its_main(write, both):
    write("import sys, helper; print(__name__, sys.argv, sys.path[0])", "app/__main__.py")
    write("", "app/helper.py")
    assert both("app", "1").stdout.startswith("__main__")


def test_neighbouring_modules_are_found(write, both):
    write("value = 3", "neighbour.py")
    write("import neighbour; print(neighbour.value)")
    assert both("program.py").stdout == "3\n"


def test_a_traceback_shows_the_program_alone(write, both):
    write(
        """\
        def inner():
            raise ValueError("told")
        try:
            inner()
        except ValueError as error:
            raise KeyError("later") from error
        """
    )
    done = both("program.py")
    assert done.returncode == 1 and done.stderr.count("File ") == 3 and "adjoint" not in done.stderr


def test_a_syntax_error_is_shown_as_python_shows_it(write, both):
    write("x = = 1\n")
    assert "Traceback" not in both("program.py").stderr


def test_the_programs_own_excepthook_gets_the_traceback(write, both):
    write(
        """\
        import sys, traceback
        def hook(kind, value, tb):
            print([frame.name for frame in traceback.extract_tb(tb)], value.__traceback__ is tb)
        sys.excepthook = hook
        def f():
            1 / 0
        f()
        """
    )
    assert both("program.py").stdout == "['<module>', 'f'] True\n"


@pytest.mark.parametrize("status", ["0", "7", "None", "'a message'", "True"])
def test_the_exit_status_is_the_programs(write, both, status):
    write(f"import sys; sys.exit({status})")
    both("program.py")


def test_exit_functions_run_at_the_end(write, both):
    write("import atexit; atexit.register(print, 'last'); value = 1\nimport __main__; print(__main__.value)")
    assert both("program.py").stdout == "1\nlast\n"


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_a_keyboard_interrupt_ends_it_as_it_ends_python(write, both):
    write("import os, signal; os.kill(os.getpid(), signal.SIGINT)\nimport time; time.sleep(5)")
    assert both("program.py").returncode == -signal.SIGINT


def test_a_missing_file_is_an_error_in_pythons_words(tmp_path):
    ours = call(ADJOINT_RUN, "nowhere.py", cwd=tmp_path)
    theirs = call(PYTHON, "nowhere.py", cwd=tmp_path)
    assert ours.returncode == theirs.returncode == 2
    assert ours.stderr.partition(": ")[2] == theirs.stderr.partition(": ")[2]


@pytest.mark.parametrize("arguments", [[], ["walk"], ["run"], ["run", "-m"], ["run", "--fast", "x.py"]])
def test_wrong_use_says_how_to_use_it(tmp_path, arguments):
    done = call([sys.executable, "-m", "adjoint"], *arguments, cwd=tmp_path)
    assert done.returncode == 2 and "usage: adjoint run PROGRAM" in done.stderr and not done.stdout


def test_help_and_version(tmp_path):
    assert "usage: adjoint run" in call([sys.executable, "-m", "adjoint"], "--help", cwd=tmp_path).stdout
    assert call([sys.executable, "-m", "adjoint"], "--version", cwd=tmp_path).stdout.startswith("Adjoint ")


def test_torch_is_adjoint_down_to_its_submodules(write, run):
    program = write(
        """\
        import importlib, sys
        import torch, torchvision, torchvision.models
        import torch.nn.functional as F
        import torch.utils.data
        from torch import nn
        from torch.utils.data import DataLoader
        for name in ("", ".nn", ".nn.functional", ".nn.modules.linear", ".optim", ".utils.data", ".autograd"):
            assert importlib.import_module("torch" + name) is importlib.import_module("adjoint" + name), name
            assert sys.modules["torch" + name] is sys.modules["adjoint" + name], name
        assert sys.modules["torchvision.models"] is sys.modules["adjoint.vision.models"]
        assert nn is torch.nn and F is torch.nn.functional and torch.utils.data.DataLoader is DataLoader
        assert torch.nn.__spec__.name == "adjoint.nn"
        """
    )
    run(program)


def test_modules_are_known_before_they_are_imported(write, run):
    program = write(
        """\
        import inspect, sys, threading, torch
        waiting = [name for name in sys.modules if name.startswith("torch.") and "adjoint" + name[5:] not in sys.modules]
        print(len(waiting) > 80, [name in waiting for name in ("torch.nn", "torch.optim.sgd", "torch.utils.data")])
        inspect.getmodule(inspect.currentframe())  # who looks at all modules imports none
        print("adjoint.nn" in sys.modules)
        nn, fx, seen = sys.modules["torch.nn"], sys.modules["torch.fx"], []
        from torch.nn import Linear
        print(nn is torch.nn is sys.modules["adjoint.nn"], type(nn), nn.Linear is Linear, nn.__spec__.name)
        sys.modules["torch.fft"].own = 1
        print(torch.fft.own, torch.fft.fft is not None)
        threads = [threading.Thread(target=lambda: seen.append(fx.Graph)) for _ in range(8)]
        [t.start() for t in threads], [t.join() for t in threads]
        print(len(seen), len(set(seen)))
        for name in waiting:
            vars(sys.modules[name])
            assert type(sys.modules[name]).__name__ != "_Postponed", name
        """
    )
    assert run(program).splitlines() == [
        "True [True, True, True]", "False", "True <class 'module'> True adjoint.nn", "1 True", "8 1",
    ]  # fmt: skip


def test_modules_that_are_known_are_so_in_pytorch_too(write, run, tmp_path):
    pytest.importorskip("torch")
    program = write("import sys, torch; print(*[name for name in sys.modules if name.startswith('torch.')])")
    theirs = call(PYTHON, str(program), cwd=tmp_path).stdout.split()
    assert {f"torch.{name}" for name in postponed._BELOW_TORCH.split()} <= set(theirs)


def test_a_module_whose_import_fails_is_tried_again(write, run):
    program = write(
        """\
        import sys, torch
        sys.modules["adjoint.fx.graph"] = None
        for _ in range(2):
            try:
                sys.modules["torch.fx"].Graph
            except ImportError as error:
                print(type(error).__name__)
        del sys.modules["adjoint.fx.graph"]
        print(sys.modules["torch.fx"].Graph, sys.modules["torch.fx"] is torch.fx)
        """
    )
    assert run(program).splitlines()[:2] == ["ModuleNotFoundError"] * 2


def test_classes_go_by_pytorchs_names(write, run):
    program = write(
        """\
        import torch
        print(type(torch.ones(1)), type(torch.float32), type(torch.ones(1).shape), type(torch.device("cpu")))
        print(torch.Generator, torch.nn.Linear, torch.nn.Parameter, torch.optim.SGD, torch.autograd.Function)
        """
    )
    assert run(program).splitlines() == [
        "<class 'torch.Tensor'> <class 'torch.dtype'> <class 'torch.Size'> <class 'torch.device'>",
        "<class 'torch._C.Generator'> <class 'torch.nn.modules.linear.Linear'> <class 'torch.nn.parameter.Parameter'> "
        "<class 'torch.optim.sgd.SGD'> <class 'torch.autograd.function.Function'>",
    ]


PUBLIC_CLASSES = """
    import importlib, inspect, json
    found = {}
    for place in ("", ".amp", ".autograd", ".autograd.graph", ".cuda", ".linalg", ".nn", ".nn.parameter", ".optim",
                  ".optim.lr_scheduler", ".serialization", ".utils.data"):
        module = importlib.import_module("torch" + place)
        for name in dir(module):
            value = getattr(module, name, None)
            if inspect.isclass(value) and not name.startswith("_"):
                found["torch" + place + "." + name] = value.__module__ + "." + value.__qualname__
    print(json.dumps(found))
"""


def test_every_public_class_has_the_name_that_pytorch_gives_it(write, run, tmp_path):
    pytest.importorskip("torch")
    import json

    program = write(PUBLIC_CLASSES)
    ours = json.loads(run(program))
    theirs = json.loads(call(PYTHON, str(program), cwd=tmp_path).stdout)
    assert len(ours) > 200
    different = {name: (ours[name], theirs[name]) for name in ours if name in theirs and ours[name] != theirs[name]}
    # PyTorch's is doubled, "torch.jit.torch.jit.ScriptFunction", and nothing finds the class by it.
    assert different.pop("torch.ScriptFunction")[0] == "torch.jit.ScriptFunction"
    assert not different


def test_a_class_is_shown_in_a_module_that_is_loaded_when_it_is_named(write, run):
    program = write(
        """\
        import sys, pickle, torch
        print("adjoint.nn.attention" in sys.modules, "adjoint.nn" in sys.modules, "adjoint.utils.hooks" in sys.modules)
        kept = pickle.dumps([torch.PyTorchFileReader, torch.cuda.MemPool, torch.export.ExportGraphSignature])
        for found in pickle.loads(kept):
            print(found.__module__ + "." + found.__qualname__)
        from torch.utils.hooks import RemovableHandle
        from torch.nn.attention import SDPBackend
        print(RemovableHandle, SDPBackend)
        """
    )
    assert run(program).splitlines() == [
        "False False False",
        "torch.PyTorchFileReader",
        "torch.cuda.memory.MemPool",
        "torch.export.graph_signature.ExportGraphSignature",
        "<class 'torch.utils.hooks.RemovableHandle'> <enum 'SDPBackend'>",
    ]


def test_nothing_is_renamed_by_import_adjoint_as_torch(write, tmp_path):
    write("import sys; import adjoint as torch; print(torch.Tensor, torch.__name__, 'torch' in sys.modules)")
    assert call(PYTHON, "program.py", cwd=tmp_path).stdout == "<class 'adjoint.tensor.Tensor'> adjoint False\n"


def test_a_missing_name_is_named(write, run):
    program = write(
        """\
        import torch
        for statement in ("torch.no_such", "torch.nn.NoSuch", "torch.nn.functional.no_such", "torch.ones(1).no_such",
                          "import torch.no_such", "import torch.nn.no_such.deeper", "from torch import no_such",
                          "from torch.nn import NoSuch", "import torchvision.no_such"):
            try:
                exec(statement)
            except (AttributeError, ImportError) as error:
                print(type(error).__name__, error)
        """
    )
    printed = run(program).splitlines()
    for line, (kind, *names) in zip(
        printed,
        [
            ("AttributeError", "torch", "no_such"),
            ("AttributeError", "torch.nn", "NoSuch"),
            ("AttributeError", "torch.nn.functional", "no_such"),
            ("AttributeError", "Tensor", "no_such"),
            ("ModuleNotFoundError", "No module named 'torch.no_such'"),
            ("ModuleNotFoundError", "No module named 'torch.nn.no_such'"),
            ("ImportError", "cannot import name 'no_such' from 'torch'"),
            ("ImportError", "cannot import name 'NoSuch' from 'torch.nn'"),
            ("ModuleNotFoundError", "No module named 'torchvision.no_such'"),
        ],
        strict=True,
    ):
        assert line.startswith(kind) and all(name in line for name in names), line


def test_the_traceback_of_a_missing_module_shows_the_program_alone(write, both):
    write("import torch.no_such_module\n")
    pytest.importorskip("torch")
    assert both("program.py").stderr.endswith("ModuleNotFoundError: No module named 'torch.no_such_module'\n")


def test_pickles_name_pytorchs_classes(write, run):
    program = write(
        """\
        import pickle, torch
        data = pickle.dumps(torch.nn.Linear(2, 3))
        print("torch.nn.modules.linear" in str(data), pickle.loads(data))
        kept = [torch.nn.MultiheadAttention, torch.Generator, torch.linalg.LinAlgError, torch.amp.GradScaler, torch.device]
        print(pickle.loads(pickle.dumps(kept)) == kept, torch.nn.MultiheadAttention)
        """
    )
    assert run(program).splitlines() == [
        "True Linear(in_features=2, out_features=3, bias=True)",
        "True <class 'torch.nn.modules.activation.MultiheadAttention'>",
    ]


def test_a_class_of_the_program_is_pickled_by_its_main(write, run, tmp_path):
    program = write(
        """\
        import pickle
        class Kept:
            pass
        print(pickle.loads(pickle.dumps(Kept())).__class__ is Kept)
        """
    )
    assert run(program) == "True\n"


def test_install_refuses_where_pytorch_was_imported_before(tmp_path):
    program = "import sys; sys.modules['torch'] = sys; import adjoint.compat; adjoint.compat.install()"
    done = call(PYTHON, "-c", program, cwd=tmp_path)
    assert done.stderr.endswith("ImportError: torch was imported before adjoint.compat.install() was called\n")


def test_packages_that_ask_for_pytorchs_version_are_told_adjoints(write, run):
    path = write("""\
        from importlib import metadata
        from importlib.util import find_spec
        print(metadata.version("torch"), metadata.version("TorchVision"), metadata.distribution("torch").name)
        print(metadata.metadata("torch")["Version"], metadata.requires("torchvision"), find_spec("torch") is not None)
        print([next(e.value for e in metadata.entry_points(group="console_scripts") if e.name == "torchrun")])
        print(metadata.packages_distributions()["torch"][0], metadata.version("numpy").split(".")[0])
        print(find_spec("torch.nn").origin[-14:], find_spec("torch.nothing_of_that_name"), find_spec("torchvision.nothing"))
        """)
    assert run(path).splitlines() == [
        "2.13.0+adjoint 0.28.0+adjoint torch",
        "2.13.0+adjoint ['torch==2.13.0+adjoint', 'numpy', 'pillow>=5.3.0'] True",
        "['torch.distributed.run:main']",
        "torch 2",
        "nn/__init__.py None None",
    ]


def test_a_worker_that_is_spawned_is_told_so_too(write, run):
    path = write("""\
        import multiprocessing
        from importlib.metadata import version
        def work(queue):
            queue.put(version("torch"))
        if __name__ == "__main__":
            context = multiprocessing.get_context("spawn")
            queue = context.Queue()
            process = context.Process(target=work, args=(queue,))
            process.start()
            print(queue.get())
            process.join()
        """)
    assert run(path) == "2.13.0+adjoint\n"


def test_import_adjoint_alone_answers_nothing(tmp_path):
    program = "import adjoint, importlib.metadata as m; print([d for d in m.distributions(name='torch') if 'adjoint' in d.version])"
    assert call(PYTHON, "-c", program, cwd=tmp_path).stdout == "[]\n"
