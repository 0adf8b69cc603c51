"""``python -m bench.services``: a service that embeds sentences, on Adjoint and on PyTorch's CPU build; docs/services.md.

Two environments (made in ``build/services``, or given) with the same packages, one of them without PyTorch; the same encoders with
random weights, read from safetensors.  Of each: what is installed, the time from the start of the process to its first
embedding, the most memory, and sentences a second.  The processes take their turns; medians are kept in the page.
"""

from __future__ import annotations

import argparse
import datetime
import json
import math
import os
import re
import statistics
import subprocess
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import machine
from ecosystem import environments
from ecosystem.environments import Environment

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "services.md"
FOLDER = ROOT / "build" / "services"
WORKER = Path(__file__).with_name("services_worker.py")
BATCHES = (1, 32)

ENCODERS = {
    "MiniLM": {"hidden_size": 384, "num_hidden_layers": 6, "intermediate_size": 1536},
    "BERT base": {"hidden_size": 768, "num_hidden_layers": 12, "intermediate_size": 3072},
}
"""Of 23 and of 109 million parameters."""

KINDS = {"transformers": ["transformers"], "sentence-transformers": ["sentence-transformers"]}
LIBRARIES = ("pytorch", "adjoint")

MAKE = """
import json, random, sys, torch
from pathlib import Path
from transformers import BertConfig, BertModel, BertTokenizerFast
folder, shape = Path(sys.argv[1]), json.loads(sys.argv[2])
folder.mkdir(parents=True)
torch.manual_seed(0), random.seed(0)
letters = "abcdefghijklmnopqrstuvwxyz0123456789"
words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *("##" + c for c in letters)]
words += "a sentence that somebody wants to have as vector so it can be found again by what means number".split()
while len(words := list(dict.fromkeys(words))) < 30522:
    words += ["".join(random.choices(letters, k=random.randint(2, 8))) for _ in range(30522 - len(words))]
(folder / "words.txt").write_text("\\n".join(words))
BertTokenizerFast(str(folder / "words.txt")).save_pretrained(folder)
BertModel(BertConfig(vocab_size=len(words), num_attention_heads=12, **shape)).save_pretrained(folder)
"""


@dataclass
class Measured:
    """What was seen of one library, kind and encoder, a number a round."""

    first: list[float] = field(default_factory=list)  # seconds
    first_megabytes: list[float] = field(default_factory=list)
    megabytes: float = 0.0
    seconds: dict[int, list[float]] = field(default_factory=lambda: {batch: [] for batch in BATCHES})
    vector: list[float] = field(default_factory=list)


def main() -> int:
    """Measure, and write the page's table."""
    parser = argparse.ArgumentParser(prog="python -m bench.services", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--environments", type=Path, nargs=4, metavar="FOLDER", help="of transformers and of "
                        "sentence-transformers: one with PyTorch, and one without it, linked")  # fmt: skip
    parser.add_argument("--dry", action="store_true", help="print the table and leave the page as it is")
    options = parser.parse_args()
    made = _environments(options.environments)
    sizes = {kind: {library: pair[library].megabytes() for library in LIBRARIES} for kind, pair in made.items()}
    with machine.Others() as others:
        rows = [
            (kind, name, {library: pair[library] for library in LIBRARIES}, _measure(kind, name, pair, options.rounds))
            for kind, pair in made.items()
            for name in ENCODERS
        ]
    text = table(rows, sizes, made, others.share)
    print(text)
    if not options.dry:
        page = PAGE.read_text("utf-8")
        PAGE.write_text(re.sub(r"(?s)(<!-- measured -->\n).*(<!-- end -->)", lambda m: m[1] + text + "\n" + m[2], page), "utf-8")
    return 0


def _environments(given: list[Path] | None) -> dict[str, dict[str, Environment]]:
    found = {}
    for at, (kind, packages) in enumerate(KINDS.items()):
        if given:
            theirs, ours = environments.existing(*(path.absolute() for path in given[2 * at : 2 * at + 2]))
        else:
            theirs, ours = environments.fresh(packages, FOLDER / kind)
        found[kind] = {"pytorch": theirs, "adjoint": ours}
    return found


