"""Command: ``adjoint why PROGRAM``, which runs a program with a witness and reports on every parameter."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

from adjoint.nn.parameter import Parameter
from adjoint.tensor import Tensor
from adjoint.why import diagnosis
from adjoint.why.answer import Answer, Finding
from adjoint.why.lines import Line
from adjoint.why.names import Scene, objects, parameters
from adjoint.why.none import rebinds
from adjoint.why.witness import Witness

_ASIDE = ("unused", "used-later", "unused-result", "no-backward")
"""What is not worth telling of a tensor that nobody asked about and that is no parameter."""


_KEPT = ("no-grad", "inference-mode", "grad-disabled", "copy", "unused-module")
"""Why a parameter has no gradient that is not trained either, such as those of a teacher."""


def _is_meant(case: Any, tensor: Tensor, kind: str) -> bool:
    """Whether what was found is as it should be, as far as one can tell where nobody asked."""
    if kind == "cleared":
        return True
    if not isinstance(tensor, Parameter):
        return kind in _ASIDE or (kind == "not-in-optimizer" and bool(case.models))
    return kind in _KEPT and bool(case.trace.steps) and not _is_held(case, tensor)


def _is_held(case: Any, tensor: Tensor) -> bool:
    return any(p is tensor for _, o in case.optimizers for g in o.param_groups for p in g["params"])


def watched(run: Callable[[], int]) -> int:
    """Run a program by ``run``, and report; its exit status, which is 1 where it raised."""
    witness = Witness().start()
    frame: Any = None
    try:
        try:
            status = run()
        except SystemExit as stop:
            status = stop.code if isinstance(stop.code, int) else 0 if stop.code is None else 1
            if isinstance(stop.code, str):
                sys.stderr.write(stop.code + "\n")
        except BaseException as error:
            frame = _innermost(error)
            sys.excepthook(type(error), error, error.__traceback__)
            status = 1
        main = sys.modules.get("__main__")
        frames = [Scene.of(frame)] if frame is not None else []
        if main is not None and getattr(main, "__file__", None):
            code = compile("", str(main.__file__), "exec")
            frames.append(Scene(code, main.__dict__, main.__dict__))
        frames += reversed(witness.scenes.values())
    finally:
        witness.stop()
    sys.stdout.flush()
    print(report(witness, [f for f in frames if f is not None]))
    return status


def _innermost(error: BaseException) -> Any:
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    return None if traceback is None else traceback.tb_frame


def report(witness: Witness, frames: list[Any]) -> str:
    """What is wrong with each leaf that the program has, as text."""
    wrong: list[Answer] = []
    sound: list[str] = []
    frozen: dict[Line | None, list[str]] = {}
    for name, tensor in leaves(witness, frames):
        case = diagnosis.case_of(witness, tensor, frames[0], name)
        found = diagnosis.answer(case)
        first = found.findings[0] if found.findings else None
        if first is not None and first.kind == "frozen":
            frozen.setdefault(first.line, []).append(name)
        elif first is not None and not _is_meant(case, tensor, first.kind):
            wrong.append(found)
        else:
            sound.append(name)
    parts = [_group(members) for members in _grouped(wrong)]
    for line, names in frozen.items():
        parts.append(f"{_list(names)}: frozen, by [{line}]")
    total = len(wrong) + len(sound) + sum(map(len, frozen.values()))
    if not total:
        parts.append("No tensor that requires grad took part in anything.")
    elif sound:
        parts.append(f"{len(sound)} of {total} parameters: nothing is wrong with their gradients that can be seen.")
    return "\n\n".join(parts)


def leaves(witness: Witness, frames: list[Any]) -> Iterator[tuple[str, Tensor]]:
    """The tensors to report on, with their names: parameters, leaves, and what stands in a leaf's place."""
    seen: set[int] = set()
    for frame in frames:
        for name, tensor in parameters(frame):
            if id(tensor) not in seen:
                seen.add(id(tensor))
                yield name, tensor
    named: dict[int, tuple[str, Tensor]] = {}
    for frame in frames:
        for name, tensor in objects(frame, Tensor):
            named.setdefault(id(tensor), (name, tensor))
    trace = witness.trace
    for name, tensor in named.values():
        if id(tensor) in seen or id(tensor) not in witness._known:
            continue
        if tensor.is_leaf and tensor.requires_grad:
            seen.add(id(tensor))
            yield name, tensor
        elif _in_place_of_a_leaf(witness, name, tensor, named):
            seen.add(id(tensor))
            yield name, tensor
    for value in trace.values:  # leaves that no variable leads to any more
        tensor = value.tensor()
        if value.leaf and value.requires_grad and tensor is not None and id(tensor) not in seen:
            if value.made in ("parameter", "operator") or not any(
                r.leaf == value.id for b in trace.backwards for r in b.runs
            ):
                continue
            seen.add(id(tensor))
            yield f"the tensor made at {value.line.name}" if value.line else "a tensor", tensor


def _in_place_of_a_leaf(witness: Witness, name: str, tensor: Tensor, named: dict[int, Any]) -> bool:
    """Whether a variable holds the result of an operator where one expects a leaf: the leaf itself has no name."""
    trace = witness.trace
    op = trace.op_of(witness.value_of(tensor))
    if op is None or op.line is None:
        return False
    if op.line.text.partition("=")[0].strip() != name:
        return False
    rebound = rebinds(op.line, name)
    for v in trace.ancestors(op.outputs[0]) if rebound else op.inputs:
        leaf = trace.values[v]
        t = leaf.tensor()
        unnamed = t is None or id(t) not in named
        if (
            leaf.leaf
            and leaf.requires_grad
            and leaf.made != "parameter"
            and unnamed
            and leaf.shape == tuple(tensor.shape)
        ):
            return True
    return False


def _grouped(answers: list[Answer]) -> list[list[Answer]]:
    groups: dict[Any, list[Answer]] = {}
    for a in answers:
        groups.setdefault((a.findings[0].kind, a.findings[0].line), []).append(a)
    return list(groups.values())


def _group(members: list[Answer]) -> str:
    """One answer for all that the same thing is wrong with."""
    first = members[0]
    findings: list[Finding] = first.findings
    return str(
        Answer(_list([a.name for a in members]), findings, first.facts if len(members) == 1 else [], first.basis)
    )


def _list(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= 6 else ", ".join(names[:5]) + f" and {len(names) - 5} more"
