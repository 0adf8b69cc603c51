import adjoint as torch
torch.manual_seed(0)
theta = torch.tensor([2.0, -1.0], requires_grad=True)
k = 0
while k < 5:
    energy = (theta ** 4).sum() + theta.prod()
    energy.backward()  # fault: accumulated
    theta.data = theta.data - 0.01 * theta.grad
    k += 1
print(torch.why(theta))
