"""Mistakes that a checker must find: one in each line that says so, and none elsewhere."""

import adjoint as torch
import adjoint.nn.functional as F
from adjoint import nn, optim

x = torch.onez(2)  # mistake
x = torch.ones(2)
x.reshap(1)  # mistake
nn.Liner(1, 2)  # mistake
F.reluu(x)  # mistake
optim.Adm([x])  # mistake
torch.linalg.nrm(x)  # mistake
torch.Any  # mistake
torch.importlib  # mistake
torch.zeros("2")  # mistake
x.sum(dim="a")  # mistake
torch.exp(x, y=1)  # mistake
torch.exp()  # mistake
torch.autograd.Functions  # mistake
torch.utils.data.DataLoad  # mistake
nn.Linear(1)  # mistake
torch.float3  # mistake
torch.softmax(x, "0")  # mistake
