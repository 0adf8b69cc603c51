import adjoint as torch
from adjoint import nn
torch.manual_seed(0)
net = nn.Linear(3, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(3):
    opt.zero_grad()
    net(torch.randn(4, 3)).pow(2).mean().backward()
    for p in net.parameters():
        p.grad = p.grad.sign() * 1e-6  # fault: gradient-changed
    opt.step()
print(torch.why(net.weight))
