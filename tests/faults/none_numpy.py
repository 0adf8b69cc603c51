import adjoint as torch
import numpy as np

w = torch.randn(4, requires_grad=True)
bias = torch.zeros(4, requires_grad=True)
h = (w * 2).detach().numpy()  # fault: detach, numpy
h = np.tanh(h)
loss = (torch.from_numpy(h) + bias).sum()
loss.backward()
print(torch.why(w))
