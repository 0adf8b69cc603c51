"""What torch.save does to files: whatever happens in the middle, the old one or the new one is there, whole and alone."""

import dis
import errno
import gzip
import io
import json
import os
import pickle
import resource
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import textwrap
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest

import adjoint
from adjoint import files
from adjoint.serialization import archive
from adjoint.tensor import from_array

OTHER = 54321  # a user who is not the one that runs the tests
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


def program(text, *arguments, **options):
    """A process that runs a program; what it says, and its status, which has to be 0."""
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(text), *map(str, arguments)], text=True, timeout=120,
                          capture_output=True, env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
                          **options)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done


def big(value, n=100_000):
    return {"a": from_array(np.full(n, value, np.float32))}


def value_of(path):
    """What `big` was saved with; every byte of it is read."""
    (found,) = np.unique(adjoint.load(path)["a"]._array)
    return int(found)


@pytest.fixture
def path(tmp_path):
    made = tmp_path / "x.pt"
    adjoint.save(big(0), made)
    return made


def listed(path):
    return sorted(os.listdir(path.parent))


# Interrupts


class Interrupted:
    """Raises KeyboardInterrupt at the nth place of the named files where one can come: a line, or the end of a call."""

    def __init__(self, n, *modules):
        self.n = n
        self.files = {module.__file__ for module in modules}
        self.reached = False
        self.called = {}  # by frame, whether the instruction before was a call

    def __call__(self, frame, event, argument):
        if frame.f_code.co_filename not in self.files:
            return None
        frame.f_trace_opcodes = True
        here = event == "line"
        if event == "opcode":
            here = self.called.get(frame, False)
            self.called[frame] = dis.opname[frame.f_code.co_code[frame.f_lasti]].startswith("CALL")
        elif event == "return":
            self.called.pop(frame, None)
        if here:
            self.n -= 1
            if self.n == 0:
                self.reached = True
                self.called.clear()
                sys.settrace(None)
                raise KeyboardInterrupt
        return self

    def during(self, function):
        """Run a function in a thread of its own, for Python loses count of what is handled when a tracer raises."""

        def run():
            sys.settrace(self)
            try:
                function()
            except KeyboardInterrupt:
                pass
            finally:
                sys.settrace(None)

        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        return self.reached


@pytest.mark.parametrize("case", ["alone", "new", "linked"])
def test_an_interrupt_at_any_place_leaves_the_old_file_or_the_new_one(tmp_path, case, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)  # it would take most of the time
    path = tmp_path / "x.pt"
    small = [from_array(np.full(3, float(v))) for v in (1, 2)]
    old, new = io.BytesIO(), io.BytesIO()
    for obj, buffer in zip(small, (old, new)):
        files.replace_file(path, lambda file: adjoint.save(obj, file))  # noqa: B023
        buffer.write(path.read_bytes())
    expected = {"x.pt", "y.pt"} if case == "linked" else {"x.pt"}
    seen = set()
    n = 0
    while True:
        n += 1
        for name in os.listdir(tmp_path):
            os.unlink(tmp_path / name)
        if case != "new":
            path.write_bytes(old.getvalue())
        if case == "linked":
            os.link(path, tmp_path / "y.pt")
        reached = Interrupted(n, files).during(
            lambda: files.replace_file(path, lambda file: file.write(new.getvalue()), durable=True)
        )
        there = path.read_bytes() if path.exists() else None
        seen.add(there)
        assert there in (None if case == "new" else old.getvalue(), new.getvalue())
        left = set(os.listdir(tmp_path))
        assert left <= expected, left
        if not reached:
            break
    assert n > 200 and there == new.getvalue() and len(seen) == 2


def test_an_interrupt_at_any_line_of_a_save_leaves_no_tensor_changed_and_nothing_beside(path):
    from adjoint.serialization import pickler, saving

    before = path.read_bytes()
    n, step = 1, 23
    while Interrupted(n, saving, archive, pickler, files).during(lambda: adjoint.save({"b": [1, 2]}, path)):
        assert listed(path) == ["x.pt"]
        if path.read_bytes() != before:
            assert adjoint.load(path) == {"b": [1, 2]}
        n += step
    assert n > 500 and adjoint.load(path) == {"b": [1, 2]}


