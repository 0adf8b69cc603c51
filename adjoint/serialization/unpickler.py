"""An interpreter of pickles that executes nothing: it knows the opcodes that data needs, and calls only what the
allow-list names."""

from __future__ import annotations

import pickle
import warnings
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections import Counter, OrderedDict
from collections.abc import Callable
from pickle import UnpicklingError, decode_long
from struct import unpack
from typing import Any

from adjoint.places import users_level
from adjoint.serialization import allowed
from adjoint.tensor import Tensor

_MOST_PERSISTENT = "storage"


class WeightsUnpickler:
    """Reads one pickle from a file object.

    ``persistent_load(id)`` gives what a persistent id stands for; only storages have one.  Raises
    ``pickle.UnpicklingError`` for an opcode or a name that is not allowed, before anything was called.
    """

    def __init__(self, file: Any, persistent_load: Callable[[Any], Any], encoding: str = "utf-8") -> None:
        self.read = file.read
        self.readline = file.readline
        self.persistent_load = persistent_load
        self.encoding = encoding

    def load(self) -> Any:
        """Interpret the pickle up to its end and return what it describes."""
        self.stack: list[Any] = []
        self.marked: list[list[Any]] = []
        self.memo: dict[int, Any] = {}
        self.by_user = allowed.by_user()
        # What may be called: the things that the pickle has named, and what the user allowed.
        self.callable = {id(thing) for thing in self.by_user.values()}
        read, run = self.read, _OPCODES
        while True:
            opcode = read(1)
            if not opcode:
                raise EOFError
            if opcode == pickle.STOP:
                return self._pop()
            instruction = run.get(opcode)
            if instruction is None:
                raise UnpicklingError(f"Unsupported operand {opcode[0]}")
            instruction(self)

    # The stack

    def _pop(self) -> Any:
        if not self.stack:
            raise UnpicklingError("the pickle takes more from the stack than it put there")
        return self.stack.pop()

    def _top(self) -> Any:
        if not self.stack:
            raise UnpicklingError("the pickle takes more from the stack than it put there")
        return self.stack[-1]

    def _take(self, n: int) -> bytes:
        data = self.read(n)
        if len(data) != n:
            raise EOFError("the pickle ends in the middle of an instruction")
        return data

    def _items(self) -> list[Any]:
        if not self.marked:
            raise UnpicklingError("the pickle goes back to a mark that it did not set")
        items = self.stack
        self.stack = self.marked.pop()
        return items

    def mark(self) -> None:
        self.marked.append(self.stack)
        self.stack = []

    def pop(self) -> None:
        self._pop()

    def pop_mark(self) -> None:
        self._items()

    # Names and calls

    def name(self) -> None:
        module = self.readline()[:-1].decode("utf-8")
        name = self.readline()[:-1].decode("utf-8")
        if (module, name) in NAME_MAPPING:
            module, name = NAME_MAPPING[module, name]
        elif module in IMPORT_MAPPING:
            module = IMPORT_MAPPING[module]
        path = f"{module}.{name}"
        if module in allowed.BLOCKED_MODULES:
            raise UnpicklingError(f"Trying to load unsupported GLOBAL {path} whose module {module} is blocked.")
        thing = allowed.always(path)
        if thing is None:
            thing = self.by_user.get(path)
        if thing is None:
            shown = path.removeprefix("builtins.")
            raise UnpicklingError(
                f"Unsupported global: GLOBAL {shown} was not an allowed global by default. Please use "
                f"`torch.serialization.add_safe_globals([{shown}])` or the `torch.serialization.safe_globals([{shown}])` "
                "context manager to allowlist this global if you trust this class/function."
            )
        self.callable.add(id(thing))
        self.stack.append(thing)

    def reduce(self) -> None:
        args = self._pop()
        function = self._top()
        if id(function) not in self.callable:
            raise UnpicklingError(f"Trying to call reduce for unrecognized function {function}")
        if type(args) is not tuple:
            raise UnpicklingError(f"the arguments of a call must be a tuple, but got {type(args)}")
        self.stack[-1] = function(*args)

    def new_object(self) -> None:
        args = self._pop()
        cls = self._pop()
        if id(cls) not in self.callable or not isinstance(cls, type):
            raise UnpicklingError(
                "Can only create new object for nn.Parameter or classes allowlisted via `add_safe_globals` but got "
                f"{cls}"
            )
        self.stack.append(cls.__new__(cls, *args))

    def build(self) -> None:
        state = self._pop()
        instance = self._top()
        kind = type(instance)
        if kind is OrderedDict:
            instance.__dict__.update(state)
        elif id(kind) in self.callable and not issubclass(kind, Tensor):
            if hasattr(instance, "__setstate__"):
                instance.__setstate__(state)
                return
            slots = None
            if isinstance(state, tuple) and len(state) == 2:
                state, slots = state
            if state:
                instance.__dict__.update(state)
            for name, value in (slots or {}).items():
                setattr(instance, name, value)
        else:
            raise UnpicklingError(
                "Can only build Tensor, Parameter, OrderedDict or types allowlisted via `add_safe_globals`, but got "
                f"{kind}"
            )

    def persistent(self) -> None:
        pid = self._pop()
        if type(pid) is not tuple and type(pid) is not int:
            raise UnpicklingError(f"persistent_load id must be tuple or int, but got {type(pid)}")
        if type(pid) is tuple and pid and text(pid[0]) != _MOST_PERSISTENT:
            raise UnpicklingError(f"Only persistent_load of storage is allowed, but got {type(pid[0])}")
        self.stack.append(self.persistent_load(pid))

    # Containers

    def append(self) -> None:
        item = self._pop()
        target = self._top()
        if type(target) is not list:
            raise UnpicklingError(f"Can only append to lists, but got {type(target)}")
        target.append(item)

    def extend(self) -> None:
        items = self._items()
        target = self._top()
        if type(target) is not list:
            raise UnpicklingError(f"Can only extend lists, but got {type(target)}")
        target.extend(items)

    def _settable(self, opcode: str) -> Any:
        target = self._top()
        if type(target) not in (dict, OrderedDict, Counter):
            raise UnpicklingError(
                f"Can only {opcode} for dict, collections.OrderedDict, collections.Counter, but got {type(target)}"
            )
        return target

    def set_item(self) -> None:
        value, key = self._pop(), self._pop()
        self._settable("SETITEM")[key] = value

    def set_items(self) -> None:
        items = self._items()
        target = self._settable("SETITEMS")
        for i in range(0, len(items), 2):
            target[items[i]] = items[i + 1]

    def tuple_of_items(self) -> None:
        items = self._items()
        self.stack.append(tuple(items))

    def _tuple(self, n: int) -> None:
        if len(self.stack) < n:
            raise UnpicklingError("the pickle takes more from the stack than it put there")
        self.stack[-n:] = [tuple(self.stack[-n:])]

    # Values

    def string(self) -> None:
        (length,) = unpack("<I", self._take(4))
        self.stack.append(str(self._take(length), "utf-8", "surrogatepass"))

    def short_bytes(self) -> None:
        data: Any = self._take(self._take(1)[0])
        self.stack.append(data if self.encoding == "bytes" else data.decode(self.encoding, "strict"))

    def long(self) -> None:
        self.stack.append(decode_long(self._take(self._take(1)[0])))

    def get(self, index: int) -> None:
        if index not in self.memo:
            raise UnpicklingError(f"Memo value not found at index {index}")
        self.stack.append(self.memo[index])

    def put(self, index: int) -> None:
        self.memo[index] = self._top()

    def protocol(self) -> None:
        found = self._take(1)[0]
        if found != 2:
            warnings.warn(
                f"Detected pickle protocol {found} in the checkpoint, which was not the default pickle protocol used by "
                "`torch.load` (2). The weights_only Unpickler might not support all instructions implemented by this "
                "protocol, please file an issue for adding support if you encounter this.",
                stacklevel=users_level(),
            )


