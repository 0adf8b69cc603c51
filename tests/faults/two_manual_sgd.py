import adjoint as torch
torch.manual_seed(0)
w = torch.randn(2, requires_grad=True)
b = torch.zeros(1, requires_grad=True)
X = torch.randn(30, 2); Y = X @ torch.tensor([2.0, -1.0]) + 0.5
lr = 0.05
for epoch in range(5):
    pred = X @ w + b
    loss = ((pred - Y) ** 2).mean()
    loss.backward()  # fault: accumulated
    with torch.no_grad():
        w -= lr * w.grad
        b -= lr * b.grad
print(torch.why(w))
