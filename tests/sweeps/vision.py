"""The sweeps beside torchvision, each a module ``vision_*`` here: ``make vision``; ``make vision ONLY=classification`` runs one."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from pathlib import Path


def main() -> int:
    """Run the one that is named (what follows its name is for it), or all; the exit status says whether any of them failed."""
    names = [m.name for m in pkgutil.iter_modules([str(Path(__file__).parent)]) if m.name.startswith("vision_")]
    chosen = [f"vision_{name}" for name in sys.argv[1:2]] or names
    failed = [name for name in chosen if importlib.import_module(f"tests.sweeps.{name}").main()]
    print(f"{len(chosen) - len(failed)} of {len(chosen)} sweeps passed", *failed)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
