import adjoint as torch
from adjoint import nn

net = nn.Linear(3, 2)
out = net(torch.ones(4, 3))
target = out.detach()
loss = nn.functional.mse_loss(out, target)  # fault: loss-at-minimum
loss.backward()
print(torch.why(net.weight))
