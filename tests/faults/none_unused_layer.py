import adjoint as torch
from adjoint import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(3, 3)
        self.second = nn.Linear(3, 3)  # fault: unused-module
        self.last = nn.Linear(3, 1)

    def forward(self, x):
        x = self.first(x).relu()
        return self.last(x)


net = Net()
optimizer = torch.optim.Adam(net.parameters())
for _ in range(3):
    optimizer.zero_grad()
    net(torch.ones(2, 3)).pow(2).mean().backward()
    optimizer.step()
print(torch.why(net.second.weight))
