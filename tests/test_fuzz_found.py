"""What random programs found: each a kind of its own, mended where it came from."""

from __future__ import annotations

import importlib
import math
import pickle
from typing import Any

import numpy as np
import pytest

import adjoint
from tests.both import agree


@pytest.mark.parametrize("shape", [(2, 0), (0, 3), (0,), (2, 0, 3)])
def test_gradients_without_elements_are_added_up(shape: tuple[int, ...]) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.zeros(shape, requires_grad=True)
        y = x * 1
        for _ in range(3):
            (y * y).sum().backward(retain_graph=True)
        return x.grad

    agree(scenario)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax_of_nothing_has_its_operands_dtype(name: str, dtype: str) -> None:
    agree(lambda torch: getattr(torch, name)(torch.zeros(2, 0, dtype=getattr(torch, dtype)), 0))
    agree(lambda torch: getattr(torch, name)(torch.zeros(0, 2), 1, dtype=getattr(torch, dtype)))


@pytest.mark.parametrize("name", ["amax", "amin", "aminmax"])
@pytest.mark.parametrize("shape", [(0,), (2, 0), (0, 2)])
@pytest.mark.parametrize("options", [{}, {"dim": 0}, {"dim": -1}])
def test_extremes_of_nothing_are_pytorchs_errors(name: str, shape: tuple[int, ...], options: dict[str, int]) -> None:
    agree(lambda torch: getattr(torch, name)(torch.zeros(shape), **options))


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("beta", [1.0, 0.5])
def test_smooth_l1_loss_of_nan_has_the_gradient_nan(create_graph: bool, beta: float) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.tensor([1.0, float("nan"), 3.0, 0.0, 0.75], dtype=torch.float64, requires_grad=True)
        y = torch.tensor([1.0, 2.0, float("nan"), 0.5, 0.25], dtype=torch.float64, requires_grad=True)
        loss = torch.nn.functional.smooth_l1_loss(x, y, beta=beta)
        return [g.detach() for g in torch.autograd.grad(loss, [x, y], create_graph=create_graph)]

    # (NaN is not equal to itself, so as text)
    agree(lambda torch: [[str(v) for v in g.tolist()] for g in scenario(torch)])


@pytest.mark.parametrize("shape", [(3,), (1,), (0,), (2, 3), (1, 1, 1)])
@pytest.mark.parametrize("value", ["2.0", "torch.ones(shape)", "torch.tensor(2.0)", "x.detach()"])
def test_a_whole_slice_is_written_to_as_the_tensor_itself(shape: tuple[int, ...], value: str) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.zeros(shape, requires_grad=True)
        y = x * 1
        y[:] = eval(value, {"torch": torch, "shape": shape, "x": x})
        z = x * 1
        z[:] *= 3
        (y.sum() + z.sum()).backward()
        return y, z, y._version, z._version, x.grad

    agree(scenario)


@pytest.mark.parametrize("index", ["False", "(0, False)", "(False, slice(1))", "(slice(None), False)", "(None, False)"])
def test_a_write_to_nothing_counts_as_pytorch_counts_it(index: str) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.zeros(2, 3)
        x[eval(index)] = 1.0
        return x, x._version

    agree(scenario)


@pytest.mark.parametrize("left", [True, False])
@pytest.mark.parametrize("shapes", [((3, 3, 3), (3, 3)), ((3, 3), (3, 3, 3)), ((2, 1, 3, 3), (3, 3)), ((3, 3), (3, 3))])
def test_the_right_side_of_a_triangular_system_is_always_a_matrix(shapes: Any, left: bool) -> None:
    def scenario(torch: Any) -> Any:
        a = (torch.arange(27.0, dtype=torch.float64) + 1).repeat(2)[: _size(shapes[0])].reshape(shapes[0]) / 8
        b = (torch.arange(27.0, dtype=torch.float64) - 4)[: _size(shapes[1])].reshape(shapes[1])
        a.requires_grad_()
        b.requires_grad_()
        x = torch.linalg.solve_triangular(a, b, upper=False, left=left)
        y = torch.linalg.solve_triangular(a, b, upper=True, left=left, unitriangular=True)
        return x, y, torch.autograd.grad((x * x).sum() + y.sum(), [a, b])

    agree(scenario)


def _size(shape: tuple[int, ...]) -> int:
    import math

    return math.prod(shape)


