import adjoint as torch
from adjoint import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(3, 4), nn.Dropout(p=1.0), nn.Linear(4, 1))  # fault: dropout-all
x = torch.ones(2, 3)
loss = model(x).pow(2).sum()
loss.backward()
print(torch.why(model[0].weight))
