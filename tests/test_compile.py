"""``torch.compile`` and the names around it: nothing is compiled, and what it makes of a module looks as in PyTorch."""

from __future__ import annotations

import copy
import pickle
import warnings
from typing import Any

import numpy as np
import pytest

import adjoint
from tests.both import agree


def _compiled(torch: Any, model: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.compile(model, backend="eager")


def _forget_the_warning(torch: Any) -> None:
    """The first call of ``compile`` warns in Adjoint, once in a process."""
    _compiled(torch, lambda x: x)


def test_a_compiled_module_keeps_its_names_behind_orig_mod() -> None:
    def scenario(torch: Any) -> Any:
        model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
        compiled = _compiled(torch, model)
        print(compiled)
        print(
            list(compiled.state_dict()),
            [n for n, _ in compiled.named_parameters()],
            [n for n, _ in compiled.named_modules()],
        )
        print(type(compiled).__module__.split(".")[-1], isinstance(compiled, torch.nn.Sequential), len(compiled))
        return compiled.load_state_dict(model.state_dict(), strict=False).unexpected_keys, compiled._orig_mod is model

    agree(scenario, warnings_too=False)


def test_attributes_of_a_compiled_module_are_those_of_the_module() -> None:
    def scenario(torch: Any) -> Any:
        model = torch.nn.Linear(2, 2)
        compiled = _compiled(torch, model)
        compiled.extra = 3
        print(compiled.in_features, model.extra, compiled.weight is model.weight, compiled.training)
        compiled.eval()
        print(model.training, compiled.training, "extra" in dir(compiled))
        compiled.training = True
        del compiled.extra
        print(
            model.training,
            hasattr(model, "extra"),
            compiled.register_buffer("b", torch.zeros(1)),
            list(model.state_dict()),
        )
        return len(compiled)

    agree(scenario, raises=True, warnings_too=False)


def test_a_compiled_module_is_copied_and_trained_as_the_module_is() -> None:
    def scenario(torch: Any) -> Any:
        compiled = copy.deepcopy(_compiled(torch, torch.nn.Linear(2, 1)))
        optimizer = torch.optim.SGD(compiled.parameters(), lr=0.1)
        for _ in range(2):
            optimizer.zero_grad()
            compiled(torch.ones(3, 2)).sum().backward()
            optimizer.step()
        return type(compiled).__name__, compiled.state_dict(), compiled._orig_mod.weight

    agree(scenario, warnings_too=False)


def test_a_compiled_module_is_pickled_and_runs_its_hooks_as_other_modules() -> None:
    compiled = _compiled(adjoint, adjoint.nn.Linear(2, 2))
    calls: list[str] = []
    compiled.register_forward_hook(lambda *_: calls.append("outer"))
    compiled._orig_mod.register_forward_hook(lambda *_: calls.append("inner"))
    compiled(adjoint.ones(1, 2))
    assert sorted(calls) == ["inner", "inner", "outer"] or calls == ["inner", "outer"]
    read = pickle.loads(pickle.dumps(_compiled(adjoint, adjoint.nn.Linear(2, 2))))
    assert list(read.state_dict()) == ["_orig_mod.weight", "_orig_mod.bias"]


@pytest.mark.parametrize("arguments", ["mode='nope'", "backend='nope'", "mode='default', options={}"])
def test_what_compile_is_not_given_in_pytorch_is_refused_with_its_text(arguments: str) -> None:
    _forget_the_warning(adjoint)

    def scenario(torch: Any) -> Any:
        return eval(f"torch.compile(torch.nn.ReLU(), {arguments})", {"torch": torch})

    agree(scenario, raises=True, warnings_too=False)


def test_a_backend_of_ones_own_is_refused_as_there_are_no_graphs_to_hand_it() -> None:
    with pytest.raises(NotImplementedError, match="backend of your own"):
        adjoint.compile(lambda x: x, backend=lambda graph, inputs: graph.forward)


def test_options_are_those_that_pytorch_has_and_are_put_back_after_a_patch() -> None:
    def scenario(torch: Any) -> Any:
        import importlib

        config = importlib.import_module(f"{torch.__name__}._dynamo").config
        found = [config.suppress_errors, config.recompile_limit, config.cache_size_limit]
        config.suppress_errors = True
        with config.patch(suppress_errors=False, verbose=True):
            found += [config.suppress_errors, config.verbose]
        with config.patch("verbose", True):
            found += [config.verbose]
        found += [config.suppress_errors, config.verbose]
        config.suppress_errors = False
        for attempt in (lambda: config.nothing, lambda: setattr(config, "nothing", 1)):
            try:
                attempt()
            except AttributeError as error:
                print(str(error).replace(torch.__name__, "torch"))
        return found

    agree(scenario)


def test_questions_about_compiling_are_answered_and_hints_change_nothing() -> None:
    def scenario(torch: Any) -> Any:
        import importlib

        dynamo = importlib.import_module(f"{torch.__name__}._dynamo")

        def f(x: Any) -> Any:
            return x * 2

        x = torch.ones(2)
        dynamo.mark_dynamic(x, 0), dynamo.maybe_mark_dynamic(x, 0), dynamo.mark_static(x), dynamo.graph_break()
        dynamo.reset(), torch.compiler.reset(), torch.compiler.cudagraph_mark_step_begin()
        with torch.compiler.set_stance("force_eager"):
            print(torch.compiler.is_compiling(), torch.compiler.is_dynamo_compiling(), torch.compiler.is_exporting())
        print(
            dynamo.is_compiling(),
            dynamo.list_backends(),
            torch.compiler.list_backends(),
            torch.compiler.get_default_backend(),
        )
        print(
            torch.compiler.allow_in_graph(f) is f,
            dynamo.assume_constant_result(f) is f,
            dynamo.disable(f)(x),
            dynamo.run(f)(x),
        )
        print(torch.compiler.wrap_numpy(lambda x: np.add(x, 1))(x), torch.compiler.disable(f)(x))
        return torch.compiler.set_stance("force_eager", force_backend="eager")

    agree(scenario, raises=True)


def test_what_would_hand_out_a_graph_is_refused() -> None:
    for attempt in (
        lambda: adjoint._dynamo.explain(lambda x: x),
        lambda: adjoint._dynamo.export(lambda x: x),
        lambda: adjoint.compiler.load_compiled_function(None),
    ):
        with pytest.raises(NotImplementedError, match="Adjoint runs"):
            attempt()
