import adjoint as torch

w = torch.randn(3, 3, requires_grad=True) * 0.01  # fault: non-leaf
x = torch.randn(2, 3)
loss = (x @ w).pow(2).sum()
loss.backward()
print(torch.why(w))
