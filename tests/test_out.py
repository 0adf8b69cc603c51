"""``out=``: results are written into tensors that exist, for every function of PyTorch's that takes it."""

from typing import Any

import pytest
from both import agree

CALLS = """
cumsum(x, 0) | cumprod(x, 0) | sum(x, 0) | mean(x, 0) | prod(x, 0) | amax(x, 0) | amin(x, 0) | any(x, 0) | all(x, 0)
logsumexp(x, 0) | mm(A, A) | bmm(A[None], A[None]) | mv(A, x) | dot(x, x) | vdot(x, x) | addmm(A, A, A)
addmv(x, A, x) | addr(A, x, x) | argmax(x) | argmin(x, 0) | baddbmm(A[None], A[None], A[None])
addbmm(A, A[None], A[None]) | index_select(x, 0, i) | gather(x, 0, i) | take(x, i) | masked_select(x, x > 1)
tril(A) | triu(A) | square(x) | renorm(A, 2, 0, 1.0) | scatter(x, 0, i, x) | scatter_add(x, 0, i, x)
index_add(x, 0, i, x[:1]) | index_copy(x, 0, i, x[:1]) | isin(x, x) | isposinf(x) | polar(x, x) | complex(x, x)
threshold(x, 1.0, 9.0) | nansum(x, 0) | msort(x) | sort(x) | topk(x, 2) | cummax(x, 0) | cummin(x, 0) | median(x, 0)
kthvalue(x, 1) | mode(x, 0) | aminmax(x) | frexp(x) | slogdet(A) | linalg.cholesky_ex(A) | linalg.inv_ex(A)
linalg.eigvals(A) | logcumsumexp(x, 0)
"""


@pytest.mark.parametrize("call", [c.strip() for c in CALLS.replace("\n", "|").split("|") if c.strip()])
def test_a_result_is_written_into_what_is_given(call):
    def scenario(torch):
        names = {"x": torch.tensor([3.0, 1.0, 2.0]), "A": torch.eye(3) + 0.1, "i": torch.tensor([0])}
        space = {**vars(torch), **names, "linalg": torch.linalg}
        function, arguments = call.partition("(")[0], call.partition("(")[2][:-1]
        made = eval(f"torch.{function}({arguments})", {**names, "torch": torch, **{n: space[n] for n in names}})
        several = isinstance(made, tuple)
        out = tuple(torch.empty(0, dtype=m.dtype) for m in made) if several else torch.empty(0, dtype=made.dtype)
        result = eval(f"torch.{function}({arguments}, out=out)", {**names, "torch": torch, "out": out})
        print(all(a is b for a, b in zip(result, out)) if several else result is out)
        return out

    agree(scenario)


def test_a_part_of_a_tensor_is_written_to():
    def scenario(torch):
        x = torch.zeros(5)
        torch.cumsum(torch.ones(3), 0, out=x.narrow(0, 1, 3))
        torch.mm(torch.eye(2), torch.ones(2, 1), out=x[:2].view(2, 1))
        return x

    agree(scenario)


@pytest.mark.parametrize("name", ["sum", "prod", "cumsum", "cumprod", "mean", "nansum"])
def test_what_is_added_or_multiplied_is_so_in_the_dtype_of_what_is_given(name):
    def scenario(torch):
        results = []
        for given in (torch.int64, torch.float64, torch.float16, torch.uint8):
            for x in (torch.tensor([[1.6, 2.6], [1.7, 2.7]]), torch.tensor([[3, 4], [5, 6]], dtype=torch.int32)):
                for asked in (None, torch.float32) if name != "nansum" else (None,):
                    try:
                        results.append(getattr(torch, name)(x, 0, dtype=asked, out=torch.empty(0, dtype=given)))
                    except (RuntimeError, NotImplementedError) as error:
                        results.append(str(error) if name.endswith(("sum", "prod")) and name != "nansum" else "refused")
        return results

    agree(scenario)


def test_what_is_in_the_way_is_resized_with_a_warning():
    agree(lambda torch: torch.sum(torch.ones(2, 3), 0, out=torch.empty(5)))


@pytest.mark.parametrize("call", ["sort(x, out=(x, x, x))", "mm(A.requires_grad_(), A, out=torch.empty(3, 3))"])
def test_what_cannot_be_written_is_refused(call):
    def scenario(torch):
        names = {"torch": torch, "x": torch.tensor([3.0, 1.0]), "A": torch.eye(3)}
        try:
            eval(f"torch.{call}", names)
        except (TypeError, RuntimeError) as error:
            return type(error).__name__

    agree(scenario)


