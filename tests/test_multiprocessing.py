"""torch.multiprocessing: tensors between processes, and functions run by several."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

import adjoint as torch
import adjoint.multiprocessing as mp

METHODS = ["fork", "spawn", "forkserver"]


def run(tmp_path: Path, source: str, *, runner: tuple[str, ...] = ("-m", "adjoint", "run"), seconds: int = 120) -> str:
    """What a program prints, or how it ends, in a process of its own."""
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent(source))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    done = subprocess.run([sys.executable, *runner, str(program)], capture_output=True, text=True, timeout=seconds, env=environment)
    return done.stdout + done.stderr


@pytest.mark.parametrize("method", METHODS)
def test_processes_write_to_one_tensor_and_send_others(method: str, tmp_path: Path) -> None:
    printed = run(
        tmp_path,
        f"""
        import torch
        import torch.multiprocessing as mp

        def work(i, shared, queue, done):
            shared[i] = i + 1
            queue.put((torch.full((3,), float(i)), torch.nn.Parameter(torch.ones(2) * i)))
            done.wait()

        if __name__ == "__main__":
            context = mp.get_context("{method}")
            shared = torch.zeros(4)
            view = shared[1:3]
            shared.share_memory_()
            queue, done = context.Queue(), context.Event()
            started = mp.start_processes(work, (shared, queue, done), nprocs=2, join=False, start_method="{method}")
            got = sorted((queue.get(timeout=100) for _ in range(2)), key=lambda pair: pair[0][0].item())
            done.set()
            while not started.join():
                pass
            print([(t.tolist(), type(p).__name__, p.requires_grad, p.tolist()) for t, p in got])
            print(shared.tolist(), view.tolist(), shared.is_shared(), view.is_shared())
        """,
    )
    assert printed == (
        "[([0.0, 0.0, 0.0], 'Parameter', True, [0.0, 0.0]), ([1.0, 1.0, 1.0], 'Parameter', True, [1.0, 1.0])]\n"
        "[1.0, 2.0, 0.0, 0.0] [2.0, 0.0] True True\n"
    )


def test_the_error_of_one_process_ends_the_others_and_is_raised(tmp_path: Path) -> None:
    printed = run(
        tmp_path,
        """
        import os
        import sys
        import time
        import torch.multiprocessing as mp

        def work(i, how):
            if i == 0:
                time.sleep(100)
            if how == "raises":
                raise ValueError("bad luck")
            if how == "exits":
                sys.exit(3)
            os.kill(os.getpid(), 9)

        if __name__ == "__main__":
            for how in ("raises", "exits", "dies"):
                try:
                    mp.start_processes(work, (how,), nprocs=2, start_method="fork")
                except Exception as error:
                    print(type(error).__name__, error.error_index, str(error).strip().splitlines()[:1], "bad luck" in str(error))
        """,
    )
    assert printed.splitlines() == [
        "ProcessRaisedException 1 ['-- Process 1 terminated with the following error:'] True",
        "ProcessExitedException 1 ['process 1 terminated with exit code 3'] False",
        "ProcessExitedException 1 ['process 1 terminated with signal SIGKILL'] False",
    ]


def test_spawn_runs_where_torch_is_imported_as_adjoint_is(tmp_path: Path) -> None:
    source = """
        import adjoint as torch
        import adjoint.multiprocessing as mp

        def work(i, out):
            out[i] = torch.initial_seed() == 0 or i + 1

        if __name__ == "__main__":
            out = torch.zeros(2).share_memory_()
            mp.spawn(work, (out,), nprocs=2)
            print(out.tolist())
        """
    assert run(tmp_path, source, runner=()) == "[1.0, 2.0]\n"


def test_tensors_that_share_memory_share_it_when_they_arrive() -> None:
    here, there = mp.Pipe()
    x = torch.arange(6.0).reshape(2, 3)
    here.send([x, x[:, 1], x.t(), x])
    again, column, turned, same = there.recv()
    again[0, 1] = 100
    assert column.tolist() == [100, 4] and turned[1, 0] == 100 and same[0, 1] == 100
    assert x[0, 1] == 100 and x.is_shared(), "the sender's memory is the same, too"
    there.send(again)
    assert here.recv().data_ptr() == x.data_ptr(), "what comes back is mapped once"


@pytest.mark.parametrize("dtype", ["float64", "bfloat16", "float16", "complex64", "bool", "uint8", "int64"])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 3), (2, 3)])
def test_any_tensor_arrives_as_it_was_sent(dtype: str, shape: tuple[int, ...]) -> None:
    here, there = mp.Pipe()
    x = torch.ones(shape).to(getattr(torch, dtype))
    if x.is_floating_point():
        x.requires_grad_()
    x.note = "kept"
    for sent in (x, x.detach().t() if x.ndim == 2 else x):
        here.send(sent)
        got = there.recv()
        same = (sent.dtype, sent.shape, sent.stride(), sent.requires_grad)
        assert (got.dtype, got.shape, got.stride(), got.requires_grad) == same
        assert torch.equal(got, sent) and got.is_leaf and getattr(got, "note", None) == getattr(sent, "note", None)
    assert not there.poll()


def test_a_conjugate_arrives_as_numbers() -> None:
    here, there = mp.Pipe()
    here.send(torch.tensor([1 + 2j]).conj())
    assert there.recv().tolist() == [1 - 2j]


def test_a_tensor_with_a_graph_is_not_sent() -> None:
    here, _ = mp.Pipe()
    with pytest.raises(RuntimeError, match="Cowardly refusing to serialize non-leaf tensor which requires_grad"):
        here.send(torch.ones(2, requires_grad=True) * 2)


def test_modules_and_storages_move_and_keep_what_looks_at_them() -> None:
    model = torch.nn.Linear(2, 2)
    weight, row = model.weight, model.weight.detach()[0]
    assert model.share_memory() is model
    assert model.weight is weight and all(p.is_shared() for p in model.parameters())
    with torch.no_grad():
        weight.fill_(7)
    assert row.tolist() == [7, 7] and row.is_shared()
    model(torch.ones(1, 2)).sum().backward()
    assert weight.grad is not None and not weight.grad.is_shared()
    here, there = mp.Pipe()
    here.send(row.untyped_storage())
    assert there.recv() == weight.untyped_storage()


def test_arrays_of_numpy_stay_where_they_are() -> None:
    values = np.arange(3.0)
    tensor = torch.from_numpy(values)
    tensor.share_memory_()
    values[0] = 5
    assert tensor.tolist() == [0, 1, 2]


def test_a_plain_pickle_is_a_copy() -> None:
    x = torch.zeros(3).share_memory_()
    copy = pickle.loads(pickle.dumps(x))
    copy[0] = 1
    assert x[0] == 0


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts open files by /proc")
def test_what_was_shared_is_given_back() -> None:
    def files() -> int:
        return len(os.listdir("/proc/self/fd"))

    here, there = mp.Pipe()
    before = None
    for _ in range(3):
        here.send([torch.zeros(1000) for _ in range(20)])
        got = there.recv()
        assert all(t.is_shared() for t in got)
        del got
        before = before or files()
    until = time.monotonic() + 10
    while files() > before and time.monotonic() < until:  # a thread closes what it has handed over
        time.sleep(0.01)
    assert files() <= before


def test_a_killed_process_leaves_nothing_behind(tmp_path: Path) -> None:
    def names() -> set[str]:
        return set(os.listdir("/dev/shm")) if os.path.isdir("/dev/shm") else set()

    before = names()
    source = """
        import os, torch
        torch.zeros(100000).share_memory_()
        os.kill(os.getpid(), 9)
        """
    run(tmp_path, source)
    assert {name for name in names() - before if "torch" in name or "adjoint" in name} == set()


def test_adagrad_shares_its_sums() -> None:
    p = torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.Adagrad([p])
    optimizer.share_memory()
    p.sum().backward()
    optimizer.step()
    assert optimizer.state[p]["sum"].is_shared() and optimizer.state[p]["sum"].tolist() == [1, 1]


def test_strategies_are_pytorchs() -> None:
    assert mp.get_all_sharing_strategies() == {"file_descriptor", "file_system"}
    assert mp.get_sharing_strategy() == "file_descriptor"
    with pytest.raises(AssertionError):
        mp.set_sharing_strategy("telepathy")


def test_a_pool_maps_tensors() -> None:
    with mp.get_context("fork").Pool(2) as pool:
        found = pool.map_async(torch.sqrt, [torch.tensor([4.0]), torch.tensor([9.0])]).get(timeout=100)
    assert [t.tolist() for t in found] == [[2.0], [3.0]]


def test_hogwild_learns(tmp_path: Path) -> None:
    """Processes that train one model at once, without locks (Recht, Re, Wright and Niu 2011)."""
    printed = run(
        tmp_path,
        """
        import torch
        import torch.multiprocessing as mp

        def data(seed):
            x = torch.randn(64, 3, generator=torch.Generator().manual_seed(seed))
            return x, x @ torch.tensor([[1.0], [-2.0], [0.5]]) + 3

        def train(rank, model):
            optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.5)
            for step in range(150):
                x, y = data(1000 * rank + step)
                optimizer.zero_grad()
                torch.nn.functional.mse_loss(model(x), y).backward()
                optimizer.step()

        if __name__ == "__main__":
            model = torch.nn.Linear(3, 1)
            model.share_memory()
            processes = [mp.Process(target=train, args=(rank, model)) for rank in range(2)]
            [p.start() for p in processes]
            [p.join() for p in processes]
            x, y = data(99999)
            print(torch.nn.functional.mse_loss(model(x), y).item() < 1e-3)
        """,
    )
    assert printed == "True\n"


def test_random_numbers_of_children(tmp_path: Path) -> None:
    """A forked child goes on with its parent's numbers, a spawned one begins with its own."""
    source = """
        import torch
        import torch.multiprocessing as mp

        def draw(i, out):
            out[i] = torch.rand(1).item()

        if __name__ == "__main__":
            torch.manual_seed(5)
            expected = torch.rand(1).item()
            for method in ("fork", "spawn"):
                torch.manual_seed(5)
                out = torch.zeros(2, dtype=torch.float64).share_memory_()
                mp.start_processes(draw, (out,), nprocs=2, start_method=method)
                print(method, [v == expected for v in out.tolist()])
        """
    assert run(tmp_path, source) == "fork [True, True]\nspawn [False, False]\n"


