"""torch.save and torch.load: files that PyTorch reads, files that PyTorch wrote, and files that mean harm."""

import collections
import io
import os
import pickle
import stat
import struct
import zipfile

import numpy as np
import pytest

import adjoint
from adjoint.tensor import from_array, writes_of

torch = pytest.importorskip("torch")

DTYPES = [
    "float16", "bfloat16", "float32", "float64", "complex64", "complex128", "uint8", "int8", "int16", "int32", "int64",
    "uint16", "uint32", "uint64", "bool",
]  # fmt: skip


def saved(obj, package=adjoint, **options):
    buffer = io.BytesIO()
    package.save(obj, buffer, **options)
    return io.BytesIO(buffer.getvalue())


def sample(name, shape=(2, 3)):
    values = np.arange(np.prod(shape)).reshape(shape) * 1.5
    return values.astype(getattr(adjoint, name).array)


def storages_in(file):
    return sum("/data/" in name for name in zipfile.ZipFile(io.BytesIO(file.getvalue())).namelist())


def view(tensor, array):
    """A tensor over a part of another's memory, as views are."""
    t = from_array(array)
    t._writes = writes_of(tensor)
    return t


def bits(t):
    if isinstance(t, adjoint.Tensor):
        array = np.ascontiguousarray(t._array)
        return str(t.dtype), tuple(t.shape), array.tobytes()
    t = t.detach().contiguous().resolve_conj().resolve_neg()
    return (
        str(t.dtype),
        tuple(t.shape),
        bytes(t.untyped_storage())[t.storage_offset() * t.itemsize :][: t.numel() * t.itemsize],
    )


@pytest.mark.parametrize("name", DTYPES)
@pytest.mark.parametrize("shape", [(2, 3), (), (0, 4)])
def test_pytorch_reads_what_adjoint_saved(name, shape):
    t = from_array(sample(name, shape))
    assert bits(torch.load(saved({"t": t}))["t"]) == bits(t)


@pytest.mark.parametrize("name", DTYPES)
@pytest.mark.parametrize("shape", [(2, 3), (), (0, 4)])
def test_adjoint_reads_what_pytorch_saved(name, shape):
    t = torch.arange(int(np.prod(shape))).reshape(shape).to(getattr(torch, name))
    assert bits(adjoint.load(saved({"t": t}, torch))["t"]) == bits(t)


@pytest.mark.parametrize("name", [n for n in DTYPES if n not in ("uint16", "uint32", "uint64")])
def test_the_old_format_is_read_and_written(name):
    t = from_array(sample(name))
    q = torch.ones(2, 3).to(getattr(torch, name))
    old = {"_use_new_zipfile_serialization": False}
    assert bits(torch.load(saved([t], **old))[0]) == bits(t)
    assert bits(adjoint.load(saved([q], torch, **old))[0]) == bits(q)


def test_dtypes_that_the_old_format_lacks_are_refused():
    with pytest.raises(NotImplementedError, match="uint16"):
        saved(from_array(np.ones(1, np.uint16)), _use_new_zipfile_serialization=False)


def test_the_archive_is_laid_out_as_pytorchs(tmp_path):
    array = np.arange(6, dtype=np.float32)
    adjoint.save({"a": from_array(array), "b": from_array(array[:2].copy())}, tmp_path / "model.pt")
    torch.save({"a": torch.from_numpy(array), "b": torch.from_numpy(array[:2].copy())}, tmp_path / "theirs.pt")
    mine, theirs = zipfile.ZipFile(tmp_path / "model.pt"), zipfile.ZipFile(tmp_path / "theirs.pt")
    assert [n.replace("model/", "theirs/") for n in mine.namelist()] == theirs.namelist()
    for name in (".format_version", ".storage_alignment", "byteorder", "version", "data/0", "data/1"):
        assert mine.read(f"model/{name}") == theirs.read(f"theirs/{name}")
    raw = (tmp_path / "model.pt").read_bytes()
    for info in mine.infolist():
        name, extra = struct.unpack("<HH", raw[info.header_offset + 26 : info.header_offset + 30])
        assert (info.header_offset + 30 + name + extra) % 64 == 0
        assert info.compress_type == zipfile.ZIP_STORED
    assert len(mine.read("model/.data/serialization_id")) == 40


