import adjoint as torch

torch.manual_seed(0)
w = (torch.eye(4) * 3).requires_grad_(True)
h = torch.ones(1, 4)
for _ in range(20):
    h = h @ w  # fault: exploding
h.sum().backward()
print(torch.why(w))
