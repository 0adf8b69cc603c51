import adjoint as torch

w = torch.randn(4, requires_grad=True)
mask = torch.zeros(4)
loss = (w * mask).sum()  # fault: zero-mask
loss.backward()
print(torch.why(w))
