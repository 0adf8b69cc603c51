"""DistributedDataParallel: two processes train as PyTorch's two do, and as one does on the whole batch."""

import re
import subprocess
import sys

import pytest
import recordings
from jobs import PROGRAMS, training

import adjoint

NAMES = re.findall(r"^@case\ndef (\w+)", (PROGRAMS / "data_parallel.py").read_text("utf-8"), re.MULTILINE)


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    return [rank["data_parallel"] for rank in training(tmp_path_factory, 2)]


@pytest.mark.parametrize("name", NAMES)
def test_two_processes_do_what_pytorch_does(name, ours):
    theirs = recordings.read()["data_parallel"]["2"]
    assert [*recordings.differences([rank[name] for rank in ours], [rank[name] for rank in theirs])] == []


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    return [rank["whole_batch"] for rank in training(tmp_path_factory, 3)]


def test_three_processes_train_as_one_does_on_the_whole_batch(three):
    assert all(rank["whole"] < 1e-12 for rank in three)


def test_half_precision_on_the_way_costs_its_rounding_only(three):
    for rank in three:
        assert 0 < rank["half"]["FP16_COMPRESS"] < 2e-3 and 0 < rank["half"]["BF16_COMPRESS"] < 2e-2


def test_models_that_differ_between_processes_are_refused_by_all(three):
    assert three[1]["shapes"] == (
        "[1]: params[0] in this process with sizes [3, 2] appears not to match sizes of the same param in process 0."
    )
    assert all("params[0] in process 1 with sizes [3, 2]" in three[r]["shapes"] for r in (0, 2))
    assert three[0]["numbers"] == (
        "DDP expects same model across all ranks, but Rank 0 has 2 params, while rank 2 has inconsistent 1 params."
    )
    assert "Rank 2 has 1 params" in three[2]["numbers"]


def test_copies_and_pickles_of_a_model_train_on(three):
    assert all(rank["copies"] == [0.0, 0.0] for rank in three)


def test_what_one_process_saved_is_loaded_by_all(three):
    assert all(all(rank["loaded"]) for rank in three)


def test_buckets_are_sent_while_the_backward_still_runs(three):
    for rank in three:
        assert rank["events"].index("sent") < rank["events"].index("last gradient") < len(rank["events"]) - 1


def test_one_process_needs_no_mpi():
    program = (
        "import sys; sys.modules['mpi4py'] = None\n"
        "import adjoint as torch, adjoint.distributed as dist\n"
        "dist.init_process_group('gloo', rank=0, world_size=1, store=dist.HashStore())\n"
        "model = torch.nn.parallel.DistributedDataParallel(torch.nn.Linear(2, 1))\n"
        "for _ in range(3): model(torch.ones(4, 2)).mean().backward()\n"
        "print(model.module.weight.grad.tolist())"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert ran.stdout.strip() == "[[3.0, 3.0]]", ran.stderr


def test_without_a_process_group_pytorch_s_error_is_raised():
    with pytest.raises(ValueError, match="Default process group has not been initialized"):
        adjoint.nn.parallel.DistributedDataParallel(adjoint.nn.Linear(2, 1))


def test_on_a_cpu_data_parallel_calls_the_module():
    torch = adjoint
    model = torch.nn.DataParallel(torch.nn.Linear(2, 1))
    x = torch.ones(3, 2)
    assert torch.equal(model(x), model.module(x)) and model.device_ids == []
    parts = torch.nn.parallel.scatter({"x": x, "y": [x, 5]}, ["cpu", "cpu"])
    assert [part["x"].shape for part in parts] == [(2, 2), (1, 2)] and parts[0]["y"][1] == 5
    outputs = torch.nn.parallel.parallel_apply([model.module] * 2, [part["x"] for part in parts])
    assert torch.equal(torch.nn.parallel.gather(outputs, "cpu"), model(x))
    with pytest.raises(RuntimeError, match="no device 'cuda:0'"):
        torch.nn.parallel.scatter(x, ["cuda:0"])


def test_who_waits_for_leaves_leaves_gradients_put_off():
    """What DistributedDataParallel asks of the engine does not switch off what hooks do."""
    from adjoint.autograd import engine
    from adjoint.autograd.hooks import await_accumulation

    class Waiter:
        def __init__(self):
            self.seen = []

        def accumulated(self, index):
            self.seen.append(index)

    torch, waiter = adjoint, Waiter()
    a, b = (torch.ones(2, requires_grad=True) for _ in range(2))
    for i, leaf in enumerate((a, b)):
        await_accumulation(leaf, waiter, i)
    assert not any(reference() is not None and not reference().seen for reference in engine.hooked)
    (a * a * b).sum().backward()
    assert sorted(waiter.seen) == [0, 1] and a.grad.tolist() == [2.0, 2.0]
    a.register_hook(lambda g: g * 2)
    a.grad = None
    (a * a * b).sum().backward()
    assert len(waiter.seen) == 4 and a.grad.tolist() == [4.0, 4.0]
    del waiter
    (a * b).sum().backward()
    assert not engine.awaited
