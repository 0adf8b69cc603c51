import adjoint as torch
from adjoint import nn

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 1))
optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
x = torch.randn(64, 4)
y = x.sum(1, keepdim=True)
for _ in range(10):
    net.train()
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(net(x), y)
    loss.backward()
    optimizer.step()
    net.eval()
    with torch.no_grad():
        validation = nn.functional.mse_loss(net(x), y).item()
for p in net.parameters():
    print(torch.why(p))
