import adjoint as torch
from adjoint import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(3, 3)
        self.out = nn.Linear(3, 1)

    @torch.no_grad()
    def features(self, x):
        return self.embed(x).relu()  # fault: no-grad

    def forward(self, x):
        return self.out(self.features(x))


net = Net()
loss = net(torch.ones(2, 3)).sum()
loss.backward()
print(torch.why(net.embed.weight))
