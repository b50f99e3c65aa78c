"""Which files a product consists of: their names, addresses, sizes and hashes."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from types import ModuleType

from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.sources.catalog import Pooch
from saprolite.sources.resumable import Session, ask
from saprolite.threads import in_order

INSTALL = 'pip install "saprolite[data]"'
AT_A_TIME = 4  # connections: polite to providers, and enough to fill a line


@dataclass(frozen=True)
class Remote:
    """A file to be fetched. ``hash``: ``ALGORITHM:HEX``, empty where nobody gives one."""

    name: str
    url: str
    size: int | None = None
    hash: str = ""
    unzip: tuple[str, ...] = ()


def library(name: str) -> ModuleType:
    """A library of the extra ``data``; ``InputError`` that says how to install it."""
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        raise InputError(
            "Downloads need more libraries (1 problem)",
            [Problem(name, "not installed", "the extra data", INSTALL)],
        ) from error
    if name == "pooch":
        module.get_logger().setLevel("WARNING")
    return module


def static_files(get: Pooch) -> list[Remote]:
    """The files of the catalogue; a repository is asked for those at a DOI."""
    return [
        _of_repository(file.doi, file.name, file.unzip)
        if file.doi
        else Remote(file.name, file.url, file.bytes if file.bytes_are == "exact" else None,
                    file.hash, file.unzip)
        for file in get.all_files()
    ]  # fmt: skip


def _of_repository(doi: str, name: str, unzip: tuple[str, ...]) -> Remote:
    """URL and hash of a file in a repository that pooch knows (figshare, Zenodo, Dataverse)."""
    requests, pooch = library("requests"), library("pooch")
    try:
        repository = pooch.downloaders.doi_to_repository(doi)
        registry = pooch.create(path="", base_url="")
        url = repository.download_url(name)
        repository.populate_registry(registry)
    except (ValueError, KeyError, IndexError, requests.RequestException) as error:
        raise InputError(
            "A repository cannot be asked (1 problem)",
            [Problem(f"doi:{doi}", f"{type(error).__name__}: {error}", f"the file {name}",
                     f"open https://doi.org/{doi} and fetch the file by hand")],
        ) from error  # fmt: skip
    return Remote(name, url, None, str(registry.registry.get(name) or ""), unzip)


def with_sizes(session: Session, remotes: Iterable[Remote]) -> list[Remote]:
    """Ask for every size that is not known; every file that is not there is one problem."""
    remotes = list(remotes)
    asked = [remote for remote in remotes if remote.size is None]
    answers = dict(
        zip(
            [remote.url for remote in asked],
            in_order(lambda remote: ask(session, remote.url), asked, AT_A_TIME),
            strict=True,
        )
    )
    raise_if_any(
        InputError, "Files cannot be fetched",
        [answer.problem for answer in answers.values() if answer.problem is not None],
    )  # fmt: skip
    return [
        replace(remote, size=answers[remote.url].size) if remote.url in answers else remote
        for remote in remotes
    ]
