"""The operators' pages, made from the rows of the tables: what each is, its derivatives typeset, what its node keeps."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import adjoint
from adjoint.declare.documentation import _formula_text, _returns
from adjoint.declare.namespaces import FUNCTIONS, OPERATORS
from adjoint.declare.operator import MISSING, Operator, asks_for
from adjoint.declare.saved import saved_names
from adjoint.tensor import Tensor
from handbook.docstrings import markdown
from handbook.formulas import Unreadable, is_plain, latex, name, prose
from handbook.readable import expression, helpers, source, unwrapped

OPS = Path(adjoint.__file__).parent / "ops"

WRITTEN: dict[tuple[str, str], str] = {
    ("pow_number", "self"): r"g \cdot \overline{p \cdot x^{p - 1}}",
    ("prod", "self"): r"g \cdot \overline{\prod_{j \ne i} x_j}",
    ("var", "self"): r"g \cdot \frac{2}{n - \mathrm{correction}} \cdot \left(x - \mu\right)",
    ("std", "self"): r"\frac{g}{\mathrm{result}} \cdot \frac{1}{n - \mathrm{correction}} \cdot \left(x - \mu\right)",
    ("mean", "self"): r"\frac{g}{n}",
    ("sum", "self"): r"g \text{, for every element}",
    ("cumsum", "self"): r"\textstyle\sum_{j \ge i} g_j",
    ("cumprod", "self"): r"\frac{1}{x_i} \cdot \textstyle\sum_{j \ge i} g_j \cdot \mathrm{result}_j",
    ("logit", "self"): r"\frac{g}{x \cdot \left(1 - x\right)}",
    ("sinc", "self"): r"g \cdot \frac{\cos\left(\pi x\right) - \mathrm{result}}{x}",
    ("clamp", "self"): r"\begin{cases} g & \text{if } \mathrm{min} \le x \le \mathrm{max} \\ 0 & \text{otherwise} \end{cases}",
    (".clamp", "self"): r"\begin{cases} g & \text{if } \mathrm{min} \le x \le \mathrm{max} \\ 0 & \text{otherwise} \end{cases}",
    (".clamp", "min"): r"\begin{cases} g & \text{if } x < \mathrm{min} < \mathrm{max} \\ 0 & \text{otherwise} \end{cases}",
    (".clamp", "max"): r"\begin{cases} g & \text{if } x > \mathrm{max} \\ 0 & \text{otherwise} \end{cases}",
    ("amax", "self"): r"\begin{cases} \frac{g}{\#\{x = \mathrm{result}\}} & \text{if } x = \mathrm{result} \\ 0 & \text{otherwise} \end{cases}",
    ("amin", "self"): r"\begin{cases} \frac{g}{\#\{x = \mathrm{result}\}} & \text{if } x = \mathrm{result} \\ 0 & \text{otherwise} \end{cases}",
    ("silu", "self"): r"g \cdot \sigma\left(x\right) \cdot \left(1 + x \cdot \left(1 - \sigma\left(x\right)\right)\right)",
    ("igamma", "other"): r"g \cdot \frac{e^{-y} \cdot y^{x - 1}}{\Gamma\left(x\right)}",
    ("igammac", "other"): r"-g \cdot \frac{e^{-y} \cdot y^{x - 1}}{\Gamma\left(x\right)}",
    ("binary_cross_entropy_with_logits", "self"):
        r"\frac{g}{n} \cdot w \cdot \left(1 - t - \left(1 + \left(\mathrm{pos\_weight} - 1\right) \cdot t\right) \cdot \sigma\left(-x\right)\right)",
    ("smooth_l1_loss", "self"): r"\frac{g}{n} \cdot \begin{cases} \frac{x - t}{\beta} & \text{if } \left|x - t\right| < \beta \\ \mathrm{sign}\left(x - t\right) & \text{otherwise} \end{cases}",
    ("smooth_l1_loss", "target"): r"\frac{g}{n} \cdot \begin{cases} \frac{t - x}{\beta} & \text{if } \left|x - t\right| < \beta \\ \mathrm{sign}\left(t - x\right) & \text{otherwise} \end{cases}",
    ("linalg_cholesky", "self"): r"L^{-\mathsf{H}} \, \Phi\left(L^{\mathsf{H}} g\right) \, L^{-1}",
}
"""Derivatives whose code is more than an expression, as mathematics has them; the code stands below on their pages."""

VALUES: dict[str, str] = {
    "softmax": r"\frac{e^{x_i}}{\textstyle\sum_{j \in \mathrm{dim}} e^{x_j}}",
    "log_softmax": r"x_i - \ln \textstyle\sum_{j \in \mathrm{dim}} e^{x_j}",
    "logsumexp": r"\ln \textstyle\sum_{\mathrm{dim}} e^{x}",
    "sigmoid": r"\frac{1}{1 + e^{-x}}",
    "softplus": r"\frac{1}{\beta} \ln\left(1 + e^{\beta x}\right)",
    "relu": r"\max\left(x, 0\right)",
    "silu": r"x \cdot \sigma\left(x\right)",
    "mish": r"x \cdot \tanh\left(\ln\left(1 + e^{x}\right)\right)",
    "gelu": r"x \cdot \Phi\left(x\right)",
    "elu": r"\begin{cases} x & \text{if } x > 0 \\ \alpha \cdot \left(e^{x} - 1\right) & \text{otherwise} \end{cases}",
    "leaky_relu": r"\begin{cases} x & \text{if } x > 0 \\ \mathrm{slope} \cdot x & \text{otherwise} \end{cases}",
    "erf": r"\frac{2}{\sqrt{\pi}} \int_0^{x} e^{-t^2} \, dt",
    "sinc": r"\frac{\sin\left(\pi x\right)}{\pi x}",
    "rsqrt": r"\frac{1}{\sqrt{x}}",
    "logit": r"\ln \frac{x}{1 - x}",
    "logaddexp": r"\ln\left(e^{x} + e^{y}\right)",
    "mean": r"\frac{1}{n} \textstyle\sum_{\mathrm{dim}} x",
    "sum": r"\textstyle\sum_{\mathrm{dim}} x",
    "prod": r"\prod_{\mathrm{dim}} x",
    "var": r"\frac{1}{n - \mathrm{correction}} \textstyle\sum_{\mathrm{dim}} \left(x - \mu\right)^2",
    "std": r"\sqrt{\frac{1}{n - \mathrm{correction}} \textstyle\sum_{\mathrm{dim}} \left(x - \mu\right)^2}",
    "mm": r"A \, B", "bmm": r"A \, B", "matmul": r"x \, y", "mv": r"A \, v", "dot": r"\textstyle\sum x \cdot y",
    "addmm": r"\beta \cdot x + \alpha \cdot A \, B", "linear": r"x \, w^{\mathsf{T}} + b",
    "mse_loss": r"\frac{1}{n} \textstyle\sum \left(x - t\right)^2",
    "binary_cross_entropy": r"-\frac{1}{n} \textstyle\sum w \cdot \left(t \ln x + \left(1 - t\right) \ln\left(1 - x\right)\right)",
    "native_layer_norm": r"\frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}} \cdot w + b",
    "native_batch_norm": r"\frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}} \cdot w + b",
    "native_group_norm": r"\frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}} \cdot w + b",
    "_fused_rms_norm": r"\frac{x}{\sqrt{\frac{1}{n} \textstyle\sum x^2 + \varepsilon}} \cdot w",
    "_scaled_dot_product_flash_attention_for_cpu":
        r"\mathrm{softmax}\left(\mathrm{scale} \cdot q \, k^{\mathsf{T}} + \mathrm{mask}\right) \, v",
}  # fmt: skip
"""What rows compute, where their code does not say it in one expression."""


def public() -> dict[str, Operator]:
    """The rows, by their key, in the order of the tables' files."""
    return dict(sorted(OPERATORS.items(), key=lambda item: (place(item[1])[0], place(item[1])[1])))


