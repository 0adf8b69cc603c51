import adjoint as torch
from adjoint import nn
torch.manual_seed(0)
net = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 1), nn.Sigmoid())
opt = torch.optim.SGD(net.parameters(), lr=0.1)
x, y = torch.randn(16, 2), torch.randint(0, 2, (16, 1)).float()
try:
    for _ in range(2):
        pred = (net(x) > 0.5).float()  # fault: no-derivative
        loss = nn.functional.l1_loss(pred, y)
        opt.zero_grad()
        loss.backward()
        opt.step()
except RuntimeError as err:
    print("failed:", err)
print(torch.why(net[0].weight))
