"""Plots of the benchmark, from the results that ``make bench`` keeps; their text takes the page's colour."""

from __future__ import annotations

import io
import json
import re
import zlib
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent.parent / "bench" / "results"
OURS, THEIRS = "#3f74e0", "#d98324"
_TEXT = "#010203"  # replaced by the page's colour

SECTIONS = {
    "Small arrays: Python's overhead": (
        "tiny_mean", "bce", "chain100", "chain100_numbers", "mlp_adam", "per_sample_grads", "jacobian_by_jacrev", "hessian_of_a_function",
    ),
    "Large arrays: passes over memory": (
        "large_chain", "large_exp", "large_tanh", "large_gelu", "large_add", "large_sum", "large_softmax", "large_cross_entropy",
        "large_layer_norm", "large_rms_norm", "large_batch_norm",
    ),
    "Products and convolutions: multiply-adds": (
        "matmul_64x784x512", "matmul_512x512x512", "matmul_1024x1024x1024", "linear_relu", "conv3_8x64x56", "conv7_stride2_16x3x64",
        "conv1_16x256x14", "conv3_depthwise_16x128x28",
    ),
    "Training steps": ("mlp_mnist", "cnn_mnist", "gpt", "resnet18_batch1", "resnet18_batch16"),
}  # fmt: skip
"""What is shown, by what it is a race of."""


def latest() -> dict[str, Any]:
    """The newest results."""
    return json.loads(max(RESULTS.glob("*.json")).read_text("utf-8"))  # type: ignore[no-any-return]


def ratios() -> str:
    """How many times as fast as PyTorch each workload is, as SVG."""
    from matplotlib import pyplot

    results = latest()["workloads"]
    rows: list[tuple[str, float | None]] = []
    for section, names in SECTIONS.items():
        rows += [(section, None), *((_title(n), results[n]["ratio"]["torch"]["median"]) for n in names if n in results)]
    with pyplot.rc_context(_STYLE):
        figure, axes = pyplot.subplots(figsize=(6.6, 0.27 * len(rows) + 0.7))
        for i, (title, ratio) in enumerate(rows):
            if ratio is None:
                axes.text(0.012, i, title, transform=axes.get_yaxis_transform(), va="center", weight="bold")
                continue
            axes.barh(i, ratio - 1, left=1, height=0.66, color=OURS if ratio >= 1 else THEIRS)
            axes.text(max(ratio, 1) * 1.03, i, f"{ratio:.2f}", va="center")
        axes.set_yticks([i for i, r in enumerate(rows) if r[1] is not None], [t for t, r in rows if r is not None])
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_xscale("log", base=2)
        axes.set_xlim(0.8, 26)
        axes.set_xticks([1, 2, 4, 8, 16], ["as fast as PyTorch", "2 ×", "4 ×", "8 ×", "16 ×"])
        axes.xaxis.set_ticks_position("top")
        axes.grid(axis="x", alpha=0.25)
        axes.set_axisbelow(True)
        axes.axvline(1, color=_TEXT, linewidth=0.8)
        return _svg(figure)


def attained() -> str:
    """What share of the machine's multiply-adds, or of its memory's bandwidth, workloads attain, as SVG."""
    from matplotlib import pyplot

    results = latest()["workloads"]
    names = [n for n in ("matmul_1024x1024x1024", "conv3_8x64x56", "linear_relu", "resnet18_batch16", "gpt", "large_exp", "large_sum")
             if results.get(n, {}).get("attained")]  # fmt: skip
    with pyplot.rc_context(_STYLE):
        figure, axes = pyplot.subplots(figsize=(6.6, 0.5 * len(names) + 0.8))
        for i, n in enumerate(names):
            for shift, peer, colour in ((-0.19, "adjoint", OURS), (0.19, "torch", THEIRS)):
                share = results[n]["attained"][peer]["share"]
                axes.barh(i + shift, share, height=0.34, color=colour, label=peer if i == 0 else None)
                axes.text(share + 0.01, i + shift, f"{share:.0%}", va="center", fontsize=8)
        axes.set_yticks(range(len(names)), [_title(n) for n in names])
        axes.invert_yaxis()
        axes.margins(x=0.08)
        axes.axvline(1, color=_TEXT, linewidth=0.8)
        axes.xaxis.set_major_formatter(lambda x, _: f"{x:.0%}")
        axes.grid(axis="x", alpha=0.25)
        axes.set_axisbelow(True)
        axes.legend(["Adjoint", "PyTorch"], loc="lower right", frameon=False)
        return _svg(figure)


