import adjoint as torch
from adjoint import nn
torch.manual_seed(0)
net = nn.Linear(4, 1)
opt = torch.optim.SGD(net.parameters(), lr=1e-4)
x, y = torch.randn(512, 4), torch.randn(512, 1)
for _ in range(3):
    opt.zero_grad()
    loss = nn.MSELoss(reduction="sum")(net(x), y)  # fault: sum-reduction
    loss.backward()
    opt.step()
print(torch.why(net.weight))
