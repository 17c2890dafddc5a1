"""The review page: people confirm, correct and adjudicate codes in a browser on this machine.

``create_app`` is the application without a socket; ``serve`` binds it to one.
"""

from .app import create_app
from .desk import Desk
from .security import Seats
from .server import Address, is_loopback, listen, serve

__all__ = ["Address", "Desk", "Seats", "create_app", "is_loopback", "listen", "serve"]
