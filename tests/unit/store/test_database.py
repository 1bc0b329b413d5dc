"""The database file: what it survives, and what it refuses to touch."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from simulator.errors import StateError
from simulator.store.database import SCHEMA_VERSION, Database


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "kjsim.db"
    database = Database(path)
    database.write(
        [("Job", "default", "a", b"{}"), ("Job", "default", "b", b"{}")],
        [],
        [("2026-01-01T00:00:00+00:00", "Job", "default", "a", "u", "", "because")],
        {"resourceVersion": "7"},
    )
    database.write([], [("Job", "default", "b")], [], {})
    database.close()
    again = Database(path)
    assert list(again.objects()) == [("Job", b"{}")]
    assert again.meta() == {"resourceVersion": "7"}
    assert [text for *_, text in again.decisions("Job", "default", "a")] == ["because"]
    again.close()


def test_the_oldest_decisions_go(tmp_path: Path) -> None:
    database = Database(tmp_path / "kjsim.db")
    for number in range(5):
        database.write([], [], [("2026-01-01T00:00:00+00:00", "Job", "default", "a", "u", "", str(number))], {})
    database.trim_decisions(kept=3)
    assert [text for *_, text in database.decisions("Job", "default", "a")] == ["2", "3", "4"]
    database.close()


def test_a_broken_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "kjsim.db"
    path.write_bytes(b"this is no database, whatever its name says" * 100)
    before = path.read_bytes()
    with pytest.raises(StateError, match="is broken"):
        Database(path)
    assert path.read_bytes() == before


def test_a_newer_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "kjsim.db"
    Database(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    connection.close()
    with pytest.raises(StateError, match="written by a newer kjsim"):
        Database(path)


def test_a_file_whose_first_writer_was_killed(tmp_path: Path) -> None:
    """A look at it finds nothing, and leaves it to the next writer."""
    path = tmp_path / "kjsim.db"
    path.touch()
    database = Database(path, read_only=True)
    assert (database.meta(), list(database.objects()), database.decisions("Job", "default", "a")) == ({}, [], [])
    database.close()
    assert path.read_bytes() == b""
    Database(path).close()
    Database(path, read_only=True).close()


def test_another_programs_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "kjsim.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    with pytest.raises(StateError, match="not a kjsim database"):
        Database(path)


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="can't be used"):
        Database(tmp_path / "nowhere" / "kjsim.db")


def test_a_folder_whose_name_means_something_in_an_address(tmp_path: Path) -> None:
    path = tmp_path / "a?b#c%41" / "kjsim.db"
    path.parent.mkdir()
    database = Database(path)
    database.write([("Job", "default", "a", b"{}")], [], [], {})
    database.close()
    assert list(Database(path, read_only=True).objects()) == [("Job", b"{}")]


@pytest.mark.parametrize(
    ("text", "free", "told"),
    [
        ("database or disk is full", 1 << 30, "is full: free some space"),
        ("disk I/O error", 0, "is full: free some space"),
        ("disk I/O error", 1 << 30, "can't be used: disk I/O error"),
        ("attempt to write a readonly database", 1 << 30, "is not writable: choose another state directory"),
    ],
)
def test_trouble_is_told_with_what_to_do(
    text: str, free: int, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.store.database._free_bytes", lambda folder: free)
    database = Database(tmp_path / "kjsim.db")
    assert told in str(database._trouble(sqlite3.OperationalError(text)))
    database.close()
