"""What programs probe: devices, limits, versions, threads and settings, compared with PyTorch."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
import threading
import warnings

import pytest
from in_both import assert_same

import adjoint

torch = pytest.importorskip("torch")


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines()]


DEVICES = lines("""
    torch.device("cpu")
    torch.device("cpu:0")
    torch.device("cuda:1")
    torch.device("cuda", 1)
    torch.device(type="cuda", index=1)
    torch.device(type="cuda")
    torch.device("mps")
    torch.device("meta")
    torch.device(torch.device("cpu"))
    str(torch.device("cuda:1"))
    torch.device("cuda") == torch.device("cuda:0")
    torch.device("cuda:1") == torch.device("cuda", 1)
    torch.device("cpu") == "cpu"
    torch.device("cpu").index
    torch.device("cuda:1").type
    hash(torch.device("cpu")) == hash(torch.device("cpu"))
    torch.device(0)
    torch.device("cuda:")
    torch.device("cuda:a")
    torch.device("cuda:-1")
    torch.device("cuda:01")
    torch.device("cpu:0:1")
    torch.device("foo")
    torch.device("CPU")
    torch.device("")
    torch.device("cuda:1", 2)
    torch.device("cuda", -1)
    torch.device(1.5)
    torch.get_default_device()
    torch.set_default_device("foo")
    isinstance(torch.device("cpu"), torch.device)
""")

LIMITS = [
    f"torch.{kind}(torch.{dtype})"
    for kind in ("finfo", "iinfo")
    for dtype in (
        "float16", "bfloat16", "float32", "float64", "complex64", "complex128", "uint8", "int8", "int16", "int32", "int64",
        "uint16", "uint32", "uint64", "bool",
    )
] + [
    f"torch.finfo(torch.{dtype}).{field}"
    for dtype in ("float16", "bfloat16", "float32", "float64")
    for field in ("bits", "dtype", "eps", "max", "min", "tiny", "smallest_normal", "resolution")
] + lines("""
    torch.finfo()
    torch.finfo("a")
    torch.finfo(torch.float64) == torch.finfo(torch.float64)
    torch.finfo(torch.float64) == torch.finfo(torch.float32)
    torch.iinfo(torch.int8).min
    torch.iinfo(torch.uint64).max
    torch.iinfo(torch.int8).dtype
    torch.iinfo(torch.int8).bits
""")  # fmt: skip

ABSENT = lines("""
    torch.cuda.is_available()
    torch.cuda.device_count()
    torch.cuda.current_device()
    torch.cuda.manual_seed(1)
    torch.cuda.manual_seed_all(1)
    torch.cuda.seed()
    torch.cuda.seed_all()
    torch.cuda.initial_seed()
    torch.cuda.empty_cache()
    torch.cuda.synchronize()
    torch.cuda.get_device_name(0)
    torch.cuda.get_device_properties(0)
    torch.cuda.get_device_capability()
    torch.cuda.memory_allocated()
    torch.cuda.max_memory_allocated()
    torch.cuda.memory_reserved()
    torch.cuda.is_initialized()
    torch.cuda.init()
    torch.cuda.get_rng_state()
    torch.cuda.get_rng_state_all()
    torch.cuda.set_rng_state_all([])
    torch.cuda.is_bf16_supported()
    torch.cuda.current_stream()
    torch.cuda.Stream()
    torch.cuda.Event()
    torch.cuda.get_arch_list()
    torch.cuda.mem_get_info()
    torch.cuda.device(0).__enter__()
    torch.cuda.amp.GradScaler().is_enabled()
    torch.cuda.amp.GradScaler(enabled=False).is_enabled()
    torch.backends.cudnn.enabled
    torch.backends.cudnn.benchmark
    torch.backends.cudnn.deterministic
    torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.is_available()
    torch.backends.cudnn.version()
    torch.backends.cuda.matmul.allow_tf32
    torch.backends.cuda.is_built()
    torch.backends.mps.is_available()
    torch.backends.mps.is_built()
    torch.backends.cpu.get_cpu_capability()
    torch.mps.is_available()
    torch.mps.empty_cache()
    torch.mps.manual_seed(0)
    torch.xpu.is_available()
    torch.xpu.device_count()
    torch.accelerator.is_available()
    torch.accelerator.current_accelerator()
    torch.accelerator.device_count()
    torch.accelerator.synchronize()
    torch.accelerator.memory_allocated()
    torch.accelerator.current_stream()
    torch.accelerator.empty_cache()
    torch.mps.synchronize()
    torch.mps.current_allocated_memory()
    torch.mps.seed()
    torch.mps.Event()
    torch.xpu.current_device()
    torch.xpu.memory_allocated()
    torch.xpu.synchronize()
    torch.xpu.get_rng_state_all()
    torch.xpu.is_bf16_supported()
    torch.xpu.Stream()
    torch.xpu.memory_stats()
    torch.xpu.StreamContext(None).__enter__()
    torch.cpu.is_available()
    torch.cpu.device_count()
    torch.cpu.synchronize()
    torch.cpu.is_initialized()
    torch.cpu.set_device("cpu")
    torch.cpu.current_device()
    torch.cpu.Event().query()
    torch.cpu.Stream().record_event()
    torch.cpu.current_stream() is torch.cpu.current_stream()
    torch.cpu.stream(torch.cpu.Stream()).__enter__()
    torch.cpu.amp.GradScaler(enabled=False).is_enabled()
    torch.cpu.amp.autocast(enabled=False).fast_dtype
    torch.is_vulkan_available()
    torch.version.cuda
    torch.version.hip
    torch.version.debug
