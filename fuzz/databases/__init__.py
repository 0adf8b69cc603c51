"""PyTorch's own databases of samples (operators, modules, optimizers), run with both libraries and compared."""
