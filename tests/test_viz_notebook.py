"""What notebooks show: grad_fns, recordings and modules as pictures and trees; tensors as text."""

import os
import re
import shutil
import sys
from pathlib import Path

import pytest

import adjoint as torch
from adjoint import nn
from adjoint.viz import layout, record
from adjoint.viz.inline_view import view_of

needs_engine = pytest.mark.skipif(not layout.available(), reason="there is no layout engine")
CHROMIUM = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)
ARGUMENTS = "--no-sandbox --disable-gpu --disable-background-networking --no-first-run --disable-component-update --disable-sync"


class _Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.first, self.second = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        return x + self.second(self.first(self.norm(x)).relu().square() + 1)


@pytest.fixture
def deep():
    model = nn.Sequential(nn.Linear(4, 8), *[_Block(8) for _ in range(10)], nn.Linear(8, 1))
    with record("deep") as recording:
        loss = model(torch.randn(3, 4)).mean()
        loss.backward()
    return recording


@needs_engine
def test_a_grad_fn_is_a_picture_with_the_callers_names():
    weight = torch.tensor([1.0, 2.0], requires_grad=True)
    loss = (weight * weight).sum()
    bundle = loss.grad_fn._repr_mimebundle_()
    assert bundle["text/plain"].startswith("<SumBackward0 object")
    assert bundle["image/svg+xml"].startswith("<svg") and ">weight<" in bundle["image/svg+xml"]
    assert bundle["text/html"].startswith('<div class="adjoint-view">') and ">weight<" in bundle["text/html"]
    assert loss.grad_fn._repr_html_() is not None
    assert weight.grad is None


@needs_engine
def test_an_explanation_is_its_picture_and_its_table_behind_a_click():
    weight = torch.tensor([1.0, 2.0], requires_grad=True)
    loss = (weight * weight).sum()
    html = loss.explain()._repr_html_()
    assert html.startswith('<div class="adjoint-view">') and "<summary>as a table</summary><pre>#  your line" in html
    assert "g * weight" in html.partition("<details>")[2]


def test_tensors_and_parameters_stay_text():
    for kind in (torch.Tensor, nn.Parameter):
        assert not hasattr(kind, "_repr_html_") and not hasattr(kind, "_repr_mimebundle_")


def test_a_module_is_a_tree_in_which_equal_layers_are_one():
    model = nn.Sequential(nn.Linear(4, 8), *[nn.Sequential(nn.Linear(8, 8), nn.ReLU()) for _ in range(6)])
    bundle = model._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"} and bundle["text/plain"] == repr(model)
    html = bundle["text/html"]
    assert html.count("<details") == 2 and "×6" in html and "1 … 6" in html
    assert "in_features=8, out_features=8" in html and f"{sum(p.numel() for p in model.parameters())} parameters" in html
    assert "<script" not in html


def test_a_modules_own_html_goes_before():
    class Own(nn.Module):
        def _repr_html_(self):
            return "<b>mine</b>"

    assert Own()._repr_mimebundle_()["text/html"] == "<b>mine</b>"


def test_names_that_are_html_are_told_and_not_run():
    class Odd(nn.Module):
        def extra_repr(self):
            return "<script>alert(1)</script>"

    assert "<script>" not in Odd()._repr_html_()
    with record("</script><b>") as recording:
        x = torch.ones(2, requires_grad=True)
        (x * 2).sum()
    if layout.available():
        html = recording._repr_html_()
        assert "</script><b>" not in html and html.count("<script") == 2


def test_without_an_engine_there_is_the_text_alone(monkeypatch):
    monkeypatch.setattr(layout, "_engine", lambda: None)
    x = torch.ones(2, requires_grad=True)
    assert set((x * 2).grad_fn._repr_mimebundle_()) == {"text/plain"}
    assert (x * 2).grad_fn._repr_html_() is None


@needs_engine
def test_a_picture_that_fails_raises_nothing(monkeypatch):
    monkeypatch.setattr("adjoint.viz.inline_view.folded", lambda *args, **named: 1 / 0)
    bundle = (torch.ones(2, requires_grad=True) * 2).grad_fn._repr_mimebundle_()
    assert "no picture: ZeroDivisionError" in bundle["text/plain"] and "text/html" not in bundle


