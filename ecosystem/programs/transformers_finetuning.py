"""Fine-tuning with transformers: a BERT that classifies and stops early, and a T5 that is evaluated by what it generates."""

# packages: transformers accelerate tokenizers
# tolerance: 1e-3 because losses are logged after a few steps of Adam and Adafactor

import tempfile

import numpy as np
from tokenizers import Tokenizer, models, pre_tokenizers
from torch.utils.data import Dataset
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    DataCollatorForSeq2Seq,
    DataCollatorWithPadding,
    EarlyStoppingCallback,
    PreTrainedTokenizerFast,
    Seq2SeqTrainer,
    Seq2SeqTrainingArguments,
    T5Config,
    T5ForConditionalGeneration,
    Trainer,
    TrainingArguments,
    set_seed,
)
from transformers.trainer_callback import PrinterCallback

WORDS = "a the cat dog bird sleeps runs flies sings eats fish seed red blue".split()
vocabulary = {word: i for i, word in enumerate(["[PAD]", "[UNK]", *WORDS])}
words = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
words.pre_tokenizer = pre_tokenizers.Whitespace()
tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, unk_token="[UNK]", pad_token="[PAD]", eos_token="[PAD]")


class Sentences(Dataset):
    """Sentences that are about a cat, a dog or a bird, which is their label; or are to be turned around."""

    def __init__(self, size: int, turned: bool = False) -> None:
        draw = np.random.default_rng(size)
        self.items = []
        for _ in range(size):
            label, verb = draw.integers(3), draw.choice(["sleeps", "runs", "eats fish", "sings", "eats"])
            text = f"the {WORDS[2 + label]} {verb}"
            encoded = dict(tokenizer(text, return_token_type_ids=False))
            target = tokenizer(" ".join(reversed(text.split())))["input_ids"]
            self.items.append({**encoded, "labels": target if turned else int(label)})

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> dict:
        return self.items[index]


def show(trainer: Trainer) -> None:
    for entry in trainer.state.log_history:
        kept = {k: v for k, v in entry.items() if not any(word in k for word in ("runtime", "per_second", "flos", "epoch", "step"))}
        print(f"step {entry['step']}:", *(f"{k} {v:.6g}" for k, v in kept.items()))


def options(folder: str, **more) -> dict:
    return {
        "output_dir": folder, "per_device_train_batch_size": 4, "per_device_eval_batch_size": 5, "logging_steps": 3,
        "eval_strategy": "steps", "eval_steps": 3, "save_steps": 3, "report_to": [], "disable_tqdm": True, "use_cpu": True, **more,
    }  # fmt: skip


with tempfile.TemporaryDirectory() as folder:
    set_seed(1)
    bert = BertForSequenceClassification(
        BertConfig(
            vocab_size=len(vocabulary), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
            max_position_embeddings=16, num_labels=3, hidden_dropout_prob=0.1, attention_probs_dropout_prob=0.1,
        )
    )  # fmt: skip
    trainer = Trainer(
        bert,
        TrainingArguments(
            **options(folder, max_steps=12, learning_rate=2e-2, label_smoothing_factor=0.1, weight_decay=0.01, seed=1),
            load_best_model_at_end=True, metric_for_best_model="accuracy", lr_scheduler_type="cosine",
        ),
        train_dataset=Sentences(24),
        eval_dataset=Sentences(10),
        data_collator=DataCollatorWithPadding(tokenizer),
        compute_metrics=lambda p: {"accuracy": float((p.predictions.argmax(-1) == p.label_ids).mean())},
        callbacks=[EarlyStoppingCallback(2)],
    )  # fmt: skip
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    show(trainer)
    print("best:", f"{trainer.state.best_metric:.6g}", (trainer.state.best_model_checkpoint or "").rpartition("-")[2])

with tempfile.TemporaryDirectory() as folder:
    set_seed(2)
    t5 = T5ForConditionalGeneration(
        T5Config(
            vocab_size=len(vocabulary), d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2, dropout_rate=0.0,
            decoder_start_token_id=0, pad_token_id=0, eos_token_id=0,
        )
    )  # fmt: skip
    trainer = Seq2SeqTrainer(
        t5,
        Seq2SeqTrainingArguments(
            **options(folder, max_steps=6, learning_rate=1e-2, optim="adafactor", seed=2), predict_with_generate=True,
            generation_max_length=6, generation_num_beams=2,
        ),
        train_dataset=Sentences(16, turned=True),
        eval_dataset=Sentences(5, turned=True),
        data_collator=DataCollatorForSeq2Seq(tokenizer, t5),
        compute_metrics=lambda p: {"tokens": float((p.predictions > 0).sum())},
    )  # fmt: skip
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    show(trainer)
    print("generated:", *trainer.predict(Sentences(3, turned=True)).predictions[0].tolist())
