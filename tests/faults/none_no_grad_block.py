import adjoint as torch
from adjoint import nn

torch.manual_seed(0)
backbone = nn.Sequential(nn.Linear(5, 8), nn.ReLU())
head = nn.Linear(8, 1)
x, y = torch.randn(10, 5), torch.randn(10, 1)
optimizer = torch.optim.SGD(head.parameters(), lr=0.1)
for _ in range(2):
    with torch.no_grad():
        features = backbone(x)  # fault: no-grad
    loss = nn.functional.mse_loss(head(features), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(torch.why(backbone[0].weight))
