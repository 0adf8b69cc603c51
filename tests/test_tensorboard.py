"""torch.utils.tensorboard: the event files are PyTorch's, record for record."""

import inspect
import math
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("tensorboard")
theirs = pytest.importorskip("torch")

from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader  # noqa: E402
from tensorboard.compat.proto.event_pb2 import Event  # noqa: E402
from tensorboard.compat.proto.graph_pb2 import GraphDef  # noqa: E402
from torch.utils.tensorboard import SummaryWriter as TheirWriter  # noqa: E402

import adjoint as torch  # noqa: E402
from adjoint.utils.tensorboard import FileWriter, RecordWriter, SummaryWriter  # noqa: E402
from adjoint.viz import watch  # noqa: E402


def _records(folder):
    """All files below a folder: event files as events without their times, others as bytes."""
    found = {}
    for path in sorted(Path(folder).rglob("*")):
        if path.is_dir():
            continue
        name = str(path.relative_to(folder))
        if ".tfevents." not in name:
            found[name] = path.read_bytes()
            continue
        events = [Event.FromString(raw) for raw in RawEventFileLoader(str(path)).Load()]
        for event in events:
            event.ClearField("wall_time")
        found[str(Path(name).parent)] = events
    return found


def _numbers(*shape):
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)


# What is logged: function of a writer, and of the torch whose tensors are logged.
LOGGED = {
    "scalars": lambda w, t: [
        w.add_scalar("a/b", 1.5, 0),
        w.add_scalar("a", t.tensor([2.5]), 3, walltime=12.0),
        w.add_scalar("a", t.tensor(0.1, dtype=t.bfloat16), np.int64(4)),
        w.add_scalar("a", np.float64(math.nan)),
        w.add_scalar("new", 0.1, 5, new_style=True),
        w.add_scalar("new", 0.1, 6, new_style=True, double_precision=True),
        w.add_scalars("run/x", {"sin": 0.5, "cos": t.tensor(0.25)}, 7),
        w.add_scalars("run/x", {"sin": 0.75}, 8),
    ],
    "tensors": lambda w, t: [
        w.add_tensor(str(dtype), t.tensor([[0, 1], [2, 3]]).to(getattr(t, dtype)), 1)
        for dtype in (
            "float16 bfloat16 float32 float64 int8 uint8 int16 int32 int64 bool complex64 complex128".split()
        )
    ],
    "histograms": lambda w, t: [
        w.add_histogram("h", t.tensor(_numbers(1000)), 0),
        w.add_histogram("h", _numbers(3, 4), 1, bins="auto"),
        w.add_histogram("h", t.tensor(_numbers(50)), 2, bins=10),
        w.add_histogram("h", t.tensor(_numbers(1000)), 3, max_bins=7),
        w.add_histogram("h", t.tensor(_numbers(1000)), 3, max_bins=100),
        w.add_histogram("h", np.array([1e-13, 0, 0, -1e19]), 4),
        w.add_histogram("h", t.arange(5), 5),
        w.add_histogram_raw("r", 0.0, 3.0, 4, 6.0, 14.0, [1, 2, 3], [1, 1, 2], 6),
    ],
    "images": lambda w, t: [
        w.add_image("i", t.tensor(_numbers(3, 8, 9)), 0),
        w.add_image("i", t.tensor(_numbers(1, 8, 9)).abs(), 0),
        w.add_image("i", np.arange(72, dtype=np.uint8).reshape(8, 9), 1, dataformats="HW"),
        w.add_image("i", _numbers(8, 9, 3), 2, dataformats="HWC"),
        w.add_images("i", t.tensor(_numbers(10, 1, 4, 5)), 3),
        w.add_images("i", _numbers(3, 4, 5, 3), 4, dataformats="NHWC"),
        w.add_image_with_boxes(
            "b", t.tensor(_numbers(3, 40, 40)), t.tensor([[2, 3, 20, 30], [5, 5, 35, 38]]), 5, labels=["a", "b"]
        ),
        w.add_image_with_boxes("b", _numbers(3, 40, 40), np.array([[2.0, 3.0, 20.0, 30.0]]), 6, rescale=2, labels="one"),
        w.add_image_with_boxes("b", _numbers(3, 40, 40), np.array([[2, 3, 20, 30]]), 6, labels=["of", "two"]),
    ],
    "videos": lambda w, t: w.add_video("v", t.tensor(_numbers(3, 4, 3, 8, 8)).abs().clamp(0, 1), 0),
    "sound": lambda w, t: [
        w.add_audio("s", t.tensor(_numbers(1, 100)) / 10, 0),
        w.add_audio("s", _numbers(64), 1, sample_rate=8000),
    ],
    "text": lambda w, t: [w.add_text("t", "ein *Text* über ∂", 2), w.add_text("t", "")],
    "curves": lambda w, t: [
        w.add_pr_curve("p", t.tensor([0, 1, 1, 0, 1]), t.tensor([0.1, 0.9, 0.4, 0.6, 1.0]), 0),
        w.add_pr_curve("p", np.array([0, 1, 1]), np.array([0.1, 0.9, 0.4]), 1, num_thresholds=200, weights=np.array([1, 2, 3])),
        w.add_pr_curve_raw("p", *np.arange(30.0).reshape(6, 5), 2, num_thresholds=5),
    ],
    "charts": lambda w, t: [
        w.add_custom_scalars({"Taiwan": {"twse": ["Multiline", ["a", "b"]]}, "USA": {"dow": ["Margin", ["x", "y", "z"]]}}),
        w.add_custom_scalars_multilinechart(["a", "b"], "c", "d"),
        w.add_custom_scalars_marginchart(["a", "b", "c"]),
    ],
    "meshes": lambda w, t: [
        w.add_mesh("m", t.tensor(_numbers(1, 4, 3)), t.tensor([[[255, 0, 0]] * 4]), t.tensor([[[0, 1, 2]]]), global_step=1),
        w.add_mesh("m", t.tensor(_numbers(1, 4, 3)), config_dict={"camera": {"fov": 75}}),
    ],
    "hyperparameters": lambda w, t: [
        w.add_hparams(
            {"lr": 0.1, "n": 3, "name": "adam", "flag": True, "none": None, "t": t.tensor([2.0])},
            {"accuracy": 0.9, "loss": t.tensor(0.5)},
            {"name": ["adam", "sgd"], "lr": [0.1, 0.2]},
            run_name="one",
            global_step=4,
        )
    ],
    "embeddings": lambda w, t: [
        w.add_embedding(t.tensor(_numbers(5, 3)), list("abcde"), t.tensor(_numbers(5, 3, 6, 6)).abs(), global_step=7),
        w.add_embedding(_numbers(2, 3), metadata=[["a", 1], ["b", 2]], metadata_header=["name", "n"], tag="x/y%"),
        w.add_embedding(t.arange(4).reshape(2, 2), tag="whole"),
    ],
    "closed and open again": lambda w, t: [w.add_scalar("a", 1), w.flush(), w.add_scalar("a", 2)],
}  # fmt: skip


