"""What ``torch.compile`` makes of a module: one that calls it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adjoint.nn import Module

_OWN = frozenset({"_orig_mod", "_super_module_initialized", "dynamo_ctx", "forward"})


class OptimizedModule(Module):
    """A module that runs another, ``_orig_mod``, and has its attributes; names in its state begin with ``_orig_mod.``.

    >>> import adjoint as torch
    >>> from adjoint._dynamo import OptimizedModule
    >>> model = OptimizedModule(torch.nn.ReLU(), "eager")
    >>> model
    OptimizedModule(
      (_orig_mod): ReLU()
    )
    """

    _orig_mod: Module

    def __init__(self, mod: Module, dynamo_ctx: Any = None) -> None:
        self.__dict__["_super_module_initialized"] = False
        super().__init__()
        self.__dict__.pop("training")
        self.__dict__["_super_module_initialized"] = True
        self._orig_mod = mod
        self.dynamo_ctx = dynamo_ctx

    def forward(self, *args: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        """What the module returns."""
        return self._modules["_orig_mod"](*args, **kwargs)  # type: ignore[misc]

    def __len__(self) -> int:
        length = getattr(type(self._orig_mod), "__len__", None)
        if length is None:
            raise TypeError(f"{type(self._orig_mod).__name__} does not support len()")
        return length(self._orig_mod)  # type: ignore[no-any-return]

    @property
    def training(self) -> bool:  # type: ignore[override]
        """Whether the module trains."""
        return self._orig_mod.training

    @training.setter
    def training(self, value: bool) -> None:
        if self._super_module_initialized:
            self._orig_mod.training = value

    def __getattr__(self, name: str) -> Any:
        modules = self.__dict__.get("_modules", {})
        if name == "_orig_mod" or "_orig_mod" not in modules:
            return super().__getattr__(name)
        return getattr(modules["_orig_mod"], name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _OWN or hasattr(type(self), name):
            super().__setattr__(name, value)
        else:
            setattr(self._orig_mod, name, value)

    def __delattr__(self, name: str) -> None:
        if name in _OWN or hasattr(type(self), name):
            super().__delattr__(name)
        else:
            delattr(self._orig_mod, name)

    def __reduce__(self) -> Any:
        return type(self), (self._orig_mod, self.dynamo_ctx)

    def __dir__(self) -> list[str]:
        own = list(self._orig_mod.__dir__())
        return own + [name for name in super().__dir__() if name not in own]


def is_dynamo_supported() -> bool:
    """False: nothing is compiled."""
    return False


is_inductor_supported = is_dynamo_supported


def optimize(backend: Any = "inductor", **options: Any) -> Callable[[Any], Any]:
    """A decorator that does what ``torch.compile`` does."""
    from adjoint.compiling import compile

    known = {"nopython": "fullgraph", "dynamic": "dynamic", "disable": "disable"}
    return lambda model: compile(model, backend=backend, **{known[k]: v for k, v in options.items() if k in known})


def optimize_assert(backend: Any = "inductor", **options: Any) -> Callable[[Any], Any]:
    """As :func:`optimize`, of the whole function."""
    return optimize(backend, **options, nopython=True)
