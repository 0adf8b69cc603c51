import adjoint as torch
from adjoint import nn

torch.manual_seed(1)
model = nn.Linear(3, 1)
gate = nn.Parameter(torch.tensor(0.7))
x, y = torch.randn(6, 3), torch.randn(6, 1)
strength = (gate * 2).item()  # fault: item
loss = ((model(x) * strength - y) ** 2).mean()
loss.backward()
print(torch.why(gate))