def test_a_triangular_system_has_one_solution_per_sample_though_the_batch_is_as_large_as_the_matrix() -> None:
    def scenario(torch: Any) -> Any:
        m = torch.arange(27.0, dtype=torch.float64).reshape(3, 3, 3) + 1
        n = torch.arange(9.0, dtype=torch.float64).reshape(3, 3)
        solve = torch.linalg.solve_triangular
        return torch.func.vmap(lambda m: solve(m, n, upper=True))(m), torch.func.vmap(
            lambda m: solve(n + 1, m, upper=True)
        )(m)

    agree(scenario)


def test_a_zero_on_the_diagonal_of_a_triangular_system_divides() -> None:
    agree(lambda torch: str(torch.linalg.solve_triangular(torch.tensor([[1.0, 2], [0, 0]]), torch.eye(2), upper=True)))


@pytest.mark.parametrize("a, b", [((3, 3), (3,)), ((2, 3), (3, 3)), ((3, 3), (2, 3))])
def test_a_triangular_system_that_does_not_fit_is_pytorchs_error(a: Any, b: Any) -> None:
    agree(lambda torch: torch.linalg.solve_triangular(torch.ones(a), torch.ones(b), upper=True), raises=True)


@pytest.mark.parametrize("options", ["", "stable=True", "stable=False", "descending=True", "dim=0, stable=None"])
def test_a_sort_that_is_asked_to_be_stable_has_a_node_of_its_own(options: str) -> None:
    agree(
        lambda torch: eval(
            f"torch.sort(torch.tensor([3.0, 1.0, 2.0], requires_grad=True), {options})", {"torch": torch}
        )
    )


@pytest.mark.parametrize("name", ["var_mean", "std_mean"])
@pytest.mark.parametrize("shape", [(2, 3), (200, 100)])
def test_the_gradient_of_a_mean_alone_does_not_depend_on_the_deviations_beside_it(name: str, shape: Any) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.ones(shape, requires_grad=True)
        found = []
        for which in ((1,), (0,), (0, 1)):
            several = getattr(torch, name)(x * torch.arange(shape[1]), 1)
            (g,) = torch.autograd.grad(sum(several[i].sum() for i in which), [x], create_graph=True)
            found.append((g.requires_grad, g.sum().item()))
        return found

    agree(scenario, tolerance=1e-5)


@pytest.mark.parametrize("shapes", [((3,), (2,)), ((1, 3), (2, 1, 2)), ((2, 3), (3, 2))])
@pytest.mark.parametrize("bounds", [("min",), ("max",), ("min", "max")])
def test_bounds_that_do_not_broadcast_are_pytorchs_error(shapes: Any, bounds: Any) -> None:
    agree(lambda torch: torch.clamp(torch.zeros(shapes[0]), **{name: torch.zeros(shapes[1]) for name in bounds}))


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("weighted", [False, True])
def test_a_huber_loss_has_the_dtype_of_its_input(reduction: str, weighted: bool) -> None:
    def scenario(torch: Any) -> Any:
        found = []
        for input, target in (("float32", "float64"), ("float64", "float32"), ("float32", "int64")):
            for shape in ((), (2,)):
                a = torch.ones(2, dtype=getattr(torch, input))
                b = torch.zeros(shape, dtype=getattr(torch, target))
                weight = a * 2 if weighted else None
                found.append(torch.nn.functional.huber_loss(a, b, reduction=reduction, weight=weight))
        return found

    agree(scenario)


def test_a_batch_norms_weight_may_have_any_strides() -> None:
    """PyTorch's gradient reads the elements next to each other in memory, whatever the strides are."""
    import adjoint
    from adjoint.nn.functional import batch_norm

    adjoint.manual_seed(0)
    x = adjoint.randn(5, 4, dtype=adjoint.float64, requires_grad=True)
    whole = adjoint.randn(8, dtype=adjoint.float64)
    g = adjoint.randn(5, 4, dtype=adjoint.float64)
    found = []
    for weight in (whole[::2], whole[::2].contiguous()):
        y = batch_norm(x, None, None, weight.detach().requires_grad_(), None, training=True)
        found.append(adjoint.autograd.grad(y, x, g)[0])
    assert found[0].equal(found[1])


@pytest.mark.parametrize("view", ["x", "x[0:1]", "x[0]", "x.view(-1)", "x.detach().requires_grad_()", "x.t()"])
@pytest.mark.parametrize("leaf", ["torch.ones(2)", "torch.ones(2).reshape(2)", "torch.ones(4)[::2]", "torch.ones(2).detach()"])
def test_a_leaf_that_is_itself_a_view_is_not_written_to_through_views_either(leaf: str, view: str) -> None:
    def scenario(torch: Any) -> Any:
        x = eval(leaf, {"torch": torch}).requires_grad_()
        eval(view, {"x": x}).mul_(3)
        return x

    agree(scenario)


