import adjoint as torch

w = torch.tensor([100.0, 1.0], requires_grad=True)
e = torch.exp(w)  # fault: exp-overflow
p = e / e.sum()
loss = -torch.log(p[1])
loss.backward()
print(torch.why(w))
