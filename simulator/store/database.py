"""The SQLite file of a state directory: objects and decisions that survive the process.

Write-ahead logging, one transaction per commit: a process that is killed loses at most what it had not yet acted on. A
file that is broken, or written by a newer kjsim, is refused and never overwritten.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from simulator.errors import StateError

SCHEMA_VERSION = 1
"""Grows with every incompatible change of the tables; a smaller number in a file is migrated, a larger one refused."""

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE objects (
    kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, object BLOB NOT NULL,
    PRIMARY KEY (kind, namespace, name)
) WITHOUT ROWID;
CREATE TABLE decisions (
    id INTEGER PRIMARY KEY, time TEXT NOT NULL, kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
    uid TEXT NOT NULL, owner TEXT NOT NULL, text TEXT NOT NULL
);
CREATE INDEX decisions_of ON decisions (kind, namespace, name);
CREATE INDEX decisions_owned ON decisions (owner);
"""

KEPT_DECISIONS = 100_000

_LEAST_FREE_BYTES = 1 << 16  # twice the index of the log

DecisionRow = tuple[str, str, str, str, str, str, str]
"""Time, the object's kind, namespace, name and uid, the uid of its controller (empty: it has none), text."""


class Database:
    """An open database. Every method raises `StateError` when SQLite can't do it (full disk, broken file)."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        try:
            if read_only:
                from urllib.parse import quote

                self._connection = sqlite3.connect(
                    f"file:{quote(os.fsencode(path))}?mode=ro",
                    uri=True,
                    isolation_level=None,
                    timeout=5,
                    check_same_thread=False,
                )
            else:
                self._connection = sqlite3.connect(path, isolation_level=None, timeout=5, check_same_thread=False)
            self._prepare(read_only)
        except sqlite3.Error as error:
            raise self._trouble(error) from error

    def _prepare(self, read_only: bool) -> None:
        # One thread at a time uses the connection: first the one that opens it, then the control plane's.
        with self._connection:
            self._connection.execute("BEGIN")
            version = self._connection.execute("PRAGMA user_version").fetchone()[0]
            is_empty = not self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise StateError(
                f"{self.path} was written by a newer kjsim (format {version}, this one knows {SCHEMA_VERSION}): "
                "upgrade kjsim, or choose another state directory with --home"
            )
        if version == 0 and not is_empty:
            raise StateError(f"{self.path} is not a kjsim database: move it away, or choose another directory with --home")
        if read_only:
            if is_empty:
                self._read_nothing()
            return
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        if is_empty:
            self._make_tables()

    def _make_tables(self) -> None:
        self._connection.executescript(f"BEGIN IMMEDIATE;{_SCHEMA}PRAGMA user_version={SCHEMA_VERSION};COMMIT;")

    def _read_nothing(self) -> None:
        """The process that made the file was killed before it had written anything."""
        self._connection.close()
        self._connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._make_tables()

    def meta(self) -> dict[str, str]:
        """Every key and value of the table `meta`."""
        try:
            return dict(self._connection.execute("SELECT key, value FROM meta"))
        except sqlite3.Error as error:
            raise self._trouble(error) from error

    def objects(self) -> Iterator[tuple[str, bytes]]:
        """Kind and JSON of every object."""
        try:
            yield from self._connection.execute("SELECT kind, object FROM objects")
        except sqlite3.Error as error:
            raise self._trouble(error) from error

    def decisions(self, kind: str, namespace: str, name: str) -> list[DecisionRow]:
        """The decisions about an object of that name and about what such an object controls, oldest first."""
        try:
            return self._connection.execute(
                """
                SELECT time, kind, namespace, name, uid, owner, text FROM decisions
                WHERE (kind = ?1 AND namespace = ?2 AND name = ?3)
                OR owner IN (SELECT uid FROM decisions WHERE kind = ?1 AND namespace = ?2 AND name = ?3)
                ORDER BY id
                """,
                (kind, namespace, name),
            ).fetchall()
        except sqlite3.Error as error:
            raise self._trouble(error) from error

    def write(
        self,
        puts: Iterable[tuple[str, str, str, bytes]],
        deletes: Iterable[tuple[str, str, str]],
        decisions: Iterable[DecisionRow],
        meta: dict[str, str],
    ) -> None:
        """Write everything in one transaction, or nothing."""
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            try:
                connection.executemany("INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?)", puts)
                connection.executemany("DELETE FROM objects WHERE kind = ? AND namespace = ? AND name = ?", deletes)
                connection.executemany(
                    "INSERT INTO decisions (time, kind, namespace, name, uid, owner, text) VALUES (?, ?, ?, ?, ?, ?, ?)",
                    decisions,
                )
                connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", meta.items())
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:  # SQLite itself rolls back when the disk is full
                    connection.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise self._trouble(error) from error

    def trim_decisions(self, kept: int = KEPT_DECISIONS) -> None:
        """Drop the oldest decisions but `kept`, so that the file does not grow for ever."""
        try:
            self._connection.execute("DELETE FROM decisions WHERE id <= (SELECT max(id) FROM decisions) - ?", (kept,))
        except sqlite3.Error as error:
            raise self._trouble(error) from error

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _trouble(self, error: sqlite3.Error) -> StateError:
        text = str(error)
        # Where there is no room for the index of the log, SQLite speaks of an I/O error.
        if "full" in text or ("I/O" in text and _free_bytes(self.path.parent) < _LEAST_FREE_BYTES):
            return StateError(f"the disk that holds {self.path} is full: free some space and try again ({text})")
        if "not a database" in text or "malformed" in text:
            return StateError(
                f"{self.path} is broken ({text}); it is left as it is: move it away to start afresh, "
                "or choose another state directory with --home"
            )
        if "readonly" in text:
            return StateError(f"{self.path} is not writable: choose another state directory with --home or KJSIM_HOME")
        return StateError(f"the database {self.path} can't be used: {text}")


def _free_bytes(folder: Path) -> int:
    try:
        found = os.statvfs(folder)
    except OSError:
        return _LEAST_FREE_BYTES
    return found.f_bavail * found.f_frsize
