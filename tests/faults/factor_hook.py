import adjoint as torch

w = torch.tensor([1.0, 2.0], requires_grad=True)
w.register_hook(lambda g: g * 0.1)  # fault: hook
loss = (w * 3).sum()
loss.backward()
print(torch.why(w))
