import adjoint as torch
from adjoint import nn

torch.manual_seed(0)
net = nn.Linear(6, 2)
x, y = torch.randn(20, 6), torch.randint(0, 2, (20,))
logits = net(x)
correct = (logits[:, 1] > logits[:, 0]) == y  # fault: no-derivative
error = 1 - correct.float().mean()
try:
    error.backward()
except RuntimeError as e:
    print(e)
print(torch.why(net.weight))
