"""Calls: every transform with all that its signature allows, over functions of every kind, nested three deep.

Where ``transforms`` writes deep expressions of a few forms, these are shallow ones of all forms: arguments are tensors of
every dtype, no elements, one or none dimensions, dictionaries, named tuples and lists of them; ``argnums``, ``has_aux``,
``in_dims``, ``out_dims``, ``chunk_size`` and ``randomness`` are right or wrong.  Functions read what is around them, write
to it, branch on values, ask for derivatives of their own in the older ways, are modules or custom Functions.  Results and
the gradients of all that requires grad are compared, and errors with their texts.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable

import numpy as np

from fuzz.compare import Settings
from fuzz.families.calls.prelude import PRELUDE
from fuzz.known import Case, Known
from fuzz.program import Program

ARGUMENTS = {
    "x": "data({n}, 3, dtype=f64, low=-1, high=1{grad})",
    "y": "data({n}, 2, 3, dtype=f64, low=-1, high=1{grad})",
    "s": "data({n}, dtype=f64, low=-1, high=1{grad})",
    "a": "data({n}, 3, 3, dtype=f64, low=-1, high=1{grad})",
    "one": "data({n}, 1, 3, dtype=f64, low=-1, high=1{grad})",
    "none": "torch.zeros(0, 3, dtype=f64)",
    "f": "data({n}, 3, 2, low=-1, high=1{grad})",
    "h": "data({n}, 3, dtype=torch.float16, low=-1, high=1, step=8{grad})",
    "z": "data({n}, 3, dtype=f64, low=-1, high=1{grad}) * (1 + 0.5j)",
    "k": "data({n}, 3, dtype=torch.int64)",
    "flag": "data({n}, 3) > 0",
    "d": "dict(u=data({n}, 3, dtype=f64, low=-1, high=1{grad}), v=data({m}, 3, 2, dtype=f64, low=-1, high=1))",
    "p": "Pair(data({n}, 3, dtype=f64, low=-1, high=1{grad}), [data({m}, 3, 1, dtype=f64, low=-1, high=1)])",
    "number": "2.5",
}
COMMON = ["x", "x", "x", "y", "a", "a", "d", "p", "s", "f"]
ALL = [*ARGUMENTS]

OUTPUTS = [
    "_u * _u",
    "_u.exp()",
    "_u * w0",
    "_u.cumsum(-1)",
    "_u.softmax(-1)",
    "_u.sum()",
    "_u[..., :1]",
    "torch.where(_u > 0, _u, -2 * _u)",
    "_u.flatten()",
    "(_u, total(_a))",
    "[_u.sin()]",
    "dict(one=_u * 2, two=[total(_a)])",
    "Pair(_u.cos(), total(_a) * w)",
    "_u.mean(-1, keepdim=True)",
    "_u @ _u.mT if _u.dim() > 1 else _u @ w",
    "lin(_u)",
    "_u.max(-1).values if _u.dim() else _u",
    "torch.stack([_u, _u * 2], -1)",
    "_u.expand(2, *_u.shape)",
    "_u",
    "w",
    "_u.sum(-1), _u.detach()",
    "torch.ones(2, dtype=f64)",
    "_u > 0",
    "_u.round().long()",
    "()",
    "None",
    "1.5",
    "_u.sort(-1).indices if _u.dim() else _u",
    "_u * 1j",
    "_u.float()",
    "_u.half()",
    "_u.std(-1) if _u.dim() else _u",
    "_u.norm()",
    "torch.linalg.vector_norm(_u, dim=-1) if _u.dim() else _u.abs()",
    "_u.flip(-1) if _u.dim() else _u",
]
SCALARS = [
    "total(_a)",
    "total(_a)",
    "total(_a) * w.sum()",
    "(_u * w0).sum()",
    "(_u ** 3).sum()",
    "_u.exp().mean()",
    "_u.logsumexp(-1).sum()",
    "(lin(_u) ** 2).sum()",
    "torch.linalg.vector_norm(_u)",
    "_u.prod()",
    "_u.abs().sum()",
    "w.sum()",
    "_u.max()",
    "s0 * 1",
    "torch.tensor(1.5, dtype=f64)",
    "_u.sum().real",
    "_u.var()",
    "F.mse_loss(_u, torch.zeros_like(_u))",
    "_u.sum().round()",
    "total(_a).float()",
    "(_u > 0).sum()",
    "_u.sum() * 1j",
]

WRAPPERS = [
    "silent",
    "loud",
    "inferring",
    "writes_input",
    "writes_copy",
    "writes_square",
    "writes_view",
    "writes_captured",
    "writes_part",
    "copies_into",
    "branches",
    "takes_item",
    "loops",
    "requires",
    "requires_attribute",
    "grad_inside",
    "backward_inside",
    "functional_inside",
    "hessian_inside",
    "vjp_functional_inside",
    "checkpointed",
    "checkpointed_reentrant",
    "draws",
    "drops",
    "dual_inside",
    "detaches",
    "as_numbers",
    "as_array",
    "as_bool",
    "data_of",
    "saves",
    "squares",
    "squares_with_rule",
    "squares_without",
    "squares_old",
    "squares_twice",
    "norms",
    "norms_untracked",
    "calls_module",
    "functionalized",
    "sizes_of",
    "indexes_by_value",
    "masks",
    "fills",
    "nonzero",
    "uniques",
    "compares",
    "makes_leaf",
    "clones_detached",
    "swaps_data",
]

OUTSIDE = ["hooks", "retains"]
"""Of what a vmap's samples do not say in PyTorch: whether they require grad outside."""