@pytest.mark.parametrize("kind", LOGGED)
def test_files_are_pytorchs_record_for_record(kind, tmp_path, capsys):
    printed = []
    for name, module, writer in (("ours", torch, SummaryWriter), ("theirs", theirs, TheirWriter)):
        with writer(str(tmp_path / name)) as w:
            LOGGED[kind](w, module)
        printed.append(capsys.readouterr().out.replace(str(tmp_path / name), ""))
    ours, expected = _records(tmp_path / "ours"), _records(tmp_path / "theirs")
    assert list(ours) == list(expected)
    for name in expected:
        assert ours[name] == expected[name]
    assert printed[0] == printed[1]


def test_figures_are_closed_and_logged(tmp_path):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    from matplotlib import pyplot

    def figure():
        made, axes = pyplot.subplots(figsize=(2, 1))
        axes.plot([1, 3, 2])
        return made

    for name, writer in (("ours", SummaryWriter), ("theirs", TheirWriter)):
        with writer(str(tmp_path / name)) as w:
            w.add_figure("one", figure(), 1)
            w.add_figure("two", [figure(), figure()], 2)
            kept = figure()
            w.add_figure("kept", kept, close=False)
        assert pyplot.get_fignums() == [kept.number]
        pyplot.close(kept)
    assert _records(tmp_path / "ours") == _records(tmp_path / "theirs")


