"""onnxruntime beside torch: a module's network written with the onnx package, run on tensors, compared with the module."""

# packages: onnxruntime onnx

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(
    nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(128, 10), nn.Softmax(-1)
).eval()  # fmt: skip
weights = {name.replace(".", "_"): tensor for name, tensor in model.state_dict().items()}
nodes = [
    helper.make_node("Conv", ["x", "0_weight", "0_bias"], ["a"], pads=[1, 1, 1, 1]),
    helper.make_node("Relu", ["a"], ["b"]),
    helper.make_node("MaxPool", ["b"], ["c"], kernel_shape=[2, 2], strides=[2, 2]),
    helper.make_node("Flatten", ["c"], ["d"]),
    helper.make_node("Gemm", ["d", "4_weight", "4_bias"], ["e"], transB=1),
    helper.make_node("Softmax", ["e"], ["y"], axis=-1),
]
graph = helper.make_graph(
    nodes, "network",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3, 8, 8])],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 10])],
    [numpy_helper.from_array(tensor.numpy(), name) for name, tensor in weights.items()],
)  # fmt: skip
made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
onnx.checker.check_model(made)
onnx.save(made, "network.onnx")

session = onnxruntime.InferenceSession("network.onnx", providers=["CPUExecutionProvider"])
x = torch.randn(4, 3, 8, 8)
with torch.no_grad():
    expected = model(x)
(found,) = session.run(None, {"x": x.numpy()})
print("run:", found.shape, found.dtype, np.allclose(found, expected.numpy(), atol=1e-6))
print("values:", *(f"{v:.6g}" for v in found[0]))
back = torch.from_numpy(found)
print("back:", back.dtype, tuple(back.shape), f"{(back - expected).abs().max().item() < 1e-6}", back.argmax(-1).tolist())

binding = session.io_binding()
x = x.contiguous()
result = torch.empty(4, 10)
binding.bind_input("x", "cpu", 0, np.float32, tuple(x.shape), x.data_ptr())
binding.bind_output("y", "cpu", 0, np.float32, tuple(result.shape), result.data_ptr())
session.run_with_iobinding(binding)
print("bound:", torch.allclose(result, expected, atol=1e-6), f"{result.sum().item():.6g}")
value = onnxruntime.OrtValue.ortvalue_from_numpy(x.numpy())
print("value:", value.shape(), value.element_type(), f"{torch.from_numpy(session.run(['y'], {'x': value})[0]).sum().item():.6g}")
try:
    session.run(None, {"x": x.double().numpy()})
except Exception as error:
    print("refused:", type(error).__name__)
stored = {tensor.name: torch.from_numpy(numpy_helper.to_array(tensor).copy()) for tensor in made.graph.initializer}
print("stored:", all(torch.equal(stored[name], tensor) for name, tensor in weights.items()), len(stored))
