import adjoint as torch
class Scale(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, k):
        ctx.k = k
        return x * k
    @staticmethod
    def backward(ctx, g):
        return g * 2, None
x = torch.randn(3, requires_grad=True)
k = torch.tensor(2.0, requires_grad=True)
y = Scale.apply(x, k)  # fault: function-returns-none
y.sum().backward()
print(torch.why(k))
