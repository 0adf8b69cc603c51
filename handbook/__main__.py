"""``python -m handbook PAGE ... [--write]``: run the code of pages; with ``--write``, put what it prints into them."""

from __future__ import annotations

import sys
from pathlib import Path

from handbook.running import Failed, run, written


def main(arguments: list[str]) -> int:
    """Run the pages; 1 if any does not do as it says."""
    write = "--write" in arguments
    pages = [Path(a).resolve() for a in arguments if a != "--write"]
    failed = 0
    for path in pages:
        try:
            result = run(path, compare=not write)
        except Failed as failure:
            failed = 1
            print(failure, file=sys.stderr)
            continue
        if write:
            path.write_text(written(result), "utf-8")
        print(f"{path}: {len(result.printed)} blocks")
    return failed


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
