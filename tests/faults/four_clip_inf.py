import adjoint as torch
torch.manual_seed(0)
net = torch.nn.Linear(3, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(3):
    opt.zero_grad()
    net(torch.randn(4, 3)).pow(2).mean().backward()
    torch.nn.utils.clip_grad_value_(net.parameters(), 0.0)  # fault: clipped, cleared, gradient-changed
    opt.step()
print(torch.why(net.weight))
