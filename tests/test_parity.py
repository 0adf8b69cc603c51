"""What PyTorch's operator database found: each case is one of a kind, and does what PyTorch does."""

from __future__ import annotations

from typing import Any

import pytest

from tests.both import agree

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("reduce", ["amax", "amin", "prod", "sum"])
@pytest.mark.parametrize("include_self", [True, False])
@pytest.mark.parametrize("own", [True, False])
def test_bools_are_reduced_without_the_tensors_own(reduce: str, include_self: bool, own: bool) -> None:
    def scenario(torch: Any) -> Any:
        source = torch.tensor([True, False, False, True, False])
        start = torch.full((4,), own)
        return start.scatter_reduce(0, torch.tensor([0, 0, 1, 2, 1]), source, reduce, include_self=include_self)

    agree(scenario)


@pytest.mark.parametrize("reduce", ["sum", "prod", "mean", "amax", "amin"])
@pytest.mark.parametrize("include_self", [True, False])
def test_a_number_that_is_reduced_into_has_a_gradient(reduce: str, include_self: bool) -> None:
    def scenario(torch: Any) -> Any:
        x, source = (torch.tensor(v, requires_grad=True) for v in (2.0, 3.0))
        made = x.scatter_reduce(0, torch.tensor(0), source, reduce, include_self=include_self)
        return [t.detach() for t in torch.autograd.grad(made, (x, source))]

    agree(scenario)


def _pushed(torch: Any, function: Any, x: Any, tangent: Any) -> list[Any]:
    forward_ad = torch.autograd.forward_ad
    with forward_ad.dual_level():
        made = function(forward_ad.make_dual(x, tangent))
        return [forward_ad.unpack_dual(t).tangent for t in (made if isinstance(made, tuple) else (made,))]


def test_the_tangent_of_an_unpooling_is_the_unpooled_tangent() -> None:
    import adjoint

    places = adjoint.tensor([[[0, 0], [1, 1]]])  # one of two that meet is written
    x = adjoint.tensor([[[1.0, 2.0], [3.0, 4.0]]])

    def unpooled(t: Any) -> Any:
        return adjoint.nn.functional.max_unpool1d(t, places, 2)

    assert _pushed(adjoint, unpooled, x, x + 1)[0].tolist() == unpooled(x + 1).tolist()


@pytest.mark.parametrize("call", ["cholesky", "cholesky_ex", "eigh"])
@pytest.mark.parametrize("kind", ["float64", "complex128"])
def test_tangents_of_factorizations_that_are_not_symmetric_count_as_in_pytorch(call: str, kind: str) -> None:
    import adjoint

    found = []
    for library in (torch, adjoint):
        x = library.tensor([[4.0, 1.0, 0.5], [1.0, 3.0, 0.25], [0.5, 0.25, 2.0]], dtype=getattr(library, kind))
        tangent = library.arange(9.0).reshape(3, 3).to(x.dtype) / 7
        if kind == "complex128":
            tangent = tangent * (1 + 2j)

        def function(t: Any, library: Any = library) -> Any:
            made = getattr(library.linalg, call)(t)
            if call == "eigh":  # up to a phase
                return made[0], (made[1] * made[1].conj()).real
            return made if call == "cholesky" else made[0]

        found.append([t.tolist() for t in _pushed(library, function, x, tangent)])
    for theirs, ours in zip(*found, strict=True):
        assert torch.allclose(torch.tensor(theirs), torch.tensor(ours), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    "call",
    [
        "unravel_index(torch.tensor([3, 4], dtype=torch.uint8), (2, 3))", "vander(torch.tensor([3, 40], dtype=torch.uint8), 3)",
        "linalg.vander(torch.tensor([3, 40], dtype=torch.int8), N=3)", "vander(torch.tensor([True, False]), 3)",
        "tensordot(torch.ones(2, 1, dtype=torch.uint8), torch.ones(3, 2, dtype=torch.uint8), dims=[[1], [0]])",
        "arange(-0.9, 2.1, 2.0, dtype=torch.uint8)", "arange(300, 302, dtype=torch.uint8)", "arange(-200, 0, 50, dtype=torch.int8)",
        "inner(torch.ones(3, dtype=torch.uint8)[::2], torch.ones(2, dtype=torch.uint8))",
    ],
)  # fmt: skip
def test_integers_have_pytorchs_dtype(call: str) -> None:
    agree(lambda torch: eval(f"torch.{call}", {"torch": torch}))


