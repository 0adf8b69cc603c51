import adjoint as torch

w = torch.tensor([1.0, -2.0], requires_grad=True)
optimizer = torch.optim.SGD([w], lr=50.0)  # fault: diverged
for _ in range(30):
    loss = (w**4).sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(torch.why(w))