def test_a_signal_while_it_writes_leaves_the_old_file(path):
    def write(file):
        file.write(b"x" * 100_000)
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        files.replace_file(path, write)
    assert value_of(path) == 0 and listed(path) == ["x.pt"]


# Kills


def test_kills_at_any_moment_leave_a_whole_file_and_at_most_one_beside_it(tmp_path):
    said = program("""
        import os, random, signal, sys, time
        import numpy as np, adjoint
        from adjoint.tensor import from_array
        path, linked = sys.argv[1], int(sys.argv[2])
        folder = os.path.dirname(path)
        states = [{"a": from_array(np.full(50_000 * (1 + v), v, np.float32))} for v in range(3)]
        os.fsync = lambda descriptor: None  # more moments
        adjoint.save(states[0], path)
        left = 0
        for n in range(200):
            child = os.fork()
            if not child:
                while True:
                    for state in states:
                        adjoint.save(state, path)
            time.sleep(random.random() * 0.02)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            found = adjoint.load(path)["a"]
            value = int(found[0])
            assert found.shape[0] == 50_000 * (1 + value) and (found == value).all()
            beside = [name for name in os.listdir(folder) if name != "x.pt"]
            assert beside in ([], [".x.pt.0.tmp"]), beside
            left += len(beside)
        adjoint.save(states[1], path)
        print(os.listdir(folder), left)
    """, tmp_path / "x.pt", 0)  # fmt: skip
    assert said.stdout.startswith("['x.pt'] ") and said.stderr == ""


def test_what_killed_writers_left_is_removed_and_what_living_ones_write_is_not(path):
    for n in (0, 1, 5):
        (path.parent / f".x.pt.{n}.tmp").write_bytes(b"left")
    (path.parent / ".y.pt.0.tmp").write_bytes(b"another file's")
    living = files.Aside(str(path), 0o666)
    living.open().write(b"being written")
    assert living.path.endswith(".x.pt.0.tmp") and listed(path) == [".x.pt.0.tmp", ".y.pt.0.tmp", "x.pt"]
    program("import sys, adjoint; adjoint.save(3, sys.argv[1])", path)
    assert listed(path) == [".x.pt.0.tmp", ".y.pt.0.tmp", "x.pt"] and adjoint.load(path) == 3
    living.close()
    assert listed(path) == [".y.pt.0.tmp", "x.pt"]


def test_what_is_nobodys_leftover_is_not_touched(path, tmp_path):
    precious = tmp_path / "precious"
    precious.write_bytes(b"precious")
    (tmp_path / ".x.pt.0.tmp").symlink_to(precious)
    (tmp_path / ".x.pt.1.tmp").mkdir()
    os.mkfifo(tmp_path / ".x.pt.2.tmp")
    os.link(precious, tmp_path / ".x.pt.3.tmp")  # a name is removed, what it names stays
    adjoint.save(big(1), path)
    assert value_of(path) == 1 and precious.read_bytes() == b"precious"
    assert listed(path) == [".x.pt.0.tmp", ".x.pt.1.tmp", ".x.pt.2.tmp", "precious", "x.pt"]


# Several at once


def test_threads_and_processes_that_save_to_one_name_leave_one_of_theirs(path):
    writers = [
        subprocess.Popen([sys.executable, "-c", textwrap.dedent("""
            import sys, numpy as np, adjoint
            from adjoint.tensor import from_array
            for n in range(20):
                adjoint.save({"a": from_array(np.full(100_000, int(sys.argv[2]), np.float32))}, sys.argv[1])
        """), str(path), str(n)], env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)})
        for n in (11, 12)
    ]  # fmt: skip
    threads = [threading.Thread(target=lambda n=n: [adjoint.save(big(n), path) for _ in range(20)]) for n in (1, 2, 3)]
    for thread in threads:
        thread.start()
    while any(writer.poll() is None for writer in writers):
        assert value_of(path) in (0, 1, 2, 3, 11, 12)
    for thread in threads:
        thread.join()
    assert [writer.returncode for writer in writers] == [0, 0]
    assert value_of(path) in (1, 2, 3, 11, 12) and listed(path) == ["x.pt"]


