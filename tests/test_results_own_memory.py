"""What an operator returns lies in memory of its own, unless it is a view: to write to it changes none of its operands."""

import numpy as np
import pytest

import adjoint as torch
from adjoint.kernels.reading import compiled, made

F = torch.nn.functional

NOTHING_TO_DO = {
    "flip of nothing": lambda x: x.flip([]),
    "flip of one": lambda x: x[None].flip(0),
    "fliplr of one": lambda x: x.reshape(-1, 1).fliplr(),
    "rot90 by none": lambda x: x[None].rot90(0),
    "roll by none": lambda x: x.roll(0, 0),
    "pixel_shuffle by one": lambda x: F.pixel_shuffle(x.view(1, 1, -1), 1),
    "pixel_shuffle of one pixel": lambda x: F.pixel_shuffle(x.view(-1, 4, 1, 1), 2),
    "pixel_unshuffle by one": lambda x: F.pixel_unshuffle(x.view(1, 1, -1), 1),
    "channel_shuffle in one group": lambda x: F.channel_shuffle(x.view(1, -1, 2), 1),
    "unfold by one": lambda x: F.unfold(x.view(1, 1, -1, 2), 1),
    "fold by one": lambda x: F.fold(x.view(1, 1, -1), (1, x.numel()), 1),
    "repeat once": lambda x: x.repeat(1),
    "padding by none": lambda x: F.pad(x, (0, 0)),
    "reflection of none": lambda x: F.pad(x.view(1, 1, -1), (0, 0), mode="reflect"),
    "replication of none": lambda x: F.pad(x.view(1, 1, -1), (0, 0), mode="replicate"),
    "pool of one": lambda x: F.max_pool1d(x.view(1, 1, -1), 1),
    "interpolate to the same": lambda x: F.interpolate(x.view(1, 1, -1), size=x.numel()),
    "nan_to_num": lambda x: x.nan_to_num(),
    "sum over nothing": lambda x: x[None].sum(0),
    "tril of all": lambda x: x.view(2, -1).tril(x.numel()),
    "diff of none": lambda x: x.diff(n=0),
    "cat of one": lambda x: torch.cat([x]),
}  # fmt: skip


@pytest.mark.parametrize("n", [8, 20000])
@pytest.mark.parametrize("name", NOTHING_TO_DO)
def test_an_operator_that_has_nothing_to_do_copies(name: str, n: int) -> None:
    x = torch.ones(n)
    NOTHING_TO_DO[name](x).zero_()
    assert (x == 1).all()


def test_a_forward_that_computes_nothing_copies_what_a_formula_may_pass_on() -> None:
    x = np.ones((1, 3), np.float32)
    assert np.shares_memory(compiled(np.flip, x, 0), x)
    assert not np.shares_memory(made(np.flip, x, 0), x)
    both = made(_itself_and_its_double, x)
    assert not np.shares_memory(both[0], x) and both[1].tolist() == [[2, 2, 2]]


def _itself_and_its_double(x):
    return x.reshape(3, 1), x * 2
