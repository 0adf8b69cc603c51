"""One process of the measurements of :mod:`bench.scaling`: does what it is told by lines of JSON, and says how long it took.

``python -m bench.scaling_rank PEER WORKLOAD BATCH THREADS``; with ``RANK`` and ``WORLD_SIZE`` in the environment it is one of
several. Waiting for the next line costs nothing, so that processes can be measured in turns.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import statistics
import sys
from collections.abc import Callable, Iterator
from time import perf_counter, sleep
from typing import Any

from bench.measure import peak_mb
from bench.registry import PEERS
from bench.workloads import gpt, resnet


def _resnet18(torch: Any, batch: int) -> tuple[Any, Callable[[Any], Any], Any]:
    model = resnet._resnet18(torch)
    pictures = torch.randn(batch, 3, resnet.SIZE, resnet.SIZE)
    targets = torch.randint(0, resnet.CLASSES, (batch,))
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-5, momentum=0.9, weight_decay=1e-4)
    return model, lambda model: torch.nn.functional.cross_entropy(model(pictures), targets), optimizer


def _gpt(torch: Any, batch: int) -> tuple[Any, Callable[[Any], Any], Any]:
    model = gpt._gpt(torch)
    tokens = torch.randint(0, gpt.VOCABULARY, (batch, gpt.TOKENS))
    targets = torch.randint(0, gpt.VOCABULARY, (batch * gpt.TOKENS,))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5, weight_decay=0.1)
    return model, lambda model: torch.nn.functional.cross_entropy(model(tokens).view(-1, gpt.VOCABULARY), targets), optimizer


MODELS = {"resnet18": _resnet18, "gpt": _gpt}


class Rank:
    """A model, wrapped in DistributedDataParallel where there are several processes, and what is measured of it."""

    def __init__(self, peer: str, workload: str, batch: int, threads: int) -> None:
        self.torch = torch = importlib.import_module(PEERS[peer])
        torch.set_num_threads(threads)
        torch.manual_seed(0)
        self.dist = importlib.import_module(f"{PEERS[peer]}.distributed")
        self.several = int(os.environ.get("WORLD_SIZE", "1")) > 1
        if self.several:
            self.dist.init_process_group("gloo")
        self.make = lambda: MODELS[workload](torch, batch)
        if workload != "none":
            self.model, self.loss, self.optimizer = self.make()
            self.module = self._wrapped(self.model)

    def _wrapped(self, model: Any) -> Any:
        return self.torch.nn.parallel.DistributedDataParallel(model) if self.several else model

    def step(self, count: int) -> float:
        """Seconds of a training step."""
        return self._timed(count, lambda: self._step(self.module, self.loss, self.optimizer))

    def no_sync(self, count: int) -> float:
        """Seconds of a training step in which nothing is all-reduced."""
        with self.module.no_sync():
            return self._timed(count, lambda: self._step(self.module, self.loss, self.optimizer))

    def _step(self, module: Any, loss: Any, optimizer: Any) -> None:
        module.zero_grad()
        loss(module).backward()
        optimizer.step()

    def buckets(self) -> list[int]:
        """Bytes of each bucket, in the order in which they are all-reduced."""
        told = self.module._get_ddp_logging_data()
        sizes = told.get("rebuilt_bucket_sizes") or told["bucket_sizes"]
        return [int(size) for size in str(sizes).split(",")]

    def communicate(self, count: int, sizes: list[int]) -> float:
        """Seconds of all-reduces of so many bytes, all begun at once as in a backward that takes no time."""
        arrays = [self.torch.ones(max(1, size // 4)) for size in sizes]

        def all_reduce() -> None:
            for work in [self.dist.all_reduce(array, async_op=True) for array in arrays]:
                work.wait()

        all_reduce()
        self.dist.barrier()
        return self._timed(count, all_reduce)

    def all_reduce(self, count: int, size: int) -> float:
        """Seconds of an all-reduce of so many bytes."""
        array = self.torch.ones(max(1, size // 4))
        for _ in range(3):
            self.dist.all_reduce(array)
        self.dist.barrier()
        return self._timed(count, lambda: self.dist.all_reduce(array))

    def timeline(self, count: int) -> dict[str, Any]:
        """Seconds of forward, backward and optimizer, and when each bucket was ready, of a step that sends nothing."""
        model, loss, optimizer = self.make()
        module = self._wrapped(model)
        seen: list[tuple[int, float]] = []

        def hook(state: Any, bucket: Any) -> Any:
            seen.append((bucket.buffer().numel() * 4, perf_counter()))
            done = self.torch.futures.Future()
            done.set_result(bucket.buffer())
            return done

        hook.__annotations__.clear()  # DistributedDataParallel would have them be its own types
        module.register_comm_hook(None, hook)
        steps = []
        for _ in range(count + 3):
            seen.clear()
            module.zero_grad()
            times = [perf_counter()]
            found = loss(module)
            times.append(perf_counter())
            found.backward()
            times.append(perf_counter())
            optimizer.step()
            times.append(perf_counter())
            steps.append(([b - a for a, b in zip(times, times[1:])], [(size, when - times[1]) for size, when in seen]))
        steps = steps[3:]  # buckets are made anew after the first
        parts = [statistics.median(parts) for parts in zip(*(parts for parts, _ in steps))]
        sizes = [size for size, _ in steps[-1][1]]
        ready = [statistics.median(step[1][i][1] for step in steps) for i in range(len(sizes))]
        whole = [sum(parts) for parts, _ in steps]
        return {"parts": parts, "buckets": list(zip(sizes, ready)), "jitter": _spread(whole)}

    def sent(self, count: int) -> dict[str, Any]:
        """Bytes on the machine's loopback, of a step, and of the gradients (of rank 0's view: all processes send there)."""
        self.step(2)
        self.dist.barrier()
        before = _loopback()
        self.dist.barrier()
        self.step(count)
        self.dist.barrier()
        gradients = sum(p.numel() * 4 for p in self.model.parameters())
        after = _loopback()
        return {"bytes": None if before is None else (after - before) / count, "gradients": gradients}

    def memory(self) -> float:
        """The most memory that this process had, in MB."""
        return peak_mb()

    def _timed(self, count: int, function: Callable[[], Any]) -> float:
        start = perf_counter()
        for _ in range(count):
            function()
        return (perf_counter() - start) / count


def _spread(values: list[float]) -> float:
    """The standard deviation, from the quartiles: what else the machine does makes a few steps very long."""
    ordered = sorted(values)
    quarter = len(ordered) // 4
    return (ordered[-1 - quarter] - ordered[quarter]) / 1.349


def _loopback() -> Any:
    """Bytes that were sent from this machine to itself."""
    try:
        with open("/proc/net/dev") as file:
            return next(int(line.split(":")[1].split()[8]) for line in file if line.strip().startswith("lo:"))
    except OSError:
        return None


@contextlib.contextmanager
def _answers() -> Iterator[Callable[[Any], None]]:
    """Where answers go: what the libraries print does not come between them."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def answer(value: Any) -> None:
        answers.write(json.dumps(value) + "\n")
        answers.flush()

    yield answer


def main() -> None:
    """Answer until no more is asked."""
    peer, workload, batch, threads = sys.argv[1:]
    with _answers() as answer:
        rank = Rank(peer, workload, int(batch), int(threads))
        answer("ready")
        for line in sys.stdin:
            asked = json.loads(line)
            sleep(0.02)  # threads of the one before fall asleep
            answer(getattr(rank, asked.pop("do"))(**asked))
        if rank.several:
            rank.dist.destroy_process_group()


if __name__ == "__main__":
    main()
