import adjoint as torch

scores = torch.randn(2, 3, requires_grad=True)
mask = torch.tensor([[True, False, True], [False, False, False]])
masked = scores.masked_fill(~mask, float("-inf"))
weights = torch.softmax(masked, dim=1)  # fault: all-masked
weights.pow(2).sum().backward()
print(torch.why(scores))
