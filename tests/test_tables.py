"""Every row of the tables: values, dtypes and gradients against PyTorch, and derivatives against finite differences."""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np
import pytest

import adjoint
from adjoint.autograd.interception import intercept
from adjoint.declare.namespaces import OPERATORS
from adjoint.tensor import Tensor
from tests.samples import NOT_DIFFERENTIABLE, UNSUPPORTED, WITHOUT, is_of_sparse, samples_of, values

torch = pytest.importorskip("torch")

PAIRS = [(key, sample) for key, operator in OPERATORS.items() for sample in samples_of(key, operator)]
EXPRESSIONS = sorted({sample for _, sample in PAIRS})
DIFFERENTIABLE = sorted({sample for key, sample in PAIRS if OPERATORS[key].gradients})


def names_in(sample: str) -> list[str]:
    return [name for name in compile(sample, "sample", "eval").co_names if name in values()]


def operands(library: Any, sample: str, dtype: str = "float64", requires_grad: bool = False) -> dict[str, Any]:
    """The operands of a sample as tensors of a library, the floating ones of a dtype."""
    found = {}
    wanted = getattr(library, dtype)
    for name in names_in(sample):
        array = values()[name]
        if name in NOT_DIFFERENTIABLE:
            found[name] = library.tensor(array)
            continue
        if wanted.is_complex:
            array = array + 1j * np.roll(array, 1).reshape(array.shape) * 0.7
        found[name] = library.tensor(array).to(wanted).requires_grad_(requires_grad)
    return found


def run(library: Any, sample: str, given: dict[str, Any]) -> list[Any]:
    """The tensors that a sample gives."""
    d = next((t.dtype for name, t in given.items() if name not in NOT_DIFFERENTIABLE), library.float64)
    space = {"torch": library, "F": library.nn.functional, "eye": library.eye(3, dtype=d), **given}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        library.manual_seed(1)
        result = eval(sample, space)
    return [t for t in (result if isinstance(result, (tuple, list)) else (result,)) if isinstance(t, library.Tensor)]


def array(t: Any) -> np.ndarray:
    t = t.detach()
    if str(t.dtype) in ("torch.bfloat16", "torch.float16"):
        t = t.float()
    return np.asarray(t.tolist()) if t.numel() else np.zeros(tuple(t.shape))


def assert_same(found: list[Any], expected: list[Any], rtol: float, atol: float) -> None:
    assert len(found) == len(expected)
    for f, e in zip(found, expected):
        assert (f is None) == (e is None)
        if f is not None:
            assert str(f.dtype) == str(e.dtype) and tuple(f.shape) == tuple(e.shape)
            np.testing.assert_allclose(array(f), array(e), rtol=rtol, atol=atol)


def torch_can(sample: str, dtype: str, backward: bool = False) -> bool:
    """Whether PyTorch, and Adjoint too, has the sample's operators for a dtype."""
    if dtype in UNSUPPORTED.get(sample, ()):
        return False
    try:
        given = operands(torch, sample, dtype, requires_grad=backward)
        outputs = run(torch, sample, given)
        if any(t.dtype is torch.complex32 for t in outputs):
            return False
        outputs = [t for t in outputs if t.requires_grad]
        if outputs:
            targets = [t for t in given.values() if t.requires_grad]
            torch.autograd.grad(outputs, targets, [torch.ones_like(t) for t in outputs], allow_unused=True)
    except (RuntimeError, NotImplementedError, TypeError):
        return False
    return True


@pytest.mark.parametrize("key", [k for k, row in OPERATORS.items() if not is_of_sparse(k, row)])
def test_every_row_has_a_sample(key):
    if key in WITHOUT:
        assert WITHOUT[key]
        return
    assert samples_of(key, OPERATORS[key]), (
        f"the row {key!r} is not tested: add an expression that runs it to SAMPLES in tests/samples.py "
        "(or to WITHOUT, with the reason why there can be none)"
    )


@pytest.mark.parametrize("sample, dtype", [(s, d) for s, dtypes in UNSUPPORTED.items() for d in sorted(dtypes)])
def test_a_dtype_that_is_not_supported_is_an_error(sample, dtype):
    with pytest.raises((RuntimeError, TypeError, NotImplementedError)):
        run(adjoint, sample, operands(adjoint, sample, dtype))


def nodes_of(outputs: list[Any]) -> set[Any]:
    """The nodes behind some outputs."""
    found: set[Any] = set()
    stack = [t.grad_fn for t in outputs]
    while stack:
        node = stack.pop()
        if node is not None and node not in found:
            found.add(node)
            stack += [following for following, _ in node.next_functions]
    return found


