import adjoint as torch
torch.manual_seed(0)
class Gate(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.g = torch.nn.Parameter(torch.full((4,), -3.0))
    def forward(self, x):
        gate = self.g.clamp(min=0.0, max=1.0)  # fault: clamped
        return x * gate
g = Gate()
y = g(torch.randn(5, 4))
loss = (y - 1).pow(2).mean()
loss.backward()
print(torch.why(g.g))
