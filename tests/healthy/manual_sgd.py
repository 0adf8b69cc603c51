import adjoint as torch

torch.manual_seed(0)
w = torch.randn(3, requires_grad=True)
x = torch.randn(20, 3)
y = x @ torch.tensor([1.0, -2.0, 0.5])
for _ in range(10):
    loss = ((x @ w - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        w -= 0.1 * w.grad
        w.grad = None
loss = ((x @ w - y) ** 2).mean()
loss.backward()
print(torch.why(w))
