"""Asking: from a call of ``why`` to its answer, by whatever evidence there is."""

from __future__ import annotations

from typing import Any

from adjoint.tensor import Tensor
from adjoint.why import again, diagnosis
from adjoint.why.answer import Answer
from adjoint.why.numbers import stats_of
from adjoint.why.witness import Witness


def ask(frame: Any, parameter: Any, loss: Any, optimizer: Any, model: Any) -> Answer:
    """The answer to ``why(parameter, loss, optimizer, model)`` called in ``frame``."""
    diagnosis.check(loss, optimizer, model)
    call = again.count(frame)
    if again.wanted is not None and call != again.wanted:
        return Answer("", [], [])  # of a call before the one that a second run is to answer
    targets = diagnosis.resolve(parameter, frame)
    fingerprint = _fingerprint(targets)
    witness = Witness.on
    if witness is not None:
        witness.stop()
        try:
            cases = [diagnosis.case_of(witness, t, frame, n, loss, optimizer, model) for n, t in targets]
            found = _together([diagnosis.answer(case) for case in cases])
        except Exception as error:  # an answer that cannot be given must not end the program that asks
            if again.wanted is not None:
                raise
            found = _read(targets, frame, loss, optimizer, model)
            found.basis = f"what was seen could not be read ({type(error).__name__}: {error}); {found.basis}"
        finally:
            witness.resume()
        if again.wanted is not None:
            from adjoint.why.second import reply

            reply(found, fingerprint)
        return found
    seen = again.ask(frame, call, fingerprint)
    if seen is not None:
        return seen
    return _read(targets, frame, loss, optimizer, model)


def _read(targets: list[tuple[str | None, Tensor]], frame: Any, loss: Any, optimizer: Any, model: Any) -> Answer:
    """The answer of what is left of the graph, and of the source."""
    from adjoint.why.live import answer

    return _together([answer(t, frame, n, loss, optimizer, model) for n, t in targets])


def _fingerprint(targets: list[tuple[str | None, Tensor]]) -> list[Any]:
    """What a second run has to agree in."""
    _, t = targets[0]
    grad = t._grad
    stats = None if grad is None else stats_of(grad)
    kind = "none" if stats is None else "nan" if not stats.finite else "zero" if stats.all_zero else "finite"
    return [len(targets), list(t.shape), t.requires_grad, t.is_leaf, kind]


def _together(answers: list[Answer]) -> Answer:
    """One answer for several tensors: those with something wrong first, equal causes said once."""
    if len(answers) == 1:
        return answers[0]
    wrong = [a for a in answers if a.findings]
    if not wrong:
        first = answers[0]
        return Answer(
            f"{len(answers)} parameters",
            [],
            [
                "nothing is wrong with their gradients that can be seen.",
                f"{first.name}: {first.facts[0] if first.facts else ''}",
            ],
        )
    groups: dict[Any, list[Answer]] = {}
    for a in wrong:
        groups.setdefault((a.findings[0].kind, a.findings[0].line), []).append(a)
    findings = []
    for members in groups.values():
        finding = members[0].findings[0]
        if len(members) > 1:
            finding.evidence = [
                *finding.evidence,
                f"The same for {', '.join(a.name for a in members[1:6])}{' …' if len(members) > 6 else ''}.",
            ]
        findings.append(finding)
    healthy = len(answers) - len(wrong)
    facts = [f"{healthy} other parameter{'s are' if healthy > 1 else ' is'} sound."] if healthy else []
    return Answer(wrong[0].name, findings[:3], facts)
