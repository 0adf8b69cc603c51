"""Pictures of recordings: SVG for papers and notebooks, DOT for Graphviz."""

import re
import shutil
import subprocess
import xml.etree.ElementTree as ET

import pytest

import adjoint as torch
import adjoint.nn.functional as F
from adjoint import nn
from adjoint.viz import layout, record, theme, to_dot, to_svg

_SVG = "{http://www.w3.org/2000/svg}"
needs_engine = pytest.mark.skipif(not layout.available(), reason="there is no layout engine")


@pytest.fixture
def seed():
    with record() as recording:
        x = torch.ones(3, requires_grad=True)
        z = (x + 2) * (x + 2) * 2
        out = z.mean()
        out.backward()
    return recording


class _Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, x):
        return x + self.mlp(self.norm(x))


class _Net(nn.Module):
    def __init__(self, layers=12, width=8):
        super().__init__()
        self.embed = nn.Embedding(20, width)
        self.h = nn.ModuleList([_Block(width) for _ in range(layers)])
        self.head = nn.Linear(width, 20)

    def forward(self, tokens):
        x = self.embed(tokens)
        for block in self.h:
            x = block(x)
        return self.head(x)


@pytest.fixture
def deep():
    with record() as recording:
        tokens = torch.randint(20, (2, 5))
        loss = F.cross_entropy(_Net()(tokens).flatten(0, 1), tokens.flatten())
        loss.backward()
    return recording


def _texts(svg):
    return [text.text for text in ET.fromstring(svg).iter(f"{_SVG}text")]


@needs_engine
def test_a_small_graph_shows_names_formulas_values_and_gradients(seed):
    texts = _texts(to_svg(seed))
    assert {"x", "x + 2", "z", "out", "mean(z)", "g · 2", "g / 3", "leaf (3,)"} <= set(texts)
    assert texts.count("18") == 4 and texts.count("4") == 3  # z and out; x.grad
    assert "0.333  0.333  0.333" in texts


@needs_engine
def test_each_use_of_a_tensor_is_an_edge_and_gradients_run_up_beside_it(seed):
    root = ET.fromstring(to_svg(seed))
    lines = [path for path in root.iter(f"{_SVG}path") if "line" in path.get("class")]
    down = [path for path in lines if "forward" in path.get("class")]
    up = [path for path in lines if "gradient" in path.get("class")]
    assert len(down) == len(up) == 6 + 1  # two of x, two into the product, three more; one of each in the legend is among them

    def heights(path):
        numbers = [float(n) for n in re.findall(r"-?[\d.]+", path.get("d"))]
        return numbers[1], numbers[-1]

    assert all(start < end for start, end in map(heights, down[:6]))
    assert all(start > end for start, end in map(heights, up[:6]))


@needs_engine
def test_without_a_backward_there_are_no_gradients_in_the_picture():
    with record() as recording:
        x = torch.ones(2, requires_grad=True)
        (x * 2).sum()
    assert "gradient" not in "".join(_texts(to_svg(recording)))
    assert 'class="gradient line"' not in to_svg(recording)


@needs_engine
def test_a_tensor_alone_has_a_picture_with_the_gradients_that_a_backward_would_send():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = (x * x).sum()
    texts = _texts(to_svg(y))
    assert {"x", "y", "sum(x · x)", "gradients that a backward would send"} <= set(texts)
    assert x.grad is None
    assert _texts(to_svg(y.grad_fn))[0] == texts[0]


@needs_engine
def test_a_leaf_alone_is_a_box_and_nothing_at_all_an_empty_picture():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    assert {"x", "leaf (2,)", "collects a .grad"} <= set(_texts(to_svg(x)))
    with record() as nothing:
        pass
    assert _texts(to_svg(nothing)) == []


@needs_engine
def test_a_write_into_a_view_and_a_users_function_have_names():
    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2

    x = torch.ones(4, requires_grad=True)
    y = Twice.apply(x)
    y = y * 1
    y[1:3].mul_(3)
    words = " ".join(_texts(to_svg(y.sum())))
    assert "Twice" in words and "CopySlices" in words and "torch::" not in words and "?" not in words


