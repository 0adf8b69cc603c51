import adjoint as torch
from adjoint import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Linear(3, 2)
        self.side = nn.Linear(3, 2)

    def forward(self, x):
        side = self.side(x).sigmoid()  # fault: unused-result
        main = self.main(x)
        return main


net = Net()
loss = net(torch.ones(4, 3)).sum()
loss.backward()
print(torch.why(net.side.weight))
