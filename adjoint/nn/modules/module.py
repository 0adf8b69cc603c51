"""Module: what every layer and model is made of."""

from __future__ import annotations

import importlib
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from adjoint import dtypes
from adjoint.names import listed_without
from adjoint.nn.modules.conversion import converted
from adjoint.nn.modules.module_hooks import (
    GLOBAL,
    REGISTRATION,
    _Hooked,
    register_module_backward_hook,
    register_module_buffer_registration_hook,
    register_module_forward_hook,
    register_module_forward_pre_hook,
    register_module_full_backward_hook,
    register_module_full_backward_pre_hook,
    register_module_module_registration_hook,
    register_module_parameter_registration_hook,
    registered,
)
from adjoint.nn.modules.own_names import own_names
from adjoint.nn.modules.state_dict import _EXTRA_STATE_KEY_SUFFIX, _IncompatibleKeys, _Stateful
from adjoint.nn.parameter import Buffer, Parameter
from adjoint.suggestions import Missing
from adjoint.tensor import Tensor

_names_of = listed_without()


def _addindent(text: str, spaces: int) -> str:
    """``text`` with every line but the first indented; lines with nothing in them are left empty."""
    first, *rest = text.split("\n")
    return "\n".join([first, *(" " * spaces + line if line.strip() else "" for line in rest)])


def _type_of(value: Any) -> str:
    """A value's type as error messages name it."""
    if isinstance(value, Tensor):
        return type(value).__name__ if type(value) is not Tensor else value.type()
    kind = value if isinstance(value, type) else type(value)
    name = kind.__qualname__
    return name if kind.__module__ == "builtins" else f"{_public(kind.__module__)}.{name}"


def _public(module: str) -> str:
    """A module's name as PyTorch's users know it."""
    return "torch" + module[7:] if module.partition(".")[0] == "adjoint" else module


def _forward_unimplemented(self: Any, *input: Any) -> None:
    """Compute the module's output; every subclass defines its own."""
    raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')


