"""The page of watch(model) in a real browser: what is shown, live and afterwards, and what a click does."""

import math
import re
import shutil
from pathlib import Path

import pytest

import adjoint as torch
from adjoint import nn
from adjoint.viz import watch

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright's Python package is not installed")

CHROMIUM = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)
ARGUMENTS = "--no-sandbox --disable-gpu --disable-background-networking --no-first-run --disable-component-update --disable-sync"
SCREENSHOTS = Path(__file__).parents[1] / "build" / "screenshots"
WIDTHS = {"1280": {"width": 1280, "height": 900}, "390": {"width": 390, "height": 844}}
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed (make browser)")


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS.split())
        yield started
        started.close()


@pytest.fixture
def opened(browser):
    """Open a page; at the end, nothing may have been complained about and nothing been fetched from elsewhere."""
    contexts, complaints = [], []

    def opened(address, *, width="1280", scheme="light"):
        context = browser.new_context(viewport=WIDTHS[width], color_scheme=scheme, reduced_motion="reduce")
        contexts.append(context)
        tab = context.new_page()
        tab.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        allowed = ("file:", "blob:", "data:", "http://127.0.0.1:")
        tab.on("request", lambda asked: complaints.append(asked.url) if not asked.url.startswith(allowed) else None)
        tab.goto(address)
        playwright.expect(tab.locator("#status")).to_contain_text("step")
        return tab

    opened.complaints = complaints
    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


class Classifier(nn.Module):
    """A small convolutional network, one of whose layers is dead from the beginning."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.ReLU())
        self.hidden = nn.Linear(8 * 36, 32)
        self.head = nn.Linear(32, 10)
        with torch.no_grad():
            self.features[3].bias.fill_(-20)

    def forward(self, x):
        return self.head(nn.functional.relu(self.hidden(self.features(x).flatten(1))))


def _steps(model, watcher, optimizer, count):
    for _ in range(count):
        x = torch.randn(16, 1, 10, 10)
        loss = nn.functional.cross_entropy(model(x), (x.mean((1, 2, 3)) > 0).long())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        watcher.log(loss=loss)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The static page of a training of 60 steps."""
    torch.manual_seed(0)
    model = Classifier()
    with watch(model, every=3, serve=False) as watcher:
        _steps(model, watcher, torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9), 60)
    path = tmp_path_factory.mktemp("watch") / "page.html"
    watcher.to_html(path)
    return path.as_uri()


def test_what_is_unusual_comes_first_and_leads_to_the_layer(opened, page):
    tab = opened(page)
    first = tab.locator("#findings li").first
    assert first.inner_text() == "features.4: all of the outputs are zero since step 0; no gradient passes there"
    assert "serious" in first.get_attribute("class")
    first.locator("button").click()
    card = tab.locator('.card[data-path="features.4"]')
    assert "found" in card.get_attribute("class") and "serious" in card.get_attribute("class")
    assert card.bounding_box()["y"] < 200
    assert card.locator(".plot").nth(1).locator("output").inner_text() == "100 %"
    before = tab.locator('.card[data-path="features.3"]')
    before.scroll_into_view_if_needed()
    assert before.locator("p").inner_text() == "weight, bias: the gradient is zero"
    assert before.locator(".plot").nth(1).inner_text().split() == ["|gradient|", "0", "zero", "throughout", "0", "59"]
    assert before.locator(".bad").count() == 0  # what has no ratio is not NaN


def test_the_training_is_told_in_numbers(opened, page):
    tab = opened(page)
    assert re.fullmatch(r"step 60 · 2\d looked at, one in 3 · 10,258 parameters", tab.locator("#status").inner_text())
    titles = tab.locator("#scalars .plot b").all_inner_texts()
    assert titles == ["loss", "learning rate", "|gradient| of the model"]
    assert tab.locator("#scalars output").nth(1).inner_text() == "0.05"
    path = tab.locator("#scalars .line").first.get_attribute("d")
    assert path.count("L") == 59 and "NaN" not in path


def test_every_layer_has_its_plots(opened, page):
    tab = opened(page)
    paths = tab.locator(".card").evaluate_all("cards => cards.map(c => c.dataset.path)")
    assert paths == ["features.0", "features.1", "features.2", "features.3", "features.4", "hidden", "head ← ReLU", "head"]
    card = tab.locator('.card[data-path="features.0"]')
    card.scroll_into_view_if_needed()
    titles = card.locator(".plot b").all_inner_texts()
    assert titles == ["outputs", "|gradient|", "gradient of weight", "update / weight", "weight"]
    assert card.locator("h3").inner_text() == "features.0 Conv2d 8 × 1 × 3 × 3"
    assert card.locator(".band").count() == 6  # of outputs and weights: extremes, and two pairs of quantiles
    assert card.locator(".bars").count() == 2 and "all are 0" in card.locator(".plot").nth(2).inner_text()
    head = tab.locator('.card[data-path="head"]')
    head.scroll_into_view_if_needed()
    playwright.expect(head.locator(".bars")).to_have_count(3)
    assert "NaN" not in card.inner_html() + head.inner_html()


def test_pointing_at_a_step_shows_it_everywhere(opened, page):
    tab = opened(page)
    before = tab.locator("#scalars output").first.inner_text()
    box = tab.locator("#scalars svg").first.bounding_box()
    tab.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 40)
    assert tab.locator("#scalars .cross").count() == 3
    assert tab.locator("#scalars output").first.inner_text() != before
    card = tab.locator('.card[data-path="features.0"]')
    step = card.locator(".plot").nth(2).locator("output").text_content()
    assert re.fullmatch(r"step (27|30|33)", step)
    tab.mouse.move(5, 5)
    assert tab.locator(".cross").count() == 0