def test_the_pickle_is_pytorchs_own():
    def state(package, tensor, parameter):
        return collections.OrderedDict(
            t=tensor(np.arange(6, dtype=np.float32).reshape(2, 3)),
            n=tensor(np.arange(4, dtype=np.uint16)),
            p=parameter(tensor(np.ones(2, np.float32))),
            size=package.Size([1, 2]),
            dtype=package.bfloat16,
            rest=[1, -2.5, "x", None, True, (1, 2), {"a": b"bytes"}, {3}, 1 << 70, 2j],
        )

    from adjoint.nn.parameter import Parameter

    mine = saved(state(adjoint, from_array, Parameter))
    theirs = saved(state(torch, torch.from_numpy, torch.nn.Parameter), torch)
    read = [zipfile.ZipFile(f).read("archive/data.pkl") for f in (mine, theirs)]
    assert read[0] == read[1]


def test_memory_that_is_shared_is_saved_once_and_shared_again():
    base = from_array(np.arange(12, dtype=np.float32).reshape(3, 4))
    part = view(base, base._array.T[1:, :2])
    file = saved([base, part])
    assert storages_in(file) == 1
    a, b = adjoint.load(file)
    assert b._array.strides == part._array.strides and (b._array == part._array).all()
    a._array[0, 1] = 77
    assert b._array[0, 0] == 77
    file.seek(0)
    q, r = torch.load(file)
    assert r.stride() == (1, 4) and r.storage_offset() == 1
    q[0, 1] = 77
    assert r[0, 0] == 77


def test_a_part_of_a_foreign_array_is_saved_alone():
    big = np.zeros(1_000_000, np.float32)
    file = saved(from_array(big[10:13]))
    assert len(file.getvalue()) < 5000
    assert bits(adjoint.load(file)) == bits(from_array(big[10:13]))


def test_views_conjugates_and_expanded_tensors_of_pytorchs_are_read():
    base = torch.arange(12.0).reshape(3, 4)
    complex_ = torch.tensor([1 + 2j, 3 - 4j])
    given = [base, base.t(), base[1:, ::2], base[0].expand(5, 4), complex_.conj()]
    for mine, theirs in zip(adjoint.load(saved(given, torch)), given):
        np.testing.assert_array_equal(mine._array, theirs.resolve_conj().resolve_neg().numpy())
    a, b = adjoint.load(saved(given[:2], torch))
    a._array[1, 0] = 99
    assert b._array[0, 1] == 99


def test_requires_grad_and_parameters_go_round():
    from adjoint.nn.parameter import Parameter

    p, frozen = Parameter(from_array(np.ones(2, np.float32))), Parameter(from_array(np.ones(2, np.float32)), False)
    t = from_array(np.ones(2, np.float32)).requires_grad_()
    for package in (adjoint, torch):
        a, b, c = package.load(saved([p, frozen, t]))
        assert type(a).__name__ == type(b).__name__ == "Parameter" and type(c).__name__ == "Tensor"
        assert (a.requires_grad, b.requires_grad, c.requires_grad) == (True, False, True)
        assert a.is_leaf and c.is_leaf


def test_attributes_of_tensors_go_round():
    t = from_array(np.ones(2, np.float32))
    t.note = "mine"
    assert adjoint.load(saved(t)).note == torch.load(saved(t)).note == "mine"
    q = torch.ones(2)
    q.note = "theirs"
    assert adjoint.load(saved(q, torch)).note == "theirs"


def test_a_file_may_not_reach_into_a_tensor():
    q = torch.ones(2)
    q._edge = 3
    with pytest.raises(RuntimeError, match="_edge"):
        adjoint.load(saved(q, torch))


