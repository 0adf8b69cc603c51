import adjoint as torch

w = torch.tensor([0.0, 1.0, 2.0], requires_grad=True)
p = w / w.sum()
entropy = -(p * torch.log(p)).sum()  # fault: log-of-zero
entropy.backward()
print(torch.why(w))
