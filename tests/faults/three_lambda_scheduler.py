import adjoint as torch
from adjoint import nn
torch.manual_seed(0)
net = nn.Linear(3, 1)
opt = torch.optim.AdamW(net.parameters(), lr=1e-3)
warmup = torch.optim.lr_scheduler.LambdaLR(opt, lr_lambda=lambda s: s // 100)  # fault: lr-zero
for _ in range(5):
    opt.zero_grad()
    net(torch.randn(4, 3)).pow(2).mean().backward()
    opt.step()
    warmup.step()
print(torch.why(net.weight))
