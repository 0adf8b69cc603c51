"""TorchScript's names: programs that use them run as Python, as in PyTorch with ``PYTORCH_JIT=0``."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from typing import Any

import pytest

import adjoint

pytest.importorskip("torch")

_PROGRAM = """
import typing
import warnings
from typing import Dict, Final, List, Optional, Tuple, Union
import torch
import torch.jit.annotations
from torch import nn
from torch._jit_internal import (
    BroadcastingList2, boolean_dispatch, boolean_dispatched, copy_torchscript_modifier, get_torchscript_modifier, is_final,
    is_ignored_fn, is_optional, is_tuple, is_union, module_has_exports, should_drop,
)

def show(title, make):
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        try:
            print(title, make(), end=" ")
        except Exception as error:
            print(title, type(error).__name__, str(error)[:300], end=" ")
    print([(w.category.__name__, str(w.message)) for w in given])

@torch.jit.script
def scaled(x, by: float, sizes: BroadcastingList2[int] = (1, 1)):
    return x * by

model = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
show("script", lambda: torch.jit.script(model) is model)
show("function", lambda: scaled(torch.ones(2), 3.0))
show("trace", lambda: torch.jit.trace(model, torch.ones(1, 2)) is model)
show("module", lambda: torch.jit.trace_module(model, {"forward": torch.ones(1, 2)}) is model)
show("fork", lambda: torch.jit.wait(torch.jit.fork(torch.add, torch.ones(2), other=1)))
show("annotate", lambda: torch.jit.annotate(List[int], []))
show("attribute", lambda: torch.jit.Attribute(3, int))
show("scripting", lambda: (torch.jit.is_scripting(), torch.jit.is_tracing(), torch._jit_internal.is_scripting()))
classes = torch.jit.ScriptModule, torch.jit.RecursiveScriptModule, torch.jit.TracedModule, torch.jit.ScriptFunction
show("classes", lambda: [isinstance(model, c) for c in classes])
show("strict", lambda: torch.jit.strict_fusion().__enter__())
show("onednn", lambda: (torch.jit.enable_onednn_fusion(True), torch.jit.onednn_fusion_enabled()))
show("no file", lambda: torch.jit.load("/nowhere/file.pt"))
show("a folder", lambda: torch.jit.load("/"))
show("if tracing", lambda: torch.jit.script_if_tracing(scaled)(torch.ones(1), 2.0))
show("all", lambda: sorted(torch.jit.__all__))

class Scaled(torch.jit.ScriptModule):
    __constants__ = ["by"]
    def __init__(self):
        super().__init__()
        self.by = torch.jit.Attribute(2.0, float)
        self.weight = nn.Parameter(torch.ones(2))
    @torch.jit.script_method
    def forward(self, x):
        return self.unseen(x * self.weight * self.by)
    @torch.jit.ignore
    def unseen(self, x):
        return x
    @torch.jit.unused
    @property
    def prop(self):
        return 3
    @torch.jit.export
    def more(self, x):
        return x

show("ScriptModule", lambda: (Scaled(), Scaled()(torch.ones(2)), list(Scaled().state_dict()), Scaled().prop))
for f in (Scaled.forward, Scaled.unseen, Scaled.more, Scaled.prop.fget, 3):
    show("modifier", lambda: (get_torchscript_modifier(f), is_ignored_fn(f), should_drop(f)))
show("exports", lambda: (module_has_exports(Scaled()), module_has_exports(model)))
show("ignore(True)", lambda: torch.jit.ignore(drop=True)(lambda: 1)._torchscript_modifier)
show("ignore(False)", lambda: torch.jit.ignore(drop=False)(lambda: 1)._torchscript_modifier)
show("ignore(3)", lambda: torch.jit.ignore(3))
show("drop", lambda: torch.jit._drop(lambda: 1)._torchscript_modifier)

def copied(): pass
copy_torchscript_modifier(Scaled.more, copied)
print(copied._torchscript_modifier)

@torch.jit.interface
class Interface:
    def run(self, x: int) -> int:
        pass
class Base: pass
class Derived(Base): pass
show("interface", lambda: torch.jit.interface(Derived))
show("interface", lambda: torch.jit.interface(3))

with torch.jit._IgnoreContextManager(a="inp:int"):
    pass
with torch.jit.optimized_execution(False), torch.jit.fuser("fuser1"):
    pass

for value, kind in [
    ([1, 2], List[int]), ([1, 2.0], List[int]), ({"a": 1}, Dict[str, int]), ({"a": "b"}, Dict[str, int]),
    ((1, "a"), Tuple[int, str]), ((1,), Tuple[int, str]), (None, Optional[int]), (3, Optional[int]),
    ("a", Optional[int]), ([], List[int]), ([[1], [2]], List[List[int]]), ([["a"]], List[List[int]]), (3, int),
    (3, (str, int)), ([1], list[int]), ((1, 2), tuple[int, int]), (3, int | None), ("a", int | float), ([1], List),
    ({}, Dict), ((), Tuple), (1, Optional), ([1], list), (3, [int]), ({"a": [1]}, Dict[str, List[int]]),
    (3, Union[int, str]), (torch.ones(1), torch.Tensor), ([torch.ones(1)], List[torch.Tensor]),
]:
    show(f"isinstance {value} {kind}", lambda: torch.jit.isinstance(value, kind))
