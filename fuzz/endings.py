"""How programs with DataLoader's workers end: ``python -m fuzz.endings [-n N] [--seed S] [--jobs J]``.

Each program is drawn from its seed: a kind of loader, what is done with it, what goes on beside it, and how the program ends,
which may be by a signal from outside.  It has to end within its limit of time, leave no process behind, and print a traceback
only where the program itself raises.  The exit status is 1 if one did not.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

LIMIT = 60.0  # seconds; a program takes one or two

_HEAD = """
import gc, os, signal, sys, threading, time
import adjoint as torch

class Numbers(torch.utils.data.Dataset):
    def __len__(self):
        return 24
    def __getitem__(self, i):
        {item}
        return torch.full({shape}, float(i)), i

class Stream(torch.utils.data.IterableDataset):
    def __iter__(self):
        info = torch.utils.data.get_worker_info()
        for i in range(info.id, 24, info.num_workers):
            {item}
            yield torch.full({shape}, float(i)), i

def loader():
    return torch.utils.data.DataLoader({dataset}(), 2, num_workers={workers}, persistent_workers={persistent},
                                       prefetch_factor={ahead}, in_order={order})

def compute():
    x = torch.ones(300, 300, requires_grad=True)
    while True:
        (x @ x).sum().backward()
"""

# What is done with an item in a worker; how many times each is drawn.
_ITEMS = {
    "pass": 8,
    "time.sleep(0.002)": 3,
    "if i == 7: raise ValueError('seven')": 2,
    "if i == 9: os._exit(3)": 1,
    "if i == 9: os.kill(os.getpid(), signal.SIGKILL)": 1,
    "if i > 12: time.sleep(0.3)": 1,
    "threading.Thread(target=time.sleep, args=(0.01,)).start()": 1,
}

_BESIDE = {
    "pass": 6,
    "threading.Thread(target=compute, daemon=True).start()": 2,
    "other = iter(loader()); next(other)": 2,
    "signal.signal(signal.SIGTERM, lambda *_: None)": 1,
    "signal.signal(signal.SIGCHLD, lambda *_: None)": 1,
    "signal.signal(signal.SIGINT, signal.SIG_DFL)": 1,
    "threading.Thread(target=lambda: list(loader()), daemon=True).start()": 2,
    "threading.Thread(target=lambda: list(loader())).start()": 1,
}

_USES = {
    "list(mine)": 3,
    "it = iter(mine)": 2,
    "it = iter(mine); next(it)": 3,
    "it = iter(mine); next(it); del it": 2,
    "it = iter(mine); held = [it]; held.append(held); del it, held": 2,
    "it = iter(mine); held = [it]; t = threading.Thread(target=held.clear); del it; t.start(); t.join()": 2,
    "for batch in mine: break": 3,
    "a, b = iter(mine), iter(loader()); next(a); next(b); next(a)": 2,
    "for batch in mine: list(loader()); break": 1,
    "for epoch in range(3): list(mine)": 2,
    "it = iter(mine); threading.Thread(target=lambda: list(it), daemon=True).start()": 2,
    "it = iter(mine); threading.Thread(target=lambda: list(it)).start()": 1,
}

_ENDS = {
    "pass": 4,
    "sys.exit(5)": 2,
    "os._exit(6)": 2,
    "raise RuntimeError('planned')": 2,
    "raise KeyboardInterrupt": 1,
    "os.kill(os.getpid(), signal.SIGKILL)": 2,
    "os.kill(os.getpid(), signal.SIGTERM)": 1,
    "p = os.fork(); p and os.waitpid(p, 0); sys.exit(0)": 1,
    "print('now', flush=True); time.sleep(0.1)": 3,
    "print('now', flush=True)\nfor epoch in range(3): list(mine)": 3,
}


def program(seed: int) -> tuple[str, int | None]:
    """The program of a seed, and the signal that its processes get (SIGINT: all of them) once it has said "now"."""
    draw = random.Random(seed)

    def one_of(table: dict[str, int]) -> str:
        return draw.choices(list(table), list(table.values()))[0]

    head = _HEAD.format(
        item=one_of(_ITEMS),
        shape=draw.choice(["(3,)", "(120, 120)"]),
        dataset=draw.choice(["Numbers", "Numbers", "Stream"]),
        workers=draw.choice([1, 2, 3]),
        persistent=draw.random() < 0.3,
        ahead=draw.choice([1, 2, 4]),
        order=draw.random() < 0.8,
    )
    end = one_of(_ENDS)
    body = f"mine = loader()\n{one_of(_BESIDE)}\n{one_of(_USES)}\n{end}"
    text = f"{head}\nif __name__ == '__main__':\n" + "".join(f"    {line}\n" for line in body.splitlines())
    return text, draw.choice([signal.SIGINT, signal.SIGKILL, signal.SIGTERM]) if "now" in end else None


def trial(seed: int, folder: Path) -> str | None:
    """Run the program of a seed: what was wrong, or None."""
    text, number = program(seed)
    path = folder / f"{seed}.py"
    path.write_text(text)
    mark = uuid.uuid4().hex
    run = subprocess.Popen(
        [sys.executable, "-W", "ignore", str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.getcwd(), "MARK": mark},
    )
    try:
        if number is not None and run.stdout is not None and run.stdout.readline():
            time.sleep(random.Random(seed).random() * 0.1)
            with contextlib.suppress(ProcessLookupError):
                (os.killpg if number == signal.SIGINT else os.kill)(run.pid, number)
        try:
            _, errors = run.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            return "hangs"
        until = time.monotonic() + 10
        while (left := _family(mark)) and time.monotonic() < until:
            time.sleep(0.02)
        if left:
            return f"orphans {left}"
        planned = ("planned", "seven", "KeyboardInterrupt", "DataLoader worker", "Stream")
        if run.returncode >= 0 and "Traceback" in errors and not any(word in errors for word in planned):
            return errors
        return None
    finally:
        for pid in _family(mark):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        run.communicate()


def _family(mark: str) -> set[int]:
    found = set()
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                running = (folder / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
                if running and f"MARK={mark}".encode() in (folder / "environ").read_bytes():
                    found.add(int(folder.name))
    return found


def main() -> int:
    """Run N programs; the exit status is 1 if one did not end as it should."""
    parser = argparse.ArgumentParser(prog="fuzz.endings", description=__doc__)
    parser.add_argument("-n", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    seeds = range(options.seed, options.seed + options.n)
    bad = 0
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(options.jobs) as pool:
        for seed, wrong in zip(seeds, pool.map(lambda seed: trial(seed, Path(folder)), seeds)):
            if wrong:
                bad += 1
                print(f"--- {seed}: {wrong}\n{program(seed)[0].partition('__main__')[2]}", flush=True)
    print(f"{options.n} programs, {bad} of them did not end as they should")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