def test_a_second_gradient_of_a_cat_with_an_empty_vector() -> None:
    def scenario(torch: Any) -> Any:
        x, nothing = torch.ones(2, 3, requires_grad=True), torch.tensor([], requires_grad=True)
        (torch.cat([x, nothing, torch.ones(1, 3)]) ** 3).sum().backward(create_graph=True)
        first, x.grad = x.grad.detach(), x.grad * 0
        return first, nothing.grad.detach()

    agree(scenario)


@pytest.mark.parametrize("alpha", ["torch.tensor(2.0)", "torch.tensor(2, dtype=torch.int8)", "2.5"])
@pytest.mark.parametrize("name", ["index_add", "index_add_"])
def test_a_number_behind_other_arguments_may_be_a_tensor(name: str, alpha: str) -> None:
    def scenario(torch: Any) -> Any:
        index, source = torch.tensor([0, 0]), torch.ones(2, requires_grad=True)
        result = getattr(torch.ones(3), name)(0, index, source, alpha=eval(alpha, {"torch": torch}))
        result.sum().backward()
        return result.detach(), source.grad

    agree(scenario)


def test_messages_name_bfloat16_as_pytorchs_do() -> None:
    agree(lambda torch: torch.ones(2, 3, dtype=torch.bfloat16).expand(3))
    agree(lambda torch: torch.ones(2, dtype=torch.bfloat16).type())


def test_a_view_that_a_function_returned_keeps_its_history_when_the_leaf_leaves_the_graph() -> None:
    def scenario(torch: Any) -> Any:
        class Same(torch.autograd.Function):
            @staticmethod
            def forward(ctx: Any, x: Any) -> Any:
                return x.view_as(x)

            @staticmethod
            def backward(ctx: Any, g: Any) -> Any:
                return g * 5

        x = torch.ones(3, requires_grad=True)
        y = Same.apply(x)
        x.detach_()
        return y.requires_grad

    agree(scenario)


@pytest.mark.parametrize("call", ["topk(1)", "kthvalue(2)", "max(0)", "sort()", "median(0)", "mode()", "cummax(0)"])
def test_what_was_not_selected_is_not_in_a_results_memory(call: str) -> None:
    agree(lambda torch: [part.untyped_storage().nbytes() for part in eval(f"x.{call}", {"x": torch.arange(4.0)})])


@pytest.mark.parametrize("name", ["scatter", "scatter_add", "scatter_reduce"])
def test_dtypes_at_an_index_are_refused_in_pytorchs_words(name: str) -> None:
    more = ("sum",) if name == "scatter_reduce" else ()
    agree(lambda torch: getattr(torch.ones(2), name)(0, torch.tensor([0]), torch.ones(1, dtype=torch.float64), *more))


@pytest.mark.parametrize("order", [0, 1, 2])
def test_polygamma_of_complex_numbers_is_refused(order: int) -> None:
    agree(lambda torch: torch.polygamma(order, torch.ones(2, dtype=torch.complex64)))


@pytest.mark.parametrize("dtype", ["int64", "bool", "float16", "float64"])
def test_nanmean_into_integers_is_refused(dtype: str) -> None:
    agree(lambda torch: torch.tensor([1.0, float("nan")]).nanmean(dtype=getattr(torch, dtype)))


@pytest.mark.parametrize("groups", [2, 4])
@pytest.mark.parametrize("shape", [(2, 2), (1, 2), (2, 1), (3, 4, 2, 2), (1, 1, 2, 2)])
def test_a_jacobian_of_masked_attention_adds_the_mask_to_every_sample(shape: tuple[int, ...], groups: int) -> None:
    def scenario(torch: Any) -> Any:
        def numbers(*shape: int) -> Any:
            return torch.arange(float(math.prod(shape))).reshape(shape).sin().double()

        attend = torch.nn.functional.scaled_dot_product_attention
        query, key, mask = numbers(3, 4, 2, 2), numbers(3, groups, 2, 2), numbers(*shape)
        query.requires_grad_()
        found = attend(query, key, key, mask, enable_gqa=True).square()
        seeds = torch.eye(found.numel()).double().reshape(-1, *found.shape)[:5]
        return torch.autograd.grad(found, query, seeds, is_grads_batched=True)

    agree(scenario)


