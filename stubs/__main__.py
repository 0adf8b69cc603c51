"""``python -m stubs``: write the stubs; ``--check``: say whether they are up to date."""

from __future__ import annotations

import sys

from stubs.files import ROOT, stubs


def main() -> int:
    """Write what differs, or, asked to check, name it; returns the exit status."""
    differing = [path for path, text in stubs().items() if not path.exists() or path.read_text() != text]
    check = "--check" in sys.argv[1:]
    for path in differing:
        if not check:
            path.write_text(stubs()[path])
        print(f"{'out of date' if check else 'written'}: {path.relative_to(ROOT.parent)}")
    return 1 if check and differing else 0


if __name__ == "__main__":
    sys.exit(main())
