"""A person at a browser, for the code flow on a real service: they sign in and decide, and we hear the redirect.

The client's redirect_uri is a port of the loopback, on which this listens. A redirect that has its answer in the
fragment, which no server sees, is met by a page that sends it on.
"""

import queue
import threading
import webbrowser
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

from contract_tests.claims import NotTried

WAIT_S = 300  # for a person to sign in and decide
LOOPBACK = ("127.0.0.1", "localhost", "::1")
FRAGMENT = "fragment-of-the-redirect"
PAGE = b"""<!doctype html><meta charset="utf-8"><title>Thank you</title>
<p>The answer has arrived; you may close this page.</p>
<script>if (location.hash) fetch("%s?" + encodeURIComponent(location.hash.slice(1)))</script>
"""


class Browser:
    """Opens authorization requests in a person's browser, one after another, and returns where each led."""

    def __init__(self, redirect_uri: str, tell: Callable[[str], None], opens: Callable[[str], object]) -> None:
        """Listen at the redirect_uri. Raises `OSError` if its port is taken, `ValueError` if it is elsewhere."""
        parts = urlsplit(redirect_uri)
        if parts.scheme != "http" or parts.hostname not in LOOPBACK:
            raise ValueError("it must be http://127.0.0.1:PORT/..., registered for the client, to be received here")
        self._redirect_uri = redirect_uri
        self._tell = tell
        self._opens = opens
        self._arrived = queue.Queue[str]()
        self._gone = False
        self._server = ThreadingHTTPServer((parts.hostname, parts.port or 80), self._handler(parts.path))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def _handler(self, expected: str) -> type[BaseHTTPRequestHandler]:
        arrived, redirect_uri = self._arrived, self._redirect_uri

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path, _question, query = self.path.partition("?")
                if path.strip("/") == FRAGMENT:
                    arrived.put(f"{redirect_uri}#{unquote(query)}")
                elif path.strip("/") == expected.strip("/") and query:
                    arrived.put(f"http://{self.headers['Host']}{self.path}")
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(PAGE % f"/{FRAGMENT}".encode())

            def log_message(self, *_words: object) -> None:
                """Say nothing."""

        return Handler

    def ask(self, url: str, who: str, decision: str, wait: float = WAIT_S) -> str:
        """Return where an authorization request leads when somebody has signed in and decided.

        Raises `NotTried` if nobody comes back; from then on nobody is asked.
        """
        if self._gone:
            raise NotTried("nobody is at the browser any more")
        while not self._arrived.empty():
            self._arrived.get()  # of an earlier request
        self._tell(f"sign in as {who} and {decision}: {url}")
        self._opens(url)
        try:
            return self._arrived.get(timeout=wait)
        except queue.Empty:
            self._gone = True
            raise NotTried(f"nobody came back from the browser within {wait:.0f} s") from None

    def close(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def open_page(url: str) -> None:
    """Open a URL in the browser of this desktop, if there is one; whoever sees none opens it themselves."""
    try:
        webbrowser.open(url)
    except (OSError, webbrowser.Error):
        return
