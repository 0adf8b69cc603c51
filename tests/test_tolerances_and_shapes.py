"""Tolerances are each matrix's own; what does not fit together, or is not finite, is told in PyTorch's words and not NumPy's."""

import warnings

import pytest
from both import agree

import adjoint

TOLERANCES = [
    "{}", "dict(atol=0.5)", "dict(rtol=0.3)", "dict(atol=0.5, rtol=0.1)", "dict(atol=0.0)", "dict(atol=torch.tensor([0.1, 5.0]))",
    "dict(rtol=torch.tensor([0.1, 0.9]))", "dict(atol=torch.tensor([0.0, 2.0]), rtol=torch.tensor([0.5, 0.0]))",
]  # fmt: skip


@pytest.mark.parametrize("given", TOLERANCES)
@pytest.mark.parametrize("name", ["pinv", "matrix_rank"])
@pytest.mark.parametrize("hermitian", [False, True])
def test_a_tolerance_is_each_matrixs_own(name, given, hermitian):
    def found(torch):
        A = torch.tensor([[[2.0, 0.0], [0.0, 0.3]], [[100.0, 0.0], [0.0, 4.0]]], requires_grad=name == "pinv")
        result = getattr(torch.linalg, name)(A, hermitian=hermitian, **eval(given))
        return result, torch.autograd.grad(result.sum(), A) if name == "pinv" else None

    agree(found)


CALLS = [
    "torch.cdist(o(5, 5, 5), o(4, 5, 5))",
    "torch.cdist(o(2, 3, 5, 5), o(3, 2, 5, 5))",
    "F.soft_margin_loss(o(5, 2), o(5, 3))",
    "torch.grid_sampler_2d(o(2, 3, 4, 4), o(4, 5, 5, 2), 0, 0, False)",
    "torch.grid_sampler_2d(o(2, 3, 4, 4), o(2, 5, 2), 0, 0, False)",
    "torch.grid_sampler_3d(o(2, 3, 4, 4, 4), o(2, 5, 5, 5, 2), 0, 0, False)",
    "F.grid_sample(o(2, 3, 4, 4), o(2, 5, 2), align_corners=False)",
    "torch.linalg.cross(o(5, 3), o(2, 3))",
    "torch.linalg.cross(o(3, 4), o(3, 3), dim=0)",
    "torch.linalg.lstsq(o(2, 3), o(4, 3))",
    "torch.linalg.lstsq(o(2, 3), o(4))",
    "torch.linalg.lstsq(o(2, 2, 3), o(3, 2, 3))",
    "torch.linalg.pinv(o(2, 5, 10), atol=o(3))",
    "torch.linalg.pinv(o(2, 5, 10), rtol=o(3))",
    "torch.linalg.pinv(o(10, 5), hermitian=True)",
    "torch.linalg.pinv(o(5))",
    "torch.linalg.matrix_rank(o(2, 5, 10), atol=o(3))",
    "torch.linalg.matrix_rank(o(10, 5), hermitian=True)",
    "torch.linalg.matrix_rank(o(5))",
]


@pytest.mark.parametrize("call", CALLS)
def test_what_does_not_fit_together_is_told_as_pytorch_tells_it(call):
    agree(lambda torch: eval(call, {"torch": torch, "F": torch.nn.functional, "o": torch.ones}), raises=True)


ODD = [float("inf"), float("-inf"), float("nan"), 1e38, -1e38, 0.0]


@pytest.mark.parametrize("call", [
    "F.batch_norm(x, None, None, training=True)", "F.batch_norm(x, torch.zeros(3), -torch.ones(3))", "F.instance_norm(x[None])",
    "F.batch_norm(x, torch.zeros(3), torch.ones(3), training=True)", "F.instance_norm(x[None], torch.zeros(2), torch.ones(2))",
    "torch.histogram(x.nan_to_num(0, 0, 0), 2, range=(5.0, 6.0), density=True)[0]", "torch.linalg.det(x[:, :2])",
])  # fmt: skip
def test_numpys_warnings_reach_nobody(call):
    x = adjoint.tensor(ODD, requires_grad=True).reshape(2, 3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = eval(call, {"torch": adjoint, "F": adjoint.nn.functional, "x": x.detach() if "histogram" in call else x})
        if found.requires_grad:
            found.sum().backward()