""")

SETTINGS = lines("""
    torch.get_num_threads() > 0
    torch.set_num_threads(0)
    torch.set_num_threads(1.5)
    torch.set_num_interop_threads(0)
    torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("foo")
    torch.are_deterministic_algorithms_enabled()
    torch.is_deterministic_algorithms_warn_only_enabled()
    torch.get_deterministic_debug_mode()
    torch.use_deterministic_algorithms(1)
    torch.set_deterministic_debug_mode("foo")
    torch.set_deterministic_debug_mode(3)
    torch.is_warn_always_enabled()
    torch.set_default_dtype(torch.int64)
    torch.set_default_dtype(3)
    torch.strided
    torch.sparse_coo
    torch.contiguous_format
    torch.channels_last
    torch.channels_last_3d
    torch.preserve_format
    (torch.pi, torch.e, torch.inf, torch.nan, torch.newaxis)
    torch.is_autocast_enabled()
    torch.is_autocast_enabled("cpu")
    torch.get_autocast_dtype("cpu")
    torch.autocast("foo")
    torch.compiler.is_compiling()
    torch.__version__ >= (2, 0)
    torch.__version__ >= "2.9"
    torch.__version__ < (1, 13)
    torch.__version__ > "2.13.1"
    torch.__version__.split("+")[0]
    torch.__version__ == "2.13.0"
    str(torch.__version__).startswith("2.13")