def test_where_and_how_files_are_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, writer in (("ours", SummaryWriter), ("theirs", TheirWriter)):
        w = writer(Path(name), purge_step=3, max_queue=1, flush_secs=1, filename_suffix=".me")
        assert w.get_logdir() == Path(name) and w.file_writer.get_logdir() == name
        w.add_scalar("a", 1, 3)
        w.close()
        w.close()
        assert [p.suffix for p in Path(name).iterdir()] == [".me"]
    assert _records("ours") == _records("theirs")
    assert SummaryWriter(str(tmp_path / "x")).default_bins == TheirWriter(str(tmp_path / "y")).default_bins
    SummaryWriter(comment="_lr").close()
    (folder,) = Path("runs").iterdir()
    assert folder.name.endswith("_lr")


ERRORS = {
    "several numbers": (lambda w, t: w.add_scalar("a", t.ones(2)), AssertionError),
    "a list": (lambda w, t: w.add_scalar("a", [1]), NotImplementedError),
    "no values": (lambda w, t: w.add_histogram("a", t.ones(0)), ValueError),
    "nothing within the bins": (lambda w, t: w.add_histogram("a", np.array([1e30])), ValueError),
    "limits and counts": (lambda w, t: w.add_histogram_raw("a", 0, 1, 1, 1, 1, [1], [1, 2]), ValueError),
    "a letter twice": (lambda w, t: w.add_image("a", t.ones(3, 4, 4), dataformats="HHW"), AssertionError),
    "letters": (lambda w, t: w.add_image("a", t.ones(4, 4)), AssertionError),
    "channels": (lambda w, t: w.add_images("a", t.ones(1, 2, 4, 4)), AssertionError),
    "sound": (lambda w, t: w.add_audio("a", t.ones(2, 4)), AssertionError),
    "tags": (lambda w, t: w.add_custom_scalars_marginchart(["a"]), AssertionError),
    "tags of a layout": (lambda w, t: w.add_custom_scalars({"a": {"b": ["Margin", ["c"]]}}), AssertionError),
    "hyperparameters": (lambda w, t: w.add_hparams([], {}), TypeError),
    "a value": (lambda w, t: w.add_hparams({"a": []}, {}), ValueError),
    "a domain": (lambda w, t: w.add_hparams({"a": 1}, {}, {"a": ["b"]}), TypeError),
    "labels": (lambda w, t: w.add_embedding(t.ones(2, 2), metadata=["a"]), AssertionError),
    "a vector": (lambda w, t: w.add_embedding(t.ones(2)), AssertionError),
}


@pytest.mark.parametrize("kind", ERRORS)
def test_errors_are_pytorchs(kind, tmp_path):
    call, error = ERRORS[kind]
    said = []
    for name, module, writer in (("ours", torch, SummaryWriter), ("theirs", theirs, TheirWriter)):
        with writer(str(tmp_path / name)) as w, pytest.raises(error) as caught:
            call(w, module)
        said.append(str(caught.value).replace("adjoint.tensor.Tensor", "torch.Tensor"))
    assert said[0] == said[1]


def _graph(folder):
    (events,) = _records(folder).values()
    (made,) = [GraphDef.FromString(e.graph_def) for e in events if e.graph_def]
    assert any(e.tagged_run_metadata.tag == "step1" for e in events)
    return {node.name: node for node in made.node}


def test_a_graph_has_the_operators_by_their_modules(tmp_path, capsys):
    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.body = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.ReLU())
            self.head = torch.nn.Linear(8, 3)
            self.drop = torch.nn.Dropout()

        def forward(self, x):
            return self.drop(self.head(self.body(x).flatten(1)))

    model = Net()
    with SummaryWriter(str(tmp_path)) as w:
        w.add_graph(model, torch.randn(2, 1, 4, 4), verbose=True)
    assert model.training and model.head.weight.grad is None
    nodes = _graph(tmp_path)
    kinds = {name.rpartition("/")[0]: node.op for name, node in nodes.items() if node.op.startswith("aten::")}
    assert kinds["Net/Sequential[body]/Conv2d[0]"] == "aten::convolution"
    assert kinds["Net/Sequential[body]/ReLU[1]"] == "aten::relu"
    assert kinds["Net/Linear[head]"] == "aten::linear"
    assert all(given in nodes for node in nodes.values() for given in node.input)
    shape = nodes["output/output.1"].attr["_output_shapes"].list.shape[0]
    assert [d.size for d in shape.dim] == [2, 3]
    assert "aten::linear" in capsys.readouterr().out