class _Maker:
    """A program under construction."""

    def __init__(self, r: random.Random) -> None:
        self.r = r
        self.vmaps = 0  # how many are around the function that is written
        self.names = [r.choice(COMMON if r.random() < 0.75 else ALL) for _ in range(r.choice([1, 1, 2, 3]))]
        self.lines = [
            f"w = data({r.randrange(99)}, 3, dtype=f64, low=-1, high=1{', grad=True' * (r.random() < 0.7)})",
            "w0 = w[0]",
            "s0 = w.sum()",
            f"lin = fill(nn.Linear(3, 3, dtype=f64), {r.randrange(99)})",
        ]
        for name in sorted(set(self.names)):
            grad = ", grad=True" * (r.random() < 0.3)
            made = ARGUMENTS[name].format(n=r.randrange(99), m=r.randrange(99), grad=grad)
            self.lines.append(f"{name} = {made}")

    def function(self, depth: int, scalar: bool) -> str:
        """An expression for a function of the arguments; ``scalar``: what ``grad`` can do something with."""
        r = self.r
        if depth == 0:
            body = r.choice(SCALARS if scalar else OUTPUTS)
            if not scalar and r.random() < 0.4:  # what all can do
                body = r.choice(OUTPUTS[:16])
            elif scalar and r.random() < 0.4:
                body = r.choice(SCALARS[:8])
            made = f"(lambda *_a: (lambda _u: {self.bracketed(body)})(first(_a)))"
            return made if r.random() < 0.55 else f"{self.wrapper()}({made})"
        inner = getattr(self, r.choice(TRANSFORMS))(depth)
        if scalar:
            inner = f"totalled({inner})"
        return inner if r.random() < 0.9 else f"{self.wrapper()}({inner})"

    def wrapper(self) -> str:
        return self.r.choice(WRAPPERS if self.vmaps else WRAPPERS + OUTSIDE)

    @staticmethod
    def bracketed(body: str) -> str:
        return f"({body})" if ", " in body and not body.startswith(("(", "[", "dict", "Pair", "torch", "F.")) else body

    def argnums(self, negative: bool = True) -> str:
        r, n = self.r, len(self.names)
        if r.random() < 0.5:
            return ""
        if r.random() < 0.08:
            return ", argnums=" + r.choice(["5", "-4", "(0, 0)", "()", "[0]", "(0, -1)", "1.0", "None"])
        if r.random() < 0.5:
            return f", argnums={r.randrange(-n if negative or r.random() < 0.05 else 0, n)}"
        some = r.sample(range(n), r.randint(1, n))
        return f", argnums=({', '.join(map(str, some))},)"

    def inner(self, depth: int, scalar: bool, aux: bool, vmapped: bool = False) -> str:
        self.vmaps += vmapped
        made = self.function(depth - 1, scalar)
        self.vmaps -= vmapped
        if aux:
            made = f"with_aux({made})"
        elif self.r.random() < 0.02:
            made = f"with_aux({made})"
        return made

    def aux(self, chance: float = 0.2) -> tuple[bool, str]:
        aux = self.r.random() < chance
        return aux, ", has_aux=True" if aux else ""

    def grad(self, depth: int) -> str:
        aux, text = self.aux()
        name = self.r.choice(["grad", "grad", "grad_and_value"])
        return f"func.{name}({self.inner(depth, self.r.random() < 0.95, aux)}{self.argnums()}{text})"

    def jacrev(self, depth: int) -> str:
        aux, text = self.aux()
        chunk = self.r.choice(["", "", "", ", chunk_size=1", ", chunk_size=2", ", chunk_size=50"])
        if self.r.random() < 0.01:
            chunk = ", chunk_size=0"
        return f"func.jacrev({self.inner(depth, False, aux)}{self.argnums()}{text}{chunk})"

    def jacfwd(self, depth: int) -> str:
        aux, text = self.aux()
        how = self.r.choice(["", "", "", ", randomness='same'", ", randomness='different'"])
        return f"func.jacfwd({self.inner(depth, False, aux, True)}{self.argnums(False)}{text}{how})"

    def hessian(self, depth: int) -> str:
        return f"func.hessian({self.inner(depth, True, False, True)}{self.argnums(False)})"

    def vjp(self, depth: int) -> str:
        aux, text = self.aux()
        how = self.r.choice(["pulled", "pulled", "valued", "pulled_twice"])
        return f"{how}({self.inner(depth, False, aux)}{text})"

    def jvp(self, depth: int) -> str:
        aux, text = self.aux()
        strict = ", strict=True" * (self.r.random() < 0.1)
        return f"pushed({self.inner(depth, False, aux, True)}{text}{strict})"

    def linearize(self, depth: int) -> str:
        return f"linearized({self.inner(depth, False, False, True)})"

    def functionalize(self, depth: int) -> str:
        return f"func.functionalize({self.inner(depth, False, False, True)}{self.r.choice(['', REMOVE])})"

    def vmap(self, depth: int) -> str:
        r = self.r
        dims = "".join(self.dim(name) + ", " for name in self.names)
        in_dims = r.choice(["", f", in_dims=({dims})", f", in_dims=({dims})", ", in_dims=-1"])
        out_dims = r.choice(["", "", "", ", out_dims=-1", ", out_dims=1", ", out_dims=None", ", out_dims=(0, 1)"])
        if r.random() < 0.03:
            out_dims = r.choice([", out_dims=5", ", out_dims=(0,)", ", out_dims=(0, None)", ", out_dims={'one': 0, 'two': 1}"])
        how = r.choice(["", "", ", randomness='same'", ", randomness='different'"])
        chunk = r.choice(["", "", "", ", chunk_size=1", ", chunk_size=2"])
        return f"func.vmap({self.inner(depth, False, False, True)}{in_dims}{out_dims}{how}{chunk})"

    def dim(self, name: str) -> str:
        r = self.r
        if name == "number" or r.random() < 0.15:
            return "None"
        if name == "d":
            return r.choice(["0", "0", "{'u': 0, 'v': -2}", "{'u': None, 'v': 1}", "{'u': 0, 'v': None}"])
        if name == "p":
            return r.choice(["0", "0", "Pair(0, [None])", "Pair(None, [0])", "(0, [0])"])
        return r.choice(["0", "0", "0", "-1", "1"])

    def program(self) -> Program:
        r = self.r
        depth = r.choice([1, 1, 1, 2, 2, 3])
        arguments = ", ".join(self.names)
        way = r.random()
        if way < 0.12:
            self.functional(arguments)
        else:
            around = r.choice([""] * 8 + ["silent", "inferring", "loud", "in_level"])
            function = self.function(depth, False)
            self.lines.append(f"_f = {around + '(' + function + ')' if around else function}")
            self.lines.append(f"y = shown(_f({arguments}))")
        self.differentiate()
        return Program(self.lines, PRELUDE)

    def functional(self, arguments: str) -> None:
        """torch.autograd.functional's."""
        r = self.r
        name = r.choice(["jacobian", "hessian", "vjp", "jvp", "hvp", "vhp"])
        self.vmaps += 1
        function = self.function(r.choice([0, 0, 0, 1]), name not in ("jacobian", "vjp", "jvp"))
        given = f"({arguments},)" if len(self.names) > 1 or r.random() < 0.2 else arguments
        options = "".join(
            text for text in (", create_graph=True", ", strict=True") if r.random() < 0.3
        )  # fmt: skip
        if name in ("jacobian", "hessian"):
            options += ", vectorize=True" * (r.random() < 0.4)
            strategy = "strategy" if name == "jacobian" else "outer_jacobian_strategy"
            options += f", {strategy}='forward-mode'" * (r.random() < 0.25)
        else:
            v = r.choice(["", f", v={given}", f", v={given}", f", v=like({function}, {given})"])
            options = v + options
        self.lines.append(f"y = shown(torch.autograd.functional.{name}({function}, {given}{options}))")

    def differentiate(self) -> None:
        r = self.r
        if r.random() < 0.35:
            return
        self.lines.append("loss = total(y) + (w * 3).sum() + lin.bias.sum()")
        if r.random() < 0.6:
            self.lines.append("loss.backward()")
        else:
            self.lines.append("g = torch.autograd.grad(loss, [w, lin.weight], create_graph=True, allow_unused=True)")
            self.lines.append("again = total(g) + (w * w).sum()")
            self.lines.append("again.backward()")


