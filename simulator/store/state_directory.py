"""A state directory: where everything of one kjsim instance lies, and which process is its control plane.

    <home>/kjsim.db        the database
    <home>/lock            held by the control plane; its content is the process id
    <home>/api.sock        the API, mode 0600
    <home>/kjsim.log       what `kjsim up` writes
    <home>/pods/           files of pods

The directory is `--home`, else `KJSIM_HOME`, else `$XDG_STATE_HOME/kjsim`, else `~/.local/state/kjsim`.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from simulator.errors import StateError


def default_home() -> Path:
    """The state directory when none is named on the command line."""
    if home := os.environ.get("KJSIM_HOME"):
        return Path(home).expanduser()
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(state).expanduser() / "kjsim"


class StateDirectory:
    """The paths of one state directory, and its lock."""

    def __init__(self, home: Path) -> None:
        self.home = home.absolute()
        self.database = self.home / "kjsim.db"
        self.lock = self.home / "lock"
        self.socket = self.home / "api.sock"
        self.log = self.home / "kjsim.log"
        self._lock_file: int | None = None

    def create(self) -> None:
        """Make the directory (mode 0700) if it is missing; raises `StateError` if it can't be written."""
        try:
            self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise self._trouble(error) from error
        if not os.access(self.home, os.W_OK | os.X_OK):
            raise StateError(
                f"the state directory {self.home} is not writable: choose another one with --home or KJSIM_HOME"
            )

    def try_lock(self) -> bool:
        """Become the control plane of this directory; False if another process is. Held until `unlock` or the end."""
        try:
            descriptor = os.open(self.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._trouble(error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        try:
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{os.getpid()}\n".encode())
        except OSError as error:
            os.close(descriptor)
            raise self._trouble(error) from error
        self._lock_file = descriptor
        return True

    def unlock(self) -> None:
        """Let go of the lock, if it is held."""
        if self._lock_file is not None:
            os.close(self._lock_file)
            self._lock_file = None

    def is_locked(self) -> bool:
        """Whether another process is the control plane of this directory."""
        try:
            descriptor = os.open(self.lock, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise self._trouble(error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def process_id(self) -> int | None:
        """The process id of the control plane, if one holds the lock."""
        if not self.is_locked():
            return None
        text = self.lock.read_text().strip()
        return int(text) if text.isdigit() else None

    def _trouble(self, error: OSError) -> StateError:
        return StateError(
            f"the state directory {self.home} can't be used: {error.strerror or error}; "
            "choose another one with --home or KJSIM_HOME"
        )
