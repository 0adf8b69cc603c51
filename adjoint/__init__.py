"""Adjoint: PyTorch's autograd system in Python.

``import adjoint as torch`` and go on as with PyTorch, or run a PyTorch program as it is: ``adjoint run train.py``.
"""

from importlib import import_module as _import_module
from types import ModuleType as _Module

from adjoint import amp, autograd, interop, memory, ops, printing, settings, threads
from adjoint import names as _names
from adjoint import tracebacks as _tracebacks
from adjoint.autograd.grad_mode import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from adjoint.constants import e, has_lapack, has_mkl, has_openmp, has_spectral, inf, nan, newaxis, pi
from adjoint.declare.namespaces import FUNCTIONS as _FUNCTIONS
from adjoint.declare.namespaces import lookup as _lookup
from adjoint.device import device, get_default_device, set_default_device
from adjoint.dtypes import (
    bfloat16,
    bits1x8,
    bits2x4,
    bits4x2,
    bits8,
    bits16,
    can_cast,
    cdouble,
    cfloat,
    chalf,
    complex32,
    complex64,
    complex128,
    double,
    dtype,
    float4_e2m1fn_x2,
    float8_e4m3fn,
    float8_e4m3fnuz,
    float8_e5m2,
    float8_e5m2fnuz,
    float8_e8m0fnu,
    float16,
    float32,
    float64,
    get_default_dtype,
    half,
    int1,
    int2,
    int3,
    int4,
    int5,
    int6,
    int7,
    int8,
    int16,
    int32,
    int64,
    long,
    promote_types,
    qint8,
    qint32,
    quint2x4,
    quint4x2,
    quint8,
    set_default_dtype,
    short,
    uint1,
    uint2,
    uint3,
    uint4,
    uint5,
    uint6,
    uint7,
    uint8,
    uint16,
    uint32,
    uint64,
)
from adjoint.dtypes import bool_ as bool
from adjoint.dtypes import float_ as float
from adjoint.dtypes import int_ as int
from adjoint.layouts import (
    channels_last,
    channels_last_3d,
    contiguous_format,
    jagged,
    layout,
    memory_format,
    preserve_format,
    sparse_bsc,
    sparse_bsr,
    sparse_coo,
    sparse_csc,
    sparse_csr,
    strided,
)
from adjoint.limits import finfo, iinfo
from adjoint.ops.from_data import tensor  # said here, for the module of that name is in the way of a look-up
from adjoint.printing import set_printoptions
from adjoint.tensor import Size, Tensor
from adjoint.version import __version__

# Packages and modules that are imported when first named.
_MODULES = frozenset(
    {
        "__config__", "_logging",
        "_C", "__future__", "_higher_order_ops", "_inductor", "_jit_internal", "_tensor_str", "_utils", "_vmap_internals",
        "_dynamo", "accelerator", "amp", "autograd", "backends", "compiler", "cpu", "cuda", "distributed", "distributions",
        "export", "fft", "func", "functional", "futures", "fx", "hub", "jit", "library", "linalg", "masked", "mps",
        "multiprocessing", "nested", "nn", "onnx", "optim", "overrides", "package", "profiler", "quasirandom", "random",
        "return_types", "serialization", "signal", "sparse", "special",
        "testing", "types", "utils", "version", "viz", "why", "xpu",
    }
)  # fmt: skip

# Functions of packages that are imported when first needed.
_ELSEWHERE = {
    "AcceleratorError": "cuda",
    "OutOfMemoryError": "cuda",
    "Event": "streams",
    "Stream": "streams",
    "get_device_module": "streams",
    "ScriptFunction": "jit",
    "ScriptModule": "jit",
    "PyTorchFileReader": "serialization.record_files",
    "PyTorchFileWriter": "serialization.record_files",
    "cond": "_higher_order_ops.cond",
    "SymBool": "symbolic",
    "SymFloat": "symbolic",
    "SymInt": "symbolic",
    "_sym_sqrt": "symbolic",
    "sym_constrain_range": "symbolic",
    "sym_float": "symbolic",
    "sym_fresh_size": "symbolic",
    "sym_int": "symbolic",
    "sym_ite": "symbolic",
    "sym_max": "symbolic",
    "sym_min": "symbolic",
    "sym_not": "symbolic",
    "sym_sqrt": "symbolic",
    "sym_sum": "symbolic",
    **dict.fromkeys(("_has_torch_function", "_has_torch_function_unary", "_has_torch_function_variadic"), "overrides"),
    "compile": "compiling",
    **dict.fromkeys(
        (
            "_assert", "_check", "_check_index", "_check_is_size", "_check_not_implemented", "_check_tensor_all",
            "_check_tensor_all_with", "_check_type", "_check_value", "_check_with",
        ),
        "checks",
    ),
    "is_anomaly_check_nan_enabled": "autograd.anomaly_mode",
    "is_anomaly_enabled": "autograd.anomaly_mode",
    "load": "serialization",
    "load_ipython_extension": "compat",
    "vmap": "func",
    "save": "serialization",
    "storage": "interop",
    "summary": "viz.model_summary",
    "unload_ipython_extension": "compat",
}  # fmt: skip


# Functions of tables that are imported when one of them is first named.
_LATE = {
    **dict.fromkeys("gru gru_cell lstm lstm_cell rnn_relu rnn_relu_cell rnn_tanh rnn_tanh_cell".split(), "recurrent"),
    **dict.fromkeys(
        "embedding_bag embedding_renorm_ get_device hash_tensor native_dropout slice_inverse".split(), "native_names"
    ),
}


# What a star import leaves behind, as PyTorch's does.
_KEPT_BACK = frozenset(
    {
        "BFloat16Storage", "BFloat16Tensor", "broadcast_shapes", "channels_last", "channels_last_3d",
        "ComplexDoubleStorage", "ComplexFloatStorage", "contiguous_format", "eig", "from_dlpack", "HalfStorage",
        "HalfTensor", "jagged", "lstsq", "lu", "matrix_rank", "pca_lowrank", "preserve_format", "segment_reduce",
        "set_default_dtype", "set_grad_enabled", "solve", "sparse_bsc", "sparse_bsr", "sparse_coo", "sparse_csc",
        "sparse_csr", "storage", "strided", "svd_lowrank", "symeig", "to_dlpack", "unique",
    }
)  # fmt: skip


def _find(name: str) -> object:
    if name.startswith("_foreach_"):  # made from a table of their own, which few programs need
        return _import_module("adjoint.foreach").find(name)
    if name in _LATE:
        _import_module(f"adjoint.ops.{_LATE[name]}")
    return _lookup("torch", name)


_HERE = [name for name, value in globals().items() if name[0] != "_" and not isinstance(value, _Module)]

_names.named(
    __name__,
    modules=_MODULES,
    elsewhere=_ELSEWHERE,
    find=_find,
    found=lambda: (*_HERE, *_FUNCTIONS["torch"], *_LATE),
    kept_back=_KEPT_BACK,
    brought=("export",),
    unlisted=(
        "load_ipython_extension", "unload_ipython_extension", "_has_torch_function", "_has_torch_function_unary",
        "_has_torch_function_variadic",
    ),
)
_names.list_names(__name__)
_tracebacks.install()