@needs_engine
def test_a_training_is_one_step_with_a_count_and_without_the_optimizers_arithmetic():
    with record() as recording:
        model = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1))
        optimizer = torch.optim.Adam(model.parameters())
        for _ in range(20):
            x = torch.randn(8, 2)
            loss = F.mse_loss(model(x), x.sum(1, keepdim=True))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    texts = _texts(to_svg(recording))
    assert texts.count("×20") >= 1 and texts.count("Tanh") == 1
    assert not {"addcdiv", "sqrt", "lerp", "uniform"} & set(texts)


@needs_engine
def test_a_deep_stack_fits_a_page_and_its_parameters_lie_in_its_boxes(deep):
    svg = to_svg(deep)
    texts = _texts(svg)
    assert {"embed", "h.0 … 11", "×12", "norm", "mlp", "head"} <= set(texts)
    assert not any("weight" in text for text in texts)
    assert len(svg) < 60_000
    root = ET.fromstring(svg)
    assert 5 <= sum("body" in (rect.get("class") or "") for rect in root.iter(f"{_SVG}rect")) <= 24
    assert not any("fill_" in text or "zero_" in text for text in texts)  # of making the parameters


@needs_engine
def test_a_loop_is_drawn_once_and_says_what_it_hands_on():
    with record() as recording:
        w = torch.randn(4, 4, requires_grad=True)
        h = torch.zeros(4)
        for _ in range(30):
            h = torch.tanh(h @ w + 1)
        h.sum().backward()
    texts = _texts(to_svg(recording))
    assert "loop" in texts and "×30" in texts
    assert any(text.endswith("· hands on h") for text in texts)
    assert texts.count("tanh") == 1 and "w" in texts


@needs_engine
def test_a_picture_is_described_for_those_who_do_not_see_it(seed):
    root = ET.fromstring(to_svg(seed))
    assert root.get("role") == "img"
    description = root.find(f"{_SVG}desc").text
    assert description.startswith("6 boxes: x + 2, x + 2,") and "z to out" in description


@needs_engine
@pytest.mark.parametrize("scheme", ["light", "dark", "auto"])
def test_colours_are_those_of_the_scheme(seed, scheme):
    svg = to_svg(seed, scheme=scheme)
    light, dark = theme.colours("light")["gradient"], theme.colours("dark")["gradient"]
    assert (light in svg, dark in svg) == {"light": (True, False), "dark": (False, True), "auto": (True, True)}[scheme]
    assert ("prefers-color-scheme" in svg) == (scheme == "auto")


def test_wrong_options_are_refused(seed):
    with pytest.raises(ValueError, match="scheme must be"):
        to_svg(seed, scheme="sepia")
    with pytest.raises(TypeError, match="give a Tensor, a grad_fn, a Module"):
        to_svg("loss")
    with pytest.raises(TypeError) as error:
        to_svg(nn.Linear(2, 3))
    assert "give the inputs of the Linear as well" in str(error.value.__notes__)


@needs_engine
def test_boxes_do_not_overlap_and_no_text_is_wider_than_its_box(deep, seed):
    from adjoint.viz.lettering import KINDS, width_of

    for recording in (deep, seed):
        root = ET.fromstring(to_svg(recording))
        boxes = []
        for group in root.iter(f"{_SVG}g"):
            bodies = [rect for rect in group.findall(f"{_SVG}rect") if rect.get("class") == "body"]
            if not bodies or group.find(f"{_SVG}text") is None:
                continue
            x, y, width, height = (float(bodies[0].get(name)) for name in ("x", "y", "width", "height"))
            boxes.append((x, y, width, height))
            for text in group.findall(f"{_SVG}text"):
                kind = text.get("class").split()[0]
                wide = width_of(text.text, kind if kind in KINDS else "cell")
                left = float(text.get("x")) - {"end": wide, "middle": wide / 2}.get(text.get("text-anchor"), 0)
                assert x - 0.5 <= left and left + wide <= x + width + 0.5, text.text
        for i, (x, y, width, height) in enumerate(boxes):
            for u, v, other_width, other_height in boxes[:i]:
                assert x >= u + other_width or u >= x + width or y >= v + other_height or v >= y + height


