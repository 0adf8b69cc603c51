"""Traces: what a model calls, and on which tensors, while it runs once.

A function mode (:mod:`adjoint.autograd.overriding`) sees every public function before anything of it runs.  Those that the table of
translators knows are noted and run; any other is entered, and what it calls is seen in turn.  An interceptor sees the operators
that such a function runs without a public one.  What neither can name is kept as *unknown*, and raises if the model's result
turns out to depend on it.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from adjoint.autograd import overriding
from adjoint.autograd.function import CustomFunction
from adjoint.autograd.interception import intercept
from adjoint.func.vmap import instead
from adjoint.interrupts import at_once, surely
from adjoint.library.operators import around
from adjoint.nn.modules import module_hooks
from adjoint.onnx.batches import Broadcasting
from adjoint.onnx.errors import OnnxExporterError
from adjoint.places import here, tell, users_level
from adjoint.tensor import Tensor
from adjoint.thread_state import put_back, snapshot

# Functions that give Python what a tensor holds, after which the program may do anything with it: what PyTorch calls them.
_VALUES = {
    "__bool__": "Python boolean", "__int__": "Python integer", "__float__": "Python float", "__index__": "Python index",
    "__complex__": "Python complex", "item": "Python number", "tolist": "Python list", "numpy": "NumPy array",
    "__array__": "NumPy array", "equal": "Python boolean", "allclose": "Python boolean", "is_nonzero": "Python boolean",
    "__contains__": "Python boolean",
}  # fmt: skip


class Ref:
    """A tensor of a trace, by its number."""

    __slots__ = ("index",)

    def __init__(self, index: int) -> None:
        self.index = index

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ref) and other.index == self.index

    def __hash__(self) -> int:
        return hash(self.index)

    def __repr__(self) -> str:
        return f"Ref({self.index})"


class Entry:
    """What is known of a tensor: shape, dtype, whether it depends on the inputs, and, where it does not, what it holds."""

    __slots__ = ("array", "depends", "dtype", "name", "parent", "shape", "unknown")

    def __init__(self, tensor: Tensor, name: str | None, depends: bool) -> None:
        self.shape: Any = tuple(tensor.shape)
        self.dtype = tensor.dtype
        self.name = name
        self.depends = depends
        self.array: Any = None
        self.parent: int | None = None  # the tensor that it is a view of
        self.unknown: str | None = None  # what made it, where that could not be seen


class Call:
    """A call of a function: its name in the table, arguments and results with :class:`Ref` in place of tensors."""

    __slots__ = ("args", "kept", "key", "kwargs", "module", "out", "place", "writes")

    def __init__(self, key: Any, args: Any, kwargs: Any, place: Any, module: str) -> None:
        self.key, self.args, self.kwargs = key, args, kwargs
        self.place, self.module = place, module
        self.out: Any = None
        self.writes: int | None = None  # the tensor that its result is written into
        self.kept: dict[
            int, np.ndarray
        ] = {}  # what that and its views hold then, where nothing of it depends on the inputs

    def where(self) -> str:
        """The user's line."""
        return tell(self.place)


def mapped(tree: Any, function: Callable[[Any], Any]) -> Any:
    """A structure of arguments with every leaf replaced."""
    if isinstance(tree, (list, tuple)):
        values = [mapped(each, function) for each in tree]
        return values if isinstance(tree, list) else tuple(values)
    if isinstance(tree, dict):
        return {key: mapped(value, function) for key, value in tree.items()}
    if isinstance(tree, slice):
        return slice(*[mapped(part, function) for part in (tree.start, tree.stop, tree.step)])
    return function(tree)


def leaves_of(tree: Any) -> list[Any]:
    """The leaves of a structure of arguments."""
    found: list[Any] = []
    mapped(tree, found.append)
    return found


