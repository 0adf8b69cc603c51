import adjoint as torch

w = torch.ones(3)
b = torch.zeros(3, requires_grad=True)
x = torch.tensor([1.0, 2.0, 3.0])
out = w * x + b
w.requires_grad_(True)  # fault: requires-grad-late
out.sum().backward()
print(torch.why(w))
