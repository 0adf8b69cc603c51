"""Files of data sets: fetched whole or not at all, unpacked where they belong, and what to do without a network."""

from __future__ import annotations

import hashlib
import io
import os
import sys
import tarfile
import urllib.error
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

import pytest

from adjoint.vision import datasets
from adjoint.vision.datasets import archives, downloads, utils
from tests.torchvision_files import torchvision

theirs = torchvision("datasets.utils")


def _archive(path: Path, files: dict[str, bytes]) -> Path:
    """A tar or zip archive of files with these names."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as packed:
            for name, content in files.items():
                packed.writestr(name, content)
        return path
    with tarfile.open(path, "w:" + {".tar": "", ".tgz": "gz"}.get(path.suffix, path.suffix[1:])) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("ending", ["tar", "tar.gz", "tgz", "tar.xz", "tar.bz2", "zip"])
def test_an_archive_is_unpacked_into_folders_that_are_there(ending: str, tmp_path: Path) -> None:
    path = _archive(tmp_path / f"a.{ending}", {"set/1.txt": b"new", "set/sub/2.txt": b"two"})
    (tmp_path / "to" / "set").mkdir(parents=True)
    (tmp_path / "to" / "set" / "0.txt").write_bytes(b"old")
    assert utils.extract_archive(str(path), str(tmp_path / "to")) == str(tmp_path / "to")
    expected = {"set/0.txt": b"old", "set/1.txt": b"new", "set/sub/2.txt": b"two"}
    assert _files(tmp_path / "to") == expected and os.listdir(tmp_path / "to") == ["set"]
    assert utils.extract_archive(path, remove_finished=True) == tmp_path and not path.exists()


def test_nothing_is_written_outside_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "to").mkdir()
    path = _archive(tmp_path / "a.tar", {"in": b"", "../out": b""})
    with pytest.raises(tarfile.FilterError):
        utils.extract_archive(path, tmp_path / "to")
    assert os.listdir(tmp_path / "to") == []
    utils.extract_archive(_archive(tmp_path / "a.zip", {"../../out": b"x"}), tmp_path / "to")
    assert not (tmp_path / "out").exists() and not (tmp_path.parent / "out").exists()


def test_an_interrupt_leaves_nothing_that_is_taken_for_a_data_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _archive(tmp_path / "set.zip", {"set/1.txt": b"one", "set/2.txt": b"two"})
    extract = zipfile.ZipFile._extract_member  # type: ignore[attr-defined]

    def interrupted(self: Any, member: Any, *place: Any) -> Any:
        if str(member).endswith("2.txt"):
            raise KeyboardInterrupt
        return extract(self, member, *place)

    (tmp_path / "to").mkdir()
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(zipfile.ZipFile, "_extract_member", interrupted)
        utils.extract_archive(path, tmp_path / "to")
    assert os.listdir(tmp_path / "to") == []
    left = tmp_path / "to" / f"{archives._ASIDE}killed"
    left.mkdir()
    os.utime(left, (0, 0))  # what a process that was killed left, long ago
    utils.extract_archive(path, tmp_path / "to")
    assert os.listdir(tmp_path / "to") == ["set"]


@pytest.mark.parametrize(
    "name",
    [
        "a.tar",
        "a.tar.gz",
        "a.b.tgz",
        "a.tbz2",
        "a.zip",
        "a.zip.xz",
        "a.txt.gz",
        "a.gz",
        "a.xz.gz",
        "a",
        "a.rar",
        "a.7z",
    ],
)
def test_what_a_name_says_of_a_file_is_what_torchvision_reads_in_it(name: str) -> None:
    outcomes = []
    for module in (utils, theirs):
        try:
            outcomes.append(module._detect_file_type(name))
        except RuntimeError as error:
            outcomes.append(str(error))
    assert outcomes[0] == outcomes[1]


def test_words_and_listings_are_torchvisions(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name in ("1.png", "2.jpg"):
        (tmp_path / name).touch()
    calls: list[tuple[str, tuple[Any, ...]]] = [
        ("list_dir", (tmp_path,)), ("list_dir", (tmp_path, True)), ("list_files", (tmp_path, ".png")),
        ("list_files", (tmp_path, (".png", ".jpg"), True)), ("iterable_to_str", ([1, "a"],)),
        ("verify_str_arg", ("a", "x", ("a",))),
        ("verify_str_arg", ("b", "x", ("a", "c"))), ("verify_str_arg", (3, "x")), ("verify_str_arg", (3,)),
        ("verify_str_arg", ("b", "x", ["a"], "own words")), ("check_integrity", (tmp_path,)),
        ("check_integrity", (tmp_path / "1.png", "d41d8cd98f00b204e9800998ecf8427e")),
        ("_get_google_drive_file_id", ("https://drive.google.com/file/d/abc/view",)),
        ("_get_google_drive_file_id", ("https://a.b/file/d/c",)),
    ]  # fmt: skip
    for name, values in calls:
        outcomes = []
        for module in (utils, theirs):
            try:
                outcomes.append(getattr(module, name)(*values))
            except ValueError as error:
                outcomes.append(str(error))
        assert outcomes[0] == outcomes[1], name


def test_a_file_with_another_checksum_never_gets_its_name(tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(b"right")
    md5 = hashlib.md5(b"right").hexdigest()
    (tmp_path / "to").mkdir()
    (tmp_path / "to" / "set.bin").write_bytes(b"half a download of another program")
    with pytest.raises(RuntimeError, match="File not found or corrupted"):
        utils.download_url((tmp_path / "there").as_uri(), tmp_path / "to", "other.bin", "0" * 32)
    assert os.listdir(tmp_path / "to") == ["set.bin"]
    utils.download_url((tmp_path / "there").as_uri(), tmp_path / "to", "set.bin", md5)
    assert _files(tmp_path / "to") == {"set.bin": b"right"}
    (tmp_path / "there").unlink()
    utils.download_url((tmp_path / "there").as_uri(), tmp_path / "to", "set.bin", md5)  # is there


def _no_network(*args: Any, **options: Any) -> Any:
    raise urllib.error.URLError("Name or service not known")


def test_without_a_network_the_error_says_which_file_to_put_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(urllib.request, "urlopen", _no_network)
    for name, place in (
        ("CIFAR10", "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz{}cifar-10-python.tar.gz"),
        ("SVHN", "http://ufldl.stanford.edu/housenumbers/train_32x32.mat{}train_32x32.mat"),
        ("Country211", "https://openaipublic.azureedge.net/clip/data/country211.tgz{}country211.tgz"),
    ):
        address, name_there = place.split("{}")
        with pytest.raises(urllib.error.URLError) as caught:
            getattr(datasets, name)(tmp_path, download=True)
        assert address in str(caught.value) and str(tmp_path / name_there) in str(caught.value)
    with pytest.raises(RuntimeError) as failed:
        datasets.MNIST(tmp_path, download=True)
    for mirror in datasets.MNIST.mirrors:
        assert f"Tried {mirror}, got:\n" in str(failed.value) and str(tmp_path / "MNIST" / "raw") in str(failed.value)
    monkeypatch.setitem(sys.modules, "gdown", None)
    with pytest.raises(RuntimeError, match="'gdown' is required") as needed:
        datasets.WIDERFace(tmp_path, download=True)
    assert str(tmp_path / "widerface" / "WIDER_train.zip") in str(needed.value)


def test_a_connection_in_the_clear_is_tried_only_where_a_checksum_says_what_should_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def receive(url: str, file: Any, digest: Any, *options: Any) -> str:
        asked.append(url)
        if url.startswith("https:"):
            raise urllib.error.URLError("no")
        file.write(b"right")
        return hashlib.md5(b"right").hexdigest()

    monkeypatch.setattr(downloads, "receive", receive)
    monkeypatch.setattr(downloads, "final_address", lambda url, hops: url)
    utils.download_url("https://a.b/set.bin", tmp_path, md5=hashlib.md5(b"right").hexdigest())
    assert asked == ["https://a.b/set.bin", "http://a.b/set.bin"] and _files(tmp_path) == {"set.bin": b"right"}
    with pytest.raises(urllib.error.URLError, match="put it at"):
        utils.download_url("https://a.b/other.bin", tmp_path)
    assert asked[2:] == ["https://a.b/other.bin"]


def test_an_address_is_followed_only_so_often(monkeypatch: pytest.MonkeyPatch) -> None:
    class Answer(io.BytesIO):
        url = ""

    def answer(request: Any) -> Any:
        found = Answer()
        number = int(request.full_url[-1])
        found.url = f"http://a.b/{min(number + 1, 5)}"
        return found

    monkeypatch.setattr(urllib.request, "urlopen", answer)
    assert utils._get_redirect_url("http://a.b/3") == "http://a.b/5"
    with pytest.raises(RecursionError, match=r"exceeded 2 redirects\. The last redirect points to http://a\.b/3"):
        utils._get_redirect_url("http://a.b/0", max_hops=2)


def test_data_sets_are_downloaded_and_unpacked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("PIL")
    from tests.vision_layouts import png_bytes

    picture = png_bytes(4, 5, 3)
    packed = _archive(
        tmp_path / "textures.tar.gz",
        {
            "dtd/labels/train1.txt": b"woven/1.jpg\nbanded/2.jpg\n",
            "dtd/images/woven/1.jpg": picture,
            "dtd/images/banded/2.jpg": picture,
        },
    )

    class Textures(datasets.DTD):
        _URL = packed.as_uri()
        _MD5 = utils.calculate_md5(packed)

    data = Textures(tmp_path / "root", download=True)
    assert (len(data), data.classes, data[0][0].size, data[0][1]) == (2, ["banded", "woven"], (5, 4), 1)
    packed.unlink()
    assert len(Textures(tmp_path / "root", download=True)) == 2
    with pytest.raises(urllib.error.URLError, match="put it at"):
        Textures(tmp_path / "elsewhere", download=True)
