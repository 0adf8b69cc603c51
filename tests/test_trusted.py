"""Folders and files that no other user can change, told from those that one can; and what the cache of kernels does then."""

import os
import stat
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path
from types import SimpleNamespace

import pytest

from adjoint import trusted

ME, OTHER = os.geteuid(), 54321
as_root = pytest.mark.skipif(ME != 0, reason="only root can make another user's files")
DIRECTORY, FILE, LINK, FIFO = stat.S_IFDIR, stat.S_IFREG, stat.S_IFLNK, stat.S_IFIFO


@pytest.mark.parametrize("user, mode, kind, fault", [
    (ME, DIRECTORY | 0o700, "folder", None),
    (ME, DIRECTORY | 0o755, "folder", None),
    (0, DIRECTORY | 0o755, "folder", None),
    (ME, DIRECTORY | 0o775, "folder", "can be written to by other users (its mode is 0775)"),
    (ME, DIRECTORY | 0o757, "folder", "can be written to by other users (its mode is 0757)"),
    (ME, DIRECTORY | 0o1777, "folder", "can be written to by other users (its mode is 1777)"),
    (OTHER, DIRECTORY | 0o700, "folder", f"belongs to user {OTHER} and not to you (user {ME})"),
    (0, DIRECTORY | 0o1777, "above", None),
    (ME, DIRECTORY | 0o755, "above", None),
    (0, DIRECTORY | 0o777, "above", "can be written to by other users (its mode is 0777)"),
    (0, DIRECTORY | 0o775, "above", "can be written to by other users (its mode is 0775)"),
    (OTHER, DIRECTORY | 0o755, "above", f"belongs to user {OTHER} and not to you (user {ME})"),
    (OTHER, DIRECTORY | 0o1777, "above", f"belongs to user {OTHER} and not to you (user {ME})"),
    (ME, FILE | 0o600, "file", None),
    (0, FILE | 0o644, "file", None),
    (ME, FILE | 0o664, "file", "can be written to by other users (its mode is 0664)"),
    (ME, FILE | 0o666, "file", "can be written to by other users (its mode is 0666)"),
    (ME, FILE | 0o1666, "file", "can be written to by other users (its mode is 1666)"),
    (OTHER, FILE | 0o600, "file", f"belongs to user {OTHER} and not to you (user {ME})"),
    (ME, DIRECTORY | 0o700, "file", "is no file"),
    (ME, FIFO | 0o600, "file", "is no file"),
    (ME, FILE | 0o600, "folder", "is no folder"),
])  # fmt: skip
def test_what_another_user_can_change_is_told_by_owner_and_mode(user, mode, kind, fault):
    assert trusted.fault_of(SimpleNamespace(st_uid=user, st_mode=mode), kind) == fault


