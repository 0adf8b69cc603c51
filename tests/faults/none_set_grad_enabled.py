import adjoint as torch

w = torch.ones(4, requires_grad=True)
torch.set_grad_enabled(False)
loss = (w * 2).sum()  # fault: grad-disabled
torch.set_grad_enabled(True)
try:
    loss.backward()
except RuntimeError:
    pass
print(torch.why(w))