@pytest.mark.parametrize("key", sorted({key for key, _ in PAIRS}))
def test_the_samples_run_their_row(key):
    """... in the forward or in the backward of one of them."""
    seen = set()

    def note(operator: Any, function: Any, args: Any, kwargs: Any) -> Any:
        seen.add(id(operator))
        return function(*args, **kwargs)

    intercept.add(note)
    try:
        for sample in samples_of(key, OPERATORS[key]):
            given = operands(adjoint, sample, requires_grad=True)
            outputs = [t for t in run(adjoint, sample, given) if t.requires_grad]
            targets = [t for t in given.values() if t.requires_grad]
            for _ in range(2):
                if not outputs or not targets:
                    break
                ones = [adjoint.ones_like(t, requires_grad=True) for t in outputs]
                seen |= {id(getattr(type(node), "operator", None)) for node in nodes_of(outputs)}
                try:
                    found = adjoint.autograd.grad(outputs, targets, ones, create_graph=True, allow_unused=True)
                except RuntimeError as error:
                    if "is not implemented" not in str(error):
                        raise
                    break
                targets += ones
                outputs = [t for t in found if t is not None and t.requires_grad]
    finally:
        intercept.remove(note)
    inplace = getattr(OPERATORS[key], "writer", None) is not None
    assert id(OPERATORS[key]) in seen or inplace, f"none of the samples of {key!r} runs it"


@pytest.mark.parametrize("sample", EXPRESSIONS)
def test_values_and_dtypes_are_pytorchs(sample):
    for dtype in ("float32", "float64", "complex64", "complex128"):
        if torch_can(sample, dtype):
            tolerance = 1e-8 if dtype in ("float64", "complex128") else 2e-5
            found = run(adjoint, sample, operands(adjoint, sample, dtype))
            expected = run(torch, sample, operands(torch, sample, dtype))
            assert_same(found, expected, tolerance, tolerance)


@pytest.mark.parametrize("sample", EXPRESSIONS)
def test_half_precision_is_as_close_as_it_can_be(sample):
    for dtype in ("bfloat16", "float16"):
        if torch_can(sample, dtype):
            found = run(adjoint, sample, operands(adjoint, sample, dtype))
            expected = run(torch, sample, operands(torch, sample, dtype))
            tolerance = 0.04 if dtype == "bfloat16" else 0.005
            assert_same(found, expected, tolerance, tolerance)


@pytest.mark.parametrize("sample", DIFFERENTIABLE)
def test_gradients_are_pytorchs(sample):
    for dtype in ("float64", "complex128", "float32"):
        if not torch_can(sample, dtype, backward=True):
            continue
        results = []
        for library in (adjoint, torch):
            given = operands(library, sample, dtype, requires_grad=True)
            outputs = [t for t in run(library, sample, given) if t.requires_grad]
            weights = [np.cos(np.arange(t.numel()) + 1.0).reshape(tuple(t.shape)) for t in outputs]
            targets = [t for t in given.values() if t.requires_grad]
            if not outputs or not targets:
                results.append([])
                continue
            gradients = [library.tensor(w).to(t.dtype) for w, t in zip(weights, outputs)]
            results.append(list(library.autograd.grad(outputs, targets, gradients, allow_unused=True)))
        tolerance = 1e-4 if dtype == "float32" else 1e-8
        # A gradient that is zero everywhere may be undefined in one library.
        found, expected = ([_zero_as_none(g) for g in r] for r in results)
        assert_same(found, expected, tolerance, tolerance)


def _zero_as_none(g: Any) -> Any:
    return None if g is None or not bool((g != 0).any()) else g


def _function(library: Any, sample: str, dtype: str) -> tuple[Any, tuple[Any, ...]]:
    """The sample as a function of its floating operands, and those."""
    given = operands(library, sample, dtype, requires_grad=True)
    names = [name for name, t in given.items() if t.requires_grad]

    def function(*args: Any) -> Any:
        outputs = run(library, sample, {**given, **dict(zip(names, args))})
        return tuple(t for t in outputs if t.dtype.is_floating_point or t.dtype.is_complex)

    return function, tuple(given[name] for name in names)


def _checkable(function: Any, inputs: Any) -> bool:
    return bool(inputs) and any(t.requires_grad for t in function(*inputs))


# Not for finite differences: results that jump or do not depend continuously on their operands.
JUMPS = re.compile(
    r"ctc_loss|detach|padding_idx|float32|frexp|rrelu|rounding_mode|nan_to_num|nextafter|heaviside|copysign|_standard_gamma"
)


@pytest.mark.parametrize("sample", [s for s in DIFFERENTIABLE if not JUMPS.search(s)])
def test_gradients_are_those_of_finite_differences(sample):
    for dtype in ("float64", "complex128"):
        if torch_can(sample, dtype, backward=True):
            function, inputs = _function(adjoint, sample, dtype)
            if _checkable(function, inputs):
                assert adjoint.autograd.gradcheck(function, inputs, fast_mode=True)


# Where PyTorch's own second derivative is not that of the function, or there is none.
@pytest.mark.parametrize("sample", [s for s in DIFFERENTIABLE if not JUMPS.search(s)])
def test_second_derivatives_are_those_of_finite_differences(sample):
    for dtype in ("float64", "complex128"):
        if torch_can(sample, dtype, backward=True) and torch_can_twice(sample, dtype):
            function, inputs = _function(adjoint, sample, dtype)
            if _checkable(function, inputs):
                assert adjoint.autograd.gradgradcheck(function, inputs, fast_mode=True, atol=1e-4)


