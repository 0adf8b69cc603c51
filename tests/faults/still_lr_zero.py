import adjoint as torch
from adjoint import nn

torch.manual_seed(0)
net = nn.Linear(3, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.0, momentum=0.9)  # fault: lr-zero
for _ in range(3):
    optimizer.zero_grad()
    net(torch.randn(8, 3)).pow(2).mean().backward()
    optimizer.step()
print(torch.why(net.weight))
