"""What NumPy, pandas, Matplotlib, Pillow and scikit-learn make of tensors, beside what they make of PyTorch's."""

import inspect
import io
import operator
import pickle
import warnings
from functools import reduce

import numpy as np
import pytest

import adjoint
from adjoint.declare.namespaces import FUNCTIONS

torch = pytest.importorskip("torch")
pandas = pytest.importorskip("pandas")

TENSORS = {
    "float32": lambda t: t.arange(6.0).reshape(2, 3),
    "float64": lambda t: t.arange(3.0, dtype=t.float64),
    "float16": lambda t: t.arange(3.0, dtype=t.float16),
    "bfloat16": lambda t: t.arange(3.0, dtype=t.bfloat16),
    "int64": lambda t: t.arange(3),
    "uint8": lambda t: t.arange(3, dtype=t.uint8),
    "bool": lambda t: t.tensor([True, False, True]),
    "complex": lambda t: t.tensor([1 + 2j, 3 - 1j, 0j]),
    "conjugated": lambda t: t.tensor([1 + 2j, 3 - 1j, 0j]).conj(),
    "negated": lambda t: t.tensor([1 + 2j, 3 - 1j, 0j]).conj().imag,
    "no dimensions": lambda t: t.tensor(3.5),
    "no dimensions, an integer": lambda t: t.tensor(2),
    "no elements": lambda t: t.empty(0, 3),
    "transposed": lambda t: t.arange(6.0).reshape(2, 3).T,
    "every third": lambda t: t.arange(9.0)[::3],
    "expanded": lambda t: t.ones(1, 3).expand(2, 3),
    "requires grad": lambda t: t.ones(3, requires_grad=True),
    "a result with a graph": lambda t: t.ones(3, requires_grad=True) * 2,
    "a parameter": lambda t: t.nn.Parameter(t.ones(3)),
}

ones = np.ones(3)

