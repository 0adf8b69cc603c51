"""The table of :class:`adjoint.utils.flop_counter.FlopCounterMode`."""

from __future__ import annotations

from typing import Any

_SUFFIXES = ("", "K", "M", "B", "T")
_HEADER = ("Module", "FLOP", "% Total")


def _row(name: str, count: int, total: int, power: int) -> tuple[str, str, str]:
    share = f"{count / total:.2%}" if total else "0%"
    return name, f"{count / 1000**power:.3f}{_SUFFIXES[power]}" if power else str(count), share


def table(counts: dict[str, dict[Any, int]], total: int, depth: int | None) -> str:
    """The counts of modules down to a depth, and under each those of its operators."""
    power = max(0, min(len(_SUFFIXES) - 1, (len(str(total)) - 2) // 3))  # 1001M rather than 1.001B

    def block(module: str, indent: int) -> list[tuple[str, str, str]]:
        pad = " " * indent
        rows = [_row(pad + module, sum(counts[module].values()), total, power)]
        return rows + [_row(f"{pad} - {operator}", count, total, power) for operator, count in counts[module].items()]

    rows: list[tuple[str, str, str]] = []
    whole = False  # whether a module has all of it
    for module in sorted(counts):
        level = module.count(".") + 1
        if module != "Global" and (depth is None or level <= depth):
            whole = whole or sum(counts[module].values()) >= total
            rows += block(module, level - 1)
    if "Global" in counts and not whole:
        rows = block("Global", 0) + [(" " + name, count, share) for name, count, share in rows]
    return _laid_out(rows or [("Global", "0", "0%")])


def _laid_out(rows: list[tuple[str, str, str]]) -> str:
    """The rows in columns as PyTorch has the package ``tabulate`` lay them out: the first to the left, the others to the right."""
    widths = [max(len(title) + 2, *(len(row[i]) for row in rows)) for i, title in enumerate(_HEADER)]
    lines = [_HEADER, tuple("-" * width for width in widths), *rows]
    texts = [[line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:]))] for line in lines]
    return "\n".join("  ".join(text).rstrip() for text in texts)
