"""torch.hub: weights from a server, here one on loopback."""

import hashlib
import http.server
import io
import os
import threading
import urllib.error
import zipfile

import numpy as np
import pytest

import adjoint
from adjoint import hub
from adjoint.hub import downloads
from adjoint.tensor import from_array

STATE = {"weight": from_array(np.arange(6, dtype=np.float32))}


def file_of(state, **options):
    buffer = io.BytesIO()
    adjoint.save(state, buffer, **options)
    return buffer.getvalue()


DATA = file_of(STATE)
DIGEST = hashlib.sha256(DATA).hexdigest()
OLD = file_of(STATE, _use_new_zipfile_serialization=False)


class Handler(http.server.BaseHTTPRequestHandler):
    asked: list[str] = []

    def do_GET(self):
        self.asked.append(self.path)
        name = self.path.rpartition("/")[2].partition("?")[0]
        body = self.server.files.get(name)
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        if name != "without-length.pth":
            self.send_header("Content-Length", str(len(body) + (100 if name == "short.pth" else 0)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as made:
        zipped = io.BytesIO()
        with zipfile.ZipFile(zipped, "w") as z:
            z.writestr("old.pth", OLD)
        made.files = {
            f"model-{DIGEST[:8]}.pth": DATA,
            "model-01234567.pth": DATA,
            "plain.pth": DATA,
            "short.pth": DATA,
            "without-length.pth": DATA,
            "zipped.pth": zipped.getvalue(),
            "old.pth": OLD,
        }
        Handler.asked = []
        thread = threading.Thread(target=made.serve_forever, args=(0.01,))
        thread.start()
        made.url = f"http://127.0.0.1:{made.server_address[1]}/"
        yield made
        made.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.delenv("http_proxy", raising=False)
    monkeypatch.delenv("HTTP_PROXY", raising=False)
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    hub.set_dir(None)
    yield tmp_path
    hub.set_dir(None)


def test_a_file_is_downloaded_once_and_checked(server, home, capsys):
    url = f"{server.url}some/model-{DIGEST[:8]}.pth?version=1"
    cached = home / "hub" / "checkpoints" / f"model-{DIGEST[:8]}.pth"
    for _ in range(2):
        found = hub.load_state_dict_from_url(url, check_hash=True)
        assert (found["weight"]._array == np.arange(6)).all()
    assert len(server.RequestHandlerClass.asked) == 1 and cached.read_bytes() == DATA
    printed = capsys.readouterr()
    assert printed.out == f'Downloading: "{url}" to {cached}\n'
    assert "100%" in printed.err and "B/s" in printed.err
    assert os.listdir(cached.parent) == [cached.name]


def test_the_progress_bar_can_be_switched_off(server, capsys):
    hub.load_state_dict_from_url(server.url + "plain.pth", progress=False, weights_only=True)
    assert capsys.readouterr().err == ""


def test_a_length_that_is_not_told_is_no_obstacle(server):
    assert "weight" in hub.load_state_dict_from_url(server.url + "without-length.pth")


def test_a_wrong_hash_leaves_nothing_behind(server, home):
    with pytest.raises(RuntimeError) as caught:
        hub.load_state_dict_from_url(server.url + "model-01234567.pth", check_hash=True)
    assert str(caught.value) == f'invalid hash value (expected "01234567", got "{DIGEST}")'
    assert os.listdir(home / "hub" / "checkpoints") == []
    assert "weight" in hub.load_state_dict_from_url(server.url + "model-01234567.pth")  # not checked unless asked


def test_a_download_that_breaks_off_leaves_nothing_behind(server, home):
    with pytest.raises(RuntimeError, match=f"broke off after {len(DATA)} of {len(DATA) + 100} bytes"):
        hub.load_state_dict_from_url(server.url + "short.pth")
    assert os.listdir(home / "hub" / "checkpoints") == []


def test_without_a_network_the_error_says_which_file_to_put_where(server, home):
    missing = home / "hub" / "checkpoints" / "none.pth"
    with pytest.raises(urllib.error.HTTPError) as caught:
        hub.load_state_dict_from_url(server.url + "none.pth")
    assert (
        caught.value.code == 404 and str(missing) in str(caught.value) and server.url + "none.pth" in str(caught.value)
    )
    with pytest.raises(urllib.error.URLError) as unreachable:
        hub.load_state_dict_from_url("http://127.0.0.1:9/none.pth")
    assert f"put it at {missing}" in str(unreachable.value) and "http://127.0.0.1:9/none.pth" in str(unreachable.value)
    missing.write_bytes(DATA)
    assert "weight" in hub.load_state_dict_from_url("http://127.0.0.1:9/none.pth")


def test_folder_and_name_can_be_given(server, tmp_path):
    hub.load_state_dict_from_url(server.url + "plain.pth", model_dir=str(tmp_path / "mine"), file_name="other.pth")
    assert (tmp_path / "mine" / "other.pth").read_bytes() == DATA


@pytest.mark.parametrize("name", ["old.pth", "zipped.pth"])
@pytest.mark.filterwarnings("ignore:Falling back to the old format")
def test_files_of_the_old_format_are_loaded(server, name):
    assert (hub.load_state_dict_from_url(server.url + name, weights_only=True)["weight"]._array == np.arange(6)).all()


def test_the_folder_follows_pytorchs_rules(home, monkeypatch):
    assert hub.get_dir() == str(home / "hub")
    monkeypatch.delenv("TORCH_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", "/cache")
    assert hub.get_dir() == "/cache/torch/hub"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert hub.get_dir() == os.path.expanduser("~/.cache/torch/hub")
    hub.set_dir("/elsewhere")
    assert hub.get_dir() == "/elsewhere"


def test_models_come_from_folders(tmp_path):
    (tmp_path / "hubconf.py").write_text("dependencies = ['numpy']\ndef double(x):\n    'Twice.'\n    return 2 * x\n")
    assert hub.load(str(tmp_path), "double", 4, source="local") == 8
    with pytest.raises(RuntimeError, match="Cannot find callable triple in hubconf"):
        hub.load(str(tmp_path), "triple", source="local")
    with pytest.raises(ValueError, match='Unknown source: "web"'):
        hub.load(str(tmp_path), "double", source="web")


def test_a_download_replaces_the_file_that_was_there_and_nothing_else_of_it(server, tmp_path):
    path, link = tmp_path / "x.pth", tmp_path / "link.pth"
    path.write_bytes(b"old")
    path.chmod(0o640)
    link.symlink_to(path)
    hub.download_url_to_file(server.url + "plain.pth", str(link), progress=False)
    assert link.is_symlink() and path.read_bytes() == DATA and path.stat().st_mode & 0o777 == 0o640
    for name, error in (("short.pth", RuntimeError), ("none.pth", urllib.error.HTTPError)):
        with pytest.raises(error):
            hub.download_url_to_file(server.url + name, str(path), progress=False)
    with pytest.raises(FileNotFoundError):
        hub.download_url_to_file(server.url + "plain.pth", str(tmp_path / "none" / "x.pth"), progress=False)
    assert path.read_bytes() == DATA and sorted(os.listdir(tmp_path)) == ["link.pth", "x.pth"]


def test_an_interrupted_download_leaves_nothing_that_is_taken_for_whole(server, home, monkeypatch):
    receive = downloads.receive

    def interrupted(url, file, *options):
        receive(url, file, *options)
        raise KeyboardInterrupt

    monkeypatch.setattr(downloads, "receive", interrupted)
    with pytest.raises(KeyboardInterrupt):
        hub.load_state_dict_from_url(server.url + "plain.pth")
    assert os.listdir(home / "hub" / "checkpoints") == []
    (home / "hub" / "checkpoints" / ".plain.pth.0.tmp").write_bytes(b"what a killed process left")
    monkeypatch.setattr(downloads, "receive", receive)
    assert "weight" in hub.load_state_dict_from_url(server.url + "plain.pth")
    assert os.listdir(home / "hub" / "checkpoints") == ["plain.pth"]


def test_processes_that_download_one_file_at_once_all_have_it_whole(server, home):
    threads = [threading.Thread(target=hub.load_state_dict_from_url, args=(server.url + "plain.pth",),
                                kwargs={"progress": False}) for _ in range(8)]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert os.listdir(home / "hub" / "checkpoints") == ["plain.pth"]
    assert (home / "hub" / "checkpoints" / "plain.pth").read_bytes() == DATA


def test_an_address_that_names_no_file_says_what_to_do(server):
    with pytest.raises(ValueError, match="say with `file_name` what to call it"):
        hub.load_state_dict_from_url(server.url)


def test_a_small_file_that_becomes_a_large_one_is_refused(server, home):
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("weights.pth", "w") as member:
        for _ in range(300):
            member.write(bytes(1 << 20))
    server.files["bomb.pth"] = bomb.getvalue()
    with pytest.raises(RuntimeError, match="when it is unpacked"):
        hub.load_state_dict_from_url(server.url + "bomb.pth", progress=False)
