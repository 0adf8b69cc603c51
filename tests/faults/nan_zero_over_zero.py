import adjoint as torch

w = torch.zeros(3, requires_grad=True)
x = torch.tensor([1.0, 2.0, 3.0])
v = w * x
unit = v / v.norm()  # fault: division-by-zero
unit.sum().backward()
print(torch.why(w))
