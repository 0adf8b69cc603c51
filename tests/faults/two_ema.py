import copy
import adjoint as torch
from adjoint import nn
torch.manual_seed(0)
net = nn.Linear(3, 1)
ema = copy.deepcopy(net)
opt = torch.optim.SGD(ema.parameters(), lr=0.1)  # fault: not-in-optimizer
for _ in range(3):
    opt.zero_grad()
    loss = net(torch.randn(4, 3)).pow(2).mean()
    loss.backward()
    opt.step()
print(torch.why(net.weight))
