import adjoint as torch
from adjoint import nn

torch.manual_seed(0)
net = nn.Linear(3, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(4):
    loss = net(torch.randn(8, 3)).pow(2).mean()
    optimizer.step()  # fault: step-before-backward
    optimizer.zero_grad()
    loss.backward()
print(torch.why(net.weight))
