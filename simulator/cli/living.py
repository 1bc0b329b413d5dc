"""The control plane that is alive, if one is: found by the lock and the socket of its state directory."""

from __future__ import annotations

from simulator.cli.client import Client, UnixSocket
from simulator.cli.output import warn
from simulator.store.state_directory import StateDirectory


def living_client(directory: StateDirectory) -> Client | None:
    """A client of the control plane that is alive, None if none is (or it does not answer yet)."""
    if not directory.is_locked():
        return None
    client = Client(UnixSocket(directory.socket), warn)
    try:
        client.ping()
    except OSError:
        return None
    return client
