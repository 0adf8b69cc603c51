"""The explorer in a real browser: what a reader sees, and what happens when they step, click, fold and search."""

import json
import os
import random
import re
import shutil
import time
from pathlib import Path

import pytest

import adjoint
from adjoint import nn, viz
from adjoint.viz import page as pages

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright's Python package is not installed")

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
ARGUMENTS = "--no-sandbox --disable-gpu --disable-background-networking --no-first-run --disable-component-update --disable-sync"
SCREENSHOTS = Path(__file__).parents[1] / "build" / "screenshots"
WIDTHS = {"1280": {"width": 1280, "height": 800}, "390": {"width": 390, "height": 844}}
PATIENCE = 2 if os.environ.get("CI") else 1  # shared machines are slow
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed (make browser)")


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS.split())
        yield started
        started.close()


@pytest.fixture
def opened(browser, tmp_path):
    """Open a recording's page; at the end, nothing may have been complained about and nothing fetched."""
    contexts, complaints = [], []

    def opened(recording, *, width="1280", scheme="light", title="example.py"):
        path = pages.write(recording, tmp_path / f"page{len(contexts)}.html", title=title)
        context = browser.new_context(
            viewport=WIDTHS[width], color_scheme=scheme, has_touch=width == "390", reduced_motion="reduce"
        )
        contexts.append(context)
        tab = context.new_page()
        tab.on(
            "console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None
        )
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on(
            "request",
            lambda asked: (
                complaints.append(asked.url) if not asked.url.startswith(("file:", "blob:", "data:")) else None
            ),
        )
        tab.goto(path.as_uri())
        tab.wait_for_selector("html[data-ready]", timeout=30_000)
        return tab

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.first = nn.Linear(width, 2 * width)
        self.second = nn.Linear(2 * width, width)

    def forward(self, x):
        return x + self.second(nn.functional.gelu(self.first(self.norm(x))))


class Tower(nn.Module):
    """Twelve equal blocks between an embedding and a head, as a GPT is built."""

    def __init__(self, depth=12, width=8):
        super().__init__()
        self.embedding = nn.Embedding(10, width)
        self.blocks = nn.ModuleList([Block(width) for _ in range(depth)])
        self.head = nn.Linear(width, 10)

    def forward(self, tokens):
        x = self.embedding(tokens)
        for block in self.blocks:
            x = block(x)
        return self.head(x)


@pytest.fixture(scope="module")
def lesson():
    with viz.record() as recording:
        x = adjoint.tensor([1.0, 2.0, 3.0], requires_grad=True)
        z = (x + 2) * (x + 2) * 2
        out = z.mean()
        out.backward()
    return recording


@pytest.fixture(scope="module")
def tower():
    adjoint.manual_seed(0)
    model = Tower()
    with viz.record() as recording:
        tokens = adjoint.arange(6)
        loss = nn.functional.cross_entropy(model(tokens), tokens)
        loss.backward()
    return recording


@pytest.fixture(scope="module")
def chain():
    with viz.record() as recording:
        x = adjoint.ones(3, requires_grad=True)
        y = x
        for _ in range(5000):
            y = y * 1.0001
            y = y + 0.001
        y.sum().backward()
    return recording


def to_step(tab, k):
    tab.locator("#slider").evaluate("(slider, k) => { slider.value = k; slider.dispatchEvent(new Event('input')); }", k)


def steps_of(recording, event):
    """The slider's positions of an event; position 0 is the state before the first step."""
    return [k + 1 for k, step in enumerate(recording.steps) if step.event == event]


def text(tab, selector):
    return re.sub(r"\s+", " ", tab.locator(selector).inner_text()).strip()


def box(tab, title):
    return tab.locator(".box:not(.container)").filter(has=tab.locator(f"text.title:text-is({json.dumps(title)})"))


def screenshot(tab, name):
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    tab.wait_for_timeout(60)
    tab.screenshot(path=SCREENSHOTS / f"{name}.png")


# -- the file ---------------------------------------------------------------------------------------------------------


def test_the_page_is_one_file_that_names_nothing_to_fetch(lesson):
    html = pages.to_html(lesson)
    assert not re.search(r"<(script|link|img|iframe)[^>]*\b(src|href)=", html)
    assert "default-src 'none'" in html and "Eclipse Public License 2.0" in html
    assert len(html) < 1_000_000


