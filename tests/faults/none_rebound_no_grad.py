import adjoint as torch

w = torch.randn(3, requires_grad=True)
x = torch.tensor([1.0, 2.0, 3.0])
loss = (w * x).pow(2).sum()
loss.backward()
with torch.no_grad():
    w = w - 0.01 * w.grad  # fault: rebound
print(torch.why(w))
