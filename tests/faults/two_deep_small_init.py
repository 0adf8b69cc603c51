import adjoint as torch
from adjoint import nn
torch.manual_seed(0)
layers = []
for _ in range(12):
    lin = nn.Linear(10, 10)
    nn.init.normal_(lin.weight, std=0.01)
    layers += [lin, nn.ReLU()]
net = nn.Sequential(*layers, nn.Linear(10, 1))
loss = (net(torch.randn(8, 10)) - 1).pow(2).mean()  # fault: vanishing
loss.backward()
print(torch.why(net[0].weight))
