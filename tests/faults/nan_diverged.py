import adjoint as torch
from adjoint import nn

torch.manual_seed(0)
net = nn.Linear(4, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=50.0)  # fault: diverged
x, y = torch.randn(32, 4), torch.randn(32, 1)
for _ in range(100):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(net(x), y)
    loss.backward()
    optimizer.step()
print(torch.why(net.weight))
