import adjoint as torch
from adjoint import nn
torch.manual_seed(0)
net = nn.Linear(4, 2)
opt = torch.optim.AdamW(net.parameters())
ACC = 8
for it in range(16):
    out = net(torch.randn(3, 4))
    loss = out.pow(2).mean() / ACC
    loss.backward()
    if (it + 1) % ACC == 0:
        for p in net.parameters():
            p.grad /= ACC  # fault: scaled-twice
        opt.step()
        opt.zero_grad()
print(torch.why(net.weight))
