"""A Unix socket before the engine's, which a test can cut and mend: an engine that goes away and comes back."""

from __future__ import annotations

import contextlib
import socket
import threading
from pathlib import Path


class Proxy:
    """Forwards connections to `target` (a path) while it is not cut."""

    def __init__(self, path: Path, target: str) -> None:
        self.path = path
        self._target = target
        self._listener: socket.socket | None = None
        self._lock = threading.Lock()
        self._connections: list[socket.socket] = []
        self.mend()

    def mend(self) -> None:
        """Listen (again)."""
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(self.path))
        listener.listen(64)
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def cut(self) -> None:
        """Close the socket and every connection."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            self.path.unlink()
        with self._lock:
            connections, self._connections = self._connections, []
        for connection in connections:
            _end(connection)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            engine = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            engine.connect(self._target)
            with self._lock:
                self._connections += [client, engine]
            threading.Thread(target=_forward, args=(client, engine), daemon=True).start()


def _forward(client: socket.socket, engine: socket.socket) -> None:
    requests = threading.Thread(target=_copy, args=(client, engine), daemon=True)
    requests.start()
    _copy(engine, client)
    _end(client)
    _end(engine)
    requests.join()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        return  # cut


def _end(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it has ended already
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
