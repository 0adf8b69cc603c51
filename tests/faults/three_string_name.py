import adjoint as torch
from adjoint import nn
torch.manual_seed(0)
class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(3, 3)
        self.b = nn.Linear(3, 1)
    def forward(self, x):
        with torch.set_grad_enabled(self.training):
            h = self.a(x)  # fault: grad-disabled
        return self.b(h)
net = Two().eval()
net(torch.ones(2, 3)).sum().backward()
print(torch.why("a.weight", model=net))
