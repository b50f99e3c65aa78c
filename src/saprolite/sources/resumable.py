"""One file over HTTP: goes on where an earlier attempt stopped, and is whole or not there at all.

pooch checks hashes and resolves DOIs but begins a file again after every drop, so the bytes are
fetched here, and pooch calls this as its downloader. Beside the bytes lies ``NAME.seen``: what
tells that the server still holds the same file (its ETag, or time of change).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Protocol

from saprolite.errors import InputError, Problem, StoreError

ATTEMPTS = 6
_PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0)  # seconds before each further attempt
_LONGEST_PAUSE = 60.0
_TIMEOUTS = (20.0, 60.0)  # seconds to connect, and without a byte
_PIECE = 1 << 18
_PASSING = {408, 425, 429, 500, 502, 503, 504}  # answers that may be another one soon
_AGAIN = "give the same command again: it goes on from here"
Advance = Callable[[int], None]


class Session(Protocol):
    """What is asked of a session of requests, and of the one that earthaccess has logged in."""

    def get(self, url: str, **options: Any) -> Any:
        """GET."""
        ...

    def head(self, url: str, **options: Any) -> Any:
        """HEAD."""
        ...


class _Interrupted(Exception):
    """The connection failed, or the server is busy: worth another attempt."""

    def __init__(self, why: str, pause: float | None = None) -> None:
        super().__init__(why)
        self.pause = pause


@dataclass(frozen=True)
class Answer:
    """What a server says of a file without sending it: its size, None where it does not say."""

    size: int | None
    problem: Problem | None


def ask(session: Session, url: str) -> Answer:
    """What a HEAD says of a file: its size, or why there is no such file."""
    import requests

    try:
        answer = session.head(
            url, allow_redirects=True, timeout=_TIMEOUTS, headers={"Accept-Encoding": "identity"}
        )
    except (requests.RequestException, OSError) as error:
        return Answer(None, _unreachable(url, f"no connection: {_short(error)}"))
    if answer.status_code in (401, 403, 404, 410):
        return Answer(None, _refused(url, answer.status_code))
    whole = answer.status_code == 200 and not _is_page(answer.headers, url)
    return Answer(_number(answer.headers.get("Content-Length")) if whole else None, None)


def fetch(
    session: Session,
    url: str,
    into: Path,
    *,
    size: int | None = None,
    verified: bool = False,
    advance: Advance = lambda _: None,
) -> None:
    """Fetch a file ``into`` a place where an earlier call may have left its first bytes.

    It is whole when this returns; the caller then gives it its name.

    Parameters: ``size``, the number of bytes that is known beforehand; ``verified``, whether a hash
    will be checked (else a server that says no length is refused, and so is going on with bytes of
    which nothing tells that they are of the same file); ``advance`` is called with the number of
    new bytes, negative where they are thrown away.

    Raises ``InputError`` for what the server refuses, for a file of another size, a web page in
    place of the file, and a connection that fails ``ATTEMPTS`` times; what has come stays for the
    next call. ``StoreError`` where the disk cannot take it.
    """
    part = _Part(into, url, verified)
    advance(part.size)
    for attempt in range(ATTEMPTS):
        try:
            _attempt(session, url, part, size, advance)
            return
        except _Interrupted as error:
            if attempt == ATTEMPTS - 1:
                raise InputError(
                    "A download did not come to its end (1 problem)",
                    [Problem(url, f"{error}; {ATTEMPTS} attempts, {part.size} bytes are kept",
                             "a connection that holds", _AGAIN)],
                ) from error  # fmt: skip
            pause = _PAUSES[attempt] if error.pause is None else error.pause
            time.sleep(min(pause, _LONGEST_PAUSE))


class _Part:
    """The bytes that have come so far, and what tells of which file they are."""

    def __init__(self, path: Path, url: str, verified: bool) -> None:
        self.path = path
        self.verified = verified
        self._seen = path.with_name(path.name + ".seen")
        self._url = url
        self.validator = ""
        try:
            seen = json.loads(self._seen.read_text(encoding="utf-8"))
            same = seen["url"] == url
            self.validator = str(seen["validator"]) if same else ""
        except (OSError, ValueError, KeyError, TypeError):
            same = False
        if not (same and (self.validator or verified)):
            self.restart()

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    def may_go_on(self) -> bool:
        return bool(self.size and (self.validator or self.verified))

    def restart(self) -> None:
        self.validator = ""
        self.path.unlink(missing_ok=True)

    def open(self, validator: str, offset: int) -> Any:
        if not offset:
            self.validator = validator
        seen = {"url": self._url, "validator": self.validator}
        self._seen.write_text(json.dumps(seen), encoding="utf-8")
        return self.path.open("ab" if offset else "wb")


def _attempt(session: Session, url: str, part: _Part, size: int | None, advance: Advance) -> None:
    import requests
    from urllib3.exceptions import HTTPError

    offset = part.size if part.may_go_on() else 0
    if not offset and part.size:
        advance(-part.size)
        part.restart()
    headers = {"Accept-Encoding": "identity"}
    if offset:
        headers["Range"] = f"bytes={offset}-"
        if part.validator:
            headers["If-Range"] = part.validator
    try:
        answer = session.get(url, stream=True, timeout=_TIMEOUTS, headers=headers)
    except (requests.RequestException, HTTPError) as error:
        raise _Interrupted(f"no connection: {_short(error)}") from error
    with answer:
        start, total = _opening(url, answer, part, offset, size, advance)
        if total == start and start:
            return
        try:
            _write(answer, part, start, advance)
        except (requests.RequestException, HTTPError) as error:
            raise _Interrupted(f"the connection broke: {_short(error)}") from error
        except OSError as error:
            raise StoreError(
                "A download cannot be written (1 problem)",
                [Problem(str(part.path), error.strerror or str(error),
                         "a folder on a disk with space, writable", f"free space; {_AGAIN}")],
            ) from error  # fmt: skip
    if total is not None and part.size != total:
        if part.size > total:
            advance(-part.size)
            part.restart()
        raise _Interrupted(f"{part.size} of {total} bytes came")


def _opening(
    url: str, answer: Any, part: _Part, offset: int, size: int | None, advance: Advance
) -> tuple[int, int | None]:
    """Where the bytes of an answer begin in the file, and how long the file is."""
    status, headers = answer.status_code, answer.headers
    if status in _PASSING:
        raise _Interrupted(f"the server answered {status}", _retry_after(headers))
    if status == 416:
        total = _number(headers.get("Content-Range", "").rpartition("/")[2])
        if total == offset and size in (None, total):
            return offset, total
        advance(-part.size)
        part.restart()
        raise _Interrupted("the server has another file than the one begun", 0.0)
    if status not in (200, 206):
        raise InputError("A file cannot be fetched (1 problem)", [_refused(url, status)])
    if _is_page(headers, url):
        raise InputError("A file cannot be fetched (1 problem)", [_page(url)])
    coding = headers.get("Content-Encoding", "identity")
    if coding != "identity" and not url.endswith((".gz", ".tgz")):
        raise InputError(
            "A file cannot be fetched (1 problem)",
            [Problem(url, f"bytes in the coding {coding!r}", "the file as it is",
                     "fetch it by hand")],
        )  # fmt: skip
    start, total = 0, _number(headers.get("Content-Length"))
    if status == 206:
        begins, _, length = headers.get("Content-Range", "").removeprefix("bytes ").partition("/")
        begin, total = _number(begins.partition("-")[0]), _number(length)
        if begin != offset:
            advance(-part.size)
            part.restart()
            raise _Interrupted(f"a part was sent that begins at byte {begin}, not {offset}", 0.0)
        start = offset
    elif offset:  # the server sends the whole file: it has another one, or knows no parts
        advance(-part.size)
        part.restart()
    if size is not None and total is not None and total != size:
        raise InputError(
            "A file is not the one that was published (1 problem)",
            [Problem(url, f"{total} bytes", f"{size} bytes", "the provider has changed the file, "
                     "or the address leads elsewhere: fetch it by hand and check it")],
        )  # fmt: skip
    total = size if total is None else total
    if total is None and not part.verified:
        raise InputError(
            "A file cannot be fetched (1 problem)",
            [Problem(url, "a server that does not say how long the file is, and no hash is known",
                     "a size or a hash to check against", "fetch it by hand")],
        )  # fmt: skip
    return start, total


def _write(answer: Any, part: _Part, start: int, advance: Advance) -> None:
    tag = answer.headers.get("ETag", "")
    validator = tag if tag and not tag.startswith("W/") else answer.headers.get("Last-Modified", "")
    with part.open(validator, start) as stream:
        # The raw bytes: what requests would decode is not what the hash is of.
        for piece in answer.raw.stream(_PIECE, decode_content=False):
            stream.write(piece)
            advance(len(piece))


def _is_page(headers: Mapping[str, str], url: str) -> bool:
    page = headers.get("Content-Type", "").partition(";")[0].strip().lower() == "text/html"
    return page and not url.endswith((".html", ".htm"))


def _page(url: str) -> Problem:
    return Problem(
        url, "a web page in place of the file", "the file",
        "open the address in a browser: there may be a login, or terms to accept",
    )  # fmt: skip


def _refused(url: str, status: int) -> Problem:
    advice = {
        401: "log in: see saprolite data show, and the provider's page for the rights it wants",
        403: "accept the provider's terms for this data in your account, then try again",
        404: "the provider has moved or removed it: fetch it by hand",
        410: "the provider has moved or removed it: fetch it by hand",
    }.get(status, "try later, or fetch it by hand")
    return Problem(url, f"the server answered {status}", "the file", advice)


def _unreachable(url: str, found: str) -> Problem:
    return Problem(url, found, "an address that can be reached", "check the network and try again")


def _number(text: str | None) -> int | None:
    return int(text) if text and text.strip().isdigit() else None


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """The pause that a server asks for, in seconds or as a date."""
    text = headers.get("Retry-After", "")
    if text.isdigit():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (TypeError, ValueError):
        return None


def _short(error: BaseException) -> str:
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    return text if len(text) <= 160 else f"{text[:160]} ..."
