"""How a command gets to a control plane: the one that is alive, or one of its own for as long as it needs.

One process at a time is the control plane of a state directory, the one that holds its lock. A command that finds the lock
taken is a client of that process, over the Unix socket. Else it hosts a control plane itself: a whole one (`ACT`: run, up,
serve), one that only clears away (`SWEEP`: apply, delete, ...), or one that only looks (`OBSERVE`: get, logs, ...).
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from simulator.cli.client import Client
from simulator.cli.living import living_client
from simulator.clock import Clock, RealClock
from simulator.errors import ApiError, StateError
from simulator.store.state_directory import StateDirectory, default_home

if TYPE_CHECKING:
    from simulator.cli.hosting import Hosted

_SOCKET_PATIENCE_SECONDS = 10.0
"""How long to wait for the socket of a process that holds the lock: it may be starting or ending."""


class Session(Struct):
    """A way to the control plane. `hosted` is None when another process is the control plane."""

    client: Client
    home: StateDirectory
    hosted: Hosted | None = None

    @property
    def clock(self) -> Clock:
        """The clock that the objects live on."""
        return self.hosted.clock if self.hosted else RealClock()


def state_directory(home: str | Path | None) -> StateDirectory:
    """The state directory that a command line means."""
    return StateDirectory(Path(home) if home else default_home())


@contextlib.contextmanager
def open_session(
    home: str | Path | None, *, mode: str = "observe", engine: str = "if-needed", speed: float = 1.0
) -> Iterator[Session]:
    """Reach or host a control plane.

    `mode` (if one has to be hosted): `act`, `sweep` or `observe`. `engine`: `always` raises `EngineUnavailable` if none
    answers, `if-needed` connects when unfinished pods (or, sweeping, any pods) are there, `never`.
    `speed`: of the hosted control plane's clock.
    """
    directory = state_directory(home)
    deadline = time.monotonic() + _SOCKET_PATIENCE_SECONDS
    while True:
        client = living_client(directory)
        if client is not None:
            yield Session(client, directory)
            return
        from simulator.cli.hosting import host

        hosted = host(directory, mode, speed)
        if hosted is not None:
            break
        if time.monotonic() > deadline:
            raise StateError(
                f"another kjsim (process {directory.process_id()}) holds the state directory {directory.home} "
                "but does not answer: end it, or choose another directory with --home"
            )
        time.sleep(0.02)
    try:
        hosted.start(engine=engine)
        yield Session(hosted.client, directory, hosted)
    except ApiError:
        hosted.host.check()  # What made the control plane fail says more than what its API answered.
        raise
    finally:
        hosted.close()
