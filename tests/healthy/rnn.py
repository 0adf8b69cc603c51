import adjoint as torch
from adjoint import nn

torch.manual_seed(0)
rnn = nn.GRU(3, 8, batch_first=True)
out = nn.Linear(8, 1)
optimizer = torch.optim.RMSprop([*rnn.parameters(), *out.parameters()], lr=1e-3)
h = None
for _ in range(4):
    x = torch.randn(2, 10, 3)
    optimizer.zero_grad()
    states, h = rnn(x, h)
    loss = (out(states) - x.sum(2, keepdim=True)).pow(2).mean()
    loss.backward()
    optimizer.step()
    h = h.detach()
print(torch.why(rnn.weight_hh_l0))
