import adjoint as torch

w = torch.ones(4, requires_grad=True)
x = w * 2
z = (x - x.mean()) / x.std()  # fault: division-by-zero, std-of-constants
z.pow(2).sum().backward()
print(torch.why(w))