USES = {
    "np.asarray": lambda x, t: np.asarray(x),
    "np.asarray of a dtype": lambda x, t: np.asarray(x, dtype=np.float32),
    "np.array": lambda x, t: np.array(x),
    "np.array of a list of it": lambda x, t: np.array([x, x]),
    "numpy()": lambda x, t: x.numpy(),
    "numpy(force=True)": lambda x, t: x.numpy(force=True),
    "__array__ of a dtype": lambda x, t: x.__array__(np.float64),
    "whether memory is shared": lambda x, t: np.shares_memory(np.asarray(x), x.detach().numpy()),
    "np.float64": lambda x, t: np.float64(x),
    "np.argmax": lambda x, t: np.argmax(x),
    "np.cumsum": lambda x, t: np.cumsum(x),
    "np.sort": lambda x, t: np.sort(x),
    "np.argsort": lambda x, t: np.argsort(x),
    "np.reshape": lambda x, t: np.reshape(x, -1),
    "np.transpose": lambda x, t: np.transpose(x),
    "np.squeeze": lambda x, t: np.squeeze(x),
    "np.expand_dims": lambda x, t: np.expand_dims(x, 0),
    "np.repeat": lambda x, t: np.repeat(x, 2),
    "np.take": lambda x, t: np.take(x, 0),
    "np.nonzero": lambda x, t: np.nonzero(x),
    "np.shape": lambda x, t: np.shape(x),
    "np.exp": lambda x, t: np.exp(x),
    "np.abs": lambda x, t: np.abs(x),
    "np.isnan": lambda x, t: np.isnan(x),
    "np.greater": lambda x, t: np.greater(x, 1),
    "np.frexp": lambda x, t: np.frexp(x),
    "np.add with an array": lambda x, t: np.add(x, ones),
    "np.add into an array": lambda x, t: np.add(ones, x, out=np.empty(np.broadcast_shapes((3,), tuple(x.shape)))),
    "np.add.reduce": lambda x, t: np.add.reduce(x),
    "np.multiply.outer": lambda x, t: np.multiply.outer(x, x),
    "np.concatenate": lambda x, t: np.concatenate([x, x]),
    "np.stack": lambda x, t: np.stack([x, x]),
    "np.where": lambda x, t: np.where(x > 0, x, -x),
    "np.dot": lambda x, t: np.dot(x, ones),
    "np.allclose": lambda x, t: np.allclose(x, x),
    "np.linalg.norm": lambda x, t: np.linalg.norm(x),
    "np.histogram": lambda x, t: np.histogram(x, bins=2),
    "np.unique": lambda x, t: np.unique(x),
    "np.median": lambda x, t: np.median(x),
    "np.zeros_like": lambda x, t: np.zeros_like(x),
    "np.broadcast_to": lambda x, t: np.broadcast_to(x, (2, *x.shape)),
    "an index of an array": lambda x, t: np.arange(10)[x],
    "what is written to an array": lambda x, t: _written(x),
    "an array as an index": lambda x, t: x[np.array([0, 1])],
    "a NumPy integer as an index": lambda x, t: x[np.int64(0)],
    "a NumPy number written": lambda x, t: operator.setitem(x, 0, np.float64(3)) or x,
    "torch.tensor of its array": lambda x, t: t.tensor(np.asarray(x)),
    "torch.from_numpy of its array": lambda x, t: t.from_numpy(np.asarray(x)),
    "torch.from_numpy backwards": lambda x, t: t.from_numpy(np.asarray(x)[::-1]),
    "torch.tensor backwards": lambda x, t: t.tensor(np.asarray(x)[::-1]),
    "torch.tensor of swapped bytes": lambda x, t: t.tensor(np.asarray(x).astype(">f8")),
    "torch.tensor of a list of it": lambda x, t: t.tensor(list(x)),
    "DLPack": lambda x, t: np.from_dlpack(x),
    "DLPack and back": lambda x, t: t.from_dlpack(np.from_dlpack(x)),
    "memoryview": lambda x, t: memoryview(x).format,
    "float()": lambda x, t: float(x),
    "int()": lambda x, t: int(x),
    "sum()": lambda x, t: sum(x),
    "max()": lambda x, t: max(x),
    "format": lambda x, t: f"{x:.2f}",
    "np.save": lambda x, t: np.save(io.BytesIO(), x),
    "pickled array": lambda x, t: pickle.loads(pickle.dumps(np.asarray(x))),
    "Series": lambda x, t: pandas.Series(x),
    "Series of a dtype": lambda x, t: pandas.Series(x, dtype="float32"),
    "DataFrame": lambda x, t: pandas.DataFrame(x),
    "DataFrame of columns": lambda x, t: pandas.DataFrame({"a": x, "b": x}),
    "torch.tensor of a Series": lambda x, t: t.tensor(pandas.Series(np.asarray(x).reshape(-1))),
    "torch.tensor of a DataFrame": lambda x, t: t.tensor(pandas.DataFrame(np.asarray(x).reshape(-1, 1).repeat(3, 1))),
    "torch.tensor of values": lambda x, t: t.tensor(pandas.DataFrame(np.asarray(x)).values),
    "Series + it": lambda x, t: pandas.Series(ones) + x,
    **{
        f"it {name} an array": lambda x, t, name=name: getattr(operator, name)(x, ones)
        for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "lt", "eq", "ne", "and_")
    },
    **{
        f"an array {name} it": lambda x, t, name=name: getattr(operator, name)(ones, x)
        for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "lt", "eq", "ne", "and_")
    },
    **{
        f"it {name}= an array": lambda x, t, name=name: getattr(operator, "i" + name)(x, ones)
        for name in ("add", "sub", "mul", "truediv", "pow")
    },
    "array += it": lambda x, t: operator.iadd(np.ones(3), x),
}

# Where the two differ, and why that is as it should be.
EXCEPT = {
    ("DLPack", "bfloat16"), ("DLPack and back", "bfloat16"),  # refused by the one who gives, or by the one who takes
    ("DLPack", "negated"), ("DLPack and back", "negated"),  # PyTorch gives the memory, which has not been negated
    *(("torch.tensor of a DataFrame", kind) for kind in ("float32", "transposed", "expanded")),  # refused: ValueError, KeyError
    # NumPy asks the method, which takes out=None and axis=None here; PyTorch's does not, and NumPy then asks for an array
    *(("np.argmax", kind) for kind in TENSORS),
    ("an array truediv it", "transposed"),  # shapes that do not go together: ValueError, RuntimeError
}  # fmt: skip


def _written(x):
    array = np.zeros(tuple(x.shape), np.float64)
    array[...] = x
    return array


def shown(value, t):
    """A value as it can be compared between the libraries."""
    if isinstance(value, t.Tensor):
        return "tensor", str(value.dtype), tuple(value.shape), value.requires_grad, repr(value.detach().tolist())
    if isinstance(value, np.ndarray):
        if value.dtype == object:
            return "objects", value.shape, [shown(e, t) for e in value.ravel()]
        return "array", str(value.dtype), value.shape, repr(value.tolist()), value.flags.writeable
    if isinstance(value, (tuple, list)):
        return [shown(e, t) for e in value]
    if isinstance(value, pandas.Series):
        return "Series", str(value.dtype), [shown(e, t) for e in value.tolist()]
    if isinstance(value, pandas.DataFrame):
        return "DataFrame", [str(d) for d in value.dtypes], value.shape, [shown(e, t) for e in value.values.ravel()]
    return type(value).__name__, repr(value)


