import adjoint as torch
from adjoint import nn
torch.manual_seed(0)
net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
with torch.no_grad():
    net[0].bias.copy_(torch.full((4,), -100.0))
opt = torch.optim.SGD(net.parameters(), lr=0.1, weight_decay=0.1)
for _ in range(3):
    opt.zero_grad()
    net(torch.randn(5, 3)).pow(2).mean().backward()  # fault: dead-relu
    opt.step()
print(torch.why(net[0].weight))
