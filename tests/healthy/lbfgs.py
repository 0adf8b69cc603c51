import adjoint as torch

torch.manual_seed(0)
w = torch.randn(3, requires_grad=True)
optimizer = torch.optim.LBFGS([w], lr=0.5, max_iter=5)
target = torch.tensor([1.0, 2.0, 3.0])


def closure():
    optimizer.zero_grad()
    loss = ((w - target) ** 2).sum() + (w**4).sum() * 0.01
    loss.backward()
    return loss


for _ in range(2):
    optimizer.step(closure)
print(torch.why(w))
