import adjoint as torch
from adjoint import nn

torch.manual_seed(0)
model = nn.Linear(4, 1)
shift = torch.zeros(1, requires_grad=True)
data = [torch.randn(4) for _ in range(5)]
losses = [model(x).pow(2).item() for x in data]  # fault: item
loss = torch.tensor(losses).mean() + shift
loss.sum().backward()
print(torch.why(model.weight))
