"""The command ``adjoint``: ``adjoint run`` runs a PyTorch program as it is; ``adjoint link`` has a whole environment do so."""

from __future__ import annotations

import io
import os
import runpy
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from types import CodeType, FrameType, ModuleType, TracebackType
from typing import Any

_HELP = """\
usage: adjoint run PROGRAM [ARGUMENT ...]
       adjoint run -m MODULE [ARGUMENT ...]
       adjoint run -c COMMAND [ARGUMENT ...]
       adjoint run -n N [--prefix] [--hosts HOST:N,HOST:N | --hostfile FILE] PROGRAM [ARGUMENT ...]
       adjoint see [--no-open] [--output FILE] [--steps N] PROGRAM [ARGUMENT ...]
       adjoint why PROGRAM [ARGUMENT ...]
       adjoint link [--break-system-packages]
       adjoint unlink
       adjoint --version | --help

`run` runs a PyTorch program as `python` would, with `import torch` and `import torchvision` resolving to Adjoint in that
process alone.  Arguments, exit status and tracebacks are those of `python`.

  PROGRAM      a Python file, or a folder or zip file with a __main__.py
  -m MODULE    run a library module as a program
  -c COMMAND   run a program given as text

  -n N             run it as N processes that train together (torch.distributed); each is told which it is as torchrun does
  --prefix         begin each line that they print with the rank of the process
  --hosts, --hostfile  run them on these machines, so many on each, over MPI's launcher

`mpirun -n N adjoint run PROGRAM` does as well.

`why` runs it the same way, watches, and says what is wrong with the gradient of each parameter, and in which line.

`see` runs it the same way, records what autograd does, writes a page on which that can be explored, and opens it.

  --no-open      only write the page
  --output FILE  write it there, and not to PROGRAM-graph.html
  --steps N      of a long training keep the first N steps, beside the last; as many as a page has room for, if not given

Options of `see` may also come last, behind the program's own arguments.

`link` installs packages `torch` and `torchvision` into this environment that lead to Adjoint: `import torch` then means Adjoint in
notebooks, workers, tests and editors, and pip takes it for PyTorch.  It refuses where PyTorch is installed.  `unlink` removes them.
"""


