"""After PyTorch's message, an error tells the lines of the user's program that matter."""

import traceback

import pytest

import adjoint as torch


def told(error: BaseException) -> str:
    """What a traceback shows after the error's own lines."""
    assert hasattr(error, "__notes__"), "nothing was added to the error"
    return "\n".join(error.__notes__)


def line_with(text: str) -> str:
    """The text, which has to be a line of this file."""
    with open(__file__, encoding="utf-8") as file:
        assert any(line.strip() == text for line in file)
    return text


def test_a_saved_tensor_changed_in_place_is_told_with_the_line_of_the_write():
    x = torch.ones(3, requires_grad=True)
    w = torch.ones(3)
    y = (x * w).sum()
    w.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation") as caught:
        y.backward()
    assert line_with("w.add_(1)") in told(caught.value)
    assert "saved by Mul" in told(caught.value)
    assert __file__ in told(caught.value)


def test_of_several_writes_the_first_after_the_saving_is_told():
    x = torch.ones(3, requires_grad=True)
    w = torch.ones(3)
    w.mul_(3)
    y = (x * w).sum()
    w.sub_(1)
    w.div_(2)
    with pytest.raises(RuntimeError) as caught:
        y.backward()
    assert line_with("w.sub_(1)") in told(caught.value)
    assert "w.mul_(3)" not in told(caught.value)
    assert "is at version 3; expected version 1 instead" in str(caught.value)


def test_a_write_through_a_view_is_told():
    x = torch.ones(3, requires_grad=True)
    y = x.exp()
    z = y.sum()
    y.detach()[0] = 5.0
    with pytest.raises(RuntimeError) as caught:
        z.backward()
    assert line_with("y.detach()[0] = 5.0") in told(caught.value)


def test_under_anomaly_detection_the_operator_that_saved_is_told_with_its_line():
    x = torch.ones(3, requires_grad=True)
    w = torch.ones(3)
    with torch.autograd.set_detect_anomaly(True):
        y = torch.mul(x, w)
    w.add_(1)
    with pytest.raises(RuntimeError) as caught:
        y.sum().backward()
    assert line_with("y = torch.mul(x, w)") in told(caught.value)
    assert line_with("w.add_(1)") in told(caught.value)


def test_an_optimizer_step_between_forward_and_backward_is_told():
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    loss = model(torch.ones(1, 2)).sum()
    loss.backward(retain_graph=True)
    optimizer.step()
    with pytest.raises(RuntimeError) as caught:
        loss.backward()
    assert line_with("optimizer.step()") in told(caught.value)


def test_a_leaf_changed_in_place_is_told_with_the_line_and_the_way_out():
    x = torch.ones(3, requires_grad=True)
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad") as caught:
        x.add_(1)
    assert line_with("x.add_(1)") in told(caught.value)
    assert "no_grad" in told(caught.value)
    assert torch.equal(x, torch.ones(3))


def test_a_second_backward_is_told_where_the_first_was():
    x = torch.ones(3, requires_grad=True)
    y = x.exp().sum()
    y.backward()
    with pytest.raises(RuntimeError, match="a second time") as caught:
        y.backward(retain_graph=True)
    assert line_with("y.backward()") in told(caught.value)


@pytest.mark.parametrize(
    ("breaks", "line"),
    [
        (lambda x: x.detach(), "(lambda x: x.detach(),"),
        (lambda x: (x > 0).float(), "x > 0"),
        (lambda x: without_grad(x), "return x * 2"),
    ],
)
def test_a_tensor_without_a_graph_is_told_where_the_path_broke(breaks, line):
    x = torch.ones(3, requires_grad=True)
    with torch.autograd.set_detect_anomaly(True):
        y = (breaks(x) * 3).sum()
    with pytest.raises(RuntimeError, match="does not require grad and does not have a grad_fn") as caught:
        y.backward()
    assert "The path to the graph broke at" in told(caught.value)
    assert line in told(caught.value)


@torch.no_grad()
def without_grad(x):
    return x * 2


def test_an_integer_tensor_is_told_to_carry_no_gradient():
    with pytest.raises(RuntimeError) as caught:
        torch.tensor(3).backward()
    assert "torch.int64, which carries no gradient" in told(caught.value)


def test_a_hook_that_returned_the_wrong_shape_is_told_with_its_line():
    x = torch.ones(3, requires_grad=True)
    x.register_hook(shrinking_hook)
    with pytest.raises(RuntimeError, match="has changed the size of value") as caught:
        (x * 2).sum().backward()
    assert "def shrinking_hook(gradient):" in told(caught.value)
    assert "[3]" in told(caught.value) and "[1]" in told(caught.value)


def shrinking_hook(gradient):
    return gradient[:1]


def test_the_message_itself_stays_pytorchs_and_the_traceback_shows_the_lines():
    x = torch.ones(3, requires_grad=True)
    y = x.exp().sum()
    y.backward()
    with pytest.raises(RuntimeError) as caught:
        y.backward()
    assert str(caught.value).endswith("access saved tensors after calling backward.")
    shown = "".join(traceback.format_exception(caught.value))
    if hasattr(caught.value, "add_note"):  # Python 3.11 and later
        assert "y.backward()" in shown.split("after calling backward.")[1]
