import adjoint as torch

w = torch.randn(3, requires_grad=True)
b = torch.zeros(3, requires_grad=True)
x = torch.ones(3)
with torch.inference_mode():
    scaled = w * x  # fault: inference-mode
loss = (scaled.clone() + b).sum()
loss.backward()
print(torch.why(w))
