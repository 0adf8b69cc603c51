import adjoint as torch
torch.manual_seed(0)
w = torch.randn(4, requires_grad=True)
x = torch.randn(64, 4) * 10
y = torch.randn(64)
for _ in range(40):
    loss = ((x @ w - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        w -= 0.5 * w.grad  # fault: diverged, exploding
    w.grad = None
loss = ((x @ w - y) ** 2).mean()
loss.backward()
print(torch.why(w))