REMOVE = ", remove='mutations_and_views'"
TRANSFORMS = ["grad", "grad", "jacrev", "jacrev", "jacfwd", "jacfwd", "hessian", "vjp", "jvp", "jvp", "linearize"]
TRANSFORMS += ["functionalize", "vmap", "vmap", "vmap", "vmap"]


_IN_PLACE = re.compile(
    "would mutate a captured Tensor|is being used in an in-place operation|vmap: .*is not possible|"
    "is a view and is being modified inplace|more than one element of the written"
)
_OUTDATED = re.compile("modified by an inplace operation")
_FORWARD = re.compile("pushed|linearized|jacfwd|hessian|jvp|forward-mode")


def _texts(theirs: str, ours: str = "") -> Callable[[Case], bool]:
    """Where both raise, these; or, where ``ours`` is ``"nothing"``, PyTorch alone."""

    def applies(case: Case) -> bool:
        texts = case.texts if case.found.key == "raised" else ("", "")
        if not re.search(theirs, texts[0]) or not texts[0]:
            return False
        return not texts[1] if ours == "nothing" else bool(re.search(ours, texts[1]))

    return applies


def _of(applies: Callable[[Case], bool], pattern: str) -> Callable[[Case], bool]:
    """Of programs in which this is."""
    return lambda case: applies(case) and re.search(pattern, str(case.program)) is not None


