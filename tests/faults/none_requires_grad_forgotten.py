import adjoint as torch

x = torch.tensor([1.0, 2.0])
w = torch.tensor([0.5, -0.5])  # fault: requires-grad-off
b = torch.zeros(1, requires_grad=True)
loss = ((w * x).sum() + b).pow(2).sum()
loss.backward()
print(torch.why(w))