def outcome(t, use, kind):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # NumPy's, of what PyTorch's __array__ does not take yet
            return shown(USES[use](TENSORS[kind](t), t), t)
    except Exception as error:
        return "raises", type(error).__name__


@pytest.mark.parametrize("use", USES)
def test_every_kind_of_tensor_is_to_others_what_pytorchs_is(use):
    ours = {kind: outcome(adjoint, use, kind) for kind in TENSORS if (use, kind) not in EXCEPT}
    theirs = {kind: outcome(torch, use, kind) for kind in TENSORS if (use, kind) not in EXCEPT}
    assert {k: (ours[k], theirs[k]) for k in ours if ours[k] != theirs[k]} == {}


CALLING_METHODS = {
    "clip": (0, 2), "dot": ([1.0, 2.0, 3.0],), "repeat": (2,), "reshape": ((3, 1),), "searchsorted": (2.5,), "swapaxes": (0, 0),
    "take": ([0],),
}  # fmt: skip
"""What the functions are given beside the tensor."""


@pytest.mark.parametrize(
    "name",
    [
        "all", "any", "argmax", "argmin", "argsort", "clip", "cumprod", "cumsum", "diagonal", "dot", "max", "mean", "min",
        "nonzero", "prod", "ptp", "ravel", "repeat", "reshape", "round", "searchsorted", "sort", "squeeze", "std", "sum",
        "swapaxes", "take", "transpose", "var",
    ],
)  # fmt: skip
@pytest.mark.parametrize("requires_grad", [False, True])
def test_numpys_functions_that_call_a_method_are_pytorchs(name, requires_grad):
    """What hands the method an ``out`` is refused by its TypeError (``np.sum``), or computes with an array (``np.argmax``)."""
    found = []
    for library in (adjoint, torch):
        x = library.tensor([1.0, 3.0, 2.0], requires_grad=requires_grad)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found.append(shown(getattr(np, name)(x, *CALLING_METHODS.get(name, ())), library))
        except Exception as error:
            found.append(("raises", type(error).__name__))
    assert found[0] == found[1]


SCALARS = (
    np.bool_(True), np.int8(2), np.uint8(2), np.int64(3), np.float16(2), np.float32(2), np.float64(2), np.complex128(2),
    np.longdouble(2),
)  # fmt: skip


@pytest.mark.parametrize("scalar", SCALARS, ids=lambda s: type(s).__name__)
def test_numpys_numbers_are_operands_as_with_pytorch(scalar):
    different = {}
    for name in ("add", "sub", "mul", "truediv", "pow", "eq", "lt"):
        for dtype in ("int64", "float16", "float32", "bool"):
            for turned in (False, True):
                results = []
                if isinstance(scalar, np.complex128) and dtype == "float16":
                    continue  # PyTorch has complex numbers of halves
                for t in (adjoint, torch):
                    x = t.ones(2, dtype=getattr(t, dtype))
                    operands = (scalar, x) if turned else (x, scalar)
                    try:
                        with warnings.catch_warnings():
                            warnings.simplefilter("ignore")
                            results.append(shown(getattr(operator, name)(*operands), t))
                    except Exception as error:
                        results.append(("raises", type(error).__name__))
                if results[0] != results[1]:
                    different[name, dtype, turned] = results
    assert different == {}


def test_numpys_complex64_keeps_its_imaginary_part_which_pytorch_drops():
    number = np.complex64(1 + 2j)
    for result in (adjoint.ones(2) * number, number * adjoint.ones(2), adjoint.add(adjoint.zeros(2), number)):
        assert result.tolist() == [1 + 2j, 1 + 2j]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy's, that PyTorch discards it
        assert (torch.ones(2) * number).tolist() == [1, 1]


INTEGERS = {
    "dim": 0, "dim0": 0, "dim1": 1, "k": 1, "offset": 0, "diagonal": 0, "dims": (0,), "start_dim": 0, "end_dim": 1,
    "repeats": 2, "axis": 0, "size": (2, 3), "shape": (3, 2), "kernel_size": 2, "stride": 1, "padding": 0, "dilation": 1,
    "output_size": 2, "decimals": 1, "sections": 1, "split_size": 1, "chunks": 2, "shifts": 1, "upscale_factor": 1,
    "normalized_shape": (3,), "steps": 3, "groups": 1,
}  # fmt: skip