def memory() -> str:
    """The peak memory of whole processes, as SVG."""
    from matplotlib import pyplot

    results = latest()["workloads"]
    names = [n for n in ("tiny_mean", "mlp_adam", "mlp_mnist", "cnn_mnist", "gpt", "resnet18_batch16") if n in results]
    with pyplot.rc_context(_STYLE):
        figure, axes = pyplot.subplots(figsize=(6.6, 0.5 * len(names) + 0.8))
        for i, n in enumerate(names):
            for shift, peer, colour in ((-0.19, "adjoint", OURS), (0.19, "torch", THEIRS)):
                megabytes = results[n]["peak_mb"][peer]
                axes.barh(i + shift, megabytes, height=0.34, color=colour)
                axes.text(megabytes + 6, i + shift, f"{megabytes:.0f} MB", va="center", fontsize=8)
        axes.set_yticks(range(len(names)), [_title(n) for n in names])
        axes.invert_yaxis()
        axes.grid(axis="x", alpha=0.25)
        axes.set_axisbelow(True)
        axes.margins(x=0.12)
        axes.legend(["Adjoint", "PyTorch"], loc="lower right", frameon=False)
        return _svg(figure)


def machine() -> str:
    """The machine and the day of the results, in a sentence."""
    found = latest()
    m, limits = found["machine"], found["limits"]
    return (
        f"Measured on {found['date']}: {m['cores']} cores of an {m['processor']}, {limits['flops_per_second'] / 1e9:.0f} Gflop/s, "
        f"{limits['bytes_per_second'] / 1e9:.0f} GB/s; Python {m['python']}, NumPy {m['numpy']}, PyTorch {m['torch']}, "
        f"{found['threads']} threads each."
    )


def _title(name: str) -> str:
    from bench.registry import load_workloads

    known = load_workloads()
    title = known[name].title if name in known else name
    title = re.sub(r",? (forward and backward|and gradients|and its gradient)\b", "", title)
    return title if len(title) < 58 else title[:56].rsplit(" ", 1)[0].rstrip(",") + " …"


_STYLE: Any = {
    "svg.fonttype": "none", "svg.hashsalt": "adjoint", "font.family": "sans-serif", "font.size": 9.5, "text.color": _TEXT,
    "axes.labelcolor": _TEXT, "xtick.color": _TEXT, "ytick.color": _TEXT, "axes.edgecolor": _TEXT, "axes.spines.top": False,
    "axes.spines.right": False, "axes.spines.left": False, "axes.spines.bottom": False, "ytick.major.size": 0, "xtick.major.size": 0,
}  # fmt: skip


def _svg(figure: Any) -> str:
    from matplotlib import pyplot

    out = io.StringIO()
    figure.savefig(out, format="svg", transparent=True, bbox_inches="tight", metadata={"Date": None, "Creator": None})
    pyplot.close(figure)
    text = out.getvalue()
    text = text[text.index("<svg") :].replace(_TEXT, "currentColor")
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"font: ([^;\"']*?)'?(?:DejaVu Sans|sans-serif)'?[^;\"]*", r"font: \1 system-ui, sans-serif", text)
    # One id a figure: several figures on a page would share clip paths otherwise.
    salt = f"p{zlib.crc32(text.encode()):08x}"
    return re.sub(r'(id="|url\(#|href="#)', rf"\g<1>{salt}-", text)
