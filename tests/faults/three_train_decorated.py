import adjoint as torch
from adjoint import nn
torch.manual_seed(0)
net = nn.Linear(2, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
@torch.no_grad()
def compute_loss(x, y):
    pred = net(x)  # fault: no-grad
    return ((pred - y) ** 2).mean()
for _ in range(2):
    opt.zero_grad()
    loss = compute_loss(torch.randn(4, 2), torch.randn(4, 1))
    try:
        loss.backward()
    except RuntimeError:
        break
    opt.step()
print(torch.why(net.weight, loss=loss))
