import adjoint as torch
from adjoint import nn
torch.manual_seed(0)
class Poly(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.coef = [nn.Parameter(torch.randn(())) for _ in range(n)]  # fault: unregistered
        self.bias = nn.Parameter(torch.zeros(()))
    def forward(self, x):
        return sum(c * x ** i for i, c in enumerate(self.coef, 1)) + self.bias
m = Poly(3)
opt = torch.optim.SGD(m.parameters(), lr=0.01)
x = torch.linspace(-1, 1, 20)
for _ in range(3):
    opt.zero_grad(); ((m(x) - x.sin()) ** 2).mean().backward(); opt.step()
print(torch.why(m.coef[1]))
