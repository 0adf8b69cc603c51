"""The example of a service: requests over HTTP and ASGI, batches, bad requests, a model that fails."""

import asyncio
import http.client
import importlib.util
import json
import sys
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

import adjoint as torch

EXAMPLE = Path(__file__).parents[1] / "examples" / "embeddings.py"


class Tokenizer:
    """Letters as tokens."""

    def __call__(self, texts, padding, truncation, max_length, return_tensors):
        assert (padding, truncation, return_tensors) == (True, True, "pt")
        codes = [[ord(c) % 64 for c in text[:max_length]] or [0] for text in texts]
        longest = max(map(len, codes))
        mask = torch.tensor([[1] * len(c) + [0] * (longest - len(c)) for c in codes])
        return {"input_ids": torch.tensor([c + [0] * (longest - len(c)) for c in codes]), "attention_mask": mask}


class Model(torch.nn.Module):
    """Embeddings of tokens; it fails at a capital X."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.embedding = torch.nn.Embedding(64, 8)
        self.batches = []

    def forward(self, input_ids, attention_mask):
        assert torch.is_inference_mode_enabled() and not self.training
        self.batches.append(len(input_ids))
        if (input_ids == ord("X") % 64).any():
            raise RuntimeError("no X")
        return SimpleNamespace(last_hidden_state=self.embedding(input_ids))


@pytest.fixture
def example(monkeypatch):
    """The example as a module, transformers replaced, torch being Adjoint."""
    fake = ModuleType("transformers")
    fake.AutoModel = SimpleNamespace(from_pretrained=lambda folder: Model())
    fake.AutoTokenizer = SimpleNamespace(from_pretrained=lambda folder: Tokenizer())
    monkeypatch.setitem(sys.modules, "transformers", fake)
    monkeypatch.setitem(sys.modules, "torch", torch)
    spec = importlib.util.spec_from_file_location("embeddings", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def ask(example):
    """A function that sends a request to a server, and returns the status and the answer."""
    encoder = example.Encoder("folder", batch=4)
    handler = type("Handler", (example.Handler,), {"encoder": encoder})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def ask(method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=20)
        connection.request(method, path, body)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    ask.encoder = encoder
    yield ask
    server.shutdown()
    server.server_close()


def expected(encoder, text):
    rows = encoder.model.embedding.weight[[ord(c) % 64 for c in text]]
    return torch.nn.functional.normalize(rows.mean(0), dim=0).tolist()


def test_sentences_have_vectors_whatever_they_are_together_with(ask):
    texts = ["a cat", "dogs", "", "something longer than that", "b", "a cat"]
    status, answer = ask("POST", "/embed", json.dumps({"texts": texts}))
    assert status == 200 and len(answer["embeddings"]) == 6
    for text, vector in zip(texts, answer["embeddings"], strict=True):
        if text:
            assert vector == pytest.approx(expected(ask.encoder, text), abs=1e-6)
    assert max(ask.encoder.model.batches) <= 4


def test_requests_at_the_same_time_are_each_answered(ask):
    answers = {}

    def request(n):
        answers[n] = ask("POST", "/embed", json.dumps({"texts": [f"number {n}", "other"]}))

    threads = [threading.Thread(target=request, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for n, (status, answer) in answers.items():
        assert status == 200 and answer["embeddings"][0] == pytest.approx(expected(ask.encoder, f"number {n}"), abs=1e-6)


@pytest.mark.parametrize("body", ["", "nonsense", "[]", '{"texts": []}', '{"texts": "a"}', '{"texts": [1]}', "\ufeff"])
def test_a_bad_request_is_told_so(ask, body):
    status, answer = ask("POST", "/embed", body.encode())
    assert status == 400 and answer["error"]


def test_other_paths_are_not_found_and_health_is(ask):
    assert ask("GET", "/health") == (200, {"ok": True})
    assert ask("GET", "/nothing")[0] == 404
    assert ask("POST", "/nothing", "{}")[0] == 404


def test_a_batch_that_fails_ends_its_requests_and_not_the_service(ask):
    status, answer = ask("POST", "/embed", json.dumps({"texts": ["an X"]}))
    assert (status, answer["error"]) == (500, "no X")
    assert ask("POST", "/embed", json.dumps({"texts": ["fine"]}))[0] == 200


def test_the_same_over_asgi(example, monkeypatch):
    monkeypatch.setenv("ENCODER", "folder")

    async def request(method, path, *parts):
        bodies = [{"type": "http.request", "body": p, "more_body": i < len(parts) - 1} for i, p in enumerate(parts)]
        sent = []

        async def receive():
            return bodies.pop(0)

        async def send(message):
            sent.append(message)

        await example.app({"type": "http", "method": method, "path": path}, receive, send)
        return sent[0]["status"], json.loads(sent[1]["body"])

    status, answer = asyncio.run(request("POST", "/embed", b'{"texts": ["a', b' cat"]}'))
    assert status == 200
    assert answer["embeddings"][0] == pytest.approx(expected(example.encoder_of_app(), "a cat"), abs=1e-6)
    assert asyncio.run(request("POST", "/embed", b"nonsense"))[0] == 400
    assert asyncio.run(request("POST", "/embed", b'{"texts": ["an X"]}')) == (500, {"error": "no X"})
    assert asyncio.run(request("GET", "/embed", b""))[0] == 404
    assert asyncio.run(request("GET", "/health", b"")) == (200, {"ok": True})