class Module(_Hooked, _Stateful):
    """The base of all layers and models.

    A subclass makes its parameters and submodules in ``__init__`` (after ``super().__init__()``) by assigning them to
    attributes, and computes in ``forward``; calling the module calls ``forward``.

    >>> import adjoint as torch
    >>> class Twice(torch.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.inner = torch.nn.Linear(2, 2)
    ...     def forward(self, x):
    ...         return self.inner(self.inner(x))
    >>> Twice()
    Twice(
      (inner): Linear(in_features=2, out_features=2, bias=True)
    )
    """

    dump_patches = False
    training: bool
    call_super_init = False
    _compiled_call_impl: Any = None

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if cls.__module__.startswith("adjoint."):
            own_names(cls)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if not self.call_super_init:
            if kwargs:
                raise TypeError(
                    f"{type(self).__name__}.__init__() got an unexpected keyword argument '{next(iter(kwargs))}'"
                )
            if args:
                raise TypeError(
                    f"{type(self).__name__}.__init__() takes 1 positional argument but {len(args) + 1} were given"
                )
        self.__dict__.update(
            training=True,
            _parameters={},
            _buffers={},
            _non_persistent_buffers_set=set(),
            _backward_pre_hooks=OrderedDict(),
            _backward_hooks=OrderedDict(),
            _is_full_backward_hook=None,
            _forward_hooks=OrderedDict(),
            _forward_hooks_with_kwargs=OrderedDict(),
            _forward_hooks_always_called=OrderedDict(),
            _forward_pre_hooks=OrderedDict(),
            _forward_pre_hooks_with_kwargs=OrderedDict(),
            _state_dict_hooks=OrderedDict(),
            _state_dict_pre_hooks=OrderedDict(),
            _load_state_dict_pre_hooks=OrderedDict(),
            _load_state_dict_post_hooks=OrderedDict(),
            _modules={},
        )
        if self.call_super_init:
            super().__init__(*args, **kwargs)

    forward: Callable[..., Any] = _forward_unimplemented

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._forward_hooks or self._forward_pre_hooks or self._backward_hooks or self._backward_pre_hooks or GLOBAL:
            return self._call_with_hooks(args, kwargs)
        return self.forward(*args, **kwargs)

    _call_impl = _wrapped_call_impl = __call__

    def _slow_forward(self, *input: Any, **kwargs: Any) -> Any:
        return self.forward(*input, **kwargs)

    def explain(self, *inputs: Any, **options: Any) -> Any:
        """What this module does with ``inputs``, operator by operator, as a table in text: see :func:`adjoint.viz.explain`."""
        return importlib.import_module("adjoint.viz._of").explain(self, *inputs, **options)

    def _repr_html_(self) -> str | None:
        """In a notebook: the modules as a tree that folds."""
        html: str | None = importlib.import_module("adjoint.viz.notebook").mimebundle(self).get("text/html")
        return html

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """As :meth:`_repr_html_`, and the text; a subclass's own ``_repr_html_`` goes before."""
        if type(self)._repr_html_ is not Module._repr_html_:
            return {"text/plain": repr(self), "text/html": self._repr_html_() or ""}
        bundle: dict[str, str] = importlib.import_module("adjoint.viz.notebook").mimebundle(self)
        return bundle

    # Registration

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a tensor that is part of the state but not learned; it is in ``state_dict`` if ``persistent``.

        Raises KeyError for a name that is taken, empty or has a dot, TypeError for what is no tensor.
        """
        self._check_name("buffer", name, "_buffers")
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(f"cannot assign '{_type_of(tensor)}' object to buffer '{name}' (torch Tensor or None required)")
        if REGISTRATION["buffer"]:
            tensor = registered("buffer", self, name, tensor)
        self._buffers[name] = tensor
        if persistent:
            self._non_persistent_buffers_set.discard(name)
        else:
            self._non_persistent_buffers_set.add(name)

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter.

        Raises KeyError for a name that is taken, empty or has a dot, TypeError for what is no Parameter, ValueError
        for one that was computed.
        """
        self._check_name("parameter", name, "_parameters")
        if param is not None:
            if not isinstance(param, Parameter):
                raise TypeError(
                    f"cannot assign '{_type_of(param)}' object to parameter '{name}' (torch.nn.Parameter or None required)"
                )
            if not param.is_leaf:
                raise ValueError(
                    f"Cannot assign non-leaf Tensor to parameter '{name}'. Model parameters must be created explicitly. "
                    f"To express '{name}' as a function of another Tensor, compute the value in the forward() method."
                )
        if REGISTRATION["parameter"]:
            param = registered("parameter", self, name, param)
        self._parameters[name] = param

    def add_module(self, name: str, module: Module | None) -> None:
        """Add a submodule under a name.

        Raises TypeError for what is no Module, KeyError for a name that is taken, empty or has a dot.
        """
        if not isinstance(module, Module) and module is not None:
            raise TypeError(f"{_type_of(module)} is not a Module subclass")
        if not isinstance(name, str):
            raise TypeError(f"module name should be a string. Got {_type_of(name)}")
        if hasattr(self, name) and name not in self._modules:
            raise KeyError(f"attribute '{name}' already exists")
        if "." in name:
            raise KeyError(f'module name can\'t contain ".", got: {name}')
        if name == "":
            raise KeyError('module name can\'t be empty string ""')
        if REGISTRATION["module"]:
            module = registered("module", self, name, module)
        self._modules[name] = module

    def register_module(self, name: str, module: Module | None) -> None:
        """Alias of :meth:`add_module`."""
        self.add_module(name, module)

    def _check_name(self, kind: str, name: str, registry: str) -> None:
        if registry not in self.__dict__:
            raise AttributeError(f"cannot assign {kind} before Module.__init__() call")
        if not isinstance(name, str):
            raise TypeError(f"{kind} name should be a string. Got {_type_of(name)}")
        if "." in name:
            raise KeyError(f'{kind} name can\'t contain "."')
        if name == "":
            raise KeyError(f'{kind} name can\'t be empty string ""')
        if hasattr(self, name) and name not in self.__dict__[registry]:
            raise KeyError(f"attribute '{name}' already exists")

    # Attributes

    def __getattr__(self, name: str) -> Any:
        own = self.__dict__
        if "_parameters" in own:
            found = own["_parameters"]
            if name in found:
                return found[name]
            found = own["_modules"]
            if name in found:
                return found[name]
            found = own["_buffers"]
            if name in found:
                return found[name]
        raise Missing(f"'{type(self).__name__}' object has no attribute '{name}'", name, lambda: dir(self))

    def __setattr__(self, name: str, value: Any) -> None:
        kind = value.__class__
        if kind is bool or kind is int or kind is float or kind is str:  # by far the most common, and never registered
            own = self.__dict__
            parameters = own.get("_parameters")
            if parameters is None or not (name in parameters or name in own["_modules"] or name in own["_buffers"]):
                object.__setattr__(self, name, value)
                return
        parameters = self.__dict__.get("_parameters")
        if isinstance(value, Parameter):
            if parameters is None:
                raise AttributeError("cannot assign parameters before Module.__init__() call")
            self._forget(name, "_buffers", "_modules")
            self.register_parameter(name, value)
            return
        if parameters is not None and name in parameters:
            if value is not None:
                raise TypeError(
                    f"cannot assign '{_type_of(value)}' as parameter '{name}' (torch.nn.Parameter or None expected)"
                )
            self.register_parameter(name, value)
            return
        modules = self.__dict__.get("_modules")
        if isinstance(value, Module):
            if modules is None:
                raise AttributeError("cannot assign module before Module.__init__() call")
            self._forget(name, "_parameters", "_buffers")
            if REGISTRATION["module"]:
                value = registered("module", self, name, value)
            modules[name] = value
            return
        if modules is not None and name in modules:
            if value is not None:
                raise TypeError(
                    f"cannot assign '{_type_of(value)}' as child module '{name}' (torch.nn.Module or None expected)"
                )
            if REGISTRATION["module"]:
                value = registered("module", self, name, value)
            modules[name] = value
            return
        buffers = self.__dict__.get("_buffers")
        if isinstance(value, Buffer) or (buffers is not None and name in buffers):
            if value is not None and not isinstance(value, Tensor):
                raise TypeError(
                    f"cannot assign '{_type_of(value)}' as buffer '{name}' (torch.nn.Buffer, torch.Tensor or None expected)"
                )
            if buffers is None:
                raise AttributeError("cannot assign buffer before Module.__init__() call")
            if isinstance(value, Buffer):
                self._forget(name, "_parameters", "_modules")
                self.register_buffer(name, value, getattr(value, "persistent", True))
            else:
                if REGISTRATION["buffer"]:
                    value = registered("buffer", self, name, value)
                buffers[name] = value
            return
        object.__setattr__(self, name, value)

    def _forget(self, name: str, *elsewhere: str) -> None:
        """Remove a plain attribute, and an entry of that name in the other registries."""
        self.__dict__.pop(name, None)
        for registry in elsewhere:
            self.__dict__[registry].pop(name, None)
        self._non_persistent_buffers_set.discard(name)

    def __delattr__(self, name: str) -> None:
        if name in self._parameters:
            del self._parameters[name]
        elif name in self._buffers:
            del self._buffers[name]
            self._non_persistent_buffers_set.discard(name)
        elif name in self._modules:
            del self._modules[name]
        else:
            object.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        names = {*_names_of(self), *self._parameters, *self._modules, *self._buffers}
        return sorted(n for n in names if not n[0].isdigit())

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        state.pop("_compiled_call_impl", None)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        # Modules that older versions pickled lack some of the registries.
        for name in (
            "_forward_pre_hooks",
            "_forward_pre_hooks_with_kwargs",
            "_forward_hooks_with_kwargs",
            "_forward_hooks_always_called",
            "_state_dict_hooks",
            "_state_dict_pre_hooks",
            "_load_state_dict_pre_hooks",
            "_load_state_dict_post_hooks",
            "_backward_pre_hooks",
        ):
            self.__dict__.setdefault(name, OrderedDict())
        self.__dict__.setdefault("_non_persistent_buffers_set", set())
        self.__dict__.setdefault("_is_full_backward_hook", None)

    # Finding what is inside

    def get_submodule(self, target: str) -> Module:
        """The submodule of that dotted name; this module itself for an empty one.

        Raises AttributeError for a name that leads nowhere or to something else.
        """
        if target == "":
            return self
        module: Any = self
        for name in target.split("."):
            if not hasattr(module, name):
                raise AttributeError(f"{module._get_name()} has no attribute `{name}`")
            module = getattr(module, name)
            if not isinstance(module, Module):
                raise AttributeError(f"`{name}` is not an nn.Module")
        return module

    def set_submodule(self, target: str, module: Module, strict: bool = False) -> None:
        """Put ``module`` in the place of that dotted name; with ``strict`` the place must exist."""
        if target == "":
            raise ValueError("Cannot set the submodule without a target name!")
        if not isinstance(module, Module):
            raise ValueError(f"`module` is not an nn.Module, found {type(module)}")
        *path, name = target.split(".")
        parent = self.get_submodule(".".join(path))
        if strict and not hasattr(parent, name):
            raise AttributeError(f"{parent._get_name()} has no attribute `{name}`")
        if hasattr(parent, name) and not isinstance(getattr(parent, name), Module):
            raise AttributeError(f"`{name}` is not an nn.Module")
        setattr(parent, name, module)

    def get_parameter(self, target: str) -> Parameter:
        """The parameter of that dotted name; AttributeError if there is none."""
        return self._get_member(target, "an nn.Parameter", lambda module, name, found: isinstance(found, Parameter))

    def get_buffer(self, target: str) -> Tensor:
        """The buffer of that dotted name; AttributeError if there is none."""
        return self._get_member(target, "a buffer", lambda module, name, found: name in module._buffers)

    def _get_member(self, target: str, kind: str, is_one: Callable[..., bool]) -> Any:
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        if not hasattr(module, name):
            raise AttributeError(f"{module._get_name()} has no attribute `{name}`")
        found = getattr(module, name)
        if not is_one(module, name, found):
            raise AttributeError(f"`{name}` is not {kind}")
        return found

    def _named_members(
        self, get_members_fn: Callable[..., Any], prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        modules = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate) if recurse else [(prefix, self)]
        for module_prefix, module in modules:
            for name, value in get_members_fn(module):
                if value is None or id(value) in seen:
                    continue
                if remove_duplicate:
                    seen.add(id(value))
                yield module_prefix + ("." if module_prefix else "") + name, value

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """The parameters of this module and (if ``recurse``) all below it, each once."""
        for _, param in self.named_parameters(recurse=recurse):
            yield param

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """As :meth:`parameters`, with their dotted names."""
        return self._named_members(lambda module: module._parameters.items(), prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """The buffers of this module and (if ``recurse``) all below it, each once."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """As :meth:`buffers`, with their dotted names."""
        return self._named_members(lambda module: module._buffers.items(), prefix, recurse, remove_duplicate)

    def children(self) -> Iterator[Module]:
        """The modules directly below this one, each once."""
        for _, module in self.named_children():
            yield module

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """As :meth:`children`, with their names."""
        seen = set()
        for name, module in self._modules.items():
            if module is not None and module not in seen:
                seen.add(module)
                yield name, module

    def modules(self, remove_duplicate: bool = True) -> Iterator[Module]:
        """This module and all below it, each once."""
        for _, module in self.named_modules(remove_duplicate=remove_duplicate):
            yield module

    def named_modules(
        self, memo: set[Module] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """As :meth:`modules`, with their dotted names; this module's own is ``prefix``."""
        if memo is None:
            memo = set()
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                yield from module.named_modules(memo, prefix + ("." if prefix else "") + name, remove_duplicate)

    # Changing everything inside

    def apply(self, fn: Callable[[Module], Any]) -> Any:
        """Call ``fn`` on every module below this one, and on this one last."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Any:
        """Replace every parameter, its gradient and every buffer by what ``fn`` makes of it; parameters stay the same
        objects (but see :mod:`adjoint.__future__`)."""
        if recurse:
            for module in self.children():
                module._apply(fn)
        for name, param in self._parameters.items():
            if param is not None:
                self._parameters[name] = converted(param, fn)
        for name, buffer in self._buffers.items():
            if buffer is not None:
                self._buffers[name] = fn(buffer)
        return self

    def _convert(self, dtype: dtypes.dtype) -> Any:
        return self._apply(lambda t: t.to(dtype) if t.is_floating_point() else t)

    def type(self, dst_type: Any) -> Any:
        """Convert all parameters and buffers to a dtype."""
        return self._apply(lambda t: t.type(dst_type))

    def float(self) -> Any:
        """Convert the floating-point parameters and buffers to ``float32``."""
        return self._convert(dtypes.float32)

    def double(self) -> Any:
        """Convert the floating-point parameters and buffers to ``float64``."""
        return self._convert(dtypes.float64)

    def half(self) -> Any:
        """Convert the floating-point parameters and buffers to ``float16``."""
        return self._convert(dtypes.float16)

    def bfloat16(self) -> Any:
        """Convert the floating-point parameters and buffers to ``bfloat16``."""
        return self._convert(dtypes.bfloat16)

    def cpu(self) -> Any:
        """The module itself: its tensors are in main memory."""
        return self._apply(lambda t: t.cpu())

    def cuda(self, device: Any = None) -> Any:
        """Raise PyTorch's error for a machine without CUDA."""
        return self._apply(lambda t: t.cuda(device))

    def ipu(self, device: Any = None) -> Any:
        """Raise PyTorch's error for a machine without such a device."""
        return self._apply(lambda t: _not_there(RuntimeError, "PyTorch is not linked with support for ipu devices"))

    def xpu(self, device: Any = None) -> Any:
        """Raise PyTorch's error for a machine without such a device."""
        return self._apply(lambda t: _not_there(AssertionError, "Torch not compiled with XPU enabled"))

    def mtia(self, device: Any = None) -> Any:
        """Raise PyTorch's error for a machine without such a device."""
        return self._apply(lambda t: _not_there(AssertionError, _NO_MTIA))

    def to_empty(self, *, device: Any, recurse: bool = True) -> Any:
        """Give every parameter and buffer fresh, uninitialised memory on a device."""
        import adjoint

        return self._apply(lambda t: adjoint.empty_like(t, device=device), recurse=recurse)

    def to(self, *args: Any, **kwargs: Any) -> Any:
        """Move and convert all parameters and buffers: ``to(device)``, ``to(dtype)``, ``to(device, dtype)``, ``to(tensor)``.

        Only floating-point and complex ones change their dtype.  Raises TypeError for another kind of dtype.
        """
        device, dtype, non_blocking, memory_format = _parse_to(*args, **kwargs)
        if dtype is not None and dtype.category < dtypes.FLOAT:
            raise TypeError(
                f"nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={dtype}"
            )

        def convert(t: Tensor) -> Tensor:
            given: dict[str, Any] = {}
            if device is not None:
                given["device"] = device
            if dtype is not None and t.dtype.category >= dtypes.FLOAT:
                given["dtype"] = dtype
            if memory_format is not None and t.ndim in (4, 5):
                given["memory_format"] = memory_format
            try:
                return t.to(**given, non_blocking=non_blocking) if given else t
            except NotImplementedError as error:
                if str(error) != "Cannot copy out of meta tensor; no data!":
                    raise
                raise NotImplementedError(
                    f"{error} Please use torch.nn.Module.to_empty() instead of torch.nn.Module.to() when moving module from "
                    "meta to a different device."
                ) from None

        return self._apply(convert)

    def train(self, mode: bool = True) -> Any:
        """Put this module and all below it into training mode (dropout, batch norm), or into evaluation mode."""
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self) -> Any:
        """``train(False)``."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Any:
        """Set ``requires_grad`` of all parameters."""
        for p in self.parameters():
            p.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget all parameters' gradients, or set them to zero."""
        for p in self.parameters():
            if p._grad is not None:
                if set_to_none:
                    p._grad = None
                else:
                    if p._grad.grad_fn is not None:
                        p._grad.detach_()
                    else:
                        p._grad.requires_grad_(False)
                    p._grad.zero_()

    def share_memory(self) -> Any:
        """Move all parameters and buffers to shared memory."""
        return self._apply(lambda t: t.share_memory_())

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """Compile this module's forward with :func:`adjoint.compile`, in place."""
        import adjoint

        self._compiled_call_impl = adjoint.compile(self._call_impl, *args, **kwargs)

    def _replicate_for_data_parallel(self) -> Any:
        """A module of the same submodules and buffers, with no parameters of its own."""
        replica = object.__new__(type(self))
        replica.__dict__ = {**self.__dict__, "_parameters": {}, "_is_replica": True}
        replica._buffers, replica._modules = self._buffers.copy(), self._modules.copy()
        return replica

    # Text

    def _get_name(self) -> str:
        return type(self).__name__

    def extra_repr(self) -> str:
        """What stands between the parentheses; to be overridden."""
        return ""

    def __repr__(self) -> str:
        extra = self.extra_repr()
        extra_lines = extra.split("\n") if extra else []
        children = [f"({name}): {_addindent(repr(module), 2)}" for name, module in self._modules.items()]
        lines = extra_lines + children
        if not lines:
            return f"{self._get_name()}()"
        if len(extra_lines) == 1 and not children:
            return f"{self._get_name()}({extra_lines[0]})"
        return f"{self._get_name()}(\n  " + "\n  ".join(lines) + "\n)"


