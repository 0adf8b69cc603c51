"""A service that turns sentences into vectors: ``adjoint run examples/embeddings.py FOLDER``.

    curl -d '{"texts": ["a first sentence", "another"]}' http://127.0.0.1:8000/embed

``FOLDER`` has an encoder as transformers saves it (``config.json``, ``model.safetensors``, a tokenizer): BERT, MiniLM, E5, BGE and
their kin; sentence-transformers' folders are such, too.  Without it a small one with random weights is made.  Needs
``pip install transformers``; ``python examples/embeddings.py`` runs it on PyTorch.

Requests that come at the same time are answered by one forward pass.  The server is the standard library's; ``app`` is the same
service for any ASGI server (``ENCODER=FOLDER uvicorn embeddings:app``).
"""

import argparse
import asyncio
import functools
import json
import os
import queue
import tempfile
import threading
from concurrent.futures import Future
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import torch
from transformers import AutoModel, AutoTokenizer

MOST_TEXTS = 256  # of one request
MOST_BYTES = 1 << 20


class Encoder:
    """An encoder, and the thread in which it runs: vectors of length 1, the mean over a sentence's tokens."""

    def __init__(self, folder: str, batch: int = 32) -> None:
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.model = AutoModel.from_pretrained(folder).eval()
        self.batch = batch
        self.waiting: queue.Queue[tuple[str, Future]] = queue.Queue()
        self.vectors(["warm up"] * batch)  # what is compiled or loaded at the first use is there before the first request
        self.vectors(["warm up"])
        threading.Thread(target=self.work, daemon=True).start()

    @torch.inference_mode()
    def vectors(self, texts: list[str]) -> torch.Tensor:
        """One forward pass: N x D."""
        tokens = self.tokenizer(texts, padding=True, truncation=True, max_length=256, return_tensors="pt")
        states = self.model(**tokens).last_hidden_state
        mask = tokens["attention_mask"].unsqueeze(-1)
        return torch.nn.functional.normalize((states * mask).sum(1) / mask.sum(1), dim=1)

    def work(self) -> None:
        """Answer what waits: as many sentences at once as there are, up to a batch, similar lengths together."""
        while True:
            taken = [self.waiting.get()]
            while len(taken) < 4 * self.batch and not self.waiting.empty():
                taken.append(self.waiting.get())
            taken.sort(key=lambda pair: len(pair[0]))  # so that little of a batch is padding
            for start in range(0, len(taken), self.batch):
                texts, answers = zip(*taken[start : start + self.batch], strict=True)
                try:
                    for answer, vector in zip(answers, self.vectors(list(texts)).tolist(), strict=True):
                        answer.set_result(vector)
                except Exception as error:  # this batch fails, the service does not
                    for answer in answers:
                        if not answer.done():
                            answer.set_exception(error)

    def encode(self, texts: list[str]) -> list[Future]:
        """What the vectors of these sentences will be."""
        answers: list[Future] = [Future() for _ in texts]
        for pair in zip(texts, answers, strict=True):
            self.waiting.put(pair)
        return answers


def texts_of(body: bytes) -> list[str]:
    """The sentences of a request; ValueError where it has none."""
    found = json.loads(body)
    texts = found.get("texts") if isinstance(found, dict) else None
    if not isinstance(texts, list) or not all(isinstance(t, str) for t in texts) or not 0 < len(texts) <= MOST_TEXTS:
        raise ValueError(f'expected {{"texts": [...]}} with 1 to {MOST_TEXTS} strings')
    return texts


class Handler(BaseHTTPRequestHandler):
    """HTTP for the standard library's server."""

    encoder: Encoder
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if self.path != "/embed" or length > MOST_BYTES:
            self.answer(404 if self.path != "/embed" else 413, {"error": "POST at most 1 MiB to /embed"})
            self.close_connection = True  # its body was not read
            return
        try:
            answers = self.encoder.encode(texts_of(self.rfile.read(length)))
        except ValueError as error:
            self.answer(400, {"error": str(error)})
            return
        try:
            self.answer(200, {"embeddings": [a.result() for a in answers]})
        except Exception as error:  # of the forward pass
            self.answer(500, {"error": str(error)})

    def do_GET(self) -> None:
        self.answer(200 if self.path == "/health" else 404, {"ok": self.path == "/health"})

    def answer(self, status: int, content: dict) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@functools.cache
def encoder_of_app() -> Encoder:
    """The encoder of the ASGI application."""
    return Encoder(os.environ["ENCODER"])


async def app(scope: dict, receive, send) -> None:
    """The service as an ASGI application."""
    if scope["type"] == "lifespan":  # the encoder is there when the server says that it has started
        while (await receive())["type"] == "lifespan.startup":
            await asyncio.to_thread(encoder_of_app)
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    body, more = b"", True
    while more and len(body) <= MOST_BYTES:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    status, content = 404, {"error": "POST at most 1 MiB to /embed"}
    if scope["path"] == "/health":
        status, content = 200, {"ok": True}
    elif (scope["method"], scope["path"]) == ("POST", "/embed"):
        try:
            answers = encoder_of_app().encode(texts_of(body))
        except ValueError as error:
            status, content = 400, {"error": str(error)}
        else:
            try:
                status, content = 200, {"embeddings": [await asyncio.wrap_future(a) for a in answers]}
            except Exception as error:  # of the forward pass
                status, content = 500, {"error": str(error)}
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(content).encode()})


def small_encoder(folder: str) -> str:
    """A BERT with random weights whose tokens are letters, to try the service with."""
    from transformers import BertConfig, BertModel, BertTokenizerFast

    letters = "abcdefghijklmnopqrstuvwxyz0123456789.,!?'-"
    with open(os.path.join(folder, "letters.txt"), "w", encoding="utf-8") as file:
        file.write("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{c}" for c in letters)]))
    tokenizer = BertTokenizerFast(os.path.join(folder, "letters.txt"))
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    shape = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 128}
    BertModel(BertConfig(vocab_size=len(tokenizer), **shape)).save_pretrained(folder)
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description="Sentences to vectors over HTTP.")
    parser.add_argument("folder", nargs="?", help="an encoder as transformers saves it; without it, a small random one")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        encoder = Encoder(options.folder or small_encoder(made))
    handler = type("Handler", (Handler,), {"encoder": encoder})
    with ThreadingHTTPServer((options.host, options.port), handler) as server:
        print(f"http://{options.host}:{server.server_port}/embed", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
