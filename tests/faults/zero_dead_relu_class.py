import adjoint as torch
import adjoint.nn.functional as F
from adjoint import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(3, 5)
        self.fc2 = nn.Linear(5, 1)
        nn.init.constant_(self.fc1.weight, -1.0)
        nn.init.constant_(self.fc1.bias, -1.0)

    def forward(self, x):
        h = self.fc1(x)
        h = F.relu(h)  # fault: dead-relu
        return self.fc2(h)


net = Net()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(3):
    optimizer.zero_grad()
    loss = net(torch.rand(6, 3)).mean()
    loss.backward()
    optimizer.step()
print(torch.why(net.fc1.weight))