@pytest.mark.parametrize("call", ["ldexp(x, k)", "ldexp(k, x)", "linalg.vector_norm(x, 3, 1)", "pow(x, 3)", "dist(x, k, 3)"])
def test_tangents_of_bfloat16_are_computed(call: str) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.tensor([[1.0, -1.0, 2.0], [0.5, 3.0, 4.0]]).bfloat16()
        k = torch.tensor([[1.0, 2.0, 1.0], [0.0, 1.0, 2.0]]).bfloat16()
        return torch.func.jvp(lambda x: eval(f"torch.{call}", {"torch": torch, "x": x, "k": k}), (x,), (x,))

    agree(scenario, tolerance=0.02)


def test_a_tangent_of_a_distances_gradient_is_computed() -> None:
    def scenario(torch: Any) -> Any:
        x = torch.tensor([[1.0, -1.0, 2.0], [0.5, 3.0, 4.0]], dtype=torch.float64)
        return torch.func.jvp(torch.func.grad(lambda x: torch.dist(x, x.flip(0) * x, 3)), (x,), (x,))

    agree(scenario)


@pytest.mark.parametrize("name", ["std", "var"])
@pytest.mark.parametrize("shape", [(1, 2), (1, 1), (1, 0)])
@pytest.mark.parametrize("correction", [1, 2])
def test_a_spread_without_freedom_has_a_gradient_of_its_operands_dtype(name: str, shape: Any, correction: int) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.zeros(shape, dtype=torch.complex64, requires_grad=True)
        getattr(torch, name)(x, correction=correction).backward()
        return x.grad

    agree(scenario, warnings_too=False)  # PyTorch warns twice, of the real and of the imaginary part


@pytest.mark.parametrize("alpha", ["1.0", "1", "True", "1j", "torch.tensor(1.0)", "torch.tensor(1)", "np.bool_(1)"])
@pytest.mark.parametrize("name", ["add", "sub", "rsub"])
@pytest.mark.parametrize("dtype", ["int8", "int64", "bool", "float32"])
def test_a_factor_of_one_is_checked_as_any_other(name: str, alpha: str, dtype: str) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.ones(2, dtype=getattr(torch, dtype))
        return getattr(torch, name)(x, x, alpha=eval(alpha, {"torch": torch, "np": np}))

    agree(scenario)


def test_repetitions_that_are_a_tensor_of_one_are_an_index() -> None:
    def scenario(torch: Any) -> Any:
        x = torch.ones(2, 3, requires_grad=True)
        return [type(x.repeat_interleave(torch.tensor(n), 0).grad_fn).__name__ for n in (2, [2], [1, 2])]

    agree(scenario)


@pytest.mark.parametrize("call", ["repeat(1)", "repeat(2)", "gather(0, i)", "tile(2)", "flip(0)", "index_select(0, i)"])
def test_the_gradient_of_nothing_has_a_graph(call: str) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.zeros(0, requires_grad=True)
        y = eval(f"x.{call}", {"x": x * 1, "i": torch.zeros(0, dtype=torch.int64)})
        (g,) = torch.autograd.grad((y * y).sum(), x, create_graph=True)
        return g, g.requires_grad

    agree(scenario)


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
def test_bags_renormalise_the_rows_that_are_asked_for_alone(mode: str) -> None:
    def scenario(torch: Any) -> Any:
        weight = torch.tensor([[-1.0, 1.0], [3.0, 4.0], [5.0, 6.0]])
        index, offsets = torch.tensor([1, 1, 2]), torch.tensor([0, 0, 2])
        found = torch.nn.functional.embedding_bag(index, weight, offsets, mode=mode, max_norm=0.5)
        return found, weight

    agree(scenario)


def test_bags_count_the_rows_that_are_asked_for_alone() -> None:
    weight = adjoint.ones(3, 2, requires_grad=True)
    index, offsets = adjoint.tensor([0, 2, 2, 1]), adjoint.tensor([0, 0, 1])
    adjoint.nn.functional.embedding_bag(index, weight, offsets, mode="sum", scale_grad_by_freq=True).sum().backward()
    assert weight.grad.tolist() == [[1, 1], [1, 1], [1, 1]]  # PyTorch divides by counts of other rows here


