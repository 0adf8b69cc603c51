"""Cases: per tutorial what its program has made so far, and per statement a mistake that learners make there."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """A statement of a tutorial, what a learner writes in its place, and in a few words what is wrong with that."""

    statement: str
    mistake: str
    wrong: str


@dataclass(frozen=True)
class Tutorial:
    """A tutorial's name, the program that comes before each of its mistakes, and the cases."""

    name: str
    page: str
    before: str
    cases: tuple[Case, ...]


FIRST = Tutorial(
    "The first gradient",
    "1-gradients",
    """\
import torch
torch.manual_seed(0)
x = torch.randn(3, requires_grad=True)
y = x + 2
z = y * y * 2
weights = torch.ones(4, requires_grad=True)
""",
    (
        Case("import torch", "import torhc", "the module's name"),
        Case("torch.manual_seed(0)", "torch.manual_seed('zero')", "a seed is a number"),
        Case("x = torch.randn(3)", "x = torch.randn('3')", "a size is a number"),
        Case("x = torch.randn(3)", "x = torch.randn(3.0)", "a size is a whole number"),
        Case("x = torch.randn(3)", "x = torch.rand_n(3)", "the function's name"),
        Case("print(x)", "print(X)", "upper and lower case are different names"),
        Case("x = torch.randn(3, requires_grad=True)", "x = torch.rand(3, require_grad=True)", "requires_grad, with an s"),
        Case("x = torch.randn(3, requires_grad=True)", "x = torch.randn(3, True)", "the switch has to be named"),
        Case("x = torch.randn(3, requires_grad=True)", "x = torch.arange(3, requires_grad=True)", "integers have no gradient"),
        Case("y = x + 2", "y = x + '2'", "2, not its picture"),
        Case("y = x + 2", "y = x + torch.ones(2)", "the sizes differ"),
        Case("y = x + 2", "y = x + [2, 2, 2]", "a list is no tensor"),
        Case("y.grad_fn", "y.grad_fun", "the attribute's name"),
        Case("y.grad_fn", "print(x.grad_fn)", "a leaf was made by nothing"),
        Case("z = y * y * 2", "z = y * y 2", "an operator is missing"),
        Case("z = y * y * 2", "z = y ** y ** 2; print(z.shape, z.requires_grad)", "another formula: nothing can notice"),
        Case("z = z.mean()", "z = torch.arange(3).mean()", "a mean of integers is none"),
        Case("z = z.mean()", "z = z.mean; z.backward()", "the brackets that call it"),
        Case("z.backward()", "z.backward()", "three numbers, and one is needed"),
        Case("z.backward()", "z.mean().backwards()", "the method's name"),
        Case("z.backward()", "z = z.mean(); z.backward(); z.backward()", "twice through a graph that was freed"),
        Case("print(x.grad)", "print(x.grad)", "before any backward there is none"),
        Case("print(x.grad)", "z.mean().backward(); print(y.grad is None)", "only leaves keep theirs"),
        Case("print(x.grad)", "print(x.gradient)", "the attribute's name"),
        Case("out = (plain + 2).mean(); out.backward()", "(torch.randn(3) + 2).mean().backward()", "nothing is watched"),
        Case("out = (plain + 2).mean(); out.backward()", "x.detach().mean().backward()", "detached, so nothing is watched"),
        Case("v = torch.tensor([0.1, 1.0, 0.001])", "v = torch.Tensor(0.1, 1.0, 0.001)", "tensor, in lower case, and a list"),
        Case("v = torch.tensor([0.1, 1.0, 0.001])", "v = torch.tensor(0.1, 1.0, 0.001)", "one list, in brackets of its own"),
        Case("dtype=torch.float32", "v = torch.tensor([0.1, 1.0], dtype='float32')", "a dtype is no string"),
        Case("z.backward(v)", "z.backward(torch.tensor([0.1, 1.0]))", "as many numbers as z has"),
        Case("z.backward(v)", "z.backward([0.1, 1.0, 0.001])", "a list is no tensor"),
        Case("x.requires_grad_(False)", "z.requires_grad_(False)", "a result has no switch: detach it"),
        Case("x.requires_grad_(False)", "x.requires_grad_('False')", "False, not its picture"),
        Case("x.requires_grad_(False)", "x.requires_grad(False)", "the underscore at its end"),
        Case("y = x.detach()", "y = x.detach; print(y + 1)", "the brackets that call it"),
        Case("y = x.detach()", "x.detach(); print(x.requires_grad)", "it returns another tensor"),
        Case("with torch.no_grad():", "with torch.no_grad:\n    y = x + 2", "the brackets that call it"),
        Case("with torch.no_grad():", "with torch.nograd():\n    y = x + 2", "the underscore in its name"),
        Case("with torch.no_grad():", "with torch.no_grad():\n    y = x + 2\ny.sum().backward()", "nothing was written down"),
        Case("weights = torch.ones(4, requires_grad=True)", "weights = torch.ones([4], requires_grad='yes')", "a bool"),
        Case("model_output = (weights * 3).sum()", "model_output = (weights * 3).sum(1)", "it has one dimension, number 0"),
        Case("model_output = (weights * 3).sum()", "model_output = weights * 3.sum()", "brackets around the product"),
        Case(
            "model_output.backward()",
            "for _ in range(3): (weights * 3).sum().backward()\nprint(weights.grad)",
            "gradients add up",
        ),
        Case("weights.grad.zero_()", "weights.grad.zero_()", "there is no gradient yet"),
        Case("weights.grad.zero_()", "(weights * 3).sum().backward(); weights.grad.zero()", "the underscore at its end"),
        Case("weights.grad.zero_()", "weights.zero_()", "that empties the weights, not their gradient"),
        Case("optimizer = torch.optim.SGD([weights], lr=0.01)", "torch.optim.SGD(weights, lr=0.01)", "a list of tensors"),
        Case("optimizer = torch.optim.SGD([weights], lr=0.01)", "torch.optim.SGD([weights], lr=-0.01)", "not below zero"),
        Case("optimizer = torch.optim.SGD([weights], lr=0.01)", "torch.optim.SGD([weights * 1], lr=0.01)", "leaves only"),
        Case("optimizer = torch.optim.SGD([weights], lr=0.01)", "torch.optim.SDG([weights], lr=0.01)", "the class's name"),
        Case("optimizer = torch.optim.SGD([weights], lr=0.01)", "torch.optim.SGD([weights], 'fast')", "a number"),
        Case("optimizer.step()", "torch.optim.SGD([weights], lr=0.01).steps()", "the method's name"),
        Case("optimizer.step()", "weights -= 0.01", "a watched leaf is not written to"),
        Case("optimizer.zero_grad()", "torch.optim.SGD([weights], lr=0.01).zero_grads()", "the method's name"),
    ),
)

