import adjoint as torch
from adjoint import nn

torch.manual_seed(0)
x = torch.tensor([[1.0, 2.0], [float("nan"), 1.0]])  # fault: nan-in-data
y = torch.tensor([[1.0], [2.0]])
net = nn.Linear(2, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(3):
    optimizer.zero_grad()
    loss = (net(x) - y).pow(2).mean()
    loss.backward()
    optimizer.step()
print(torch.why(net.weight))
