"""Names: which of PyTorch's Adjoint has, found by looking, and why it has not the others.

``make parity-names`` (``python -m handbook.names``) writes ``docs/names.json``, from which the page *Coming from PyTorch* is
made; ``--check`` says whether that file is still true.
"""

from __future__ import annotations

import importlib
import json
import re
import sys
import types
import warnings
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parent.parent / "docs" / "names.json"

SPACES = (
    "torch", "Tensor", "nn", "nn.functional", "nn.init", "nn.utils", "nn.utils.rnn", "nn.utils.parametrize", "nn.attention",
    "optim", "optim.lr_scheduler", "autograd", "autograd.functional", "autograd.forward_ad", "autograd.graph",
    "autograd.profiler", "func", "linalg", "special", "fft", "random", "utils.data", "utils.checkpoint", "amp", "hub",
    "profiler", "cuda", "backends", "distributions", "sparse", "testing",
)  # fmt: skip
"""The namespaces whose names are compared."""

KINDS: dict[str, tuple[str, str, str]] = {  # kind: (title, why, pattern of "space.name")
    "compiler": (
        "Compilers and their types",
        "TorchScript, symbolic shapes and the C++ objects behind them. A program runs on Adjoint as Python; there is no second "
        "language to translate it to.",
        r"\.(jit|fx|export|ao|package|library|ops|classes|futures|return_types|monitor|overrides|cpp|sym_\w+|import_ir\w*|parse_(ir"
        r"|schema|type\w*)|fork|wait|cond|while_loop|merge_type\w*|unify_type\w*|get_file_path|classproperty|PRIVATE_OPS|USE_\w+"
        r"|Sym\w+|JIT\w+|assert_int_or_pair|boolean_dispatch|BroadcastingList\d|\w*has_torch_function\w*|handle_torch_function|types"
        r"|NestedIOFunction|Script\w+|set_module|debug_unwrap|DType|FileCheck|hash_tensor)$",
    ),
    "quantized": (
        "Quantized and very small numbers",
        "Integers with a scale, and floats of eight bits or fewer.",
        r"(quant|qint|quint|qscheme|q_scale|q_zero|q_per|fbgemm|per_(channel|tensor)_|int_repr|float[48]_|\.u?int[1-7]$|\.bits?\d*x?\d*$"
        r"|\.bit$|fused_moving_avg|scaled_mm|scaled_grouped_mm|ScalingType|SwizzleType|\.qat$|\.intrinsic$)",
    ),
    "device": (
        "Other devices, and kernels by their vendors' names",
        "Adjoint computes on CPUs, with kernels of its own. What programs ask before they move to a device "
        "(`torch.cuda.is_available()`) is there and says no.",
        r"(^cuda\.|^backends\.|cudnn|miopen|mkldnn|mtia|ipu|xla|cuda|StreamObj|\.Stream$|\.Event$|get_device_module|\.get_device$"
        r"|OutOfMemory|AcceleratorError|DeviceObj|record_stream|stale_capture_stream|accumulate_grad_stream|nvprof|compiled_with_cxx11"
        r"|autocast_(cpu|gpu|ipu|xla)|DeviceType|get_device_states|set_device_states|_flash_attention_impl|convert_conv\dd_weight)",
    ),
    "sparse": (
        "Sparse and masked layouts",
        "Sparse tensors are in coordinate format (`torch.sparse_coo_tensor`, `to_sparse`, `torch.sparse`); compressed and semi-structured "
        "ones are not there.",
        r"(^sparse\.|sparse|(cc|c)ol_indices|(crow|row)_indices|\.indices(_copy)?$|\.values(_copy)?$|coalesce|\.(hs|ss|s|ds|hsp|sp|ssp)a?(dd)?mm$"
        r"|to_dense|nested|to_padded|\.masked$|jagged|region_activation)",
    ),
    "distributed": (
        "Several processes and machines",
        "What is left out of packages that are there.",
        r"(distributed|multiprocessing|DataParallel|SyncBatchNorm|\.parallel$|prepare_multiprocessing)",
    ),
    "old": (
        "What PyTorch itself has put aside",
        "Functions that raise an error saying what to use instead, storages by dtype, flags of how it was built.",
        r"\.(eig|symeig|lstsq|solve|matrix_rank|lu|lu_solve|triangular_solve|has_\w+|\w+Storage|Storage(Base)?|storage_type|reinforce"
        r"|resize|resize_as|volatile|legacy_contiguous_format|is_distributed|Container|CrossMapLRN2d|geqrf|assert_allclose"
        r"|set_anomaly_enabled|map2_|remove_spectral_norm|remove_weight_norm)$",
    ),
    "inner": (
        "What only PyTorch's own modules call",
        "Functions behind modules and contexts that are there: `nn.LSTM`, `nn.BatchNorm2d`, `torch.autocast`.",
        r"^torch\.(rnn_\w+|\w+_cell|gru|lstm|native_\w+|batch_norm_\w+|\w*autocast_\w+|norm_except_dim|\w+_grad_layout_policy|segment_reduce"
        r"|grid_sampler\w*|affine_grid_generator|init_num_threads|\w+_for_size|types)$|\.(factory_kwargs|common_types|as_subclass|module_load"
        r"|const_data_ptr|dim_order|\w+_SAMPLE_\w+|SAC_\w+|GraphExecGroup|EnforceUnique|Kineto\w+|MemRecordsAcc|kineto_\w+|ExecutionTraceObserver)$",
    ),
    "package": (
        "Packages that are not there",
        "DataPipes, which PyTorch itself develops no further.",
        r"\.(windows|\w*DataPipe\w*|\w*datapipe\w*|DataChunk|runtime_validation\w*|non_deterministic|argument_validation)$",
    ),
    "function": (
        "Functions and modules that are not there",
        "Nothing but work stands against them: each is [a row of a table](adding-an-operator.md).",
        r".",
    ),
}
"""Why names are missing: the first kind whose pattern fits is a name's."""


