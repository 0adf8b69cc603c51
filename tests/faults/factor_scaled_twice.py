import adjoint as torch
from adjoint import nn

torch.manual_seed(0)
net = nn.Linear(3, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
steps = 4
optimizer.zero_grad()
for i in range(steps):
    x, y = torch.randn(2, 3), torch.randn(2, 1)
    loss = nn.functional.mse_loss(net(x), y) / steps
    (loss / steps).backward()  # fault: scaled-twice
optimizer.step()
print(torch.why(net.weight))