def test_offsets_beyond_the_end_are_pytorchs_error() -> None:
    def scenario(torch: Any) -> Any:
        offsets = torch.tensor([0, 0, 2])
        return torch.nn.functional.embedding_bag(torch.tensor([0]), torch.ones(2, 2), offsets, include_last_offset=True)

    agree(scenario)


@pytest.mark.parametrize("alpha", [-1.0, -0.5, 2.0])
def test_celu_bends_by_the_sign_of_its_argument(alpha: float) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.tensor([-2.0, -0.5, 0.0, 1.0, float("inf"), float("-inf"), float("nan")], requires_grad=True)
        y = torch.celu(x, alpha)
        return y, torch.autograd.grad(y.sum(), x)

    agree(scenario)


def test_distances_of_halves_are_halves() -> None:
    agree(lambda torch: torch.cdist(torch.ones(30, 3).bfloat16(), torch.zeros(2, 3).bfloat16()))


def test_windows_of_no_pictures_are_none() -> None:
    agree(lambda torch: torch.nn.functional.unfold(torch.zeros(0, 1, 2, 2), 1))


def test_losses_can_be_recomputed_with_all_their_arguments() -> None:
    def scenario(torch: Any) -> Any:
        checkpoint = importlib.import_module(f"{torch.__name__}.utils.checkpoint").checkpoint
        x = torch.tensor([[0.5, -1.0, 2.0]], requires_grad=True)
        loss = torch.nn.MultiMarginLoss(reduction="none", weight=torch.tensor([1.0, 2.0, 3.0]))
        checkpoint(lambda x: loss(x, torch.tensor([1])), x, use_reentrant=False).sum().backward()
        soft = torch.nn.functional.soft_margin_loss
        checkpoint(lambda x: soft(x, torch.ones(1, 3), size_average=True, reduce=True), x, use_reentrant=False).backward()
        return x.grad

    agree(scenario)


@pytest.mark.parametrize("call", ["torch.add(x * x, 'no')", "torch.stack([x * x, None])", "(x * x).view(7)"])
def test_a_users_exception_comes_out_as_it_was_raised(call: str) -> None:
    """A hook that fails inside of an operator is the user's, whatever is wrong with the arguments."""

    class Mine(Exception):
        pass

    def fails(_: Any) -> Any:
        raise Mine

    x = adjoint.ones(3, requires_grad=True)
    with pytest.raises(Mine), adjoint.autograd.graph.saved_tensors_hooks(fails, fails):
        eval(call, {"torch": adjoint, "x": x})


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "bool", "complex64", "bfloat16"])
def test_a_tensor_out_of_a_pickle_is_of_its_dtype_already(dtype: str) -> None:
    def scenario(torch: Any) -> Any:
        whole = torch.ones(4, 2, dtype=getattr(torch, dtype))
        found = [pickle.loads(pickle.dumps(t)) for t in (whole, whole[1:, 1], whole.t())]
        return [(t.to(t.dtype) is t, t.type_as(whole) is t, t.tolist()) for t in found]

    agree(scenario)


def test_an_array_out_of_a_pickle_is_of_its_dtype_already() -> None:
    array = pickle.loads(pickle.dumps(np.ones(3)))
    agree(lambda torch: [torch.from_numpy(array).double().tolist(), (t := torch.from_numpy(array)).double() is t])


@pytest.mark.parametrize("bounds", ["nan, 3", "max=nan", "nan"])
@pytest.mark.parametrize("view", ["torch.ones(3).expand(2, 3)", "torch.ones(2, 3).t()", "torch.ones(4, 3)[::2]"])
def test_a_clamp_to_no_number_lies_in_memory_as_any_other(bounds: str, view: str) -> None:
    def scenario(torch: Any) -> Any:
        found = eval(f"torch.clamp({view}, {bounds})", {"torch": torch, "nan": math.nan})
        return found.stride(), [str(v) for v in found.flatten().tolist()]

    agree(scenario)


def test_the_steps_of_single_parts_do_not_matter_to_complex_views() -> None:
    agree(lambda torch: torch.view_as_complex(torch.ones(4).as_strided((1, 2), (1, 1))))
    agree(lambda torch: torch.view_as_complex(torch.ones(4).as_strided((2, 2), (1, 1))), raises=True)


