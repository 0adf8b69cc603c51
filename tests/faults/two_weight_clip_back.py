import adjoint as torch
from adjoint import nn
torch.manual_seed(0)
net = nn.Linear(3, 1)
saved = {k: v.clone() for k, v in net.state_dict().items()}
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(4):
    opt.zero_grad()
    net(torch.randn(4, 3)).pow(2).mean().backward()
    opt.step()
    net.load_state_dict(saved)  # fault: written-back
print(torch.why(net.weight))
