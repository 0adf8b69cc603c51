import adjoint as torch

a = torch.randn(4, requires_grad=True)
b = torch.randn(4, requires_grad=True)
cond = torch.arange(4) >= 0
loss = torch.where(cond, a, b).sum()  # fault: not-chosen
loss.backward()
print(torch.why(b))
