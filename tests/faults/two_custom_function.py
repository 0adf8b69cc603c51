import adjoint as torch
torch.manual_seed(0)
class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x
    @staticmethod
    def backward(ctx, g):
        x, = ctx.saved_tensors
        return g * x
w = torch.randn(3, requires_grad=True)
loss = Square.apply(w).sum()  # fault: function-wrong
loss.backward()
print(torch.why(w))