VMAPPED = {
    "unravel_index": ("lambda i: torch.unravel_index(i, (2, 3))", "torch.tensor([[1, 2], [3, 4]])"),
    "index_copy": (
        "lambda a, i, s: torch.index_copy(a, 0, i, s)", "torch.ones(2), torch.zeros(2, 1, dtype=torch.long), torch.zeros(2)",
    ),
    "index_reduce": (
        "lambda a, i, s: torch.index_reduce(a, 0, i, s, 'amax')",
        "torch.ones(2), torch.zeros(2, 1, dtype=torch.long), torch.ones(2) * 3",
    ),
    "histogram": ("lambda a: torch.histogram(a, bins=3).hist", "torch.arange(6.0).reshape(2, 3)"),
    "linspace": ("lambda a, b: torch.linspace(a, b, 3)", "torch.arange(2.0), torch.arange(2.0) + 5"),
    "logspace": ("lambda a, b: torch.logspace(a, b, 3, base=2)", "torch.arange(2.0), torch.arange(2.0) + 5"),
    "nonzero_static": ("lambda a: torch.nonzero_static(a, size=2)", "torch.arange(6.0).reshape(2, 3)"),
    "embedding_bag": (
        "lambda i, w, o: torch.nn.functional.embedding_bag(i, w, o)",
        "torch.zeros(2, 3, dtype=torch.long), torch.arange(8.0).reshape(2, 2, 2), torch.tensor([[0, 2], [0, 1]])",
    ),
    "matrix_rank": ("torch.linalg.matrix_rank", "torch.stack([torch.ones(2, 2), torch.eye(2)])"),
    "hash_tensor": ("lambda a: torch.hash_tensor(a, dim=0)", "torch.arange(6).reshape(2, 3)"),
    "interpolate": (
        "lambda a: torch.nn.functional.interpolate(a, (4, 4), mode='bicubic')",
        "torch.arange(18, dtype=torch.uint8).reshape(2, 1, 1, 3, 3)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", VMAPPED)
def test_a_vmap_gives_what_a_loop_gives(name: str) -> None:
    """PyTorch's loop: some of these it has no rule for."""

    def scenario(torch: Any) -> Any:
        function, operands = (eval(text, {"torch": torch}) for text in VMAPPED[name])
        operands = operands if isinstance(operands, tuple) else (operands,)
        rows = [function(*(t[k] for t in operands)) for k in range(2)]
        if torch.__name__ == "adjoint":
            made = torch.vmap(function)(*operands)
            assert not isinstance(made, tuple) or type(made) is type(rows[0])
            return made
        return tuple(torch.stack(parts) for parts in zip(*rows)) if isinstance(rows[0], tuple) else torch.stack(rows)

    import adjoint

    theirs, ours = scenario(torch), scenario(adjoint)
    for a, b in zip(*(t if isinstance(t, tuple) else (t,) for t in (theirs, ours)), strict=True):
        assert (str(a.dtype), a.tolist()) == (str(b.dtype), b.tolist())


def test_functions_that_compute_sample_by_sample_have_gradients() -> None:
    import adjoint

    found = []
    for library in (torch, adjoint):
        weights = library.arange(8.0).reshape(2, 2, 2).requires_grad_()
        index = library.zeros(2, 3, dtype=library.long)
        offsets = library.tensor([[0, 2], [0, 1]])
        bags = library.nn.functional.embedding_bag
        if library is adjoint:
            made = library.vmap(bags)(index, weights, offsets)
        else:
            made = library.stack([bags(index[k], weights[k], offsets[k]) for k in range(2)])
        (made * library.arange(8.0).reshape(2, 2, 2)).sum().backward()
        found.append(weights.grad.tolist())
    assert found[0] == found[1]


@pytest.mark.parametrize("kind", ["float32", "int64", "bool", "complex64"])
def test_conjugates_in_place_are_a_write(kind: str) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.ones(2, dtype=getattr(torch, kind))
        return [x.conj_physical_() is x, x._version, x]

    agree(scenario)


def test_slices_that_are_scaled_down_in_place_have_the_gradient() -> None:
    def scenario(torch: Any) -> Any:
        x = torch.arange(12.0).reshape(3, 4).requires_grad_()
        y = x.clone()
        y.renorm_(2, 0, 3.0)
        y.prod().backward()
        return x.grad.round(decimals=3)

    agree(scenario)


def test_the_method_lu_returns_a_plain_tuple_where_pytorchs_does() -> None:
    def scenario(torch: Any) -> Any:
        x = torch.tensor([[2.0, 1.0], [1.0, 3.0]])
        return [type(x.lu(get_infos=infos)).__name__ for infos in (True, False)]

    agree(scenario)
