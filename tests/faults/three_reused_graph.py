import adjoint as torch
from adjoint import nn
torch.manual_seed(0)
net = nn.Linear(4, 3)
x, y = torch.randn(5, 4), torch.randint(0, 3, (5,))
logits = net(x)
ce = nn.functional.cross_entropy(logits, y)
reg = logits.pow(2).mean()
ce.backward(retain_graph=True)
(ce + 0.1 * reg).backward()  # fault: loss-counted-twice
print(torch.why(net.weight))
