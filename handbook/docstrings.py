"""Docstrings as Markdown: paragraphs, examples, literal blocks, and the names that they mention."""

from __future__ import annotations

import inspect
import re
import textwrap


def markdown(text: str | None) -> str:
    """The docstring as Markdown; empty for none."""
    if not text:
        return ""
    parts: list[str] = []
    lines = inspect.cleandoc(text).splitlines()
    i = 0
    literal = False
    while i < len(lines):
        line = lines[i]
        if not line.strip():
            i += 1
            continue
        if line.lstrip().startswith(">>>"):
            j = i
            while j < len(lines) and lines[j].strip():
                j += 1
            block = textwrap.dedent("\n".join(lines[i:j]))
            parts.append(f"```pycon\n{block}\n```")
            i, literal = j, False
            continue
        if literal and line.startswith((" ", "\t")):
            j = i
            while j < len(lines) and (not lines[j].strip() or lines[j].startswith((" ", "\t"))):
                j += 1
            block = textwrap.dedent("\n".join(lines[i:j])).rstrip()
            parts.append(f"```text\n{block}\n```")
            i, literal = j, False
            continue
        j = i
        while j < len(lines) and lines[j].strip() and not lines[j].lstrip().startswith(">>>"):
            j += 1
        block_lines = lines[i:j]
        i = j
        if re.match(r"^\s*={3,}", block_lines[0]):
            parts.append("```text\n" + "\n".join(block_lines) + "\n```")
            continue
        if all(item.lstrip().startswith(("- ", "* ")) or item.startswith("  ") for item in block_lines):
            parts.append("\n".join(inline(item) if item.startswith(" ") else "- " + inline(item[2:]) for item in block_lines))
            continue
        paragraph = " ".join(item.strip() for item in block_lines)
        literal = paragraph.endswith("::")
        if literal:
            paragraph = paragraph[:-1] if len(paragraph) > 2 else ""
        if paragraph:
            parts.append(inline(paragraph))
    return "\n\n".join(parts)


def first(text: str | None) -> str:
    """The first sentence's paragraph, on one line, for tables."""
    if not text:
        return ""
    paragraph = inspect.cleandoc(text).split("\n\n")[0]
    line = " ".join(paragraph.split())
    return inline(line.rstrip(":")).replace("|", "\\|")


_CODE = re.compile(r"``(.+?)``|:\w+:`~?([^`<]+)`|`([^`]+)`")


def inline(text: str) -> str:
    """Code as code; what Markdown would take for marks is not one."""
    done, at = [], 0
    for match in _CODE.finditer(text):
        done.append(_escaped(text[at : match.start()]))
        code = match[1] or (match[2] or match[3]).rsplit(".", 1)[-1 if match[2] and not match[2].startswith(".") else 0]
        done.append(f"`{code}`")
        at = match.end()
    return "".join(done) + _escaped(text[at:])


def _escaped(text: str) -> str:
    return re.sub(r"([*_\[\]$\\|])", r"\\\1", text).replace("<", "&lt;").replace(">", "&gt;")
