"""Who may come in, and what is refused before anything else is looked at.

* The Host header must be one of the names that the page was started under: a foreign page that
  points its own name at this machine (DNS rebinding) is not answered.
* A request that writes must come from the page itself: its Origin is checked, and that it holds
  JSON, which a form of another page cannot send.
* A coder is known by a token, in a cookie that scripts cannot read and other sites cannot send.
"""

import secrets
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS: dict[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_READS = ("GET", "HEAD")


class Seats:
    """The coders that may come in, each with a token.

    Parameters
    ----------
    coders : iterable of str
        Names; a name twice is one coder.
    """

    def __init__(self, coders: Iterable[str]) -> None:
        self._tokens = {name: secrets.token_urlsafe(32) for name in coders}
        self._once: dict[str, str] = {}

    @property
    def coders(self) -> tuple[str, ...]:
        """The names, in the order given."""
        return tuple(self._tokens)

    def token(self, coder: str) -> str:
        """Give the token of a coder, for a link and for the cookie."""
        return self._tokens[coder]

    def once(self, coder: str) -> str:
        """Make a token that opens the page one time, for where others may see it."""
        token = secrets.token_urlsafe(32)
        self._once[token] = coder
        return token

    def enter(self, token: str) -> str | None:
        """Give the coder whose link this token was in."""
        return self.coder(token) or self._once.pop(token, None)

    def coder(self, token: str) -> str | None:
        """Give the coder of a token, None for a wrong one."""
        found = None
        for name, own in self._tokens.items():
            # Comparing takes equally long wherever the difference is.
            if secrets.compare_digest(own.encode(), token.encode("utf-8", "replace")):
                found = name
        return found


class Guard:
    """Answers what comes from this page, refuses the rest, and sets the headers of every answer.

    Parameters
    ----------
    app : ASGI application
    hosts : iterable of str
        What the Host header may be, with the port.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str]) -> None:
        self._app = app
        self._hosts = frozenset(one.lower() for one in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":  # no web sockets
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        refusal = self._refusal(scope)
        if refusal:
            status, reason = refusal
            answer = JSONResponse({"error": reason}, status)
            await answer(scope, receive, with_headers)
        else:
            await self._app(scope, receive, with_headers)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "").lower()
        if host not in self._hosts:
            return 403, "This page is not served under that name. Use the link that was printed."
        if scope["path"].startswith("/api/"):
            # Browsers say where a request comes from; a link from elsewhere may open the page,
            # but not its data.
            if headers.get("sec-fetch-site", "same-origin") != "same-origin":
                return 403, "Only the review page itself may ask for this."
        if scope["method"] in _READS:
            return None
        if headers.get("origin", "").lower() != f"http://{host}":
            return 403, "Only the review page itself may change anything."
        if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return 415, "Only JSON is read here."
        return None
