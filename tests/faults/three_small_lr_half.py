import adjoint as torch
torch.manual_seed(0)
w = torch.full((4,), 100.0, dtype=torch.float16, requires_grad=True)
opt = torch.optim.SGD([w], lr=1e-4)
for _ in range(3):
    opt.zero_grad()
    (w * 0.5).sum().backward()
    opt.step()  # fault: lost-to-rounding
print(torch.why(w))
