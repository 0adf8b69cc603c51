import warnings

import adjoint as torch

warnings.simplefilter("ignore")
a = torch.tensor(1.0, requires_grad=True)
b = torch.tensor(2.0, requires_grad=True)
parts = torch.tensor([a * 2, b * 3])  # fault: copied-to-tensor
loss = (parts * parts).sum()
try:
    loss.backward()
except RuntimeError:
    pass
print(torch.why(a))