def _constant(make: Callable[[], Any]) -> Callable[[WeightsUnpickler], None]:
    return lambda self: self.stack.append(make())


def _unpacked(layout: str, size: int) -> Callable[[WeightsUnpickler], None]:
    return lambda self: self.stack.append(unpack(layout, self._take(size))[0])


_OPCODES: dict[bytes, Callable[[WeightsUnpickler], None]] = {
    pickle.PROTO: WeightsUnpickler.protocol,
    pickle.MARK: WeightsUnpickler.mark,
    pickle.GLOBAL: WeightsUnpickler.name,
    pickle.REDUCE: WeightsUnpickler.reduce,
    pickle.NEWOBJ: WeightsUnpickler.new_object,
    pickle.BUILD: WeightsUnpickler.build,
    pickle.BINPERSID: WeightsUnpickler.persistent,
    pickle.APPEND: WeightsUnpickler.append,
    pickle.APPENDS: WeightsUnpickler.extend,
    pickle.SETITEM: WeightsUnpickler.set_item,
    pickle.SETITEMS: WeightsUnpickler.set_items,
    pickle.TUPLE: WeightsUnpickler.tuple_of_items,
    pickle.TUPLE1: lambda self: self._tuple(1),
    pickle.TUPLE2: lambda self: self._tuple(2),
    pickle.TUPLE3: lambda self: self._tuple(3),
    pickle.NONE: _constant(lambda: None),
    pickle.NEWTRUE: _constant(lambda: True),
    pickle.NEWFALSE: _constant(lambda: False),
    pickle.EMPTY_TUPLE: _constant(tuple),
    pickle.EMPTY_LIST: _constant(list),
    pickle.EMPTY_DICT: _constant(dict),
    pickle.EMPTY_SET: _constant(set),
    pickle.BININT: _unpacked("<i", 4),
    pickle.BININT1: _unpacked("<B", 1),
    pickle.BININT2: _unpacked("<H", 2),
    pickle.BINFLOAT: _unpacked(">d", 8),
    pickle.BINUNICODE: WeightsUnpickler.string,
    pickle.SHORT_BINSTRING: WeightsUnpickler.short_bytes,
    pickle.LONG1: WeightsUnpickler.long,
    pickle.BINGET: lambda self: self.get(self._take(1)[0]),
    pickle.LONG_BINGET: lambda self: self.get(unpack("<I", self._take(4))[0]),
    pickle.BINPUT: lambda self: self.put(self._take(1)[0]),
    pickle.LONG_BINPUT: lambda self: self.put(unpack("<I", self._take(4))[0]),
}


def text(value: Any) -> Any:
    """Bytes, which Python 2 wrote for strings, as a string."""
    return value.decode("ascii") if isinstance(value, bytes) else value
