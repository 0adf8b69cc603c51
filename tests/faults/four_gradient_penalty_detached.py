import adjoint as torch
torch.manual_seed(0)
critic = torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
x = torch.randn(6, 2, requires_grad=True)
g = torch.autograd.grad(critic(x).sum(), x)[0]  # fault: not-recorded, autograd-grad
gp = ((g.norm(dim=1) - 1) ** 2).mean()
bias = torch.zeros(1, requires_grad=True)
loss = gp + bias.sum()
loss.backward()
print(torch.why(critic[0].weight))
