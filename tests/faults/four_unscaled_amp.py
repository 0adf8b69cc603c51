import adjoint as torch
torch.manual_seed(0)
SCALE = 65536.0
net = torch.nn.Linear(3, 1)
opt = torch.optim.SGD(net.parameters(), lr=1e-3)
for _ in range(2):
    opt.zero_grad()
    loss = net(torch.randn(4, 3)).pow(2).mean()
    (loss * SCALE).backward()  # fault: scaled-loss, scaled-up
    torch.nn.utils.clip_grad_norm_(net.parameters(), 1e9)
    opt.step()
print(torch.why(net.weight))
