"""State directories: one control plane each."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.errors import StateError
from simulator.store.state_directory import StateDirectory, default_home


def test_one_holder_at_a_time(tmp_path: Path) -> None:
    first, second = StateDirectory(tmp_path / "home"), StateDirectory(tmp_path / "home")
    first.create()
    assert not second.is_locked()
    assert first.try_lock()
    assert second.is_locked()
    assert not second.try_lock()
    assert isinstance(second.process_id(), int)
    first.unlock()
    assert second.process_id() is None
    assert second.try_lock()
    second.unlock()


def test_the_directory_is_private(tmp_path: Path) -> None:
    directory = StateDirectory(tmp_path / "deep" / "home")
    directory.create()
    assert directory.home.stat().st_mode & 0o777 == 0o700


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("in the way")
    with pytest.raises(StateError, match=r"choose another one with --home"):
        StateDirectory(tmp_path / "home").create()


def test_the_environment_names_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.delenv("KJSIM_HOME", raising=False)
    assert default_home() == tmp_path / "kjsim"
    monkeypatch.setenv("KJSIM_HOME", str(tmp_path / "other"))
    assert default_home() == tmp_path / "other"
