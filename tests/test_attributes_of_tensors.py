"""A tensor's ``__dict__`` has what its users put there, as PyTorch's has, whatever Adjoint keeps of the tensor."""

import copy
import pickle

import pytest

import adjoint
from tests.both import agree


def used(torch):
    """A parameter that took part in a backward, has hooks and views, and moved."""
    p = torch.nn.Parameter(torch.ones(3))
    p.register_hook(lambda g: g)
    (p[:2] * p[1:]).sum().backward()
    p.to(torch.float64)
    return p


@pytest.mark.parametrize(
    "scenario",
    [
        lambda torch: used(torch).__dict__,
        lambda torch: vars(torch.ones(2).requires_grad_()),
        lambda torch: vars(torch.ones(2, requires_grad=True)[:1]),
        lambda torch: type(used(torch))(used(torch).detach(), **used(torch).__dict__),
    ],
)
def test_it_is_empty_until_a_user_writes_to_it(scenario):
    agree(scenario)


def writes(torch):
    p = used(torch)
    p.name_of_mine = 1
    p.__dict__["other"] = 2
    p.__dict__.update(third=3, fourth=4)
    found = [sorted(p.__dict__.items()), p.other, p.__dict__.pop("third"), hasattr(p, "third"), p.__dict__.setdefault("fifth", 5)]
    del p.name_of_mine
    p.__dict__ |= {"sixth": 6}
    found += [sorted(vars(p)), p.fifth, p.sixth, p.__dict__.pop("none", 7)]
    p.__dict__ = {"only": 8}
    found += [sorted(vars(p)), hasattr(p, "other"), p.only]
    p.__dict__.clear()
    return [*found, hasattr(p, "only"), p.grad]


def test_what_is_written_there_is_the_tensors():
    agree(writes)


def copies(torch):
    x = torch.ones(2)
    x.tag = [1]
    found = [copy.copy(x).tag is x.tag, copy.deepcopy(x).tag is x.tag, copy.deepcopy(x).tag, pickle.loads(pickle.dumps(x)).tag]
    return [*found, vars(copy.deepcopy(used(torch)))]


def test_copies_have_it():
    agree(copies)


def test_a_parameter_keeps_nothing_in_a_dictionary_of_its_own():
    from adjoint.tensor import dictionary_of

    assert dictionary_of(adjoint.nn.Parameter(adjoint.ones(2))) == {}
