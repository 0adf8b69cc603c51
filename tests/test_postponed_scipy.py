"""SciPy's ``optimize`` and ``special`` wait to be executed where ``torch`` is Adjoint, and whoever uses it finds SciPy's own."""

import subprocess
import sys

import pytest

pytest.importorskip("scipy.optimize")

_BEGIN = "import adjoint.compat; adjoint.compat.install(); import sys\n"


def _said(program):
    done = subprocess.run([sys.executable, "-c", _BEGIN + program], capture_output=True, text=True)
    assert not done.returncode, done.stderr
    return done.stdout.splitlines()


def test_one_function_is_imported_without_the_package():
    """As transformers does; it is the function that the package has."""
    program = """
from scipy.optimize import linear_sum_assignment
print(linear_sum_assignment([[4, 1], [2, 0]])[1].tolist(), sum(m.startswith("scipy.") for m in sys.modules) < 20)
print(hasattr(sys.modules["scipy.optimize"], "__warningregistry__"), "scipy.linalg" in sys.modules)
import scipy.optimize
print(scipy.optimize.minimize(lambda x: (x[0] - 3) ** 2, [0.0]).x.round(3).tolist(), "scipy.linalg" in sys.modules)
print(scipy.optimize.linear_sum_assignment is linear_sum_assignment, type(scipy.optimize).__name__, "=" in scipy.optimize.__doc__)
"""
    assert _said(program) == ["[1, 0] True", "False False", "[3.0] True", "True module True"]


@pytest.mark.parametrize(
    "use",
    [
        "from scipy.optimize import *; print(minimize.__module__)",
        "import scipy.optimize; print('minimize' in dir(scipy.optimize) and 'scipy.optimize._minimize')",
        "import scipy.optimize._minimize as m, scipy.optimize; print(scipy.optimize._minimize is m and m.__spec__.name)",
        "from scipy.optimize import _minimize as m; print(m.minimize.__module__)",
        "import scipy.optimize as o\ntry: o.no\nexcept AttributeError as e: print(\"'no'\" in str(e) and o.minimize.__module__)",
        "import scipy; print(scipy.optimize.minimize.__module__)",
        "from scipy import stats; print(stats.norm.cdf(0) == 0.5 and sys.modules['scipy.optimize'].minimize.__module__)",
    ],
)  # fmt: skip
def test_anything_else_executes_the_package(use):
    """By whatever statement it is asked for."""
    assert _said(use) == ["scipy.optimize._minimize"]


def test_threads_that_ask_at_once_all_get_it():
    """One executes it, the others wait."""
    program = """
import threading, scipy.optimize
found = []
threads = [threading.Thread(target=lambda: found.append(scipy.optimize.minimize)) for _ in range(8)]
[t.start() for t in threads], [t.join() for t in threads]
print(len(found), len(set(found)))
"""
    assert _said(program) == ["8 1"]


def test_functions_of_one_file_are_those_of_the_package():
    """The error function, and all that is in the same file, is there without the Python around it, and the same afterwards."""
    program = """
import torch
from adjoint import postponed_scipy
import scipy.special
print(torch.erf(torch.tensor([0.0, 1.0])).tolist()[1], torch.nn.functional.gelu(torch.ones(2)).dtype)
early = {name: getattr(scipy.special, name) for name in postponed_scipy._UFUNCS.split()}
print("scipy.special._basic" in sys.modules)
print(scipy.special.zeta(2.0, 1.0) > 1.6, "scipy.special._basic" in sys.modules)
print([name for name, function in early.items() if function is not getattr(scipy.special, name)])
"""
    assert _said(program) == ["0.8427007794380188 torch.float32", "False", "True True", "[]"]
