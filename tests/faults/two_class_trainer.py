import adjoint as torch
from adjoint import nn
class Trainer:
    def __init__(self, lr):
        torch.manual_seed(1)
        self.net = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
        self.opt = torch.optim.Adam(self.net.parameters(), lr=lr)
        self.x = torch.randn(20, 2)
        self.y = self.x.prod(1, keepdim=True)
    def step(self):
        loss = nn.functional.mse_loss(self.net(self.x), self.y)
        loss.backward()  # fault: accumulated
        self.opt.step()
        return loss.item()
    def fit(self, n):
        return [self.step() for _ in range(n)]
t = Trainer(1e-2)
t.fit(4)
print(torch.why(t.net[0].weight))
