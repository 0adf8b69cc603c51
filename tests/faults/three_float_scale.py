import adjoint as torch
from adjoint import nn
torch.manual_seed(0)
class Scaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.alpha = nn.Parameter(torch.tensor(0.3))
        self.lin = nn.Linear(3, 3)
    def forward(self, x):
        return self.lin(x) * float(self.alpha)  # fault: item
m = Scaled()
m(torch.ones(2, 3)).sum().backward()
print(torch.why(m.alpha))
