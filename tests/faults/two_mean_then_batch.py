import adjoint as torch
from adjoint import nn
torch.manual_seed(0)
net = nn.Linear(5, 3)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
x, y = torch.randn(32, 5), torch.randint(0, 3, (32,))
criterion = nn.CrossEntropyLoss()
for _ in range(4):
    opt.zero_grad()
    loss = criterion(net(x), y) / x.size(0)  # fault: averaged-twice
    loss.backward()
    opt.step()
print(torch.why(net.weight))
