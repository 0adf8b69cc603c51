import adjoint as torch
from adjoint import nn
torch.manual_seed(0)
net = nn.Linear(3, 2)
mask = torch.zeros(2, 3)
net.weight.register_hook(lambda g: g * mask)  # fault: hook
net(torch.randn(4, 3)).pow(2).sum().backward()
print(torch.why(net.weight))