class Tracer:
    """Notes what a thread calls between :meth:`start` and :meth:`stop`.

    ``knows(key)`` says whether the table of translators has a function, ``named`` are tensors with names, the model's state.
    ``warn`` says that values which leave the tensors are warned of, as by PyTorch's older exporter, instead of refused.
    """

    def __init__(
        self, knows: Callable[[Any], bool], named: dict[str, Tensor], paths: dict[int, str], warn: bool
    ) -> None:
        self.knows, self.warn, self.paths = knows, warn, paths
        self.entries: list[Entry] = []
        self.calls: list[Call] = []
        self.inputs: list[int] = []
        self._numbers: dict[int, int] = {}
        self._tensors: list[Tensor] = []  # kept, so that no other is made at one's address
        self._inside = 0
        self._modules: list[str] = []
        self._handles: list[Any] = []
        self._interceptor = self._operator
        self._thread = threading.get_ident()  # others may run models meanwhile
        self._broadcasting = Broadcasting(self._silently, self._is_elsewhere)
        for name, tensor in named.items():
            if id(tensor) not in self._numbers:
                self.add(tensor, name, False)

    # Tensors

    def add(self, tensor: Tensor, name: str | None = None, depends: bool = False) -> int:
        """Give a tensor its number."""
        entry = Entry(tensor, name, depends)
        if not depends and name is None:
            entry.array = np.array(tensor._array)
        elif not depends:
            entry.array = tensor._array  # the model's: put back after the trace
        self._numbers[id(tensor)] = len(self.entries)
        self.entries.append(entry)
        self._tensors.append(tensor)
        return len(self.entries) - 1

    def number(self, tensor: Tensor) -> int:
        """The number of a tensor, which it gets now if it has none."""
        found = self._numbers.get(id(tensor))
        return self.add(tensor) if found is None else found

    def ref(self, value: Any) -> Any:
        """A leaf of the arguments as a call notes it."""
        if isinstance(value, Tensor):
            if value._wrapped:
                return value._array.item()
            return Ref(self.number(value))
        return value

    def depends(self, tree: Any) -> bool:
        """Whether any of the tensors in it depends on the inputs."""
        return any(self.entries[leaf.index].depends for leaf in leaves_of(tree) if isinstance(leaf, Ref))

    # On and off

    def start(self) -> None:
        """Begin to see."""
        before = snapshot()
        try:
            instead.append(self._broadcasting)
            around.append(self._own)
            intercept.add(self._interceptor)
            overriding.enter(self)
            self._handles.append(module_hooks.register_module_forward_pre_hook(self._enter))
            self._handles.append(module_hooks.register_module_forward_hook(self._leave, always_call=True))
        except BaseException:
            put_back(before)
            surely(self._away)
            raise

    @at_once
    def stop(self) -> None:
        """See no more."""
        if overriding.modes() and overriding.modes()[-1] is self:
            overriding.leave()
        intercept.remove(self._interceptor)
        surely(self._away)

    def _away(self) -> None:
        around[:] = [each for each in around if each != self._own]
        instead[:] = [each for each in instead if each is not self._broadcasting]
        while self._handles:
            self._handles.pop().remove()

    def _silently(self, function: Callable[..., Any], *args: Any) -> Any:
        """Call a function of which nothing is noted."""
        self._inside += 1
        try:
            return function(*args)
        finally:
            self._inside -= 1

    def _enter(self, module: Any, args: Any) -> None:
        if not self._is_elsewhere():
            self._modules.append(self.paths.get(id(module), ""))

    def _leave(self, module: Any, args: Any, output: Any) -> None:
        if self._modules and not self._is_elsewhere():
            self._modules.pop()

    def _is_elsewhere(self) -> bool:
        """Whether another thread is running than the one that is traced."""
        return threading.get_ident() != self._thread

    # What is called

    def __torch_function__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        key = key_of(func)
        if key is not None:
            if self._inside:
                return func(*args, **kwargs)
            if key in _VALUES:
                self._leaves(key, args)
            base, target = _written(key, args, kwargs)
            if self.knows(base):
                return self._note(base, target, func, args, kwargs)
            if target is not None and base != key and isinstance(target, Tensor):  # a write that nothing is known of
                return self._note(base, target, func, args, kwargs)
        with overriding.Modes((*overriding.modes(), self)):
            result = overriding.call_inside(func, args, kwargs)
        self._look_at(result, key or repr(func), args, kwargs)
        return result

    def _operator(self, operator: Any, run: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if self._inside:
            return run(*args, **kwargs)
        if operator.__class__ is CustomFunction:
            function = getattr(operator, "function", None)
            if hasattr(function, "symbolic"):
                return self._note(("symbolic", function), None, run, args, kwargs)
            return run(*args, **kwargs)
        if self.knows(operator.name):
            return self._note(operator.name, None, run, args, kwargs)
        result = run(*args, **kwargs)
        self._look_at(result, operator.name, args, kwargs)
        return result

    def _own(self, operator: Any, run: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """An operator of the user's."""
        key = ("operator", operator)
        if self._is_elsewhere() or self._inside or not self.knows(key):
            return run(*args, **kwargs)
        return self._note(key, None, run, args, kwargs)

    def _note(self, key: Any, target: Any, run: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        told = {name: value for name, value in kwargs.items() if name not in ("out", "inplace") or target is None}
        call = Call(
            key, mapped(args, self.ref), mapped(told, self.ref), here(), self._modules[-1] if self._modules else ""
        )
        if isinstance(target, Tensor):
            call.writes = self.number(target)
        self._inside += 1
        try:
            result = run(*args, **kwargs)
        finally:
            self._inside -= 1
        depends = self.depends((call.args, call.kwargs))
        inputs = [self._tensors[r.index] for r in leaves_of((call.args, call.kwargs)) if isinstance(r, Ref)]
        call.out = mapped(result, lambda leaf: self._made(leaf, depends, inputs))
        self.calls.append(call)
        if call.writes is not None:
            self._written_to(call, depends)
        return result

    def _made(self, leaf: Any, depends: bool, inputs: list[Tensor]) -> Any:
        if not isinstance(leaf, Tensor) or id(leaf) in self._numbers:
            return self.ref(leaf)
        index = self.add(leaf, None, depends)
        for given in inputs:
            if leaf._array.size and np.may_share_memory(leaf._array, given._array):
                self.entries[index].parent = self._numbers[id(given)]
                break
        return Ref(index)

    def family(self, index: int) -> list[int]:
        """A tensor, what it is a view of, and all that are views of that."""
        root = root_of(self.entries, index)
        return [i for i in range(len(self.entries)) if root_of(self.entries, i) == root]

    def _written_to(self, call: Call, depends: bool) -> None:
        family = self.family(call.writes)  # type: ignore[arg-type]
        if depends or any(self.entries[i].depends for i in family):
            for i in family:
                self.entries[i].depends = True
        else:
            call.kept = {i: np.array(self._tensors[i]._array) for i in family}

    def _look_at(self, result: Any, name: str, args: Any, kwargs: Any) -> None:
        """What a function that was entered returned: tensors that nothing noted, of some that depend on the inputs, are unknown."""
        made = [t for t in leaves_of(result) if isinstance(t, Tensor) and id(t) not in self._numbers]
        if not made:
            return
        given = [t for t in leaves_of((args, kwargs)) if isinstance(t, Tensor) and id(t) in self._numbers]
        if any(self.entries[self._numbers[id(t)]].depends for t in given):
            for tensor in made:
                self.entries[self.add(tensor, None, True)].unknown = f"{name}\n{tell(here())}"

    def _leaves(self, key: str, args: Iterable[Any]) -> None:
        """A tensor's value goes to Python: fine for a constant."""
        given = [a for a in args if isinstance(a, Tensor) and id(a) in self._numbers]
        if not any(self.entries[self._numbers[id(a)]].depends for a in given):
            return
        if not self.warn:
            raise OnnxExporterError(
                f"the program depends on what a tensor holds: {key.strip('_')} makes a {_VALUES[key]} of one that depends on the "
                "model's inputs, so that a graph would be right for these inputs only. Use torch.where, or leave it to the "
                f"caller.\n{tell(here())}"
            )
        from adjoint.jit import TracerWarning

        warnings.warn(
            f"Converting a tensor to a {_VALUES[key]} might cause the trace to be incorrect. We can't record the data flow of "
            "Python values, so this value will be treated as a constant in the future. This means that the trace might not "
            "generalize to other inputs!",
            TracerWarning,
            stacklevel=users_level(),
        )


def root_of(entries: list[Entry], index: int) -> int:
    """The tensor at the beginning of views."""
    while entries[index].parent is not None:
        index = entries[index].parent  # type: ignore[assignment]
    return index


_PLACES = ("torch.nn.functional.", "torch.Tensor.", "torch.functional.", "torch.")
_OF_THEIR_OWN = {
    "torch.nn.functional.unfold": "im2col",
    "torch.nn.functional.fold": "col2im",
    "torch.Tensor.where": "Tensor.where",
}


def key_of(func: Any) -> str | None:
    """The name of a function in the table of translators; None for what sets an attribute."""
    name = overriding.name_of(func)
    if name is None or name.endswith((".__set__", ".__delete__")):
        return None
    if name in _OF_THEIR_OWN:
        return _OF_THEIR_OWN[name]
    name = name.removesuffix(".__get__")
    for place in _PLACES:
        if name.startswith(place):
            return name[len(place) :]
    return name


def _written(key: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[str, Any]:
    """The name of what a function computes, and the tensor that it writes its result into (None: none)."""
    if key == "__setitem__":
        return key, args[0]
    if key.endswith("_") and not key.endswith("__"):
        return key[:-1], args[0] if args else kwargs.get("input", kwargs.get("self"))
    if kwargs.get("inplace"):
        return key, args[0]
    if key.startswith("__i") and f"{key[3:-2]}" in ("and", "or", "xor", "pow", "lshift", "rshift"):
        return f"__{key[3:]}", args[0]
    out = kwargs.get("out")
    return key, out if isinstance(out, Tensor) else None
