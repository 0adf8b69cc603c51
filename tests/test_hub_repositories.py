"""torch.hub's repositories: code from GitHub, here from a server on loopback, whose archives may mean harm."""

import http.server
import io
import json
import os
import random
import signal
import stat
import threading
import time
import urllib.error
import zipfile

import pytest

from adjoint import hub
from adjoint.hub import repositories, unpacking

CONFIGURATION = """
dependencies = ['numpy']
from helper import VALUE
def double(x):
    'Twice.'
    import late  # found while a model is made
    return 2 * x
def value():
    return VALUE
def _private():
    pass
"""


def packed(members, top="name-main-0123/"):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(top + name if isinstance(name, str) else name, text)
    return buffer.getvalue()


def repository(value=1, **more):
    files = {"": "", "hubconf.py": CONFIGURATION, "helper.py": f"VALUE = {value}", "late.py": "", **more}
    return packed({name.replace("__", "/"): text for name, text in files.items()})


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append((self.path, self.headers.get("Authorization")))
        found = self.server.pages.get(self.path.partition("&page=")[0] if self.path.endswith("page=1") else self.path)
        if self.path.startswith("/repos/") and found is None:
            found = []
        if found is None or isinstance(found, int):
            self.send_error(found or 404)
            return
        body = found if isinstance(found, bytes) else json.dumps(found).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def github(monkeypatch, tmp_path):
    """A server that stands for GitHub, with one repository whose owner nobody knows."""
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    hub.set_dir(None)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.asked = []
        server.pages = {
            "/owner/name/tree/main/": b"",
            "/owner/name/zipball/main": repository(),
            "/repos/owner/name/branches?per_page=100": [{"name": "main", "commit": {"sha": "abcdef"}}],
        }
        url = f"http://127.0.0.1:{server.server_address[1]}"
        monkeypatch.setattr(repositories, "GITHUB", url)
        monkeypatch.setattr(repositories, "API", url)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def forgotten():
    yield
    import sys

    for name in ("helper", "late"):
        sys.modules.pop(name, None)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "hub"


def says(monkeypatch, *answers):
    """What the user answers; the questions that were asked."""
    asked = []
    left = list(answers)

    def answer(question):
        asked.append(question)
        return left.pop(0)

    monkeypatch.setattr("builtins.input", answer)
    return asked


def test_a_repository_is_downloaded_once_and_its_models_are_made(github, folder, capsys):
    assert hub.load("owner/name", "double", 4, trust_repo=True) == 8
    first = len(github.asked)
    assert hub.load("owner/name:main", "value", trust_repo=True) == 1
    assert hub.list("owner/name:main") == ["double", "value"] and hub.help("owner/name:main", "double") == "Twice."
    assert len(github.asked) == first
    assert sorted(os.listdir(folder)) == ["owner_name_main", "trusted_list"]
    assert sorted(os.listdir(folder / "owner_name_main")) == ["helper.py", "hubconf.py", "late.py"]
    printed = capsys.readouterr()
    assert printed.out == f'Downloading: "{repositories.GITHUB}/owner/name/zipball/main" to {folder}/owner_name_main\n'
    assert printed.err == f"Using cache found in {folder}/owner_name_main\n" * 3
    with pytest.raises(RuntimeError, match="Cannot find callable triple in hubconf"):
        hub.load("owner/name:main", "triple", verbose=False)
    assert capsys.readouterr().err == ""


def test_it_is_downloaded_again_where_that_is_asked_for(github, folder):
    assert hub.load("owner/name", "value", trust_repo=True) == 1
    forget = __import__("sys").modules.pop
    forget("helper")
    github.pages["/owner/name/zipball/main"] = repository(2)
    assert hub.load("owner/name", "value") == 1
    forget("helper")
    assert hub.load("owner/name", "value", force_reload=True) == 2
    assert sorted(os.listdir(folder)) == ["owner_name_main", "trusted_list"]


@pytest.mark.parametrize("answer, error", [
    ("", "Untrusted repository."), ("N", "Untrusted repository."), ("what", "Unrecognized response what."), ("Y", None),
    ("yes", None),
])  # fmt: skip
def test_the_user_is_asked_before_anything_is_downloaded(github, folder, monkeypatch, answer, error):
    asked = says(monkeypatch, answer)
    if error is None:
        assert hub.load("owner/name", "value") == 1
        assert (folder / "trusted_list").read_text() == "owner_name\n"
    else:
        with pytest.raises(Exception, match=error):
            hub.load("owner/name", "value")
        assert not any("zipball" in path for path, _ in github.asked) and os.listdir(folder) == []
    assert asked == [
        "The repository owner_name does not belong to the list of trusted repositories and as such cannot be downloaded. "
        "Do you trust this repository and wish to add it to the trusted list of repositories (y/N)?"
    ]


