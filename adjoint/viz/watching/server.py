"""Server: the live page on loopback, for this user's browser only.

It listens on 127.0.0.1, so nobody outside of the machine reaches it; a random token in every path keeps the machine's other
users out; the ``Host`` header has to be loopback's, so a web site whose name was pointed at 127.0.0.1 cannot read it through the
browser.  It only answers what is asked, in daemon threads, and ends with the program.
"""

from __future__ import annotations

import hmac
import json
import secrets
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class PageServer:
    """Serves ``page()``, a document, and ``data(since, thinned, version)``, a dictionary that it asks for again and again.

    Raises OSError where no port can be had.
    """

    def __init__(self, page: Callable[[], str], data: Callable[[int, int, int], dict[str, Any]]) -> None:
        self.token = secrets.token_urlsafe(18)
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.owner = self
        self.page = page
        self.data = data
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.2,), name="adjoint-watch", daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.port}/{self.token}/"

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    owner: PageServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that went away is no matter for the program's output."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    server_version = "adjoint"
    sys_version = ""
    timeout = 30

    def do_GET(self) -> None:
        owner = self.server.owner
        if self.headers.get("Host") not in (f"127.0.0.1:{owner.port}", f"localhost:{owner.port}"):
            self._answer(403, "text/plain", b"This page is for this machine's own browser.\n")
            return
        url = urlsplit(self.path)
        parts = url.path.split("/")
        if len(parts) != 3 or not hmac.compare_digest(parts[1].encode(), owner.token.encode()):
            self._answer(404, "text/plain", b"There is nothing here.\n")
        elif parts[2] == "":
            self._answer(200, "text/html; charset=utf-8", owner.page().encode())
        elif parts[2] == "data":
            asked = parse_qs(url.query)
            found = owner.data(*[_integer(asked.get(name)) for name in ("since", "thinned", "version")])
            self._answer(200, "application/json", json.dumps(found, separators=(",", ":")).encode())
        else:
            self._answer(404, "text/plain", b"There is nothing here.\n")

    do_HEAD = do_GET

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are not the program's output."""


def _integer(values: list[str] | None) -> int:
    """The first of a query's values, if it is a number; else 0."""
    return int(values[0]) if values and values[0].isascii() and values[0].isdigit() and len(values[0]) < 16 else 0
