import adjoint as torch
from adjoint import nn

torch.manual_seed(0)
net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 3))
optimizer = torch.optim.SGD(net.parameters(), lr=0.05, weight_decay=1e-4)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=10)
for _ in range(4):
    x, y = torch.randn(8, 1, 8, 8), torch.randint(0, 3, (8,))
    optimizer.zero_grad(set_to_none=True)
    loss = nn.functional.cross_entropy(net(x), y)
    loss.backward()
    optimizer.step()
    scheduler.step()
print(torch.why(net[0].weight))
print(torch.why(net[5].bias))
