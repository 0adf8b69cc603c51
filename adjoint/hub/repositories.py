"""Repositories: code from GitHub, in folders of the hub's, where the user trusts those who wrote it."""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

from adjoint import trusted
from adjoint.hub.downloads import download_url_to_file, make_folder
from adjoint.hub.unpacking import fresh_folder, replace_folder, unpack
from adjoint.places import users_level

GITHUB = "https://github.com"
API = "https://api.github.com"
TRUSTED_OWNERS = ("facebookresearch", "facebookincubator", "pytorch", "fairinternal")
"""Whose repositories are trusted without a question, as in PyTorch."""


def folder_of(
    github: str,
    hub_dir: str,
    *,
    force_reload: bool,
    trust_repo: bool | str,
    verbose: bool,
    validate: Callable[[str, str, str], None] | None,
) -> str:
    """The folder of a repository, ``"owner/name"`` or ``"owner/name:branch"``, downloaded unless it is there."""
    make_folder(hub_dir)
    owner, name, ref = _parsed(github, hub_dir)
    label = f"{owner}_{name}_{ref.replace('/', '_')}"
    folder = os.path.join(hub_dir, label)
    _check_trust(owner, name, label, trust_repo, hub_dir)
    if not force_reload and os.path.exists(folder):
        if verbose:
            sys.stderr.write(f"Using cache found in {folder}\n")
        _tell_if_others_can_change(folder)
        return folder
    if validate is not None:
        validate(owner, name, ref)
    with fresh_folder(folder) as fresh:
        packed = os.path.join(fresh, "repository.zip")
        sys.stdout.write(f'Downloading: "{_archive(owner, name, ref)}" to {folder}\n')
        _download(owner, name, ref, packed)
        replace_folder(unpack(packed, os.path.join(fresh, "repository")), folder)
    _tell_if_others_can_change(folder)
    return folder


def _download(owner: str, name: str, ref: str, packed: str) -> None:
    from urllib.error import HTTPError

    try:
        download_url_to_file(_archive(owner, name, ref), packed, progress=False)
    except HTTPError as error:
        if error.code != 300:
            raise
        warnings.warn(  # as git does
            f"The ref {ref} is ambiguous. Perhaps it is both a tag and a branch in the repo? Torchhub will now assume that "
            "it's a branch. You can disambiguate tags and branches by explicitly passing refs/heads/branch_name or "
            "refs/tags/tag_name as the ref. That might require using skip_validation=True.",
            stacklevel=users_level(),
        )
        download_url_to_file(_archive(owner, name, f"refs/heads/{ref}"), packed, progress=False)


def _archive(owner: str, name: str, ref: str) -> str:
    return f"{GITHUB}/{owner}/{name}/zipball/{ref}"


def _parsed(github: str, hub_dir: str) -> tuple[str, str, str]:
    """Owner, name and branch or tag; where none is given "main", or "master" where there is no such branch."""
    from urllib.error import HTTPError, URLError
    from urllib.request import urlopen

    repository, given, ref = github.partition(":")
    if repository.count("/") != 1 or ":" in ref or (given and not ref):
        raise ValueError(f'expected a repository as "owner/name" or "owner/name:branch", not {github!r}')
    owner, name = repository.split("/")
    if given:
        return owner, name, ref
    try:
        with urlopen(f"{GITHUB}/{owner}/{name}/tree/main/"):
            return owner, name, "main"
    except HTTPError as error:
        if error.code != 404:
            raise
        return owner, name, "master"
    except URLError as error:
        for ref in ("main", "master"):
            if os.path.exists(os.path.join(hub_dir, f"{owner}_{name}_{ref}")):
                return owner, name, ref
        raise RuntimeError(
            f"It looks like there is no internet connection and the repo could not be found in the cache ({hub_dir})"
        ) from error


def validate_not_a_forked_repo(repo_owner: str, repo_name: str, ref: str) -> None:
    """Raise ValueError unless a branch, tag or commit is the repository's own: GitHub also serves those of its forks."""
    from urllib.error import HTTPError
    from urllib.request import Request

    headers = {"Accept": "application/vnd.github.v3+json"}
    token = os.environ.get("GITHUB_TOKEN")
    if token is not None:
        headers["Authorization"] = f"token {token}"
    for kind in ("branches", "tags"):
        page = 1
        while True:
            url = f"{API}/repos/{repo_owner}/{repo_name}/{kind}?per_page=100&page={page}"
            try:
                found = _json(Request(url, headers=headers))
            except HTTPError:
                if headers.pop("Authorization", None) is None:  # else the token may not be allowed to
                    raise
                found = _json(Request(url, headers=headers))
            if not found:
                break
            if any(branch["name"] == ref or branch["commit"]["sha"].startswith(ref) for branch in found):
                return
            page += 1
    raise ValueError(
        f"Cannot find {ref} in https://github.com/{repo_owner}/{repo_name}. "
        "If it's a commit from a forked repo, please call hub.load() with forked repo directly."
    )


def _json(request: Any) -> Any:
    from urllib.request import urlopen

    with urlopen(request) as response:
        return json.loads(response.read().decode(response.headers.get_content_charset("utf-8")))


# Trust


def _check_trust(owner: str, name: str, label: str, trust_repo: bool | str, hub_dir: str) -> None:
    """Ask the user, where the repository is not on the list; raises an Exception unless it is to be trusted."""
    listed = os.path.join(hub_dir, "trusted_list")
    repository = f"{owner}_{name}"
    known = (
        repository in _lines(listed) or os.path.isdir(os.path.join(hub_dir, label)) or owner in TRUSTED_OWNERS
    )  # what was downloaded was trusted
    if trust_repo is False or (trust_repo == "check" and not known):
        answer = input(
            f"The repository {repository} does not belong to the list of trusted repositories and as such cannot be "
            "downloaded. Do you trust this repository and wish to add it to the trusted list of repositories (y/N)?"
        ).lower()
        if answer in ("n", "no", ""):
            raise Exception("Untrusted repository.")
        if answer not in ("y", "yes"):
            raise ValueError(f"Unrecognized response {answer}.")
        if known:
            print("The repository is already trusted.")
    if not known:
        _add_line(listed, repository)


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return [line.strip() for line in file if line.endswith("\n")]
    except FileNotFoundError:
        return []


def _add_line(path: str, line: str) -> None:
    """Add a line to a file: in one write at its end, so that several processes lose none and a kill leaves no half of one."""
    with open(path, "a+b", buffering=0, opener=partial(os.open, mode=0o644)) as file:
        size = file.seek(0, os.SEEK_END)
        if size:
            file.seek(size - 1)
        torn = size and file.read(1) != b"\n"
        file.write((b"\n" if torn else b"") + line.encode() + b"\n")


def _tell_if_others_can_change(folder: str) -> None:
    try:
        os.close(trusted.open_folder(os.path.abspath(folder)))
    except trusted.Untrusted as error:
        warnings.warn(
            f"{error.strerror}: other users can change the code in {folder}, which you run", stacklevel=users_level()
        )
