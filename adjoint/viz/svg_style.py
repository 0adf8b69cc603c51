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
        *_coloured(scope, scheme),
    ]
    return "".join([*parts, *(_switches(scope) if scheme == "auto" else ())])


def _coloured(scope: str, scheme: str) -> list[str]:
    """The colours; where they may change, as variables too, after the plain ones for programs that know no variables."""
    known = colours("dark" if scheme == "dark" else "light")

    def chosen(what: str, name: str) -> str:
        plain = f"{what}:{known[name]}"
        return plain if scheme != "auto" else f"{plain};{what}:var(--ap-{name},{known[name]})"

    rules = []
    for selector, (inside, line) in _COLOURS.items():
        parts = [chosen("fill", inside)] if inside else []
        parts += [chosen("stroke", line)] if line else []
        rules.append(f"{scope} {selector}{{{';'.join(parts)}}}")
    return rules


# How the page around a picture says which scheme it is in: JupyterLab, VS Code, Material for MkDocs, and by custom.
_SAYS = {
    "dark": ('[data-jp-theme-light="false"]', ".vscode-dark", '[data-md-color-scheme="slate"]', '[data-theme="dark"]'),
    "light": ('[data-jp-theme-light="true"]', ".vscode-light", '[data-md-color-scheme="default"]', '[data-theme="light"]'),
}


def _switches(scope: str) -> list[str]:
    """The values of the variables: as the page around says, else as the viewer prefers."""
    used = sorted({name for pair in _COLOURS.values() for name in pair if name})
    values = {scheme: ";".join(f"--ap-{name}:{colours(scheme)[name]}" for name in used) for scheme in _SAYS}
    rules = [f"@media (prefers-color-scheme:dark){{{scope}{{{values['dark']}}}}}"]
    for scheme, marks in _SAYS.items():
        rules.append(f"{','.join(f'{mark} {scope}' for mark in marks)}{{{values[scheme]}}}")
    return rules
