import adjoint as torch
import adjoint.nn.functional as F
from adjoint import nn

net = nn.Linear(4, 3)
x = torch.randn(5, 4)
labels = torch.full((5,), -1)
loss = F.cross_entropy(net(x), labels, ignore_index=-1, reduction="sum")  # fault: all-ignored
loss.backward()
print(torch.why(net.weight))
