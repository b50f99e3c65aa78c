"""A small HTTP server on this machine that serves files well, and in every wrong way."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Served:
    """A file, and how it is served: ``faults`` are used up one request each, then all is well.

    Faults: ``drop`` (the connection breaks half-way), ``no_range`` (Range is ignored), ``shifted``
    (another part than was asked for), ``other`` (wrong bytes), ``page`` (a login page), ``unsized``
    (no length), or a number: that status. ``always`` keeps the first fault for good.
    """

    content: bytes
    faults: list[str | int] = field(default_factory=list)
    always: bool = False
    etag: str | None = '"one"'
    head: int = 200
    disposition: str = ""


class Server:
    """What is served, by path, and what was asked for: (method, path, Range)."""

    def __init__(self) -> None:
        self.files: dict[str, Served] = {}
        self.log: list[tuple[str, str, str | None]] = []
        self.address = ""

    def serve(self, path: str, content: bytes, *faults: str | int, **options: object) -> str:
        """Serve a file; its URL."""
        self.files[path] = Served(content, list(faults), **options)  # type: ignore[arg-type]
        return f"{self.address}{path}"

    def ranges(self, path: str) -> list[str | None]:
        """The Range of each GET of a path."""
        return [asked for method, where, asked in self.log if (method, where) == ("GET", path)]


@contextmanager
def running() -> Iterator[Server]:
    """A server on a free port of the loopback; it ends with the block."""
    server = Server()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_HEAD(self) -> None:
            server.log.append(("HEAD", self.path, None))
            item = server.files.get(self.path)
            status = 404 if item is None else item.head
            self.send_response(status)
            if item is not None and status == 200 and item.faults[:1] != ["unsized"]:
                self.send_header("Content-Length", str(len(item.content)))
            self.end_headers()

        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            server.log.append(("GET", self.path, asked))
            item = server.files.get(self.path)
            if item is None:
                self.send_error(404)
                return
            fault = ""
            if item.faults:
                fault = item.faults[0] if item.always else item.faults.pop(0)  # type: ignore[assignment]
            if isinstance(fault, int):
                self.send_response(fault)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.answer(item, asked, fault)

        def answer(self, item: Served, asked: str | None, fault: str) -> None:
            content, start = item.content, 0
            if fault == "other":
                content = bytes(byte ^ 1 for byte in content)
            condition = self.headers.get("If-Range")
            if asked and fault != "no_range" and condition in (None, item.etag):
                start = int(asked.removeprefix("bytes=").partition("-")[0])
                if start >= len(content):
                    self.send_response(416)
                    self.send_header("Content-Range", f"bytes */{len(content)}")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                start = start // 2 if fault == "shifted" else start
                self.send_response(206)
                self.send_header(
                    "Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}"
                )
            else:
                self.send_response(200)
            body = content[start:]
            if fault == "page":
                body = b"<!DOCTYPE html><title>log in</title>"
                self.send_header("Content-Type", "text/html; charset=utf-8")
            if item.etag:
                self.send_header("ETag", item.etag)
            if fault != "unsized":
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if fault == "drop" else body)
            self.close_connection = True

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        server.address = f"http://127.0.0.1:{http.server_address[1]}"
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()


def sha256(content: bytes) -> str:
    """The hash of some bytes, as the catalogue writes it."""
    return "sha256:" + hashlib.sha256(content).hexdigest()
