import adjoint as torch
torch.manual_seed(0)
w = torch.randn(5, requires_grad=True)
v = torch.ones(1, requires_grad=True)
positives = (w > 0).sum()  # fault: no-derivative
loss = positives * v.sum()
loss.backward()
print(torch.why(w))
