"""Hub: weights from the network, kept in a folder, and models from folders with a ``hubconf.py``."""

from __future__ import annotations

import hashlib
import io
import os
import re
import sys
import tempfile
import types
import warnings
import zipfile
from collections.abc import Callable
from typing import Any
from urllib.parse import urlparse

from adjoint.names import list_names as _list_names
from adjoint.places import users_level
from adjoint.serialization import load as _load_file

__all__ = ["download_url_to_file", "get_dir", "help", "list", "load", "load_state_dict_from_url", "set_dir"]

HASH_REGEX = re.compile(r"-([a-f0-9]*)\.")
READ_DATA_CHUNK = 128 * 1024
_CONFIGURATION = "hubconf.py"

_hub_dir: str | None = None


def get_dir() -> str:
    """The folder of what was downloaded: what :func:`set_dir` said, or ``$TORCH_HOME/hub``.

    ``TORCH_HOME`` is ``$XDG_CACHE_HOME/torch`` unless it is set, ``XDG_CACHE_HOME`` is ``~/.cache``.
    """
    if os.getenv("TORCH_HUB"):
        warnings.warn("TORCH_HUB is deprecated, please use env TORCH_HOME instead", stacklevel=users_level())
    if _hub_dir is not None:
        return _hub_dir
    cache = os.getenv("XDG_CACHE_HOME", "~/.cache")
    return os.path.join(os.path.expanduser(os.getenv("TORCH_HOME", os.path.join(cache, "torch"))), "hub")


def set_dir(d: str | os.PathLike[str]) -> None:
    """Keep downloads in the folder ``d`` from now on.

    >>> import adjoint as torch
    >>> torch.hub.set_dir("/tmp/weights")
    >>> torch.hub.get_dir()
    '/tmp/weights'
    >>> torch.hub.set_dir(None)
    """
    global _hub_dir
    _hub_dir = None if d is None else os.path.expanduser(os.fspath(d))


def download_url_to_file(url: str, dst: str, hash_prefix: str | None = None, progress: bool = True) -> None:
    """Download ``url`` into the file ``dst``, with a progress bar on stderr unless ``progress`` is False.

    The file appears under its name only when it is complete and its SHA-256 begins with ``hash_prefix``.  Raises
    RuntimeError for another hash or a download that breaks off, URLError where the network is not to be had; nothing
    is left behind then.
    """
    from urllib.request import Request, urlopen

    dst = os.path.expanduser(dst)
    request = Request(url, headers={"User-Agent": "torch.hub"})
    with urlopen(request) as response:
        length = response.headers.get("Content-Length")
        expected = int(length) if length is not None else None
        handle, partial = tempfile.mkstemp(
            prefix=os.path.basename(dst)[:100] + ".", suffix=".partial", dir=os.path.dirname(os.path.abspath(dst))
        )
        try:
            with os.fdopen(handle, "wb") as file:
                digest, received = _receive(response, file, expected, progress)
            if expected is not None and received != expected:
                raise RuntimeError(f"the download of {url} broke off after {received} of {expected} bytes")
            if hash_prefix is not None and not digest.startswith(hash_prefix):
                raise RuntimeError(f'invalid hash value (expected "{hash_prefix}", got "{digest}")')
            mask = os.umask(0)
            os.umask(mask)
            os.chmod(partial, 0o666 & ~mask)
            os.replace(partial, dst)
        except BaseException:
            os.unlink(partial)
            raise


def _receive(response: Any, file: Any, expected: int | None, progress: bool) -> tuple[str, int]:
    """Copy a response into a file; its SHA-256 and its length."""
    from tqdm import tqdm

    sha256 = hashlib.sha256()
    received = 0
    with tqdm(total=expected, disable=not progress, unit="B", unit_scale=True, unit_divisor=1024) as bar:
        while chunk := response.read(READ_DATA_CHUNK):
            file.write(chunk)
            sha256.update(chunk)
            received += len(chunk)
            bar.update(len(chunk))
    return sha256.hexdigest(), received


