"""``functional_call``: what goes where, and what is back in its place afterwards."""

import pytest
from both import agree

CALLS = {
    "an unknown name": lambda torch, m: ({"t.x": torch.ones(1, 1)}, {}),
    "an unknown attribute": lambda torch, m: ({"new": torch.ones(1, 1)}, {}),
    "an attribute": lambda torch, m: ({"t": torch.ones(1, 1) * 5}, {}),
    "an attribute that is no tensor": lambda torch, m: ({"number": torch.ones(1, 1)}, {}),
    "what is below it": lambda torch, m: ({"number.w": torch.ones(1, 1)}, {}),
    "a module that is not there": lambda torch, m: ({"other.weight": torch.ones(1, 1)}, {}),
    "no tensor": lambda torch, m: ({"inner.weight": 3}, {}),
    "None": lambda torch, m: ({"inner.bias": None}, {}),
    "a buffer": lambda torch, m: ({"n": torch.ones(1)}, {}),
    "a buffer of None": lambda torch, m: ({"e": torch.ones(1)}, {}),
    "no name": lambda torch, m: ({"": torch.ones(1)}, {}),
    "strictly nothing": lambda torch, m: ({}, {"strict": True}),
    "strictly other names": lambda torch, m: ({"b": torch.ones(1), "a": torch.ones(1)}, {"strict": True}),
    "strictly all": lambda torch, m: (
        {"n": torch.ones(1), "inner.weight": torch.ones(1, 1), "inner.bias": torch.ones(1)}, {"strict": True},
    ),
}  # fmt: skip


def _model(torch):
    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = torch.nn.Linear(1, 1)
            torch.nn.init.ones_(self.inner.weight)
            torch.nn.init.zeros_(self.inner.bias)
            self.register_buffer("n", torch.zeros(1))
            self.register_buffer("e", None)
            self.t, self.number = torch.ones(1), 3

        def forward(self, x):
            self.n = self.n + 1
            return self.inner(x) + self.n + self.t, getattr(self, "new", None), self.e

    return Model()


@pytest.mark.parametrize("name", CALLS)
def test_what_is_given_stands_where_its_name_says(name):
    def scenario(torch):
        m = _model(torch)
        given, options = CALLS[name](torch, m)
        try:
            found = torch.func.functional_call(m, given, torch.ones(1, 1), **options)
        except (RuntimeError, AttributeError, TypeError, KeyError) as error:
            found = type(error).__name__, str(error)
        return found, given, m.n, m.t, m.number, m.e, hasattr(m, "new"), m.inner.weight, m.inner.bias

    agree(scenario)


def test_a_module_of_two_names_has_its_parameter_afterwards():
    # PyTorch leaves what was given in its place.
    import adjoint as torch

    shared = torch.nn.Linear(1, 1)
    twice, before = torch.nn.Sequential(shared, shared), shared.weight
    torch.func.functional_call(twice, {"0.weight": torch.full((1, 1), 3.0)}, torch.ones(1, 1))
    assert shared.weight is before
