"""A server of the page for this machine alone: loopback, reading only, paths that exist.

A page of another site can make a browser ask this server, too, by a name that it resolves to the
loopback (DNS rebinding): the Host of a request must be the server's own. Paths are taken as they
come: no decoding, no folder of a disk behind them.
"""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from saprolite.errors import Problem, StoreError
from saprolite.viewer.site import Site

LOOPBACK = "127.0.0.1"
_TYPES = {
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "json": "application/json; charset=utf-8",
    "bin": "application/octet-stream",
}
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Server(ThreadingHTTPServer):
    """The server of a site; ``port`` 0 takes a free one. ``StoreError`` where it is taken."""

    daemon_threads = True

    def __init__(self, site: Site, port: int = 0) -> None:
        self.site = site
        try:
            super().__init__((LOOPBACK, port), _Handler)
        except (OSError, OverflowError) as error:
            raise StoreError(
                "The page cannot be served (1 problem)",
                [Problem(f"--port {port}", str(error), "a free port from 1024 to 65535",
                         "leave --port out: a free one is found")],
            ) from error  # fmt: skip
        self.hosts = {f"{name}:{self.server_port}" for name in (LOOPBACK, "localhost")}

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://{LOOPBACK}:{self.server_port}/"


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "saprolite", ""
    timeout = 60

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def __getattr__(self, name: str) -> Any:
        # Any other method: the base class looks for do_METHOD.
        if name.startswith("do_"):
            return self._refuse_method
        raise AttributeError(name)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the terminal stays quiet."""

    def _refuse_method(self) -> None:
        self.close_connection = True
        self._send(405, b"only GET and HEAD\n", "text/plain", {"Allow": "GET, HEAD"})

    def _answer(self) -> None:
        if self.headers.get_all("Host") not in [[host] for host in self.server.hosts]:
            self.close_connection = True
            self._send(421, b"another host\n", "text/plain")
            return
        path = self.path.partition("?")[0]
        name = "index.html" if path == "/" else path.removeprefix("/")
        body = self.server.site.read(name) if path.startswith("/") else None
        if body is None:
            self._send(404, b"no such file\n", "text/plain")
        else:
            self._send(200, body, _TYPES.get(name.rpartition(".")[2], "text/plain; charset=utf-8"))

    def _send(
        self, status: int, body: bytes, kind: str, more: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for header, value in {**_HEADERS, **(more or {})}.items():
            self.send_header(header, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
