import adjoint as torch
from adjoint import nn
torch.manual_seed(0)
net = nn.Linear(4, 3)
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)
for epoch in range(3):
    optimizer.zero_grad()
    loss = net(torch.randn(5, 4)).pow(2).mean()
    loss.backward()  # fault: no-step
    scheduler.step()
print(torch.why(net.weight))
