"""nn.Module: registration, attributes, traversal, hooks, state dicts and their errors are PyTorch's."""

import copy
import pickle
import weakref

import pytest
from both import agree


def model(torch):
    """A module with everything in it."""
    nn = torch.nn

    class Inner(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(2, 3)
            self.norm = nn.BatchNorm1d(3)
            self.register_buffer("scale", torch.ones(3), persistent=False)
            self.shift = nn.Buffer(torch.zeros(3))
            self.register_parameter("none", None)
            self.option = 3

        def extra_repr(self):
            return f"option={self.option}"

        def forward(self, x, factor=1):
            return self.norm(self.linear(x)) * self.scale + self.shift * factor

    class Outer(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = Inner()
            self.again = self.inner
            self.layers = nn.ModuleList([nn.ReLU(), nn.ReLU(), nn.Linear(3, 1)])
            self.named = nn.ModuleDict({"tanh": nn.Tanh(), "drop": nn.Dropout(0.2)})
            self.weights = nn.ParameterList([torch.ones(2), nn.Parameter(torch.zeros(1))])
            self.table = nn.ParameterDict({"a": torch.ones(1)})

        def forward(self, x):
            x = self.inner(x, factor=2)
            for layer in self.layers:
                x = layer(x)
            return self.named["tanh"](x) * self.weights[0].sum() + self.table["a"]

    return Outer()


def test_everything_is_found_by_name_and_in_order():
    def scenario(torch):
        m = model(torch)
        return [
            repr(m),
            [(n, p) for n, p in m.named_parameters()],
            [(n, tuple(b.shape)) for n, b in m.named_buffers()],
            [(n, type(c).__name__) for n, c in m.named_modules()],
            [(n, type(c).__name__) for n, c in m.named_modules(remove_duplicate=False)],
            [n for n, _ in m.named_children()],
            [n for n, _ in m.named_parameters(prefix="p", recurse=False)],
            [n for n, _ in m.named_parameters(remove_duplicate=False)],
            len(list(m.parameters())),
            len(list(m.buffers())),
            len(list(m.modules())),
            m.state_dict(),
            list(m.state_dict()._metadata.items()),
            m.get_submodule("inner.linear").in_features,
            m.get_parameter("inner.linear.weight"),
            m.get_buffer("inner.norm.running_mean"),
            m(torch.ones(4, 2)),
            "0" in dir(m.layers),
        ]

    agree(scenario, 1e-5)


def test_training_mode_and_requires_grad_reach_everything():
    def scenario(torch):
        m = model(torch)
        states = [all(c.training for c in m.modules())]
        m.eval()
        states.append(any(c.training for c in m.modules()))
        m.inner.train()
        states += [c.training for c in m.modules()]
        m.requires_grad_(False)
        states.append([p.requires_grad for p in m.parameters()])
        m.requires_grad_()
        m(torch.ones(4, 2)).sum().backward()
        states.append([p.grad is None for p in m.parameters()])
        m.zero_grad(set_to_none=False)
        states.append([None if p.grad is None else float(p.grad.abs().sum()) for p in m.parameters()])
        m.zero_grad()
        states.append([p.grad is None for p in m.parameters()])
        seen = []
        m.apply(lambda c: seen.append(type(c).__name__))
        return [states, seen]

    agree(scenario)


def test_conversion_keeps_the_parameters_and_skips_integers():
    def scenario(torch):
        m = model(torch)
        before = list(m.parameters())
        m(torch.ones(4, 2)).sum().backward()
        found = []
        for convert in (
            lambda: m.double(),
            lambda: m.half(),
            lambda: m.bfloat16(),
            lambda: m.float(),
            lambda: m.to(torch.float64),
            lambda: m.to("cpu", torch.float32),
            lambda: m.to(torch.ones(1, dtype=torch.float64)),
            lambda: m.to(device="cpu"),
            lambda: m.to(torch.device("cpu"), non_blocking=True),
            lambda: m.cpu(),
            lambda: m.type(torch.float32),
        ):
            convert()
            found.append([str(t.dtype) for t in m.state_dict().values()])
            found.append([None if p.grad is None else str(p.grad.dtype) for p in m.parameters()])
        found.append([p is q for p, q in zip(m.parameters(), before)])
        found.append([p.requires_grad and p.is_leaf for p in m.parameters()])
        return found

    agree(scenario)


ERRORS = """class A(nn.Module):
    def __init__(self): self.p = nn.Parameter(torch.ones(1))
A()
===
class A(nn.Module):
    def __init__(self): self.p = nn.Linear(1, 1)
A()
===
class A(nn.Module):
    def __init__(self): self.register_buffer("x", None)
A()
===
class A(nn.Module):
    def __init__(self): self.register_parameter("x", None)
A()
===
class A(nn.Module):
    def __init__(self): self.b = nn.Buffer(torch.ones(1))
A()
===
class A(nn.Module):
    def __init__(self): self.b
A()
===
l.foo
===
l.register_parameter("", None)
===
l.register_parameter("a.b", None)
===
l.register_parameter("in_features", None)
===
l.register_parameter(3, None)
===
l.register_parameter("x", 3)
===
l.register_parameter("x", torch.ones(1))
===
l.x = nn.Parameter(torch.ones(1)); l.register_buffer("x", torch.ones(1))
===
l.register_buffer("", None)
===
l.register_buffer("a.b", None)
===
l.register_buffer(3, None)
===
l.register_buffer("x", 3)
===
l.add_module("x", 3)
===
l.add_module(3, nn.Linear(1, 1))
===
l.add_module("", nn.Linear(1, 1))
===
l.add_module("a.b", nn.Linear(1, 1))
===
l.add_module("in_features", nn.Linear(1, 1))
===
l.weight = torch.ones(1)
===
l.weight = 3
===
s[0] = 3
===
b.running_mean = 3
===
l.get_submodule("x.y")
===
l.get_submodule("weight")
===
l.get_parameter("x")
===
l.get_parameter("in_features")
===
b.get_buffer("weight")
===
b.get_buffer("x")
===
s.set_submodule("1.2", nn.Linear(1, 1))
===
s.set_submodule("", nn.Linear(1, 1))
===
nn.Module()(1)
===
nn.Module(1)
===
nn.Module(foo=1)
===
l.train(3)
===
l.to(torch.int64)
===
l.to(torch.float32, torch.float64)
===
l.to("x")
===
l.cuda()
===
l.load_state_dict(3)
===
l.load_state_dict({})
===
l.load_state_dict({"weight": torch.ones(3, 2), "bias": 3, "c": torch.ones(1)})
===
l.load_state_dict({"weight": torch.ones(3, 3)}, strict=False)
===
nn.Sequential(l, b).load_state_dict({"weight": torch.ones(3, 2), "0.bias": 3, "c": torch.ones(1)})
===
del l.zzz
===
s[5]
===
s["x"]
===
nn.ModuleList([1])
===
nn.ModuleList(3)
===
nn.ModuleDict(3)
===
nn.ModuleDict([3])
===
nn.ModuleDict([(1, 2, 3)])
===
nn.Sequential(3)
===
nn.ParameterList(3)
===
nn.ParameterList([torch.ones(1)])(1)
===
nn.ModuleList([nn.ReLU()])[3]
===
s + 3
===
s * 0
===
s * "a"
===
s.insert(4, nn.ReLU())
===
s.insert(0, 3)
===
s.pop(3)
===
nn.ParameterDict({"a": 1})["b"]
===
nn.ModuleList([nn.ReLU()])(1)
===
l.register_backward_hook(print); l.register_full_backward_hook(print)
===
l.get_extra_state()"""


@pytest.mark.parametrize("program", ERRORS.split("\n===\n"))
def test_misuse_raises_pytorchs_error(program):
    def scenario(torch):
        nn = torch.nn
        space = {"torch": torch, "nn": nn, "l": nn.Linear(2, 2), "s": nn.Sequential(nn.Linear(1, 1)), "b": nn.BatchNorm1d(2)}
        exec(program, space)

    agree(scenario, raises=True)


def test_assignment_moves_names_between_the_registries():
    def scenario(torch):
        nn = torch.nn
        m = nn.Module()
        found = []

        def look():
            found.append(
                [sorted(m._parameters), sorted(m._buffers), sorted(m._modules), sorted(k for k in m.__dict__ if k == "x")]
            )
            found.append([n for n, _ in m.named_buffers()] + list(m.state_dict()))

        m.x = 3
        look()
        m.x = nn.Parameter(torch.ones(1))
        look()
        m.x = None
        look()
        m.x = nn.Linear(1, 1)
        look()
        m.x = nn.Parameter(torch.ones(2))
        look()
        del m.x
        m.register_buffer("x", torch.ones(2), persistent=False)
        look()
        m.x = torch.zeros(3)
        look()
        m.x = nn.Buffer(torch.zeros(4))
        look()
        m.x = None
        look()
        del m.x
        look()
        return found

    agree(scenario)


def test_containers_behave_like_lists_and_dictionaries():
    def scenario(torch):
        nn = torch.nn
        s = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
        found = [repr(s[1:]), repr(s[-1]), len(s), [type(m).__name__ for m in s]]
        s.append(nn.Tanh()).extend([nn.ReLU()]).insert(1, nn.Sigmoid())
        found += [repr(s), repr(s.pop(0)), repr(s)]
        del s[0]
        s[0] = nn.Identity()
        found += [repr(s + nn.Sequential(nn.ReLU())), repr(s * 2), list(s.state_dict())]
        s += nn.Sequential(nn.GELU())
        s *= 2
        found.append(repr(s))
        layers = nn.ModuleList([nn.ReLU(), nn.ReLU()])
        layers.append(nn.Tanh())
        layers.insert(0, nn.Sigmoid())
        layers += [nn.Linear(1, 2), nn.Linear(1, 2), nn.Linear(2, 1)]
        found += [repr(layers), repr(layers[1:3]), repr(layers + [nn.ReLU()]), repr(layers.pop(-1)), len(layers)]
        del layers[1:3]
        layers[-1] = nn.Identity()
        found += [repr(layers), nn.Tanh() in layers, repr(nn.ModuleList())]
        d = nn.ModuleDict([["b", nn.ReLU()], ["a", nn.Tanh()]])
        d["c"] = nn.Linear(1, 1)
        d.update({"b": nn.Sigmoid()})
        found += [repr(d), list(d), list(d.keys()), "a" in d, len(d), repr(d.pop("a")), [k for k, _ in d.items()]]
        d.clear()
        found.append(repr(d))
        p = nn.ParameterList([torch.ones(2), 3, nn.Parameter(torch.zeros(2, 3))])
        p.append(torch.ones(1)).extend([torch.zeros(1)])
        found += [repr(p), len(p), [type(v).__name__ for v in p], repr(p[1:3]), list(p.state_dict())]
        q = nn.ParameterDict({"b": torch.ones(2), "a": 3})
        q["c"] = torch.zeros(1)
        found += [repr(q), list(q), list(q.items()), q.get("x", 5), q.pop("a"), "a" in q, list((q | {"z": 1}).keys())]
        found += [q.setdefault("s", 4), len(q), list(q.copy()), list(reversed(q)), q.popitem(), list(q.state_dict())]
        return found

    agree(scenario)


def test_forward_hooks_run_in_order_and_may_replace():
    def scenario(torch):
        m = model(torch).inner.eval()
        seen = []
        handles = [
            m.register_forward_pre_hook(lambda module, args: seen.append(("pre", len(args)))),
            m.register_forward_pre_hook(lambda module, args: (args[0] * 2,)),
            m.register_forward_pre_hook(lambda module, args, kwargs: (args, {"factor": 5}), with_kwargs=True),
            m.register_forward_pre_hook(lambda module, args: seen.append(("first", len(args))), prepend=True),
            m.register_forward_hook(lambda module, args, output: seen.append(("post", output.sum().item()))),
            m.register_forward_hook(lambda module, args, kwargs, output: output + kwargs["factor"], with_kwargs=True),
            m.register_forward_hook(lambda module, args, output: seen.append(("before", 0)), prepend=True),
        ]
        found = [m(torch.ones(2, 2)), list(seen)]
        for handle in handles:
            handle.remove()
        seen.clear()
        found += [m(torch.ones(2, 2)), list(seen), len(m._forward_hooks_with_kwargs)]
        m.register_forward_hook(lambda module, args, output: seen.append(output), always_call=True)
        try:
            m(torch.ones(2, 3))
        except RuntimeError as error:
            found += [str(error), list(seen)]
        with m.register_forward_pre_hook(lambda module, args: seen.append("inside")):
            m(torch.ones(2, 2))
        m(torch.ones(2, 2))
        found.append([s for s in seen if isinstance(s, str)])
        return found

    agree(scenario, 1e-5)


def test_backward_hooks_see_and_replace_gradients():
    def scenario(torch):
        m = torch.nn.Linear(2, 3)
        seen = []
        x = torch.randn(4, 2, requires_grad=True)
        plain_handle = m.register_full_backward_hook(lambda module, gi, go: seen.append((gi, go)))
        y = m(x)
        seen.append([type(y.grad_fn).__name__, type(y.grad_fn.next_functions[0][0]).__name__])
        y.sum().backward()
        plain_handle.remove()
        m.register_full_backward_pre_hook(lambda module, go: (go[0] * 10,))
        m.register_full_backward_hook(lambda module, gi, go: (gi[0] * 2,))
        x.grad = None
        m(x).sum().backward()
        found = [x.grad, m.weight.grad]
        m(torch.ones(1, 2)).sum()
        return [seen, found]

    agree(scenario)


def test_backward_hooks_of_a_module_whose_inputs_need_no_gradient():
    def scenario(torch):
        m = torch.nn.Linear(2, 3)
        seen = []
        m.register_full_backward_hook(lambda module, gi, go: seen.append((gi, go)))
        m(torch.ones(4, 2)).sum().backward()
        with torch.no_grad():
            seen.append(m(torch.ones(1, 2)))
        return seen

    agree(scenario, 1e-5)


def test_a_backward_hook_must_return_as_many_gradients_as_there_are_inputs():
    def scenario(torch):
        m = torch.nn.Linear(2, 3)
        m.register_full_backward_hook(lambda module, gi, go: (gi[0], gi[0]))
        m(torch.ones(4, 2, requires_grad=True)).sum().backward()

    agree(scenario, raises=True)


def test_global_hooks_see_every_module_until_they_are_removed():
    def scenario(torch):
        module = torch.nn.modules.module
        m = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.ReLU())
        seen = []
        handles = [
            module.register_module_forward_pre_hook(lambda m, args: seen.append(("pre", type(m).__name__))),
            module.register_module_forward_hook(lambda m, args, out: seen.append(("post", type(m).__name__))),
            module.register_module_full_backward_hook(lambda m, gi, go: seen.append(("back", type(m).__name__))),
            module.register_module_parameter_registration_hook(lambda m, n, p: seen.append(("parameter", n))),
            module.register_module_module_registration_hook(lambda m, n, p: seen.append(("module", n))),
            module.register_module_buffer_registration_hook(lambda m, n, p: seen.append(("buffer", n))),
        ]
        m(torch.ones(1, 2, requires_grad=True)).sum().backward()
        torch.nn.Sequential(torch.nn.BatchNorm1d(2))
        for handle in handles:
            handle.remove()
        m(torch.ones(1, 2))
        return seen

    agree(scenario)


def test_state_dicts_share_memory_and_load_back():
    def scenario(torch):
        m, n = model(torch), model(torch)
        state = m.state_dict(prefix="p.")
        found = [list(state), all(not t.requires_grad for t in state.values())]
        found.append(all(t.requires_grad for k, t in m.state_dict(keep_vars=True).items() if "weight" in k and "norm" not in k))
        found.append(m.state_dict()["inner.linear.weight"].data_ptr() == m.inner.linear.weight.data_ptr())
        found.append(repr(n.load_state_dict(m.state_dict())))
        found.append(n.state_dict())
        partial = {"inner.linear.weight": torch.ones(3, 2), "extra": torch.ones(1)}
        keys = n.load_state_dict(partial, strict=False)
        found += [repr(keys), keys.missing_keys, keys.unexpected_keys, n.inner.linear.weight]
        weight = torch.zeros(2, 2)
        other = torch.nn.Linear(2, 2)
        old = other.weight
        other.load_state_dict({"weight": weight, "bias": torch.ones(2)}, assign=True)
        found += [other.weight is old, other.weight.data_ptr() == weight.data_ptr(), other.weight]
        return found

    agree(scenario, 1e-5)


def test_state_dict_hooks_and_extra_state():
    def scenario(torch):
        class Stateful(torch.nn.Linear):
            def get_extra_state(self):
                return {"count": 3}

            def set_extra_state(self, state):
                self.state = state

        m = torch.nn.Sequential(Stateful(1, 1))
        calls = []
        m[0].register_state_dict_pre_hook(lambda module, prefix, keep: calls.append((prefix, keep)))
        m[0].register_state_dict_post_hook(lambda module, d, prefix, meta: calls.append((sorted(d), prefix, meta)))
        m[0].register_load_state_dict_pre_hook(lambda module, d, prefix, *rest: calls.append((sorted(d), prefix, rest[1])))
        m.register_load_state_dict_post_hook(lambda module, keys: calls.append(repr(keys)))
        state = m.state_dict()
        m.load_state_dict(state)
        found = [list(state), calls, m[0].state]
        try:
            torch.nn.Sequential(torch.nn.Linear(1, 1)).load_state_dict(state)
        except RuntimeError as error:
            found.append(str(error))
        del state["0._extra_state"]
        try:
            m.load_state_dict(state)
        except RuntimeError as error:
            found.append(str(error))
        return found

    agree(scenario)


def test_a_failed_load_says_everything_that_does_not_fit():
    def scenario(torch):
        m = model(torch)
        state = m.state_dict()
        del state["inner.shift"]
        state["inner.linear.weight"] = torch.ones(2, 2)
        state["inner.more"] = torch.ones(1)
        state["weights.0"] = 3
        m.load_state_dict(state)

    agree(scenario, raises=True)


def test_parameters_and_buffers_share_memory_and_print():
    def scenario(torch):
        nn = torch.nn
        data = torch.ones(2)
        p, q, b = nn.Parameter(data), nn.Parameter(torch.arange(2), requires_grad=False), nn.Buffer(torch.ones(1))
        data.add_(1)
        found = [repr(p), repr(q), p.requires_grad, q.requires_grad, isinstance(p, torch.Tensor), p.is_leaf, p._version]
        found += [isinstance(data, nn.Parameter), isinstance(p, nn.Parameter), type(p * 2).__name__, type(p.data).__name__]
        found += [repr(b), b.persistent, isinstance(b, nn.Buffer), repr(copy.deepcopy(p)), type(copy.deepcopy(p)).__name__]
        found += [repr(pickle.loads(pickle.dumps(p))), repr(nn.Parameter()), nn.Parameter(torch.ones(1) * p.detach().sum())]
        return found

    agree(scenario)


def test_utilities_clip_gradients_and_flatten_parameters():
    def scenario(torch):
        utils = torch.nn.utils
        m = torch.nn.Linear(2, 2)
        found = []
        for clip in (
            lambda: utils.clip_grad_norm_(m.parameters(), 1.0),
            lambda: utils.clip_grad_norm_(m.weight, 0.1, float("inf")),
            lambda: utils.clip_grad_norm_(list(m.parameters()), 100.0, 1),
            lambda: utils.clip_grad_value_(m.parameters(), 0.5),
        ):
            m.zero_grad()
            (m(torch.ones(3, 2)) ** 2 * 10).sum().backward()
            found += [clip(), m.weight.grad, m.bias.grad]
        vector = utils.parameters_to_vector(m.parameters())
        utils.vector_to_parameters(torch.arange(6.0), m.parameters())
        found += [vector, m.weight, m.bias, utils.clip_grad_norm_([], 1.0)]
        m.weight.grad[0, 0] = float("nan")
        utils.clip_grad_norm_(m.parameters(), 1.0, error_if_nonfinite=True)
        return found

    agree(scenario, raises=True)


def test_a_module_is_freed_without_the_garbage_collector():
    import adjoint as torch

    m = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2))
    m(torch.ones(3, 2)).sum().backward()
    reference = weakref.ref(m)
    del m
    assert reference() is None


def test_a_name_that_is_missing_is_said():
    import adjoint as torch

    with pytest.raises(AttributeError, match=r"torch\.nn\.NoSuchThing"):
        torch.nn.NoSuchThing
    with pytest.raises(AttributeError, match=r"torch\.nn\.functional\.no_such_thing"):
        torch.nn.functional.no_such_thing
