import adjoint as torch
from adjoint import nn
from adjoint.func import functional_call
net = nn.Linear(3, 1)
params = {k: v.detach().clone().requires_grad_() for k, v in net.named_parameters()}  # fault: detach, copy, unused
x = torch.ones(2, 3)
loss = functional_call(net, params, (x,)).sum()
loss.backward()
print(torch.why(net.weight))
