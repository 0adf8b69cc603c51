"""Hub: weights from the network, kept in a folder, and models from repositories and folders with a ``hubconf.py``."""

from __future__ import annotations

import io
import os
import re
import sys
import types
import warnings
from collections.abc import Callable
from typing import Any
from urllib.parse import urlparse

from adjoint.hub.downloads import download_url_to_file, make_folder, only_member, told_what_to_do
from adjoint.hub.repositories import folder_of
from adjoint.hub.repositories import validate_not_a_forked_repo as _validate_not_a_forked_repo
from adjoint.names import list_names as _list_names
from adjoint.places import users_level
from adjoint.serialization import load as _load_file

__all__ = ["download_url_to_file", "get_dir", "help", "list", "load", "load_state_dict_from_url", "set_dir"]

HASH_REGEX = re.compile(r"-([a-f0-9]*)\.")
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

    Where the network is not to be had, the error says which file to put where.  Raises RuntimeError for a download that
    breaks off or has another hash, and ValueError for a URL that ends in no file's name where none is given.
    """
    if os.getenv("TORCH_MODEL_ZOO"):
        warnings.warn("TORCH_MODEL_ZOO is deprecated, please use env TORCH_HOME instead", stacklevel=users_level())
    if model_dir is None:
        model_dir = os.path.join(get_dir(), "checkpoints")
    make_folder(model_dir)
    name = os.path.basename(urlparse(url).path) if file_name is None else file_name
    if name in ("", ".", ".."):
        raise ValueError(f"{url} ends in no file's name: say with `file_name` what to call it")
    cached = os.path.join(model_dir, name)
    if not os.path.exists(cached):
        sys.stdout.write(f'Downloading: "{url}" to {cached}\n')
        found = HASH_REGEX.search(name) if check_hash else None
        try:
            download_url_to_file(url, cached, found.group(1) if found else None, progress=progress)
        except OSError as error:  # URLError, HTTPError and broken connections are kinds of it
            raise told_what_to_do(error, url, cached) from error
    packed = only_member(cached)
    if packed is None:
        return _load_file(cached, map_location=map_location, weights_only=weights_only)
    warnings.warn(
        "Falling back to the old format < 1.6. This support will be deprecated in favor of default zipfile format "
        "introduced in 1.6. Please redo torch.save() to save it in the new zipfile format.",
        FutureWarning,
        stacklevel=users_level(),
    )
    return _load_file(io.BytesIO(packed), map_location=map_location, weights_only=weights_only)


# Models


def load(
    repo_or_dir: str,
    model: str,
    *args: Any,
    source: str = "github",
    trust_repo: bool | str = "check",
    force_reload: bool = False,
    verbose: bool = True,
    skip_validation: bool = False,
    **kwargs: Any,
) -> Any:
    """What the function ``model`` of a repository's or folder's ``hubconf.py`` returns for the arguments.

    With ``source="github"`` the repository is given as ``"owner/name"`` or ``"owner/name:branch"`` and downloaded once into
    :func:`get_dir`; ``force_reload`` downloads it again, ``verbose=False`` does not tell where it was found, and
    ``skip_validation`` does not ask GitHub whether the branch is the repository's own.  Its code is run.  So, unless
    ``trust_repo`` is True, you are asked whether it is to be trusted: with "check" only where it is not on the list of
    those that are, with False always.

    With ``source="local"`` the first argument is a folder, and the options about GitHub are of no consequence.

    Raises ValueError for another source or an unknown branch, RuntimeError where there is no such function or a package
    that it needs is not installed, and Exception where the repository is not trusted.
    """
    source = source.lower()
    if source not in ("github", "local"):
        raise ValueError(f'Unknown source: "{source}". Allowed values: "github" | "local".')
    folder = repo_or_dir
    if source == "github":
        folder = _folder(repo_or_dir, force_reload, trust_repo, verbose, skip_validation)
    with _on_the_path(folder):
        return _entry(_configuration(folder), model)(*args, **kwargs)


def help(
    github: str,
    model: str,
    force_reload: bool = False,
    skip_validation: bool = False,
    trust_repo: bool | str = "check",
) -> str | None:
    """The documentation of a model in a repository on GitHub; options as of :func:`load`."""
    folder = _folder(github, force_reload, trust_repo, True, skip_validation)
    with _on_the_path(folder):
        return _entry(_configuration(folder), model).__doc__


def list(
    github: str,
    force_reload: bool = False,
    skip_validation: bool = False,
    trust_repo: bool | str = "check",
    verbose: bool = True,
) -> Any:
    """The names of the models in a repository on GitHub; options as of :func:`load`."""
    folder = _folder(github, force_reload, trust_repo, verbose, skip_validation)
    with _on_the_path(folder):
        module = _configuration(folder)
    return [name for name in dir(module) if callable(getattr(module, name)) and not name.startswith("_")]


def _folder(github: str, force_reload: bool, trust_repo: bool | str, verbose: bool, skip_validation: bool) -> str:
    return folder_of(
        github,
        get_dir(),
        force_reload=force_reload,
        trust_repo=trust_repo,
        verbose=verbose,
        validate=None if skip_validation else _validate_not_a_forked_repo,  # by its name here, which programs replace
    )


class _on_the_path:
    """A folder at the head of ``sys.path``, while the block runs."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def __enter__(self) -> None:
        sys.path.insert(0, self.folder)

    def __exit__(self, *error: object) -> None:
        sys.path.remove(self.folder)


def _configuration(folder: str) -> types.ModuleType:
    """The ``hubconf.py`` of a folder, imported."""
    import importlib.util

    spec = importlib.util.spec_from_file_location(_CONFIGURATION, os.path.join(folder, _CONFIGURATION))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _entry(module: types.ModuleType, model: str) -> Callable[..., Any]:
    import importlib.util

    if not isinstance(model, str):
        raise ValueError("Invalid input: model should be a string of function name")
    missing = [name for name in getattr(module, "dependencies", None) or () if importlib.util.find_spec(name) is None]
    if missing:
        raise RuntimeError(f"Missing dependencies: {', '.join(missing)}")
    found = getattr(module, model, None)
    if not callable(found):
        raise RuntimeError(f"Cannot find callable {model} in hubconf")
    return found


_list_names(__name__)
