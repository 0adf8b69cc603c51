"""The small modules of torch.utils, and conditions that programs state."""

from __future__ import annotations

import contextlib
import gc
import pickle
import random
import subprocess
import sys
from collections import OrderedDict
from typing import Any

import pytest

from tests.both import agree


def test_a_handle_takes_a_hook_away_and_passes_through_pickle() -> None:
    def scenario(torch: Any) -> Any:
        hooks: OrderedDict[int, Any] = OrderedDict()
        extra: OrderedDict[int, Any] = OrderedDict()
        handle = torch.utils.hooks.RemovableHandle(hooks, extra_dict=extra)
        hooks[handle.id] = extra[handle.id] = "hook"
        again = pickle.loads(pickle.dumps((handle, hooks)))
        found: list[Any] = [again[0].id == handle.id]
        again[0].remove()
        found += [len(again[1]), len(hooks)]
        with handle:
            pass
        return found, len(hooks), len(extra)

    agree(scenario)


def test_hooks_that_pickles_leave_out_are_warned_of() -> None:
    def scenario(torch: Any) -> None:
        x = torch.ones(1, requires_grad=True)
        x.register_hook(torch.utils.hooks.unserializable_hook(lambda g: g))
        torch.utils.hooks.warn_if_has_hooks(x)

    agree(scenario)


def test_tensors_are_grouped_by_device_and_dtype() -> None:
    def scenario(torch: Any) -> Any:
        from importlib import import_module

        group = import_module(f"{torch.__name__}.utils._foreach_utils")._group_tensors_by_device_and_dtype
        tensors = [torch.ones(2), torch.ones(1).double(), torch.zeros(1)]
        found = group([tensors, [None, tensors[1], None], []], with_indices=True)
        return sorted(((str(key), lists, list(places)) for key, (lists, places) in found.items()), key=lambda of: of[0])

    agree(scenario)


def test_a_context_decorates_functions_and_generators() -> None:
    def scenario(torch: Any) -> Any:
        from importlib import import_module

        module = import_module(f"{torch.__name__}.utils._contextlib")
        seen = []

        @contextlib.contextmanager
        def told() -> Any:
            seen.append("in")
            yield
            seen.append("out")

        class Mode(module._NoParamDecoratorContextManager):
            def __enter__(self) -> None:
                seen.append("enter")

            def __exit__(self, *exc: object) -> None:
                seen.append("exit")

        def numbers() -> Any:
            got = yield 1
            seen.append(got)
            yield 2

        @Mode
        def doubled(x: int) -> int:
            return x * 2

        generator = module.context_decorator(told, numbers)()
        seen.append((next(generator), generator.send("sent"), doubled(3), Mode()(lambda: 4)()))
        for ctx, function in ((Mode(), lambda: 0), (told, dict)):
            try:
                module.context_decorator(ctx, function)
            except (RuntimeError, AssertionError) as error:
                seen.append(type(error).__name__)
        return seen, Mode()(dict)(a=1)

    agree(scenario)


@pytest.mark.parametrize(
    "call",
    [
        "_assert(False, 'm')", "_assert(torch.tensor(True), 'm')", "_assert(torch.tensor([True, False]), 'm')", "_check(True)",
        "_check(False)", "_check(False, lambda: 3)", "_check(1)", "_check(torch.tensor(True))", "_check(False, 's')",
        "_check_value(False)", "_check_index(False, lambda: 'i')", "_check_type(False)", "_check_not_implemented(False)",
        "_check_is_size(-1)", "_check_is_size(3, max=2)", "_check_tensor_all(torch.tensor([True, False]))",
        "_check_tensor_all(torch.ones(2))", "_check_tensor_all(True)", "_check_with(OSError, False, lambda: 'x')",
        "_utils._get_device_index('cpu')", "_utils._get_device_index('cpu', allow_cpu=True)", "_utils._get_device_index(3)",
        "_utils._get_device_index('cuda')", "_utils._get_device_index('cuda:1')", "_utils._element_size(torch.complex64)",
        "_utils._element_size(torch.bool)", "_utils._element_size(3)", "_utils._get_all_device_indices()",
        "_utils._import_dotted_name('os.path.join')",
    ],
)  # fmt: skip
def test_conditions_and_small_questions_answer_as_pytorchs(call: str) -> None:
    def scenario(torch: Any) -> Any:
        found = eval("torch." + call, {"torch": torch})
        return getattr(found, "__name__", found)

    agree(scenario)


def test_tensors_are_put_end_to_end_and_taken_apart() -> None:
    def scenario(torch: Any) -> Any:
        tensors = [torch.arange(4.0).reshape(2, 2).T, torch.ones(3), torch.zeros(2).double()]
        flat = torch._utils._flatten_dense_tensors(tensors[:2])
        parts = torch._utils._unflatten_dense_tensors(flat, tensors[:2])
        taken = list(torch._utils._take_tensors(tensors, 16))
        again = torch._utils._reorder_tensors_as([tensors[2], tensors[0], tensors[1]], tensors)
        return flat, parts, taken, again

    agree(scenario)