def address(key: str) -> str:
    """The name of a row's page."""
    first, _, rest = key.partition(".")
    return (re.sub(r"[^A-Za-z0-9_]+", "-", key) if first else f"{rest}-row") + ".md"


@lru_cache(maxsize=None)
def _declarations() -> dict[str, list[tuple[str, int]]]:
    """Where rows are declared: per name the files of adjoint/ops and the lines."""
    found: dict[str, list[tuple[str, int]]] = {}
    for file in sorted(OPS.glob("*.py")):
        text = file.read_text("utf-8")
        for match in re.finditer(r'\b(?:op|elementwise|view|_\w+)\(\s*f?"([\w.]+)"', text):
            found.setdefault(match[1], []).append((file.name, text.count("\n", 0, match.start(1)) + 1))
    return found


def place(operator: Operator) -> tuple[str, int]:
    """The file of ``adjoint/ops`` in which a row is declared, and the line."""
    functions = [unwrapped(f) for f in (operator.forward, *operator.gradients.values())]
    codes = [f.__code__ for f in functions if inspect.isfunction(f) and Path(f.__code__.co_filename).parent == OPS]
    near = [(Path(c.co_filename).name, c.co_firstlineno) for c in codes]
    found = [p for n, places in _declarations().items() if n.partition(".")[0] == operator.name for p in places]
    same = [p for p in found if any(p[0] == n[0] for n in near)] or found
    if same:
        line = near[-1][1] if near else 0
        return min(same, key=lambda p: abs(p[1] - line))
    return near[-1] if near else ("", 0)