def test_none_is_no_tensor_to_write_into():
    agree(lambda torch: [torch.cumsum(torch.ones(3), 0, out=None), torch.linalg.cholesky_ex(torch.eye(2), out=None)[0]])


REMOVED = ("eig", "lstsq", "solve", "symeig")  # which raise whatever they are given


def test_no_method_takes_it() -> None:
    import adjoint

    torch = pytest.importorskip("torch")
    x = adjoint.ones(2, 2)
    for name in dir(adjoint.Tensor):
        method = getattr(adjoint.Tensor, name)
        if name[:2] != "__" and name in dir(torch.Tensor) and name in dir(adjoint) and callable(method) and name not in REMOVED:
            try:
                method(x, out=adjoint.empty(0))
            except TypeError:
                continue
            pytest.fail(f"{name} took it: {method!r}")


METHODS = "polygamma(1, out=x) | lu(out=x) | norm(out=x) | add(x, out=x) | add_(x, out=x) | clamp(0, out=x) | sum(0, out=x)"


@pytest.mark.parametrize("call", [f"x.{c}" for c in METHODS.split(" | ")])
def test_a_method_that_is_given_one_leaves_everything_as_it_was(call: str) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.ones(2)
        with pytest.raises(TypeError):
            eval(call, {"x": x})
        return x, x._version, torch.add(x, x, out=torch.empty(2)), x.add(x, alpha=2)

    agree(scenario)


# What PyTorch does differently here: it writes over what it reads, or names the function it is made of.
NOT_COMPARED = (
    "a tuple", "a list", "a number", "a string", "a shifted view of the first operand", "the first operand, of another form",
)  # fmt: skip
TEXTS = ("_int_out", "in argument 3", "sort() received")
GRADIENTS = ("that requires grad", "right, operands require grad", "right, a dual operand", "a dual tensor")
ENTRIES = """
abs add addcmul all argmax atan2 complex conj_physical cos cummax cumsum dot frac frexp fmin gather gcd index_add isposinf log10
logsumexp masked_select minimum nextafter sort take unbind_copy max.reduction_no_dim
""".split()


@pytest.mark.parametrize("name", ENTRIES)
def test_all_that_may_be_given_is_taken_or_refused_as_by_pytorch(name: str) -> None:
    pytest.importorskip("expecttest")
    from fuzz.outs import examine

    result = examine(name, most=1)
    assert result.compared >= 20
    skipped = NOT_COMPARED + (GRADIENTS if name in ("all", "argmax", "conj_physical", "isposinf", "unbind_copy") else ())
    found = [f for f in result.findings if f.way not in skipped and not f.what.startswith(("writes:", "warned:"))]
    assert not [f for f in found if not any(text in f.what for text in TEXTS)], found


def test_a_tuple_that_is_too_short_is_refused_before_anything_is_written() -> None:
    def scenario(torch: Any) -> Any:
        x, first = torch.eye(2), torch.full((2, 2), 7.0)
        with pytest.raises((TypeError, RuntimeError)):
            torch.linalg.qr(x, out=(first,))
        with pytest.raises(RuntimeError, match="Expected out tensor"):
            torch.linalg.qr(x, out=(torch.full((2, 2), 7.0), torch.full((2, 2), 7.0, dtype=torch.float64)))
        return first

    agree(scenario)


def test_named_tuples_of_what_was_given_are_of_a_type_of_their_own() -> None:
    def scenario(torch: Any) -> Any:
        found = torch.sort(torch.tensor([3.0, 1.0]), out=(torch.empty(0), torch.empty(0, dtype=torch.int64)))
        print(found)
        return type(found).__name__, found.values

    agree(scenario)


def test_the_types_of_what_is_returned_are_listed() -> None:
    import pickle

    import adjoint

    theirs = {name for name in dir(pytest.importorskip("torch").return_types) if name.endswith("_out") and name[0] != "_"}
    assert theirs <= set(dir(adjoint.return_types))
    given = adjoint.sort(adjoint.tensor([3.0, 1.0]), out=(adjoint.empty(0), adjoint.empty(0, dtype=adjoint.int64)))
    assert isinstance(given, adjoint.return_types.sort_out)
    assert type(pickle.loads(pickle.dumps(given))) is type(given)
