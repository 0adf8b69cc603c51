"""Teach a cart to balance a pole with REINFORCE: ``adjoint run examples/cart_pole.py``.

Written against ``torch`` alone, so ``python examples/cart_pole.py`` runs it on PyTorch.  The cart is the one of Barto, Sutton and
Anderson, "Neuronlike adaptive elements that can solve difficult learning control problems" (1983); many of them run at once, as
rows of a tensor.  Draws how long the poles stood, and one ride of the trained cart, into the folder given by ``--out``.
"""

import argparse
import math
import time
from pathlib import Path

import matplotlib

matplotlib.use("Agg")  # draws into a file: no window is needed

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.distributions import Categorical
from tqdm import tqdm


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Teach a cart to balance a pole with REINFORCE.")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--carts", type=int, default=24, help="how many carts run at once")
    parser.add_argument("--longest", type=int, default=200, help="how many steps a ride may have")
    parser.add_argument("--lr", type=float, default=1e-2)
    parser.add_argument("--discount", type=float, default=0.98)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("runs/cart_pole"), help="folder for the picture")
    return parser.parse_args()


class CartPoles:
    """Carts on a track, each with a pole on a hinge: place, speed, angle and angular speed, a row for each cart."""

    GRAVITY, CART, POLE, HALF_LENGTH, FORCE, SECONDS = 9.8, 1.0, 0.1, 0.5, 10.0, 0.02
    TRACK, FALLEN = 2.4, math.radians(12)

    def __init__(self, count: int) -> None:
        self.states = torch.empty(count, 4).uniform_(-0.05, 0.05)
        self.standing = torch.ones(count, dtype=torch.bool)

    def push(self, right: torch.Tensor) -> None:
        """Push every cart to the left or, where ``right`` is 1, to the right, and let a moment pass."""
        _, speed, angle, turning = self.states.unbind(1)
        force = torch.where(right == 1, self.FORCE, -self.FORCE)
        mass, lever = self.CART + self.POLE, self.POLE * self.HALF_LENGTH
        sine, cosine = angle.sin(), angle.cos()
        shared = (force + lever * turning**2 * sine) / mass
        turn = (self.GRAVITY * sine - cosine * shared) / (self.HALF_LENGTH * (4 / 3 - self.POLE * cosine**2 / mass))
        acceleration = shared - lever * turn * cosine / mass
        moved = torch.stack([speed, acceleration, turning, turn], dim=1)
        self.states = self.states + self.SECONDS * moved
        self.standing &= (self.states[:, 0].abs() <= self.TRACK) & (self.states[:, 2].abs() <= self.FALLEN)


def build_policy() -> nn.Module:
    """From a cart's state to scores for a push to the left and to the right."""
    return nn.Sequential(nn.Linear(4, 64), nn.Tanh(), nn.Linear(64, 2))


def ride(policy: nn.Module, options: argparse.Namespace) -> tuple[torch.Tensor, torch.Tensor]:
    """Let the carts run until all poles have fallen: the logarithms of the chances of what was done, and which poles stood,
    of shape (steps, carts)."""
    poles = CartPoles(options.carts)
    logarithms: list[torch.Tensor] = []
    stood: list[torch.Tensor] = []
    while poles.standing.any() and len(stood) < options.longest:
        choice = Categorical(logits=policy(poles.states))
        action = choice.sample()
        logarithms.append(choice.log_prob(action))
        stood.append(poles.standing.clone())
        poles.push(action)
    return torch.stack(logarithms), torch.stack(stood)


def returns(stood: torch.Tensor, discount: float) -> torch.Tensor:
    """What is to come, at every step: one for every step on which the pole stands, later ones counted less."""
    found: list[torch.Tensor] = []
    later = torch.zeros(stood.shape[1])
    for standing in stood.flip(0).float():
        later = standing * (1 + discount * later)
        found.append(later)
    return torch.stack(found).flip(0)


def train(policy: nn.Module, options: argparse.Namespace) -> tuple[list[float], list[float]]:
    """REINFORCE, Williams (1992), with the mean return as a baseline; returns the losses, and how long poles stood."""
    optimizer = torch.optim.Adam(policy.parameters(), lr=options.lr)
    losses: list[float] = []
    lasted: list[float] = []
    with tqdm(total=options.rounds, unit="round") as progress:
        for _ in range(options.rounds):
            logarithms, stood = ride(policy, options)
            to_come = returns(stood, options.discount)
            advantage = (to_come - to_come[stood].mean()) / (to_come[stood].std() + 1e-6)
            loss = -(logarithms * advantage)[stood].mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            lasted.append(stood.sum(0).float().mean().item())
            progress.set_description(f"loss {losses[-1]:+.4f}, poles stood {lasted[-1]:.1f} steps")
            progress.update()
    return losses, lasted


@torch.no_grad()
def best_ride(policy: nn.Module, steps: int) -> torch.Tensor:
    """The states of one cart that always does what scores best."""
    poles = CartPoles(1)
    states: list[torch.Tensor] = []
    while poles.standing.all() and len(states) < steps:
        states.append(poles.states[0])
        poles.push(policy(poles.states).argmax(1))
    return torch.stack(states)


def draw(lasted: list[float], states: torch.Tensor, path: Path) -> None:
    figure, (above, below) = plt.subplots(2, 1, figsize=(8, 6))
    above.plot(lasted)
    above.set(xlabel="round", ylabel="steps", title="How long the poles stood")
    seconds = [CartPoles.SECONDS * step for step in range(len(states))]
    below.plot(seconds, states[:, 0].tolist(), label="place of the cart in metres")
    below.plot(seconds, states[:, 2].rad2deg().tolist(), label="angle of the pole in degrees")
    below.set(xlabel="second", title="A ride of the trained cart")
    below.legend()
    for axes in (above, below):
        axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    plt.close(figure)


def main() -> None:
    options = parse_arguments()
    torch.manual_seed(options.seed)
    policy = build_policy()
    start = time.perf_counter()
    losses, lasted = train(policy, options)
    seconds = time.perf_counter() - start
    states = best_ride(policy, 500)
    options.out.mkdir(parents=True, exist_ok=True)
    draw(lasted, states, options.out / "poles.png")
    print(f"loss {losses[0]:.4f} in the beginning, {losses[-1]:.4f} in the end")
    print(f"poles stood {lasted[0]:.1f} steps in the beginning, {lasted[-1]:.1f} in the end; then one stood {len(states)} of 500")
    print(f"trained {options.rounds} rounds in {seconds:.1f} s, saved {options.out / 'poles.png'}")


if __name__ == "__main__":
    main()