_MISSING = object()


def measure() -> dict[str, Any]:
    """Per namespace: the names that both have, and those that Adjoint has not, by kind.  Imports PyTorch."""
    import torch

    import adjoint

    found: dict[str, Any] = {"pytorch": torch.__version__.split("+")[0], "spaces": {}}
    for space in SPACES:
        theirs, ours = _of(torch, space), _of(adjoint, space)
        names = _public(theirs, space)
        absent: dict[str, list[str]] = {}
        for name in names:
            if ours is None or not _has(ours, name):
                kind = kind_of(f"{space}.{name}")
                if kind == "function" and _is_inner(getattr(theirs, name), name, torch._C):
                    kind = "compiler"
                absent.setdefault(kind, []).append(name)
        missing = {n for group in absent.values() for n in group}
        found["spaces"][space] = {
            "present": [n for n in names if n not in missing],
            "absent": {kind: absent[kind] for kind in KINDS if kind in absent},
        }
    return found


def kind_of(name: str) -> str:
    """Why a name, "nn.functional.ctc_loss", is missing."""
    return next(kind for kind, (_, _, pattern) in KINDS.items() if re.search(pattern, name))


def _is_inner(value: Any, name: str, native: Any) -> bool:
    """Whether this is a class of C++ or of its constants, which users meet by accident only."""
    kind = value if isinstance(value, type) else type(value)
    return (hasattr(native, name) and (kind.__module__ or "").startswith("torch")) or type(kind).__name__ == "pybind11_type"


def _of(root: Any, space: str) -> Any:
    if space == "torch":
        return root
    if space == "Tensor":
        return root.Tensor
    try:
        return importlib.import_module(f"{root.__name__}.{space}")
    except ImportError:
        return None


def _public(space: Any, name: str) -> list[str]:
    """The names that users of a namespace are meant to see; what it imported from elsewhere is not among them."""
    listed = getattr(space, "__all__", None) if name != "torch" else None
    names = []
    for n in sorted(set(listed if listed is not None else dir(space))):
        if n.startswith("_") or n in ("torch", "TYPE_CHECKING") or (n == "Tensor" and name != "torch"):
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = getattr(space, n, _MISSING)
        if value is _MISSING:  # listed, and not there
            continue
        module = value.__name__ if isinstance(value, types.ModuleType) else getattr(value, "__module__", None) or "torch"
        if listed is None and (module if isinstance(module, str) else "torch").partition(".")[0] != "torch":
            continue
        if isinstance(value, str | dict) and n.endswith("_notes"):  # text for PyTorch's own documentation
            continue
        names.append(n)
    return names


def _has(space: Any, name: str) -> bool:
    try:
        return hasattr(space, name)
    except Exception:  # what is there and refuses says so when it is asked
        return False


def text(found: dict[str, Any]) -> str:
    """The file's content."""
    return json.dumps(found, indent=1) + "\n"


def tables() -> dict[str, str]:
    """What the page shows, in Markdown: ``count`` and ``total``, the ``table`` of namespaces, what is ``absent``."""
    found = json.loads(FILE.read_text("utf-8"))
    rows: list[str] = []
    absent: dict[str, dict[str, list[str]]] = {kind: {} for kind in KINDS}
    counts = [0, 0]
    for space, names in found["spaces"].items():
        have, missing = len(names["present"]), sum(map(len, names["absent"].values()))
        counts = [counts[0] + have, counts[1] + have + missing]
        shown = "`torch`" if space == "torch" else f"`torch.{space}`"
        rows.append(f"| {shown} | {have + missing} | {have} | {_bar(have / (have + missing))} |")
        for kind, group in names["absent"].items():
            absent[kind][space] = group
    parts = []
    for kind, (title, why, _) in KINDS.items():
        if absent[kind]:
            count = sum(map(len, absent[kind].values()))
            lines = [f'??? note "{title} ({count})"', f"    {why}", ""]
            for space, group in absent[kind].items():
                lines += [f"    **{'torch' if space == 'torch' else 'torch.' + space}**: " + " ".join(f"`{n}`" for n in group), ""]
            parts.append("\n".join(lines))
    return {
        "pytorch": found["pytorch"],
        "count": f"{counts[0]:,}",
        "total": f"{counts[1]:,}",
        "table": "\n".join(["| namespace | names in PyTorch | in Adjoint | |", "|---|--:|--:|---|", *rows]),
        "absent": "\n".join(parts),
    }


def _bar(share: float) -> str:
    return f'<progress value="{share:.3f}" title="{share:.0%}"></progress> {share:.0%}'


def main(arguments: list[str]) -> int:
    """Write the file, or say whether it is stale."""
    new = text(measure())
    if "--check" in arguments:
        if new != FILE.read_text("utf-8"):
            print("docs/names.json is not what the libraries have: run `make parity-names`", file=sys.stderr)
            return 1
        return 0
    FILE.write_text(new, "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
