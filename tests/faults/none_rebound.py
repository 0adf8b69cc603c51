import adjoint as torch

w = torch.randn(3, requires_grad=True)
x = torch.tensor([1.0, 2.0, 3.0])
for _ in range(2):
    loss = (w * x).pow(2).sum()
    g, = torch.autograd.grad(loss, w)
    w = w - 0.01 * g  # fault: rebound
loss = (w * x).sum()
loss.backward()
print(torch.why(w))
