import numpy as np
import adjoint as torch
torch.manual_seed(0)
w = torch.nn.Parameter(torch.randn(3))
b = torch.nn.Parameter(torch.zeros(1))
x = torch.randn(7, 3)
def rmse(p, t):
    p = p.detach().numpy()  # fault: detach, numpy
    return torch.tensor(np.sqrt(((p - t.numpy()) ** 2).mean()))
loss = rmse(x @ w, torch.ones(7)) + b.sum()
loss.backward()
print(torch.why(w))