def _made_inside(case: Case) -> bool:
    keys = {"requires_grad": (False, True), "is_leaf": (True, False), "grad's graph": (False, True)}
    return keys.get(case.found.key) == (case.found.pytorch, case.found.adjoint) and "makes_leaf" in str(case.program)


def _differs(case: Case) -> bool:
    return case.found.key in ("value", "grad")


def _set_on_a_wrapper(case: Case) -> bool:
    set_so = case.found.key in ("requires_grad", "is_leaf", "grad_fn", "grad") or (
        case.found.key == "raised" and not case.texts[0] and "change requires_grad flags of leaf" in case.texts[1]
    )
    return set_so and "requires_attribute" in str(case.program)


def _expanded_elsewhere(case: Case) -> bool:
    theirs, ours = case.found.pytorch, case.found.adjoint
    if not (_differs(case) and isinstance(theirs, np.ndarray) and isinstance(ours, np.ndarray)):
        return False
    return theirs.shape == ours.shape and bool(np.isclose(np.sort(theirs, None), np.sort(ours, None), 1e-9).all())


def _negative_argnum(case: Case) -> bool:
    of_none = case.found.key in ("value", "grad", "requires_grad", "grad's graph", "grad's dtype", "grad_fn", "is_leaf")
    return of_none and re.search(r"(jacfwd|hessian)\(.*argnums=(-\d|\([^)]*-\d)", str(case.program)) is not None


