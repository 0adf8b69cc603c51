import adjoint as torch

w = torch.randn(4, requires_grad=True)
h = w * 3
h.copy_(torch.ones(4))  # fault: overwritten
h.sum().backward()
print(torch.why(w))