for kind in (Final[int], Final, int, Optional[int], Union[int, None], Tuple[int], Union[int, str], int | None, tuple[int]):
    show(f"kind {kind}", lambda: (is_final(kind), is_optional(kind), is_tuple(kind), is_union(kind)))
show("bare", lambda: is_tuple(Tuple))
show("bare", lambda: is_optional(Optional))

def yes(x, flag=True):
    "Says yes."
    return "yes", x
def no(x, flag=False):
    return "no", x
chosen = boolean_dispatch("flag", 1, False, yes, no, "a_module", "chosen")
print(chosen(1), chosen(1, True), chosen(1, flag=True), chosen(1, False))
print(chosen.__name__, chosen.__module__, chosen.__doc__, no.__doc__)
print(boolean_dispatched[chosen]["arg_name"], boolean_dispatched[chosen]["if_true"] is yes)
show("documented", lambda: boolean_dispatch("flag", 1, False, yes, no, None, None))

@torch.jit._overload
def over(x: int) -> int: ...
@torch.jit._overload
def over(x: str) -> str:
    pass
def over(x):
    return x
print(over(3))
class Overloaded(nn.Module):
    @torch.jit._overload_method
    def forward(self, x: int) -> int: ...
    def forward(self, x):
        return x
print(Overloaded()(3), [n for n in dir(torch.jit.annotations) if n in ("List", "Dict", "Optional", "Tuple", "BroadcastingList2")])
"""


def test_a_program_runs_as_with_torchscript_switched_off(tmp_path: Any) -> None:
    file = tmp_path / "program.py"
    file.write_text(_PROGRAM)

    def printed(*command: str) -> list[str]:
        environment = {**os.environ, "PYTORCH_JIT": "0"}
        ran = subprocess.run([sys.executable, *command], capture_output=True, text=True, env=environment)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout.splitlines()

    assert printed("-m", "adjoint", "run", str(file)) == printed(str(file))


def test_an_overload_with_a_body_is_refused_as_in_pytorch() -> None:
    import torch

    def with_body(x: int) -> int:
        return x

    texts = []
    for library in (torch, adjoint):
        with pytest.raises(RuntimeError) as error:
            library.jit._overload(with_body)  # type: ignore[attr-defined]
        texts.append(str(error.value))
    assert texts[0] == texts[1]


def test_tracing_runs_the_function_once_and_leaves_nothing_of_that_run() -> None:
    model = adjoint.nn.Sequential(adjoint.nn.BatchNorm1d(2), adjoint.nn.Dropout())
    linear = adjoint.nn.Linear(2, 2)
    before = adjoint.get_rng_state()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert adjoint.jit.trace(model, adjoint.ones(3, 2)) is model
        with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
            adjoint.jit.trace(linear, adjoint.ones(1, 3))
    assert adjoint.equal(adjoint.get_rng_state(), before)
    assert model[0].num_batches_tracked.item() == 0 and model[0].running_mean.tolist() == [0, 0]


def test_compiled_programs_are_neither_written_nor_read(tmp_path: Any) -> None:
    model = adjoint.nn.Linear(1, 1)
    file = tmp_path / "model.pt"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(RuntimeError, match=r"torch.save\(model.state_dict\(\), file\)"):
            adjoint.jit.save(model, file)
        file.write_bytes(b"")
        with pytest.raises(RuntimeError, match="which Adjoint cannot run"):
            adjoint.jit.load(file)
        assert adjoint.jit.freeze(model.eval()) is model
        with pytest.raises(RuntimeError, match="Freezing is currently only implemented for modules in eval mode"):
            adjoint.jit.freeze(model.train())
    for make in (adjoint.jit.CompilationUnit, adjoint.jit.ScriptFunction):
        with pytest.raises(RuntimeError, match="TorchScript's compiler"):
            make()


def test_modules_within_a_module_that_give_others_to_be_scripted_are_replaced():
    """In the module itself, as PyTorch replaces them; one that stands in two places is asked once."""

    def scenario(torch):
        class Prepared(torch.nn.Module):
            def forward(self, x):
                return x

            def __prepare_scriptable__(self):
                return torch.nn.Sequential(torch.nn.Identity())

        class Outer(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.one = Prepared()
                self.again = self.one
                self.several = torch.nn.Sequential(Prepared(), torch.nn.Linear(2, 2))

            def forward(self, x):
                return self.several(self.one(x))

        outer = Outer()
        replaced = list(outer.modules())  # kept, for PyTorch knows modules by numbers that those made later may get
        torch.jit.script(outer)
        assert len(replaced) == 5
        return [(name, type(module).__name__) for name, module in outer.named_modules()], outer.one is outer.again

    import torch as theirs

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert scenario(adjoint) == scenario(theirs)
