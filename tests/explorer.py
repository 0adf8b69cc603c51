"""Opening the explorer's pages in a browser, and reading them, for tests."""

import json
import re
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest

from adjoint.viz import page as pages

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
ARGUMENTS = "--no-sandbox --disable-gpu --disable-background-networking --no-first-run --disable-component-update --disable-sync"
SCREENSHOTS = Path(__file__).parents[1] / "build" / "screenshots"
WIDTHS = {"1280": {"width": 1280, "height": 800}, "390": {"width": 390, "height": 844}}
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed (make browser)")


@contextmanager
def a_browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright's Python package is not installed")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS.split())
        yield started
        started.close()


@contextmanager
def an_opener(browser, folder):
    """Gives what opens a recording's page; at the end, nothing may have been complained about and nothing fetched."""
    contexts, complaints = [], []

    def opened(recording, *, width="1280", scheme="light", title="example.py"):
        path = pages.write(recording, folder / f"page{len(contexts)}.html", title=title)
        context = browser.new_context(
            viewport=WIDTHS[width], color_scheme=scheme, has_touch=width == "390", reduced_motion="reduce"
        )
        contexts.append(context)
        tab = context.new_page()
        tab.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        local = ("file:", "blob:", "data:")
        tab.on("request", lambda asked: None if asked.url.startswith(local) else complaints.append(asked.url))
        tab.goto(path.as_uri())
        tab.wait_for_selector("html[data-ready]", timeout=30_000)
        return tab

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


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