def test_a_recording_is_taken_as_object_text_or_dictionary(lesson):
    texts = {pages.to_html(given, title="t") for given in (lesson, lesson.to_json(), lesson.to_dict())}
    assert len(texts) == 1


def test_json_that_is_no_recording_is_refused():
    with pytest.raises(ValueError, match="expected a recording of format 1, but got 2"):
        pages.to_html({"format": 2})


@needs_browser
def test_what_the_user_named_and_wrote_is_text_and_never_markup(opened, lesson):
    evil = "</script><img src=x onerror=\"document.title='taken'\">"
    data = lesson.to_dict()
    data["title"] = data["program"] = evil
    for node in data["nodes"]:
        node["name"] = evil
        node["outputs"][0]["name"] = evil
        if node["line"]:
            node["line"]["text"] = evil
    for file in data["files"]:
        file["name"] = evil
        file["lines"] = dict.fromkeys(file["lines"], evil)
    tab = opened(data, title=None)
    for k in range(len(lesson.steps) + 1):
        to_step(tab, k)
    assert tab.title() == evil and text(tab, "#title") == evil
    assert tab.locator("img").count() == 0


# -- the lesson -------------------------------------------------------------------------------------------------------


@needs_browser
def test_the_first_sentence_says_what_a_gradient_is(opened, lesson):
    tab = opened(lesson)
    assert "the gradient of a number says how much" in text(tab, "#sentence-text")


@needs_browser
def test_numbers_appear_as_they_are_computed(opened, lesson):
    tab = opened(lesson)
    product = tab.locator(".box").nth(3)
    shown = "element => getComputedStyle(element.querySelector('.cells.value text')).opacity"
    assert product.evaluate(shown) == "0"
    to_step(tab, steps_of(lesson, "forward")[2])
    assert "computed" in product.get_attribute("class")
    assert product.evaluate(shown) == "1"
    assert [cell.text_content() for cell in product.locator(".cells.value text").all()] == ["9", "16", "25"]


@needs_browser
def test_each_step_has_a_sentence_that_is_true_of_its_numbers(opened, lesson):
    tab = opened(lesson)
    sentences = []
    for k in range(len(lesson.steps) + 1):
        to_step(tab, k)
        sentences.append(text(tab, "#sentence-text"))
    assert all(sentences)
    told = " ".join(sentences)
    assert "add 2 to each of the 3 numbers of x. Result: [3, 4, 5]" in told
    assert "take the mean of the 3 numbers" in told
    assert "out is the mean of 3 numbers: each of them gets a third of the gradient that arrives, 1/3" in told
    assert "the gradient is multiplied by the other factor" in told
    assert "together = [4, 5.333, 6.667]" in told
    assert "24 bytes" in told  # the product's saved factors are freed
    assert "would grow by about 0.04" in sentences[-1]


@needs_browser
def test_gradients_light_edges_boxes_and_at_last_the_leaf(opened, lesson):
    tab = opened(lesson)
    begins = steps_of(lesson, "backward begins")[0]
    to_step(tab, begins - 1)
    assert tab.locator(".edge.lit").count() == 0 and tab.locator(".box.lit").count() == 0
    for lit, k in enumerate(steps_of(lesson, "arrive"), start=1):
        to_step(tab, k)
        assert tab.locator(".edge.lit").count() == lit
        assert tab.locator(".edge.current").count() == 1
    assert tab.locator(".box.written").count() == 0
    to_step(tab, steps_of(lesson, "accumulate")[0])
    leaf = tab.locator(".box.written")
    assert [cell.text_content() for cell in leaf.locator(".cells.gradient text").all()] == ["4", "5.333", "6.667"]
    assert tab.locator(".box.freed .keeps").count() == 1
    to_step(tab, 0)
    assert tab.locator(".lit, .written, .freed").count() == 0


@needs_browser
def test_the_line_of_the_step_is_lit_in_the_program(opened, lesson):
    tab = opened(lesson)
    to_step(tab, steps_of(lesson, "forward")[-1])
    assert text(tab, ".code .current").endswith("out = z.mean()")


@needs_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_lesson_in_both_widths_and_schemes(opened, lesson, width, scheme):
    tab = opened(lesson, width=width, scheme=scheme, title="lesson.py")
    ground = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(250, 249, 246)") == (scheme == "light")
    for name, k in {
        "start": 0,
        "forward": 3,
        "backward": steps_of(lesson, "arrive")[2],
        "end": len(lesson.steps),
    }.items():
        to_step(tab, k)
        screenshot(tab, f"lesson-{name}-{width}-{scheme}")
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


