import adjoint as torch
from adjoint import nn

torch.manual_seed(0)
g, d = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 2)), nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
og, od = torch.optim.Adam(g.parameters(), 1e-3), torch.optim.Adam(d.parameters(), 1e-3)
bce = nn.BCEWithLogitsLoss()
for _ in range(3):
    fake = g(torch.randn(16, 2))
    od.zero_grad()
    (bce(d(torch.randn(16, 2)), torch.ones(16, 1)) + bce(d(fake.detach()), torch.zeros(16, 1))).backward()
    od.step()
    og.zero_grad()
    bce(d(fake), torch.ones(16, 1)).backward()
    og.step()
print(torch.why(g[0].weight))
