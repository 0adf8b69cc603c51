import adjoint as torch
from adjoint import nn
torch.manual_seed(3)

def mlp(i, o):
    return nn.Sequential(nn.Linear(i, 16), nn.LeakyReLU(0.2), nn.Linear(16, o))

G, D = mlp(4, 2), mlp(2, 1)
optG = torch.optim.Adam(G.parameters(), lr=1e-3)
optD = torch.optim.Adam(D.parameters(), lr=1e-3)
bce = nn.BCEWithLogitsLoss()
for step in range(3):
    real = torch.randn(8, 2)
    z = torch.randn(8, 4)
    fake = G(z).detach()  # fault: detach
    optD.zero_grad()
    lossD = bce(D(real), torch.ones(8, 1)) + bce(D(fake), torch.zeros(8, 1))
    lossD.backward()
    optD.step()
    optG.zero_grad()
    lossG = bce(D(fake), torch.ones(8, 1))
    lossG.backward()
    optG.step()
print(torch.why(G[0].weight))
