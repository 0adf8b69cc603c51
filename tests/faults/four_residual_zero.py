import adjoint as torch
torch.manual_seed(0)
class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.f = torch.nn.Linear(4, 4)
        self.scale = torch.nn.Parameter(torch.zeros(1))
    def forward(self, x):
        return x + self.scale * self.f(x)  # fault: zero-mask, zero-weights
b = Block()
loss = b(torch.randn(3, 4)).pow(2).mean()
loss.backward()
print(torch.why(b.f.weight))
