import adjoint as torch
from adjoint import nn

torch.manual_seed(0)
net = nn.Linear(3, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
x, y = torch.randn(8, 3), torch.randn(8, 1)
for _ in range(5):
    loss = nn.functional.mse_loss(net(x), y)
    loss.backward()  # fault: accumulated
    optimizer.step()
print(torch.why(net.weight))
