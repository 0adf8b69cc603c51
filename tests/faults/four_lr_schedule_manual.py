import adjoint as torch
torch.manual_seed(0)
net = torch.nn.Linear(2, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.5)
for epoch in range(6):
    for group in opt.param_groups:
        group["lr"] = 0.5 * (epoch < 2)  # fault: lr-zero
    opt.zero_grad()
    net(torch.ones(1, 2)).sum().backward()
    opt.step()
print(torch.why(net.weight))
