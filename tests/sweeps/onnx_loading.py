"""All of ONNX's own cases of nodes, and the models that come with it, through ``adjoint.onnx.load``: a minute.

``PYTHONPATH=. python tests/sweeps/onnx_loading.py [NAME ...]`` runs the cases whose names contain one of the names, prints how many
of how many give the outputs that come with them, what was left out and why, and what differs.
"""

from __future__ import annotations

import sys
import warnings
from collections import Counter
from pathlib import Path

import onnx
from onnx import numpy_helper
from onnx.backend.test.loader import load_model_tests

import adjoint
from tests import onnx_cases


def nodes(wanted: list[str], left_out: Counter[str], failed: list[str]) -> int:
    """How many cases of nodes there are; those that fail are added to ``failed``."""
    count = 0
    for module in onnx_cases.modules():
        for case in onnx_cases.cases_of(module):
            if wanted and not any(name in case.name for name in wanted):
                continue
            why = onnx_cases.why_left_out(case.name)
            if why is not None:
                left_out[why] += 1
                continue
            count += 1
            try:
                for found, expected in onnx_cases.run(case):
                    onnx_cases.assert_same(found, expected, max(case.rtol, 1e-4), max(case.atol, 1e-6))
            except Exception as error:
                failed.append(f"{case.name}: {type(error).__name__}: {str(error).strip()[:300]}")
    return count


def models(wanted: list[str], left_out: Counter[str], failed: list[str]) -> int:
    """How many models of files there are, which older exporters wrote."""
    count = 0
    for kind in ("simple", "pytorch-converted", "pytorch-operator"):
        for case in load_model_tests(kind=kind):
            if case.model_dir is None or (wanted and not any(name in case.name for name in wanted)):
                continue
            folder = Path(case.model_dir)
            if "gradient" in case.name or "strnorm" in case.name:
                left_out["gradients as an operator; texts"] += 1
                continue
            count += 1
            try:
                network = adjoint.onnx.load(folder / "model.onnx")
                for data in sorted(folder.glob("test_data_set_*")):
                    given = [_read(data / f"input_{n}.pb") for n in range(len([*data.glob("input_*.pb")]))]
                    with adjoint.no_grad():
                        found = network(*given)
                    for n, each in enumerate(found if isinstance(found, tuple) else (found,)):
                        expected = numpy_helper.to_array(_proto(data / f"output_{n}.pb"))
                        onnx_cases.assert_same(each, expected, max(case.rtol, 1e-3), max(case.atol, 1e-6))
            except Exception as error:
                failed.append(f"{case.name}: {type(error).__name__}: {str(error).strip()[:300]}")
    return count


def _proto(path: Path) -> onnx.TensorProto:
    return onnx.TensorProto.FromString(path.read_bytes())


def _read(path: Path) -> adjoint.Tensor:
    return onnx_cases.as_given(_proto(path))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    left_out: Counter[str] = Counter()
    failed: list[str] = []
    count = nodes(sys.argv[1:], left_out, failed) + models(sys.argv[1:], left_out, failed)
    print(f"{count - len(failed)} of {count} cases give what comes with them")
    for why, number in left_out.most_common():
        print(f"left out: {number} ({why})")
    print("\n".join(failed))
    sys.exit(bool(failed))
