"""transformers: models saved whole and in shards, and loaded sparingly, in other dtypes, with missing and tied weights."""

# packages: transformers

import json
import os

import torch
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForCausalLM,
    BertConfig,
    BertModel,
    GPT2Config,
    GPT2LMHeadModel,
    set_seed,
)
from transformers.utils import logging

logging.set_verbosity_error()
set_seed(0)
model = GPT2LMHeadModel(GPT2Config(vocab_size=97, n_positions=32, n_embd=32, n_layer=2, n_head=4)).eval()
tokens = torch.tensor([[3, 14, 15, 92]])
expected = model(tokens).logits


def same(other: torch.nn.Module) -> bool:
    return torch.equal(other.eval()(tokens).logits, expected)


model.save_pretrained("whole")
print("files:", *sorted(os.listdir("whole")))
model.save_pretrained("shards", max_shard_size="40KB")
print("shards:", *sorted(name for name in os.listdir("shards") if "safetensors" in name))
with open("shards/model.safetensors.index.json") as file:
    index = json.load(file)
print("index:", index["metadata"]["total_size"], len(index["weight_map"]))
for folder in ("whole", "shards"):
    print(folder + ":", same(GPT2LMHeadModel.from_pretrained(folder)), same(AutoModelForCausalLM.from_pretrained(folder)))
    print(folder + ", sparing:", same(GPT2LMHeadModel.from_pretrained(folder, low_cpu_mem_usage=True)))
    mapped = GPT2LMHeadModel.from_pretrained(folder, device_map={"": "cpu"})
    print(folder + ", mapped:", same(mapped), mapped.device)

loaded = GPT2LMHeadModel.from_pretrained("whole")
print("tied:", loaded.lm_head.weight is loaded.transformer.wte.weight)
for dtype in (torch.bfloat16, torch.float16, torch.float64):
    other = GPT2LMHeadModel.from_pretrained("whole", dtype=dtype)
    print("dtype:", other.dtype, f"{sum(p.double().sum() for p in other.parameters()).item():.6g}")

with torch.device("meta"):
    empty = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained("whole"))
print("empty:", empty.device, empty.num_parameters(), tuple(empty(tokens.to("meta")).logits.shape))
empty.load_state_dict(model.state_dict(), assign=True)
print("assigned:", {p.device.type for p in empty.parameters()}, torch.equal(empty.lm_head.weight, model.lm_head.weight))

base, info = AutoModel.from_pretrained("whole", output_loading_info=True)
print("base:", type(base).__name__, sorted(info["missing_keys"]), sorted(info["unexpected_keys"]))
bert = BertModel(BertConfig(vocab_size=50, hidden_size=32, num_hidden_layers=1, num_attention_heads=4, intermediate_size=64))
bert.save_pretrained("bert")
set_seed(1)
again, info = BertModel.from_pretrained("bert", num_hidden_layers=2, output_loading_info=True)
print("missing:", len(info["missing_keys"]), again.config.num_hidden_layers)
print("new:", f"{sum(p.sum() for p in again.encoder.layer[1].parameters()).item():.6g}")
torch.save(model.state_dict(), "weights.bin")
other = GPT2LMHeadModel(model.config)
print("keys:", other.load_state_dict(torch.load("weights.bin", weights_only=True)), same(other))