def _of_forward_mode(case: Case) -> bool:
    return _differs(case) and _FORWARD.search(str(case.program)) is not None


KNOWN = [
    Known("which of two reasons not to write in place is found first", _texts(_IN_PLACE.pattern, _IN_PLACE.pattern)),
    Known(
        "a write to what a function captured, which Adjoint cannot tell from what the function made",
        _texts("would mutate a captured Tensor", "nothing"),
    ),
    Known(
        "where an output is the same for all samples and out_dims is not 0, PyTorch expands it at the wrong place",
        lambda case: (
            _of(_texts("The expanded size of the tensor", "nothing"), "out_dims")(case)
            or _of(_expanded_elsewhere, "out_dims")(case)
        ),
    ),
    Known(
        "what no sample differs in may be returned under out_dims=None; PyTorch takes all derivatives for different ones",
        _of(_texts("can not return a BatchedTensor when out_dim is None", "nothing"), "out_dims"),
    ),
    Known(
        "PyTorch has no functionalization of Functions, of what is captured, nor of itself inside of a jvp",
        _of(
            _texts(
                "NYI: Functionalize rule for custom_function_call|INTERNAL ASSERT FAILED|unallocated storage|"
                "A different number of tensors was saved"
            ),
            "functionalize",
        ),
    ),
    Known(
        "PyTorch cannot linearize inside of forward mode, nor the reverse",
        _of(_texts("Nested forward mode AD is not supported|Expected f to be a function that has non-empty"), "linearized"),
    ),
    Known(
        "PyTorch linearizes by forward mode, which may write to inputs, Adjoint by the gradient's derivative",
        _of(lambda case: not case.texts[0] and bool(_IN_PLACE.search(case.texts[1]) or _OUTDATED.search(case.texts[1]))
            if case.found.key == "raised" else False, "linearized"),
    ),
    Known("PyTorch's transforms do not have hooks of saved tensors", _texts("don't yet support saved tensor hooks")),
    Known(
        "how an array is refused that a tensor inside of a transform does not have",
        _texts(
            "Cannot access data pointer|tolist.. shouldn't|calling .item",
            "Cannot access data pointer|Can't call numpy|calling .item",
        ),
    ),
    Known(
        "which product of matrices minds the dtypes or dimensions",
        _texts(
            "to have the same dtype, but got|to matmul need to be|shapes cannot be multiplied|size mismatch, got input",

            "mat2 must have the same dtype|to linear need to be|shapes cannot be multiplied|to have same dtype|inconsistent tensor size",
        ),
    ),
    Known("which tensor is found first to be outdated", _texts(_OUTDATED.pattern, _OUTDATED.pattern)),
    Known(
        "a shape that does not fit, of the batch or of a sample",
        _texts("^shape '.*' is invalid|Expected reduction dim", "^shape '.*' is invalid|Expected reduction dim"),
    ),
    Known(
        "which of two ways to depend on a sample's value it was",
        _texts(
            "calling .item..|dynamic shape|data-dependent|shape of the mask", "calling .item..|dynamic shape|data-dependent"
        ),
    ),
    Known("a leaf made inside of a transform, which in PyTorch is forgotten with it", _made_inside, goes_on=True),
    Known("requires_grad set on a sample, which in PyTorch is set on nothing else", _set_on_a_wrapper),
    Known("PyTorch's jacfwd differentiates nothing for a negative argnum", _negative_argnum),
    Known("PyTorch's tangent of x.mul_(x) reads what it has overwritten", _of(_of_forward_mode, "writes_square")),
    Known(
        "PyTorch's tangents and third derivatives of batch norm take its statistics for constants",
        lambda case: _of(_of_forward_mode, "norms")(case) or (_of(_differs, "norms")(case) and _nested(case) > 2),
    ),
    Known(
        "PyTorch's derivative of a Function's tangent is zero",
        lambda case: _of(_of_forward_mode, "squares")(case) and _nested(case) > 1,
    ),
    Known(
        "of a Function without a vmap only the tangents are samples, which Adjoint can do",
        _of(_texts("it does not have vmap support|You must implement the jvp function"), "hessian|jacfwd|pushed|linearized"),
    ),
    Known(
        "what a linearized function captured and returned, which PyTorch's makes anew",
        _of(lambda case: case.found.key == "is_leaf", "linearized"),
    ),
    Known(
        "data set in a functionalization inside of another transform",
        _of(lambda case: case.found.key == "raised" and not case.texts[0] and "`.data`" in case.texts[1], "functionalize"),
    ),
    Known(
        "a functionalized write, which PyTorch makes of new tensors",
        _of(
            lambda case: case.found.key == "raised" and not case.texts[0]
            and bool(_OUTDATED.search(case.texts[1]) or _IN_PLACE.search(case.texts[1])),
            "functionalize",
        ),
    ),
    Known(
        "a sample's value in an index, or data of what no sample differs in: which of the operands PyTorch takes for samples",
        _of(_texts("calling .item.. on a Tensor or"), "indexes_by_value|branches|takes_item|as_bool"),
    ),
    Known(
        "data of what no sample differs in, but its tangents do",
        _of(lambda case: case.found.key == "raised" and not case.texts[0] and "accessing `data`" in case.texts[1], "data_of"),
    ),
    Known(
        "an array of what does not require grad by itself, in a transform around",
        _of(_texts("Cannot access data pointer", "nothing"), "as_array|as_numbers"),
    ),
    Known("PyTorch expands by a size that it made up", _texts("DefaultCPUAllocator: can't allocate memory|arg_spec must not be")),
    Known(
        "whether a derivative that is constant has a tangent, which strict=True asks for",
        _of(lambda case: case.found.key == "raised" and not case.texts[0] and "strict=True" in case.texts[1], "jac|hess|grad"),
    ),
    Known("which way to an array it was that a transform does not have", _texts("`.data` |Dimension out of range", "`data` |`.data` ")),
    Known(
        "data, and a functionalized detach, are outside of the innermost transform alone in PyTorch",
        lambda case: (
            (case.found.key in ("value", "grad") and _nested(case) > 1) or case.found.key in ("requires_grad", "is_leaf")
        )
        and re.search("data_of|functionalize.*detach", str(case.program)) is not None,
    ),
    Known(
        "PyTorch fails inside of a transform of no elements, or of inference mode",
        _texts(
            "select..: index 0 out of range for tensor of size|argument 'dim' must be int, not NoneType|expected t.size.0. to be 1, got 0|"
            "flat_bdims must not be None|Cannot set version_counter for inference tensor|Expected at least one tensor|tuple index out of range|"
            "self.is_inference.. INTERNAL ASSERT FAILED|stack expects a non-empty TensorList|"
            "cannot reshape tensor of 0 elements into shape .0, -1.|'NoneType' object has no attribute 'sum'"
        ),
    ),
    Known(
        "torch.autograd.grad inside of a jvp, of what requires grad outside, which PyTorch does not see there",
        _of(_texts("element 0 of tensors does not require grad|One of the differentiated Tensors does not", "nothing"), "_inside"),
    ),
]


def _nested(case: Case) -> int:
    return len(re.findall("func.grad|func.jac|func.hess|pulled|valued|pushed|linearized", str(case.program)))


NAME = "calls"
COMPARED = Settings(strides=False, graph=0, version=False, ulps=1024.0, memory=False)
TESTED = 60


def generate(random: random.Random) -> Program:
    """A call, and the gradients of what comes out."""
    return _Maker(random).program()

