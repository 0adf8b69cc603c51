import adjoint as torch
from adjoint import nn

torch.manual_seed(0)


class Deep(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(8, 8) for _ in range(20))
        self.out = nn.Linear(8, 1)

    def forward(self, x):
        for layer in self.layers:
            x = torch.sigmoid(layer(x))  # fault: vanishing
        return self.out(x)


net = Deep()
loss = net(torch.randn(4, 8)).pow(2).mean()
loss.backward()
print(torch.why(net.layers[0].weight))