def test_the_overview_names_what_is_pointed_at_and_a_click_goes_there(opened, page):
    tab = opened(page)
    tab.locator('[data-view="zero"]').click()
    assert tab.locator('[data-view="zero"]').get_attribute("aria-checked") == "true"
    assert "exactly zero" in tab.locator("#meaning").inner_text()
    assert tab.locator("#map canvas").get_attribute("aria-label").startswith("zeros: 8 rows, 2")
    box = tab.locator("#map canvas").bounding_box()
    tab.mouse.move(box["x"] + 600, box["y"] + 4 * 17 + 8)
    told = tab.locator("#tip").inner_text()
    assert told.startswith("features.4\nstep ") and "100 %" in told and "no gradient passes" in told
    tab.mouse.click(box["x"] + 600, box["y"] + 4 * 17 + 8)
    assert "found" in tab.locator('.card[data-path="features.4"]').get_attribute("class")


def test_layers_are_searched_and_sorted(opened, page):
    tab = opened(page)
    tab.locator("#search").fill("relu")
    assert tab.locator(".card").evaluate_all("c => c.map(x => x.dataset.path)") == ["features.2", "features.4", "head ← ReLU"]
    assert tab.locator("#matches").inner_text() == "3 of 8 layers"
    tab.locator("#search").fill("")
    tab.locator("#sort").check()
    assert tab.locator(".card").first.get_attribute("data-path") == "features.4"


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_the_screen_in_both_schemes(opened, page, width, scheme):
    tab = opened(page, width=width, scheme=scheme)
    assert tab.evaluate("document.documentElement.scrollWidth") == int(width)
    dark = tab.evaluate("getComputedStyle(document.body.parentElement).backgroundColor").strip("rgb()").split(",")
    assert (sum(map(int, dark)) < 200) == (scheme == "dark")
    tab.locator('[data-view="gradient"]').click()
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    tab.screenshot(path=SCREENSHOTS / f"watch-{scheme}-{width}.png")
    tab.locator('.card[data-path="features.3"]').scroll_into_view_if_needed()
    tab.wait_for_timeout(200)
    tab.screenshot(path=SCREENSHOTS / f"watch-layers-{scheme}-{width}.png")
    tab.locator("#theme").click()
    assert tab.evaluate("document.documentElement.dataset.theme") == ("light" if scheme == "dark" else "dark")


def test_the_live_page_follows_the_training_and_survives_its_end(opened):
    torch.manual_seed(0)
    model = Classifier()
    watcher = watch(model, every=1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    tab = opened(watcher.url)
    playwright.expect(tab.locator("#status")).to_contain_text("step 0")
    _steps(model, watcher, optimizer, 3)
    playwright.expect(tab.locator("#status")).to_contain_text("step 3")
    assert tab.locator("#status").inner_text().startswith("live")
    assert tab.locator("#scalars .line").first.get_attribute("d").count("L") == 2
    _steps(model, watcher, optimizer, 2)
    playwright.expect(tab.locator("#status")).to_contain_text("step 5")
    assert tab.locator("#scalars .line").first.get_attribute("d").count("L") == 4
    whole = tab.evaluate("JSON.stringify(page.data.series.map(s => [s.name, s.at.length, s.norm.length]))")
    assert '["hidden.weight",5,5]' in whole
    watcher.close()
    playwright.expect(tab.locator("#status")).to_contain_text("ended")
    watcher._server.close()
    playwright.expect(tab.locator("#status")).to_contain_text("the program has ended", timeout=20_000)
    assert tab.locator(".card").count() == 8
    opened.complaints[:] = [c for c in opened.complaints if "ERR_CONNECTION_REFUSED" not in c]


def test_numbers_that_are_not_finite_are_marked(opened, tmp_path):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with watch(model, every=1, serve=False) as watcher:
        for step in range(12):
            optimizer.zero_grad()
            loss = model(torch.randn(8, 4)).pow(2).mean()
            loss.backward()
            if step == 7:
                model[2].weight.grad[0, 3] = math.inf
            optimizer.step()
            watcher.log(loss=loss)
    watcher.to_html(tmp_path / "page.html")
    tab = opened((tmp_path / "page.html").as_uri())
    first = tab.locator("#findings li").first.inner_text()
    assert first.startswith("inf in the gradient of 2.weight, first seen at step 7")
    assert tab.locator("#scalars .bad").count() > 0
    tab.locator('[data-view="gradient"]').click()
    assert tab.locator("#map canvas").evaluate(
        "c => { const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; let n = 0;"
        " for (let i = 0; i < d.length; i += 4) if (d[i] > 150 && d[i + 1] < 60 && d[i + 2] < 90) n++; return n; }"
    ) > 100


def test_a_page_of_many_layers_and_steps_opens_quickly(opened, tmp_path):
    model = nn.Sequential(*[nn.Sequential(nn.Linear(4, 4), nn.ReLU()) for _ in range(100)])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with watch(model, every=1, serve=False) as watcher:
        for _ in range(40):
            model(torch.randn(2, 4)).sum().backward()
            optimizer.step()
    watcher.to_html(tmp_path / "page.html")
    tab = opened((tmp_path / "page.html").as_uri())
    assert tab.locator(".card").count() == 200
    tab.locator(".card").nth(150).scroll_into_view_if_needed()
    tab.locator(".card").nth(150).locator(".plot").first.wait_for()
    assert tab.locator(".plot").count() < 100  # what is not on the screen is not drawn