@pytest.fixture
def place():
    """A folder that everybody can reach (pytest's own are closed) and only this user can change."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield Path(os.path.realpath(folder))


def opened(path, **options):
    """Whether a folder is trusted; what is wrong with it, or that it is not there."""
    try:
        descriptor = trusted.open_folder(str(path), **options)
    except OSError as error:
        return type(error).__name__ if not isinstance(error, trusted.Untrusted) else error.strerror
    same = os.path.samestat(os.fstat(descriptor), os.stat(path))
    os.close(descriptor)
    return same


def test_what_is_missing_is_made_for_this_user_alone(place):
    before = os.umask(0)
    try:
        assert opened(place / "a" / "b") == "FileNotFoundError" and not os.listdir(place)
        assert opened(place / "a" / "b", make=True) is True
    finally:
        os.umask(before)
    assert [stat.S_IMODE((place / name).stat().st_mode) for name in ("a", "a/b")] == [0o700, 0o700]


@pytest.mark.parametrize(
    "mode, trusted", [(0o777, False), (0o775, False), (0o1777, True), (0o755, True), (0o700, True)]
)
def test_folders_above_may_be_written_to_by_all_only_where_none_can_rename_anothers(place, mode, trusted):
    (place / "above" / "own").mkdir(parents=True, mode=0o755)
    (place / "above").chmod(mode)
    expected = True if trusted else f"{place}/above can be written to by other users (its mode is {mode:04o})"
    assert opened(place / "above" / "own") == expected


def test_below_what_nobody_else_can_enter_the_modes_of_folders_on_the_way_do_not_matter(place):
    (place / "home" / "open" / "own").mkdir(parents=True)
    (place / "home" / "open").chmod(0o777)
    (place / "home").chmod(0o700)
    assert opened(place / "home" / "open" / "own") is True
    (place / "home" / "open" / "own").chmod(0o777)
    assert opened(place / "home" / "open" / "own") == (
        f"{place}/home/open/own can be written to by other users (its mode is 0777)"
    )


def test_links_and_dots_are_followed(place):
    (place / "real" / "own").mkdir(parents=True, mode=0o755)
    (place / "absolute").symlink_to(place / "real")
    (place / "relative").symlink_to("./real/../real/own")
    (place / "loop").symlink_to("loop")
    (place / "file").write_text("")
    assert opened(place / "absolute" / "own") is opened(place / "relative") is True
    assert opened(place / "real" / ".." / "real" / "own") is opened("/../" + str(place)) is True
    assert opened(place / "loop") == "NotADirectoryError"
    assert opened(place / "file") == opened(place / "file" / "below", make=True) == "NotADirectoryError"
    with pytest.raises(ValueError, match="has to be absolute"):
        trusted.open_folder("cache")


def test_no_descriptor_is_left_open(place):
    (place / "wide").mkdir()
    (place / "wide").chmod(0o777)
    (place / "link").symlink_to(place)
    before = os.listdir("/proc/self/fd")
    for path in ("", "none/below", "wide", "wide/below", "link", "link/wide"):
        opened(place / path)
    assert os.listdir("/proc/self/fd") == before


@as_root
def test_another_users_folders_links_and_files_are_not_trusted(place):
    (place / "his").mkdir()
    (place / "his" / "mine").mkdir()
    os.chown(place / "his", OTHER, OTHER)
    assert opened(place / "his").endswith(f"/his belongs to user {OTHER} and not to you (user 0)")
    assert opened(place / "his" / "mine").endswith(f"/his belongs to user {OTHER} and not to you (user 0)")
    (place / "link").symlink_to("own")
    (place / "own").mkdir()
    os.lchown(place / "link", OTHER, OTHER)
    assert opened(place / "link").endswith(f"/link is a link that belongs to user {OTHER}")
    (place / "own" / "file").write_text("")
    os.chown(place / "own" / "file", OTHER, OTHER)
    folder = trusted.open_folder(str(place / "own"))
    with pytest.raises(trusted.Untrusted, match=f"file belongs to user {OTHER}"):
        trusted.open_file("file", folder)
    (place / "own" / "ours").write_text("")
    os.symlink("ours", place / "own" / "link")
    with pytest.raises(OSError, match="symbolic links"):
        trusted.open_file("link", folder)
    os.close(trusted.open_file("ours", folder))
    os.close(folder)


# The cache of kernels. Its folder and files are looked at by these means and no others.


CACHE = """
    import os, sys, warnings, ctypes, hashlib, pwd
    from adjoint.kernels import kept
    warnings.simplefilter("always")
    for name in ("ADJOINT_CACHE", "XDG_CACHE_HOME"):
        os.environ.pop(name, None)
    os.environ["HOME"] = "/nonexistent"
