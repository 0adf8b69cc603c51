"""``adjoint run -n``: several processes of a program, torchrun's variables, whole lines, one traceback, no orphans."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

pytest.importorskip("mpi4py")
if sys.platform == "win32":
    pytest.skip("processes and signals of POSIX", allow_module_level=True)

HERE = Path(__file__).parents[1]
RUN = [sys.executable, "-m", "adjoint", "run"]
TORCHRUN = [*RUN, "-m", "torch.distributed.run"]
OWN = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "PYTHONUNBUFFERED")


def environment(**more):
    inherited = {name: value for name, value in os.environ.items() if name not in OWN}
    return {**inherited, "PYTHONPATH": str(HERE), **more}


@pytest.fixture
def program(tmp_path):
    def program(text, name="program.py"):
        path = tmp_path / name
        path.write_text("import os, signal, sys, time\n" + textwrap.dedent(text), encoding="utf-8")
        return str(path)

    return program


def call(*command, **settings):
    done = subprocess.run(
        list(command), capture_output=True, text=True, timeout=120, env=environment(**settings.pop("variables", {})), **settings
    )
    program = next((part for part in command if part.endswith(".py")), None)
    if program is not None:
        assert not running(program), "processes are left"
    return done


def running(program):
    """The processes whose command line names the program."""
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if program.encode() in process.read_bytes():
                found.append(int(process.parent.name))
        except OSError:
            pass
    return found


TELL = 'print(*[os.environ[n] for n in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "GROUP_RANK")], *sys.argv[1:])\n'


def test_each_process_is_told_which_it_is_and_arguments_are_the_programs(program):
    done = call(*RUN, "-n", "3", program(TELL), "-n", "7")
    assert sorted(done.stdout.splitlines()) == ["0 3 0 3 0 -n 7", "1 3 1 3 0 -n 7", "2 3 2 3 0 -n 7"]
    assert done.returncode == 0


def test_mpis_launcher_does_as_well(program):
    mpiexec = os.path.join(os.path.dirname(sys.executable), "mpiexec")
    if not os.path.exists(mpiexec):
        pytest.skip("no MPI launcher")
    done = call(mpiexec, "-n", "2", *RUN, program(TELL), "x")
    assert sorted(done.stdout.splitlines()) == ["0 2 0 2 0 x", "1 2 1 2 0 x"]
    done = call(*RUN, "--prefix", "--hosts", "localhost:2", program(TELL), "x")
    assert sorted(done.stdout.splitlines()) == ["[0] 0 2 0 2 0 x", "[1] 1 2 1 2 0 x"]
    done = call(mpiexec, "-n", "1", *RUN, "-n", "2", program(TELL))
    assert "one of several processes already" in done.stderr


def test_torchruns_command_line(program):
    done = call(*TORCHRUN, "--standalone", "--nproc_per_node=2", program(TELL), "--a", "b")
    assert sorted(done.stdout.splitlines()) == ["0 2 0 2 0 --a b", "1 2 1 2 0 --a b"]
    nodes = ["--nnodes", "2", "--nproc-per-node", "1", "--master-port", "29511"]
    done = call(sys.executable, "-m", "adjoint.distributed.run", *nodes, "--node-rank", "1", program(TELL))
    assert done.stdout == "1 2 0 1 1\n"
    done = call(*RUN, "-m", "torch.distributed.launch", "--nproc-per-node", "1", program(TELL), "--a")
    assert done.stdout == "0 1 0 1 0 --local-rank=0 --a\n"
    assert "deprecated" in done.stderr


@pytest.mark.parametrize(
    "options, said",
    [
        (["--nnodes", "1:4"], "elastic runs, of a number of nodes that changes, are not supported"),
        (["--nproc-per-node", "gpu"], "Adjoint computes on CPUs"),
        (["--rdzv-backend", "etcd"], "--rdzv-backend=etcd is not supported: there are static and c10d"),
        (["--numa-binding", "node"], "--numa-binding is not supported"),
        (["--redirects", "9"], "streams are 0, 1, 2 or 3"),
        (["--max-restarts", "1", "--nnodes", "2"], "--max-restarts: 0 or more, and on one node only"),
    ],
)
def test_what_torchruns_options_ask_for_is_done_or_refused(program, options, said, capsys):
    from adjoint.distributed import run

    with pytest.raises(SystemExit) as stopped:
        run.main([*options, program("")])
    assert said in f"{stopped.value} {capsys.readouterr().err}"


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["-n"], "argument expected for the -n option"),
        (["-n", "0", "x.py"], "-n takes the number of processes, 1 or more, not '0'"),
        (["-n", "two", "x.py"], "-n takes the number of processes"),
        (["-n", "2"], "which program?"),
        (["-n", "2", "--fast", "x.py"], "there is no option --fast"),
        (["--hosts", "a:0", "x.py"], "--hosts takes machines with numbers of processes, as in a:2,b:2"),
        (["-n", "2", "--hostfile", "nowhere", "x.py"], "there is no file 'nowhere'"),
    ],
)
def test_a_command_line_that_makes_no_sense_is_explained(arguments, said, capsys):
    from adjoint.cli import main

    assert main(["run", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_without_mpi_two_commands_are_named(monkeypatch, capsys):
    from adjoint.cli import main
    from adjoint.distributed.launching import mpi

    monkeypatch.setattr(mpi, "installed", lambda: False)
    assert main(["run", "-n", "2", "x.py"]) == 1
    said = capsys.readouterr().err
    assert "pip install 'adjoint[distributed]'" in said and "adjoint run -n 2 train.py" in said


def test_lines_are_whole_and_may_begin_with_the_rank(program):
    path = program("""
        for n in range(300):
            print("abc", end="")
            sys.stdout.flush()
            print("d" * 70, "e", n)
    """)
    done = call(*RUN, "-n", "3", "--prefix", path)
    expected = {f"[{rank}] abc{'d' * 70} e {n}" for rank in range(3) for n in range(300)}
    lines = done.stdout.splitlines()
    assert len(lines) == 900 and set(lines) == expected


def test_rank_0_reads_what_is_typed(program):
    path = program("""
        if os.environ["RANK"] == "0":
            print("heard", input("name? "))
        else:
            print(repr(sys.stdin.read()))
    """)
    done = call(*RUN, "-n", "2", path, input="Ada\n")
    assert "heard Ada" in done.stdout and "''" in done.stdout


def test_who_reads_the_output_may_stop_reading(program):
    path = program("""
        while True:
            print("x" * 100)
    """)
    command = f"{' '.join(RUN)} -n 2 {path} | head -1"
    done = call("/bin/sh", "-c", command)
    assert done.stdout == "x" * 100 + "\n"
    assert "Traceback" not in done.stderr
    assert not running(path)


DIES = """
    rank = os.environ["RANK"]
    print("hello")
    if rank == "1":
        time.sleep(0.2)
        {how}
    import subprocess
    if rank == "0":
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)", __file__])
    while rank == "0":
        pass  # computes
    time.sleep(100)