def test_who_is_trusted_is_not_asked_for_again_unless_that_is_asked_for(github, folder, monkeypatch, capsys):
    asked = says(monkeypatch, "y", "y")
    hub.load("owner/name", "value")
    hub.load("owner/name", "value")
    assert len(asked) == 1
    hub.load("owner/name", "value", trust_repo=False)
    assert len(asked) == 2 and "already trusted" in capsys.readouterr().out
    github.pages["/pytorch/name/tree/main/"] = b""
    github.pages["/pytorch/name/zipball/main"] = repository()
    hub.load("pytorch/name", "value", skip_validation=True)
    assert len(asked) == 2 and (folder / "trusted_list").read_text() == "owner_name\n"


def test_the_list_of_the_trusted_survives_a_kill_and_many_writers(tmp_path):
    path = tmp_path / "trusted_list"
    path.write_text("a_b\nhalf_a_li")
    assert repositories._lines(path) == ["a_b"]
    threads = [threading.Thread(target=repositories._add_line, args=(path, f"o_{n}")) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {f"o_{n}" for n in range(20)} <= set(repositories._lines(path))


def test_branches_are_the_repositorys_own(github, monkeypatch):
    for ref in ("forked", "0123"):
        with pytest.raises(ValueError, match=f"Cannot find {ref} in https://github.com/owner/name"):
            hub.load(f"owner/name:{ref}", "value", trust_repo=True)
    github.pages["/owner/name/zipball/abcd"] = repository(3)
    assert hub.load("owner/name:abcd", "value", trust_repo=True) == 3
    monkeypatch.setattr(hub, "_validate_not_a_forked_repo", lambda a, b, c: True)  # as programs do
    github.pages["/owner/name/zipball/a/b"] = repository(3)
    assert hub.load("owner/name:a/b", "value", trust_repo=True) == 3
    assert os.path.isdir(os.path.join(hub.get_dir(), "owner_name_a_b"))


@pytest.mark.parametrize("given", ["name", "a/b/c", "a/b:", "a/b:c:d"])
def test_what_is_no_repository_is_refused(github, given):
    with pytest.raises(ValueError, match="expected a repository as"):
        hub.load(given, "value", trust_repo=True)


def test_without_main_it_is_master_and_without_a_network_what_is_there(github, monkeypatch):
    del github.pages["/owner/name/tree/main/"]
    github.pages["/owner/name/zipball/master"] = repository(5)
    assert hub.load("owner/name", "value", trust_repo=True, skip_validation=True) == 5
    monkeypatch.setattr(repositories, "GITHUB", "http://127.0.0.1:9")
    assert hub.load("owner/name", "value") == 5
    with pytest.raises(RuntimeError, match="there is no internet connection and the repo could not be found"):
        hub.load("owner/other", "value")


def test_a_name_of_both_a_branch_and_a_tag_is_the_branch(github):
    github.pages["/owner/name/zipball/main"] = 300
    github.pages["/owner/name/zipball/refs/heads/main"] = repository(6)
    with pytest.warns(UserWarning, match="The ref main is ambiguous"):
        assert hub.load("owner/name", "value", trust_repo=True) == 6


@pytest.mark.parametrize("name, error", [
    ("../evil.py", "directory traversal"), ("a/../../evil.py", "directory traversal"), ("/evil.py", "absolute path"),
    ("a\\..\\..\\evil.py", "directory traversal"), ("C:/evil.py", "absolute path"), ("\\evil.py", "absolute path"),
])  # fmt: skip
def test_archives_that_lead_outside_are_refused_and_leave_nothing(github, folder, name, error):
    github.pages["/owner/name/zipball/main"] = packed({"top/hubconf.py": "", name: "evil"}, top="")
    with pytest.raises(ValueError, match=error):
        hub.load("owner/name", "value", trust_repo=True)
    assert os.listdir(folder) == ["trusted_list"] and os.listdir(folder.parent) == ["hub"]


def test_links_in_archives_lead_nowhere(github, folder):
    link = zipfile.ZipInfo("name-main-0123/link")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    outside = zipfile.ZipInfo("name-main-0123/link/evil.py")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(link, "/tmp")
        archive.writestr("name-main-0123/hubconf.py", "def value(): return 1")
    github.pages["/owner/name/zipball/main"] = buffer.getvalue()
    assert hub.load("owner/name", "value", trust_repo=True) == 1
    assert not (folder / "owner_name_main" / "link").is_symlink()
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(outside, "evil")
    github.pages["/owner/name/zipball/main"] = buffer.getvalue()
    with pytest.raises(OSError):
        hub.load("owner/name", "value", trust_repo=True, force_reload=True)
    assert hub.load("owner/name", "value") == 1 and not os.path.exists("/tmp/evil.py")


def test_archives_that_become_far_larger_than_they_are_are_refused(github, folder):
    bomb = packed({"": "", "zeros": bytes(300 << 20)})
    assert len(bomb) < 1 << 20
    github.pages["/owner/name/zipball/main"] = bomb
    with pytest.raises(RuntimeError, match="when it is unpacked"):
        hub.load("owner/name", "value", trust_repo=True)
    assert os.listdir(folder) == ["trusted_list"]


@pytest.mark.parametrize("body", [b"", b"no archive", repository()[:-100]], ids=["empty", "text", "cut"])
def test_what_is_no_archive_leaves_what_was_there(github, folder, body):
    assert hub.load("owner/name", "value", trust_repo=True) == 1
    github.pages["/owner/name/zipball/main"] = body
    with pytest.raises(zipfile.BadZipFile):
        hub.load("owner/name", "value", force_reload=True)
    assert hub.load("owner/name", "value") == 1 and sorted(os.listdir(folder)) == ["owner_name_main", "trusted_list"]
    github.pages["/owner/name/zipball/main"] = 500
    with pytest.raises(urllib.error.HTTPError):
        hub.load("owner/name", "value", force_reload=True)
    assert sorted(os.listdir(folder)) == ["owner_name_main", "trusted_list"]


def test_code_that_others_can_change_is_told_of(github, folder):
    hub.load("owner/name", "value", trust_repo=True)
    (folder / "owner_name_main").chmod(0o777)
    with pytest.warns(
        UserWarning, match=r"can be written to by other users \(its mode is 0777\): other users can change"
    ):
        hub.load("owner/name", "value")


def test_whatever_the_mask_others_cannot_write_to_what_was_downloaded(github, folder):
    before = os.umask(0)
    try:
        hub.load("owner/name", "value", trust_repo=True)
    finally:
        os.umask(before)
    for above, folders, files in os.walk(folder):
        for name in (".", *folders, *files):
            assert not os.stat(os.path.join(above, name)).st_mode & 0o022, name


def test_readers_see_one_whole_folder_while_others_replace_it(tmp_path):
    old = tmp_path / "repository"
    stop = threading.Event()

    def replace(n):
        while not stop.is_set():
            with unpacking.fresh_folder(str(old)) as fresh:
                new = os.path.join(fresh, "new")
                os.mkdir(new)
                for name in "abc":
                    with open(os.path.join(new, name), "w") as file:
                        file.write(str(n))
                unpacking.replace_folder(new, str(old))

    os.mkdir(old)
    threads = [threading.Thread(target=replace, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    try:
        end = time.monotonic() + 1
        while time.monotonic() < end:
            assert os.path.isdir(old)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert sorted(os.listdir(old)) == ["a", "b", "c"] and os.listdir(tmp_path) == ["repository"]
    assert len({(old / name).read_text() for name in "abc"}) == 1


def test_what_killed_processes_left_is_removed(tmp_path):
    old = tmp_path / "repository"
    for _ in range(10):
        child = os.fork()
        if not child:
            try:
                while True:
                    with unpacking.fresh_folder(str(old)) as fresh:
                        os.mkdir(os.path.join(fresh, "new"))
                        unpacking.replace_folder(os.path.join(fresh, "new"), str(old))
            finally:
                os._exit(1)
        time.sleep(random.random() * 0.01)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        assert set(os.listdir(tmp_path)) <= {"repository", ".repository.0.tmp"}
    with unpacking.fresh_folder(str(old)) as mine, unpacking.fresh_folder(str(old)) as other:
        assert mine != other
    assert set(os.listdir(tmp_path)) <= {"repository"}