@pytest.mark.parametrize("place", ["torch", "nn.functional", "linalg", "special"])
def test_numpys_integers_are_sizes_and_dimensions(place):
    """Wherever Python's integer is taken, and PyTorch takes NumPy's, so does Adjoint; the results are the same."""

    def call(t, name, arguments):
        module = reduce(getattr, [] if place == "torch" else place.split("."), t)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return shown(getattr(module, name)(t.arange(6.0).reshape(2, 3), **arguments), t)
        except Exception:
            return None

    def of_numpy(value):
        return tuple(map(np.int64, value)) if isinstance(value, tuple) else np.int64(value)

    refused, tried = [], 0
    for name in FUNCTIONS[place]:
        module = reduce(getattr, [] if place == "torch" else place.split("."), adjoint)
        function = getattr(module, name)
        if name.endswith("_") or name == "gumbel_softmax" or not callable(function) or inspect.isclass(function):
            continue
        parameters = inspect.signature(function).parameters
        needed = {n: INTEGERS[n] for n, p in parameters.items() if n in INTEGERS and p.default is p.empty}
        for each in parameters:
            if each not in INTEGERS:
                continue
            plain = call(adjoint, name, {**needed, each: INTEGERS[each]})
            numpys = {**needed, each: of_numpy(INTEGERS[each])}
            if plain is None or call(torch, name, numpys) is None:
                continue
            tried += 1
            if call(adjoint, name, numpys) != plain:
                refused.append(f"{name}({each}=)")
    assert refused == []
    assert tried > (60 if place == "torch" else 0)


def test_matplotlib_draws_tensors():
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("Agg")
    x, y = adjoint.linspace(0, 1, 5), adjoint.linspace(0, 1, 5) ** 2
    figure, axes = pyplot.subplots(1, 4)
    (line,) = axes[0].plot(x, y)
    np.testing.assert_array_equal(line.get_xydata(), np.stack([x.numpy(), y.numpy()], 1))
    image = axes[1].imshow(adjoint.arange(6.0).reshape(2, 3))
    np.testing.assert_array_equal(image.get_array(), np.arange(6.0).reshape(2, 3))
    counts, _, _ = axes[2].hist(y, bins=2)
    assert counts.tolist() == [3, 2]
    assert axes[3].scatter(x, y, c=y, s=x).get_offsets().shape == (5, 2)
    axes[3].fill_between(x, y - 0.1, y + 0.1)
    axes[3].bar(adjoint.arange(3), adjoint.tensor([1, 2, 3]))
    figure.savefig(io.BytesIO())
    with pytest.raises(RuntimeError, match="requires grad"):
        axes[0].plot(adjoint.ones(2, requires_grad=True))
    pyplot.close(figure)


def test_pillow_makes_images_of_tensors_and_tensors_of_images():
    image = pytest.importorskip("PIL.Image")
    from adjoint.vision.transforms.functional import to_tensor

    pixels = adjoint.arange(48, dtype=adjoint.uint8).reshape(4, 4, 3)
    made = image.fromarray(pixels.numpy())
    assert made.size == (4, 4) and made.getpixel((1, 0)) == (3, 4, 5)
    for back in (adjoint.tensor(np.asarray(made)), adjoint.from_numpy(np.array(made)), adjoint.as_tensor(np.array(made))):
        assert adjoint.equal(back, pixels)
    assert to_tensor(made).shape == (3, 4, 4)


def test_scikit_learn_fits_tensors_and_predicts_of_them():
    linear = pytest.importorskip("sklearn.linear_model")
    from sklearn.metrics import accuracy_score
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler

    adjoint.manual_seed(0)
    x = adjoint.randn(40, 2)
    y = (x.sum(1) > 0).long()
    outcomes = []
    for convert in (lambda a: a, lambda a: a.numpy()):
        model = linear.LogisticRegression().fit(convert(x), convert(y))
        scaled = StandardScaler().fit_transform(convert(x))
        outcomes.append((model.predict(convert(x)), model.coef_, scaled, accuracy_score(convert(y), model.predict(convert(x)))))
    for of_tensors, of_arrays in zip(*outcomes):
        np.testing.assert_allclose(of_tensors, of_arrays, rtol=1e-5, atol=1e-6)
    train, test = train_test_split(x, test_size=0.25, random_state=0)
    assert len(train) == 30 and len(test) == 10
