import adjoint as torch
from adjoint import nn

torch.manual_seed(0)
net = nn.Linear(3, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=1e-6)
for _ in range(3):
    optimizer.zero_grad()
    loss = net(torch.randn(8, 3)).pow(2).mean()
    scaled = loss * 1024.0  # fault: scaled-loss
    scaled.backward()
    optimizer.step()
print(torch.why(net.weight))