def names(operator: Operator) -> list[str]:
    """The names under which users call it."""
    found = []
    for space, functions in FUNCTIONS.items():
        prefix = "torch." if space == "torch" else f"torch.{space}."
        found += [prefix + n for n, f in functions.items() if f is operator and space != "batched"]
    methods = {n.rpartition(".")[2] for n in found} | ({operator.name} if "Tensor" in operator.where else set())
    if "Tensor" in operator.where:
        found += [f"Tensor.{n}" for n in sorted(methods) if hasattr(Tensor, n)]
        found += [f"Tensor.{n}_" for n in sorted(methods) if hasattr(Tensor, n + "_")]
    return found


def derivatives(key: str, operator: Operator) -> Iterator[tuple[tuple[str, ...], Any, str | None]]:
    """Per input: its names, the row's formula, and the LaTeX; None where it is no single expression."""
    for inputs, formula in operator.gradients.items():
        if len(inputs) > 1 and all(name in operator.reads for name in inputs):
            for name in inputs:
                yield (name,), formula, _reading(operator.reads[name])
        else:
            yield inputs, formula, _derivative(key, operator, inputs, formula)


def _derivative(key: str, operator: Operator, inputs: tuple[str, ...], formula: Any) -> str | None:
    """As it is written, or the code's own expression if that says all; else as the row says that it reads."""
    written = WRITTEN.get((key, inputs[0]))
    if written is not None:
        return written
    found = expression(formula)
    reads = operator.reads.get(inputs[0])
    if reads is not None and (found is None or not is_plain(found)):
        return _reading(reads)
    if found is None or len(inputs) > 1:
        return None
    try:
        text = latex(found)
    except (Unreadable, TypeError):
        return None
    return None if "not\\_implemented" in text or "no\\_derivative" in text or "no\\_order" in text else text


def _reading(text: str) -> str:
    """What a row says that a formula reads: a formula, words, or a formula and words about it behind a comma."""
    for formula, comma, words in (text, "", ""), text.partition(", "):
        try:
            return latex(formula) + (prose(comma + words) if words else "")
        except (SyntaxError, Unreadable, TypeError):
            continue
    return prose(text)


