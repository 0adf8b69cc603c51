import adjoint as torch
torch.manual_seed(0)
w = torch.randn(6, requires_grad=True)
valid = torch.zeros(6, dtype=torch.bool)
loss = (w[valid] ** 2).mean()  # fault: mean-of-nothing
loss.backward()
print(torch.why(w, loss))
