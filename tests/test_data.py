"""Datasets, samplers and the DataLoader: PyTorch's batches in PyTorch's order."""

from __future__ import annotations

import collections
import importlib
import itertools
import pickle
import warnings

import numpy as np
import pytest

import adjoint

torch = pytest.importorskip("torch")
importlib.import_module("torch.utils.data")

Point = collections.namedtuple("Point", "x y")


def plain(value):
    """Tensors as (dtype, list), so that what both libraries gave can be compared."""
    if isinstance(value, (adjoint.Tensor, torch.Tensor)):
        return str(value.dtype), value.tolist()
    if isinstance(value, dict):
        return type(value).__name__, {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value).__name__, [plain(v) for v in value]
    return value


def same(use, seed=0):
    """``use(torch module)`` gives the same in both libraries, and leaves their generators in the same state."""
    results = []
    for m in (adjoint, torch):
        m.manual_seed(seed)
        results.append(plain(use(m)))
    assert results[0] == results[1]
    assert adjoint.get_rng_state()._array.tobytes() == torch.get_rng_state().numpy().tobytes()
    return results[0]


def tensors(m, n=11):
    return m.utils.data.TensorDataset(m.arange(n), m.arange(2 * n, dtype=m.float32).reshape(n, 2))


# The DataLoader


@pytest.mark.parametrize(
    "options",
    [{}, {"batch_size": 4}, {"batch_size": 4, "shuffle": True}, {"batch_size": 4, "shuffle": True, "drop_last": True},
     {"batch_size": None}, {"batch_size": None, "shuffle": True}, {"batch_size": 20}],
)  # fmt: skip
def test_epochs_of_a_tensor_dataset_are_pytorchs(options):
    def use(m):
        loader = m.utils.data.DataLoader(tensors(m), **options)
        return [len(loader), [list(loader) for _ in range(3)], m.rand(2)]

    same(use)


def test_shuffling_by_a_generator_of_ones_own():
    def use(m):
        g = m.Generator().manual_seed(9)
        loader = m.utils.data.DataLoader(tensors(m), 3, shuffle=True, generator=g)
        return [list(loader), list(loader), m.rand(1, generator=g)]

    same(use)


def test_what_the_dataset_draws_comes_in_pytorchs_order():
    class Noisy:
        def __init__(self, m):
            self.m = m

        def __len__(self):
            return 7

        def __getitem__(self, i):
            return self.m.rand(2), i

    same(lambda m: [list(m.utils.data.DataLoader(Noisy(m), 3, shuffle=True)), m.rand(1)])


def test_a_training_loop_between_the_batches_draws_from_where_pytorchs_does():
    same(lambda m: [(batch, m.rand(1)) for batch in m.utils.data.DataLoader(tensors(m), 4, shuffle=True)])


def test_subsets_of_a_tensor_dataset():
    def use(m):
        a, b = m.utils.data.random_split(tensors(m, 20), [13, 7])
        nested = m.utils.data.Subset(a, [3, 1, 2])
        return [[list(m.utils.data.DataLoader(part, 4, shuffle=True)) for part in (a, b, nested)], a.indices]

    same(use)


def test_batches_of_tensors_that_require_grad_are_recorded():
    for m in (adjoint, torch):
        x = m.ones(4, 2, requires_grad=True)
        (batch,) = next(iter(m.utils.data.DataLoader(m.utils.data.TensorDataset(x), 3)))
        assert batch.requires_grad
        batch.sum().backward()
        assert x.grad.tolist() == [[1.0, 1.0]] * 3 + [[0.0, 0.0]]


def test_a_batch_is_a_copy():
    data = adjoint.zeros(4)
    (batch,) = next(iter(adjoint.utils.data.DataLoader(adjoint.utils.data.TensorDataset(data), 4)))
    batch += 1
    assert data.tolist() == [0.0] * 4


def test_samplers_and_batch_samplers_are_taken():
    def use(m):
        d = m.utils.data
        data = tensors(m)
        return [
            list(d.DataLoader(data, 3, sampler=[4, 2, 7, -1])),
            list(d.DataLoader(data, batch_sampler=[[1, 2], [3]])),
            list(d.DataLoader(data, 2, sampler=d.WeightedRandomSampler([0.1 * i for i in range(11)], 6))),
            list(d.DataLoader(data, batch_sampler=d.BatchSampler(d.SubsetRandomSampler([5, 6, 7]), 2, False))),
        ]

    same(use)


def test_an_index_that_does_not_exist_raises_as_the_tensor_does():
    errors = []
    for m in (adjoint, torch):
        with pytest.raises(IndexError) as caught:
            list(m.utils.data.DataLoader(tensors(m), 2, sampler=[3, 11]))
        errors.append(str(caught.value))
    assert errors[0] == errors[1]


