"""Module's whole interface: hooks on all modules, conversions that make new parameters, state beside tensors, and names."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import Any

import pytest
from both import agree, torch

import adjoint


def net(torch: Any) -> Any:
    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = torch.nn.Linear(2, 2), torch.nn.Linear(2, 1)

        def forward(self, x: Any) -> Any:
            return self.b(self.a(x))

    return Net()


@pytest.fixture(autouse=True)
def no_kind_yet() -> Any:
    """Hooks on all modules' backwards are of one kind in a process, whichever came first."""
    from adjoint.nn.modules import module_hooks

    module_hooks._Global.full = torch.nn.modules.module._global_is_full_backward_hook = None
    yield
    module_hooks._Global.full = torch.nn.modules.module._global_is_full_backward_hook = None


def test_modules_have_all_that_pytorchs_have() -> None:
    theirs, ours = torch.nn.Module, adjoint.nn.Module
    marks = {"___needs_generation_tag_patch"}  # PyTorch's compiler leaves it there, if a test before has called that
    assert [name for name in dir(theirs) if not hasattr(ours, name) and name not in marks] == []
    for name in dir(theirs):
        if name[:2] == "__" or not inspect.isfunction(getattr(theirs, name)):
            continue
        a, b = (
            [(p.name, p.kind, p.default is p.empty) for p in inspect.signature(getattr(m, name)).parameters.values()]
            for m in (theirs, ours)
        )
        assert a == b or name == "forward" or (name in ("to", "_call_impl", "_wrapped_call_impl") and len(a) == len(b)), name


def test_hooks_on_all_modules_run_in_pytorchs_order() -> None:
    def scenario(torch: Any) -> Any:
        M, log = import_module(f"{torch.__name__}.nn.modules.module"), []
        name = lambda m: type(m).__name__
        handles = [
            M.register_module_forward_pre_hook(lambda m, i: log.append(f"before {name(m)}")),
            M.register_module_forward_hook(lambda m, i, o: log.append(f"after {name(m)}")),
            M.register_module_forward_hook(lambda m, i, k, o: log.append(f"with {k} {name(m)}"), with_kwargs=True),
            M.register_module_full_backward_hook(lambda m, gi, go: log.append(f"backward {name(m)} {len(gi)}")),
            M.register_module_full_backward_pre_hook(lambda m, go: log.append(f"before backward {name(m)}")),
            M.register_module_parameter_registration_hook(lambda m, n, p: log.append(f"parameter {n}")),
            M.register_module_buffer_registration_hook(lambda m, n, b: log.append(f"buffer {n}")),
            M.register_module_module_registration_hook(lambda m, n, s: log.append(f"module {n} {name(s)}")),
        ]
        try:
            net(torch)(torch.ones(1, 2, requires_grad=True)).sum().backward()
            torch.nn.Sequential(torch.nn.BatchNorm1d(2))
        finally:
            for handle in handles:
                handle.remove()
        return log

    agree(scenario)


def test_hooks_on_the_nodes_of_all_modules_outputs() -> None:
    def scenario(torch: Any) -> Any:
        M, log = import_module(f"{torch.__name__}.nn.modules.module"), []
        handle = M.register_module_backward_hook(lambda m, gi, go: log.append((type(m).__name__, len(gi), len(go))))
        try:
            m = net(torch)
            m(torch.ones(1, 2, requires_grad=True)).sum().backward()
            print(log)
            M.register_module_full_backward_hook(lambda m, gi, go: None)
        finally:
            handle.remove()

    agree(scenario, raises=True)


@pytest.mark.parametrize("output", ["(x * y, x + y)", "{'a': x * y}", "[x * y]", "x * y", "(x * y).exp()"])
def test_a_hook_on_the_node_of_the_output_warns_of_what_it_does_not_see(output: str) -> None:
    def scenario(torch: Any) -> Any:
        class Made(torch.nn.Module):
            def forward(self, x: Any, y: Any) -> Any:
                return eval(output)

        m, log = Made(), []
        m.register_backward_hook(lambda m, gi, go: log.append((gi, go)))
        found = m(torch.ones(1, requires_grad=True), torch.ones(1))
        each = found.values() if isinstance(found, dict) else found if isinstance(found, (tuple, list)) else [found]
        sum(t.sum() for t in each).backward()
        return log

    agree(scenario)


@pytest.mark.parametrize("switch", ["overwrite", "swap", None])
def test_conversions_keep_make_or_exchange_parameters(switch: str | None) -> None:
    def scenario(torch: Any) -> Any:
        future = import_module(f"{torch.__name__}.__future__")
        set_, get = (getattr(future, f"{verb}_{switch}_module_params_on_conversion", None) for verb in ("set", "get"))
        m = torch.nn.Linear(2, 2)
        m(torch.ones(1, 2)).sum().backward()
        before = m.weight, m.weight.data.clone()
        if switch:
            set_(True)
        try:
            m.double()
            state = {k: v * 2 for k, v in m.state_dict().items()}
            m.load_state_dict(state)
            print(switch and get())
        finally:
            if switch:
                set_(False)
        return m.weight is before[0], before[0].dtype, m.weight, m.weight.grad, m.weight.requires_grad

    agree(scenario, warnings_too=False)


def test_modules_on_devices_that_are_not_there() -> None:
    for device in ("xpu", "ipu", "mtia"):
        agree(lambda torch: getattr(torch.nn.Linear(1, 1), device)(), raises=True)  # noqa: B023
        agree(lambda torch: type(getattr(torch.nn.Identity(), device)()).__name__)  # noqa: B023


def test_state_beside_tensors_and_hooks_on_state_dicts() -> None:
    def scenario(torch: Any) -> Any:
        class Counted(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.count, self.w = 1, torch.nn.Parameter(torch.ones(1))

            def get_extra_state(self) -> Any:
                return {"count": self.count}

            def set_extra_state(self, state: Any) -> None:
                self.count = state["count"]

        m, other = Counted(), Counted()
        m.count = 5
        m.register_state_dict_pre_hook(lambda m, prefix, keep: print("before", prefix, keep))
        m.register_state_dict_post_hook(lambda m, state, prefix, meta: state.update(x=1))
        other.register_load_state_dict_pre_hook(lambda m, state, *rest: state.pop("x", None))
        other.register_load_state_dict_post_hook(lambda m, keys: keys.missing_keys.clear())
        print(other.load_state_dict(m.state_dict()), other.count, other.load_state_dict({}), m._replicate_for_data_parallel())
        return m._call_impl.__func__ is not None, list(m.state_dict())

    agree(scenario)
