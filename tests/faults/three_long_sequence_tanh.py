import adjoint as torch
from adjoint import nn
torch.manual_seed(0)
rnn = nn.RNN(2, 8, batch_first=True)
inp = nn.Linear(2, 2)
x = torch.randn(1, 120, 2)
first = inp(x[:, :1])
seq = torch.cat([first, x[:, 1:]], 1)
out, h = rnn(seq)  # fault: vanishing
out[:, -1].sum().backward()
print(torch.why(inp.weight))
