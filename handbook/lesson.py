"""The lesson's picture, ``docs/pictures/lesson.svg``: the first graph of the tutorials, with its numbers (``make pictures``)."""

from __future__ import annotations

from pathlib import Path

import adjoint as torch
from adjoint import viz

FILE = Path(__file__).resolve().parent.parent / "docs" / "pictures" / "lesson.svg"


def picture() -> str:
    """The graph of ``z = (x+2)*(x+2)*2`` and its mean, after its backward, as SVG."""
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    with viz.record() as recording:
        z = (x + 2) * (x + 2) * 2
        out = z.mean()
        out.backward()
    return recording.to_svg() + "\n"


if __name__ == "__main__":
    FILE.write_text(picture(), "utf-8")
