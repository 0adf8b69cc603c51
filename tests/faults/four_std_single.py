import adjoint as torch
torch.manual_seed(0)
w = torch.randn(1, 3, requires_grad=True)
x = torch.randn(3, 1)
out = x.t() @ w.t()
scaled = out / out.std()  # fault: std-of-one
scaled.sum().backward()
print(torch.why(w))