def test_optimizer_states_cross_over_both_ways():
    w = from_array(np.ones((2, 3), np.float32)).requires_grad_()
    q = torch.ones(2, 3, requires_grad=True)
    v, r = from_array(np.ones(4, np.float32)).requires_grad_(), torch.ones(4, requires_grad=True)
    a, b = adjoint.optim.Adam([w, v], lr=0.1), torch.optim.Adam([q, r], lr=0.1)
    rng = np.random.default_rng(0)

    def step(times=3):
        for _ in range(times):
            for p, o in ((w, q), (v, r)):
                g = rng.standard_normal(p._array.shape).astype(np.float32)
                p.grad, o.grad = from_array(g), torch.from_numpy(g.copy())
            a.step()
            b.step()

    step()
    mine, theirs = saved(a.state_dict()), saved(b.state_dict(), torch)
    assert storages_in(mine) == 6
    a.load_state_dict(adjoint.load(theirs))
    b.load_state_dict(torch.load(mine))
    step()
    np.testing.assert_allclose(w._array, q.detach().numpy(), rtol=1e-5)
    np.testing.assert_allclose(v._array, r.detach().numpy(), rtol=1e-5)


@pytest.mark.parametrize(
    "obj", [1, "text", [1, 2], {"a": (None, True)}, {1, 2}, collections.Counter("aab"), 2.5, 1 << 100]
)
def test_plain_objects_go_round(obj):
    assert adjoint.load(saved(obj)) == obj == torch.load(saved(obj)) == adjoint.load(saved(obj, torch))


def test_an_ordered_dict_keeps_its_metadata():
    state = collections.OrderedDict(a=1)
    state._metadata = {"": {"version": 1}}
    assert adjoint.load(saved(state))._metadata == {"": {"version": 1}}


def test_dtypes_sizes_devices_and_layouts_go_round():
    given = [adjoint.float32, adjoint.Size([2, 3]), adjoint.device("cuda", 1), adjoint.strided]
    found = adjoint.load(saved(given))
    assert found == given and type(found[1]) is adjoint.Size
    assert torch.load(saved(given)) == [torch.float32, torch.Size([2, 3]), torch.device("cuda:1"), torch.strided]


# Files that mean harm


class Runs:
    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


class Mine:
    pass


def refusal(package, file, **options):
    file.seek(0)
    with pytest.raises(Exception) as caught:
        package.load(file, **options)
    return type(caught.value), str(caught.value)


