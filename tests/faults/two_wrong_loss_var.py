import adjoint as torch
from adjoint import nn
torch.manual_seed(0)
net = nn.Linear(3, 1)
aux = nn.Linear(3, 1)
opt = torch.optim.SGD([*net.parameters(), *aux.parameters()], lr=0.1)
for _ in range(3):
    x = torch.randn(4, 3)
    main_loss = net(x).pow(2).mean()
    aux_loss = aux(x).abs().mean()  # fault: unused-result
    total = main_loss
    opt.zero_grad()
    total.backward()
    opt.step()
print(torch.why(aux.weight))
