import adjoint as torch

x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
z = (x + 2) * (x + 2) * 2
z.mean().backward()
print(x.grad)
print(torch.why(x))