LAYER = Tutorial(
    "One layer, differentiated",
    "2-one-layer",
    """\
import torch
torch.manual_seed(0)
x = torch.ones(5)
y = torch.zeros(3)
w = torch.randn(5, 3, requires_grad=True)
b = torch.randn(3, requires_grad=True)
z = torch.matmul(x, w) + b
loss = torch.nn.functional.binary_cross_entropy_with_logits(z, y)
""",
    (
        Case("x = torch.ones(5)", "torch.matmul(torch.ones(4), w)", "five inputs"),
        Case("y = torch.zeros(3)", "torch.nn.functional.binary_cross_entropy_with_logits(z, torch.zeros(2))", "three outputs"),
        Case("w = torch.randn(5, 3, requires_grad=True)", "torch.randn(5, '3', requires_grad=True)", "sizes are numbers"),
        Case("b = torch.randn(3, requires_grad=True)", "torch.matmul(x, w) + torch.randn(5)", "one bias an output"),
        Case("z = torch.matmul(x, w) + b", "torch.matmul(w, x)", "the order of the factors"),
        Case("z = torch.matmul(x, w) + b", "x * w", "element by element is another product"),
        Case("z = torch.matmul(x, w) + b", "torch.mm(x, w)", "mm takes matrices only"),
        Case("z = torch.matmul(x, w) + b", "torch.matmul([1.0] * 5, w)", "a list is no tensor"),
        Case("z = torch.matmul(x, w) + b", "torch.matmul(torch.ones(5, dtype=torch.int64), w)", "one dtype for both"),
        Case("loss = ...cross_entropy_with_logits(z, y)", "torch.nn.functional.binary_cross_entropy(z, y)", "no probabilities"),
        Case(
            "loss = ...cross_entropy_with_logits(z, y)",
            "torch.nn.functional.binary_crossentropy_with_logits(z, y)",
            "the function's name",
        ),
        Case("loss = ...cross_entropy_with_logits(z, y)", "torch.nn.functional.cross_entropy(z, y[:1])", "another loss"),
        Case(
            "loss = ...cross_entropy_with_logits(z, y)",
            "torch.nn.BCEWithLogitsLoss(z, y)",
            "the class is made first, and called then",
        ),
        Case(
            "loss = ...cross_entropy_with_logits(z, y)",
            "torch.nn.functional.binary_cross_entropy_with_logits(z, y, reduction='average')",
            "mean, sum or none",
        ),
        Case("print(loss)", "print(float(z))", "three numbers are not one"),
        Case("z.grad_fn", "print(z.grad_fn.next_functions[2])", "an addition has two operands"),
        Case("loss.backward()", "loss.item().backward()", "item() gives Python's number"),
        Case("loss.backward()", "loss.backward; print(w.grad)", "the brackets that call it"),
        Case("loss.backward()", "loss.backward(retain=True)", "retain_graph"),
        Case("loss.backward()", "loss.backward(); loss.backward()", "twice through a graph that was freed"),
        Case("loss.backward(retain_graph=True)", "loss.backward(True); print(w.grad.shape)", "True is taken for the gradient"),
        Case("print(w.grad)", "loss.backward(); print(x.grad)", "x is data: not watched"),
        Case("print(w.grad)", "loss.backward(); w.numpy()", "an array carries no graph"),
        Case("print(b.grad)", "loss.backward(); b.grad = b.grad[0]", "of another size than b"),
        Case("w.is_leaf", "print(w.is_leaf())", "an attribute, not a method"),
        Case("with torch.no_grad():", "with torch.no_grad():\n    loss = (x @ w).sum()\nloss.backward()", "nothing written down"),
        Case("z_det = z.detach()", "z_det = torch.detach(z); z_det.sum().backward()", "detached, so nothing is watched"),
        Case("z_det = z.detach()", "z_det = z.numpy()", "detach it first"),
        Case("w.requires_grad_(False)", "w.requires_grad = 'False'", "a bool"),
        Case("w.requires_grad_(False)", "z.requires_grad = False", "a result has no switch: detach it"),
        Case("w.requires_grad_(False)", "w.freeze()", "there is no such method"),
    ),
)

