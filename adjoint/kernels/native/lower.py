"""Lowering: the syntax of a native function, statement by statement, to instructions."""

from __future__ import annotations

import ast
import builtins
from typing import Any

from adjoint.kernels.native import bounds, ir
from adjoint.kernels.native.bounds import is_checked
from adjoint.kernels.native.builtins import Builtin
from adjoint.kernels.native.emitter import Compilation, Emitter, Value
from adjoint.kernels.native.function import Native, specialised
from adjoint.kernels.native.types import Type, i1, i64, void


class NativeError(SyntaxError):
    """Native code that cannot be compiled."""


class Variable:
    """A name that holds values: a place on the stack, which LLVM turns into registers; and places for a pointer's bounds."""

    __slots__ = ("bounds", "memory", "type")

    def __init__(self, type: Type, memory: Any, bounds: Any = ()) -> None:
        self.type = type
        self.memory = memory
        self.bounds = bounds


class _Bound:
    """A name known to the compiler, and how deep in control flow it was bound."""

    __slots__ = ("depth", "value")

    def __init__(self, value: Any, depth: int) -> None:
        self.value = value
        self.depth = depth


class Lowering:
    """One function (or one inlined call) being compiled."""

    def __init__(self, compilation: Compilation, function: Native, made: Any, result: Type) -> None:
        self.compilation = compilation
        self.function = function
        self.made = made
        self.result: Any = void
        self.results: set[Type] = set()
        self.declared = result
        self.names: dict[str, Any] = {}
        self.depth = 0  # in control flow that only the machine decides
        self.loops: list[Any] = []  # where `continue` and `break` lead; of an unrolled loop, its depth
        self.leaving = ""  # "break" or "continue", on the way out of an unrolled loop's body
        self.outer: Lowering | None = None
        self.returned: Any = None
        if made is not None:
            entry = made.append_basic_block("entry")
            self.emitter = Emitter(compilation, ir.IRBuilder(entry), is_checked(function))

    @property
    def builder(self) -> Any:
        return self.emitter.builder

    def body(self, arguments: dict[str, Any]) -> None:
        """Compile the whole function."""
        for name, value in arguments.items():
            self.assign(name, value)
        self.statements(self.function.tree.body)
        if not self.builder.block.is_terminated:
            if self.declared.kind == "void":
                self.builder.ret_void()
            else:  # where control does arrive here, an error is better than what lies behind
                self.builder.call(self.compilation.intrinsic("llvm.trap", ir.VoidType(), []), [])
                self.builder.unreachable()

    # Statements

    def statements(self, body: list[ast.stmt]) -> None:
        for statement in body:
            if self.builder.block.is_terminated or self.leaving:
                return
            method = getattr(self, "do_" + statement.__class__.__name__, None)
            if self.emitter.checks:
                self.mark(statement)
            try:
                if method is None:
                    raise TypeError(f"{statement.__class__.__name__} is not part of native code")
                method(statement)
            except NativeError:
                raise
            except Exception as error:
                where = f"{self.function.__module__}.{self.function.__name__}, line {statement.lineno}"
                raise NativeError(f"{where}: {ast.unparse(statement)[:120]}: {error}") from error

    def mark(self, statement: ast.stmt) -> None:
        """Say where in the source what is written now is."""
        text = ast.unparse(statement).partition("\n")[0]
        self.emitter.place = f"{self.function.__module__}.{self.function.__name__}, line {statement.lineno}: {text[:120]}"

    def do_Expr(self, node: ast.Expr) -> None:
        if not (isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)):
            self.expression(node.value)

    def do_Pass(self, node: ast.Pass) -> None:
        pass

    def do_Assign(self, node: ast.Assign) -> None:
        value = self.expression(node.value)
        for target in node.targets:
            self.assign_to(target, value)

    def do_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is None:
            raise TypeError("a declaration needs a value")
        self.assign_to(node.target, self.emitter.convert(self.expression(node.value), self.expression(node.annotation)))

    def do_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            before = self.expression(ast.Name(node.target.id, ast.Load()))
            self.assign(node.target.id, self.operate(node.op, before, self.expression(node.value)))
            return
        if not isinstance(node.target, ast.Subscript):
            raise TypeError("this cannot be assigned to")
        base, index = self.expression(node.target.value), self.expression(node.target.slice)
        before = self.item(base, index)
        self.set_item(base, index, self.operate(node.op, before, self.expression(node.value)))

    def assign_to(self, target: ast.expr, value: Any) -> None:
        if isinstance(target, ast.Name):
            self.assign(target.id, value)
        elif isinstance(target, (ast.Tuple, ast.List)):
            values = [self.read(v) for v in value]
            if any(isinstance(t, ast.Starred) for t in target.elts):
                raise TypeError("a starred name is not part of native code")
            if len(values) != len(target.elts):
                raise TypeError(f"{len(values)} values for {len(target.elts)} names")
            for t, v in zip(target.elts, values):
                self.assign_to(t, v)
        elif isinstance(target, ast.Subscript):
            self.set_item(self.expression(target.value), self.expression(target.slice), value)
        else:
            raise TypeError("this cannot be assigned to")

    def assign(self, name: str, value: Any) -> None:
        held = self.names.get(name)
        if isinstance(held, Variable):
            value = self.emitter.value(value, held.type)
            if value.type != held.type:
                if held.type.lanes and not value.type.lanes:
                    value = self.emitter.splat(value, held.type.lanes)
                if value.type != held.type:
                    raise TypeError(f"{name} is of {held.type}, not of {value.type}")
            self.put(held, value)
            return
        if isinstance(value, Value):
            if held is not None and held.depth < self.depth:
                raise TypeError(f"{name} is known to the compiler; make it a variable first: {name} = i64(...)")
            self.names[name] = self.variable(value, name)
            return
        if isinstance(value, list):
            value = [self.cell(v) for v in value]
        if held is not None and held.depth < self.depth:
            raise TypeError(f"{name} is known to the compiler; make it a variable first: {name} = i64(...)")
        self.names[name] = _Bound(value, self.depth)

    def cell(self, value: Any) -> Any:
        """An element of a list: a variable of its own, so that loops may change it."""
        if isinstance(value, list):
            return [self.cell(v) for v in value]
        if not isinstance(value, Value):
            return value
        return self.variable(value, "cell")

    def variable(self, value: Value, name: str) -> Variable:
        """A new variable that holds a value."""
        limits = [self.stack(i64, "bound") for _ in value.bounds or ()]
        made = Variable(value.type, self.stack(value.type, name), limits)
        self.put(made, value)
        return made

    def put(self, held: Variable, value: Value) -> None:
        """Have a variable hold a value."""
        self.builder.store(value.ir, held.memory)
        for memory, limit in zip(held.bounds, value.bounds or ()):
            self.builder.store(limit, memory)

    def stack(self, type: Type, name: str) -> Any:
        with self.builder.goto_entry_block():
            return self.builder.alloca(type.ir, name=name)

    def do_If(self, node: ast.If) -> None:
        condition = self.expression(node.test)
        if not isinstance(condition, Value):
            self.statements(node.body if condition else node.orelse)
            return
        condition = self.decided(condition)
        then, otherwise = self.block("then"), self.block("else")
        after = self.block("after")
        self.builder.cbranch(condition.ir, then, otherwise)
        for block, body in ((then, node.body), (otherwise, node.orelse)):
            self.builder.position_at_end(block)
            self.deeper(body)
            if not self.builder.block.is_terminated:
                self.builder.branch(after)
        self.builder.position_at_end(after)

    def decided(self, condition: Any) -> Value:
        """A condition as what the machine branches on."""
        condition = self.emitter.convert(self.emitter.value(condition), i1)
        if condition.type.lanes:
            raise TypeError("every lane has its own answer: use where() or any_lane()")
        return condition

    def deeper(self, body: list[ast.stmt]) -> None:
        self.depth += 1
        names = dict(self.names)
        try:
            self.statements(body)
        finally:
            self.depth -= 1
            # What is first named in here is not known to be there afterwards.
            self.names = {
                name: held
                for name, held in self.names.items()
                if name in names or isinstance(held, Variable)
            }

    def block(self, name: str) -> Any:
        return self.builder.append_basic_block(name)

    def do_While(self, node: ast.While) -> None:
        _no_else(node)
        test, body, after = self.block("test"), self.block("body"), self.block("after")
        self.builder.branch(test)
        self.builder.position_at_end(test)
        condition = self.decided(self.expression(node.test))
        self.builder.cbranch(condition.ir, body, after)
        self.builder.position_at_end(body)
        self.loops.append((test, after))
        self.deeper(node.body)
        self.loops.pop()
        if not self.builder.block.is_terminated:
            self.builder.branch(test)
        self.builder.position_at_end(after)

    def do_For(self, node: ast.For) -> None:
        _no_else(node)
        if isinstance(node.iter, ast.Call) and isinstance(node.iter.func, ast.Name) and node.iter.func.id == "range":
            self.loop(node, [self.expression(a) for a in node.iter.args])
            return
        self.loops.append(self.depth)
        for value in self.expression(node.iter):
            self.assign_to(node.target, self.read(value))
            self.statements(node.body)
            left, self.leaving = self.leaving, ""
            if left == "break" or self.builder.block.is_terminated:
                break
        self.loops.pop()

    def loop(self, node: ast.For, bounds: list[Any]) -> None:
        start, stop, step = (0, bounds[0], 1) if len(bounds) == 1 else (*bounds, 1)[:3]
        e = self.emitter
        if not isinstance(node.target, ast.Name) or not 1 <= len(node.iter.args) <= 3 or node.iter.keywords:
            raise TypeError("a loop is `for name in range(start, stop, step)`")
        name = node.target.id
        start = e.value(start, stop.type if isinstance(stop, Value) else None)
        stop, step = e.value(stop, start.type), e.value(step, start.type)
        counter = Variable(start.type, self.stack(start.type, name))
        self.builder.store(start.ir, counter.memory)
        hidden = self.names.get(name)
        self.names[name] = counter
        test, body, more, after = (self.block(n) for n in ("test", "body", "more", "after"))
        self.builder.branch(test)
        self.builder.position_at_end(test)
        sign = "Gt" if isinstance(step.ir, ir.Constant) and step.ir.constant < 0 else "Lt"
        self.builder.cbranch(e.compare(sign, self.read(counter), stop).ir, body, after)
        self.builder.position_at_end(body)
        self.loops.append((more, after))
        self.deeper(node.body)
        self.loops.pop()
        if not self.builder.block.is_terminated:
            self.builder.branch(more)
        self.builder.position_at_end(more)
        self.builder.store(e.binary("Add", self.read(counter), step).ir, counter.memory)
        self.builder.branch(test)
        self.builder.position_at_end(after)
        if hidden is None:
            self.names.pop(name, None)
        else:
            self.names[name] = hidden

    def do_Break(self, node: ast.Break) -> None:
        self.leave("break", 1)

    def do_Continue(self, node: ast.Continue) -> None:
        self.leave("continue", 0)

    def leave(self, how: str, which: int) -> None:
        loop = self.loops[-1]
        if isinstance(loop, tuple):
            self.builder.branch(loop[which])
        elif loop == self.depth:
            self.leaving = how
        else:
            raise TypeError(f"{how} of an unrolled loop where only the machine knows whether")

    def do_Return(self, node: ast.Return) -> None:
        value = None if node.value is None else self.expression(node.value)
        if self.outer is not None:
            if self.depth:
                raise TypeError("an inlined function returns at its end only")
            self.returned = value
            self.builder.branch(self.exit)
            return
        if value is not None:
            value = self.emitter.value(self.typed(self.function, "return", value))
        kind = void if value is None else value.type
        self.results.add(kind)
        if len(self.results) > 1:
            raise TypeError(f"{self.function.__name__} returns both {' and '.join(sorted(map(repr, self.results)))}")
        self.result = kind
        if value is None:
            self.builder.ret_void()
        elif self.declared == kind:
            self.builder.ret(value.ir)
        else:
            self.builder.unreachable()  # this attempt only finds the type

    # Expressions

    def expression(self, node: ast.expr) -> Any:
        method = getattr(self, "of_" + node.__class__.__name__, None)
        if method is None:
            raise TypeError(f"{node.__class__.__name__} is not part of native code")
        return method(node)

    def of_Constant(self, node: ast.Constant) -> Any:
        return node.value

    def of_Name(self, node: ast.Name) -> Any:
        return self.look_up(node.id)

    def look_up(self, name: str) -> Any:
        held = self.names.get(name)
        if held is not None:
            return held.value if isinstance(held, _Bound) else self.read(held)
        for space in (self.function.closure, self.function.function.__globals__, builtins.__dict__):
            if name in space:
                return space[name]
        raise NameError(f"{name} is not defined")

    def read(self, held: Any) -> Any:
        if isinstance(held, Variable):
            limits = [self.builder.load(memory, typ=i64.ir) for memory in held.bounds]
            return Value(held.type, self.builder.load(held.memory, typ=held.type.ir), tuple(limits) or None)
        return held

    def of_BinOp(self, node: ast.BinOp) -> Any:
        return self.operate(node.op, self.expression(node.left), self.expression(node.right))

    def operate(self, op: ast.operator, a: Any, b: Any) -> Any:
        if isinstance(a, Value) or isinstance(b, Value):
            return self.emitter.binary(op.__class__.__name__, a, b)
        a, b = self.snapshot(a), self.snapshot(b)
        return eval(compile(ast.fix_missing_locations(ast.Expression(
            ast.BinOp(ast.Name("a", ast.Load()), op, ast.Name("b", ast.Load()))
        )), "<native>", "eval"), {"a": a, "b": b})  # fmt: skip

    def of_UnaryOp(self, node: ast.UnaryOp) -> Any:
        x = self.expression(node.operand)
        if isinstance(node.op, ast.USub):
            return self.emitter.negative(x)
        if isinstance(node.op, ast.UAdd):
            return x
        if isinstance(node.op, ast.Not):
            return self.emitter.invert(self.emitter.convert(x, i1)) if isinstance(x, Value) else not x
        return self.emitter.invert(x)

    def of_BoolOp(self, node: ast.BoolOp) -> Any:
        conjunction = isinstance(node.op, ast.And)
        known: Any = None
        result: Value | None = None
        for part in node.values:
            value = self.expression(part)
            if isinstance(value, Value):
                if result is not None:
                    a, b = self.emitter.convert(result, i1), self.emitter.convert(value, i1)
                    value = self.emitter.binary("BitAnd" if conjunction else "BitOr", a, b)
                result = value
            elif bool(value) is not conjunction:  # decided, whatever the rest says
                return value if result is None else not conjunction
            else:
                known = value
        return known if result is None else result

    def of_Compare(self, node: ast.Compare) -> Any:
        left = self.expression(node.left)
        result: Any = True
        for op, right_node in zip(node.ops, node.comparators):
            right = self.expression(right_node)
            if isinstance(op, (ast.Is, ast.IsNot)):  # of what the compiler knows, such as None
                if (left is right) is isinstance(op, ast.IsNot):
                    return False
            elif isinstance(left, Value) or isinstance(right, Value):
                found = self.emitter.compare(op.__class__.__name__, left, right)
                result = found if result is True else self.emitter.binary("BitAnd", result, found)
            else:
                text = ast.Expression(ast.Compare(ast.Name("a", ast.Load()), [op], [ast.Name("b", ast.Load())]))
                if not eval(compile(ast.fix_missing_locations(text), "<native>", "eval"), {"a": left, "b": right}):
                    return False
            left = right
        return result

    def of_IfExp(self, node: ast.IfExp) -> Any:
        condition = self.expression(node.test)
        if not isinstance(condition, Value):
            return self.expression(node.body if condition else node.orelse)
        condition = self.emitter.convert(condition, i1)
        return self.emitter.select(condition, self.expression(node.body), self.expression(node.orelse))

    def of_Tuple(self, node: ast.Tuple) -> Any:
        return tuple(self.elements(node.elts))

    def of_List(self, node: ast.List) -> Any:
        return self.elements(node.elts)

    def elements(self, nodes: list[ast.expr]) -> list[Any]:
        """What is listed; of what is starred, every element."""
        found: list[Any] = []
        for node in nodes:
            if isinstance(node, ast.Starred):
                found += [self.read(x) for x in self.expression(node.value)]
            else:
                found.append(self.expression(node))
        return found

    def of_ListComp(self, node: ast.ListComp) -> Any:
        made: list[Any] = []
        self.comprehend(node, 0, made)
        return made

    def comprehend(self, node: ast.ListComp, which: int, made: list[Any]) -> None:
        if which == len(node.generators):
            made.append(self.expression(node.elt))
            return
        generator = node.generators[which]
        hidden = dict(self.names)
        for value in self.expression(generator.iter):
            for name in ast.walk(generator.target):
                if isinstance(name, ast.Name):
                    self.names.pop(name.id, None)
            self.assign_to(generator.target, self.read(value))
            if all(self.expression(test) for test in generator.ifs):
                self.comprehend(node, which + 1, made)
        self.names = hidden

    def of_Attribute(self, node: ast.Attribute) -> Any:
        base = self.expression(node.value)
        if isinstance(base, Value):
            if node.attr == "type":
                return base.type
            raise TypeError("values have no attributes but their type")
        return getattr(base, node.attr)

    def of_Subscript(self, node: ast.Subscript) -> Any:
        return self.item(self.expression(node.value), self.expression(node.slice))

    def of_Slice(self, node: ast.Slice) -> Any:
        return slice(*(None if x is None else self.expression(x) for x in (node.lower, node.upper, node.step)))

    def item(self, base: Any, index: Any) -> Any:
        if isinstance(base, Value):
            return self.emitter.load(base, index)
        found = base[index]
        return [self.read(x) for x in found] if isinstance(index, slice) else self.read(found)

    def set_item(self, base: Any, index: Any, value: Any) -> None:
        if isinstance(base, Value):
            self.emitter.store(base, index, value)
            return
        held = base[index]
        if isinstance(held, Variable):
            value = self.emitter.value(value, held.type)
            if value.type != held.type:
                raise TypeError(f"an element of {held.type} cannot hold {value.type}")
            self.put(held, value)
        elif self.depth:
            raise TypeError("a list of constants is changed where only the machine knows whether")
        else:
            base[index] = self.cell(value)

    def of_Call(self, node: ast.Call) -> Any:
        function = self.expression(node.func)
        given = self.elements(node.args)
        named: dict[str, Any] = {}
        for k in node.keywords:
            value = self.expression(k.value)
            named.update(value if k.arg is None else {k.arg: value})
        if isinstance(function, Type):
            if len(given) != 1 or named:
                raise TypeError(f"{function}() converts one value")
            return self.emitter.convert(given[0], function)
        if isinstance(function, Builtin):
            return function.emit(self.emitter, *given, **named)
        if isinstance(function, Native):
            arguments = function.arguments(tuple(given), named)
            return self.inlined(function, arguments) if function.inline else self.called(function, arguments)
        if any(isinstance(a, Value) for a in (*given, *named.values())):
            raise TypeError(f"{getattr(function, '__name__', function)} is not native code")
        if function is len:
            return len(*given)
        return self.read(function(*self.snapshot(given), **named))

    def snapshot(self, x: Any) -> Any:
        """Values in place of the cells of lists, as they are now."""
        if x.__class__ is list or x.__class__ is tuple:
            return x.__class__(self.snapshot(e) for e in x)
        return self.read(x)

    def called(self, function: Native, arguments: list[Any]) -> Any:
        arguments = [self.typed(function, name, a) for name, a in zip(function.names, arguments)]
        found = specialised(self.compilation, function, arguments)
        passed = [a for a in arguments if isinstance(a, Value)]
        words = [a.ir for a in passed]
        if self.emitter.checks:
            for a in passed:
                if a.type.kind == "ptr" and is_checked(function):
                    words += a.bounds
                elif a.type.kind == "ptr":
                    bounds.note(self.emitter, a)
        result = self.builder.call(found.function, words)
        if found.result == void:
            return None
        return self.emitter.pointer(found.result, result) if found.result.kind == "ptr" else Value(found.result, result)

    def typed(self, function: Native, name: str, argument: Any) -> Any:
        """An argument as its parameter's declared type."""
        declared = function.types.get(name)
        if declared is None:
            return tuple(argument) if isinstance(argument, list) else argument
        if isinstance(argument, Value):
            if argument.type != declared and not (argument.type.kind == declared.kind == "int"):
                raise TypeError(f"{function.__name__}: {name} is {argument.type}, not {declared}")
            return self.emitter.convert(argument, declared)
        return self.emitter.constant(declared, argument)

    def inlined(self, function: Native, arguments: list[Any]) -> Any:
        inner = Lowering(self.compilation, function, None, void)
        inner.emitter = self.emitter
        inner.outer = self
        inner.exit = self.block("inlined")
        for name, a in zip(function.names, arguments):
            if name in function.types:
                a = self.typed(function, name, a)
            # Lists are handed over as they are: what the callee changes, the caller sees.
            inner.names[name] = _Bound(a, 0) if isinstance(a, list) else None
            if not isinstance(a, list):
                inner.names.pop(name)
                inner.assign(name, a)
        place = self.emitter.place
        inner.statements(function.tree.body)
        self.emitter.place = place
        if not self.builder.block.is_terminated:
            self.builder.branch(inner.exit)
        self.builder.position_at_end(inner.exit)
        return inner.returned

    exit: Any = None


def _no_else(node: ast.For | ast.While) -> None:
    if node.orelse:
        raise TypeError("a loop's else is not part of native code")

