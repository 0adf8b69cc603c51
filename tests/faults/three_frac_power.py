import adjoint as torch
w = torch.tensor([-1.0, 4.0], requires_grad=True)
y = w ** 0.5  # fault: power-of-negative
y.sum().backward()
print(torch.why(w))
