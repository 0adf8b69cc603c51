"""An interpreter of pickles that executes nothing: it knows the opcodes that data needs, and calls only what the
allow-list names."""

from __future__ import annotations

import pickle
import sys
import warnings
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections import Counter, OrderedDict
from collections.abc import Callable
from pickle import UnpicklingError, decode_long
from struct import unpack
from typing import Any

from adjoint.places import users_level
from adjoint.serialization import allowed, rebuild
from adjoint.serialization.calls import cost_of, shown
from adjoint.serialization.damage import CorruptFileError
from adjoint.serialization.reading import Reading
from adjoint.tensor import Tensor

_MOST_PERSISTENT = "storage"
_PIECE = 1 << 20
_UNDERFLOW = "the pickle takes more from the stack than it put there"
_DEEPEST = 10_000
"""Nested deeper, a tuple that becomes a key ends the process: Python hashes it on the C stack."""

UNSAFE = (
    "In PyTorch 2.6, we changed the default value of the `weights_only` argument in `torch.load` from `False` to `True`. "
    "Re-running `torch.load` with `weights_only` set to `False` will likely succeed, but it can result in arbitrary code "
    "execution. Do it only if you got the file from a trusted source."
)
"""What PyTorch says where only weights were to be loaded, and there is more."""

# What the containers take that one byte of a pickle makes.
_LIST, _DICT, _SET, _MARK = 56, 64, 216, 96