NOTES = Tutorial(
    "Gradients on paper",
    "3-gradient-notes",
    """\
import torch
x = torch.ones(2, 2, requires_grad=True)
y = x + 2
z = y * y * 3
out = z.mean()
a = torch.randn(2, 2)
""",
    (
        Case("x = torch.ones(2, 2, requires_grad=True)", "torch.ones(2, 2, requires_gard=True)", "the keyword's name"),
        Case("x = torch.ones(2, 2, requires_grad=True)", "torch.ones(2, 2, dtype=int, requires_grad=True)", "integers"),
        Case("x = torch.ones(2, 2, requires_grad=True)", "torch.one(2, 2)", "the function's name"),
        Case("x = torch.ones(2, 2, requires_grad=True)", "torch.ones(-2, 2)", "sizes are not negative"),
        Case("y = x + 2", "x += 2", "a watched leaf is not written to"),
        Case("z = y * y * 3", "y @ torch.ones(3, 2)", "columns of the one, rows of the other"),
        Case("out = z.mean()", "z.means()", "the method's name"),
        Case("out = z.mean()", "z.mean(dim=2)", "it has dimensions 0 and 1"),
        Case("out = z.mean()", "z.mean('all')", "a dimension is a number"),
        Case("a = torch.randn(2, 2)", "torch.randn((2, 2), 2)", "all sizes in one tuple, or none"),
        Case("a = ((a * 3) / (a - 1))", "a / 'one'", "a number"),
        Case("a.requires_grad_(True)", "a.require_grad = True; print((a * 2).requires_grad)", "Python makes a new attribute"),
        Case("a.requires_grad_(True)", "a.requires_grad_(1)", "True, not 1"),
        Case("a.requires_grad_(True)", "torch.ones(2).long().requires_grad_(True)", "integers have no gradient"),
        Case("b = (a * a).sum()", "sum(a * a).backward()", "Python's sum adds rows"),
        Case("b = (a * a).sum()", "b = (a * a).sum(); b.backward()", "a is not watched"),
        Case("out.backward()", "z.backward()", "four numbers, and one is needed"),
        Case("out.backward()", "torch.backward(out)", "a method, or torch.autograd.backward"),
        Case("out.backward()", "out.backward(torch.ones(2, 2))", "one number, one weight"),
        Case("print(x.grad)", "out.backward(); print(x.grad())", "an attribute, not a method"),
        Case("(x ** 2).requires_grad", "(x ** '2').requires_grad", "a number"),
        Case("(x ** 2).requires_grad", "(x ^ 2).requires_grad", "** is the power; ^ is for bits"),
        Case("with torch.no_grad():", "@torch.no_grad\ndef f(x): return x * 2\nprint(f(x).requires_grad)", "no mistake: it works"),
        Case("y = x.detach()", "y = x.detach(); y[0, 0] = 5.0; print(x[0, 0].item())", "the same memory"),
        Case("y = x.detach()", "y = x.detach(); y.mean().backward()", "detached, so nothing is watched"),
        Case("y.eq(x).all()", "bool(y == x)", "which of the four?"),
        Case("y.eq(x).all()", "y.eq(x).any(2)", "it has dimensions 0 and 1"),
    ),
)