# -- keyboard and pointer ---------------------------------------------------------------------------------------------


@needs_browser
def test_the_keyboard_steps_plays_searches_zooms_and_helps(opened, lesson):
    tab = opened(lesson)
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("ArrowRight")
    assert text(tab, "#position").startswith("2 /")
    tab.keyboard.press("ArrowLeft")
    assert text(tab, "#position").startswith("1 /")
    tab.keyboard.press("End")
    assert text(tab, "#position") == f"{len(lesson.steps)} / {len(lesson.steps)}"
    tab.keyboard.press("Home")
    tab.keyboard.press("Shift+ArrowRight")
    assert text(tab, "#sentence-label") == "Backward begins"
    tab.keyboard.press("Home")
    tab.keyboard.press("Space")
    assert tab.locator("#play").get_attribute("aria-label") == "Pause"
    tab.wait_for_selector("#slider:not([aria-valuetext^='step 0'])")
    tab.keyboard.press("Space")
    assert tab.locator("#play").get_attribute("aria-label") == "Play"
    scale = "new DOMMatrix(getComputedStyle(document.querySelector('.world')).transform).a"
    before = tab.evaluate(scale)
    tab.keyboard.press("+")
    assert tab.evaluate(scale) > before
    tab.keyboard.press("-")
    tab.keyboard.press("0")
    assert tab.evaluate(scale) == pytest.approx(before)
    tab.keyboard.press("?")
    assert tab.locator("#help").is_visible()
    screenshot(tab, "help-1280-light")
    tab.keyboard.press("Escape")
    assert not tab.locator("#help").is_visible()
    tab.keyboard.press("/")
    assert tab.evaluate("document.activeElement.id") == "search"


@needs_browser
def test_the_wheel_zooms_around_the_pointer_and_dragging_pans(opened, lesson):
    tab = opened(lesson)
    matrix = """(() => {
        const { a, e, f } = new DOMMatrix(getComputedStyle(document.querySelector(".world")).transform);
        return [a, e, f];
    })()"""
    a, e, f = tab.evaluate(matrix)
    place = tab.locator("#graph").bounding_box()
    x, y = place["x"] + 200, place["y"] + 300
    tab.mouse.move(x, y)
    tab.mouse.wheel(0, -300)
    tab.wait_for_timeout(50)
    a2, e2, f2 = tab.evaluate(matrix)
    assert (
        a2 > a
        and (200 - e2) / a2 == pytest.approx((200 - e) / a, rel=1e-3)
        and (300 - f2) / a2 == pytest.approx((300 - f) / a, rel=1e-3)
    )
    tab.mouse.down()
    tab.mouse.move(x + 50, y + 20, steps=4)
    tab.mouse.up()
    _, e3, f3 = tab.evaluate(matrix)
    assert (e3 - e2, f3 - f2) == pytest.approx((50, 20), rel=1e-3)


@needs_browser
def test_a_click_shows_all_that_is_known_of_a_node(opened, lesson):
    tab = opened(lesson)
    to_step(tab, len(lesson.steps))
    tab.locator(".box").nth(3).click()
    told = text(tab, "#pane-details")
    for expected in (
        "MulBackward0",
        "3 numbers, float32",
        "9 16 25",
        "µs",
        "Derivative",
        "Kept for the backward",
        "12 bytes",
        "arrived",
        "left for",
    ):
        assert expected in told, expected
    assert tab.locator("#pane-details math").count() >= 1
    assert "selected" in tab.locator(".box").nth(3).get_attribute("class")
    screenshot(tab, "details-1280-light")
    tab.keyboard.press("Escape")
    assert tab.locator(".box.selected").count() == 0


@needs_browser
def test_on_a_phone_the_details_rise_from_the_bottom(opened, lesson):
    tab = opened(lesson, width="390")
    assert not tab.locator("#panel").is_visible()
    tab.locator(".box").nth(3).tap()
    assert tab.locator("#panel").is_visible() and "MulBackward0" in text(tab, "#pane-details")
    screenshot(tab, "details-390-light")
    tab.locator("#tab-source").tap()
    assert "out = z.mean()" in text(tab, "#source-lines")
    tab.locator("#sheet-close").tap()
    assert not tab.locator("#panel").is_visible()


