"""Machine code on disk: nothing is compiled twice, and no file there can do harm."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("llvmlite")

from adjoint.kernels.machine import machine

pytestmark = pytest.mark.skipif(machine().family == "unknown", reason="no kernels for this processor")

KERNEL = """
from adjoint.kernels.native import *

FACTOR = 3

@inline
def scaled(n):
    return n * FACTOR

@native
def f(n: i64, add):
    return scaled(n) + add
"""
PROGRAM = """
import ctypes
from kernel import f
from adjoint.kernels import machine_code
print(machine_code.entry(f, ctypes.c_int64, add=1)(2), len(machine_code.compiled))
"""


class Place:
    """A folder with a module of kernels, and one for their machine code."""

    def __init__(self, folder):
        self.folder, self.cache = folder, folder / "cache"
        self.write(KERNEL)

    def write(self, kernel):
        (self.folder / "kernel.py").write_text(kernel)

    def start(self, program=PROGRAM, **environment):
        path = os.pathsep.join([str(self.folder), str(Path(__file__).parent.parent)])
        given = {"ADJOINT_CACHE": str(self.cache), "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", **environment}
        variables = {k: v for k, v in {**os.environ, **given}.items() if v is not None}
        return subprocess.Popen([sys.executable, "-c", program], env=variables, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip

    def run(self, program=PROGRAM, **environment):
        """The words that a process prints: of PROGRAM the result, and how many functions it compiled."""
        process = self.start(program, **environment)
        out, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, ""), errors
        return out.split()

    def files(self):
        return sorted(f for f in self.cache.iterdir() if f.suffix != ".cpu")


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


def test_a_second_process_compiles_nothing(place):
    assert place.run() == ["7", "1"]
    assert place.run() == ["7", "0"]
    (file,) = place.files()
    assert file.suffix == ".o"


def test_code_is_kept_for_what_kernels_say_and_not_for_where_they_say_it(place):
    place.run()
    place.write("# A comment.\n\n" + KERNEL)
    assert place.run() == ["7", "0"]
    place.write(KERNEL.replace("return scaled(n) + add", "return scaled(n) - add"))
    assert place.run() == ["5", "1"]
    place.write(KERNEL.replace("FACTOR = 3", "FACTOR = 4"))
    assert place.run() == ["9", "1"]
    place.write(KERNEL.replace("n * FACTOR", "n + FACTOR"))
    assert place.run() == ["6", "1"]
    place.write(KERNEL)
    assert place.run() == ["7", "0"]
    assert len(place.files()) == 4


def test_functions_that_are_constants_are_known_by_what_they_say(place):
    kernel = """
from adjoint.kernels.native import *

@inline
def twice(x):
    return x * 2

@native
def g(n: i64, how):
    return how[0](n) + how[1](n)

def made(by):
    @inline
    def scaled(x):
        return x * by
    return scaled
"""
    program = """
import ctypes
from kernel import g, made, twice
from adjoint.kernels import machine_code
for by in (3, 4):
    print(machine_code.entry(g, ctypes.c_int64, how=(twice, made(by)))(10))
print(len(machine_code.compiled))
"""
    place.write(kernel)
    assert place.run(program) == ["50", "60", "2"]
    assert place.run(program) == ["50", "60", "0"]
    place.write(kernel.replace("x * 2", "x * 5"))
    assert place.run(program) == ["80", "90", "2"]


def test_kernels_of_adjoint_that_take_functions_are_kept_too(place):
    program = """