def test_threads_that_save_to_one_file_of_two_names_leave_one_of_theirs(path):
    os.link(path, path.parent / "y.pt")
    threads = [threading.Thread(target=lambda n=n: [adjoint.save(big(n, 50_000 * n), path) for _ in range(5)])
               for n in (1, 2, 3)]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert value_of(path) == value_of(path.parent / "y.pt") in (1, 2, 3) and listed(path) == ["x.pt", "y.pt"]


# What stays of the old file


def test_all_names_of_a_file_show_what_is_saved_to_one(path, tmp_path):
    link, symlink, dangling = tmp_path / "link.pt", tmp_path / "symlink.pt", tmp_path / "dangling.pt"
    os.link(path, link)
    for n in (1, 0, 2):  # larger and smaller
        adjoint.save(big(n, 1000 * (n + 1)), path)
        assert value_of(link) == n and os.path.samefile(path, link)
    symlink.symlink_to("link.pt")
    adjoint.save(big(3), symlink)
    assert symlink.is_symlink() and value_of(path) == 3
    dangling.symlink_to("made.pt")
    adjoint.save(big(4), dangling)
    assert dangling.is_symlink() and value_of(tmp_path / "made.pt") == 4


def test_who_has_an_empty_file_open_sees_what_is_saved_to_its_name():
    with tempfile.NamedTemporaryFile() as file:
        adjoint.save(big(1), file.name)
        assert value_of(file) == 1


def test_mode_and_attributes_stay(path):
    path.chmod(0o604)
    try:
        os.setxattr(path, "user.note", b"mine")
        os.setxattr(path, "system.posix_acl_access", bytes.fromhex(
            "02000000 01000600ffffffff 02000400d4310000 04000400ffffffff 10000400ffffffff 20000400ffffffff"))  # fmt: skip
    except OSError:
        pytest.skip("a file system without attributes")
    names, mode = os.listxattr(path), path.stat().st_mode
    adjoint.save(big(1), path)
    assert os.listxattr(path) == names and os.getxattr(path, "user.note") == b"mine"
    assert path.stat().st_mode == mode and value_of(path) == 1


def test_what_replaces_a_private_file_is_private_from_the_first_byte(path):
    path.chmod(0o600)
    seen = []
    files.replace_file(path, lambda file: seen.append(os.fstat(file.fileno()).st_mode & 0o777))
    assert seen == [0o600] == [path.stat().st_mode & 0o777]


def test_a_new_file_has_the_mode_that_any_new_file_has(tmp_path):
    program("""
        import os, sys, adjoint
        for mask in (0o022, 0o077, 0o002):
            os.umask(mask)
            adjoint.save(1, f"{sys.argv[1]}/{mask}")
            assert os.stat(f"{sys.argv[1]}/{mask}").st_mode & 0o777 == 0o666 & ~mask
    """, tmp_path)  # fmt: skip


AS_OTHER = """
    import os, sys, io
    import numpy as np, pickletools, tempfile, fcntl, adjoint
    adjoint.load(io.BytesIO((lambda b: (adjoint.save(adjoint.ones(2), b), b.getvalue())[1])(io.BytesIO())))
    path = sys.argv[1]
    os.setgid(54321); os.setuid(54321)
"""


