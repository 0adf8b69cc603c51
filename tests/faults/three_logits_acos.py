import adjoint as torch
torch.manual_seed(0)
u = torch.tensor([1.0, 0.0], requires_grad=True)
v = torch.tensor([1.0, 0.0])
angle = torch.acos((u * v).sum())  # fault: derivative
angle.backward()
print(torch.why(u))
