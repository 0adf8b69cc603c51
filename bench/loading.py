"""Loading: what a DataLoader takes an item, beside PyTorch: ``python -m bench.loading [--items N] [--rounds R]``.

60,000 images of 28 x 28 as MNIST has them, each made a float tensor and normalised when it is asked for, in batches of 64, and
the collating of samples of several kinds alone.  Each library runs in processes of its own, in turns; the least of all rounds is
shown, and the peak memory of the main process.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

ROWS = {
    "0": "images, 0 workers, µs an item",
    "2": "images, 2 workers, µs an item",
    "start": "start and end of 2 workers, ms",
    "tensors": "collate 64 tensors of 28 x 28, µs",
    "arrays": "collate 64 arrays of 28 x 28, µs",
    "dicts": "collate 64 dicts of a tensor, a float and an int, µs",
    "tuples": "collate 64 nested tuples of numbers, µs",
    "memory": "peak memory, MB",
}

_PROGRAM = """
import importlib, json, os, resource, sys, time
import numpy as np
torch = importlib.import_module(sys.argv[1])
items = int(sys.argv[2])
torch.set_num_threads(1)

class Images(torch.utils.data.Dataset):
    def __init__(self, count):
        self.raw = np.random.default_rng(0).integers(0, 256, (count, 28 * 28), np.uint8)

    def __len__(self):
        return len(self.raw)

    def __getitem__(self, i):
        image = torch.from_numpy(self.raw[i].reshape(1, 28, 28)).float().div_(255)
        return image.sub_(0.1307).div_(0.3081), int(i) % 10

def epoch(data, workers):
    start = time.perf_counter()
    for batch in torch.utils.data.DataLoader(data, 64, shuffle=True, num_workers=workers):
        pass
    return time.perf_counter() - start

def each(samples):
    collate = torch.utils.data.default_collate
    start = time.perf_counter()
    for _ in range(200):
        collate(samples)
    return (time.perf_counter() - start) / 200 * 1e6

data, few = Images(items), Images(128)
epoch(few, 0), epoch(few, 2)
tensors = [torch.rand(28, 28) for _ in range(64)]
print(json.dumps({
    "0": epoch(data, 0) / items * 1e6,
    "2": epoch(data, 2) / items * 1e6,
    "start": min(epoch(few, 2) for _ in range(5)) * 1e3,
    "tensors": each(tensors),
    "arrays": each([np.random.rand(28, 28) for _ in range(64)]),
    "dicts": each([{"x": t, "y": 1.5, "z": 3} for t in tensors]),
    "tuples": each([(1, (2.0, 3)) for _ in range(64)]),
    "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
}))
"""


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m bench.loading", description=__doc__.partition("\n")[0])
    parser.add_argument("--items", type=int, default=60_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    least: dict[str, dict[str, float]] = {"adjoint": {}, "torch": {}}
    for number in range(asked.rounds):
        for peer in list(least)[:: 1 if number % 2 else -1]:
            run = [sys.executable, "-c", _PROGRAM, peer, str(asked.items)]
            found = subprocess.run(run, capture_output=True, text=True, check=True, cwd=Path(__file__).parent.parent)
            for row, value in json.loads(found.stdout).items():
                least[peer][row] = min(value, least[peer].get(row, value))
    print(f"{'':54}{'Adjoint':>10}{'PyTorch':>10}{'ratio':>8}")
    for row, title in ROWS.items():
        ours, theirs = (least[peer][row] for peer in ("adjoint", "torch"))
        print(f"{title:54}{ours:10.1f}{theirs:10.1f}{theirs / ours:8.2f}")


if __name__ == "__main__":
    main()
