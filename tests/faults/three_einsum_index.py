import adjoint as torch
torch.manual_seed(0)
A = torch.randn(3, 3, requires_grad=True)
B = torch.randn(3, 3, requires_grad=True)
C = torch.einsum("ij,jk->ik", A, B)  # fault: unused-result
D = torch.einsum("ij,jk->ik", A, A)
loss = D.diagonal().sum()
loss.backward()
print(torch.why(B))
