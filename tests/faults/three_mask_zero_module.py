import adjoint as torch
from adjoint import nn
torch.manual_seed(0)
class Gate(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.register_buffer("mask", torch.zeros(d))
        self.lin = nn.Linear(d, d)
    def forward(self, x):
        return self.lin(x) * self.mask  # fault: zero-mask
net = nn.Sequential(Gate(3), nn.Linear(3, 1))
loss = (net(torch.randn(4, 3)) - 2).pow(2).mean()
loss.backward()
print(torch.why(net[0].lin.weight))