"""


@pytest.mark.parametrize(
    "how, status, said",
    [
        ("raise ValueError('bad')", 1, "[rank1]: ValueError: bad\nadjoint: rank 1 of 3 ended with exit status 1; the others"),
        ("sys.exit(3)", 3, "adjoint: rank 1 of 3 ended with exit status 3; the others were ended"),
        ("os._exit(4)", 4, "rank 1 of 3 ended with exit status 4"),
        ("os.kill(os.getpid(), 9)", 137, "rank 1 of 3 was ended by signal 9 (SIGKILL)"),
        ("import ctypes; ctypes.string_at(0)", 139, "rank 1 of 3 was ended by signal 11 (SIGSEGV)"),
    ],
)
def test_a_rank_that_dies_ends_the_others(program, how, status, said):
    start = time.monotonic()
    done = call(*RUN, "-n", "3", program(DIES.format(how=how)))
    assert time.monotonic() - start < 60
    assert done.returncode == status
    assert said in done.stderr
    assert done.stderr.count("Traceback") == how.startswith("raise")


def test_the_same_error_on_all_ranks_is_shown_once(program):
    done = call(*RUN, "-n", "3", program("1 / 0"))
    assert done.returncode == 1
    assert done.stderr.count("ZeroDivisionError") == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_to_the_launcher_ends_all(program, number):
    path = program("print('hello'); time.sleep(100)")
    process = subprocess.Popen(
        [*RUN, "-n", "3", path], env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    assert [process.stdout.readline() for _ in range(3)] == ["hello\n"] * 3
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == -number
    assert errors.count("KeyboardInterrupt") == (number == signal.SIGINT)
    end = time.monotonic() + 10
    while running(path) and time.monotonic() < end:
        time.sleep(0.05)
    assert not running(path)


def test_restarts_begin_again_with_all(program):
    path = program("""
        count = int(os.environ["TORCHELASTIC_RESTART_COUNT"])
        if count < 2 and os.environ["RANK"] == "1":
            sys.exit(5)
        if count < 2:
            time.sleep(100)
        print("done", count)
    """)
    done = call(*TORCHRUN, "--nproc-per-node", "2", "--max-restarts", "3", path)
    assert (done.returncode, done.stdout) == (0, "done 2\n" * 2)


def test_streams_go_to_files(program, tmp_path):
    path = program("print('out', os.environ['RANK']); print('err', file=sys.stderr)")
    done = call(*TORCHRUN, "--nproc-per-node", "2", "--log-dir", str(tmp_path / "logs"), "--redirects", "1", "--tee", "0:2", path)
    assert done.stdout == ""
    assert "[default0]:err" in done.stderr
    files = {f"{p.parent.name}/{p.name}": p.read_text() for p in (tmp_path / "logs").rglob("*.log")}
    assert files == {"0/stdout.log": "out 0\n", "1/stdout.log": "out 1\n", "0/stderr.log": "err\n"}


def test_processes_share_the_cores(program):
    path = program("import torch; print(torch.get_num_threads())")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert call(*RUN, path).stdout == f"{cores}\n"
    assert call(*RUN, "-n", "2", path).stdout == f"{max(1, cores // 2)}\n" * 2
    assert call(*RUN, "-n", "2", path, variables={"OMP_NUM_THREADS": "3"}).stdout == "3\n3\n"


def test_a_process_that_learns_late_of_the_others_shares_the_cores_too(program):
    path = program("""
        import torch
        from adjoint.threads import share_cores
        share_cores(1000)
        print(torch.get_num_threads())
        torch.set_num_threads(2)
        share_cores(1)
        print(torch.get_num_threads())
    """)
    assert call(*RUN, path).stdout == "1\n2\n"
