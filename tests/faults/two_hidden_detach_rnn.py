import adjoint as torch
from adjoint import nn
torch.manual_seed(0)
cell = nn.RNNCell(3, 5)
head = nn.Linear(5, 1)
init = nn.Parameter(torch.zeros(1, 5))
h = init
for t in range(6):
    h = cell(torch.randn(1, 3), h)
    if t % 3 == 2:
        h = h.detach()  # fault: detach
loss = head(h).pow(2).sum()
loss.backward()
print(torch.why(init))