_NO_MTIA = (
    "Torch not compiled with MTIA enabled. Ensure you have `import mtia.host_runtime.torch_mtia.dynamic_library` in your python "
    "src file and include `//mtia/host_runtime/torch_mtia:torch_mtia` as your target dependency!"
)


def _not_there(kind: Any, text: str) -> NoReturn:
    raise kind(text)


def _no_such_to(args: tuple[Any, ...]) -> NoReturn:
    def kind(value: Any) -> str:
        if isinstance(value, dtypes.dtype):
            return "torch.dtype"
        return "Tensor" if isinstance(value, Tensor) else _type_of(value)

    raise TypeError(
        f"to() received an invalid combination of arguments - got ({', '.join(map(kind, args))}), but expected one of:\n"
        " * (torch.device device = None, torch.dtype dtype = None, bool non_blocking = False, bool copy = False, *, "
        "torch.memory_format memory_format = None)\n"
        " * (torch.dtype dtype, bool non_blocking = False, bool copy = False, *, torch.memory_format memory_format = "
        "None)\n"
        " * (Tensor tensor, bool non_blocking = False, bool copy = False, *, torch.memory_format memory_format = None)\n"
    )


def _parse_to(*args: Any, **kwargs: Any) -> tuple[Any, Any, bool, Any]:
    """Device, dtype, non_blocking and memory_format from the arguments of ``to``."""
    import adjoint

    given = dict(kwargs)
    device = given.pop("device", None)
    dtype = given.pop("dtype", None)
    tensor = given.pop("tensor", None)
    non_blocking = given.pop("non_blocking", False)
    memory_format = given.pop("memory_format", None)
    rest = list(args)
    if given or len(rest) > 4:
        _no_such_to(args)
    if rest and isinstance(rest[0], Tensor):
        tensor = rest.pop(0)
    elif rest and isinstance(rest[0], dtypes.dtype):
        if dtype is not None:
            _no_such_to(args)
        dtype = rest.pop(0)
    elif rest:
        first = rest.pop(0)
        if first is not None and not isinstance(first, (str, int, adjoint.device)):
            _no_such_to(args)
        device = first
        if rest and (rest[0] is None or isinstance(rest[0], dtypes.dtype)):
            dtype = rest.pop(0)
    if rest:
        non_blocking = rest.pop(0)
        if not isinstance(non_blocking, bool) or len(rest) > 1:
            _no_such_to(args)
    if dtype is not None and not isinstance(dtype, dtypes.dtype):
        _no_such_to(args)
    if tensor is not None:
        device, dtype = tensor.device, tensor.dtype
    if device is not None:
        device = adjoint.device(device)
    return device, dtype, non_blocking, memory_format


def _has_any_global_hook() -> bool:
    return bool(GLOBAL)


__all__ = [
    "_EXTRA_STATE_KEY_SUFFIX",
    "Module",
    "_IncompatibleKeys",
    "_addindent",
    "register_module_backward_hook",
    "register_module_buffer_registration_hook",
    "register_module_forward_hook",
    "register_module_forward_pre_hook",
    "register_module_full_backward_hook",
    "register_module_full_backward_pre_hook",
    "register_module_module_registration_hook",
    "register_module_parameter_registration_hook",
]