@pytest.mark.parametrize("call", [
    "a.gather(0, u)", "a.scatter(0, u, 2)", "a.scatter(0, u, a * 2)", "a.scatter_add(0, u, a)", "a.scatter_reduce(0, u, a, 'amax')",
    "a.reshape(1).gather(0, u)",
])  # fmt: skip
@pytest.mark.parametrize("way", ["vmap(f)(x)", "vmap(grad(lambda a: f(a).sum()))(x)", "vmap(lambda a: jvp(f, (a,), (a,))[1])(x)"])
def test_samples_without_dimensions_are_lines_of_one(call: str, way: str) -> None:
    def scenario(torch: Any) -> Any:
        u = torch.zeros((), dtype=torch.int64)
        names = {"f": lambda a: eval(call, {"a": a, "u": u}), "x": torch.arange(3.0) + 1, **vars(torch.func)}
        return eval(way, names)

    agree(scenario)


@pytest.mark.parametrize("shape", [(0,), (2, 0), (0, 2)])
@pytest.mark.parametrize("dtype", ["float32", "int64"])
def test_integrals_of_nothing_are_zero(shape: tuple[int, ...], dtype: str) -> None:
    agree(lambda torch: torch.trapezoid(torch.zeros(shape, dtype=getattr(torch, dtype))))
    agree(lambda torch: torch.trapezoid(torch.zeros(shape), torch.zeros(shape), dim=0))


@pytest.mark.parametrize("name, given", [("select_scatter", "0, 0"), ("slice_scatter", "0")])
def test_parts_of_a_single_element_are_refused(name: str, given: str) -> None:
    agree(lambda torch: eval(f"torch.{name}(x, x, {given})", {"torch": torch, "x": torch.tensor(1.0)}), raises=True)


@pytest.mark.parametrize("write", ["fill_(2.0)", "mul_(3)", "zero_()", "copy_(a * 5)"])
def test_an_expanded_sample_of_the_same_shape_can_be_written_to(write: str) -> None:
    def scenario(torch: Any) -> Any:
        def f(a: Any) -> Any:
            b = a.clone()
            eval(f"b.expand_as(a).{write}", {"a": a, "b": b})
            return b

        x = torch.tensor([1.0, 2.0])
        return torch.vmap(f)(x), torch.func.jvp(torch.vmap(f), (x,), (x,))[1]

    agree(scenario)


def test_complex_numbers_of_halves_are_made_of_their_parts() -> None:
    def scenario(torch: Any) -> Any:
        x, y = (torch.tensor(v, dtype=torch.float16, requires_grad=True) for v in ([1.0, 2.0], [3.0, 4.0]))
        z = torch.complex(x, y)
        torch.view_as_real(z).sum().backward()
        return str(z.dtype), torch.view_as_real(z.detach()), x.grad, y.grad

    agree(scenario, warnings_too=False)  # PyTorch warns that it is experimental
    agree(lambda torch: torch.polar(torch.ones(2).half(), torch.ones(2).half()), raises=True)


@pytest.mark.parametrize(
    "call", ["addcdiv(a, a, a, value=v)", "addcmul(a, a, a, value=v)", "add(a, a, alpha=v)", "addcdiv(a, a != a, a, value=False)"]
)
def test_a_number_in_forward_mode_may_be_a_tensor_or_a_bool(call: str) -> None:
    def scenario(torch: Any) -> Any:
        x, v = torch.ones(2), torch.tensor(2.0, dtype=torch.float64)
        return torch.func.jvp(lambda a: eval(f"torch.{call}", {"torch": torch, "a": a, "v": v}), (x,), (x,))

    agree(scenario)


def test_the_data_of_an_inference_tensor_are_one() -> None:
    def scenario(torch: Any) -> Any:
        x = torch.ones(2)
        with torch.inference_mode():
            y = x * 2
            return [t.is_inference() for t in (y.data, y.detach(), x.data)], y.data.is_inference()

    agree(scenario)


def test_the_tangent_of_a_complex_power_has_what_a_real_exponent_adds_whole() -> None:
    # PyTorch takes the real part of it.
    z, w = adjoint.tensor([1 + 1j, 1 - 2j, 1 + 0.5j], dtype=adjoint.complex128), adjoint.tensor([1.5], dtype=adjoint.float64)
    turn, step = adjoint.tensor([0.5 - 0.25j, 1j, 0.75], dtype=adjoint.complex128), adjoint.tensor([-0.5], dtype=adjoint.float64)
    _, tangent = adjoint.func.jvp(adjoint.pow, (z, w), (turn, step))
    near = 1e-6
    moved = [adjoint.pow(z + turn * e, w + step * e) for e in (near, -near)]
    assert adjoint.allclose(tangent, (moved[0] - moved[1]) / (2 * near), rtol=1e-6)
