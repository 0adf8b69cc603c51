import adjoint as torch
from adjoint import nn

torch.manual_seed(0)
net = nn.Linear(3, 1)
x, y = torch.randn(8, 3), torch.randn(8, 1)
out = net(x)
fit = (out - y).pow(2).mean()
penalty = net.weight.abs().sum()
loss = fit + 0.1 * penalty
loss = loss + fit  # fault: counted-twice
loss.backward()
print(torch.why(net.weight))
