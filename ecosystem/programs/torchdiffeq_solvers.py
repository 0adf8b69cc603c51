"""Differential equations by torchdiffeq: its solvers, gradients through them and by the adjoint method, an event, a neural ODE."""

# packages: torchdiffeq

import torch
from torch import nn
from torchdiffeq import odeint, odeint_adjoint, odeint_event

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)


def show(what: str, *values: torch.Tensor) -> None:
    print(f"{what}:", *(f"{v:.6g}" for value in values for v in value.flatten().tolist()))


times = torch.linspace(0.0, 2.0, 5)
matrix = torch.tensor([[-0.1, 2.0], [-2.0, -0.1]])
start = torch.tensor([[2.0, 0.0]])
for method in ("dopri5", "dopri8", "bosh3", "fehlberg2", "adaptive_heun", "scipy_solver"):
    options = {"solver": "RK45"} if method == "scipy_solver" else None
    show(method, odeint(lambda t, y: y @ matrix, start, times, method=method, options=options)[-1])
for method in ("euler", "midpoint", "heun3", "rk4", "explicit_adams", "implicit_adams"):
    show(method, odeint(lambda t, y: y @ matrix, start, times, method=method, options={"step_size": 0.05})[-1])
show("backwards", odeint(lambda t, y: (y[0] @ matrix, -y[1]), (start, torch.ones(2)), times.flip(0))[0][-1])


class Field(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 2))
        self.calls = 0

    def forward(self, t: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        return self.net(y**3)


with torch.no_grad():
    target = odeint(lambda t, y: y**3 @ matrix, start, times, method="dopri5")
for solve in (odeint, odeint_adjoint):
    torch.manual_seed(1)
    field = Field()
    optimizer = torch.optim.RMSprop(field.parameters(), lr=1e-2)
    for step in range(3):
        optimizer.zero_grad()
        loss = (solve(field, start, times) - target).abs().mean()
        loss.backward()
        optimizer.step()
        print(f"{solve.__name__} {step}: {loss.item():.6g} {field.calls}")
    show("gradients", *(p.grad.sum() for p in field.parameters()))


class Ball(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gravity = nn.Parameter(torch.tensor(9.8))

    def forward(self, t: torch.Tensor, state: tuple[torch.Tensor, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        return state[1], -self.gravity * torch.ones_like(state[1])


ball = Ball()
state = torch.tensor([10.0], requires_grad=True), torch.zeros(1)
when, states = odeint_event(ball, state, torch.tensor(0.0), event_fn=lambda t, s: s[0], odeint_interface=odeint_adjoint)
show("event", when, *(s[-1] for s in states))
when.backward()
show("its gradients", ball.gravity.grad, state[0].grad)
