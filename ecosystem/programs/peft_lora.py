"""Adapters of low rank on a small GPT-2 and a small BERT: forward, training, switching off, merging, saving and loading."""

# packages: peft transformers

import tempfile

import torch
from peft import (
    IA3Config,
    LoraConfig,
    PeftModel,
    PrefixTuningConfig,
    PromptTuningConfig,
    TaskType,
    get_peft_model,
    get_peft_model_state_dict,
)
from transformers import BertConfig, BertForSequenceClassification, GPT2Config, GPT2LMHeadModel


def gpt2() -> GPT2LMHeadModel:
    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=20, n_positions=16, n_embd=16, n_layer=2, n_head=2, resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0
    )
    return GPT2LMHeadModel(config)


def train(model: torch.nn.Module, inputs: dict[str, torch.Tensor], steps: int = 4) -> None:
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-2)
    for step in range(steps):
        loss = model(**inputs).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(f"  loss {step}: {loss.item():.6g}")


def count(model: torch.nn.Module) -> str:
    parameters = list(model.parameters())
    return f"{sum(p.numel() for p in parameters if p.requires_grad)} of {sum(p.numel() for p in parameters)}"


tokens = torch.arange(24).reshape(2, 12) % 20
causal = {"input_ids": tokens, "labels": tokens}

config = LoraConfig(task_type=TaskType.CAUSAL_LM, r=4, lora_alpha=8, lora_dropout=0.0, target_modules=["c_attn", "c_proj"])
model = get_peft_model(gpt2(), config)
print("LoRA on GPT-2:", count(model), len(get_peft_model_state_dict(model)))
train(model, causal)
model.eval()
with torch.no_grad():
    adapted = model(tokens).logits
    with model.disable_adapter():
        print(f"without the adapter: {model(tokens).logits.sum().item():.6g}, with it: {adapted.sum().item():.6g}")
print("generated:", *model.generate(input_ids=tokens[:, :4], max_new_tokens=6, do_sample=False, pad_token_id=0)[0].tolist())
with tempfile.TemporaryDirectory() as folder:
    model.save_pretrained(folder)
    loaded = PeftModel.from_pretrained(gpt2(), folder).eval()
    print("loaded:", torch.allclose(loaded(tokens).logits, adapted, atol=1e-5), loaded.peft_config["default"].r)
    loaded.add_adapter("other", LoraConfig(r=2, target_modules=["c_attn"]))
    loaded.set_adapter("other")
    print(f"another adapter: {loaded(tokens).logits.sum().item():.6g}", loaded.active_adapter)
merged = model.merge_and_unload()
print("merged:", type(merged).__name__, torch.allclose(merged(tokens).logits, adapted, atol=1e-4))

for name, other in {
    "DoRA": LoraConfig(task_type="CAUSAL_LM", r=2, use_dora=True, target_modules=["c_attn"]),
    "rsLoRA": LoraConfig(task_type="CAUSAL_LM", r=2, use_rslora=True, init_lora_weights="gaussian", target_modules=["c_attn"]),
    "IA3": IA3Config(task_type="CAUSAL_LM", target_modules=["c_attn", "c_fc"], feedforward_modules=["c_fc"]),
    "prompts": PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=3),
    "prefixes": PrefixTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=3),
}.items():
    model = get_peft_model(gpt2(), other)
    print(f"{name}:", count(model))
    train(model, causal, 2)

torch.manual_seed(0)
bert = BertForSequenceClassification(
    BertConfig(
        vocab_size=20, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=16, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, num_labels=3,
    )
)  # fmt: skip
model = get_peft_model(bert, LoraConfig(task_type=TaskType.SEQ_CLS, r=4, target_modules=["query", "value"]))
print("LoRA on BERT:", count(model))
train(model, {"input_ids": tokens, "attention_mask": torch.ones_like(tokens), "labels": torch.tensor([0, 2])})
for key, value in sorted(get_peft_model_state_dict(model).items())[:4]:
    print(f"{key}: {value.sum().item():.6g} {tuple(value.shape)}")
