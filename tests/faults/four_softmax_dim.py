import adjoint as torch
torch.manual_seed(0)
w = torch.nn.Parameter(torch.randn(6, 1))
x = torch.randn(9, 6)
scores = x @ w
attn = torch.softmax(scores, dim=-1)  # fault: softmax-of-one
pooled = (attn * x).mean(0)
loss = (pooled - 1).pow(2).sum()
loss.backward()
print(torch.why(w))
