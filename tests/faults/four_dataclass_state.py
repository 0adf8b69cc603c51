from dataclasses import dataclass
import adjoint as torch
from adjoint import nn, optim

@dataclass
class State:
    net: nn.Module
    opt: optim.Optimizer
    ema: nn.Module

def build():
    torch.manual_seed(0)
    net = nn.Linear(4, 1)
    import copy
    return State(net, optim.SGD(net.parameters(), lr=0.1), copy.deepcopy(net))

def update(state, x, y):
    state.opt.zero_grad()
    loss = (state.net(x) - y).square().mean()
    loss.backward()
    state.opt.step()
    with torch.no_grad():
        for a, b in zip(state.ema.parameters(), state.net.parameters()):
            b.copy_(a)  # fault: written-back
    return float(loss)

state = build()
for i in range(4):
    update(state, torch.randn(8, 4), torch.randn(8, 1))
print(torch.why(state.net.weight))
