import adjoint as torch

w = torch.full((4,), 300.0, dtype=torch.float16, requires_grad=True)
sq = w * w  # fault: half-overflow
loss = sq.sum()
loss.backward()
print(torch.why(w, loss))