def test_a_graph_of_several_inputs(tmp_path):
    class Two(torch.nn.Module):
        def forward(self, x, y):
            return x @ y, x + 1

    with SummaryWriter(str(tmp_path)) as w:
        w.add_graph(Two(), (torch.ones(2, 2), torch.ones(2, 2)))
    nodes = _graph(tmp_path)
    assert sum(name.startswith("input/") for name in nodes) == 2
    assert sum(name.startswith("output/") for name in nodes) == 2


def test_a_graph_of_onnx():
    from adjoint.utils.tensorboard._onnx_graph import parse

    kind = SimpleNamespace(tensor_type=SimpleNamespace(elem_type=1, shape=SimpleNamespace(dim=[SimpleNamespace(dim_value=3)])))
    attribute = SimpleNamespace(ListFields=lambda: [("name", "axis"), ("i", 1)])
    made = parse(
        SimpleNamespace(
            input=[SimpleNamespace(name="x", type=kind)],
            output=[SimpleNamespace(name="y", type=kind)],
            node=[SimpleNamespace(name="", op_type="Softmax", input=["x"], output=["y0"], attribute=[attribute])],
        )
    )
    found = [(n.name, n.op, list(n.input)) for n in made.node]
    assert found == [("x", "Variable", []), ("y", "Variable", []), ("y0", "Softmax", ["x"])]
    assert made.node[2].attr["parameters"].s == b"axis = 1"


def test_without_the_package_it_cannot_be_imported_as_in_pytorch(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        "import sys\n"
        "sys.modules['tensorboard'] = None\n"
        "import torch.utils\n"
        "try:\n"
        "    from torch.utils.tensorboard import SummaryWriter\n"
        "except ModuleNotFoundError as error:\n"
        "    print(error.name)\n"
    )
    done = subprocess.run([sys.executable, "-m", "adjoint", "run", program], capture_output=True, text=True, timeout=60)
    assert done.stdout == "tensorboard\n"


def test_pytorchs_program_of_two_lines(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        "from torch.utils.tensorboard import SummaryWriter\n"
        "from torch.utils.tensorboard.summary import hparams, scalar\n"
        "import torch.utils.tensorboard as tb\n"
        f"with SummaryWriter(log_dir={str(tmp_path / 'logs')!r}) as w: w.add_scalar('loss', 1.5, 0)\n"
        "print(SummaryWriter.__module__, tb.__all__)\n"
    )
    done = subprocess.run([sys.executable, "-m", "adjoint", "run", program], capture_output=True, text=True, timeout=60)
    assert done.stdout == "torch.utils.tensorboard.writer ['FileWriter', 'RecordWriter', 'SummaryWriter']\n", done.stderr
    assert [e.summary.value[0].simple_value for e in _records(tmp_path / "logs")["."] if e.summary.value] == [1.5]


def test_a_watched_training_is_logged(tmp_path):
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with SummaryWriter(str(tmp_path)) as w, watch(model, every=1, serve=False, writer=w) as watcher:
        for _ in range(3):
            optimizer.zero_grad()
            loss = model(torch.ones(2, 4)).sum()
            loss.backward()
            optimizer.step()
            watcher.log(loss=loss)
    values = {(v.tag, e.step): v for e in _records(tmp_path)["."] for v in e.summary.value}
    numbers = watcher.history.samples[2].values["gradient", "0.weight"]
    assert values["gradient/0.weight/norm", 2].simple_value == pytest.approx(numbers.norm)
    histogram = values["gradient/0.weight", 2].histo
    assert (histogram.num, sum(histogram.bucket)) == (32, 32)
    assert histogram.sum_squares == pytest.approx(numbers.norm**2)
    assert (histogram.min, histogram.bucket_limit[-1]) == (numbers.low, pytest.approx(numbers.high))
    assert values["loss", 2].simple_value == pytest.approx(watcher.history.logged["loss"][2][1])


def test_what_is_public_is_pytorchs():
    import torch.utils.tensorboard.summary as their_summary

    from adjoint.utils.tensorboard import summary

    assert summary.__all__ == their_summary.__all__ and all(hasattr(summary, name) for name in summary.__all__)
    public = {name for name in dir(TheirWriter) if not name.startswith("_")}
    assert public == {name for name in dir(SummaryWriter) if not name.startswith("_")}
    for name in ("__init__", *public):
        ours, expected = (inspect.signature(getattr(w, name)).parameters for w in (SummaryWriter, TheirWriter))
        assert [(p.name, p.default) for p in ours.values()] == [(p.name, p.default) for p in expected.values()]
    assert FileWriter.__module__.endswith(".writer") and RecordWriter is not None
