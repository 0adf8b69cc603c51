import adjoint as torch
from adjoint import nn

torch.manual_seed(0)
encoder = nn.Linear(4, 3)
decoder = nn.Linear(3, 4)
x = torch.randn(8, 4)
code = torch.tanh(encoder(x)).detach()  # fault: detach
loss = ((decoder(code) - x) ** 2).mean()
loss.backward()
print(torch.why(encoder.weight))