"""


def cache(text, *arguments, cwd=None):
    """What a program says that uses the cache, and what it is told, a line each."""
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(CACHE) + textwrap.dedent(text), *map(str, arguments)],
                          capture_output=True, text=True, timeout=60, cwd=cwd,
                          env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)})  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.split(), [line.partition(": UserWarning: ")[2] for line in done.stderr.splitlines()]


def kept_in(folder, **options):
    """What is read of what was written, with `folder` as the cache, and what was told."""
    return cache("""
        os.environ["ADJOINT_CACHE"] = sys.argv[1]
        print(kept.read("name"))
        kept.write("name", b"code")
        print(kept.read("name"))
    """, folder, **options)  # fmt: skip


def test_the_cache_is_for_its_user_alone(place):
    assert kept_in(place / "a" / "cache") == (["None", "b'code'"], [])
    assert stat.S_IMODE((place / "a" / "cache").stat().st_mode) == 0o700
    assert [(p.name, p.stat().st_mode & 0o022) for p in (place / "a" / "cache").iterdir()] == [("name.o", 0)]


@pytest.mark.parametrize("planted", ["folder", "file"])
def test_code_that_another_user_can_have_planted_is_not_read(place, planted):
    """As with umask 0, a shared cache, or a home that all can write to."""
    kept_in(place / "cache")
    (place / "cache" / ("name.o" if planted == "file" else "")).chmod(0o777)
    said, told = kept_in(place / "cache")
    if planted == "file":  # it is made anew
        assert (said, told) == (["None", "b'code'"], [])
        assert (place / "cache" / "name.o").stat().st_mode & 0o022 == 0
    else:
        assert said == ["None", "None"] and told == [
            f"machine code is not kept on disk, and every process compiles its own: {place}/cache can be written to by "
            "other users (its mode is 0777). ADJOINT_CACHE names a folder of your own."
        ]


def test_a_home_that_all_can_write_to_keeps_nothing(place):
    (place / "home" / ".cache" / "adjoint" / "kernels").mkdir(parents=True, mode=0o700)
    (place / "home").chmod(0o777)
    said, told = cache("""
        os.environ["HOME"] = sys.argv[1]
        kept.write("name", b"code")
        print(kept.read("name"))
    """, place / "home")  # fmt: skip
    assert said == ["None"] and len(told) == 1 and f"{place}/home can be written to by other users" in told[0]
    assert os.listdir(place / "home" / ".cache" / "adjoint" / "kernels") == []


@as_root
def test_code_planted_by_another_user_is_not_read(place):
    kept_in(place / "cache")
    os.chown(place / "cache", OTHER, OTHER)  # as where sudo keeps HOME
    (place / "cache").chmod(0o700)
    said, told = kept_in(place / "cache")
    assert said == ["None", "None"] and f"/cache belongs to user {OTHER} and not to you (user 0)" in told[0]


@as_root
def test_a_cache_of_roots_is_read_by_all_and_written_by_none(place):
    kept_in(place / "cache")
    (place / "cache").chmod(0o755)
    said, told = cache("""
        os.setgid(54321)
        os.setuid(54321)
        os.environ["ADJOINT_CACHE"] = sys.argv[1]
        print(kept.read("name"))
        kept.write("other", b"code")
        print(kept.read("other"))
    """, place / "cache")  # fmt: skip
    assert said == ["b'code'", "None"] and told == [] and os.listdir(place / "cache") == ["name.o"]


@pytest.mark.parametrize("variables, told", [
    ({"HOME": ""}, 0), ({"HOME": "/"}, 0), ({"HOME": "//"}, 0), ({"HOME": "home"}, 0), ({"HOME": "/nonexistent"}, 0),
    ({}, 0),
    ({"HOME": "/nonexistent", "XDG_CACHE_HOME": "cache"}, 0),
    ({"HOME": "/nonexistent", "XDG_CACHE_HOME": "/"}, 0),
    ({"HOME": "/nonexistent", "XDG_CACHE_HOME": "."}, 0),
    ({"ADJOINT_CACHE": "cache"}, 1), ({"ADJOINT_CACHE": "."}, 1), ({"ADJOINT_CACHE": "/"}, 1), ({"ADJOINT_CACHE": "~"}, 1),
])  # fmt: skip
def test_without_a_place_nothing_is_kept_in_the_root_or_the_current_folder(variables, told, tmp_path):
    root = sorted(os.listdir("/"))
    said, lines = cache("""
        def nobody(user):
            raise KeyError(user)
        pwd.getpwuid = nobody
        del os.environ["HOME"]
        os.environ.update(eval(sys.argv[1]))
        kept.write("name", b"code")
        print(kept.read("name"), kept.read("name"))
    """, variables, cwd=tmp_path)  # fmt: skip
    assert said == ["None", "None"] and os.listdir(tmp_path) == [] and sorted(os.listdir("/")) == root
    assert len(lines) == told and all("ADJOINT_CACHE has to be the absolute path of a folder" in line for line in lines)


def test_an_empty_home_is_the_one_that_the_system_knows(place):
    said, told = cache("""
        from types import SimpleNamespace
        pwd.getpwuid = lambda user: SimpleNamespace(pw_dir=sys.argv[1])
        os.environ["HOME"] = ""
        kept.write("name", b"code")
        print(kept.read("name"))
    """, place)  # fmt: skip
    assert said == ["b'code'"] and told == [] and (place / ".cache" / "adjoint" / "kernels" / "name.o").exists()


def test_a_folder_that_is_removed_or_whose_descriptor_is_closed_is_opened_again(place):
    said, told = cache("""
        import shutil
        os.environ["ADJOINT_CACHE"] = sys.argv[1]
        kept.write("name", b"one")
        os.closerange(3, 100)  # as programs do that become daemons
        elsewhere = [os.open("/tmp", os.O_RDONLY) for _ in range(9)]
        print(kept.read("name"))
        shutil.rmtree(sys.argv[1])
        print(kept.read("name"))
        kept.write("name", b"two")
        print(kept.read("name"))
        os.chmod(sys.argv[1], 0o777)
        print(kept.read("name"))
    """, place / "cache")  # fmt: skip
    assert said == ["b'one'", "None", "b'two'", "None"] and len(told) == 1


def test_what_killed_writers_left_is_removed_and_a_full_disk_is_no_error(place):
    folder = place / "cache"
    kept_in(folder)
    (folder / ".other.o.0.tmp").write_bytes(b"left")
    said, told = cache("""
        import resource, signal
        os.environ["ADJOINT_CACHE"] = sys.argv[1]
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        kept.write("small", b"x" * 100)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        kept.write("large", b"x" * 100_000)
        print(kept.read("large"), kept.read("name"))
    """, folder)  # fmt: skip
    assert said == ["None", "b'code'"] and told == [] and sorted(os.listdir(folder)) == ["name.o", "small.o"]


def test_what_was_used_least_recently_goes_where_there_is_no_room(place):
    folder = place / "cache"
    kept_in(folder)
    for n in range(10):
        (folder / f"{n}.o").write_bytes(b"x" * 4096)
        os.utime(folder / f"{n}.o", (1e9 + n, 1e9 + n) if n < 2 else None)
    cache("""
        os.environ["ADJOINT_CACHE"] = sys.argv[1]
        kept._DAYS = 1e6
        kept._ROOM = 11 * 4096
        kept.write("another", b"code")
    """, folder)  # fmt: skip
    left = sorted(os.listdir(folder))
    assert "another.o" in left and not {"0.o", "1.o"} & set(left) and 5 <= len(left) <= 9


def test_kills_while_it_writes_leave_whole_files(place):
    said, told = cache("""
        import random, signal, time
        os.environ["ADJOINT_CACHE"] = sys.argv[1]
        codes = [bytes([n]) * 100_000 for n in range(3)]
        kept.write("name", codes[0])
        for n in range(40):
            child = os.fork()
            if not child:
                while True:
                    for code in codes:
                        kept.write("name", code)
            time.sleep(random.random() * 0.01)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            assert kept.read("name") in codes
            assert set(os.listdir(sys.argv[1])) <= {"name.o", ".name.o.0.tmp"}
        kept.write("name", codes[0])
        print(os.listdir(sys.argv[1]))
    """, place / "cache")  # fmt: skip
    assert said == ["['name.o']"] and told == []
