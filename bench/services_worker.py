"""A process that embeds sentences and tells how long it takes: ``python services_worker.py KIND FOLDER``.

``KIND`` is ``sentence-transformers`` or ``transformers``.  A line of standard output is JSON.  The first one comes after the first
embedding; then each line of standard input, ``BATCH SECONDS``, is answered by the seconds of a call with so many sentences (the
median of those in about that time) and the most memory so far, in MB.
"""

import json
import statistics
import sys
import time


def encoder(kind, folder):
    """A function from sentences to a tensor or an array of their vectors."""
    if kind == "sentence-transformers":
        from sentence_transformers import SentenceTransformer

        model = SentenceTransformer(folder, device="cpu")
        return lambda texts: model.encode(texts, batch_size=len(texts), show_progress_bar=False)
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer, network = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()

    @torch.inference_mode()
    def encode(texts):
        tokens = tokenizer(texts, padding=True, truncation=True, max_length=256, return_tensors="pt")
        states = network(**tokens).last_hidden_state
        mask = tokens["attention_mask"].unsqueeze(-1)
        return torch.nn.functional.normalize((states * mask).sum(1) / mask.sum(1), dim=1)

    return encode


def sentences(count):
    """About twenty words each, some shorter, some longer."""
    words = "a sentence that somebody wants to have as a vector so that it can be found again by what it means".split()
    return [" ".join(words[: 12 + (7 * i) % 10] + [f"number {i}"]) for i in range(count)]


def most_memory():
    """The largest resident size so far, in MB."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) * 1024 / 1e6


def main():
    encode = encoder(sys.argv[1], sys.argv[2])
    first = encode(sentences(1))
    print(json.dumps({"vector": [float(v) for v in first[0][:4]], "megabytes": most_memory()}), flush=True)
    for line in sys.stdin:
        batch, seconds = line.split()
        texts, took = sentences(int(batch)), []
        encode(texts)
        end = time.perf_counter() + float(seconds)
        while time.perf_counter() < end or len(took) < 3:
            start = time.perf_counter()
            encode(texts)
            took.append(time.perf_counter() - start)
        print(json.dumps({"seconds": statistics.median(took), "megabytes": most_memory()}), flush=True)


if __name__ == "__main__":
    main()