def stream(m, n, declared=None):
    class Stream(m.utils.data.IterableDataset):
        def __iter__(self):
            return iter(range(n))

        def __repr__(self):
            return "Stream"

    if declared is not None:
        Stream.__len__ = lambda self: declared
    return Stream()


@pytest.mark.parametrize("options", [{}, {"batch_size": 3}, {"batch_size": 3, "drop_last": True}, {"batch_size": None}])
def test_iterable_datasets(options):
    same(lambda m: list(m.utils.data.DataLoader(stream(m, 7), **options)))
    same(lambda m: len(m.utils.data.DataLoader(stream(m, 7, 7), **options)))


def test_an_iterable_dataset_that_is_longer_than_it_said_warns():
    texts = []
    for m in (adjoint, torch):
        loader = m.utils.data.DataLoader(stream(m, 3, 2))
        assert len(loader) == 2
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            list(loader)
        texts.append([str(w.message) for w in caught])
    assert texts[0] == texts[1] and len(texts[0]) == 1


def test_chained_and_concatenated_datasets():
    same(lambda m: list(m.utils.data.DataLoader(stream(m, 3) + stream(m, 2), 2)))
    same(lambda m: list(m.utils.data.DataLoader(tensors(m, 3) + tensors(m, 2), 2)))
    both = tensors(adjoint, 3) + tensors(adjoint, 2)
    assert len(both) == 5 and both[-1][0].item() == 1 and both.cumulative_sizes == [3, 5]


def test_stacked_datasets():
    same(lambda m: list(m.utils.data.DataLoader(m.utils.data.StackDataset(tensors(m, 5), [1, 2, 3, 4, 5]), 2)))
    same(lambda m: list(m.utils.data.DataLoader(m.utils.data.StackDataset(a=tensors(m, 5), b=range(5)), 2)))


def test_pinning_memory_warns_that_there_is_no_accelerator():
    texts = []
    for m in (adjoint, torch):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            list(m.utils.data.DataLoader(tensors(m), pin_memory=True))
        texts.append([str(w.message) for w in caught])
    assert texts[0] == texts[1]


def test_a_loader_cannot_be_changed_afterwards():
    loader = adjoint.utils.data.DataLoader(tensors(adjoint))
    with pytest.raises(ValueError, match="batch_size attribute should not be set after DataLoader is initialized"):
        loader.batch_size = 3
    with pytest.raises(NotImplementedError):
        pickle.dumps(iter(loader))


# Samplers


@pytest.mark.parametrize(
    "make",
    [
        lambda m, d: d.SequentialSampler(range(5)),
        lambda m, d: d.RandomSampler(range(10)),
        lambda m, d: d.RandomSampler(range(10), num_samples=25),
        lambda m, d: d.RandomSampler(range(10), replacement=True, num_samples=70),
        lambda m, d: d.RandomSampler(range(10), generator=m.Generator().manual_seed(4)),
        lambda m, d: d.SubsetRandomSampler([3, 1, 8]),
        lambda m, d: d.WeightedRandomSampler([0.1, 0.9, 0.4], 20),
        lambda m, d: d.WeightedRandomSampler([0.1, 0.9, 0.4], 2, replacement=False),
        lambda m, d: d.BatchSampler(d.RandomSampler(range(10)), 4, False),
        lambda m, d: d.BatchSampler(d.RandomSampler(range(10)), 4, True),
        lambda m, d: d.DistributedSampler(range(10), 3, 1),
        lambda m, d: d.DistributedSampler(range(10), 3, 1, shuffle=False),
        lambda m, d: d.DistributedSampler(range(10), 4, 3, seed=5, drop_last=True),
        lambda m, d: d.DistributedSampler(range(2), 7, 6),
    ],
)
def test_samplers_are_pytorchs(make):
    def use(m):
        sampler = make(m, m.utils.data)
        found = [list(sampler), len(sampler)]
        if hasattr(sampler, "set_epoch"):
            sampler.set_epoch(2)
        return [found, list(sampler)]

    same(use)


@pytest.mark.parametrize("lengths", [[6, 4], [0.5, 0.3, 0.2], [0.33, 0.33, 0.34], [0.7, 0.3], [10]])
def test_random_split_is_pytorchs(lengths):
    same(lambda m: [part.indices for part in m.utils.data.random_split(range(10), lengths)])
    same(lambda m: [p.indices for p in m.utils.data.random_split(range(10), lengths, m.Generator().manual_seed(1))])


# Collating


class Record(dict):
    pass


