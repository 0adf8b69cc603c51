import adjoint as torch
from adjoint import nn

torch.manual_seed(0)
net = nn.Linear(3, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
net(torch.randn(8, 3) * 10).pow(2).mean().backward()
nn.utils.clip_grad_norm_(net.parameters(), 1e-9)  # fault: clipped
optimizer.step()
print(torch.why(net.weight))