@pytest.fixture
def shared():
    """A folder that other users can reach; pytest's own are closed to them."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o711)
        yield Path(folder)


@as_root
def test_the_owner_stays(shared):
    path = shared / "x.pt"
    adjoint.save(big(0), path)
    os.chown(path, OTHER, OTHER)
    adjoint.save(big(1), path)
    assert (path.stat().st_uid, path.stat().st_gid) == (OTHER, OTHER) and value_of(path) == 1


@as_root
@pytest.mark.parametrize("mode", [0o755, 0o1777])
def test_anothers_file_that_may_be_written_to_is_written_to_and_stays_anothers(shared, mode):
    path = shared / "x.pt"
    adjoint.save(big(0), path)
    path.chmod(0o666)
    shared.chmod(mode)  # a folder where this user cannot make files, and one where only owners rename
    program(AS_OTHER + "    adjoint.save({'a': adjoint.ones(5)}, path)", path)
    assert value_of(path) == 1 and path.stat().st_uid == 0 and listed(path) == ["x.pt"]


@as_root
def test_what_may_not_be_written_is_refused_in_pytorchs_words(shared):
    path = shared / "x.pt"
    adjoint.save(big(0), path)
    before = path.read_bytes()
    said = program(AS_OTHER + """
    for p in (path, path + ".new"):
        try:
            adjoint.save(1, p)
        except RuntimeError as error:
            print(error)
    """, path)  # fmt: skip
    words = "[enforce fail at inline_container.cc:747] . open file failed with strerror: Permission denied\n"
    assert said.stdout == 2 * words and path.read_bytes() == before and listed(path) == ["x.pt"]
    shared.chmod(0o777)
    path.chmod(0o444)
    said = program(AS_OTHER + """
    try:
        adjoint.save(1, path)
    except RuntimeError as error:
        print(error)
    """, path)  # fmt: skip
    assert said.stdout == words and path.read_bytes() == before  # though it could have been renamed to


@pytest.mark.parametrize("name", ["x" * 255, "é" * 127, "x" * 251 + ".pt", "a b\n.pt", ".hidden", "-x", "x.tar.gz"])
def test_any_name_will_do(tmp_path, name):
    path = tmp_path / name
    for n in (1, 2):
        adjoint.save(big(n), path)
        assert value_of(path) == n and os.listdir(tmp_path) == [name]
    beside = [next(files._names_beside(other)) for other in (name, name + "z")]
    assert beside[0] != beside[1] and all(len(os.fsencode(n)) < 255 for n in beside)


# Failures


def test_what_fails_leaves_the_old_file_and_says_so_once(path, monkeypatch):
    unraisable = []
    monkeypatch.setattr(sys, "unraisablehook", unraisable.append)

    def fails(file):
        file.write(b"x" * 100)
        raise OSError(errno.ENOSPC, "No space left on device")

    before = path.read_bytes()
    unpicklable = {"a": from_array(np.ones(9)), "f": fails}
    for write in (fails, lambda file: 1 / 0, lambda file: adjoint.save(unpicklable, file)):
        with pytest.raises((OSError, ZeroDivisionError, AttributeError, pickle.PicklingError)):
            files.replace_file(path, write)
    for thing in (Full(), io.BytesIO(b"").getbuffer(), open(path, "rb")):
        with pytest.raises((OSError, AttributeError)):
            adjoint.save(big(1), thing)
    assert path.read_bytes() == before and listed(path) == ["x.pt"] and unraisable == []


class Full:
    """A file that is full after some writes."""

    def __init__(self):
        self.left = 3

    def write(self, data):
        self.left -= 1
        if not self.left:
            raise OSError(errno.ENOSPC, "No space left on device")
        return len(data)


@pytest.mark.parametrize("links", [1, 2])
def test_a_full_disk_leaves_the_old_file(path, links):
    if links == 2:
        os.link(path, path.parent / "y.pt")
    before, names = path.read_bytes(), listed(path)
    said = program("""
        import resource, signal, sys
        import numpy as np, adjoint
        from adjoint.tensor import from_array
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))
        try:
            adjoint.save({"a": from_array(np.ones(1_000_000))}, sys.argv[1])
        except OSError as error:
            print(error)
    """, path)  # fmt: skip
    assert said.stdout == "[Errno 27] File too large\n" and said.stderr == ""
    assert path.read_bytes() == before and listed(path) == names


def test_room_is_there_before_a_byte_of_a_file_of_two_names_is_written_over(path, monkeypatch):
    os.link(path, path.parent / "y.pt")
    before = path.read_bytes()

    def full(descriptor, start, length):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError, match="No space left"):
        adjoint.save(big(1, 200_000), path)
    assert path.read_bytes() == before and listed(path) == ["x.pt", "y.pt"]


def test_impatience_does_not_leave_a_file_of_two_names_half_written_over(path, monkeypatch):
    os.link(path, path.parent / "y.pt")
    write, left = os.pwrite, [3]

    def interrupted(*arguments):
        written = write(*arguments)
        if left[0]:
            left[0] -= 1
            raise KeyboardInterrupt
        return written

    monkeypatch.setattr(os, "pwrite", interrupted)
    with pytest.raises(KeyboardInterrupt):
        adjoint.save(big(1, 1_000_000), path)
    assert value_of(path.parent / "y.pt") == 1 and listed(path) == ["x.pt", "y.pt"]


def test_where_a_disk_fails_in_the_middle_of_a_copy_the_whole_stays_beside_it(path, monkeypatch):
    os.link(path, path.parent / "y.pt")

    def fails(*arguments):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "pwrite", fails)
    with pytest.raises(OSError, match="Input/output"):
        adjoint.save(big(1), path)
    assert value_of(path.parent / ".x.pt.0.tmp") == 1
    monkeypatch.undo()
    adjoint.save(big(2), path)
    assert value_of(path.parent / "y.pt") == 2 and listed(path) == ["x.pt", "y.pt"]


def test_tensors_that_lie_in_a_file_can_be_saved_to_it(path):
    mapped = adjoint.load(path, mmap=True)
    mapped["a"][:10] = 7
    adjoint.save(mapped, path)
    adjoint.save({"a": mapped["a"][:3].clone()}, path)
    assert (mapped["a"][:10] == 7).all() and (mapped["a"][10:] == 0).all()
    assert value_of(path) == 7


# What is no file


def test_devices_pipes_and_open_descriptors_are_written_to_and_stay(tmp_path):
    adjoint.save(big(1), os.devnull)
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    got = []
    reader = threading.Thread(target=lambda: got.append(fifo.read_bytes()))
    reader.start()
    adjoint.save(big(1), fifo)
    reader.join()
    assert value_of(io.BytesIO(got[0])) == 1 and os.listdir(tmp_path) == ["fifo"]
    with open(tmp_path / "opened", "w+b") as file:
        adjoint.save(big(2), f"/proc/self/fd/{file.fileno()}")
        assert value_of(file) == 2
    out = tmp_path / "out"
    with open(out, "wb") as file:
        program_of_stdout = "import sys, adjoint; adjoint.save(5, '/dev/stdout'); adjoint.save(5, '/dev/stderr')"
        done = subprocess.run([sys.executable, "-c", program_of_stdout], stdout=file, stderr=subprocess.PIPE, timeout=60,
                              env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)})  # fmt: skip
        assert os.path.samestat(os.fstat(file.fileno()), out.stat())
    assert adjoint.load(out) == adjoint.load(io.BytesIO(done.stderr)) == 5


class Raw(io.RawIOBase):
    """A file that takes a few bytes at a time."""

    def __init__(self):
        self.got = bytearray()

    def writable(self):
        return True

    def write(self, data):
        self.got += bytes(data)[:1000]
        return min(len(data), 1000)


class OnlyWrites:
    def __init__(self):
        self.got = []

    def write(self, data):
        self.got.append(data)  # the very object, so it must stay what it is


@pytest.mark.parametrize("old", [False, True])
def test_anything_that_takes_bytes_is_a_file(old):
    options = {"_use_new_zipfile_serialization": False} if old else {}
    raw, only = Raw(), OnlyWrites()
    if not old:
        adjoint.save(big(1), raw)
        assert value_of(io.BytesIO(raw.got)) == 1
    adjoint.save(big(2), only, **options)
    assert value_of(io.BytesIO(b"".join(only.got))) == 2
    a, b = socket.socketpair()
    with a, b:
        got = []
        reader = threading.Thread(target=lambda: got.append(b.makefile("rb").read()))
        reader.start()
        with a.makefile("wb") as stream:
            adjoint.save(big(3), stream, **options)
        a.shutdown(socket.SHUT_WR)
        reader.join()
    assert value_of(io.BytesIO(got[0])) == 3


def test_an_archive_can_begin_anywhere_in_a_file(tmp_path):
    torch = pytest.importorskip("torch")
    with open(tmp_path / "x", "w+b") as file:
        file.write(b"h" * 100)
        adjoint.save(big(4), file)
        for load in (adjoint.load, torch.load):
            file.seek(100)
            assert (load(file)["a"] == 4).all()
        file.seek(0)
        assert file.read(100) == b"h" * 100


# The archive itself


def test_what_changes_while_it_is_saved_makes_no_damaged_file():
    torch = pytest.importorskip("torch")
    array = np.zeros(200_000, np.float32)

    class Changing(io.BytesIO):
        def write(self, data):
            array[...] += 1
            return super().write(data)

    file = Changing()
    adjoint.save({"a": from_array(array)}, file)
    assert zipfile.ZipFile(file).testzip() is None
    for load in (adjoint.load, torch.load):
        file.seek(0)
        assert load(file)["a"].shape == (200_000,)


@pytest.mark.parametrize("n", [0, 1, 63, 64, 65, (1 << 18) - 1, 1 << 18, (1 << 18) + 1, 1_000_003])
def test_records_of_any_size_are_read_by_all(tmp_path, n):
    torch = pytest.importorskip("torch")
    path = tmp_path / "x.pt"
    array = np.arange(n, dtype=np.uint8)
    adjoint.save({"a": from_array(array), "b": from_array(array[:7].copy())}, path)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        data = path.read_bytes()
        for info in archive.infolist():
            start = info.header_offset + 30 + sum(data[info.header_offset + k] + 256 * data[info.header_offset + k + 1]
                                                  for k in (26, 28))  # fmt: skip
            assert start % 64 == 0
    for load in (adjoint.load, torch.load):
        for mmap in (False, True):
            found = load(path, mmap=mmap)
            assert (np.asarray(found["a"]) == array).all() and found["b"].shape == (min(n, 7),)


def test_archives_of_more_records_than_the_format_once_held_are_written():
    file = io.BytesIO()
    writer = archive.ArchiveWriter(file, "x")
    for n in range(70_000):
        writer.write(str(n), b"1")
    writer.close()
    with zipfile.ZipFile(file) as read:
        assert len(read.infolist()) == 70_000 and read.read("x/69999") == b"1"


def test_memory_that_is_shared_is_written_once(tmp_path):
    base = adjoint.zeros(1_000_000)
    adjoint.save({"a": base, "b": base[:10], "c": base.view(1000, 1000).t()}, tmp_path / "x.pt")
    assert os.stat(tmp_path / "x.pt").st_size < 4_100_000


def test_text_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "page.html"
    files.write_text(path, "é")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with pytest.raises(UnicodeEncodeError):
        files.write_text(path, "x" * 10_000 + "\udcff")
    assert path.read_bytes() == "é".encode() and os.listdir(tmp_path) == ["page.html"] and limits


def test_what_cannot_be_saved_is_refused_as_pytorch_does():
    torch = pytest.importorskip("torch")

    class NoWrite:
        write = 3

    def refusals(package):
        for obj, file in [(package.ones(2), NoWrite()), (lambda: 1, io.BytesIO()), ((i for i in ()), io.BytesIO())]:
            with pytest.raises(Exception) as caught:
                package.save(obj, file)
            yield type(caught.value), str(caught.value)
        with pytest.raises(NotImplementedError, match="Cannot access storage of BatchedTensorImpl"):
            package.func.vmap(lambda x: package.save(x, io.BytesIO()))(package.ones(2, 3))

    assert list(refusals(adjoint)) == list(refusals(torch))


def test_traces_are_written_whole_or_not_at_all_and_nothing_beside_them(tmp_path):
    from adjoint.profiler import profile

    with profile() as prof:
        adjoint.ones(2) + 1
    (tmp_path / "trace.json").write_text("another's")
    prof.export_chrome_trace(str(tmp_path / "trace.json.gz"))
    with gzip.open(tmp_path / "trace.json.gz") as file:
        assert json.load(file)["traceEvents"]
    assert (tmp_path / "trace.json").read_text() == "another's"
    assert sorted(os.listdir(tmp_path)) == ["trace.json", "trace.json.gz"]
