import adjoint as torch
from adjoint import nn
torch.manual_seed(0)
net = nn.Linear(3, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.05)
def closure():
    opt.zero_grad()
    loss = net(torch.ones(2, 3)).pow(2).mean()
    loss.backward(retain_graph=True)
    return loss
for _ in range(3):
    loss = closure()
    loss.backward()  # fault: backward-twice
    opt.step()
print(torch.why(net.weight))