def _measure(kind: str, name: str, pair: dict[str, Environment], rounds: int) -> dict[str, Measured]:
    folder = FOLDER / name.replace(" ", "-")
    if not (folder / "model.safetensors").exists():
        maker = pair["pytorch"]
        subprocess.run([*maker.command, "-c", MAKE, str(folder), json.dumps(ENCODERS[name])], check=True)
    found = {library: Measured() for library in LIBRARIES}
    with ExitStack() as running:
        processes = {}
        for turn in range(rounds + 1):  # the first one compiles, and reads files that are not in memory
            for library in LIBRARIES:
                process, said, seconds = _started(pair[library], kind, folder)
                if not turn:
                    for batch in BATCHES:
                        _asked(process, batch, 0.1)
                else:
                    found[library].first.append(seconds)
                    found[library].first_megabytes.append(said["megabytes"])
                    found[library].vector = said["vector"]
                if turn == rounds:
                    processes[library] = running.enter_context(process)
                else:
                    process.stdin.close()
                    process.wait()
        for _ in range(rounds):
            for batch in BATCHES:
                for library, process in processes.items():
                    said = _asked(process, batch, 0.5)
                    found[library].seconds[batch].append(said["seconds"])
                    found[library].megabytes = said["megabytes"]
        for process in processes.values():
            process.stdin.close()
    theirs, ours = (found[library].vector for library in LIBRARIES)
    if not all(math.isclose(a, b, abs_tol=1e-5) for a, b in zip(theirs, ours, strict=True)):
        raise RuntimeError(f"{kind}, {name}: the vectors differ, {theirs} and {ours}")
    return found


def _started(environment: Environment, kind: str, folder: Path) -> tuple[Any, dict[str, Any], float]:
    """A process after its first embedding, what it said, and the seconds since it was started."""
    variables = {**os.environ, **environment.variables}
    start = time.perf_counter()
    process = subprocess.Popen(
        [*environment.command, str(WORKER), kind, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True, env=variables,
    )  # fmt: skip
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"{kind} did not start in {environment.python}")
    return process, json.loads(line), time.perf_counter() - start


def _asked(process: Any, batch: int, seconds: float) -> dict[str, Any]:
    """What a process says of so many sentences at once, called again and again for some seconds."""
    process.stdin.write(f"{batch} {seconds}\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())  # type: ignore[no-any-return]


def table(rows: Any, sizes: Any, made: Any, others: float | None) -> str:
    """What was measured, as Markdown."""
    facts = machine.describe()
    versions = made["sentence-transformers"]["pytorch"].versions()
    packages = ", ".join(f"{name} {versions[name]}" for name in ("transformers", "sentence-transformers"))
    busy = "an unknown part" if others is None else f"{others:.0%}"
    lines = [
        f"{datetime.date.today().isoformat()}, {facts['cores']} cores of {facts['processor']}; PyTorch {versions['torch']}, "
        f"{packages}. Medians; other programs used {busy} of the machine meanwhile.",
        "",
        "| | | PyTorch | Adjoint | |",
        "|---|---|---:|---:|---:|",
    ]
    for kind, size in sizes.items():
        theirs, ours = (size[library] for library in LIBRARIES)
        lines.append(f"| installed packages | {kind} | {theirs:,} MB | {ours:,} MB | {ours / theirs:.2f} |")
    for kind, name, _, found in rows:
        theirs, ours = (found[library] for library in LIBRARIES)
        what = f"{kind}, {name}"
        a, b = (statistics.median(m.first) for m in (theirs, ours))
        lines.append(f"| from the start of the process to the first embedding | {what} | {a:.2f} s | {b:.2f} s | {b / a:.2f} |")
        a, b = (statistics.median(m.first_megabytes) for m in (theirs, ours))
        lines.append(f"| most memory until then | {what} | {a:.0f} MB | {b:.0f} MB | {b / a:.2f} |")
        a, b = theirs.megabytes, ours.megabytes
        lines.append(f"| most memory, serving batches of 1 and 32 | {what} | {a:.0f} MB | {b:.0f} MB | {b / a:.2f} |")
        for batch in BATCHES:
            a, b = (batch / statistics.median(m.seconds[batch]) for m in (theirs, ours))
            lines.append(f"| sentences a second, batch {batch} | {what} | {a:.1f} | {b:.1f} | {b / a:.2f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
