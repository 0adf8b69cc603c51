import adjoint as torch

w = torch.randn(3, requires_grad=True)
loss = (w * w).sum()
grads = torch.autograd.grad(loss, [w])  # fault: autograd-grad
print(torch.why(w))