class WeightsUnpickler:
    """Reads one pickle from a file object.

    ``persistent_load(id)`` gives what a persistent id stands for; only storages have one.  What the pickle makes is
    counted in ``reading``.  Raises ``pickle.UnpicklingError`` for an opcode, a name or a call that is not allowed, before
    anything was called, and CorruptFileError for what no pickler writes.
    """

    def __init__(
        self, file: Any, persistent_load: Callable[[Any], Any], reading: Reading, encoding: str = "utf-8"
    ) -> None:
        self.reading = reading
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
        self.users = {id(thing) for thing in self.by_user.values()}
        self.callable = set(self.users)
        # How deep containers are nested, by their ids (and they themselves, which keeps the ids theirs).
        self.depths: dict[int, tuple[int, Any]] = {}
        self.nesting: set[Any] = {tuple, list, dict, set, OrderedDict, Counter}
        self.deepest = min(max(1000, sys.getrecursionlimit()), _DEEPEST)
        read, run = self.read, _OPCODES
        while True:
            opcode = read(1)
            if not opcode:
                raise EOFError("Ran out of input")
            if opcode == pickle.STOP:
                return self._pop()
            instruction = run.get(opcode)
            if instruction is None:
                raise UnpicklingError(f"Unsupported operand {opcode[0]}")
            instruction(self)

    # The stack

    def _pop(self) -> Any:
        if not self.stack:
            raise CorruptFileError(_UNDERFLOW)
        return self.stack.pop()

    def _top(self) -> Any:
        if not self.stack:
            raise CorruptFileError(_UNDERFLOW)
        return self.stack[-1]

    def _take(self, n: int) -> bytes:
        data: bytes = self.read(n) if n <= _PIECE else self._take_much(n)
        if len(data) != n:
            raise EOFError("the pickle ends in the middle of an instruction")
        return data

    def _take_much(self, n: int) -> bytes:
        """Read so many bytes in pieces, since room for all of them would be made first, whether they are there or not."""
        data = bytearray()
        while len(data) < n and (piece := self.read(min(_PIECE, n - len(data)))):
            data += piece
        return bytes(data)

    def _items(self) -> list[Any]:
        if not self.marked:
            raise CorruptFileError("the pickle goes back to a mark that it did not set")
        items = self.stack
        self.stack = self.marked.pop()
        return items

    def mark(self) -> None:
        self.reading.spend(_MARK)
        if len(self.marked) > self.deepest:
            raise self._too_deep()
        self.marked.append(self.stack)
        self.stack = []

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
            raise UnpicklingError(f"Trying to call reduce for unrecognized function {shown(function)}")
        if type(args) is not tuple:
            raise UnpicklingError(f"the arguments of a call must be a tuple, but got {type(args)}")
        if not self._pay(function, args) and id(function) not in self.users:
            raise UnpicklingError(f"Trying to call {shown(function)}, which is data")
        self.stack[-1] = result = function(*args)
        if id(function) not in rebuild.PLAIN:
            self._nested_in(result, args)

    def new_object(self) -> None:
        args = self._pop()
        cls = self._pop()
        if id(cls) not in self.callable or not isinstance(cls, type):
            raise UnpicklingError(
                "Can only create new object for nn.Parameter or classes allowlisted via `add_safe_globals` but got "
                f"{shown(cls)}"
            )
        if type(args) is not tuple:
            raise UnpicklingError(f"the arguments of a call must be a tuple, but got {type(args)}")
        make: Any = cls
        result = make(*args) if self._pay(cls, args) else make.__new__(cls, *args)
        self.stack.append(result)
        self._nested_in(result, args)

    def _pay(self, function: Any, args: tuple[Any, ...]) -> bool:
        """Whether a function is one of ours: what it makes is counted then, and its arguments are looked at."""
        cost = cost_of(function, args)
        if cost is None:
            return False
        self.reading.spend(cost)
        return True

    def build(self) -> None:
        state = self._pop()
        instance = self._top()
        kind = type(instance)
        if kind is OrderedDict or kind is Counter:
            self._set_attributes(instance, state)
        elif id(kind) in self.users:
            self._set_state(instance, state)
        elif kind is Tensor or (issubclass(kind, Tensor) and kind.__name__ == "Parameter"):
            instance.__setstate__(state)
        else:
            raise UnpicklingError(
                "Can only build Tensor, Parameter, OrderedDict or types allowlisted via `add_safe_globals`, but got "
                f"{kind}"
            )
        self._nested_in(instance, (state,))

    def _set_attributes(self, instance: Any, state: Any) -> None:
        """Attributes of a dictionary, ``_metadata`` for one; none that would hide its methods."""
        if type(state) is not dict:
            raise UnpicklingError(f"the attributes of a dictionary must be a dict, but got {type(state)}")
        for name in state:
            if type(name) is not str or hasattr(type(instance), name):
                raise UnpicklingError(f"a saved dictionary has an attribute {shown(name)}, which would hide its own")
        instance.__dict__.update(state)

    def _set_state(self, instance: Any, state: Any) -> None:
        """The state of an instance of one of the user's classes, as pickle would set it."""
        if hasattr(instance, "__setstate__"):
            instance.__setstate__(state)
            return
        slots = None
        if isinstance(state, tuple) and len(state) == 2:
            state, slots = state
        if state:
            instance.__dict__.update(state)
        for name, value in (slots or {}).items():
            if type(name) is not str or name[:2] == "__":
                raise UnpicklingError(f"a saved object has a slot {shown(name)}")
            setattr(instance, name, value)

    def persistent(self) -> None:
        pid = self._pop()
        if type(pid) is not tuple and type(pid) is not int:
            raise UnpicklingError(f"persistent_load id must be tuple or int, but got {type(pid)}")
        if type(pid) is tuple and pid and _string(pid[0]) != _MOST_PERSISTENT:
            raise UnpicklingError(f"Only persistent_load of storage is allowed, but got {type(pid[0])}")
        self.stack.append(self.persistent_load(pid))

    # Containers

    def append(self) -> None:
        item = self._pop()
        target = self._top()
        if type(target) is not list:
            raise UnpicklingError(f"Can only append to lists, but got {type(target)}")
        target.append(item)
        self._nested_in(target, (item,))

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
        target = self._settable("SETITEM")
        target[key] = value
        self._nested_in(target, (key, value))

    def set_items(self) -> None:
        items = self._items()
        target = self._settable("SETITEMS")
        for i in range(0, len(items), 2):
            target[items[i]] = items[i + 1]

    def tuple_of_items(self) -> None:
        items = self._items()
        made = tuple(items)
        if tuple in map(type, made):
            self._nested_in(made, made)
        self.stack.append(made)

    def _tuple(self, n: int) -> None:
        if len(self.stack) < n:
            raise CorruptFileError(_UNDERFLOW)
        made = tuple(self.stack[-n:])
        if tuple in map(type, made):
            self._nested_in(made, made)
        self.stack[-n:] = [made]

    def _nested_in(self, holder: Any, items: Any) -> None:
        """Note that a container, or an object that was made of them, holds these; raise where that is too deep.

        Of tuples all is noted, since Python hashes a tuple and those in it on the C stack; what other containers are nested
        in is seen by the marks too, and does no harm before somebody prints or compares them.
        """
        if self.nesting.isdisjoint(map(type, items)):
            return
        depths, nesting = self.depths, self.nesting
        found, _ = depths.get(id(holder), (1, None))
        for item in items:
            if type(item) in nesting:
                known = depths.get(id(item))
                found = max(found, 2 if known is None else known[0] + 1)
        if found > self.deepest:
            raise self._too_deep()
        depths[id(holder)] = found, holder
        nesting.add(type(holder))

    def _too_deep(self) -> CorruptFileError:
        return CorruptFileError(
            f"containers are nested more than {self.deepest} deep: nothing that was saved is, unless "
            "sys.setrecursionlimit allowed it; then call it before loading, too"
        )

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
            raise CorruptFileError(f"Memo value not found at index {index}")
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


def _constant(value: Any) -> Callable[[WeightsUnpickler], None]:
    return lambda self: self.stack.append(value)


def _empty(make: type, nbytes: int) -> Callable[[WeightsUnpickler], None]:
    def run(self: WeightsUnpickler) -> None:
        reading = self.reading
        reading.left -= nbytes
        if reading.left < 0:
            reading.spend(0)
        self.stack.append(make())

    return run


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
    pickle.NONE: _constant(None),
    pickle.NEWTRUE: _constant(True),
    pickle.NEWFALSE: _constant(False),
    pickle.EMPTY_TUPLE: _constant(()),
    pickle.EMPTY_LIST: _empty(list, _LIST),
    pickle.EMPTY_DICT: _empty(dict, _DICT),
    pickle.EMPTY_SET: _empty(set, _SET),
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


def _string(value: Any) -> str:
    """The same, of what has to be one."""
    found = text(value)
    return found if type(found) is str else f"of type {type(found).__name__}"