NETWORK = Tutorial(
    "From one gradient to a whole network",
    "4-train-resnet",
    """\
import torch
import torchvision
torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.Flatten(), torch.nn.Linear(144, 10))
data = torch.rand(1, 3, 8, 8)
labels = torch.rand(1, 10)
prediction = model(data)
loss = (prediction - labels).sum()
optim = torch.optim.SGD(model.parameters(), lr=1e-2, momentum=0.9)
a = torch.tensor([2., 3.], requires_grad=True)
b = torch.tensor([6., 4.], requires_grad=True)
Q = 3 * a ** 3 - b ** 2
""",
    (
        Case("model = torchvision.models.resnet18(...)", "torchvision.models.resnet_18()", "the function's name"),
        Case("model = torchvision.models.resnet18(...)", "torchvision.models.resnet18(weights='IMAGENET')", "no such weights"),
        Case("data = torch.rand(1, 3, 64, 64)", "model(torch.rand(1, 1, 8, 8))", "three colours"),
        Case("data = torch.rand(1, 3, 64, 64)", "model(torch.rand(8, 8, 3))", "colours first, and a batch"),
        Case("data = torch.rand(1, 3, 64, 64)", "model(torch.rand(1, 3, 9, 9))", "the linear layer takes 144 numbers"),
        Case("data = torch.rand(1, 3, 64, 64)", "model(torch.zeros(1, 3, 8, 8, dtype=torch.uint8))", "bytes are no floats"),
        Case("labels = torch.rand(1, 1000)", "(prediction - torch.rand(1, 7)).sum()", "as many as the model gives"),
        Case("prediction = model(data)", "model.forward()", "the data"),
        Case("prediction = model(data)", "model('data')", "the tensor, not its name"),
        Case("prediction = model(data)", "model(data.numpy())", "an array is no tensor"),
        Case("prediction = model(data)", "torch.nn.Linear(144)", "how many come in, and how many go out"),
        Case("prediction = model(data)", "torch.nn.Linear(144, 10, biass=False)", "the keyword's name"),
        Case("prediction = model(data)", "torch.nn.Conv2d(3, 4)", "the kernel's size"),
        Case("prediction = model(data)", "model[0].wieght", "the parameter's name"),
        Case("loss = (prediction - labels).sum()", "(prediction - labels).backward()", "ten numbers, and one is needed"),
        Case(
            "loss = (prediction - labels).sum()",
            "torch.nn.functional.cross_entropy(prediction, torch.tensor([10]))",
            "classes are 0 to 9",
        ),
        Case(
            "loss = (prediction - labels).sum()",
            "torch.nn.functional.cross_entropy(prediction, torch.tensor([1.0]))",
            "class numbers are integers",
        ),
        Case("loss = (prediction - labels).sum()", "torch.nn.MSELoss()(prediction)", "and the labels"),
        Case("loss.backward()", "optim.step(); print(model[2].bias.grad)", "step before backward does nothing"),
        Case("loss.backward()", "loss.backward(); optim.step(); loss.backward()", "the graph was freed"),
        Case(
            "loss.backward()",
            "loss.backward(retain_graph=True); optim.step(); loss.backward()",
            "the weights were changed in between",
        ),
        Case("optim = torch.optim.SGD(...)", "torch.optim.SGD(model, lr=1e-2)", "its parameters()"),
        Case("optim = torch.optim.SGD(...)", "torch.optim.SGD([], lr=1e-2)", "none at all"),
        Case("optim = torch.optim.SGD(...)", "torch.optim.SGD(model.parameters(), learning_rate=1e-2)", "lr"),
        Case("optim = torch.optim.SGD(...)", "torch.optim.SGD(model.parameters, lr=1e-2)", "the brackets that call it"),
        Case("optim = torch.optim.SGD(...)", "torch.optim.SGD(model.parameters(), lr=1e-2, momentum=-1)", "not below zero"),
        Case("optim.step()", "optim.step(loss)", "step takes a function, or nothing"),
        Case("a = torch.tensor([2., 3.], requires_grad=True)", "torch.tensor([2, 3], requires_grad=True)", "2., not 2"),
        Case("a = torch.tensor([2., 3.], requires_grad=True)", "torch.tensor([2., [3.]])", "a number and a list"),
        Case("b = torch.tensor([6., 4.], requires_grad=True)", "torch.tensor(['6', '4'])", "numbers, not their pictures"),
        Case("b = torch.tensor([6., 4.], requires_grad=True)", "torch.tenser([6., 4.])", "the function's name"),
        Case("Q = 3 * a ** 3 - b ** 2", "3 * a ** 3 - torch.ones(3) ** 2", "two numbers and three"),
        Case("Q.backward(gradient=external_grad)", "Q.backward()", "two numbers: what does each count?"),
        Case("Q.backward(gradient=external_grad)", "Q.backward(gradient=torch.ones(1, 2))", "the very shape of Q"),
        Case("Q.backward(gradient=external_grad)", "Q.backward(grad=torch.ones(2))", "the keyword's name"),
        Case("Q.sum().backward()", "Q.sum().backward(); Q.sum().backward()", "one graph below both sums"),
        Case("parameter.requires_grad = False", "prediction.requires_grad = False", "a result has no switch"),
        Case(
            "parameter.requires_grad = False",
            "for p in model.parameters(): p.requires_grad = False\nmodel(data).sum().backward()",
            "all is frozen: nothing is watched",
        ),
        Case("model.fc = torch.nn.Linear(512, 10)", "model.fc = 3; print(model)", "no layer: it stays an attribute"),
        Case("model.fc = torch.nn.Linear(512, 10)", "model[0].weight = torch.ones(4, 3, 3, 3)", "wrap it in nn.Parameter"),
    ),
)

