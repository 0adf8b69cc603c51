import adjoint as torch
from adjoint import nn
torch.manual_seed(0)
net = nn.Sequential(nn.Linear(4, 6), nn.Softplus(), nn.Linear(6, 1))
x = torch.rand(10, 4)
out = torch.relu(-net[1](net[0](x)))  # fault: dead-relu
loss = net[2](out).mean()
loss.backward()
print(torch.why(net[0].weight))
