import adjoint as torch
from adjoint import nn

torch.manual_seed(0)
layer = nn.Linear(2, 2)
x = torch.randn(5, 2) * 1e4 + 1e5
out = torch.sigmoid(layer(x))  # fault: saturated
out.sum().backward()
print(torch.why(layer.weight))
