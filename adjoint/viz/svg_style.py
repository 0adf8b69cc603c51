"""The style sheet of a picture: plain colours, since not every program that reads SVG knows CSS variables."""

from __future__ import annotations

from adjoint.viz.lettering import KINDS, MONO, SANS
from adjoint.viz.theme import colours

# What is drawn, and the colours of its inside and of its line.
_COLOURS = {
    ".ground": ("ground", None),
    ".frame": ("raised", "line"),
    ".operator .body": ("surface", "edge"),
    ".plain .body": ("surface", "line"),
    ".group .body": ("surface", "edge"),
    ".group .stack": ("surface", "line"),
    ".leaf .body": ("leaf-soft", "leaf"),
    ".input .body": ("raised", "edge"),
    ".constant .body": ("raised", "line"),
    ".root .body": ("surface", "forward"),
    "text": ("ink", None),
    ".heading .title": ("ink", "raised"),
    ".tag": ("muted", None),
    ".small": ("muted", None),
    ".heading .small": ("muted", "raised"),
    ".label": ("muted", None),
    ".formula": ("muted", None),
    ".edge": ("gradient", None),
    ".edge.by": ("muted", None),
    ".cell.value": ("forward-soft", None),
    ".cell.gradient": ("gradient-soft", None),
    ".number.value": ("forward", None),
    ".number.gradient": ("gradient", None),
    ".number.trouble": ("trouble", None),
    ".badge": ("saved-soft", None),
    ".count": ("saved", None),
    ".forward.line": (None, "forward"),
    ".forward.head": ("forward", None),
    ".gradient.line": (None, "gradient"),
    ".gradient.head": ("gradient", None),
    ".silent.line": (None, "edge"),
    ".silent.head": ("edge", None),
}


def style(scheme: str) -> str:
    """The style sheet for ``"light"``, ``"dark"``, or ``"auto"``: light, and dark where the viewer prefers that."""
    scope = f".adjoint-picture.{scheme}"
    parts = [
        f"{scope} text{{font-family:{SANS}}}",
        *(
            f"{scope} .{kind}{{font-size:{size}px{';font-weight:600' if bold else ''}{f';font-family:{MONO}' if mono else ''}}}"
            for kind, (size, bold, mono) in KINDS.items()
        ),
        f"{scope} .number{{font-size:{KINDS['cell'][0]}px;font-family:{MONO}}}",
        f"{scope} .line{{fill:none;stroke-width:1.3}}",
        f"{scope} .gradient.line{{stroke-dasharray:5 2.5}}",
        f"{scope} .input .body,{scope} .constant .body{{stroke-dasharray:3 2}}",
        f"{scope} .root .body{{stroke-width:1.8}}",
        f"{scope} .heading .title,{scope} .heading .small{{paint-order:stroke;stroke-width:5;stroke-linejoin:round}}",
        *_coloured(scope, "dark" if scheme == "dark" else "light"),
    ]
    if scheme == "auto":
        parts.append(f"@media (prefers-color-scheme:dark){{{''.join(_coloured(scope, 'dark'))}}}")
    return "".join(parts)


def _coloured(scope: str, scheme: str) -> list[str]:
    known = colours(scheme)
    rules = []
    for selector, (inside, line) in _COLOURS.items():
        parts = [f"fill:{known[inside]}"] if inside else []
        parts += [f"stroke:{known[line]}"] if line else []
        rules.append(f"{scope} {selector}{{{';'.join(parts)}}}")
    return rules
