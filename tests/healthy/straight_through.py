import adjoint as torch
from adjoint import nn


class Round(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.round()

    @staticmethod
    def backward(ctx, g):
        return g


torch.manual_seed(0)
net = nn.Linear(3, 2)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(3):
    optimizer.zero_grad()
    (Round.apply(net(torch.randn(5, 3)) * 3) - 1).pow(2).mean().backward()
    optimizer.step()
print(torch.why(net.weight))
