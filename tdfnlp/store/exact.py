"""Text that comes out of the database to the character, whatever was in it."""

from typing import Any

from sqlalchemy import types

_MARK = "\ufdd0hex:"  # begins with a code point that no text may hold


class Exact(types.TypeDecorator[str]):
    """Text that may hold NUL and lone surrogates, which PostgreSQL or UTF-8 refuse.

    Such a text is stored as a mark and its bytes in hexadecimal; all others as they are.
    """

    impl = types.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        """Make it storable."""
        if value is None or (value.isascii() and "\0" not in value):
            return value
        data = value.encode("utf-8", "surrogatepass")
        plain = "\0" not in value and not value.startswith(_MARK) and _is_utf8(data)
        return value if plain else _MARK + data.hex()

    def process_result_value(self, value: str | None, dialect: Any) -> str | None:
        """Give back what it was."""
        if value is None or not value.startswith(_MARK):
            return value
        return bytes.fromhex(value[len(_MARK) :]).decode("utf-8", "surrogatepass")


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
