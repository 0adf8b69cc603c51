import adjoint as torch

x = torch.tensor([-1.0, 2.0, 3.0])
w = torch.tensor([1.0, 1.0, 1.0], requires_grad=True)
z = w * x
r = torch.sqrt(z)  # fault: where-untaken, root-of-negative
safe = torch.where(z > 0, r, torch.zeros(3))
safe.sum().backward()
print(torch.why(w))
