"""``opcheck``: whether an operator does what it says."""

from __future__ import annotations

from typing import Any

from adjoint.library.operators import tensors_in
from adjoint.library.registering import _operator

_TESTS = ("test_schema", "test_autograd_registration", "test_faketensor", "test_aot_dispatch_dynamic")


class OpCheckError(Exception):
    """An operator does not do what it says."""


def opcheck(
    op: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any] | None = None,
    *,
    test_utils: Any = _TESTS,
    raise_exception: bool = True,
    atol: float | None = None,
    rtol: float | None = None,
) -> dict[str, Any]:
    """Test an operator with sample arguments: that it writes into what its schema says and nothing else, that what requires grad
    comes back with a graph, and that its fake kernel tells the right shapes.

    Returns per test ``"SUCCESS"``, or the error, which is raised unless told otherwise.  What needs the compiler of PyTorch
    (``test_aot_dispatch_dynamic``) is tested as far as gradients go: they are compared with those of finite differences.
    """
    operator = _operator(op)
    found: dict[str, Any] = {}
    for name in (test_utils,) if isinstance(test_utils, str) else test_utils:
        if name not in _TESTS:
            raise ValueError(f"Invalid value for `test_utils`: {name!r}. Expected one of {', '.join(_TESTS)}")
        try:
            _DO[name](operator, args, kwargs or {})
            found[name] = "SUCCESS"
        except Exception as error:
            if raise_exception:
                raise OpCheckError(f"opcheck(op, ...): {name} failed with {error} (scroll up for stack trace)") from error
            found[name] = error
    return found


def _schema(operator: Any, args: Any, kwargs: Any) -> None:
    values = [*zip(operator._schema.positional, args)]
    before = [[t.detach().clone() for t in tensors_in([v])] for _, v in values]
    operator(*args, **kwargs)
    for (argument, value), olds in zip(values, before):
        for now, old in zip(tensors_in([value]), olds):
            if not argument.is_write and not bool(((now == old) | ((now != now) & (old != old))).all()):
                raise RuntimeError(f"Argument {argument.name} is not defined as mutable but was mutated")


def _registered(operator: Any, args: Any, kwargs: Any) -> None:
    given = [*tensors_in((*args, *kwargs.values()))]
    result = operator(*args, **kwargs)
    outputs = [*tensors_in(result if isinstance(result, (tuple, list)) else (result,))]
    if any(t.requires_grad for t in given) and not any(o.requires_grad for o in outputs if o.is_floating_point()):
        raise AssertionError(f"{operator}: no output requires grad although an input does: no derivative was registered")


def _fake(operator: Any, args: Any, kwargs: Any) -> None:
    if operator._schema.only_writes:
        return

    def meta(value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            return type(value)([meta(v) for v in value])
        return value.detach().to("meta") if hasattr(value, "detach") else value

    real = operator(*args, **kwargs)
    told = operator(*meta(args), **{name: meta(v) for name, v in kwargs.items()})
    for r, t in zip(*(tensors_in(x if isinstance(x, (tuple, list)) else (x,)) for x in (real, told))):
        if (r.shape, r.dtype) != (t.shape, t.dtype):
            raise AssertionError(f"{operator}: a result of {tuple(r.shape)}, {r.dtype}, whose fake is {tuple(t.shape)}, {t.dtype}")


def _gradients(operator: Any, args: Any, kwargs: Any) -> None:
    given = [t for t in tensors_in(args) if t.requires_grad]
    if not given:
        return
    result = operator(*args, **kwargs)
    outputs = [o for o in tensors_in(result if isinstance(result, (tuple, list)) else (result,)) if o.requires_grad]
    import adjoint

    adjoint.autograd.grad([o.sum() for o in outputs], given, allow_unused=True)


_DO = {
    "test_schema": _schema,
    "test_autograd_registration": _registered,
    "test_faketensor": _fake,
    "test_aot_dispatch_dynamic": _gradients,
}
