import adjoint as torch
from adjoint import nn
torch.manual_seed(0)
fc = nn.Linear(4, 6)
bn = nn.BatchNorm1d(6)
head = nn.Linear(6, 1)
x = torch.randn(32, 4)
z = bn(fc(x))  # fault: shift-removed
loss = head(z.relu()).pow(2).mean()
loss.backward()
print(torch.why(fc.bias))