import numpy as np, adjoint as torch
x = torch.ones(4, 8, 40, 40)
y = torch.nn.functional.max_pool2d(torch.relu(x * 2), 2)
print(y.sum().item())
from adjoint.kernels import machine_code
print(len(machine_code.compiled))
"""
    first, again = place.run(program), place.run(program)
    assert first[0] == again[0] == "25600.0"
    assert int(first[1]) > 1 and again[1] == "0"


DAMAGES = {
    "empty": lambda code: b"",
    "short": lambda code: b"x",
    "cut": lambda code: code[:-1],
    "head": lambda code: code[:20],
    "longer": lambda code: code + b"x",
    "bit": lambda code: code[:200] + bytes([code[200] ^ 1]) + code[201:],
    "zeros": lambda code: bytes(len(code)),
}


def test_a_damaged_file_is_made_anew(place):
    place.run()
    (file,) = place.files()
    for damage in DAMAGES.values():
        file.write_bytes(damage(file.read_bytes()))
        assert place.run() == ["7", "1"]
        assert place.files() == [file] and file.read_bytes().startswith(b"adjoint machine code")
    assert place.run() == ["7", "0"]


def test_another_functions_file_under_this_name_is_made_anew(place):
    place.run()
    (file,) = place.files()
    place.write(KERNEL.replace("FACTOR = 3", "FACTOR = 4"))
    place.run()
    (other,) = set(place.files()) - {file}
    other.write_bytes(file.read_bytes())
    assert place.run() == ["9", "1"]


def test_a_folder_in_a_files_place_is_no_harm(place):
    place.run()
    (file,) = place.files()
    file.unlink()
    file.mkdir()
    assert place.run() == ["7", "1"]
    assert place.files() == [file]  # and nothing was left aside


@pytest.mark.parametrize("folder", ["file/below", "/dev/null/below", "/proc/adjoint"])
def test_where_nothing_can_be_kept_every_process_compiles(place, folder):
    (place.folder / "file").write_text("")
    for _ in range(2):
        assert place.run(ADJOINT_CACHE=str(place.folder / folder)) == ["7", "1"]
    assert not place.cache.exists()


def test_the_folder_is_found_as_other_programs_do(place):
    (place.folder / "home").mkdir()
    place.run(ADJOINT_CACHE=None, XDG_CACHE_HOME=str(place.folder / "xdg"))
    assert len(list((place.folder / "xdg" / "adjoint" / "kernels").glob("*.o"))) == 1
    place.run(ADJOINT_CACHE=None, XDG_CACHE_HOME=None, HOME=str(place.folder / "home"))
    assert len(list((place.folder / "home" / ".cache" / "adjoint" / "kernels").glob("*.o"))) == 1


def test_processes_at_once_keep_one_whole_file(place):
    processes = [place.start() for _ in range(4)]
    for process in processes:
        out, errors = process.communicate(timeout=60)
        assert (out.split()[0], errors) == ("7", "")
    assert len(place.files()) == 1
    assert place.run() == ["7", "0"]


def test_files_are_written_aside_and_renamed(place, monkeypatch):
    from adjoint.kernels import kept

    seen = []
    replace = os.replace

    def watched(source, target, **options):
        seen.append(((place.cache / target).exists(), (place.cache / source).read_bytes()))
        replace(source, target, **options)

    monkeypatch.setenv("ADJOINT_CACHE", str(place.cache))
    monkeypatch.setattr(os, "replace", watched)
    kept.write("name", b"code")
    assert seen == [(False, (place.cache / "name.o").read_bytes())] and len(place.files()) == 1
    assert kept.read("name") == b"code"


def test_code_that_nobody_reads_any_more_is_deleted(place):
    place.run()
    (kept,) = place.files()
    now, day = time.time(), 86400
    old, recent, foreign = place.cache / "old.o", place.cache / "recent.o", place.cache / "notes.txt"
    for file, age in ((old, 61), (recent, 59), (foreign, 400), (kept, 400)):
        if file is not kept:
            file.write_bytes(b"something")
        os.utime(file, (now - age * day,) * 2)
    place.run()  # reads, and deletes nothing
    assert old.exists() and kept.stat().st_mtime > now - day
    place.write(KERNEL.replace("FACTOR = 3", "FACTOR = 4"))
    place.run()
    assert not old.exists() and all(file.exists() for file in (recent, foreign, kept))


def test_a_write_that_fails_leaves_nothing_aside(place, monkeypatch):
    from adjoint.kernels import kept

    def interrupted(source, target, **options):
        raise KeyboardInterrupt

    monkeypatch.setenv("ADJOINT_CACHE", str(place.cache))
    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        kept.write("name", b"code")
    assert place.files() == []


def test_code_for_shorter_vectors_is_kept_apart(place):
    place.run()
    assert place.run(ADJOINT_VECTOR_BYTES="16") == ["7", "1"]
    assert place.run(ADJOINT_VECTOR_BYTES="16") == place.run() == ["7", "0"]


def test_a_kept_kernel_is_loaded_in_milliseconds(place):
    program = """
import time
from kernel import f
from adjoint.kernels import machine_code
machine_code.address(f, add=0)
times = []
for n in range(1, 20):
    start = time.perf_counter()
    machine_code.address(f, add=n)
    times.append(time.perf_counter() - start)
print(sorted(times)[len(times) // 2] * 1e6, len(machine_code.compiled))
"""
    place.run(program)
    median, compiled = place.run(program)
    assert compiled == "0" and float(median) < 5000


def test_threads_that_ask_for_one_function_compile_it_once(place):
    program = """
import ctypes, threading
from kernel import f
from adjoint.kernels import machine_code
found = []
def ask():
    found.append(machine_code.address(f, add=1))
threads = [threading.Thread(target=ask) for _ in range(8)]
[t.start() for t in threads]
[t.join() for t in threads]
print(len(found), len(set(found)), len(machine_code.compiled))
"""
    assert place.run(program) == ["8", "1", "1"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_process_forked_while_another_thread_compiles_can_compile(place):
    program = """
import ctypes, os, threading
from kernel import f
from adjoint.kernels import machine_code
machine_code.address(f, add=-1)
stop = False
def compile():
    n = 0
    while not stop:
        n += 1
        machine_code.address(f, add=n)
thread = threading.Thread(target=compile)
thread.start()
codes = []
for i in range(10):
    child = os.fork()
    if not child:
        os._exit(machine_code.entry(f, ctypes.c_int64, add=-2 - i)(2) == 4 - i)
    codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
stop = True
thread.join()
print(codes)
"""
    assert place.run(program) == str([1] * 10).split()
