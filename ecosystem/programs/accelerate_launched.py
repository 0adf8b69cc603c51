"""accelerate launch runs a script, torchrun runs it as two processes that train together on the CPU."""

# packages: accelerate mpi4py mpich

import os
import subprocess
import sys

SCRIPT = '''
import torch
from accelerate import Accelerator
from accelerate.utils import gather_object, set_seed
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

set_seed(0)
accelerator = Accelerator(cpu=True)
x = torch.randn(32, 4)
model = nn.Linear(4, 2)
loader = DataLoader(TensorDataset(x, (x[:, 0] > 0).long()), batch_size=4)
optimizer = torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.9)
model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
for epoch in range(2):
    losses = []
    for inputs, labels in loader:
        loss = nn.functional.cross_entropy(model(inputs), labels)
        accelerator.backward(loss)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(accelerator.gather(loss.detach().reshape(1)).mean().item())
    accelerator.print(f"epoch {epoch}: " + " ".join(f"{v:.6g}" for v in losses))
total = accelerator.reduce(torch.tensor([accelerator.process_index + 1.0]), "sum")
ranks = gather_object([accelerator.process_index])
accelerator.wait_for_everyone()
weights = accelerator.unwrap_model(model).weight
accelerator.print("end:", accelerator.num_processes, type(model).__name__, total.item(), ranks, f"{weights.sum().item():.6g}")
accelerator.end_training()
'''

with open("script.py", "w") as file:
    file.write(SCRIPT)
variables = {**os.environ, "ACCELERATE_USE_CPU": "true"}
LAUNCH = ["accelerate.commands.launch", "--cpu", "--num_processes", "1", "--num_machines", "1"]
LAUNCH += ["--mixed_precision", "no", "--dynamo_backend", "no"]
TORCHRUN = ["torch.distributed.run", "--nproc_per_node", "2", "--master_addr", "127.0.0.1"]
for command in (LAUNCH, TORCHRUN):
    done = subprocess.run([sys.executable, "-m", *command, "script.py"], capture_output=True, text=True, env=variables)
    print("launched:", command[0], done.returncode)
    print(done.stdout, end="")
    if done.returncode:
        sys.exit(done.stderr)