FUNCTIONS = Tutorial(
    "Tensors, functions, and the graph",
    "5-tensors-and-functions",
    """\
import torch
torch.manual_seed(0)
x = torch.tensor([2.0])
w = torch.randn(1, requires_grad=True)
b = torch.randn(1, requires_grad=True)
y = torch.mul(w, x)
z = torch.add(y, b)
class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x ** 3
    @staticmethod
    def backward(ctx, grad_output):
        x, = ctx.saved_tensors
        return 3 * x ** 2 * grad_output
""",
    (
        Case("x = torch.tensor([2.0])", "torch.tensor()", "the numbers"),
        Case("x = torch.tensor([2.0])", "torch.Tensor([2.0], requires_grad=True)", "tensor, in lower case"),
        Case("w = torch.randn(1, requires_grad=True)", "w = torch.randn(1); torch.mul(w, x).backward()", "nothing is watched"),
        Case("b = torch.randn(1, requires_grad=True)", "torch.randn()", "the size"),
        Case("y = torch.mul(w, x)", "torch.mul(w)", "the second factor"),
        Case("y = torch.mul(w, x)", "torch.mul(w, 'x')", "the tensor, not its name"),
        Case("y = torch.mul(w, x)", "torch.mul(w, x, x)", "two factors"),
        Case("y = torch.mul(w, x)", "torch.multipy(w, x)", "the function's name"),
        Case("z = torch.add(y, b)", "torch.add(y, None)", "what is to be added"),
        Case("z = torch.add(y, b)", "torch.add(y, b, 2)", "alpha has to be named"),
        Case("x.requires_grad", "x.requires_grads", "the attribute's name"),
        Case("y.is_leaf", "y.is_leaf = True", "it is found out, not set"),
        Case("y.grad_fn", "y.grad_fn = None", "it is found out, not set"),
        Case("z.backward(retain_graph=True)", "z.backward(); z.backward()", "the graph was freed"),
        Case("z.backward(retain_graph=True)", "z.backward(retain_graph=1); print(w.grad)", "1 counts as True"),
        Case("w.grad, b.grad, x.grad", "z.backward(); print(x.grad)", "x is not watched"),
        Case("y.backward(torch.ones(3))", "(torch.ones(2, 3, requires_grad=True) * 2).backward(torch.ones(3))", "the very shape"),
        Case("y.backward(torch.ones(3))", "z.backward(2.0)", "a tensor, not a number"),
        Case("for _ in range(steps): out = out * 2", "for _ in range(torch.ones(1)): pass", "a whole number"),
        Case("for _ in range(steps): out = out * 2", "if torch.ones(2) > 0: pass", "which of the two?"),
        Case(
            "for _ in range(steps): out = out * 2",
            "out = w.exp(); out *= 2; out.backward()",
            "exp had kept the result that was written to",
        ),
        Case("class Cube(torch.autograd.Function):", "Cube()(x)", "Cube.apply"),
        Case("class Cube(torch.autograd.Function):", "Cube.apply()", "its argument"),
        Case("class Cube(torch.autograd.Function):", "Cube.forward(w)", "Cube.apply"),
        Case(
            "def forward(ctx, x):",
            "class F(torch.autograd.Function):\n    def forward(self, x): return x\nF()(w)",
            "@staticmethod, and apply",
        ),
        Case(
            "ctx.save_for_backward(x)",
            "class F(Cube):\n    @staticmethod\n    def forward(ctx, x): ctx.save_for_backward(3); return x\nF.apply(w)",
            "tensors only; numbers are set on ctx",
        ),
        Case(
            "x, = ctx.saved_tensors",
            "class F(Cube):\n    @staticmethod\n    def forward(ctx, x): return x * 1\nF.apply(w).backward()",
            "nothing was saved",
        ),
        Case(
            "return 3 * x ** 2 * grad_output",
            "class F(Cube):\n    @staticmethod\n    def backward(ctx, g): return g, g\nF.apply(w).backward()",
            "one gradient an input",
        ),
        Case(
            "return 3 * x ** 2 * grad_output",
            "class F(Cube):\n    @staticmethod\n    def backward(ctx, g): return torch.ones(2, 3)\n"
            "F.apply(w).backward(); print(w.grad)",
            "of the input's shape, or it is added up to it",
        ),
        Case(
            "return 3 * x ** 2 * grad_output",
            "class F(torch.autograd.Function):\n    @staticmethod\n    def forward(ctx, x): return x * 1\nF.apply(w).backward()",
            "no backward at all",
        ),
        Case("m.retain_grad()", "x.retain_grad()", "what is not watched retains nothing"),
        Case("m.retain_grad()", "m = w * 3; m.backward(); print(m.grad is None)", "ask before the backward"),
        Case("m.retain_grad()", "(w * 3).retains_grad()", "an attribute; the method is retain_grad"),
    ),
)

TUTORIALS = (FIRST, LAYER, NOTES, NETWORK, FUNCTIONS)