def value(key: str, operator: Operator) -> str | None:
    """What it computes, as LaTeX, where that is one expression."""
    if operator.name in VALUES:
        return VALUES[operator.name]
    forward = unwrapped(operator.plain or operator.forward)
    if type(forward).__name__ == "ufunc":
        arguments = ", ".join(("self", "other")[: forward.nin])
        text: Any = f"np.{forward.__name__}({arguments})"
    else:
        text = expression(forward) if operator.elementwise else None
    try:
        found = latex(text) if text is not None else None
    except (Unreadable, TypeError):
        return None
    return found if found is not None and len(found) < 300 else None


def title(operator: Operator) -> str:
    """The public name, that of the function which calls the row, or the row's."""
    known = names(operator)
    return known[0] if known else caller(operator) or operator.name


def caller(operator: Operator) -> str | None:
    """The public function of the row's name, for a row that has no public name itself."""
    for space, prefix in (("torch", "torch."), ("nn.functional", "torch.nn.functional."), ("linalg", "torch.linalg.")):
        name = operator.name.removeprefix("linalg_") if space == "linalg" else operator.name
        if name in FUNCTIONS.get(space, {}):
            return prefix + name
    return None


def page(key: str, operator: Operator) -> str:
    """A row's page in Markdown."""
    file, line = place(operator)
    known = names(operator)
    parts = [f"# {title(operator)}".replace("_", "\\_")]
    parts.append(f"```text\n{_signature(operator)}\n```")
    if operator.doc:
        parts.append(markdown(operator.doc))
    if not known:
        calls = f"`{caller(operator)}` calls it" if caller(operator) else "Other functions call it"
        parts.append(f"A row without a public name. {calls}; its node stands in their graphs.")
    elif len(known) > 1:
        parts.append("Also as " + ", ".join(f"`{n}`" for n in known[1:]) + ".")
    computed = value(key, operator)
    if computed:
        parts += ["## Value", f"$$\n{computed}\n$$"]
    parts.append("## Derivatives")
    parts += list(_derivative_parts(key, operator)) if operator.gradients else ["Not differentiable: its result requires no gradient."]
    parts.append("## Node")
    parts.append(_node(operator))
    parts.append(f"Declared in `adjoint/ops/{file}`, line {line}." if file else "")
    return "\n\n".join(p for p in parts if p) + "\n"


def _signature(operator: Operator) -> str:
    shown = []
    for p in operator.params:
        n = "input" if p.name == "self" else p.name
        shown.append(n if p.default is MISSING else f"{n}={p.default!r}")
    return f"{operator.name}({', '.join(shown)}) -> {_returns(operator)}"


def _derivative_parts(key: str, operator: Operator) -> Iterator[str]:
    yield _legend(operator)
    code, shown = [], []
    for inputs, formula, text in derivatives(key, operator):
        above = ", ".join(name(n) for n in inputs)
        if text is not None:
            yield f"$$\n\\frac{{\\partial L}}{{\\partial {above}}} = {text}\n$$"
        elif len(inputs) > 1:
            yield f"$\\frac{{\\partial L}}{{\\partial {above}}}$ come from one function, `{_formula_text(formula)}`, below."
        else:
            yield f"$\\frac{{\\partial L}}{{\\partial {above}}}$ takes more than one expression; the code is below."
        line = f"{', '.join(next(names for names, f in operator.gradients.items() if f is formula))}: {_formula_text(formula)}"
        if line not in code:
            code.append(line)
        shown += [f for f in [unwrapped(formula), *helpers(formula)] if source(f) and f not in shown]
    yield "As the row says it:\n\n```python\n" + "\n".join(code) + "\n```"
    if shown:
        yield "```python\n" + "\n\n\n".join(source(f) or "" for f in shown) + "\n```"


