"""The compiled reading: kernels compute what is large, NumPy all the rest, and everything where no kernels can be."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from adjoint.kernels import reading

TESTS = Path(__file__).parent

COMPUTED = """
import numpy as np
import adjoint as torch
from adjoint.nn import functional as F

rng = np.random.default_rng(0)
results = {}

def made(*shape):
    return torch.tensor(rng.standard_normal(shape).astype(np.float32), requires_grad=True)

def record(name, result, *leaves):
    if leaves:
        result.backward(torch.linspace(-1, 1, result.numel()).reshape(result.shape))
    results[name] = result.detach().numpy()
    for i, leaf in enumerate(leaves):
        results[f"{name}, gradient {i}"] = leaf.grad.numpy()

x = made(200, 200)
record("elementwise", torch.tanh(x * 2) + torch.exp(-x ** 2) / (1 + x.abs()), x)
x = made(300, 100)
record("softmax", F.log_softmax(x, dim=1), x)
x, weight, bias = made(100, 300), made(300), made(300)
record("layer_norm", F.layer_norm(x, (300,), weight, bias), x, weight, bias)
x, weight, bias = made(8, 16, 20, 20), made(16), made(16)
record("batch_norm", F.batch_norm(x, None, None, weight, bias, training=True), x, weight, bias)
a, b = made(150, 170), made(170, 190)
record("matmul", a @ b, a, b)
a, b = made(3, 100, 80), made(3, 80, 90)
record("bmm", torch.bmm(a, b), a, b)
for name, given, filters, kernel, how in [
    ("convolution", 8, 16, 3, {"padding": 1}), ("strided", 8, 12, 3, {"stride": 2}), ("pointwise", 8, 16, 1, {}),
    ("depthwise", 16, 16, 3, {"groups": 16, "padding": 1}), ("dilated", 4, 8, 3, {"dilation": 2}),
]:
    x, weight = made(4, given, 30, 30), made(filters, given // how.get("groups", 1), kernel, kernel)
    record(name, F.conv2d(x, weight, None, **how), x, weight)
x, weight = made(2, 8, 40, 40), made(8, 4, 3, 3)
record("transposed", F.conv_transpose2d(x, weight, stride=2), x, weight)
x = made(4, 8, 40, 40)
record("max_pool", F.max_pool2d(x, 2), x)
x = made(4, 8, 40, 40)
record("avg_pool", F.avg_pool2d(x, 3, 2, 1), x)
q, k, v = (made(2, 4, 128, 64) for _ in range(3))
record("attention", F.scaled_dot_product_attention(q, k, v, is_causal=True), q, k, v)
x, target = made(500, 100), torch.tensor(rng.integers(0, 100, 500))
record("cross_entropy", F.cross_entropy(x, target).reshape(1), x)
table, at = made(1000, 64), torch.tensor(rng.integers(0, 1000, 600))
record("embedding", F.embedding(at, table), table)
x = made(300, 200)
record("moved", torch.cat([x.t().contiguous(), x.flip(0).t()], 1)[:, ::2], x)
x = made(300, 200)
record("gathered", x.index_select(0, at[:200] % 300) + x.gather(0, (at[:200] % 300).expand(200, 200)), x)
x = made(300, 200)
record("summed", x.sum(0) * x.mean(1)[:200] + x.var(0), x)
for kind in (torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW, torch.optim.RMSprop, torch.optim.Adagrad):
    how = {"momentum": 0.9} if kind is torch.optim.SGD else {}
    x = made(200, 200)
    optimizer = kind([x], lr=0.1, weight_decay=0.01, **how)
    for _ in range(3):
        optimizer.zero_grad()
        (x * x).sum().backward()
        optimizer.step()
    record(kind.__name__, x)
x = made(200, 200)
x.data.mul_(2).add_(1)
record("in place", x)
"""
WITHOUT_LLVMLITE = "import sys; sys.modules['llvmlite'] = sys.modules['llvmlite.binding'] = None\n"
UNKNOWN = "import platform; platform.machine = lambda: 'riscv64'\n"
TOO_OLD = "import llvmlite; llvmlite.__version__ = '0.43.0'\n"


def in_a_process(program, **environment):
    """What a process prints."""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60,
        env={**os.environ, "PYTHONPATH": str(TESTS.parent), **environment},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout.strip()


def computed(file, before="", after="", **environment):
    """The results of COMPUTED in a process, and what it prints."""
    said = in_a_process(f"{before}{COMPUTED}\nnp.savez({str(file)!r}, **results)\n{after}", **environment)
    with np.load(file) as found:
        return dict(found), said


LOADED = "import sys; print(*[m for m in ('llvmlite', 'adjoint.kernels.native') if sys.modules.get(m)])"
COMPILED = "from adjoint.kernels import machine_code; print(len(machine_code._addresses) > 20)"


@pytest.fixture(scope="module")
def by_numpy(tmp_path_factory):
    return computed(tmp_path_factory.mktemp("numpy") / "results.npz", after=LOADED, ADJOINT_KERNELS="0")


def agree(found, expected):
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        scale = max(1.0, float(np.abs(value).max()))
        np.testing.assert_allclose(found[name], value, rtol=1e-4, atol=2e-5 * scale, err_msg=name)
        assert found[name].dtype == value.dtype, name


def test_kernels_that_are_turned_off_load_nothing(by_numpy):
    assert by_numpy[1] == ""


def test_kernels_agree_with_numpy(by_numpy, tmp_path):
    pytest.importorskip("llvmlite")
    found, said = computed(tmp_path / "results.npz", after=COMPILED)
    assert said == "True"
    agree(found, by_numpy[0])


@pytest.mark.parametrize("size", [16, 32])
def test_kernels_of_shorter_vectors_agree_with_numpy(size, by_numpy, tmp_path):
    pytest.importorskip("llvmlite")
    after = COMPILED + f"; from adjoint.kernels.machine import machine; print(machine().vector_bytes <= {size})"
    found, said = computed(tmp_path / "results.npz", after=after, ADJOINT_VECTOR_BYTES=str(size))
    assert said.split() == ["True", "True"]
    agree(found, by_numpy[0])


def test_kernels_for_every_size_agree_with_numpy(by_numpy, tmp_path):
    pytest.importorskip("llvmlite")
    found, said = computed(tmp_path / "results.npz", after=COMPILED, ADJOINT_KERNELS_FROM="0")
    assert said == "True"
    agree(found, by_numpy[0])


def test_everything_is_computed_without_llvmlite(by_numpy, tmp_path):
    found, said = computed(tmp_path / "results.npz", before=WITHOUT_LLVMLITE, after=LOADED)
    assert said == ""
    agree(found, by_numpy[0])


@pytest.mark.parametrize("before", [UNKNOWN, TOO_OLD], ids=["processor", "llvmlite"])
def test_everything_is_computed_where_the_processor_is_not_known_or_llvmlite_too_old(before, by_numpy, tmp_path):
    pytest.importorskip("llvmlite")
    after = "from adjoint.kernels import reading, machine; print(machine.machine().family, reading.usable())"
    found, said = computed(tmp_path / "results.npz", before=before, after=after)
    assert said == "unknown False"
    agree(found, by_numpy[0])


def test_importing_adjoint_loads_neither_the_compiler_nor_kernels():
    heavy = {"native", "machine", "machine_code", "pool", "fuse", "plan", "traced", "buffers", "copying", "updates"}
    loaded = in_a_process("import sys, adjoint; print(*[m for m in sys.modules if 'llvmlite' in m or '.kernels.' in m])")
    assert not [m for m in loaded.split() if "llvmlite" in m or heavy & set(m.split("."))]
    for name in loaded.split():
        assert name.count(".") == 2, f"{name} is part of a group of kernels"


def test_small_arrays_are_left_to_numpy():
    assert in_a_process(f"""
import adjoint as torch
x = torch.ones(40, 40, requires_grad=True)
torch.nn.functional.softmax(x @ x + torch.tanh(x), 1).sum().backward()
{LOADED}
""") == ""  # fmt: skip


def test_kernels_begin_at_a_size_that_may_be_asked_for(monkeypatch):
    monkeypatch.delenv("ADJOINT_KERNELS", raising=False)
    monkeypatch.delenv("ADJOINT_KERNELS_FROM", raising=False)
    assert reading.threshold() == reading.LARGE
    monkeypatch.setenv("ADJOINT_KERNELS_FROM", "10")
    assert reading.threshold() == 10
    monkeypatch.setenv("ADJOINT_KERNELS_FROM", "nonsense")
    assert reading.threshold() == reading.LARGE
    monkeypatch.setenv("ADJOINT_KERNELS", "0")
    assert reading.threshold() == reading.NEVER


# Calls


def big(*shape):
    return np.random.default_rng(1).standard_normal(shape or (200, 200)).astype(np.float32)


@pytest.fixture
def compiling():
    if not reading.usable():
        pytest.skip("no kernels here")
    reading._plans.clear()
    reading.refused.clear()


def test_a_formula_is_planned_once_for_each_layout_and_value(compiling):
    calls = []

    def formula(x, by):
        calls.append(1)
        return np.tanh(x) * by

    x = big()
    for _ in range(3):
        np.testing.assert_allclose(reading.compiled(formula, x, 2.0), np.tanh(x) * 2, rtol=1e-5)
    assert len(calls) == 1
    for again, by in ((x, 3.0), (x.T, 2.0), (x[:, :100], 2.0), (x.astype(np.float64), 2.0), (x, 2), (x, True)):
        found = reading.compiled(formula, again, by)
        expected = np.tanh(again) * by
        np.testing.assert_allclose(found, expected, rtol=1e-5)
        assert found.dtype == expected.dtype
    assert len(reading._plans) == 7 and not reading.refused


def test_minus_zero_and_no_number_are_values_of_their_own(compiling):
    def formula(x, by):
        return np.tanh(x) * by

    x = big()
    for by in (0.0, -0.0, 0.0, np.float32(-0.0)):
        assert (np.signbit(reading.compiled(formula, x, by)) == np.signbit(formula(x, by))).all()
    for _ in range(3):
        assert np.isnan(reading.compiled(formula, x, float("nan"))).all()
    assert len(reading._plans) == 4


def test_a_formula_that_cannot_be_traced_is_numpys_from_then_on(compiling):
    def formula(x):
        return np.sort(x * 2, axis=None)[:5] if x[0, 0] > -100 else x

    x = big()
    for _ in range(2):
        np.testing.assert_array_equal(reading.compiled(formula, x), np.sort(x * 2, axis=None)[:5])
    assert len(reading.refused) == 1


def test_errors_of_a_formula_are_numpys(compiling):
    for _ in range(2):
        with pytest.raises(ValueError, match="operands could not be broadcast together"):
            reading.compiled(np.add, big(200, 200), big(300, 200))


def test_plans_that_are_too_many_are_forgotten(compiling, monkeypatch):
    monkeypatch.setattr(reading, "_MOST_PLANS", 3)
    x = big()
    for by in range(8):
        np.testing.assert_allclose(reading.compiled(np.multiply, x, float(by)), x * np.float32(by), rtol=1e-6)
        assert len(reading._plans) <= 3


def test_a_result_goes_into_an_array_that_may_be_an_operand(compiling):
    x, y = big(), big() + 1
    expected = x + y
    reading.compiled_into(x, np.add, x, y)
    np.testing.assert_array_equal(x, expected)
    out = np.empty((200, 400), np.float32)[:, ::2]
    reading.compiled_into(out, np.multiply, x, y)
    np.testing.assert_array_equal(out, expected * y)


def test_gradients_are_added_whatever_they_are(compiling):
    x = big()
    np.testing.assert_array_equal(reading.added(x, x), x + x)
    np.testing.assert_array_equal(reading.added(x[:2], x[:2]), x[:2] + x[:2])
    assert reading.added(2.0, 3.0) == 5.0
