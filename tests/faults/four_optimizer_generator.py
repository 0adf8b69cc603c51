import adjoint as torch
torch.manual_seed(0)
net = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1))
params = net.parameters()
n = sum(p.numel() for p in list(params)[:2])
opt = torch.optim.SGD(net[2].parameters(), lr=0.1)  # fault: not-in-optimizer
for _ in range(3):
    net.zero_grad()
    net(torch.randn(4, 3)).pow(2).mean().backward()
    opt.step()
print(torch.why(net[0].weight))
