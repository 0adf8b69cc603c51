"""A model of the time of a training step of n processes that all-reduce their gradients.

A step is the forward, the backward, and the optimizer. A bucket of gradients is all-reduced as soon as the backward has made
it; one link carries one bucket after the other, while the backward goes on (Li et al., 2020, "PyTorch Distributed: experiences
on accelerating data parallel training").

An all-reduce of m bytes costs, with a latency of α seconds a message and β seconds a byte on the wire,

    ring                  2(n-1) α  +  2(n-1)/n m β      Patarasuk and Yuan, 2009, "Bandwidth optimal all-reduce algorithms for
                                                         clusters of workstations": no algorithm sends fewer bytes
    recursive doubling    ⌈log2 n⌉ (α + m β)             Thakur, Rabenseifner and Gropp, 2005, "Optimization of collective
                                                         communication operations in MPICH": fewest messages

(Hockney's model, 1994). A message also takes the processor's time, η seconds a byte that is sent, for copies and sums; that part
cannot be hidden behind a backward on the same cores, and where processes share memory it is nearly all there is. With n
processes the slowest decides: of n times with a standard deviation σ the greatest is about σ √(2 ln n) above the mean.

Weak scaling keeps the batch of each process (Gustafson, 1988), strong scaling the batch of all (Amdahl, 1967): a step then
computes a + b/n, where a does not become less with the batch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Network:
    """What carries messages: seconds a message, seconds a byte on the wire, processor seconds a byte sent, and seconds a call,
    however many processes there are: until the message is on its way, and until it is noticed that the last one came."""

    name: str
    latency: float
    per_byte: float
    host_per_byte: float = 0.0
    per_call: float = 0.0


def ethernet(gigabits: float, latency: float, host_per_byte: float = 0.0, per_call: float = 0.0) -> Network:
    """A network of so many Gbit/s; of its bytes 95 % carry data (headers of Ethernet, IP and TCP in frames of 1500 bytes)."""
    return Network(f"{gigabits:g} Gbit/s", latency, 8 / (gigabits * 1e9 * 0.95), host_per_byte, per_call)


@dataclass(frozen=True)
class Step:
    """A step of one process: seconds of its parts, and its buckets as (bytes, seconds from the backward's begin to ready).

    ``fixed`` is the share of forward and backward that a smaller batch does not save; ``jitter`` the standard deviation of the
    step's seconds.
    """

    forward: float
    backward: float
    optimizer: float
    buckets: tuple[tuple[float, float], ...]
    fixed: float = 0.0
    jitter: float = 0.0

    @property
    def alone(self) -> float:
        """Seconds of a step without communication."""
        return self.forward + self.backward + self.optimizer

    @property
    def gradient_bytes(self) -> float:
        """Bytes of all gradients."""
        return sum(size for size, _ in self.buckets)

    def with_batch(self, ratio: float) -> Step:
        """The step on so many times as much data."""
        factor = self.fixed + (1 - self.fixed) * ratio
        return replace(
            self, forward=self.forward * factor, backward=self.backward * factor,
            buckets=tuple((size, ready * factor) for size, ready in self.buckets),
        )  # fmt: skip


def least_bytes(n: int, size: float) -> float:
    """The fewest bytes that a process has to send for an all-reduce of so many."""
    return 2 * (n - 1) / n * size


def ring(n: int, size: float, network: Network) -> float:
    """Seconds of a ring all-reduce on the wire."""
    return 2 * (n - 1) * network.latency + least_bytes(n, size) * network.per_byte


def recursive_doubling(n: int, size: float, network: Network) -> float:
    """Seconds of an all-reduce by recursive doubling on the wire."""
    return math.ceil(math.log2(n)) * (network.latency + size * network.per_byte)


def all_reduce(n: int, size: float, network: Network, algorithm: str = "ring") -> tuple[float, float]:
    """Seconds on the wire, and of the processor; ``algorithm``: "ring", "doubling", or "best", the faster on the wire."""
    if n == 1:
        return 0.0, 0.0
    found = {
        "ring": (ring(n, size, network), least_bytes(n, size) * network.host_per_byte),
        "doubling": (
            recursive_doubling(n, size, network),
            math.ceil(math.log2(n)) * size * network.host_per_byte,
        ),
    }
    wire, host = min(found.values()) if algorithm == "best" else found[algorithm]
    return wire + network.per_call, host


@dataclass(frozen=True)
class Prediction:
    """Seconds of a step, of its all-reduces one after the other, and the share of these that was hidden."""

    seconds: float
    communication: float
    hidden: float


def predict(step: Step, n: int, network: Network, overlap: bool = True, algorithm: str = "ring") -> Prediction:
    """The step of n processes, each with this step's batch."""
    costs = [all_reduce(n, size, network, algorithm) for size, _ in step.buckets]
    communication = sum(wire + host for wire, host in costs)
    taken = free = 0.0  # processor time that messages took of the backward so far; when the link is free
    for (_, ready), (wire, host) in zip(step.buckets, costs):
        begin = max(ready + taken if overlap else step.backward, free)
        free = begin + wire + host
        taken += host
    backward = max(step.backward + (taken if overlap else 0.0), free)
    slowest = step.jitter * math.sqrt(2 * math.log(n))
    seconds = step.forward + backward + step.optimizer + slowest
    exposed = backward - step.backward
    return Prediction(seconds, communication, 1 - exposed / communication if communication else 1.0)


def weak(step: Step, counts: Sequence[int], network: Network, algorithm: str = "ring") -> list[float]:
    """Of each number of processes, all with this step's batch: the share of n times one process's throughput."""
    return [step.alone / predict(step, n, network, algorithm=algorithm).seconds for n in counts]


def strong(step: Step, counts: Sequence[int], network: Network, algorithm: str = "ring") -> list[float]:
    """Of each number of processes, which share this step's batch: how many times one process's speed."""
    return [step.alone / predict(step.with_batch(1 / n), n, network, algorithm=algorithm).seconds for n in counts]


def fit(points: Sequence[tuple[int, int, float]]) -> Network:
    """What processes of one machine measured, as (n, bytes, seconds) of all-reduces, as a network.

    The smallest gives the seconds a call, those from 1 MB on the processor time a byte: memory is shared, so there is no wire.
    """
    per_call = min(points, key=lambda point: point[1])[2]
    large = [point for point in points if point[1] >= 1 << 20] or [max(points, key=lambda point: point[1])]
    rates = sorted(max(0.0, seconds - per_call) / least_bytes(n, size) for n, size, seconds in large)
    return Network("shared memory", 0.0, 0.0, rates[len(rates) // 2], per_call)
