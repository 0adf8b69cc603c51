"""The explorer in a real browser: what a reader sees of a small program, and what happens when they step, click and zoom."""

import re

import pytest
from explorer import WIDTHS, a_browser, an_opener, needs_browser, screenshot, steps_of, text, to_step

import adjoint
from adjoint import viz
from adjoint.viz import page as pages


@pytest.fixture(scope="module")
def browser():
    with a_browser() as started:
        yield started


@pytest.fixture
def opened(browser, tmp_path):
    with an_opener(browser, tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module")
def lesson():
    with viz.record() as recording:
        x = adjoint.tensor([1.0, 2.0, 3.0], requires_grad=True)
        z = (x + 2) * (x + 2) * 2
        out = z.mean()
        out.backward()
    return recording


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
