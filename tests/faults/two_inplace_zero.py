import adjoint as torch
from adjoint import nn
torch.manual_seed(0)
net = nn.Linear(3, 4)
x = torch.randn(5, 3)
out = net(x)
out[:] = 0.5  # fault: overwritten
loss = ((out - 1) ** 2).sum()
loss.backward()
print(torch.why(net.weight))
