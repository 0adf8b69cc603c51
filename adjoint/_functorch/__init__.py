"""``torch._functorch``: where PyTorch keeps the transforms, for programs that name its files."""
