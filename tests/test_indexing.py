"""Reading and writing by index, gathering and scattering, padding and embedding, each beside PyTorch."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from recorded import DATA, FUNCTIONAL, assert_same, same, shown

import adjoint
from tests.both import agree

torch = pytest.importorskip("torch")

RESULTS = """
x[0,0,0].flatten()
x[0].t()
x[0].T
x[0].H
x[0].adjoint()
x[0].diag()
x[0,0].diag()
x[0]
x[-1]
x[:]
x[...]
x[()]
x[0:1]
x[:,0]
x[None]
x[0:1,0]
x[0,0,0]
x[...,0]
x[True]
x[torch.tensor(0)]
x[torch.tensor([0])]
x[[0,1]]
x[x>0]
x[torch.tensor(True)]
x[:,[0,1]]
x[0,[0,1]]
x[[0],:,[0,1]]
x[None,[0,1]]
x.masked_fill(x>0,0)
x.masked_fill(x>0,torch.tensor(0.))
x.gather(0,torch.zeros(1,1,1,dtype=int))
x.scatter(0,torch.zeros(1,1,1,dtype=int),1.)
x.index_select(0,torch.tensor([0]))
x.index_add(0,torch.tensor([0]),x[:1])
x.index_copy(0,torch.tensor([0]),x[:1])
x.index_fill(0,torch.tensor([0]),2.)
x.index_fill(0,torch.tensor([0]),torch.tensor(2.))
x.index_put((torch.tensor([0]),),torch.tensor(1.))
x.masked_select(x>0)
x.masked_scatter(x>0,x)
x.take(torch.tensor([0]))
torch.take_along_dim(x,torch.zeros(1,1,1,dtype=int),0)
x.put(torch.tensor([0]),torch.tensor([1.]))
F.embedding(torch.tensor([0]),x[0])
F.pad(x,(1,1))
F.pad(x,(1,1),mode='reflect')
F.pad(x,(1,1),mode='replicate')
F.pad(x[None],(1,1,1,1),mode='reflect')
F.pad(x[None],(1,1,1,1),mode='replicate')
F.pad(x,(0,0))
F.pad(x,(-1,0))
x.clone().masked_fill_(x>0,1)
x[0].clone().t_()
x.select_scatter(x[0],0,0)
x.slice_scatter(x[:1],0,0,1)
x.diagonal_scatter(x.diagonal())
x.index_fill(0,torch.tensor([0]),x.sum())
x.nonzero()
torch.argwhere(x)
torch.masked_select(x,x>0)
torch.gather(x,0,torch.zeros(1,1,1,dtype=int),sparse_grad=False)
x[:, :]
x[:, 0:5]
x[0, :]
x[0, ..., 1]
x[:, 1:, 0]
x[None, ..., None]
x[torch.tensor([[0, 1], [1, 1]])]
x[:, torch.tensor([2, -1]), 1:]
x[torch.tensor([0, 1, 1]), :, torch.tensor([3, 0, 3])]
x[torch.tensor([1]), torch.tensor([[0], [2]])]
x[:, torch.tensor([True, False, True])]
x[torch.tensor([True, False])]
x[np.array([0, 1])]
x[range(2)]
x[[True, False]]
x[..., torch.tensor([0, 0])]
x[0, torch.ones(3, 4, dtype=bool)]
x[True, False]
x[False]
x[np.int64(1)]
x[torch.tensor(1):]
x.gather(1, torch.tensor([[[0, 1, 2, 1]], [[2, 2, 0, 0]]]))
x.gather(2, torch.tensor([[[3], [0]]]))
x.scatter(1, torch.tensor([[[0, 1, 2, 1]]]), 2.5)
x.scatter(1, torch.tensor([[[0, 1, 2, 0]]]), x[1:, 1:2] * 2)
x.scatter_add(1, torch.tensor([[[0, 1, 2, 1]]]), x[1:, 1:2] * 2)
x.index_select(1, torch.tensor([2, 0, 2]))
x.index_add(1, torch.tensor([0, 2]), x[:, :2] * 3, alpha=2)
x.index_add(1, torch.tensor([1, 1]), x[:, :2])
x.index_copy(2, torch.tensor([3, 0]), x[..., :2] * 2)
x.index_put((torch.tensor([0, 1]), torch.tensor([2, 2])), x[0, :2] * 3)
x.index_put((torch.tensor([0, 0]),), x, accumulate=True)
x.take(torch.tensor([[0, -1], [5, 5]]))
x.index_reduce(1, torch.tensor([0, 2, 0]), x * 2, 'prod')
x.index_reduce(1, torch.tensor([0, 2, 0]), x * 2, 'mean', include_self=False)
x.put(torch.tensor([3, 7]), x[0, 0, :2] * 2)
x.put(torch.tensor([3, 3]), x[0, 0, :2] * 2, accumulate=True)
x.masked_scatter(x > 0, x * 2)
x.masked_select(x[0] > 0)
x.masked_fill(x[0] > 0, 3.)
F.embedding(torch.tensor([[0, 2], [2, 1]]), x[0])
F.embedding(torch.tensor([[0, 2], [2, 1]]), x[0], padding_idx=2)
F.pad(x, (1, 2, 3, 0), value=1.5)
F.pad(x, (-1, 2))
F.pad(x, (2, 3), mode='reflect')
F.pad(x[None], (1, 2, 2, 0), mode='replicate')
F.pad(x, (2, 1), mode='circular')
x.scatter_reduce(1, torch.tensor([[[0, 1, 2, 1]]]), x[1:, 1:2] * 2, 'sum')
x.scatter_reduce(1, torch.tensor([[[0, 1, 2, 1], [0, 0, 1, 1]]]), x[1:, 1:] * 2, 'mean')
x.scatter_reduce(1, torch.tensor([[[0, 1, 2, 1], [0, 0, 1, 1]]]), x[1:, 1:] * 2, 'mean', include_self=False)
x.scatter_reduce(1, torch.tensor([[[0, 1, 2, 1], [0, 0, 1, 1]]]), x[1:, 1:] * 2, 'amax')
x.scatter_reduce(1, torch.tensor([[[0, 1, 2, 1], [0, 0, 1, 1]]]), x[1:, 1:] * 2, 'amin', include_self=False)
""".strip().splitlines()

ARGUMENTS_AND_ERRORS = """
y[5]
y[-4]
y[0,0]
s[0]
s[...]
y[1.5]
y[::-1]
y[torch.tensor([5])]
y[torch.tensor([True,False])]
y[torch.tensor([1.])]
y[torch.tensor(1.)]
y[[0,1],[0,1]]
x[[0,1],[0,1,2]]
x[[[0,1],[1,0]]]
x[[0,slice(0,1)]]
x[...,...]
y[torch.tensor([0,1],dtype=torch.uint8)]
y[torch.tensor([0,1,1],dtype=torch.uint8)]
y[torch.tensor([0,1],dtype=torch.int32)]
y[torch.tensor([0,1],dtype=torch.int16)]
y.gather(0,torch.tensor([5]))
y.gather(1,torch.tensor([0]))
y.gather(0,torch.tensor([0.]))
y.gather(0,torch.tensor([[0]]))
x.gather(0,torch.zeros(3,4,5,dtype=int))
y.gather(0,torch.tensor([-1]))
y.scatter(0,torch.tensor([5]),1.)
y.scatter(0,torch.tensor([0,1,2,0]),y)
y.scatter(0,torch.tensor([0]),torch.ones(1,dtype=int))
y.scatter(0,torch.tensor([0]),y,reduce='foo')
y.scatter_reduce(0,torch.tensor([0]),y,'foo')
y.index_select(0,torch.tensor([5]))
y.index_select(0,torch.tensor([[0]]))
y.index_select(0,torch.tensor([0.]))
y.index_select(0,torch.tensor([-1]))
y.index_select(0,torch.tensor(1))
s.index_select(0,torch.tensor([0]))
y.index_add(0,torch.tensor([5]),y[:1])
y.index_add(0,torch.tensor([0]),y)
y.index_add(0,torch.tensor([0]),torch.ones(1,dtype=int))
y.index_copy(0,torch.tensor([5]),y[:1])
y.index_copy(0,torch.tensor([0]),y)
y.index_copy(0,torch.tensor([0]),torch.ones(1,dtype=int))
y.index_fill(0,torch.tensor([5]),1.)
y.index_fill(0,torch.tensor([0]),y)
y.index_put((torch.tensor([5]),),s)
y.index_put((torch.tensor([0]),),y)
y.index_put((torch.tensor([0]),),torch.tensor(1))
y.masked_select(y)
y.masked_select(torch.tensor([True,False]))
y.masked_fill(y,0)
y.masked_fill(y>0,y)
y.masked_fill_(torch.tensor([True,False]),0)
y.masked_scatter(y>0,y[:1])
y.masked_scatter(y>0,torch.ones(3,dtype=int))
y.take(torch.tensor([5]))
y.take(torch.tensor([-1]))
y.take(torch.tensor([0.]))
torch.take_along_dim(y,torch.tensor([0.]),0)
torch.take_along_dim(x,torch.tensor([0]),0)
y.put(torch.tensor([5]),s[None])
y.put(torch.tensor([0]),y)
F.pad(y,(1,))
F.pad(y,(1,1,1,1))
F.pad(y,(-2,-2))
F.pad(y,(1,1),mode='reflect')
F.pad(y[None],(3,1),mode='reflect')
F.pad(y[None],(4,1),mode='circular')
F.pad(y[None],(1,1),mode='reflect',value=1)
F.pad(y[None],(1,1),mode='zz')
F.pad(y,(1,1),mode='replicate')
F.embedding(torch.tensor([5]),x[0])
F.embedding(torch.tensor([-1]),x[0])
F.embedding(torch.tensor([0.]),x[0])
F.embedding(torch.tensor([0]),x)
F.embedding(torch.tensor([0]),x[0],padding_idx=5)
F.one_hot(torch.tensor([0,2]))
F.one_hot(torch.tensor([0,2]),2)
F.one_hot(torch.tensor([-1,2]))
F.one_hot(torch.tensor([1.]))
s.nonzero()
s.argwhere()
x.masked_select(y>0)
s.take(torch.tensor(0))
s.gather(0,torch.tensor(0))
s.index_fill(0,torch.tensor(0),1)
s.scatter(0,torch.tensor(0),1)
x.select_scatter(y,0,0)
x.slice_scatter(y,0,0,1)
""".strip().splitlines()


@pytest.mark.parametrize("expression", RESULTS)
def test_values_graph_and_derivatives_are_pytorchs(expression):
    assert_same(expression)


@pytest.mark.parametrize("expression", ARGUMENTS_AND_ERRORS)
def test_arguments_and_errors_are_pytorchs(expression):
    assert_same(expression)


_ITEMS = [
    "0",
    "-1",
    "1:",
    "::2",
    "None",
    "...",
    "[0, 1]",
    "torch.tensor([[1, 0]])",
    "torch.tensor([True, False])",
    "True",
]


@pytest.mark.parametrize("index", [", ".join(items) for items in itertools.product(_ITEMS, repeat=2)])
def test_every_pair_of_kinds_of_index_reads_what_pytorch_reads(index):
    assert_same(f"x[{index}]")


WRITES = """
x[0] = 2.0
x[0] = x[1] * 2
x[:, 1] = 3
x[..., 1:3] = x[..., :2] * 2
x[0] = torch.ones(1, 1, 4).double()
x[[0, 1], [1, 2]] = 5.0
x[torch.tensor([1, 0])] = x * 2
x[x > 0] = 0.5
x[x > 0] = x[x > 0] * 2
x[x > 0] = torch.tensor(2)
x[:, [0, 2]] = x[:, :1]
x[0, [0, 1]] = 7.0
x[None, 0] = 1.0
x[True] = 2.0
x[()] = 1.0
x[...] = x * 3
x[0][0] = 4.0
x[0, 0, 0] = x.sum()
x[torch.tensor([0, 1]), :, torch.tensor([1, 1])] = x[:, :, 0]
x[1:, ::2, -1] = x[:1, :2, 0]
x[1:] = x[:-1]
""".strip().splitlines()


@pytest.mark.parametrize("recorded", [True, False])
@pytest.mark.parametrize("statement", WRITES)
def test_writing_by_index_does_what_it_does_in_pytorch(statement, recorded):
    def written(library):
        leaf = library.tensor(DATA, requires_grad=recorded)
        x = leaf * 1
        exec(statement, {"torch": library, "x": x})
        found = [shown(x, library), x._version]
        if recorded and x.requires_grad:
            (first,) = library.autograd.grad((x**3).sum(), leaf, create_graph=True)
            found.append(first.detach().numpy())
            if first.requires_grad:
                found.append(library.autograd.grad((first**2).sum(), leaf)[0].numpy())
        return found

    assert same(written(torch), written(adjoint))


WRONG_WRITES = """
y[5] = 1
y[0:2] = torch.ones(3)
y[0:2] = torch.ones(2, 1, 2)
y[0] = torch.ones(2)
y[0] = 'a'
y[0] = None
y[0:2] = [1, 2]
y[0:2] = np.array([1, 2])
y[0:2] = 1j
y[y > 0] = torch.ones(5)
y[[0, 1]] = torch.ones(3)
y[[0, 1]] = torch.tensor([1, 2])
y[[0, 7]] = 1
y[0, 0] = 1
y[1.5] = 1
""".strip().splitlines()


@pytest.mark.parametrize("statement", WRONG_WRITES)
def test_a_write_that_raises_leaves_nothing_changed(statement):
    errors = []
    for library in (torch, adjoint):
        y = library.arange(3.0)
        with pytest.raises(Exception) as raised:
            exec(statement, {"torch": library, "np": np, "y": y})
        errors.append((type(raised.value), str(raised.value).partition("\n")[0]))
        assert y._version == 0
    assert y.tolist() == [0, 1, 2]
    assert errors[0] == errors[1]


def test_a_slice_shares_memory_and_a_mask_does_not():
    x = adjoint.zeros(4)
    part, picked = x[1:3], x[x == 0]
    x.fill_(1)
    assert part.tolist() == [1, 1] and picked.tolist() == [0, 0, 0, 0]


def test_large_tables_get_the_gradients_of_small_ones():
    indices = np.random.RandomState(1).randint(0, 50, (30, 40))
    weights = np.random.RandomState(2).randn(50, 8)
    grads = []
    for library in (torch, adjoint):
        table = library.tensor(weights, requires_grad=True)
        (FUNCTIONAL[library].embedding(library.tensor(indices), table) ** 2).sum().backward()
        by_index = library.tensor(weights, requires_grad=True)
        (by_index[library.tensor(indices)] ** 2).sum().backward()
        grads.append((table.grad.numpy(), by_index.grad.numpy()))
    assert np.allclose(grads[0], grads[1])


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "complex64"])
def test_gradients_of_repeated_indices_add_up_in_every_dtype(dtype):
    found = []
    for library in (torch, adjoint):
        x = library.ones(3, dtype=getattr(library, dtype), requires_grad=True)
        picked = x[library.tensor([0, 0, 2])]
        picked.backward(library.ones(3, dtype=getattr(library, dtype)))
        assert x.grad.dtype is x.dtype
        found.append(x.grad.to(library.complex128).tolist())
    assert found[0] == found[1]


def test_one_hot_and_its_errors_are_pytorchs():
    for expression in ("F.one_hot(torch.tensor([[0, 2], [1, 1]]))", "F.one_hot(torch.tensor([0, 2]), 5)"):
        assert_same(expression)


def test_frequent_rows_get_smaller_gradients_on_request():
    found = []
    for library in (torch, adjoint):
        table = library.ones(3, 2, requires_grad=True)
        rows = FUNCTIONAL[library].embedding(library.tensor([0, 2, 2]), table, scale_grad_by_freq=True)
        (rows * library.tensor([[1.0], [2.0], [4.0]])).sum().backward()
        found.append(table.grad.tolist())
    assert found[0] == found[1]


def test_embedding_with_max_norm_shortens_the_rows_it_looks_up():
    found = []
    for library in (torch, adjoint):
        table = library.tensor([[3.0, 4.0], [0.3, 0.4], [6.0, 8.0]])
        FUNCTIONAL[library].embedding(library.tensor([0, 1]), table, max_norm=1.0)
        found.append(table.numpy())
    assert np.allclose(found[0], found[1], atol=1e-6)


BATCHED = {
    "one place": lambda L, a: a[0],
    "a slice with a step": lambda L, a: a[1:3, ::2],
    "a list": lambda L, a: a[[0, 1]],
    "an expansion": lambda L, a: a[0].expand(2, 5),
    "a diagonal": lambda L, a: a.diagonal(),
    "windows": lambda L, a: a.unfold(0, 2, 1),
    "joining": lambda L, a: L.cat([a, a * 2]),
    "reversing": lambda L, a: a.flip(0),
    "filling by mask": lambda L, a: a.masked_fill(a > 0, 1.0),
    "padding": lambda L, a: FUNCTIONAL[L].pad(a, (1, 2)),
    "reflecting": lambda L, a: FUNCTIONAL[L].pad(a, (1, 2), mode="reflect"),
    "splitting": lambda L, a: a.split(2)[1],
    "selecting": lambda L, a: a.index_select(0, L.tensor([1, 0])),
    "gathering": lambda L, a: a.gather(0, L.tensor([[0, 1, 2, 3, 1]])),
    "scattering": lambda L, a: a.scatter(0, L.tensor([[0, 1, 2, 3, 1]]), 1.0),
    "turning": lambda L, a: a.rot90(),
    "repeating": lambda L, a: a.repeat_interleave(2, 0),
    "copying into a clone": lambda L, a: a.clone().copy_(a * 2),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", BATCHED)
def test_batches_tangents_and_hessians_are_pytorchs(name):
    f = BATCHED[name]
    data = np.random.RandomState(3).randn(2, 4, 5)
    found = []
    for library in (torch, adjoint):
        func, batch = library.func, library.tensor(data)
        one = batch[0]

        def loss(z, library=library):
            return (f(library, z) ** 3).sum()

        found.append(
            [
                func.vmap(lambda a, L=library: f(L, a))(batch).numpy(),
                func.vmap(func.grad(loss))(batch).numpy(),
                func.jvp(lambda a, L=library: f(L, a), (one,), (one * 2 + 1,))[1].numpy(),
                func.vmap(func.hessian(loss))(batch[:1]).numpy(),
            ]
        )
    for a, b in zip(*found):
        assert np.allclose(a, b)


def test_where_nothing_is_selected_no_index_is_out_of_range():
    def scenario(torch):
        x, y = torch.zeros(3, 0, 4, requires_grad=True), torch.arange(12.0).reshape(3, 4).requires_grad_()
        nothing, far = torch.tensor([], dtype=torch.int64), torch.tensor([9])
        found = [x[far], x[:, :, far], y[far, nothing], y[0:0, far], x[far, :, far]]
        found += torch.autograd.grad([r.sum() for r in found], [x, y])
        z = y.detach().clone()
        z[far, nothing] = 1.0
        z[:0, far] += 1.0
        return found, z, torch.zeros(2, 0).index_put((far,), torch.tensor(1.0), accumulate=True)

    agree(scenario)


def test_what_has_no_elements_or_dimensions_is_turned_and_shifted_as_any_other():
    def scenario(torch):
        x = torch.zeros(0, requires_grad=True)
        return torch.autograd.grad(x.roll(1, 5).sum(), x), torch.tensor(5.0).flip(-1)

    agree(scenario)
    agree(lambda torch: torch.tensor(5.0).flip(1), raises=True)
    agree(lambda torch: torch.tensor(5.0).flip(0, 0), raises=True)


def test_a_write_by_index_in_a_batch_minds_its_dtype_as_any_other():
    agree(
        lambda torch: torch.vmap(lambda x, i: x.index_put((i,), x.sum(), accumulate=True), (None, 0))(
            torch.tensor([1, 2], dtype=torch.uint8), torch.tensor([0, 1])
        ),
        raises=True,
    )


@pytest.mark.parametrize(
    "expression",
    [
        "x[torch.tensor([0, 2, 7])]", "x[torch.tensor([-9, 7, 2])]", "x[:, torch.tensor([0, 5, 3])]",
        "x[torch.tensor([0, 5]), torch.tensor([4, 0])]", "x[torch.tensor([[0], [1]]), torch.tensor([4, 9])]",
        "x.gather(0, torch.tensor([[5, 7, 0]]))", "x.scatter(0, torch.tensor([[5, 7, 0]]), 1.0)",
        "x.index_put_((torch.tensor([3, 9]),), torch.tensor(1.0))", "x.__setitem__(torch.tensor([0, 4, 3]), 1)",
    ],
)  # fmt: skip
def test_the_first_wrong_index_is_told(expression: str) -> None:
    from tests.both import agree

    agree(lambda torch: eval(expression, {"torch": torch, "x": torch.zeros(2, 3)}), raises=True)


NO_INDICES = [
    "'more'", "'a'", "''", "b'ab'", "{}", "set()", "object", "1j", "1.5", "(1, 'a')", "('a',)", "['a']", "[1, 'a']", "[1.5]",
    "[1j]", "np.array(['a'])", "np.array([1, 2], '>i8')", "(0, 'a')", "len", "(slice(None), 'ab')", "[None, 'a']", "(1.5, 2)",
]  # fmt: skip


@pytest.mark.parametrize("index", NO_INDICES)
def test_what_is_no_index_is_refused_after_indices_were_counted(index: str) -> None:
    given = eval(index)
    for shape in ((), (3,), (2, 2, 2, 2)):
        agree(lambda t, shape=shape: t.ones(shape)[given], warnings_too=False)
        agree(lambda t, shape=shape: t.ones(shape).__setitem__(given, 1.0), warnings_too=False)
