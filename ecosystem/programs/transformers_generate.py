"""transformers: what a tiny GPT-2 and a tiny Llama write: greedily, sampled in many ways, with beams, constraints and streams."""

# packages: transformers

import torch
from transformers import (
    GenerationConfig,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    LogitsProcessorList,
    MinLengthLogitsProcessor,
    StoppingCriteria,
    StoppingCriteriaList,
    set_seed,
)

set_seed(0)
models = {
    "gpt2": GPT2LMHeadModel(
        GPT2Config(vocab_size=60, n_positions=64, n_embd=32, n_layer=2, n_head=4, bos_token_id=0, eos_token_id=1, pad_token_id=1)
    ),
    "llama": LlamaForCausalLM(
        LlamaConfig(
            vocab_size=60, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
            max_position_embeddings=64, bos_token_id=0, eos_token_id=1, pad_token_id=1,
        )
    ),
}  # fmt: skip
prompts = torch.tensor([[5, 9, 14, 22], [1, 1, 30, 31]])
mask = torch.tensor([[1, 1, 1, 1], [0, 0, 1, 1]])
ways = {
    "greedy": {},
    "without cache": {"use_cache": False},
    "sampled": {"do_sample": True},
    "top k": {"do_sample": True, "top_k": 5, "temperature": 0.7},
    "top p": {"do_sample": True, "top_p": 0.8, "top_k": 0},
    "typical": {"do_sample": True, "typical_p": 0.7, "top_k": 0},
    "least p": {"do_sample": True, "min_p": 0.05, "top_k": 0},
    "several": {"do_sample": True, "num_return_sequences": 3},
    "beams": {"num_beams": 4},
    "beams of several": {"num_beams": 4, "num_return_sequences": 2, "length_penalty": 2.0},
    "sampled beams": {"num_beams": 3, "do_sample": True},
    "no repeats": {"no_repeat_ngram_size": 2, "repetition_penalty": 1.3},
    "bad words": {"bad_words_ids": [[7], [8, 9]], "min_new_tokens": 5},
    "static cache": {"cache_implementation": "static"},
}
for name, model in models.items():
    model.eval()
    for way, options in ways.items():
        set_seed(7)
        found = model.generate(prompts, attention_mask=mask, max_new_tokens=8, **options)
        print(f"{name} {way}:", found.tolist())
    scored = model.generate(
        prompts, attention_mask=mask, max_new_tokens=3, output_scores=True, return_dict_in_generate=True, num_beams=2
    )
    print(f"{name} scores:", len(scored.scores), *(f"{v:.6g}" for v in scored.sequences_scores.tolist()))


class AtFortyTwo(StoppingCriteria):
    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor, **kwargs: object) -> torch.Tensor:
        return torch.tensor([len(row) >= 7 for row in input_ids])


class Printed:
    def put(self, value: torch.Tensor) -> None:
        print("streamed:", value.tolist())

    def end(self) -> None:
        print("streamed: end")


model = models["gpt2"]
print("stopped:", model.generate(prompts, attention_mask=mask, stopping_criteria=StoppingCriteriaList([AtFortyTwo()])).tolist())
processors = LogitsProcessorList([MinLengthLogitsProcessor(10, eos_token_id=1)])
print("processed:", model.generate(prompts[:1], logits_processor=processors, max_new_tokens=7).tolist())
model.generate(prompts[:1], streamer=Printed(), generation_config=GenerationConfig(max_new_tokens=3, pad_token_id=1))
