import adjoint as torch
torch.manual_seed(0)
w = torch.randn(4, requires_grad=True)
h = w * 2
mask = torch.ones(4, dtype=torch.bool)
h[mask] = 0.0  # fault: overwritten
loss = h.sum()
loss.backward()
print(torch.why(w))
