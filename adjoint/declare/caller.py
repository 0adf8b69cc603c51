"""Caller: the source of the function that users call, from its signature to the forward's result.

What becomes of the result, and what is recorded of the call, is written by :mod:`.record`.
"""

from __future__ import annotations

from adjoint.declare.arranging import IN_ORDER, UNORDERED, by_operands
from adjoint.declare.lines import Lines
from adjoint.declare.naming import named_in
from adjoint.declare.older import older_numbers
from adjoint.declare.operator import ARRAY, ARRAYS, MISSING, OPTIONAL, VALUE, Operator
from adjoint.declare.record import Record
from adjoint.declare.refusing import flags

_NUMPY_NAMES = {"dim": "axis", "keepdim": "keepdims"}


def identifier(name: str) -> str:
    """What the function of the operator ``name`` is called in its source."""
    return name if name.isidentifier() else "operator_" + name


def public_name(operator: Operator) -> str:
    """What PyTorch's errors call an operator: ``linalg_norm`` what users call ``linalg.norm``."""
    return named_in(operator.where, operator.name)


class Caller:
    """The source of the function that users call."""

    def __init__(self, operator: Operator, dunder: bool, writes: bool = False) -> None:
        self.op = operator
        self.dunder = dunder
        # What makes no new array leaves it where it lies.
        self.in_order = operator.lies is IN_ORDER and not writes
        self.lies = operator.lies or ((by_operands, ()) if operator.elementwise else None)
        self.laid = not (self.in_order or operator.view or writes) and bool(operator.arrays)
        self.marks = operator.outputs is None and not writes  # inference tensors
        self.takes_out = not (dunder or writes) and operator.out is not None
        self.older = not (dunder or writes) and bool(older_numbers(operator))
        self.lines = Lines()
        self.shown = {p.name: "input" if p.name == "self" else p.name for p in operator.params}

    def source(self) -> str:
        op, line = self.op, self.lines
        line(0, f"def {identifier(op.name)}({self._signature()}):")
        arguments = [self.shown[p.name] for p in op.params if not p.keyword_only]
        keywords = [p.name for p in op.params if p.keyword_only]
        packed = f"({''.join(a + ', ' for a in arguments)})", "{" + ", ".join(f"{k!r}: {k}" for k in keywords) + "}"
        if op.variadic:
            v = op.variadic
            line(1, f"if {v} is None:")
            line(2, f"{v} = {v}_given[0] if len({v}_given) == 1 and not isinstance({v}_given[0], int) else {v}_given")
            spread = f"({''.join(a + ', ' for a in arguments if a != v)})"
            packed = spread, f"{{{v!r}: {v}" + "".join(f", {k!r}: {k}" for k in keywords) + "}"
        if self.older:
            keys = "".join(f", {k}={k}" for k in ("out",) * self.takes_out)
            line(1, f"if older: return function_itself(**as_now(OP, ({', '.join(arguments)}, *older), {op.name!r}){keys})")
        if self.takes_out:
            line(1, "if out is not None:")
            line(2, f"return write_out(OP, out, {packed[0]}, {packed[1]})")
        for name, numpy_name in self._numpy_names().items():
            line(1, f"if {numpy_name} is not None: {name} = {numpy_name}")
            if name == "dim" and any(p.name == "dim" and p.default is MISSING for p in op.params):
                line(1, "if dim is NEEDED: raise_missing(OP, 'dim')")
        if self.marks and not op.view:
            line(1, "seen = intercept.active")
            line(1, "if seen and intercept.wants_more():")
        else:
            line(1, f"if intercept.active and intercept.{'wants_more' if self.marks else 'wants'}():")
        line(2, f"return intercept.call(OP, function_itself, {packed[0]}, {packed[1]})")
        if op.elementwise:
            self._elementwise_arrays()
            self._elementwise_forward()
        else:
            self._arrays()
            self._forward()
        Record(op, self.shown, line, self.laid, self.marks).write()
        if not self.dunder and op.where and not op.name.startswith("_"):  # others are called by those that users call
            self._explain()
        return "\n".join(line) + "\n"

    def _explain(self) -> None:
        """Put all of it into a ``try``, which costs nothing: where something fails, the arguments are looked at."""
        op, line = self.op, self.lines
        defaults = {p.name: p.default for p in op.values if p.default is not MISSING}
        checks = ["    " + text for text in flags((p.name for p in op.values), public_name(op), defaults)]
        line[1:] = ["    try:", *("    " + text for text in [*checks, *line[1:]])]
        params = [p for p in op.params if not p.keyword_only] + [p for p in op.params if p.keyword_only]
        values = ", ".join(f"{self.shown[p.name]!r}: {self.shown[p.name]}" for p in params)
        line(1, "except Exception as error:")
        line(2, f"late = overridden(function_itself, {{{values}}}, {sum(p.keyword_only for p in params)}, defaults)")
        line(2, "if late is not None: return function_itself(*late[0], **late[1])")
        line(2, f"again = with_plain_integers({{{values}}})")
        line(2, "if again is not None: return function_itself(**again)")
        line(2, f"refused = refusal({public_name(op)!r}, error, {{{values}}}, {sum(p.keyword_only for p in params)}, defaults)")
        line(2, "if refused is None: raise")
        line(2, "raise refused from None")

    def source_of_record(self) -> str:
        """The function without its first half: of what the forward returned, ``given``, and the operands of large arrays,
        it makes what the caller would have."""
        op, line = self.op, self.lines
        if op.elementwise and len(op.arrays) > 1:
            raise TypeError(f"{op.name}: its operands are brought to one shape and dtype")
        parameters = [self.shown[p.name] + ("" if p.default is MISSING else f"=default_{p.name}") for p in op.params]
        line(0, f"def {identifier(op.name)}(given, {', '.join(parameters)}):")
        self._arrays()
        line(1, "big = True")
        line(1, "r = given")
        self._unpack_result()
        Record(op, self.shown, line, self.laid).write()
        return "\n".join(line) + "\n"

    def _signature(self) -> str:
        parts = []
        starred = False
        numpy_names = self._numpy_names()
        for p in self.op.params:
            if p.name == self.op.variadic:
                parts.append(f"*{p.name}_given")
                parts.append(f"{p.name}=None")
                starred = True
                continue
            if (p.keyword_only) and not starred:
                parts.append("*older" if self.older else "*")
                starred = True
            default = "" if p.default is MISSING else f"=default_{p.name}"
            parts.append(self.shown[p.name] + ("=NEEDED" if p.name in numpy_names and not default else default))
        more = [f"{name}=None" for name in numpy_names.values()]
        if self.takes_out:
            more.append("out=None")
        if more:
            if not starred:
                parts.append("*")
            parts += more
        return ", ".join(parts)

    def _numpy_names(self) -> dict[str, str]:
        """``axis`` for ``dim`` and ``keepdims`` for ``keepdim``: PyTorch takes NumPy's names too."""
        found = {}
        for i, p in enumerate(self.op.params):
            if p.name in _NUMPY_NAMES and p.kind == VALUE and p.name != self.op.variadic and not p.keyword_only:
                if p.default is not MISSING or all(
                    q.default is not MISSING or q.keyword_only for q in self.op.params[i + 1 :]
                ):
                    found[p.name] = _NUMPY_NAMES[p.name]
        return found

    # Elementwise: numbers are operands, dtypes are promoted, shapes broadcast.

    def _elementwise_arrays(self) -> None:
        op, line = self.op, self.lines
        first, *rest = [self.shown[p.name] for p in op.arrays]
        promote = "promote_to_float" if op.promote == "float" else "promote"
        if op.promote == "float" and op.plain is not None and op.values:
            promote = f"(promote_to_float if {self._unchanged()} else promote)"
        if op.scalar is not None:
            last = rest[-1]
            line(1, f"if {last}.__class__ in NUMBERS:")
            arguments = [self.shown[p.name] for p in op.params if not p.keyword_only]
            arguments += [f"{p.name}={p.name}" for p in op.params if p.keyword_only]
            line(2, f"return scalar({', '.join(arguments)})")
        line(1, "try:")
        line(2, f"a0 = {first}._array")
        line(1, "except AttributeError:")
        if op.scalar_first and op.scalar_first is not True:
            line(2, f"if {first}.__class__ in NUMBERS and isinstance({rest[0]}, Tensor):")
            line(3, f"return scalar_first({first}, {rest[0]})")
        beside = f"{rest[0]}._array.dtype if isinstance({rest[0]}, Tensor) else None" if op.scalar_first else "None"
        if op.numbers_alone:
            beside = f"beside_number(OP, {first}, {rest[0]})"
        line(2, f"{first} = operand(OP, 0, {first}, {beside})")
        line(2, f"a0 = {first}._array")
        if not op.numbers:
            for i, name in enumerate(rest, 1):
                line(1, f"if not isinstance({name}, Tensor): operand(OP, {i}, {name}, None)")
        if len(rest) == 1:
            other = rest[0]
            line(1, f"kind = {other}.__class__")
            line(1, "if kind is float or kind is int:")
            line(2, f"kept = (FLOATS if kind is float else INTS).get(({other}, a0.dtype))")
            line(2, f"{other} = operand(OP, 1, {other}, a0.dtype) if kept is None else kept")
            line(1, "try:")
            line(2, f"a1 = {other}._array")
            line(1, "except AttributeError:")
            if self.dunder:
                line(2, "try:")
                line(3, f"{other} = operand(OP, 1, {other}, a0.dtype)")
                line(2, "except TypeError:")
                if op.beside_numpy:
                    line(3, f"{other} = from_numpy_beside({other}, {first})")
                    line(3, f"if {other} is None: return NotImplemented")
                else:
                    line(3, f"return not_implemented(function_itself, {first}, {other})")
            else:
                line(2, f"{other} = operand(OP, 1, {other}, a0.dtype)")
            line(2, f"a1 = {other}._array")
            line(1, "if a0.dtype is not a1.dtype:")
            if op.check is not None:
                line(2, f"check({first}, {other})")
            if op.wide:
                line(2, f"a0, a1, same = widen({first}, {other}) or (*{promote}({first}, {other}), False)")
            else:
                line(2, f"a0, a1 = {promote}({first}, {other})")
                line(2, "same = False")
            line(1, "else:")
            line(2, "same = kind is float or kind is int or a0.shape == a1.shape")
            line(1, "big = a0.size >= LARGE or (not same and a1.size >= LARGE)")
        elif rest:
            for i, name in enumerate(rest, 1):
                line(1, f"if not isinstance({name}, Tensor):")
                line(2, f"{name} = operand(OP, {i}, {name}, a0.dtype)")
            arrays = ", ".join(f"a{i}" for i in range(len(rest) + 1))
            line(1, f"{arrays} = {promote}({first}, {', '.join(rest)})")
            line(1, "big = " + " or ".join(f"a{i}.size >= LARGE" for i in range(len(rest) + 1)))
        else:
            line(1, "big = a0.size >= LARGE")

    def _unchanged(self) -> str:
        """Whether every value has its default: the plain forward's case."""
        return " and ".join(f"{p.name} is default_{p.name}" for p in self.op.values)

    def _elementwise_forward(self) -> None:
        op, line = self.op, self.lines
        self._dtypes()
        count = len(op.arrays)
        arrays = ", ".join(f"a{i}" for i in range(count))
        values = [f"{p.name}={p.name}" for p in op.values]
        forward = "forward"
        if hasattr(op.forward, "of_wide"):
            forward = "(wide if a0.dtype.itemsize != 2 else forward)"
        elif op.plain is not None and op.plain is not op.forward and not op.values:
            forward = "(plain if a0.dtype.kind == 'f' else forward)"

        def compute(depth: int, how: str) -> None:
            if op.plain is not None and op.values:
                line(depth, f"if {self._unchanged()}:")
                line(depth + 1, f"r = {calls(how, 'plain', arrays)}")
                line(depth, "else:")
                line(depth + 1, f"r = {calls(how, forward, ', '.join([arrays, *values]))}")
            else:
                line(depth, f"r = {calls(how, forward, ', '.join([arrays, *values]))}")

        def calls(how: str, function: str, arguments: str) -> str:
            return f"{how}({function}, {arguments}) if not big else {how}(made, {function}, {arguments})"

        line(1, "try:")
        compute(2, "calm")
        line(1, "except Exception as error:")
        line(2, "if not is_taken(error):")
        self._with_numbers(3)
        if op.check is not None:
            line(3, f"check({', '.join(self.shown[p.name] for p in op.arrays)})")
        line(3, f"r = of_stored(OP, {{{', '.join(f'{p.name!r}: {p.name}' for p in op.values)}}}, {arrays})")
        line(2, "else:")
        compute(3, "quietly")
        if op.promote == "float":
            line(1, "if r.dtype is not a0.dtype and a0.dtype.kind in 'iub':")
            call = ", ".join(["forward", *(f"to_float(a{i})" for i in range(count)), *values])
            line(2, f"r = quietly({call})")
        if op.wide:
            line(1, f"if same is None: r = narrowed(r, {', '.join(self.shown[p.name] for p in op.arrays)})")
        line(1, "if r.__class__ is not ndarray:")
        line(2, "if isinstance(r, generic): r = asarray(r)  # a NumPy scalar")
        self._arranged()

    def _arranged(self) -> None:
        """Where an operand may not lie in order: how the results lie in memory, and of one, ``r_writes``, its record of writes."""
        op, line = self.op, self.lines
        strided = "(x_writes := {}._writes) is not None and x_writes.strided".format
        asked = {
            ARRAY: strided,
            OPTIONAL: lambda name: f"{name} is not None and {strided(name)}",
            ARRAYS: lambda name: f"any([{strided('x')} for x in {name}])",
        }
        several = isinstance(op.outputs, tuple)
        if several and not self.lies:
            return
        if not several:
            line(1, "r_writes = None")
        if self.lies is UNORDERED:
            line(1, "if not r.flags.c_contiguous: r_writes = record_of(r)")
            return
        conditions = [asked[p.kind](self.shown[p.name]) for p in op.arrays]
        condition = f"ACROSS and ({' or '.join(conditions)})"
        if self.lies is not None and self.lies[0] is by_operands and not several:
            # A memory that has once been looked at in another order says nothing of how these operands lie.  Images may lie
            # in either order at once, which their record has to say.
            given = [(f"a{i}", p.kind) for i, p in enumerate(op.arrays) if not self.lies[1] or p.name in self.lies[1]]
            if all(kind == ARRAY for _, kind in given) and not any(p.name == "memory_format" for p in op.values):
                arrays = [name for name, _ in given] + ([] if op.elementwise else ["r"])
                condition = f"{condition} and not ({' and '.join(['r.ndim < 4', *(f'{a}.flags.c_contiguous' for a in arrays)])})"
        if any(p.name == "memory_format" for p in op.values):
            condition = f"({condition}) or memory_format is not None"
        line(1, f"if {condition}:")
        if self.lies is None:
            line(2, "r_writes = record_of(r)")
            return
        places = {p.name: ("*" if p.kind == ARRAYS and not self.lies[1] else "") + f"a{i}" for i, p in enumerate(op.arrays)}
        if op.elementwise:  # as they were before they were promoted
            places = {p.name: f"{self.shown[p.name]}._array" for p in op.arrays}
        operands = ", ".join(places.get(name, self.shown.get(name, name)) for name in self.lies[1] or places)
        if several:
            for name in op.outputs or ():
                line(2, f"r_{name}, _ = arranged(r_{name}, rule, {operands})")
        else:
            line(2, f"r, r_writes = arranged(r, rule, {operands})")

    def _dtypes(self) -> None:
        op = self.op
        if op.kernel is not None:
            arguments = ", ".join(f"{p.name!r}: {self.shown[p.name]}" for p in op.params)
            self.lines(1, f"if a0.dtype not in DTYPES: refuse_dtype({op.name!r}, OP.kernel, a0, {{{arguments}}})")

    # Other operators: arrays are tensors, everything else goes to the forward as it is.

    def _arrays(self) -> None:
        line = self.lines
        for i, p in enumerate(self.op.arrays):
            name = self.shown[p.name]
            if p.kind == ARRAYS:
                line(1, "try:")
                line(2, f"a{i} = [t._array for t in {name}]")
                line(1, "except (AttributeError, TypeError):")
                line(2, f"operand(OP, {i}, {name}, None)")
            elif p.kind == OPTIONAL:
                line(1, f"a{i} = None if {name} is None else operand(OP, {i}, {name}, None)._array")
            else:
                line(1, "try:")
                line(2, f"a{i} = {name}._array")
                line(1, "except AttributeError:")
                line(2, f"a{i} = operand(OP, {i}, {name}, None)._array")
        self._dtypes()

    def _forward(self) -> None:
        op, line = self.op, self.lines
        position = {p.name: f"a{i}" for i, p in enumerate(op.arrays)}
        arguments = [
            (f"{p.name}=" if p.keyword_only else "") + position.get(p.name, self.shown[p.name]) for p in op.params
        ]
        call = "wide if a0.dtype.itemsize != 2 else forward" if hasattr(op.forward, "of_wide") else "forward"
        big = " or ".join(f"a{i}.size >= LARGE" for i, p in enumerate(op.arrays) if p.kind == ARRAY and op.fused)
        if op.view:  # computes nothing
            line(1, f"r = forward({', '.join(arguments)})")
        else:
            if big:
                line(1, f"big = {big}")
            line(1, "try:")
            inner = ", ".join([call, *arguments])
            for how in ("calm", "quietly"):
                line(2, f"r = {how}({inner}) if not big else {how}(made, {inner})" if big else f"r = {how}({inner})")
                if how == "calm":
                    line(1, "except Exception as error:")
                    line(2, "if not is_taken(error):")
                    self._with_numbers(3)
                    line(3, "raise")
        self._unpack_result()

    def _with_numbers(self, depth: int) -> None:
        """Once more, where it was a tensor in the place of a number that the forward could not take."""
        values = [p.name for p in self.op.values if p.name != self.op.variadic]
        if not values:
            return
        shown = ", ".join(f"{self.shown[name]!r}: {self.shown[name]}" for name in values)
        names = [self.shown[p.name] for p in self.op.arrays]  # by name: values may stand between them
        arrays = ", ".join(names if self.op.variadic else [f"{name}={name}" for name in names])
        rest = f", *{self.shown[self.op.variadic]}" if self.op.variadic else ""
        self.lines(depth, f"again = numbers_in(OP, {{{shown}}})")
        self.lines(depth, f"if again is not None: return function_itself({arrays}{rest}, **again)")

    def _unpack_result(self) -> None:
        op, line = self.op, self.lines
        if isinstance(op.outputs, tuple):
            names = [f"r_{name}" for name in op.outputs] + [f"kept_{name}" for name in op.keeps]
            line(1, f"{', '.join(names)} = r")
        elif op.keeps:
            line(1, f"{', '.join(['r', *(f'kept_{name}' for name in op.keeps)])} = r")
        if self.in_order and isinstance(op.outputs, tuple):
            for name in op.outputs:
                line(1, f"if r_{name}.__class__ is ndarray and not r_{name}.flags.c_contiguous: r_{name} = r_{name}.copy()")
        if op.outputs is None:
            line(1, "if r.__class__ is not ndarray:")
            line(2, "if isinstance(r, generic): r = asarray(r)  # a NumPy scalar")
            if self.in_order:
                line(2, "elif r.__class__ is MetaArray and not r.flags.c_contiguous: r = r.copy()")
                line(1, "elif r.ndim > 1 and not r.flags.c_contiguous:")
                line(2, "r = r.copy()")
        if self.laid and op.outputs != "list":
            self._arranged()
