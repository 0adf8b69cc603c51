"""torch.autograd.detect_anomaly: which forward call is behind a NaN or an error in the backward."""

from __future__ import annotations

import os

import pytest

import adjoint
from tests.both import agree

ENABLED = "Anomaly Detection has been enabled."

OURS = os.path.dirname(adjoint.__file__) + os.sep


def reports(torch, scenario):
    """What a scenario raised, and the text of its warnings without what comes from the libraries themselves."""
    import warnings

    error = None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            scenario()
        except Exception as e:
            error = type(e).__name__, str(e)
    texts = []
    for w in caught:
        lines = str(w.message).split(" (Triggered internally")[0].split("\n")
        kept, skip = [], False
        for line in lines:
            if line.startswith('  File "'):
                skip = any(own in line for own in ("/torch/", OURS, "/_pytest/", "/pluggy/"))
            elif not line.startswith("    "):
                skip = False
            if not skip:
                kept.append(line)
        texts.append("\n".join(kept).strip())
    return error, texts


def leaf(torch):
    return torch.tensor([1.0, 0.0], requires_grad=True)


def nan_in_forward(torch):
    with torch.autograd.detect_anomaly():
        y = (leaf(torch) * 0).sqrt() * 0
        y.sum().backward()


def nan_recorded_before(torch):
    y = (leaf(torch) * 0).sqrt() * 0
    with torch.autograd.detect_anomaly():
        y.sum().backward()


def nan_not_looked_for(torch):
    with torch.autograd.detect_anomaly(check_nan=False):
        y = (leaf(torch) * 0).sqrt() * 0
        y.sum().backward()


def backward_outside(torch):
    with torch.autograd.detect_anomaly():
        y = (leaf(torch) * 0).sqrt() * 0
    y.sum().backward()


def error_in_function(torch):
    class Bad(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            raise ValueError("bad")

    with torch.autograd.detect_anomaly():
        Bad.apply(leaf(torch) * 2).sum().backward()


def nan_in_second_backward(torch):
    x = leaf(torch)
    with torch.autograd.set_detect_anomaly(True, check_nan=False):
        (g,) = torch.autograd.grad((x * 0).sqrt().sum(), x, create_graph=True)
    with torch.autograd.set_detect_anomaly(True):
        g.sum().backward()


def modified(torch):
    x = leaf(torch)
    with torch.autograd.set_detect_anomaly(True):
        y = x.exp()
        y.add_(1)
        y.sum().backward()


@pytest.mark.parametrize(
    "scenario",
    [
        nan_in_forward,
        nan_recorded_before,
        nan_not_looked_for,
        backward_outside,
        error_in_function,
        nan_in_second_backward,
        modified,
    ],
)
def test_the_report_is_pytorchs(scenario):
    agree(lambda torch: reports(torch, lambda: scenario(torch)))


def test_the_report_names_the_users_line():
    import adjoint

    _, texts = reports(adjoint, lambda: nan_in_forward(adjoint))
    assert "y = (leaf(torch) * 0).sqrt() * 0" in texts[1]


def test_the_mode_can_be_asked_for_and_nests():
    def scenario(torch):
        def now():
            return torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()

        found = [now()]
        with torch.autograd.set_detect_anomaly(True):
            found.append(now())
            with torch.autograd.set_detect_anomaly(False, check_nan=False):
                found.append(now())
            found.append(now())
        found.append(now())
        torch.autograd.set_detect_anomaly(True)
        found.append(now())
        torch.autograd.set_detect_anomaly(False)
        return found, now()

    agree(scenario)


def test_a_recorded_node_keeps_its_traceback_only_while_the_mode_is_on():
    def scenario(torch):
        with torch.autograd.set_detect_anomaly(True):
            inside = leaf(torch) * 2
        outside = leaf(torch) * 2
        return list(inside.grad_fn.metadata), list(outside.grad_fn.metadata)

    agree(scenario)