""")


@pytest.mark.parametrize("expression", DEVICES)
def test_devices_are_named_and_compared_as_in_pytorch(expression: str) -> None:
    assert_same(expression)


@pytest.mark.parametrize("expression", LIMITS)
def test_the_limits_of_a_dtype_are_pytorchs(expression: str) -> None:
    assert_same(expression)


@pytest.mark.parametrize("expression", ABSENT)
def test_what_is_absent_says_so_as_in_pytorch_without_it(expression: str) -> None:
    assert_same(expression)


@pytest.mark.parametrize("expression", SETTINGS)
def test_settings_read_as_in_pytorch(expression: str) -> None:
    assert_same(expression)


def test_devices_and_formats_are_pickled_and_copied() -> None:
    for value in (adjoint.device("cuda:1"), adjoint.device("cpu")):
        assert pickle.loads(pickle.dumps(value)) == copy.deepcopy(value) == value
    for value in (adjoint.strided, adjoint.channels_last, adjoint.float32):
        assert pickle.loads(pickle.dumps(value)) is copy.deepcopy(value) is value


def test_a_device_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        adjoint.device("cpu").type = "cuda"


def test_a_default_device_that_is_absent_is_refused_when_a_tensor_is_made() -> None:
    adjoint.set_default_device("cuda")
    try:
        assert adjoint.get_default_device() == adjoint.device("cuda")
        with pytest.raises(AssertionError, match="Torch not compiled with CUDA enabled"):
            adjoint.ones(2)
        assert adjoint.ones(2, device="cpu").tolist() == [1, 1]
    finally:
        adjoint.set_default_device(None)
    assert adjoint.ones(2).device == adjoint.get_default_device() == adjoint.device("cpu")


def test_a_device_is_the_default_inside_its_context() -> None:
    with adjoint.device("cuda"):
        with pytest.raises(AssertionError, match="Torch not compiled with CUDA enabled"):
            adjoint.tensor([1.0])
        with adjoint.device("cpu"):
            assert adjoint.tensor([1.0]).device.type == "cpu"
    assert adjoint.tensor([1.0]).device.type == "cpu"


def test_a_device_that_adjoint_lacks_but_pytorch_has_is_refused_by_name() -> None:
    with pytest.raises(NotImplementedError, match="'xla'"):
        adjoint.zeros(1, device="xla")


def test_determinism_can_be_asked_for() -> None:
    for library in (adjoint, torch):
        try:
            library.use_deterministic_algorithms(True, warn_only=True)
            assert library.are_deterministic_algorithms_enabled()
            assert library.is_deterministic_algorithms_warn_only_enabled()
            assert library.get_deterministic_debug_mode() == 1
            library.set_deterministic_debug_mode("error")
            assert library.get_deterministic_debug_mode() == 2
        finally:
            library.use_deterministic_algorithms(False)
        assert library.get_deterministic_debug_mode() == 0


def test_matrix_precision_is_remembered() -> None:
    try:
        adjoint.set_float32_matmul_precision("high")
        assert adjoint.get_float32_matmul_precision() == "high"
    finally:
        adjoint.set_float32_matmul_precision("highest")


def test_the_number_of_threads_is_kept() -> None:
    before = adjoint.get_num_threads()
    try:
        adjoint.set_num_threads(1)
        assert adjoint.get_num_threads() == 1
    finally:
        adjoint.set_num_threads(before)


def test_the_number_of_interop_threads_is_set_once() -> None:
    program = """
import adjoint as torch
torch.set_num_interop_threads(2)
assert torch.get_num_interop_threads() == 2
try:
    torch.set_num_interop_threads(2)
except RuntimeError as error:
    print(error)
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("Error: cannot set number of interop threads after parallel work has started")


def test_compile_hands_back_what_it_was_given_and_warns_once() -> None:
    program = """
import warnings, adjoint as torch
with warnings.catch_warnings(record=True) as given:
    warnings.simplefilter("always")
    def f(x): return x + 1
    assert torch.compile(f) is f
    @torch.compile
    def g(x): return x
    @torch.compile(mode="max-autotune", fullgraph=True, dynamic=False, backend="inductor")
    def h(x): return x * 2
    assert h(3) == 6 and g(3) == 3
print(len(given), given[0].message)
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("1 torch.compile: Adjoint does not compile yet")


def test_compile_refuses_a_mode_together_with_options() -> None:
    assert_same("torch.compile(lambda x: x, mode='default', options={'a': 1})")


def test_mixed_precision_is_off_for_absent_devices() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with adjoint.autocast("cuda"), adjoint.autocast("cpu", enabled=False):
            assert (adjoint.ones(1) * 2).dtype is adjoint.float32
        scaler = adjoint.amp.GradScaler("cuda")
    loss = adjoint.ones(1)
    assert scaler.scale(loss) is loss and scaler.get_scale() == 1.0 and scaler.state_dict() == {}


def test_autocast_is_a_decorator_too() -> None:
    @adjoint.autocast("cpu", enabled=False)
    def double(x):
        return x * 2

    assert double(adjoint.ones(1)).item() == 2.0


def test_switches_of_absent_backends_may_be_set() -> None:
    cudnn = adjoint.backends.cudnn
    with cudnn.flags(enabled=True, deterministic=True):
        assert cudnn.deterministic
    assert not cudnn.deterministic


@pytest.mark.parametrize("name", ["ao", "no_such_name"])
def test_a_name_that_adjoint_lacks_says_which(name: str) -> None:
    with pytest.raises(AttributeError, match=f"torch.{name}"):
        getattr(adjoint, name)
    with pytest.raises(AttributeError, match=r"torch\.cuda\.no_such_name"):
        adjoint.cuda.no_such_name


def test_the_default_device_belongs_to_the_thread() -> None:
    seen = []
    with adjoint.device("cuda"):
        thread = threading.Thread(target=lambda: seen.append(adjoint.ones(1).item()))
        thread.start()
        thread.join()
    assert seen == [1.0]
