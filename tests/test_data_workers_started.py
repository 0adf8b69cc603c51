"""How DataLoader's workers start and end, in programs of their own: no orphans, no hang, nothing printed that is nobody's."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import time
import uuid
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LIMIT = 120  # seconds, of a program that takes one: what runs longer hangs

HEAD = """
import os, signal, sys, threading, time
import adjoint as torch

class Numbers(torch.utils.data.Dataset):
    def __len__(self):
        return 40

    def __getitem__(self, i):
        return torch.full((200, 100), float(i))

def loader(**options):
    return torch.utils.data.DataLoader(Numbers(), 4, num_workers=2, **options)

if __name__ == "__main__":
"""


class Program:
    """A program that runs, and the processes that it has started."""

    def __init__(self, folder, body, command=(), head=HEAD):
        path = folder / "program.py"
        path.write_text(head + "\n".join("    " + line for line in body.strip().splitlines()) + "\n")
        self.mark = uuid.uuid4().hex
        self.run = subprocess.Popen(
            [sys.executable, *command, str(path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), "MARK": self.mark},
        )

    def family(self):
        """The processes that are left of it."""
        found = set()
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                with contextlib.suppress(OSError):
                    running = (folder / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
                    if running and f"MARK={self.mark}".encode() in (folder / "environ").read_bytes():
                        found.add(int(folder.name))
        return found

    def line(self):
        return self.run.stdout.readline().strip()

    def end(self):
        """Output, what was printed of errors, and exit status, once all of its processes have ended."""
        try:
            out, errors = self.run.communicate(timeout=LIMIT)
            until = time.monotonic() + 20
            while (left := self.family()) and time.monotonic() < until:
                time.sleep(0.02)
            assert not left, f"orphans; {errors}"
        finally:
            for pid in self.family():
                os.kill(pid, signal.SIGKILL)
        return out, errors, self.run.returncode


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="finds processes in /proc")
class TestEnds:
    @pytest.mark.parametrize(
        ("body", "status"),
        [
            ("it = iter(loader()); next(it)", 0),
            ("kept = loader(persistent_workers=True); list(kept); it = iter(kept); next(it)", 0),
            ("for batch in loader(): sys.exit(3)", 3),
            ("it = iter(loader()); os._exit(4)", 4),
            ("it = iter(loader()); held = [it]; held.append(held); del it", 0),
            ("it = iter(loader()); threading.Thread(target=lambda: [*it, time.sleep(9)], daemon=True).start(); next(it, None)", 0),
            ("signal.signal(signal.SIGTERM, lambda *_: None); it = iter(loader()); next(it)", 0),
            ("it = iter(loader()); next(it); os.kill(os.getpid(), signal.SIGKILL)", -9),
        ],
    )  # fmt: skip
    def test_a_program_ends_with_its_workers(self, tmp_path, body, status):
        out, errors, code = Program(tmp_path, body).end()
        assert (out, errors, code) == ("", "", status)

    def test_a_worker_that_a_daemon_thread_starts_while_the_program_ends_ends_too(self, tmp_path):
        body = """
            import atexit, socket
            begun, forked, make = threading.Event(), threading.Event(), socket.socketpair
            def slowly():
                begun.set()
                time.sleep(0.5)
                return make()
            socket.socketpair = slowly
            os.register_at_fork(after_in_parent=lambda: (forked.set(), time.sleep(1)))
            atexit.register(forked.wait, 10)  # the last that is done
            threading.Thread(target=lambda: list(loader()), daemon=True).start()
            begun.wait()"""
        assert Program(tmp_path, textwrap.dedent(body)).end() == ("", "", 0)

    @pytest.mark.parametrize("busy", [False, True])
    def test_workers_of_a_killed_program_end_whatever_they_are_doing(self, tmp_path, busy):
        head = HEAD.replace("return torch.full", "while BUSY: pass\n        return torch.full") + f"    BUSY = {busy}\n"
        program = Program(tmp_path, 'it = iter(loader()); print("started", flush=True); time.sleep(100)', head=head)
        assert program.line() == "started"
        program.run.kill()
        program.end()

    def test_ctrl_c_is_the_main_processs_and_prints_one_traceback(self, tmp_path):
        body = """
for batch in loader():
    print("begun", flush=True)
    time.sleep(100)
"""
        program = Program(tmp_path, body)
        assert program.line() == "begun"
        os.killpg(program.run.pid, signal.SIGINT)
        out, errors, code = program.end()
        assert code == -signal.SIGINT and errors.count("Traceback") == errors.count("KeyboardInterrupt") == 1, errors

    def test_an_epoch_goes_on_after_a_ctrl_c_that_the_program_takes(self, tmp_path):
        body = """
found = 0
for batch in loader(persistent_workers=True):
    found += 1
    if found == 2:
        try:
            os.killpg(0, signal.SIGINT)
            time.sleep(100)
        except KeyboardInterrupt:
            pass
print(found)
"""
        assert Program(tmp_path, body).end() == ("10\n", "", 0)

    @pytest.mark.parametrize(
        ("method", "command"), [("spawn", ()), *[(method, ("-m", "adjoint", "run")) for method in ("fork", "spawn", "forkserver")]]
    )
    def test_workers_can_be_started_in_every_way(self, tmp_path, method, command):
        head = HEAD.replace("import adjoint as torch", "import torch") if command else HEAD
        body = f"print([int(b[0, 0, 0]) for b in loader(multiprocessing_context={method!r})])"
        out, errors, code = Program(tmp_path, body, command, head).end()
        assert (out, errors, code) == (f"{list(range(0, 40, 4))}\n", "", 0)