@needs_browser
def test_every_control_has_a_name_and_the_theme_can_be_switched(opened, lesson):
    tab = opened(lesson)
    nameless = tab.evaluate("""[...document.querySelectorAll("button, input")]
        .filter((control) => !(control.getAttribute("aria-label") || control.textContent.trim())).length""")
    assert nameless == 0
    tab.keyboard.press("t")
    assert tab.evaluate("document.documentElement.dataset.theme") == "dark"


# -- networks ---------------------------------------------------------------------------------------------------------


@needs_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_a_network_of_twelve_blocks_is_a_few_boxes_with_a_count(opened, tower, width, scheme):
    tab = opened(tower, width=width, scheme=scheme, title="tower.py")
    assert 3 <= tab.locator(".box:not(.container)").count() <= 20
    assert "Block ×12" in box(tab, "blocks").text_content()
    to_step(tab, steps_of(tower, "arrive")[len(steps_of(tower, "arrive")) // 2])
    screenshot(tab, f"tower-{width}-{scheme}")


@needs_browser
def test_groups_unfold_to_the_last_node_and_fold_again(opened, tower):
    tab = opened(tower)
    before = tab.locator(".box").count()
    box(tab, "blocks").locator(".fold").click()
    tab.wait_for_selector("#graph:not(.busy)")
    assert box(tab, "7").count() == 1
    box(tab, "7").dblclick()
    tab.wait_for_selector("#graph:not(.busy)")
    box(tab, "first").click()
    tab.keyboard.press("f")
    tab.wait_for_selector("#graph:not(.busy)")
    assert tab.locator(".box.leaf").count() >= 2  # weight and bias of the unfolded layer
    screenshot(tab, "tower-unfolded-1280-light")
    tab.keyboard.press("c")
    tab.wait_for_selector("#graph:not(.busy)")
    assert tab.locator(".box").count() == before


@needs_browser
def test_search_finds_by_module_operator_and_line_and_unfolds_what_hides_it(opened, tower):
    tab = opened(tower)
    tab.keyboard.press("/")
    tab.keyboard.type("blocks.7.second")
    assert "blocks.7.second" in text(tab, "#found")
    screenshot(tab, "search-1280-light")
    tab.keyboard.press("Enter")
    tab.wait_for_selector(".box.selected")
    assert text(tab, "#pane-details h2") == "second" and "blocks.7.second" in text(tab, "#pane-details")
    tab.keyboard.press("/")
    tab.locator("#search").fill("gelu(self.first")
    assert "gelu" in text(tab, "#found")
    tab.locator("#search").fill("nothing at all")
    assert "Nothing is called so" in text(tab, "#found")


@needs_browser
def test_the_norm_of_the_gradient_stands_per_layer(opened, tower):
    tab = opened(tower)
    to_step(tab, len(tower.steps))
    tab.locator("#tab-layers").click()
    assert tab.locator(".layer").count() >= 12 * 3 + 2
    assert tab.locator(".layer.reached").count() == tab.locator(".layer").count()
    screenshot(tab, "norms-1280-light")


@needs_browser
def test_unfold_more_shows_many_boxes_at_once(opened, tower):
    tab = opened(tower)
    tab.keyboard.press("u")
    tab.wait_for_selector("#graph:not(.busy)")
    assert tab.locator(".box").count() > 60
    screenshot(tab, "tower-all-1280-light")


@needs_browser
def test_the_iterations_of_a_loop_fold_into_one(opened):
    with viz.record() as recording:
        w = adjoint.ones(3, requires_grad=True)
        total = 0.0
        for i in range(40):
            y = w * i
            z = y.exp()
            total = total + z.sum()
        total.backward()
    tab = opened(recording)
    assert tab.locator(".box:not(.container)").count() <= 8
    assert any("Loop, lines" in each and "40 iterations" in each for each in tab.locator(".box").all_text_contents())


@needs_browser
def test_ten_thousand_nodes_open_in_five_seconds_and_unfold_in_parts(opened, chain):
    began = time.monotonic()
    tab = opened(chain)
    took = time.monotonic() - began
    drawn = tab.evaluate("performance.getEntriesByName('graph drawn')[0].startTime") / 1000
    print(f"10,000 nodes: page written and drawn in {took:.2f} s, drawn {drawn:.2f} s after navigation")
    assert drawn < 5 * PATIENCE
    assert tab.locator(".box").count() < 60
    tab.locator(".fold").first.click()
    tab.wait_for_selector("#graph:not(.busy)")
    assert tab.locator(".box").count() < 120
    to_step(tab, 7000)
    tab.keyboard.press("/")
    tab.keyboard.type("add")
    tab.keyboard.press("Enter")
    tab.wait_for_selector(".box.selected")
    screenshot(tab, "chain-1280-light")


@needs_browser
def test_a_training_loop_shows_its_first_iteration_and_one_box_for_the_others(opened):
    adjoint.manual_seed(0)
    x = adjoint.linspace(-1, 1, 6).reshape(-1, 1)
    model = nn.Sequential(nn.Linear(1, 4), nn.Tanh(), nn.Linear(4, 1))
    optimizer = adjoint.optim.SGD(model.parameters(), lr=0.1)
    with viz.record() as recording:
        for _ in range(5):
            loss = ((model(x) - x) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    tab = opened(recording, title="train.py")
    titles = tab.locator("text.title").all_text_contents()
    assert "iteration 1" in titles and "iterations 2–5" in titles and "model" in titles
    assert sum(title.startswith("iteration ") for title in titles) == 1
    to_step(tab, steps_of(recording, "optimizer")[0])
    assert "SGD.step()" in text(tab, "#sentence-text")
    screenshot(tab, "training-1280-light")


@needs_browser
def test_numbers_that_are_not_finite_stand_out_and_are_spoken_of(opened):
    with viz.record() as recording:
        x = adjoint.tensor([1.0, 0.0], requires_grad=True)
        z = x.log() * 0
        z.sum().backward()
    tab = opened(recording)
    to_step(tab, len(recording.steps))
    assert tab.locator(".box .trouble").all_text_contents()
    assert "x.grad holds NaN" in text(tab, "#sentence-text")


@needs_browser
def test_a_recording_of_nothing_says_so(opened):
    with viz.record() as recording:
        pass
    assert "No operator ran" in text(opened(recording), "#sentence-text")


def without_order(count):
    """A recording of operators that use any two of those before them, as no loop and no module does."""
    draw = random.Random(0)
    shape = {"shape": [3], "dtype": "float32", "requires_grad": True, "bytes": 12, "value": None, "name": None}
    rest = {"name": None, "module": None, "call": None, "line": None, "outputs": [shape], "arguments": {}, "saved": []}
    rest |= {"gradient": None, "seconds": {"forward": None, "backward": None}, "phase": "forward", "in_place": False}
    nodes = [
        {"id": 0, "kind": "leaf", "operator": None, "grad_fn": "AccumulateGrad", "inputs": [], "view_of": None, **rest}
    ]
    for id in range(1, count):
        inputs = [
            {"node": draw.randrange(id), "output": 0, "argument": argument, "requires_grad": True, "derivative": None}
            for argument in ("self", "other")
        ]
        operator = draw.choice(["add", "mul", "sub", "div", "maximum"])
        nodes.append(
            {
                "id": id,
                "kind": "operator",
                "operator": operator,
                "grad_fn": "X",
                "inputs": inputs,
                "view_of": None,
                **rest,
            }
        )
    steps = [
        {"at": 0.0, "event": "forward", "node": id, "edge": None, "backward": None, "bytes": 12 * id, "saved_bytes": 0}
        for id in range(1, count)
    ]
    return {
        "format": 1, "title": "without order", "program": None, "files": [], "modules": [], "backwards": [],
        "nodes": nodes, "steps": steps, "omitted": {"nodes": 0, "values": 0},
    }  # fmt: skip


@needs_browser
def test_ten_thousand_nodes_without_any_order_open_and_unfold_as_fast(opened):
    tab = opened(without_order(10_000))
    assert tab.evaluate("performance.getEntriesByName('graph drawn')[0].startTime") < 5000 * PATIENCE
    for _ in range(2):
        tab.locator(".box.group").first.focus()
        tab.keyboard.press("Shift+Enter")
        tab.wait_for_selector("#graph:not(.busy)", timeout=5000 * PATIENCE)
    assert tab.locator(".box.operator").count() >= 20
    tab.locator(".box.operator").nth(5).focus()
    tab.keyboard.press("Enter")
    assert tab.locator(".edge.touched").count() >= 2
    screenshot(tab, "without-order-1280-light")
