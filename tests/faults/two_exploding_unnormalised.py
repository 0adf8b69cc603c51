import adjoint as torch
from adjoint import nn
torch.manual_seed(0)
net = nn.Sequential(*[m for _ in range(10) for m in (nn.Linear(16, 16), nn.ReLU())], nn.Linear(16, 1))
for m in net:
    if isinstance(m, nn.Linear):
        nn.init.normal_(m.weight, std=2.0)
x, y = torch.randn(4, 16), torch.randn(4, 1)
loss = nn.functional.mse_loss(net(x), y)  # fault: exploding
loss.backward()
print(torch.why(net[0].weight))
