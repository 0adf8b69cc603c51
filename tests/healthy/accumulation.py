import adjoint as torch
from adjoint import nn

torch.manual_seed(0)
net = nn.Linear(4, 2)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for i in range(8):
    loss = net(torch.randn(3, 4)).pow(2).mean() / 4
    loss.backward()
    if i % 4 == 3:
        optimizer.step()
        optimizer.zero_grad()
print(torch.why(net.weight))
