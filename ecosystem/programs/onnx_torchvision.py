"""ResNet-18 and MobileNet v3 of torchvision, drawn from a seed, exported by torch.onnx.export and run by onnxruntime."""

# packages: onnx onnxruntime torchvision
# tolerance: 1e-4 because kernels add up in different orders

import warnings

import numpy as np
import onnxruntime
import torch
from torchvision import models

warnings.simplefilter("ignore")

for name in ("resnet18", "mobilenet_v3_small"):
    torch.manual_seed(0)
    network = models.get_model(name, num_classes=7).eval()
    x = torch.randn(2, 3, 64, 64)
    torch.onnx.export(
        network, (x,), f"{name}.onnx", input_names=["x"], output_names=["y"], dynamo=False, opset_version=17,
        dynamic_axes={"x": {0: "n", 2: "h", 3: "w"}, "y": {0: "n"}},
    )  # fmt: skip
    session = onnxruntime.InferenceSession(f"{name}.onnx", providers=["CPUExecutionProvider"])
    print(name, sum(p.numel() for p in network.parameters()), [i.shape for i in session.get_inputs()])
    for shape in ((2, 3, 64, 64), (1, 3, 96, 80), (3, 3, 32, 32)):
        x = torch.randn(shape)
        with torch.no_grad():
            expected = network(x).numpy()
        (found,) = session.run(None, {"x": x.numpy()})
        print(shape, found.shape, np.allclose(found, expected, atol=1e-5 * np.abs(expected).max()), f"{np.abs(found).sum():.5g}")