@pytest.mark.parametrize(
    "batch",
    [
        lambda m: [m.ones(2), m.zeros(2)],
        lambda m: [1.5, 2],
        lambda m: [1, 2],
        lambda m: [True, False],
        lambda m: ["a", "b"],
        lambda m: [b"a", b"b"],
        lambda m: [(1, "a"), (2, "b")],
        lambda m: [[1, 2.5], [3, 4.5]],
        lambda m: [{"a": 1, "b": [m.ones(1)]}, {"a": 2, "b": [m.zeros(1)]}],
        lambda m: [Record(a=1), Record(a=3)],
        lambda m: [Point(1, 2.0), Point(3, 4.0)],
        lambda m: [np.ones(3), np.zeros(3)],
        lambda m: [np.arange(3, dtype=np.uint8)] * 2,
        lambda m: [np.float32(1), np.float32(2)],
        lambda m: [np.int16(1), np.int16(2)],
        lambda m: [np.bool_(True)],
        lambda m: [m.tensor(1), m.tensor(2)],
        lambda m: [m.ones(2, dtype=m.bfloat16)],
        lambda m: [m.ones(2), m.ones(2, dtype=m.float64)],
    ],
)
def test_batches_are_collated_and_converted_as_pytorch_does(batch):
    same(lambda m: m.utils.data.default_collate(batch(m)))
    same(lambda m: m.utils.data.default_convert(batch(m)))


def test_a_type_of_ones_own_can_be_collated():
    from adjoint.utils.data._utils.collate import collate, default_collate_fn_map

    def together(batch, *, collate_fn_map=None):
        return "".join(batch)

    assert collate([["a", 1], ["b", 2]], collate_fn_map={**default_collate_fn_map, str: together})[0] == "ab"


# Errors


ERRORS = """
d.DataLoader([1], num_workers=-1)
d.DataLoader([1], timeout=-1)
d.DataLoader([1], prefetch_factor=2)
d.DataLoader([1], prefetch_factor=-2, num_workers=1)
d.DataLoader([1], persistent_workers=True)
d.DataLoader([1], sampler=[0], shuffle=True)
d.DataLoader([1], batch_sampler=[[0]], batch_size=2)
d.DataLoader([1], batch_size=None, drop_last=True)
d.DataLoader([1], batch_size=0)
d.DataLoader([1], batch_size=2.)
d.DataLoader([1], drop_last=1)
d.DataLoader([], shuffle=True)
d.DataLoader([1], multiprocessing_context="fork")
d.DataLoader([1], multiprocessing_context="thread", num_workers=1)
d.DataLoader([1], multiprocessing_context=3, num_workers=1)
d.DataLoader(stream(m, 3), shuffle=True)
d.DataLoader(stream(m, 3), sampler=[1])
d.DataLoader(stream(m, 3), batch_sampler=[1])
len(d.DataLoader(stream(m, 3)))
iter(d.DataLoader([1], timeout=3))
d.TensorDataset(m.ones(3), m.ones(4))
d.StackDataset()
d.StackDataset([1], a=[1])
d.StackDataset([1], [1, 2])
d.ConcatDataset([])
d.ConcatDataset([stream(m, 3)])
d.ConcatDataset([[1, 2]])[-3]
list(d.ChainDataset([[1]]))
d.Dataset()[0]
type("S", (d.Subset,), {"__getitem__": lambda self, i: i})([1], [0])
d.random_split(range(10), [3, 3])
d.random_split(range(10), [1.5, -0.5])
d.RandomSampler(range(3), replacement=1)
d.RandomSampler(range(3), num_samples=0)
d.WeightedRandomSampler([1.], 0)
d.WeightedRandomSampler([1.], 1, replacement=1)
d.WeightedRandomSampler([[1.]], 1)
d.BatchSampler([1], True, False)
d.BatchSampler([1], 1, 0)
d.DistributedSampler([1], 2, 2)
d.default_collate([object()])
d.default_collate([None])
d.default_collate([[1], [1, 2]])
d.default_collate([np.array(["a"])])
d.default_collate([m.ones(2), m.ones(3)])
d.default_collate([])
"""


@pytest.mark.parametrize("code", ERRORS.strip().splitlines())
def test_bad_input_gets_pytorchs_error(code):
    with pytest.raises(Exception) as theirs:
        eval(code, {"m": torch, "d": torch.utils.data, "stream": stream, "np": np})
    with pytest.raises(type(theirs.value)) as ours:
        eval(code, {"m": adjoint, "d": adjoint.utils.data, "stream": stream, "np": np})
    assert str(ours.value) == str(theirs.value)


def test_a_split_of_nothing_warns():
    with pytest.warns(UserWarning, match="Length of split at index 1 is 0. This might result in an empty dataset."):
        adjoint.utils.data.random_split(range(1), [0.5, 0.5])


def test_a_sampler_of_ever_so_many_begins_at_once():
    """Training loops that count steps, and not epochs, ask for 10^10 samples with replacement."""

    def first(m):
        m.manual_seed(0)
        data = m.utils.data
        sampler = data.RandomSampler(range(10), replacement=True, num_samples=10**15)
        return len(sampler), list(itertools.islice(data.DataLoader(range(10), 8, sampler=sampler), 9))

    (count, batches), (expected_count, expected) = first(adjoint), first(torch)
    assert count == expected_count and [b.tolist() for b in batches] == [b.tolist() for b in expected]
