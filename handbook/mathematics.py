"""Formulas of the pages as MathML, made when the site is built: browsers typeset it by themselves, no script is loaded."""

from __future__ import annotations

import html
import re
from functools import lru_cache

_MARKED = re.compile(r'<(span|div) class="arithmatex">\\[(\[](.*?)\\[)\]]</\1>', re.DOTALL)


def typeset(content: str) -> str:
    """Replace what ``pymdownx.arithmatex`` marked as a formula by MathML."""
    return _MARKED.sub(lambda m: mathml(html.unescape(m[2]).strip(), m[1] == "div"), content)


@lru_cache(maxsize=None)
def mathml(latex: str, block: bool = False) -> str:
    """A formula in LaTeX as MathML, which keeps the LaTeX for who copies it.  Raises ValueError if it cannot be read."""
    from latex2mathml.converter import convert

    try:
        made = convert(latex, display="block" if block else "inline")
    except Exception as error:
        raise ValueError(f"not a formula: {latex!r}") from error
    return made.replace("<math ", f'<math alttext="{html.escape(latex, quote=True)}" ', 1)