def load_state_dict_from_url(
    url: str,
    model_dir: str | None = None,
    map_location: Any = None,
    progress: bool = True,
    check_hash: bool = False,
    file_name: str | None = None,
    weights_only: bool = False,
) -> dict[str, Any]:
    """What the file at ``url`` holds, downloaded unless it is in ``model_dir`` already.

    ``model_dir`` is ``checkpoints`` in :func:`get_dir` by default.  ``check_hash`` compares the file's SHA-256 with the
    digits in its name (``resnet18-f37072fd.pth``).  A file that is not trusted is to be loaded with
    ``weights_only=True``.

    Where the network is not to be had, the error says which file to put where.
    """
    if os.getenv("TORCH_MODEL_ZOO"):
        warnings.warn("TORCH_MODEL_ZOO is deprecated, please use env TORCH_HOME instead", stacklevel=users_level())
    if model_dir is None:
        model_dir = os.path.join(get_dir(), "checkpoints")
    os.makedirs(model_dir, exist_ok=True)
    name = os.path.basename(urlparse(url).path) if file_name is None else file_name
    cached = os.path.join(model_dir, name)
    if not os.path.exists(cached):
        sys.stdout.write(f'Downloading: "{url}" to {cached}\n')
        found = HASH_REGEX.search(name) if check_hash else None
        try:
            download_url_to_file(url, cached, found.group(1) if found else None, progress=progress)
        except OSError as error:  # URLError, HTTPError and broken connections are kinds of it
            raise _unreachable(error, url, cached) from error
    if _is_zipped_file(cached):
        return _load_zipped(cached, map_location, weights_only)
    return _load_file(cached, map_location=map_location, weights_only=weights_only)


def _unreachable(error: OSError, url: str, cached: str) -> OSError:
    """The error of a download, of its own type, that says what to do by hand."""
    from urllib.error import HTTPError, URLError

    if not isinstance(error, (URLError, ConnectionError, TimeoutError)):
        return error
    advice = f"could not download {url}. Without a network: get this file by other means and put it at {cached}"
    if isinstance(error, HTTPError):
        return HTTPError(url, error.code, f"{error.reason} ({advice})", error.headers, None)
    return URLError(f"{error.reason if isinstance(error, URLError) else error} ({advice})")


def _is_zipped_file(path: str) -> bool:
    """Whether a file is a zip archive of one file: how files of old formats were once offered."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        return len(members) == 1 and not members[0].is_dir()


def _load_zipped(path: str, map_location: Any, weights_only: bool) -> Any:
    warnings.warn(
        "Falling back to the old format < 1.6. This support will be deprecated in favor of default zipfile format "
        "introduced in 1.6. Please redo torch.save() to save it in the new zipfile format.",
        FutureWarning,
        stacklevel=users_level(),
    )
    with zipfile.ZipFile(path) as archive:
        data = archive.read(archive.infolist()[0])
    return _load_file(io.BytesIO(data), map_location=map_location, weights_only=weights_only)


# Models from folders


def _configuration(repo_or_dir: str, source: str) -> types.ModuleType:
    """The ``hubconf.py`` of a folder, imported."""
    import importlib.util

    source = source.lower()
    if source not in ("github", "local"):
        raise ValueError(f'Unknown source: "{source}". Allowed values: "github" | "local".')
    if source == "github":
        raise NotImplementedError(
            f"Adjoint does not run code from GitHub: get {repo_or_dir} by other means and give its folder with "
            "source='local'"
        )
    path = os.path.join(repo_or_dir, _CONFIGURATION)
    spec = importlib.util.spec_from_file_location(_CONFIGURATION, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, repo_or_dir)
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(repo_or_dir)
    missing = [name for name in getattr(module, "dependencies", None) or () if importlib.util.find_spec(name) is None]
    if missing:
        raise RuntimeError(f"Missing dependencies: {', '.join(missing)}")
    return module


def _entry(module: types.ModuleType, model: str) -> Callable[..., Any]:
    if not isinstance(model, str):
        raise ValueError("Invalid input: model should be a string of function name")
    found = getattr(module, model, None)
    if not callable(found):
        raise RuntimeError(f"Cannot find callable {model} in hubconf")
    return found


def load(repo_or_dir: str, model: str, *args: Any, source: str = "github", **kwargs: Any) -> Any:
    """What the function ``model`` of a folder's ``hubconf.py`` returns; ``source`` has to be "local".

    Raises NotImplementedError for GitHub.
    """
    for option in ("trust_repo", "force_reload", "verbose", "skip_validation"):  # these are about GitHub
        kwargs.pop(option, None)
    return _entry(_configuration(repo_or_dir, source), model)(*args, **kwargs)


def help(github: str, model: str, **options: Any) -> str | None:
    """In PyTorch, the documentation of a model on GitHub; NotImplementedError here."""
    return _entry(_configuration(github, "github"), model).__doc__


def list(github: str, **options: Any) -> Any:
    """In PyTorch, the models of a repository on GitHub; NotImplementedError here."""
    module = _configuration(github, "github")
    return [name for name in dir(module) if callable(getattr(module, name)) and not name.startswith("_")]


_list_names(__name__)
