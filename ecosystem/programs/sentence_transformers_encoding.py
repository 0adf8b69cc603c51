"""A small sentence encoder made in the program: encoding, similarities, losses, training with fit and with the Trainer."""

# packages: sentence-transformers transformers tokenizers accelerate datasets
# tolerance: 1e-3 because losses follow a few steps of Adam

import tempfile

import torch
from datasets import Dataset
from sentence_transformers import (
    SentenceTransformer,
    SentenceTransformerTrainer,
    SentenceTransformerTrainingArguments,
    losses,
    util,
)
from sentence_transformers.evaluation import EmbeddingSimilarityEvaluator
from sentence_transformers.models import Normalize, Pooling, Transformer
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

WORDS = "a the cat dog bird sleeps runs flies sings eats fish seed in on house tree red blue small big".split()
SENTENCES = [
    "a cat sleeps in the house", "the small cat eats fish", "a bird sings on the tree", "the red bird flies",
    "a big dog runs", "the dog eats in the house", "a blue fish", "the bird eats seed",
]  # fmt: skip


def encoder(folder: str) -> SentenceTransformer:
    torch.manual_seed(0)
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    vocabulary = {word: i for i, word in enumerate([*special, *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", vocabulary["[CLS]"]), ("[SEP]", vocabulary["[SEP]"])]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]"
    ).save_pretrained(folder)
    BertModel(
        BertConfig(
            vocab_size=len(vocabulary), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
            max_position_embeddings=32, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
        )
    ).save_pretrained(folder)  # fmt: skip
    words = Transformer(folder, max_seq_length=16)
    return SentenceTransformer(modules=[words, Pooling(words.get_word_embedding_dimension()), Normalize()], device="cpu")


def show(name: str, values) -> None:
    print(f"{name}:", *(f"{float(v):.5g}" for v in values))


with tempfile.TemporaryDirectory() as folder:
    model = encoder(folder)
    embedded = model.encode(SENTENCES, convert_to_tensor=True, batch_size=3, show_progress_bar=False)
    print("encoded:", tuple(embedded.shape), type(model.encode(SENTENCES[0])).__name__)
    show("first", embedded[0, :5])
    show("similarities", model.similarity(embedded, embedded)[0])
    found = util.semantic_search(embedded[:1], embedded, top_k=3)[0]
    print("nearest:", *(f"{hit['corpus_id']} {hit['score']:.4g}" for hit in found))
    print("community:", util.community_detection(embedded, threshold=0.5, min_community_size=1)[:1])

    pairs = Dataset.from_dict({"anchor": SENTENCES[::2], "positive": SENTENCES[1::2]})
    scored = Dataset.from_dict(
        {"sentence1": SENTENCES[:4], "sentence2": SENTENCES[4:], "score": [0.1, 0.9, 0.5, 0.3]}
    )
    for name, made, data in (
        ("MultipleNegativesRankingLoss", losses.MultipleNegativesRankingLoss, pairs),
        ("CosineSimilarityLoss", losses.CosineSimilarityLoss, scored),
        ("CoSENTLoss", losses.CoSENTLoss, scored),
        ("MatryoshkaLoss", lambda m: losses.MatryoshkaLoss(m, losses.MultipleNegativesRankingLoss(m), [16, 8]), pairs),
    ):
        model = encoder(folder)
        arguments = SentenceTransformerTrainingArguments(
            output_dir=f"{folder}/out", max_steps=4, per_device_train_batch_size=4, learning_rate=1e-2, logging_steps=1,
            report_to=[], disable_tqdm=True, save_strategy="no", use_cpu=True, seed=3,
        )  # fmt: skip
        trainer = SentenceTransformerTrainer(model, arguments, train_dataset=data, loss=made(model))
        trainer.remove_callback(next(c for c in trainer.callback_handler.callbacks if "Printer" in type(c).__name__))
        trainer.train()
        show(name, (entry["loss"] for entry in trainer.state.log_history if "loss" in entry))
    similar = EmbeddingSimilarityEvaluator(scored["sentence1"], scored["sentence2"], scored["score"], name="scores")
    show("evaluated", similar(model).values())
    model.save(f"{folder}/saved", create_model_card=False)
    again = SentenceTransformer(f"{folder}/saved", device="cpu")
    both = (each.encode(SENTENCES, convert_to_tensor=True) for each in (again, model))
    print("loaded:", torch.allclose(*both))
