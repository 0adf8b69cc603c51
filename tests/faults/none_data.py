import adjoint as torch
from adjoint import nn

layer = nn.Linear(2, 2)
scale = nn.Parameter(torch.ones(2))
x = torch.ones(3, 2)
y = x @ layer.weight.data.t()  # fault: data
loss = (y * scale).sum()
loss.backward()
print(torch.why(layer.weight))
