"""The application without a socket: addresses, and what a request needs before it is answered."""

from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from ..errors import InputError, StoreError
from . import board, incoming, views
from .desk import Desk
from .security import Guard

STATIC = Path(__file__).parent / "static"
NOT_IN = "This link is not valid, or no longer. Open the link that tdfnlp review printed."

Body = incoming.Body
Endpoint = Callable[[Request], Awaitable[Response]]
Handler = Callable[[Desk, str, Body], views.Json]


def create_app(desk: Desk, hosts: Iterable[str]) -> ASGIApp:
    """Build the review page over an open study.

    Parameters
    ----------
    desk : Desk
        The study, and who may come in.
    hosts : iterable of str
        What the Host header may be, with the port: "127.0.0.1:8765".

    Returns
    -------
    ASGI application
    """
    app = Starlette(
        routes=[
            Route("/", _page),
            Route("/api/enter", _enter, methods=["POST"]),
            *(Route(path, _reads(view)) for path, view in _READS.items()),
            *(Route(path, _writes(handle), methods=["POST"]) for path, handle in _WRITES.items()),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        exception_handlers={
            HTTPException: _refused,
            InputError: partial(_failed, 400),
            StoreError: partial(_failed, 503),
            Exception: _broken,
        },
    )
    app.state.desk = desk
    # Around all of it, so that the answer to a fault of ours has its headers too.
    return Guard(app, hosts)


def _question(desk: Desk, coder: str, body: Body) -> views.Json:
    return views.next_view(desk, coder, incoming.only_of(body))


def _answer(desk: Desk, coder: str, body: Body) -> views.Json:
    return views.store_answer(desk, coder, incoming.given_of(body, desk.codes()))


def _undo(desk: Desk, coder: str, body: Body) -> views.Json:
    return views.undo_view(desk, coder, incoming.token_of(body))


def _conflict(desk: Desk, coder: str, body: Body) -> views.Json:
    after = incoming.number_of(body, "after") if body.get("after") else 0
    return views.conflict_view(desk, coder, after)


def _themes(desk: Desk, coder: str, body: Body) -> views.Json:
    return board.themes_view(desk, coder, incoming.domain_of(body))


def _change(desk: Desk, coder: str, body: Body) -> views.Json:
    return board.change_themes(desk, coder, incoming.change_of(body), incoming.domain_of(body))


_READS: dict[str, Callable[[Desk, str], views.Json]] = {
    "/api/study": views.study_view,
    "/api/progress": views.progress_view,
    "/api/advice": views.advice_view,
}
_WRITES: dict[str, Handler] = {
    "/api/question": _question,  # handing a question out is a change too
    "/api/answer": _answer,
    "/api/undo": _undo,
    "/api/conflict": _conflict,
    "/api/themes": _themes,
    "/api/themes/change": _change,
}


async def _page(_request: Request) -> Response:
    return FileResponse(STATIC / "index.html", media_type="text/html")


async def _enter(request: Request) -> Response:
    """Change the token of a link for a cookie that scripts cannot read."""
    body = await incoming.read_json(request)
    seats = _desk(request).seats
    coder = seats.enter(incoming.text_of(body, "token"))
    if coder is None:
        raise HTTPException(401, NOT_IN)
    answer = JSONResponse({"coder": coder})
    answer.set_cookie(_cookie(request), seats.token(coder), httponly=True, samesite="strict")
    return answer


def _reads(view: Callable[[Desk, str], views.Json]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        return JSONResponse(await run_in_threadpool(view, _desk(request), _coder(request)))

    return endpoint


def _writes(handle: Handler) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        coder = _coder(request)
        body = await incoming.read_json(request)
        _check_meant(_desk(request), coder, body)
        return JSONResponse(await run_in_threadpool(handle, _desk(request), coder, body))

    return endpoint


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


def _coder(request: Request) -> str:
    """Tell who asks: the cookie alone says it."""
    coder = _desk(request).seats.coder(request.cookies.get(_cookie(request), ""))
    if coder is None:
        raise HTTPException(401, NOT_IN)
    return coder


def _check_meant(desk: Desk, coder: str, body: Body) -> None:
    """Refuse what was meant for another study or coder: a tab can be older than the program."""
    meant = incoming.text_of(body, "coder")
    if incoming.text_of(body, "study") != desk.key:
        raise HTTPException(409, "This tab was opened on another study. Reload it.")
    if meant != coder:
        raise HTTPException(409, f"This browser is signed in as {coder}, not as {meant}.")


def _cookie(request: Request) -> str:
    # Cookies know no ports: two studies open at once must not put each other out.
    return f"tdfnlp-{request.url.port or 80}"


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it alone
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)


async def _failed(status: int, _request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, status)


async def _broken(_request: Request, _error: Exception) -> Response:
    return JSONResponse({"error": "Something went wrong in tdfnlp; its window says what."}, 500)