def main(arguments: list[str] | None = None) -> int:
    """Run the command with these arguments (by default the process's own) and return its exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    if not given:
        sys.stderr.write(_HELP)
        return 2
    command, *rest = given
    if command in ("-h", "--help"):
        sys.stdout.write(_HELP)
        return 0
    if command in ("-V", "--version"):
        print(_version())
        return 0
    if command == "why":
        return _why(rest)
    if command in ("link", "unlink"):
        return _link(command, rest)
    if command not in ("run", "see"):
        return _usage(f"there is no command {command!r}")
    seen: dict[str, Any] | None = None
    if command == "see":
        seen = {}
        problem = _take_options(rest, seen)
        if problem is not None:
            return _usage(f"see: {problem}")
    if not rest:
        return _usage(f"{command}: which program?")
    if command == "run" and _starts_several(rest[0]):
        return _launch(rest)
    option, *rest = rest
    if option in ("-h", "--help"):
        sys.stdout.write(_HELP)
        return 0
    if option in ("-m", "-c"):
        if not rest:
            return _usage(f"{command}: argument expected for the {option} option")
        return _run(option, rest[0], rest[1:], seen)
    if option.startswith("-"):
        return _usage(f"{command}: there is no option {option}")
    return _run("", option, rest, seen)


_OPTIONS = {"--no-open": 0, "--output": 1, "--steps": 1}  # of `see`, and how many values they have


def _take_options(rest: list[str], found: dict[str, Any]) -> str | None:
    """Move the options of `see` from before the program, and from behind its arguments; what is wrong with them."""
    given: list[list[str]] = []
    while rest and rest[0].partition("=")[0] in _OPTIONS:
        name, equals, value = rest.pop(0).partition("=")
        given.append([name, value] if equals else [name, *(rest.pop(0) for _ in range(min(_OPTIONS[name], len(rest))))])
    while len(rest) > 1:
        name, equals, value = rest[-1].partition("=")
        if name in _OPTIONS and (equals or not _OPTIONS[name]):
            given.append([name, value] if equals else [name])
            rest.pop()
        elif len(rest) > 2 and _OPTIONS.get(rest[-2]):
            given.append(rest[-2:])
            del rest[-2:]
        else:
            break
    for name, *values in given:
        if len(values) != _OPTIONS[name]:
            return f"argument expected for the {name} option" if _OPTIONS[name] else f"{name} takes no argument"
        if name == "--steps" and not values[0].isdigit():
            return f"--steps takes a number, not {values[0]!r}"
        found[name[2:].replace("no-", "")] = False if name == "--no-open" else int(values[0]) if name == "--steps" else values[0]
    return None


def _starts_several(option: str) -> bool:
    """Whether this is an option of `run` that has several processes started."""
    return option.partition("=")[0] in ("-n", "--prefix", "--hosts", "--hostfile")


def _launch(rest: list[str]) -> int:
    """``adjoint run -n N``: the program as several processes."""
    from adjoint.distributed.launching.command import Usage, launch

    try:
        return launch(rest)
    except Usage as problem:
        return _usage(f"run: {problem}")


def _link(command: str, rest: list[str]) -> int:
    """``adjoint link`` and ``adjoint unlink``."""
    if rest and rest[0] in ("-h", "--help"):
        sys.stdout.write(_HELP)
        return 0
    from adjoint.linking.command import Usage, main

    try:
        return main(command, rest)
    except Usage as problem:
        return _usage(f"{command}: {problem}")


def _why(rest: list[str]) -> int:
    """``adjoint why``: run a program with a witness, then report on its parameters."""
    if not rest:
        return _usage("why: which program?")
    option, *arguments = rest
    if option in ("-h", "--help"):
        sys.stdout.write(_HELP)
        return 0
    if option in ("-m", "-c"):
        if not arguments:
            return _usage(f"why: argument expected for the {option} option")
        program, *arguments = arguments
    elif option.startswith("-"):
        return _usage(f"why: there is no option {option}")
    else:
        program, option = option, ""
    from adjoint.why.command import watched

    return watched(lambda: _run(option, program, arguments))


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    import adjoint

    try:
        own = version("adjoint")
    except PackageNotFoundError:  # run from its source, without having been installed
        own = "(not installed)"
    return f"Adjoint {own}, which goes by PyTorch {adjoint.__version__}"


def _usage(problem: str) -> int:
    sys.stderr.write(f"adjoint: {problem}\n\n{_HELP}")
    return 2


def _run(option: str, program: str, arguments: list[str], seen: dict[str, Any] | None = None) -> int:
    """Do what ``python [option] program arguments...`` does, after ``torch`` was made to mean Adjoint; ``seen``: recorded,
    with these options of `see`."""
    from adjoint import compat

    package = option == "" and _has_main(program)
    source = b""
    if option == "" and not package:
        try:
            with io.open_code(os.path.abspath(program)) as file:
                source = file.read()
        except OSError as error:
            problem = f"can't open file {os.path.abspath(program)!r}: [Errno {error.errno}] {error.strerror}"
            sys.stderr.write(f"adjoint: {problem}\n")
            return 2
    compat.install()
    say_exit = _be_a_rank()
    main_module = _fresh_main()
    sys.argv[:] = [option or program, *arguments]
    _set_path(option, program, package)
    frame = sys._getframe()
    own = {__file__, compat.__file__}
    around: AbstractContextManager[Any] = nullcontext()
    if seen is not None:
        around, files = _seeing(option, program, seen)
        own |= files
    try:
        with around:
            if option == "-m":
                runpy._run_module_as_main(program)  # type: ignore[attr-defined]
            elif package:
                runpy._run_module_as_main("__main__", False)  # type: ignore[attr-defined]
            else:
                exec(_code(option, program, source, main_module), main_module.__dict__)
    except SystemExit as exit:
        say_exit(exit)
        raise
    except BaseException:
        _hide(frame, own)
        raise
    return 0


def _be_a_rank() -> Callable[[SystemExit], None]:
    """Where this is one of several processes that a launcher started: its rank is in the environment and in its tracebacks, and
    its lines are whole. Returns what the others are told by if the program exits."""
    if "RANK" not in os.environ and not any(name.startswith(("PMI", "OMPI_COMM", "MV2_COMM")) for name in os.environ):
        return lambda exit: None
    from adjoint.distributed import uncaught
    from adjoint.distributed.launching.environment import adopt

    rank = adopt()
    if rank is None:
        return lambda exit: None
    uncaught.install(rank)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True, write_through=False)
    return uncaught.on_exit


def _seeing(option: str, program: str, options: dict[str, Any]) -> tuple[AbstractContextManager[Any], set[str]]:
    """What records a program and writes its page, and the files whose frames are no part of its tracebacks."""
    from adjoint.autograd import interception
    from adjoint.viz import passes, recorder
    from adjoint.viz.seeing import Seeing

    source = program if option == "-c" else None
    seeing = Seeing("command" if option == "-c" else program, source=source, **options)
    return seeing, {recorder.__file__, passes.__file__, interception.__file__}


def _has_main(program: str) -> bool:
    """Whether this is a folder or a zip file, which are run by their ``__main__.py``."""
    if os.path.isdir(program):
        return True
    import zipfile

    return os.path.isfile(program) and not program.endswith(".py") and zipfile.is_zipfile(program)


def _fresh_main() -> ModuleType:
    """A new ``__main__``; the one in which this command runs would show through it."""
    module = ModuleType("__main__")
    module.__dict__.update(__builtins__=sys.modules["builtins"], __annotations__={})
    sys.modules["__main__"] = module
    return module


def _set_path(option: str, program: str, package: bool) -> None:
    """Put in front of ``sys.path`` what ``python`` would, in place of what it put there for this command."""
    if getattr(sys.flags, "safe_path", False) or sys.flags.isolated:
        if package:
            sys.path.insert(0, os.path.abspath(program))
        return
    first = {"-m": os.getcwd(), "-c": ""}.get(option)
    if first is None:
        first = os.path.abspath(program) if package else os.path.dirname(os.path.realpath(program))
    sys.path[0] = first


def _code(option: str, program: str, source: bytes, main_module: ModuleType) -> CodeType:
    if option == "-c":
        _set_loader(main_module, None)
        return compile(program + "\n", "<string>", "exec", dont_inherit=True)
    from importlib.machinery import SourceFileLoader

    path = os.path.abspath(program)
    _set_loader(main_module, SourceFileLoader("__main__", path))
    main_module.__dict__.update(__file__=path, __cached__=None)
    return compile(source, path, "exec", dont_inherit=True)


def _set_loader(module: ModuleType, loader: Any) -> None:
    if loader is None:
        from importlib.machinery import BuiltinImporter

        loader = BuiltinImporter
    module.__loader__ = loader


def _hide(frame: FrameType, own: set[str]) -> None:
    """Have the traceback that Python is about to print begin with the program, whatever hook prints it."""
    hook = sys.excepthook

    def hook_without_runner(kind: type[BaseException], value: BaseException, traceback: TracebackType | None) -> None:
        sys.excepthook = hook
        while traceback is not None and traceback.tb_frame is not frame:
            traceback = traceback.tb_next
        traceback = traceback and _without(traceback.tb_next, own)
        value.__traceback__ = sys.last_traceback = traceback
        hook(kind, value, traceback)

    sys.excepthook = hook_without_runner


def _without(traceback: TracebackType | None, files: set[str]) -> TracebackType | None:
    """The traceback without the frames of these files."""
    kept: list[TracebackType] = []
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename not in files:
            kept.append(traceback)
        traceback = traceback.tb_next
    for here, following in zip(kept, [*kept[1:], None]):
        here.tb_next = following
    return kept[0] if kept else None
