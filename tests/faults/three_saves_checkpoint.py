import os, tempfile
import adjoint as torch
from adjoint import nn
torch.manual_seed(0)
folder = tempfile.mkdtemp()
net = nn.Linear(3, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for epoch in range(3):
    loss = net(torch.randn(4, 3)).pow(2).mean()
    loss.backward()  # fault: accumulated
    opt.step()
    torch.save(net.state_dict(), os.path.join(folder, f"epoch{epoch}.pt"))
print(torch.why(net.weight))
