import adjoint as torch
from adjoint import nn

net = nn.Linear(3, 2)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(2):
    loss = net(torch.ones(4, 3)).pow(2).sum()
    loss.backward()
    optimizer.zero_grad(set_to_none=False)  # fault: cleared-before-step
    optimizer.step()
print(torch.why(net.weight))
