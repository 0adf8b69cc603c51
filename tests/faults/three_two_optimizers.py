import adjoint as torch
from adjoint import nn
torch.manual_seed(0)
net = nn.Linear(3, 1)
opt_a = torch.optim.SGD(net.parameters(), lr=0.1)
opt_b = torch.optim.Adam(net.parameters(), lr=0.1)  # fault: two-optimizers
for _ in range(3):
    opt_a.zero_grad()
    net(torch.randn(4, 3)).pow(2).mean().backward()
    opt_a.step()
    opt_b.step()
print(torch.why(net.weight))