def torch_can_twice(sample: str, dtype: str) -> bool:
    function, inputs = _function(torch, sample, dtype)
    outputs = [t for t in function(*inputs) if t.requires_grad]
    if not outputs:
        return False
    try:
        ones = [torch.ones_like(t, requires_grad=True) for t in outputs]
        found = torch.autograd.grad(outputs, inputs, ones, create_graph=True, allow_unused=True)
        found = [g for g in found if g is not None and g.requires_grad]
        torch.autograd.grad(found, (*inputs, *ones), [torch.ones_like(g) for g in found], allow_unused=True)
    except (RuntimeError, NotImplementedError):
        return False
    return True


@pytest.mark.parametrize("sample", [s for s in DIFFERENTIABLE if not JUMPS.search(s)])
def test_forward_mode_agrees_with_finite_differences(sample):
    if torch_can(sample, "float64", backward=True):
        function, inputs = _function(adjoint, sample, "float64")
        if _checkable(function, inputs):
            assert adjoint.autograd.gradcheck(
                function, inputs, fast_mode=True, check_forward_ad=True, check_backward_ad=False
            )


# What vmap cannot do yet.  Strict: an entry that works has to go.
NOT_BATCHED = {
    # The place counts from the start of each sample, in PyTorch too; in a loop from the start of the memory.
    "x.as_strided((2, 2), (1, 2), 1)": "another start in a loop",
}


@pytest.mark.parametrize(
    "sample",
    [
        pytest.param(s, marks=[pytest.mark.xfail(reason=NOT_BATCHED[s], strict=True)] if s in NOT_BATCHED else [])
        for s in DIFFERENTIABLE
    ],
)
def test_a_batch_gives_what_its_samples_give(sample):
    """``vmap`` against a loop, where PyTorch's vmap can."""
    if not torch_can(sample, "float64"):
        return
    for library in (torch, adjoint):
        given = operands(library, sample)
        names = [name for name in given if name not in NOT_DIFFERENTIABLE]
        if not names:
            return
        batches = [library.stack([given[n], given[n] * 0.9]) for n in names]

        def function(*args: Any, library: Any = library, given: Any = given, names: Any = names) -> tuple[Any, ...]:
            return tuple(run(library, sample, {**given, **dict(zip(names, args))}))

        if library is torch:
            try:
                torch.func.vmap(function, randomness="same")(*batches)
            except RuntimeError:
                return
        else:
            expected = [library.stack(parts) for parts in zip(*(function(*(b[i] for b in batches)) for i in range(2)))]
            assert_same(list(library.func.vmap(function, randomness="same")(*batches)), expected, 1e-10, 1e-10)


INPLACE = [
    (key, sample)
    for key, sample in PAIRS
    if key + "_" in Tensor.__dict__
    and hasattr(torch.Tensor, key + "_")
    and re.match(rf"torch\.{key}\(([a-z]\w*)(, .*)?\)$", sample)
]


def test_in_place_methods_exist_where_pytorch_has_them():
    of_pytorch = {name for name in dir(torch.Tensor) if name.endswith("_") and not name.startswith("_")}
    ours = {name for name in Tensor.__dict__ if name.endswith("_") and not name.startswith("_")}
    assert not ours - of_pytorch
    of_rows = {o.name + "_" for o in OPERATORS.values() if "Tensor" in o.where}
    assert not (of_rows & of_pytorch) - ours


@pytest.mark.parametrize("key, sample", INPLACE)
def test_in_place_does_what_out_of_place_does(key, sample):
    matched = re.match(rf"torch\.{key}\((\w+)(?:, (.*))?\)$", sample)
    assert matched is not None
    target, rest = matched.groups()
    inplace = f"({target} * 1).{key}_({rest or ''})"
    outcomes = []
    for library in (torch, adjoint):
        given = operands(library, sample, requires_grad=True)
        try:
            (result,) = run(library, inplace, given)
            targets = [t for t in given.values() if t.requires_grad]
            found = [None] * len(targets)
            if result.requires_grad:
                found = library.autograd.grad(result.sum(), targets, allow_unused=True)
        except NotImplementedError:  # PyTorch forgot the derivative
            return
        except RuntimeError as error:
            outcomes.append(type(error).__name__)
        else:
            outcomes.append([result, *(_zero_as_none(g) for g in found)])
    expected, found = outcomes
    if isinstance(expected, str):
        assert found == expected or not isinstance(found, str)  # Adjoint may have a derivative that PyTorch lacks
    else:
        if not OPERATORS[key].gradients:  # PyTorch takes the old history for that of the new values
            found, expected = found[:1], expected[:1]
        assert_same(found, expected, 1e-8, 1e-10)
        (out_of_place,) = run(adjoint, sample, operands(adjoint, sample))
        if out_of_place.dtype is found[0].dtype:
            assert_same(found[:1], [out_of_place], 0, 0)
