import adjoint as torch
torch.manual_seed(0)
params = {"w1": torch.randn(3, 4, requires_grad=True), "w2": torch.randn(4, 1, requires_grad=True)}
opt = torch.optim.Adam([params["w1"]], lr=1e-2)  # fault: not-in-optimizer
for _ in range(3):
    x = torch.randn(6, 3)
    loss = (torch.tanh(x @ params["w1"]) @ params["w2"]).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
print(torch.why(params["w2"]))
