import adjoint as torch
w = torch.tensor([60.0, 50.0], requires_grad=True)
a = torch.exp(w * 2)  # fault: exp-overflow
b = torch.exp(w * 3)
loss = (a - b).sum()
loss.backward()
print(torch.why(w))
