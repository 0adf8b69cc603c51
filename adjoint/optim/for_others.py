"""What optimizers that others write import from ``torch.optim.optimizer``."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from adjoint import dtypes
from adjoint.autograd.grad_mode import set_grad_enabled
from adjoint.declare.namespaces import lookup
from adjoint.names import list_names as _list_names
from adjoint.tensor import Tensor

__all__ = [
    "ParamsT",
    "_capturable_doc",
    "_default_to_fused_or_foreach",
    "_device_dtype_check_for_fused",
    "_differentiable_doc",
    "_disable_dynamo_if_unsupported",
    "_foreach_doc",
    "_fused_doc",
    "_get_capturable_supported_devices",
    "_get_scalar_dtype",
    "_get_value",
    "_maximize_doc",
    "_params_doc",
    "_stack_if_compiling",
    "_to_scalar",
    "_use_grad_for_differentiable",
    "_view_as_real",
    "params_t",
]

F = TypeVar("F", bound=Callable[..., Any])

ParamsT = params_t = Iterable[Tensor] | Iterable[dict[str, Any]] | Iterable[tuple[str, Tensor]]

_FUSED = ["mps", "cuda", "xpu", "hpu", "cpu", "mtia", "privateuseone"]

# Parts of docstrings.
_params_doc = "params (iterable): the parameters or named parameters to optimize, or dictionaries that define groups of them"
_foreach_doc = "foreach (bool, optional): whether tensors are stepped in lists"
_fused_doc = "fused (bool, optional): whether one kernel steps them"
_capturable_doc = "capturable (bool, optional): whether a step may be captured in a graph of CUDA's"
_differentiable_doc = "differentiable (bool, optional): whether the step is recorded by autograd"
_maximize_doc = "maximize (bool, optional): whether the objective is maximized"


def _use_grad_for_differentiable(func: F) -> F:
    """A step (a decorator) that is recorded only if the optimizer's default ``differentiable`` says so."""

    @functools.wraps(func)
    def step(self: Any, *args: Any, **kwargs: Any) -> Any:
        with set_grad_enabled(self.defaults["differentiable"]):
            return func(self, *args, **kwargs)

    return step  # type: ignore[return-value]


def _disable_dynamo_if_unsupported(single_tensor_fn: Any = None) -> Callable[[F], F]:
    """The function as it is (a decorator): nothing compiles it."""
    return lambda func: func


def _get_value(x: Any) -> Any:
    """The number of a tensor of one element; numbers are themselves."""
    return x.item() if isinstance(x, Tensor) else x


def _stack_if_compiling(x: Any) -> Any:
    """``x``: nothing compiles."""
    return x


def _to_scalar(x: Any) -> Any:
    """A tensor of one element without dimensions; numbers are themselves."""
    return x.squeeze() if isinstance(x, Tensor) and x.dim() else x


def _get_scalar_dtype(is_fused: Any = None) -> Any:
    """The dtype of an optimizer's counts of steps."""
    wide = not is_fused and dtypes.get_default_dtype() is dtypes.float64
    return dtypes.float64 if wide else dtypes.float32


def _default_to_fused_or_foreach(params: list[Any], differentiable: bool, use_fused: bool = False) -> tuple[bool, bool]:
    """Whether tensors are stepped by one kernel, and whether in lists, where the user did not say: lists are for
    accelerators."""
    return bool(use_fused and not differentiable and all(p is None or p.is_floating_point() for p in params)), False


def _device_dtype_check_for_fused(p: Any, cuda_unsupported: bool = False) -> None:
    """Raise RuntimeError for a parameter that no kernel steps."""
    devices = [kind for kind in _FUSED if not (cuda_unsupported and kind == "cuda")]
    if p.device.type not in devices or not p.is_floating_point():
        raise RuntimeError(
            "`fused=True` requires all the params to be floating point Tensors of "
            f"supported devices: {devices} but {p.dtype} and {p.device.type}"
        )


def _view_as_real(params: list[Any], *state_and_grads: list[Any]) -> None:
    """In the lists, complex parameters and what belongs to them become views of real numbers."""
    for i, parameter in enumerate(params):
        if parameter.is_complex():
            for values in (params, *state_and_grads):
                values[i] = lookup("torch", "view_as_real")(values[i])


def _get_capturable_supported_devices(supports_xla: bool = True) -> list[str]:
    """The devices whose steps may be captured."""
    return ["cuda", "xpu", "hpu", "privateuseone"] + ["xla"] * supports_xla


_list_names(__name__)
