import adjoint as torch

w = torch.zeros(3, requires_grad=True)
d = torch.sqrt((w * w))  # fault: sqrt-at-zero
loss = d.sum()
loss.backward()
print(torch.why(w))
