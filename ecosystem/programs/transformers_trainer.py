"""transformers' Trainer on a small GPT-2: losses, evaluation, a checkpoint, and a run that goes on from it; then in bfloat16."""

# packages: transformers accelerate
# tolerance: 1e-3 because losses are logged after steps in bfloat16 too, whose products round differently

import tempfile

import torch
from torch.utils.data import Dataset
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainerCallback, TrainingArguments, set_seed
from transformers.trainer_callback import PrinterCallback

VOCABULARY = 24


class Counting(Dataset):
    """Sequences that count on from a start, by one or two."""

    def __init__(self, size: int) -> None:
        starts = torch.arange(size).reshape(-1, 1)
        self.tokens = (starts + torch.arange(12) * (1 + starts % 2)) % VOCABULARY

    def __len__(self) -> int:
        return len(self.tokens)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        return {"input_ids": self.tokens[index], "labels": self.tokens[index]}


class Seen(TrainerCallback):
    def on_log(self, args, state, control, logs=None, **kwargs):
        shown = {k: logs[k] for k in ("loss", "grad_norm", "learning_rate", "eval_loss") if k in logs}
        print(f"step {state.global_step}:", *(f"{k} {float(v):.6g}" for k, v in shown.items()))


def trainer(folder: str, steps: int, **options) -> Trainer:
    set_seed(7)
    config = GPT2Config(
        vocab_size=VOCABULARY, n_positions=16, n_embd=16, n_layer=2, n_head=2, resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0
    )
    arguments = TrainingArguments(
        output_dir=folder, max_steps=steps, per_device_train_batch_size=4, per_device_eval_batch_size=8, learning_rate=1e-2,
        warmup_steps=2, logging_steps=2, eval_strategy="steps", eval_steps=4, save_steps=4, report_to=[], disable_tqdm=True,
        use_cpu=True, seed=7, **options,
    )  # fmt: skip
    made = Trainer(
        GPT2LMHeadModel(config), arguments, train_dataset=Counting(32), eval_dataset=Counting(10), callbacks=[Seen()]
    )
    made.remove_callback(PrinterCallback)
    return made


def total(model: torch.nn.Module) -> str:
    return " ".join(f"{p.detach().double().sum().item():.6g}" for p in list(model.parameters())[:4])


with tempfile.TemporaryDirectory() as folder:
    first = trainer(folder, 8)
    print(f"trained: {first.train().training_loss:.6g}")
    print("parameters:", total(first.model))
    print(f"evaluated: {first.evaluate()['eval_loss']:.6g}")
    predicted = first.predict(Counting(4))
    print("predictions:", predicted.predictions.shape, f"{predicted.predictions.sum():.6g}")
    again = trainer(folder, 8)
    again.train(resume_from_checkpoint=f"{folder}/checkpoint-4")
    print("resumed:", total(again.model))
with tempfile.TemporaryDirectory() as folder:
    for name, options in {
        "accumulated": {"gradient_accumulation_steps": 2, "max_grad_norm": 0.5, "lr_scheduler_type": "cosine"},
        "checkpointed": {"gradient_checkpointing": True},
        "bfloat16": {"bf16": True},
    }.items():
        print(f"{name}: {trainer(folder, 4, **options).train().training_loss:.4g}")
