import adjoint as torch
from adjoint import nn
torch.manual_seed(0)
net = nn.Sequential(nn.Linear(2, 1), nn.Sigmoid())
x = torch.tensor([[300.0, 300.0], [-300.0, -300.0]]); y = torch.tensor([[0.0], [1.0]])
with torch.no_grad():
    net[0].weight.fill_(1.0)
p = net(x)
loss = -(y * p.log() + (1 - y) * (1 - p).log()).mean()  # fault: log-of-zero
loss.backward()
print(torch.why(net[0].weight))
