"""The page on a socket: bound to this machine unless coders are named, stopped with Ctrl-C."""

import ipaddress
import socket
from contextlib import suppress
from dataclasses import dataclass

import uvicorn

from ..errors import InputError
from .app import create_app
from .desk import Desk

PORT = 8765
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_EVERYWHERE = ("", "0.0.0.0", "::", "0")  # noqa: S104 - refused


@dataclass(frozen=True, slots=True)
class Address:
    """Where the page is.

    Attributes
    ----------
    socket : socket
        Bound and listening.
    host : str
        As in a link; an IPv6 address in brackets.
    port : int
    """

    socket: socket.socket
    host: str
    port: int

    def link(self, token: str) -> str:
        """Give the link that lets a coder in; what follows the # never leaves the browser."""
        return f"http://{self.host}:{self.port}/#token={token}"

    @property
    def hosts(self) -> tuple[str, ...]:
        """What the Host header may be."""
        names = (self.host, *_LOOPBACK) if is_loopback(self.host) else (self.host,)
        bare = names if self.port == 80 else ()
        return (*(f"{name}:{self.port}" for name in names), *bare)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a host."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def listen(host: str = "127.0.0.1", port: int | None = None, *, named: bool = False) -> Address:
    """Bind the page's socket.

    Parameters
    ----------
    host : str
        Name or address under which browsers reach it.
    port : int, optional
        0 for any that is free; where left out, 8765, or any where that is taken.
    named : bool
        Whether the coders are named, each with a link of their own.

    Raises
    ------
    InputError
        Beyond this machine without named coders; an address for all networks at once; a name or
        port that cannot be bound.
    """
    if not is_loopback(host) and not named:
        raise InputError(
            f"{host} can be reached by others: name each coder with --coder, so that each gets a "
            "link of their own."
        )
    if host.strip("[]") in _EVERYWHERE:
        raise InputError(
            f"{host} stands for every network. Give the name or address under which coders reach "
            "this machine."
        )
    try:
        bound = _bind(host.strip("[]"), PORT if port is None else port)
    except OSError as error:
        if port is None:
            return listen(host, 0, named=named)
        raise InputError(
            f"The page cannot be at {host}, port {port} ({error.strerror}). Give another --port "
            "(0 for any that is free) or --host."
        ) from error
    shown = f"[{host}]" if ":" in host and "[" not in host else host
    return Address(bound, shown, bound.getsockname()[1])


def serve(desk: Desk, address: Address) -> int:
    """Serve the page until it is stopped with Ctrl-C.

    Parameters
    ----------
    desk : Desk
        The study, and who may come in.
    address : Address
        From ``listen``.

    Returns
    -------
    int
        How many answers were stored meanwhile.
    """
    with address.socket, suppress(KeyboardInterrupt):
        build(desk, address).run(sockets=[address.socket])
    return desk.given


def build(desk: Desk, address: Address) -> uvicorn.Server:
    """Build the server; ``run`` it with the address's socket."""
    return uvicorn.Server(
        uvicorn.Config(
            create_app(desk, address.hosts),
            access_log=False,
            http="h11",
            lifespan="off",
            log_level="warning",
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=3,
            ws="none",
        )
    )


def _bind(host: str, port: int) -> socket.socket:
    family, _, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    return socket.create_server(place[:2], family=family, backlog=128)
