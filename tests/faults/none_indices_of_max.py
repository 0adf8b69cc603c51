import adjoint as torch
from adjoint import nn

net = nn.Linear(4, 4)
values, indices = net(torch.rand(3, 4)).max(dim=1)  # fault: no-derivative
loss = indices.float().mean().requires_grad_()
loss.backward()
print(torch.why(net.weight))
