import adjoint as torch
from adjoint import nn
torch.manual_seed(0)
enc, dec = nn.Linear(4, 2), nn.Linear(2, 4)
oe = torch.optim.SGD(enc.parameters(), lr=0.01)
od = torch.optim.SGD(dec.parameters(), lr=0.01)
for _ in range(4):
    x = torch.randn(6, 4)
    od.zero_grad()
    loss = (dec(enc(x)) - x).pow(2).mean()
    loss.backward()  # fault: accumulated
    oe.step(); od.step()
print(torch.why(enc.weight))