@pytest.mark.parametrize("obj", [
    Runs(os.system, "touch harm"), Runs(eval, "1"), Runs(exec, "1"), Runs(getattr, 1, "real"), Mine(), print,
    Runs(pickle.loads, b"x"), Runs(os.unlink, "x"), Runs(open, "harm", "w"), [Runs(map, str, [1])],
], ids=lambda obj: type(obj).__name__)  # fmt: skip
def test_what_is_not_allowed_is_refused_in_pytorchs_words(obj, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = saved(obj, torch)
    assert refusal(adjoint, file) == refusal(torch, file)
    assert not list(tmp_path.iterdir())


def archive_of(pickled, storages=()):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as z:
        z.writestr("archive/data.pkl", pickled)
        for key, data in storages:
            z.writestr(f"archive/data/{key}", data)
        z.writestr("archive/version", "3\n")
    return io.BytesIO(buffer.getvalue())


STORAGE = b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x04tQ"


@pytest.mark.parametrize("pickled", [
    b"\x80\x02ccollections\nOrderedDict\n)R}X\x01\x00\x00\x00a)sR.",  # a call of something that is no function
    b"\x80\x02K\x01)R.",  # a call of a number
    b"\x80\x02K\x01}b.",  # attributes for a number
    b"\x80\x02)K\x01a.",  # an item for a tuple
    b"\x80\x02)K\x01K\x02s.",
    b"\x80\x02X\x03\x00\x00\x00badQ.",  # a persistent id that names no storage
    b"\x80\x02(X\x06\x00\x00\x00moduleK\x01tQ.",
    b"\x80\x02\x82\x01.",  # the extension registry
    b"\x80\x02cposix\nsystem\n.",
    b"\x80\x02(S'x'\nios\nsystem\n.",  # INST
    b"\x80\x02ccollections\nOrderedDict\n)\x81cnt\nsystem\n.",
])  # fmt: skip
def test_forged_pickles_are_refused(pickled):
    with pytest.raises(pickle.UnpicklingError):
        adjoint.load(archive_of(pickled))


@pytest.mark.parametrize(
    "pickled", [b"", b"\x80\x02", b"\x80\x02X\xff\xff\xff\x7fab", b"\x80\x02R.", b"\x80\x02t.", b"\x80\x02."]
)
def test_truncated_pickles_are_refused(pickled):
    with pytest.raises((pickle.UnpicklingError, EOFError)):
        adjoint.load(archive_of(pickled))


@pytest.mark.parametrize(("offset", "size", "stride"), [
    (b"K\x00", b"K\x05\x85", b"K\x01\x85"), (b"K\x02", b"K\x03\x85", b"K\x01\x85"), (b"K\x00", b"K\x02\x85", b"K\x04\x85"),
    (b"J\xff\xff\xff\xff", b"K\x02\x85", b"K\x01\x85"), (b"K\x00", b"K\x02\x85", b"J\xff\xff\xff\xff\x85"),
    (b"K\x00", b"K\x02\x85", b"K\x01K\x01\x86"),
])  # fmt: skip
def test_a_tensor_may_not_reach_outside_of_its_storage(offset, size, stride):
    call = b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(" + STORAGE + offset + size + stride + b"\x89}tR."
    with pytest.raises(RuntimeError):
        adjoint.load(archive_of(call, [("0", b"\0" * 16)]))


def test_a_storage_of_another_size_than_promised_is_refused():
    call = b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(" + STORAGE + b"K\x00K\x04\x85K\x01\x85\x89}tR."
    for storages in ([("0", b"\0" * 8)], [("0", b"\0" * 20)], []):
        with pytest.raises(RuntimeError):
            adjoint.load(archive_of(call, storages))
    assert adjoint.load(archive_of(call, [("0", b"\0" * 16)])).shape == (4,)


def test_damaged_files_are_told():
    whole = saved({"a": from_array(np.arange(100.0))}).getvalue()
    for damaged in (whole[:300], whole[:-10], b"PK\x03\x04garbage"):
        with pytest.raises(RuntimeError, match="PytorchStreamReader failed reading zip archive"):
            adjoint.load(io.BytesIO(damaged))
    at = whole.index(np.arange(100.0).tobytes())
    with pytest.raises(RuntimeError, match="CRC"):
        adjoint.load(io.BytesIO(whole[:at] + b"\x01" + whole[at + 1 :]))
    with pytest.raises(EOFError):
        adjoint.load(io.BytesIO(b""))


@pytest.mark.parametrize("data", [b"garbage", pickle.dumps({"a": 1}, 2), b"\x80\x02cos\nsystem\n."])
def test_files_of_another_kind_are_refused_in_pytorchs_words(data):
    (mine, told), (theirs, text) = refusal(adjoint, io.BytesIO(data)), refusal(torch, io.BytesIO(data))
    assert issubclass(mine, theirs) and told == text


@pytest.mark.parametrize(
    "options",
    [
        {"map_location": "cuda"},
        {"map_location": "nope"},
        {"mmap": True},
        {"pickle_module": pickle, "weights_only": True},
    ],
    ids=str,
)
def test_options_that_cannot_be_met_raise_pytorchs_errors(options):
    file = saved({"a": torch.ones(2)}, torch)
    assert refusal(adjoint, file, **options) == refusal(torch, file, **options)


@pytest.mark.parametrize("f", [3, None])
def test_what_is_no_file_is_refused_in_pytorchs_words(f):
    assert _error(lambda: adjoint.load(f)) == _error(lambda: torch.load(f))
    assert _error(lambda: adjoint.save({}, f)) == _error(lambda: torch.save({}, f))


@pytest.mark.parametrize("path", ["none/x.pt", "."])
def test_folders_that_are_not_there_are_told_in_pytorchs_words(path, tmp_path):
    path = tmp_path / path
    assert _error(lambda: adjoint.save({}, path)) == _error(lambda: torch.save({}, path))
    assert _error(lambda: adjoint.load(path))[0] == _error(lambda: torch.load(path))[0]


def _error(call):
    with pytest.raises(Exception) as caught:
        call()
    return type(caught.value), str(caught.value)


# Classes of the user's


def test_classes_that_the_user_allows_are_loaded():
    thing = Mine()
    thing.value = from_array(np.ones(2))
    file = saved(thing)
    with pytest.raises(pickle.UnpicklingError, match="Mine was not an allowed global"):
        adjoint.load(file)
    with adjoint.serialization.safe_globals([Mine]):
        assert adjoint.serialization.get_safe_globals() == [Mine]
        file.seek(0)
        assert adjoint.load(file).value.shape == (2,)
    assert adjoint.serialization.get_safe_globals() == []
    adjoint.serialization.add_safe_globals([(Mine, f"{__name__}.Mine")])
    file.seek(0)
    assert type(adjoint.load(file)) is Mine
    adjoint.serialization.clear_safe_globals()
    file.seek(0)
    with pytest.raises(pickle.UnpicklingError):
        adjoint.load(file)
    file.seek(0)
    assert type(adjoint.load(file, weights_only=False)) is Mine


def test_names_of_blocked_modules_cannot_be_allowed():
    file = saved(Runs(os.getpid), torch)
    with (
        adjoint.serialization.safe_globals([(os.getpid, "posix.getpid")]),
        pytest.raises(pickle.UnpicklingError, match="blocked"),
    ):
        adjoint.load(file)


def test_the_names_that_are_not_allowed_can_be_asked_for(tmp_path):
    torch.save([Mine(), torch.ones(2)], tmp_path / "x.pt")
    assert adjoint.serialization.get_unsafe_globals_in_checkpoint(tmp_path / "x.pt") == [f"{__name__}.Mine"]


def test_environment_variables_decide_as_in_pytorch(monkeypatch):
    file = saved(Mine(), torch)
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    with pytest.warns(UserWarning, match="TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD detected"):
        assert type(adjoint.load(file)) is Mine
    monkeypatch.setenv("TORCH_FORCE_WEIGHTS_ONLY_LOAD", "1")
    file.seek(0)
    with pytest.raises(RuntimeError, match="both were set"):
        adjoint.load(file)


# Where storages go


def test_map_location_is_asked_for_each_storage():
    file = saved([torch.ones(2), torch.zeros(3)], torch)
    asked = []

    def locate(storage, location):
        asked.append((storage.nbytes(), location))
        return storage

    for location in (locate, "cpu", adjoint.device("cpu"), {"cpu": "cpu"}, lambda storage, location: None):
        file.seek(0)
        assert adjoint.load(file, map_location=location)[0].shape == (2,)
    assert asked == [(8, "cpu"), (12, "cpu")]


def test_storages_can_stay_in_the_file(tmp_path):
    path = tmp_path / "x.pt"
    adjoint.save({"a": from_array(np.arange(5.0)), "e": from_array(np.empty(0))}, path)
    before = path.read_bytes()
    found = adjoint.load(path, mmap=True)
    a = found["a"]._array
    assert (a == np.arange(5)).all() and found["e"].shape == (0,)
    a += 1  # stays in memory
    assert path.read_bytes() == before and a[0] == 1
    torch.save({"a": torch.arange(5.0)}, path)
    assert (adjoint.load(str(path), mmap=True)["a"]._array == np.arange(5)).all()


def test_a_file_of_the_other_byte_order_is_read():
    def swapped(name):
        array = sample(name)
        buffer = saved(from_array(array))
        out = io.BytesIO()
        part = array.dtype.itemsize // (2 if array.dtype.kind == "c" else 1)
        with zipfile.ZipFile(buffer) as z, zipfile.ZipFile(out, "w") as w:
            for n in z.namelist():
                data = b"big" if n.endswith("byteorder") else z.read(n)
                if "/data/" in n:
                    data = np.frombuffer(data, f"u{part}").byteswap().tobytes()
                w.writestr(n, data)
        return bits(adjoint.load(io.BytesIO(out.getvalue()))), bits(from_array(array))

    for name in ("float32", "bfloat16", "int64", "complex64", "uint8"):
        found, expected = swapped(name)
        assert found == expected


# The file itself


def test_a_save_that_fails_leaves_the_old_file(tmp_path):
    path = tmp_path / "x.pt"
    adjoint.save({"a": 1}, path)
    before = path.read_bytes()
    with pytest.raises((AttributeError, pickle.PicklingError)):
        adjoint.save({"a": from_array(np.ones(3)), "f": lambda: 3}, path)
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["x.pt"]


def test_a_disk_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "x.pt"
    adjoint.save({"a": 1}, path)
    before = path.read_bytes()

    def fail(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        adjoint.save({"a": 2}, path)
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["x.pt"]


def test_permissions_and_links_are_kept(tmp_path):
    path, link = tmp_path / "x.pt", tmp_path / "link.pt"
    adjoint.save(1, path)
    reference = tmp_path / "plain"
    reference.write_bytes(b"")
    assert path.stat().st_mode == reference.stat().st_mode
    path.chmod(0o640)
    link.symlink_to(path)
    adjoint.save(2, link)
    assert link.is_symlink() and adjoint.load(path) == 2 and stat.S_IMODE(path.stat().st_mode) == 0o640


def test_whole_modules_are_loaded_when_the_file_is_trusted():
    module = adjoint.nn.Linear(3, 2)
    file = saved(module)
    with pytest.raises(pickle.UnpicklingError, match=r"torch.nn.modules.linear.Linear was not an allowed global"):
        adjoint.load(file)
    file.seek(0)
    again = adjoint.load(file, weights_only=False)
    assert type(again) is adjoint.nn.Linear
    np.testing.assert_array_equal(again.weight._array, module.weight._array)


def test_state_dicts_of_modules_cross_over():
    mine, theirs = adjoint.nn.Linear(3, 2), torch.nn.Linear(3, 2)
    mine.load_state_dict(adjoint.load(saved(theirs.state_dict(), torch)))
    np.testing.assert_array_equal(mine.weight._array, theirs.weight.detach().numpy())
    other = torch.nn.Linear(3, 2)
    other.load_state_dict(torch.load(saved(mine.state_dict())))
    assert (other.weight == theirs.weight).all()


def test_files_are_read_and_written_record_by_record(tmp_path):
    torch = pytest.importorskip("torch")
    path = str(tmp_path / "x.pt")
    torch.save({"a": torch.arange(3.0)}, path)
    theirs, ours = torch.PyTorchFileReader(path), adjoint.PyTorchFileReader(path)
    assert ours.get_all_records() == theirs.get_all_records() and ours.serialization_id() == theirs.serialization_id()
    for name in ours.get_all_records():
        assert ours.get_record(name) == theirs.get_record(name) and ours.has_record(name)
        assert ours.get_record_offset(name) == theirs.get_record_offset(name)
        assert ours.get_record_size(name) == theirs.get_record_size(name)
    assert ours.get_storage_from_record("data/0", 3, adjoint.float32).tolist() == [0, 1, 2]
    with pytest.raises(RuntimeError, match="failed locating file nothing"):
        ours.get_record("nothing")
    writer = adjoint.PyTorchFileWriter(str(tmp_path / "y.pt"))
    writer.write_record("part", b"hello", 4)
    writer.write_end_of_file()
    assert torch.PyTorchFileReader(str(tmp_path / "y.pt")).get_record("part") == b"hell"
