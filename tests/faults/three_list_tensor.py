import adjoint as torch
torch.manual_seed(0)
theta = torch.randn(4, requires_grad=True)
bias = torch.zeros(1, requires_grad=True)
def feature(t):
    return [t[i].item() ** 2 for i in range(4)]  # fault: item
vals = torch.tensor(feature(theta))
loss = (vals.sum() + bias).squeeze()
loss.backward()
print(torch.why(theta))
