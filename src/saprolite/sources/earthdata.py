"""Files of NASA's Earthdata through earthaccess: the login, and which granules there are.

The login comes from where earthaccess looks for it, the environment or ``~/.netrc``; saprolite
asks for no password and keeps none. The files themselves are fetched with the session that is
logged in, since ``earthaccess.download`` begins a file again after every drop.
"""

from __future__ import annotations

import re
import warnings
from typing import Any
from urllib.parse import unquote, urlsplit

from saprolite.errors import InputError, Problem, shortened
from saprolite.sources.catalog import Earthaccess, Edition
from saprolite.sources.published_files import Remote, library
from saprolite.sources.resumable import Session

_HASHES = {"md5": "md5", "sha-256": "sha256", "sha256": "sha256"}
_LOGIN = (
    "register at https://urs.earthdata.nasa.gov and approve the application of the archive there "
    "(GLDAS: NASA GESDISC DATA ARCHIVE); then put a line into ~/.netrc (chmod 600): machine "
    "urs.earthdata.nasa.gov login NAME password PASSWORD; or set EARTHDATA_TOKEN"
)


def logged_in() -> Session:
    """A session of requests that Earthdata knows; ``InputError`` that says how to log in."""
    earthaccess = library("earthaccess")
    exceptions = library("earthaccess.exceptions")
    refused = "no login in the environment or in ~/.netrc"
    for strategy in ("environment", "netrc"):
        try:
            if earthaccess.login(strategy=strategy).authenticated:
                session: Session = earthaccess.get_requests_https_session()
                return session
        except exceptions.LoginStrategyUnavailable:
            continue
        except exceptions.LoginAttemptFailure as error:
            refused = f"the login of {strategy} was refused: {error}"
            break
        except OSError as error:  # the network
            refused = f"Earthdata cannot be reached: {error}"
            break
    raise InputError(
        "Not logged in at Earthdata (1 problem)",
        [Problem("https://urs.earthdata.nasa.gov", refused, "a login that is accepted", _LOGIN)],
    )


def find_granules(
    get: Earthaccess, edition: Edition, years: range | None, name: str
) -> list[Remote]:
    """The files of a collection, of some years or all, by name.

    Raises ``InputError`` for years that the edition does not have, and for months of which the
    provider has no file.
    """
    _require_years(edition, years, name)
    earthaccess = library("earthaccess")
    question: dict[str, Any] = {"short_name": get.short_name, "version": get.version}
    if years is not None:
        question["temporal"] = (f"{years[0]}-01-01", f"{years[-1]}-12-31T23:59:59")
    try:
        # earthaccess warns of a change of its own that does not concern what is asked here.
        with warnings.catch_warnings(action="ignore", category=FutureWarning):
            granules = earthaccess.search_data(count=-1, **question)
    except (RuntimeError, OSError) as error:
        raise InputError(
            "The collection cannot be searched (1 problem)",
            [Problem(name, f"{type(error).__name__}: {error}", "an answer of the CMR",
                     "check the network and try again")],
        ) from error  # fmt: skip
    pattern = re.compile(edition.file) if edition.file else None
    found: dict[str, Remote] = {}
    months = set()
    for granule in granules:
        for url in granule.data_links(access="external"):
            file = unquote(urlsplit(url).path.rpartition("/")[2])
            match = pattern.fullmatch(file) if pattern else None
            if pattern and not match:
                continue
            month = match.groupdict().get("month") if match else None
            if month and years is not None and int(month[:4]) not in years:
                continue
            months.add(month)
            found[file] = Remote(file, url, *_facts(granule, file))
    _require_months(found, months, years, edition, name)
    return [found[file] for file in sorted(found)]


def _facts(granule: Any, file: str) -> tuple[int | None, str]:
    """Size and hash of a file as the record of its granule gives them."""
    data = granule["umm"].get("DataGranule", {})
    for item in data.get("ArchiveAndDistributionInformation", []):
        if item.get("Name") == file:
            checksum = item.get("Checksum", {})
            algorithm = _HASHES.get(str(checksum.get("Algorithm", "")).lower())
            known = f"{algorithm}:{checksum['Value'].lower()}" if algorithm else ""
            size = item.get("SizeInBytes")
            return (int(size) if size else None), known
    return None, ""


def _require_years(edition: Edition, years: range | None, name: str) -> None:
    if years is None or edition.period is None:
        return
    first, last = (text[:4] for text in edition.period)
    if years[0] < int(first) or (last and years[-1] > int(last)):
        raise InputError(
            "The product does not have these years (1 problem)",
            [Problem(f"--years {years[0]}-{years[-1]}", f"{name} is not of all these years",
                     f"{first} to {last or 'now'}", f"--years {first}-{last or 'YYYY'}, and "
                     "another edition for the others: saprolite data show")],
        )  # fmt: skip


def _require_months(
    found: dict[str, Remote], months: set[str | None], years: range | None,
    edition: Edition, name: str,
) -> None:  # fmt: skip
    absent = []
    if years is not None and "(?P<month>" in edition.file:
        wanted = [f"{year}{month:02d}" for year in years for month in range(1, 13)]
        first, last = (text.replace("-", "") for text in edition.period or ("", ""))
        wanted = [month for month in wanted if month >= first and (not last or month <= last)]
        absent = [month for month in wanted if month not in months]
    if not found or absent:
        raise InputError(
            "The provider does not have these files (1 problem)",
            [Problem(name, f"no file of {shortened(absent)}" if absent else "no file at all",
                     f"files such as {edition.file or 'those of the collection'}",
                     "choose other --years, or look at the provider's page")],
        )  # fmt: skip
