"""Operators of one's own: ``torch.library`` and ``torch.ops``."""

import copy
import importlib
import itertools
import re
import typing

import pytest
from both import agree

import adjoint

_numbers = itertools.count()


def library(torch):
    return importlib.import_module(f"{torch.__name__}.library")


def fresh() -> str:
    """A namespace that nothing was registered in."""
    return f"tested{next(_numbers)}"


def namespaced(scenario):
    """A scenario that is given a namespace of its own, of the same name with both libraries."""
    name = fresh()
    return lambda torch: scenario(torch, name)


def cube(torch, name):
    def numpy_cube(x: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(x.numpy() ** 3)

    made = library(torch).custom_op(f"{name}::cube", numpy_cube, mutates_args=())

    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(inputs[0])

    made.register_autograd(lambda ctx, g: g * 3 * ctx.saved_tensors[0] ** 2, setup_context=setup_context)
    return made


def test_a_custom_operator_has_its_own_derivative_and_a_place_in_torch_ops():
    def scenario(torch, name):
        made = cube(torch, name)
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        y = made(x)
        (gradient,) = torch.autograd.grad(y.sum(), x, create_graph=True)
        (second,) = torch.autograd.grad(gradient.sum(), x)
        packet = getattr(torch.ops, name).cube
        print(made, packet, packet.default, packet.overloads(), packet.default.name(), packet.default._schema)
        return y, gradient.detach(), second, packet(x.detach()), packet.default(x=x.detach()), y.grad_fn.name()

    agree(namespaced(scenario))


def test_lists_of_tensors_and_arguments_by_name_reach_the_backward_as_they_were():
    def scenario(torch, name):
        Tensor = torch.Tensor

        def weighted(tensors: list[Tensor], weights: list[float]) -> Tensor:
            return sum(t * w for t, w in zip(tensors, weights))

        def both(x: Tensor, *, by: int = 2) -> tuple[Tensor, Tensor]:
            return x * by, x + by

        a = library(torch).custom_op(f"{name}::weighted", weighted, mutates_args=())
        b = library(torch).custom_op(f"{name}::both", both, mutates_args=())

        def keep_weights(ctx, inputs, output):
            ctx.weights = inputs[1]

        def backward(ctx, g):
            print(ctx.needs_input_grad)
            return [g * w for w in ctx.weights], None

        def keep_factor(ctx, inputs, keyword_only_inputs, output):
            ctx.by = keyword_only_inputs["by"]

        a.register_autograd(backward, setup_context=keep_weights)
        b.register_autograd(lambda ctx, g, h: g * ctx.by + h, setup_context=keep_factor)
        x = torch.ones(2, requires_grad=True)
        u = a([x, torch.ones(2)], [0.5, 2.0])
        v, w = b(x, by=4)
        (u.sum() + v.sum() + w.sum()).backward()
        return u, v, w, x.grad, b(x.detach())

    agree(namespaced(scenario))


def test_without_a_derivative_the_backward_says_what_to_register():
    def scenario(torch, name):
        def double(x: torch.Tensor) -> torch.Tensor:
            return x * 2

        x = torch.ones(2, requires_grad=True)
        y = library(torch).custom_op(f"{name}::double", double, mutates_args=())(x)
        y.sum().backward()

    agree(namespaced(scenario), raises=True)


def test_what_an_operator_writes_into_counts_as_written():
    def scenario(torch, name):
        def fill(x: torch.Tensor, by: float) -> None:
            x.numpy()[...] = by

        made = library(torch).custom_op(f"{name}::fill", fill, mutates_args=("x",))
        x, w = torch.ones(2), torch.ones(2, requires_grad=True)
        product = x * w
        before = x._version
        returned = made(x, 7.0)
        print(x.tolist(), x._version - before, returned, made._opoverload._schema)
        try:
            made.register_autograd(lambda ctx, g: g)
        except RuntimeError as error:
            print(error)
        product.sum().backward()

    agree(namespaced(scenario), raises=True)


@pytest.mark.parametrize(
    "call", ["(1,)", "(torch.ones(1), 'x')", "()", "(torch.ones(1), 2, 3)", "(torch.ones(1),), n=None", "(torch.ones(1),), n=2"]
)
def test_arguments_are_checked_against_the_schema(call):
    def scenario(torch, name):
        def times(x: torch.Tensor, n: int = 3) -> torch.Tensor:
            return x * n

        made = library(torch).custom_op(f"{name}::times", times, mutates_args=())
        try:
            if "n=" in call:
                return made(torch.ones(1), n=eval(call.partition("n=")[2]))
            return made(*eval(call, {"torch": torch}))
        except RuntimeError as error:
            return str(error).partition("Cast error details")[0]

    agree(namespaced(scenario))


def test_an_operator_must_not_return_what_it_was_given():
    def scenario(torch, name):
        def same(x: torch.Tensor) -> torch.Tensor:
            return x

        try:
            library(torch).custom_op(f"{name}::same", same, mutates_args=())(torch.ones(1))
        except RuntimeError as error:
            return str(error).partition("): ")[2]

    agree(namespaced(scenario))


SIGNATURES = [
    "(a: torch.Tensor, b: typing.Sequence[torch.Tensor], c: typing.Optional[torch.Tensor], d: typing.List[int]) -> torch.Tensor",
    "(x: torch.Tensor, e: float = 1.5, f: bool = True, s: str = 'x') -> typing.Tuple[torch.Tensor, typing.List[torch.Tensor]]",
    "(x: torch.Tensor, *, d: typing.Optional[torch.dtype] = None, n: typing.Union[int, float, bool] = 3) -> None",
    "(x: torch.Tensor, d: torch.dtype = torch.float32, v: torch.device = torch.device('cpu')) -> int",
    "(x: 'torch.Tensor', i: typing.Optional[typing.List[int]] = None) -> 'torch.Tensor'",
    "(x) -> torch.Tensor",
    "(x: torch.Tensor)",
    "(*x: torch.Tensor) -> torch.Tensor",
]


@pytest.mark.parametrize("signature", SIGNATURES)
@pytest.mark.parametrize("mutates", [(), ("a",), "unknown", "other"])
def test_schemas_follow_from_annotations(signature, mutates):
    def scenario(torch):
        space = {"torch": torch, "typing": typing}
        exec(f"def f{signature}: ...", space)
        try:
            return library(torch).infer_schema(space["f"], mutates_args=mutates, op_name="f")
        except ValueError as error:
            return str(error).replace("adjoint", "torch").partition(" Got func with")[0]

    agree(scenario)


def test_libraries_define_operators_by_schemas_and_compute_them_by_keys():
    def scenario(torch, name):
        made = library(torch).Library(name, "DEF")
        print(made.define("twice(Tensor x) -> Tensor"))
        made.impl("twice", lambda x: x * 2, "CompositeImplicitAutograd")
        made.define("scaled(Tensor x, float by=3.0, *, bool flag=False) -> Tensor")
        made.impl("scaled", lambda x, by=3.0, flag=False: x * by, "CPU")
        ops = getattr(torch.ops, name)
        for call in (
            lambda: made.define("twice(Tensor x) -> Tensor"),
            lambda: library(torch).Library(name, "DEF"),
            lambda: library(torch).Library("aten", "DEF"),
            lambda: library(torch).Library(name, "NONE"),
            lambda: made.define("nothing"),
            lambda: ops.nothing,
            lambda: ops.twice.nothing,
            lambda: made.impl("twice", 1),
        ):
            try:
                call()
            except Exception as error:
                print(type(error).__name__, re.split(" Duplicate registration|  Previous registration", str(error))[0])
        print(ops.scaled.default._schema)
        return ops.twice(torch.ones(2, requires_grad=True)), ops.scaled(torch.ones(2)), ops.scaled(torch.ones(2), 4.0)

    agree(namespaced(scenario))


def test_functions_register_kernels_and_derivatives_by_name():
    def scenario(torch, name):
        lib = library(torch)
        lib.define(f"{name}::square", "(Tensor x) -> Tensor")

        @lib.impl(f"{name}::square", "cpu")
        def square(x):
            return torch.from_numpy(x.numpy() ** 2)

        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(inputs[0])

        lib.register_autograd(f"{name}::square", lambda ctx, g: g * 2 * ctx.saved_tensors[0], setup_context=setup_context)
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        y = getattr(torch.ops, name).square(x)
        y.sum().backward()
        return y, x.grad

    agree(namespaced(scenario))


def test_a_batch_goes_through_the_rule_that_was_registered_or_sample_by_sample():
    def scenario(torch, name):
        def doubled(x: torch.Tensor) -> torch.Tensor:
            return x * 2

        made = library(torch).custom_op(f"{name}::doubled", doubled, mutates_args=())
        x = torch.arange(6.0).view(3, 2)
        before = torch.func.vmap(made)(x)

        @made.register_vmap
        def _(info, in_dims, x):
            print(info.batch_size, in_dims)
            return x * 2, in_dims[0]

        return before, torch.func.vmap(made)(x)

    agree(namespaced(scenario), warnings_too=False)  # PyTorch's warning is one of C++


def test_derivatives_go_through_transforms():
    made = cube(adjoint, fresh())
    x = adjoint.tensor([1.0, 2.0])
    assert adjoint.func.grad(lambda t: made(t).sum())(x).tolist() == [3, 12]
    assert adjoint.autograd.gradcheck(made, x.double().requires_grad_())


def test_pytorchs_names_of_operators_compute_with_the_functions():
    def scenario(torch):
        x = torch.ones(2, 2, requires_grad=True)
        aten = torch.ops.aten
        print(aten.mm.default, aten.add.Tensor, aten.mm, aten.add.overloads(), aten._to_copy.default, aten.topk.overloads())
        for call in (lambda: aten.nonsense, lambda: aten.add.nonsense):
            try:
                call()
            except AttributeError as error:
                print(error)
        return aten.add(x, 1), aten.mm.default(x, x), aten.clone.default(x), aten.relu(x), aten.sum.dim_IntList(x, [0])

    agree(scenario)


def test_opcheck_finds_operators_that_do_not_do_what_they_say():
    name = fresh()

    def writes(x: adjoint.Tensor) -> adjoint.Tensor:
        x.numpy()[...] = 5
        return x * 2

    lib = adjoint.library
    wrong = lib.custom_op(f"{name}::writes", writes, mutates_args=())
    with pytest.raises(Exception, match="x is not defined as mutable but was mutated"):
        lib.opcheck(wrong, (adjoint.ones(2),), test_utils="test_schema")
    right = cube(adjoint, name)
    tests = "test_schema", "test_autograd_registration", "test_aot_dispatch_dynamic"
    assert set(lib.opcheck(right, (adjoint.ones(2, requires_grad=True),), test_utils=tests).values()) == {"SUCCESS"}


def test_what_only_writes_into_its_arguments_needs_no_fake():
    def scenario(library, name):
        def fill(x, out):
            out.copy_(x.sin())

        fill.__annotations__ = {"x": library.Tensor, "out": library.Tensor, "return": None}
        operator = library.library.custom_op(f"{name}::fill", fill, mutates_args={"out"})
        operator(library.ones(3, device="meta"), library.ones(3, device="meta"))
        print(library.library.opcheck(operator, (library.ones(3), library.ones(3))))
        library.library.define(f"{name}::clear", "(Tensor(a!) x) -> ()")
        library.library.impl(f"{name}::clear", "CPU")(lambda x: None)
        clear = getattr(library.ops, name).clear.default
        print(library.library.opcheck(clear, (library.ones(3),), test_utils="test_faketensor"))

    agree(scenario)


def test_what_cannot_be_had_is_refused():
    for call in (
        lambda: adjoint.library.triton_op("a::b", mutates_args=()),
        lambda: adjoint.library.wrap_triton(None),
        lambda: adjoint.library.Library("aten", "IMPL"),
        lambda: adjoint.library.register_torch_dispatch("a::b", int),
    ):
        with pytest.raises(NotImplementedError):
            call()
    with pytest.raises(OSError, match="Could not load this library"):
        adjoint.ops.load_library("kernels.so")


def test_an_operator_is_copied_as_itself() -> None:
    """As a function is: dataclasses that hold one are copied in depth."""
    packet = adjoint.ops.aten.add
    assert copy.deepcopy(packet) is packet
    assert copy.copy(packet) is packet
