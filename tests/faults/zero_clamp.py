import adjoint as torch

w = torch.full((3,), 5.0, requires_grad=True)
y = torch.clamp(w, 0.0, 1.0)  # fault: clamped
loss = (y * torch.tensor([1.0, 2.0, 3.0])).sum()
loss.backward()
print(torch.why(w))