def _legend(operator: Operator) -> str:
    """What the letters are."""
    said = ["$L$ is the loss, $g$ the gradient that arrives"]
    for p in operator.arrays:
        written = name(p.name)
        if written != rf"\mathrm{{{p.name}}}" and written != p.name:
            said.append(f"${written}$ is `{'input' if p.name == 'self' else p.name}`")
    if any("result" in asks_for(f) for f in operator.gradients.values()):
        said.append(r"$\mathrm{result}$ what was computed")
    text = ", ".join(said) + "; a bar is the complex conjugate, which real numbers do not have."
    if operator.elementwise and len(operator.arrays) > 1:
        text += " Where an operand was broadcast, its gradient is summed over what it was repeated along."
    return text


def _node(operator: Operator) -> str:
    rows = []
    if operator.gradients:
        kept = saved_names(operator)
        rows.append(("grad_fn", " or ".join(f"`{n}`" for n in operator.backward_names)))
        rows.append(("keeps", ", ".join(f"`{n}`" for n in kept) if kept else "no tensor"))
        for inputs, formula in operator.gradients.items():
            wants = [n for n in asks_for(formula) if n in kept]
            if wants:
                rows.append((f"for `{', '.join(inputs)}`", ", ".join(f"`{n}`" for n in wants)))
    kinds = []
    if operator.elementwise:
        kinds.append("element by element: operands are promoted to one dtype and broadcast")
    if operator.view:
        kinds.append("a view: its result looks at its operand's memory")
    if operator.promote == "float":
        kinds.append("integers become the default floating dtype")
    if operator.promote == "bool":
        kinds.append("the result is of bools")
    if kinds:
        rows.append(("kind", "; ".join(kinds)))
    rows.append(("forward mode", _tangent(operator)))
    rows.append(("large arrays", "traced, fused and compiled" if operator.takes_large else "NumPy, or kernels of its own"))
    return "| | |\n|---|---|\n" + "\n".join(f"| {a} | {b} |" for a, b in rows)


def _tangent(operator: Operator) -> str:
    if operator.tangent == "linear":
        return "linear: the tangent goes through the operator itself"
    if operator.tangent == "multilinear":
        return "linear in each operand: one term per tangent"
    if operator.tangent is not None or operator.jvp is not None:
        return "a formula of its own"
    if operator.elementwise and operator.gradients:
        return "the same formulas, with the tangent in place of $g$"
    return "the gradient, which is linear in $g$, differentiated with respect to $g$" if operator.gradients else "no tangent"


def index() -> str:
    """All rows on one page, by their files: the table of derivatives."""
    parts = [
        "# All derivatives",
        "Every row of the tables, by the file of `adjoint/ops` that declares it. $g$ is the gradient that arrives, $x$ the input, "
        "$y$ the other operand, a bar the complex conjugate. Where a cell says *code*, the derivative takes more than one "
        "expression; it stands on the row's page.",
    ]
    files: dict[str, list[tuple[str, Operator]]] = {}
    for key, operator in public().items():
        files.setdefault(place(operator)[0], []).append((key, operator))
    for file, rows in files.items():
        parts.append(f"## {(file or 'others').removesuffix('.py').replace('_', ' ')}")
        lines = ["| operator | node | derivative |", "|---|---|---|"]
        for key, operator in rows:
            cells = []
            for inputs, _, text in derivatives(key, operator):
                short = f"${text}$" if text is not None and len(text) < 170 else "*code*"
                cells.append(f"${', '.join(name(n) for n in inputs)}$: {short}")
            node = f"`{operator.backward_name}`" if operator.gradients else ""
            shown = "<br>".join(cells).replace("|", r"\vert ") or "–"
            lines.append(f"| [`{title(operator).removeprefix('torch.')}`](operators/{address(key)}) | {node} | {shown} |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def pages() -> Iterator[tuple[str, str]]:
    """The addresses of all pages, below ``reference/operators``, and their Markdown."""
    for key, operator in OPERATORS.items():
        yield address(key), page(key, operator)
