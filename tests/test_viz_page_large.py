"""The explorer of networks, loops and ten thousand nodes: what is folded, unfolded, found, and how fast."""

import os
import random
import time

import pytest
from explorer import WIDTHS, a_browser, an_opener, box, needs_browser, screenshot, steps_of, text, to_step

import adjoint
from adjoint import nn, viz

PATIENCE = 2 if os.environ.get("CI") else 1  # shared machines are slow


@pytest.fixture(scope="module")
def browser():
    with a_browser() as started:
        yield started


@pytest.fixture
def opened(browser, tmp_path):
    with an_opener(browser, tmp_path) as opened:
        yield opened


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
