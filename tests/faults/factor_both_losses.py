import adjoint as torch
from adjoint import nn

torch.manual_seed(0)
net = nn.Linear(3, 2)
x = torch.randn(4, 3)
out = net(x)
first = out[:, 0].pow(2).mean()
second = out[:, 1].pow(2).mean()
total = first + second
first.backward(retain_graph=True)
total.backward()  # fault: loss-counted-twice
print(torch.why(net.weight))
