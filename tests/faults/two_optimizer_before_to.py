import adjoint as torch
from adjoint import nn
torch.manual_seed(0)
class M(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(3, 3)
        self.scale = nn.Parameter(torch.ones(3))
    def forward(self, x):
        return self.lin(x) * self.scale
m = M()
opt = torch.optim.Adam(m.parameters(), lr=0.1)
m.scale = nn.Parameter(torch.full((3,), 0.5))  # fault: not-in-optimizer
for _ in range(3):
    opt.zero_grad()
    m(torch.randn(4, 3)).pow(2).mean().backward()
    opt.step()
print(torch.why(m.scale))