def test_two_tensors_exchange_what_they_are() -> None:
    def scenario(torch: Any) -> Any:
        a, b = torch.nn.Parameter(torch.zeros(1)), torch.nn.Parameter(torch.ones(2))
        a.note, b.grad = "a's", torch.ones(2)
        first = id(a)
        torch.utils.swap_tensors(a, b)
        c, d = torch.ones(3), torch.nn.Parameter(torch.zeros(2))
        torch.utils.swap_tensors(c, d)
        return a, b, b.note, a.grad, b.grad, id(a) == first, type(c).__name__, type(d).__name__, hasattr(a, "note")

    agree(scenario)


def test_weak_dictionaries_forget_tensors_that_are_gone() -> None:
    def scenario(torch: Any) -> Any:
        from importlib import import_module

        made = import_module(f"{torch.__name__}.utils.weak").WeakTensorKeyDictionary()
        x, y = torch.ones(2), torch.ones(2)
        made[x], made[y] = "x", "y"
        found = [made[x], made[y], len(made), torch.ones(2) in made, made.get(x), made.pop(y), len(made)]
        del x
        gc.collect()
        return found, len(made), list(made)

    agree(scenario)


def test_a_module_without_compiler_refuses_to_build() -> None:
    import adjoint

    with pytest.raises(NotImplementedError, match="C\\+\\+ headers"):
        adjoint.utils.cpp_extension.load("name", ["a.cpp"])
    with pytest.raises(NotImplementedError, match="TorchScript"):
        adjoint.utils.mobile_optimizer.optimize_for_mobile(None)
    with pytest.raises(NotImplementedError, match="no logs"):
        adjoint._logging.set_logs(graph_breaks=True)


def test_the_environment_is_told() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "adjoint.utils.collect_env"], capture_output=True, text=True, check=True
    )
    assert "PyTorch version: " in done.stdout and "Is CUDA available: False" in done.stdout and "[pip3] numpy==" in done.stdout


def measurements(benchmark: Any) -> list[Any]:
    """Times of two labels, of several tasks, sizes, environments and numbers of threads, some of which vary."""
    draws, found = random.Random(0), []
    for label, environments in (("add", (None,)), ("mul", ("a", "bcd"))):
        for sub in ("loop", "vectorised", None):
            for description in ("n=4", "n=16", "big")[: 2 if sub is None else 3]:
                for env in environments:
                    for threads in (1, 2):
                        spec = benchmark.TaskSpec(
                            "x +\ny" if sub is None else "x + x", "y = 1", label=label, sub_label=sub, description=description,
                            env=env, num_threads=threads,
                        )  # fmt: skip
                        base, spread = 10 ** draws.uniform(-6, -3), 1.02 if sub == "loop" else 1.6
                        times = [base * draws.uniform(1, spread) for _ in range(draws.choice([1, 3, 5, 9]))]
                        found.append(benchmark.Measurement(3, times, spec))
    return found


def test_measurements_are_told_as_pytorch_tells_them() -> None:
    def scenario(torch: Any) -> Any:
        from importlib import import_module

        benchmark = import_module(f"{torch.__name__}.utils.benchmark")
        found = measurements(benchmark)
        told = [str(m).split("\n", 1)[1] for m in found]
        return told, [(m.significant_figures, m.has_warnings, m.median, m.iqr, m.mean, m.title) for m in found]

    agree(scenario)


@pytest.mark.parametrize(
    "done", ["", "trim_significant_figures", "highlight_warnings", "trim_significant_figures highlight_warnings"]
)
@pytest.mark.parametrize("rowwise", [None, False, True])
def test_measurements_are_compared_in_pytorchs_tables(done: str, rowwise: bool | None) -> None:
    def scenario(torch: Any) -> Any:
        from importlib import import_module

        benchmark = import_module(f"{torch.__name__}.utils.benchmark")
        compare = benchmark.Compare(measurements(benchmark))
        for method in done.split():
            getattr(compare, method)()
        if rowwise is not None:
            compare.colorize(rowwise)
        return str(compare)

    agree(scenario)


def test_a_timer_measures_until_it_knows() -> None:
    import adjoint as torch
    from adjoint.utils.benchmark import Timer

    timer = Timer("""
        x + x
    """, globals={"x": torch.ones(2)}, num_threads=1)  # fmt: skip
    told: list[int] = []
    for measured in (
        timer.timeit(50),
        timer.blocked_autorange(lambda number, time: told.append(number), min_run_time=0.01),
        timer.adaptive_autorange(min_run_time=0.001, max_run_time=0.2),
    ):
        assert measured.stmt == "x + x" and 0 < measured.median < 1
    assert told and set(told) == {told[0]}


@pytest.mark.parametrize(
    "call", ["Timer(3)", "Timer('x', language='q')", "Timer('x', global_setup='s')", "Compare([1])", "Timer().repeat()"]
)
def test_what_cannot_be_measured_is_refused_as_in_pytorch(call: str) -> None:
    from importlib import import_module

    agree(lambda torch: eval(call, vars(import_module(f"{torch.__name__}.utils.benchmark"))), raises=True)
