import adjoint as torch
torch.manual_seed(0)
def fit(n_steps, lr):
    w = torch.zeros(3, requires_grad=True)
    opt = torch.optim.SGD([w], lr=lr, weight_decay=0.0)
    xs = torch.randn(16, 3)
    for _ in range(n_steps):
        loss = (xs @ w - 1).abs().mean()
        loss.backward()
        opt.step()
        w.grad.zero_()
        w = w.clone().detach().requires_grad_(True)  # fault: not-in-optimizer
    loss = (xs @ w - 1).abs().mean()
    loss.backward()
    print(torch.why(w, optimizer=opt))
fit(3, 0.1)
