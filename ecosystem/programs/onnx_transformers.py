"""Small networks of transformers, BERT, GPT-2 and ViT, exported by torch.onnx.export and run by onnxruntime at other sizes."""

# packages: onnx onnxruntime transformers
# tolerance: 1e-5 because kernels add up in different orders

import warnings

import numpy as np
import onnxruntime
import torch
from torch import nn
from transformers import BertConfig, BertModel, GPT2Config, GPT2LMHeadModel, ViTConfig, ViTForImageClassification

warnings.simplefilter("ignore")

ENDS = {"bos_token_id": 0, "eos_token_id": 0}


class Bert(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.model = BertModel(
            BertConfig(vocab_size=60, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64)
        )

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        found = self.model(input_ids=ids, attention_mask=mask)
        return found.last_hidden_state, found.pooler_output


class Gpt(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.model = GPT2LMHeadModel(GPT2Config(vocab_size=60, n_positions=64, n_embd=32, n_layer=2, n_head=4, **ENDS))

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        places = torch.arange(ids.shape[1]).unsqueeze(0)
        return self.model(input_ids=ids, attention_mask=torch.ones_like(ids), position_ids=places, use_cache=False).logits


class Vit(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.model = ViTForImageClassification(
            ViTConfig(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64, image_size=32, patch_size=8)
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.model(images).logits


def sentences(batch: int, length: int) -> tuple[torch.Tensor, ...]:
    ids = torch.randint(1, 60, (batch, length), generator=torch.Generator().manual_seed(length))
    mask = torch.ones_like(ids)
    mask[0, length // 2 :] = 0
    return ids, mask


def images(batch: int, _: int) -> tuple[torch.Tensor, ...]:
    return (torch.randn(batch, 3, 32, 32, generator=torch.Generator().manual_seed(batch)),)


for make, inputs, axes, sizes in [
    (Bert, sentences, {"ids": {0: "n", 1: "t"}, "mask": {0: "n", 1: "t"}}, [(2, 8), (1, 20), (4, 5)]),
    (Gpt, lambda n, t: sentences(n, t)[:1], {"ids": {0: "n", 1: "t"}}, [(2, 8), (1, 20), (4, 5)]),
    (Vit, images, {"images": {0: "n"}}, [(2, 0), (3, 0)]),
]:
    torch.manual_seed(0)
    network = make().eval()
    file = f"{make.__name__}.onnx"
    torch.onnx.export(
        network, inputs(*sizes[0]), file, input_names=list(axes), output_names=["y", "pooled"][: 2 if make is Bert else 1],
        dynamic_axes={**axes, "y": {0: "n"}}, opset_version=17, dynamo=False,
    )  # fmt: skip
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    print(make.__name__, [i.name for i in session.get_inputs()], [o.name for o in session.get_outputs()])
    for size in sizes:
        given = inputs(*size)
        with torch.no_grad():
            expected = network(*given)
        expected = expected if isinstance(expected, tuple) else (expected,)
        found = session.run(None, {name: x.numpy() for name, x in zip(axes, given, strict=True)})
        agree = all(np.allclose(f, e.numpy(), atol=1e-5, rtol=1e-4) for f, e in zip(found, expected, strict=True))
        print(size, agree, [f.shape for f in found], *(f"{np.abs(f).sum():.6g}" for f in found))