@needs_engine
def test_a_picture_is_written_to_a_file(seed, tmp_path):
    text = seed.to_svg(tmp_path / "seed.svg")
    assert (tmp_path / "seed.svg").read_text(encoding="utf-8") == text


def test_without_an_engine_the_error_says_what_to_install(seed, monkeypatch):
    monkeypatch.setattr(layout, "_engine", lambda: None)
    with pytest.raises(ImportError, match=r"pip install 'adjoint\[viz\]'"):
        to_svg(seed)


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_graphviz_lays_out_what_elk_does_not(deep, seed, monkeypatch):
    monkeypatch.setattr(layout, "_engine", lambda: layout._by_dot)
    for recording in (deep, seed):
        root = ET.fromstring(to_svg(recording))
        assert any("C" in path.get("d") for path in root.iter(f"{_SVG}path"))


# DOT: as the language's grammar has it (https://graphviz.org/doc/info/lang.html), what of it is written here.

_ID = r'(?:"(?:[^"\\]|\\.)*"|[A-Za-z_]\w*|-?\d+(?:\.\d+)?)'
_LIST = rf"\[\s*{_ID}\s*=\s*{_ID}(?:\s*[,;]\s*{_ID}\s*=\s*{_ID})*\s*\]"
_STATEMENTS = [
    re.compile(rf"\s*(?:graph|node|edge)\s*{_LIST};\s*"),
    re.compile(rf"\s*{_ID}\s*(?:->\s*{_ID}\s*)?(?:{_LIST})?;\s*"),
    re.compile(rf"\s*{_ID}\s*=\s*{_ID};\s*"),
]


def _read(text, at=0):
    """Reads statements up to a closing brace; returns where that is."""
    opening = re.compile(rf"\s*(?:digraph|subgraph)\s*{_ID}\s*\{{")
    while not (closing := re.compile(r"\s*\}\s*").match(text, at)):
        inner = opening.match(text, at)
        if inner:
            at = _read(text, inner.end())
            continue
        found = next((m for statement in _STATEMENTS if (m := statement.match(text, at))), None)
        assert found, f"no statement: {text[at : at + 80]!r}"
        at = found.end()
    return closing.end()


def test_dot_is_of_the_languages_grammar_whatever_names_are(deep, seed):
    with record('a "title" \\ with everything') as recording:
        ü = torch.ones(2, requires_grad=True)
        (ü * 2).sum().backward()
    for made in (deep, seed, recording):
        text = to_dot(made)
        start = re.match(rf"digraph {_ID} \{{", text)
        assert start and _read(text, start.end()) == len(text)
    assert "subgraph cluster_0" in to_dot(deep) and "×12" in to_dot(deep)
    assert to_dot(seed).count("dir=back") == 6


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_graphviz_reads_the_dot(deep):
    done = subprocess.run(["dot", "-Tsvg"], input=to_dot(deep), capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0 and not done.stderr and "<svg" in done.stdout


@needs_engine
def test_a_picture_in_a_page_goes_by_what_the_page_says_and_else_by_what_the_viewer_prefers(seed):
    svg = to_svg(seed)
    dark = re.search(r"@media \(prefers-color-scheme:dark\)\{\.adjoint-picture\.auto\{([^}]*)\}\}", svg)[1]
    assert f"--ap-ground:{theme.colours('dark')['ground']}" in dark
    assert '[data-md-color-scheme="slate"] .adjoint-picture.auto' in svg and "var(--" not in to_svg(seed, scheme="light")
    plain = theme.colours("light")["ground"]
    assert f".ground{{fill:{plain};fill:var(--ap-ground,{plain})}}" in svg  # for programs that know no variables