@needs_engine
def test_an_output_stays_below_600_kilobytes_and_fetches_nothing(deep):
    model = nn.Sequential(*[nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.Tanh(), nn.BatchNorm2d(3)) for _ in range(8)])
    with record() as pictures:
        for layer in model:
            x = torch.randn(4, 3, 64, 64)
            for part in layer:
                x = part(x)
            x.square().mean().backward()
    for recording in (deep, pictures):
        html = view_of(recording)
        assert len(html.encode()) < 600_000
        assert not re.search(r'(?:src|href)\s*=|url\(|fetch\(|import\(|https?://(?!www\.w3\.org)', html)


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright's Python package is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed (make browser)")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS.split())
        yield started
        started.close()


@needs_engine
def test_a_click_tells_what_is_in_a_box_and_opens_what_is_closed(deep, browser):
    tab = browser.new_page(viewport={"width": 1000, "height": 900})
    complaints = []
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.set_content(f"<body>{view_of(deep)}</body>")
    view, panel = tab.locator(".adjoint-view"), tab.locator(".adjoint-view aside")
    assert panel.is_hidden() and view.locator("nav button").all_inner_texts() == ["deep"]
    view.locator("[data-box].root").click()
    assert panel.is_visible() and panel.locator("h4").inner_text() == "loss"
    told = panel.inner_text()
    assert "mean · MeanBackward0" in told and "loss = model(torch.randn(3, 4)).mean()" in told and "g / 3" in told
    norm = view.locator("[data-box]", has=tab.get_by_text("norm", exact=True)).first
    norm.focus()
    norm.press("Enter")
    assert "gradient in each of the repetitions" in panel.inner_text()
    assert panel.locator(".bars i").count() >= 10
    tab.close()
    assert not complaints


@needs_engine
def test_what_is_closed_opens_and_the_way_back_is_shown(deep, browser):
    from adjoint.viz import inline_view

    tab = browser.new_page()
    original = inline_view.folded
    try:
        inline_view.folded = lambda recording, limit=3, **named: original(recording, limit, **named)
        tab.set_content(f"<body>{view_of(deep)}</body>")
    finally:
        inline_view.folded = original
    view = tab.locator(".adjoint-view")
    closed = view.locator("[data-box].group").first
    closed.click()
    view.get_by_text("Open it").click()
    assert view.locator("nav button").count() == 2 and view.locator("nav button").nth(1).is_disabled()
    inside = view.locator("[data-box]").all_text_contents()
    view.locator("nav button").first.click()
    assert view.locator("[data-box]").all_text_contents() != inside
    assert view.locator("nav button").count() == 1
    tab.close()


@needs_engine
@pytest.mark.parametrize(
    "body, dark",
    [("", False), ('data-jp-theme-light="false"', True), ('data-vscode-theme-kind="vscode-dark"', True)],
    ids=["light", "JupyterLab, dark", "VS Code, dark"],
)
def test_a_view_is_dark_where_the_notebook_is(deep, browser, body, dark):
    tab = browser.new_page(color_scheme="light")
    tab.set_content(f"<body {body}>{view_of(deep)}</body>")
    assert tab.locator(".adjoint-view").get_attribute("data-theme") == ("dark" if dark else "light")
    ground = tab.evaluate("getComputedStyle(document.querySelector('.adjoint-view')).backgroundColor")
    assert (ground == "rgb(21, 22, 26)") == dark
    tab.close()


@needs_engine
def test_a_notebook_shows_them(tmp_path):
    nbformat = pytest.importorskip("nbformat")
    client = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    book = nbformat.v4.new_notebook()
    book.cells = [
        nbformat.v4.new_code_cell(source)
        for source in (
            "import adjoint as torch\nx = torch.ones(3, requires_grad=True)\nz = (x + 2) * 2\nz.mean().grad_fn",
            "z",
            "torch.nn.Linear(2, 3)",
            "from adjoint.viz import record\nmodel = torch.nn.Linear(2, 3)\n"
            "with record() as recording:\n    model(torch.ones(1, 2)).sum().backward()\nmodel",
        )
    ]
    root = str(Path(__file__).parents[1])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])}
    kernel = client.NotebookClient(book, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}})
    manager = kernel.create_kernel_manager()
    manager.kernel_spec.argv[0] = sys.executable
    kernel.execute(env=environment)
    graph, tensor, module, called = (cell.outputs[0]["data"] for cell in book.cells)
    assert set(graph) == {"text/plain", "text/html", "image/svg+xml"}
    assert ">z<" in graph["text/html"] and "(x + 2) · 2" in graph["image/svg+xml"]
    assert set(tensor) == {"text/plain"}
    assert set(module) == {"text/plain", "text/html"} and "in_features=2" in module["text/html"]
    assert set(called) == {"text/plain", "text/html", "image/svg+xml"}
    assert called["text/html"].startswith('<div class="adjoint-view">') and "data-box" in called["text/html"]
