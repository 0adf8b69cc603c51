import adjoint as torch

scores = torch.randn(5, requires_grad=True)
bias = torch.zeros(1, requires_grad=True)
counts = (scores * 10).long()  # fault: integer-cast
loss = (counts.float() + bias).mean()
loss.backward()
print(torch.why(scores))
