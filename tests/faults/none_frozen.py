import adjoint as torch
from adjoint import nn

model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
for p in model[0].parameters():
    p.requires_grad = False  # fault: frozen
optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1)
loss = model(torch.ones(2, 3)).sum()
loss.backward()
optimizer.step()
print(torch.why(model[0].weight))
