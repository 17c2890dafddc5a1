"""Vectors kept on disk, so that a text is encoded once.

One SQLite file in the user's cache folder. Keys are keyed hashes of the text and the encoder's
fingerprint; no text is stored. Vectors still derive from confidential speech: ``tdfnlp cache
--purge`` deletes them.
"""

import hashlib
import logging
import os
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import numpy.typing as npt

logger = logging.getLogger(__name__)

LIMIT = 2 * 1024**3
"""Bytes the file may take; the oldest vectors go first."""

_SCHEMA = "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL)"
_SLICE = 500


def default_folder() -> Path:
    """Name the user's cache folder for tdfnlp; the variable TDFNLP_CACHE overrides it."""
    from platformdirs import user_cache_path

    return Path(os.environ.get("TDFNLP_CACHE") or user_cache_path("tdfnlp"))


class VectorCache:
    """A size-bounded store of float32 vectors by 16-byte key.

    Nothing here is needed to get a result: where the file cannot be read or written the cache
    says so in the log and behaves as if it were empty.

    Parameters
    ----------
    folder : Path, optional
        Where the file lies; the user's cache folder where left out.
    limit : int
        Bytes the file may take.
    """

    def __init__(self, folder: Path | None = None, *, limit: int = LIMIT) -> None:
        self.path = (folder or default_folder()) / "vectors.sqlite"
        self.limit = limit

    def keys(self, texts: Sequence[str], fingerprint: str) -> list[bytes]:
        """Key of each text under an encoder's fingerprint."""
        salt = hashlib.blake2b(fingerprint.encode(), digest_size=32).digest()
        return [
            hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16, key=salt).digest()
            for text in texts
        ]

    def get(self, keys: Sequence[bytes], dimension: int) -> dict[bytes, npt.NDArray[np.float32]]:
        """Look up the vectors that are there."""
        found: dict[bytes, npt.NDArray[np.float32]] = {}

        def look_up(connection: sqlite3.Connection) -> None:
            for start in range(0, len(keys), _SLICE):
                some = keys[start : start + _SLICE]
                marks = ",".join("?" * len(some))
                query = f"SELECT key, vector FROM vectors WHERE key IN ({marks})"  # noqa: S608
                for key, blob in connection.execute(query, some):
                    if len(blob) == 4 * dimension:
                        found[key] = np.frombuffer(blob, dtype="<f4")

        if self.path.exists():
            self._use(look_up)
        return found

    def put(self, vectors: Mapping[bytes, npt.NDArray[np.float32]]) -> None:
        """Keep vectors, then drop the oldest beyond the limit."""
        rows = [(key, vector.astype("<f4").tobytes()) for key, vector in vectors.items()]

        def keep(connection: sqlite3.Connection) -> None:
            connection.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?)", rows)
            connection.execute("COMMIT")
            self._shrink(connection)

        self._use(keep)

    def purge(self) -> int:
        """Delete everything; the number of bytes that were freed."""
        freed = 0
        for file in self.path.parent.glob(self.path.name + "*"):
            freed += file.stat().st_size
            file.unlink()
        return freed

    def _shrink(self, connection: sqlite3.Connection) -> None:
        (page,) = connection.execute("PRAGMA page_size").fetchone()
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        (free,) = connection.execute("PRAGMA freelist_count").fetchone()
        if page * (pages - free) <= self.limit:
            return
        # Down to three quarters, so that a full cache does not shrink at every write.
        (count,) = connection.execute("SELECT count(*) FROM vectors").fetchone()
        keep = int(count * 0.75 * self.limit / (page * (pages - free)))
        connection.execute(
            "DELETE FROM vectors WHERE rowid <= "
            "(SELECT rowid FROM vectors ORDER BY rowid DESC LIMIT 1 OFFSET ?)",
            (keep,),
        )
        connection.execute("VACUUM")

    def _use(self, action: Callable[[sqlite3.Connection], None]) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with closing(
                sqlite3.connect(self.path, timeout=60, isolation_level=None)
            ) as connection:
                self.path.chmod(0o600)
                connection.execute("PRAGMA synchronous=NORMAL")
                # The lock is taken at once and waited for. Asked for later, or for a change to
                # WAL, SQLite gives up at the first refusal and another process's work is lost.
                connection.execute("BEGIN IMMEDIATE")
                connection.execute(_SCHEMA)
                action(connection)
                if connection.in_transaction:
                    connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            logger.warning("The vector cache cannot be used now (%s); going on without.", error)
        except sqlite3.DatabaseError as error:
            logger.warning("The vector cache is damaged (%s); starting a new one.", error)
            self.purge()
        except OSError as error:
            logger.warning("The vector cache cannot be written (%s); going on without.", error)
