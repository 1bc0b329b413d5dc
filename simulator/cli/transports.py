"""How requests reach an API: in this process, or over a Unix socket.

The HTTP/1.1 spoken here is the little that our own server answers with: a status line, headers, a body of known length or
in chunks. Python's own client would cost more time than most commands take.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from simulator.api.unix_address import unix_address

if TYPE_CHECKING:
    import socket

    from simulator.api.app import Api


class Chunks(Protocol):
    """A body that comes bit by bit. `close` may be called from another thread; the iteration then ends."""

    def __iter__(self) -> Iterator[bytes]:
        """The body itself."""
        ...

    def __next__(self) -> bytes:
        """The next bit."""
        ...

    def close(self) -> None:
        """Have no more of it."""
        ...


class Answer(msgspec.Struct):
    """An answer of the API. `headers` in order, names lower-case."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes | Chunks


class Transport(Protocol):
    """Sends one request and brings its answer. Raises `OSError` if the API can't be reached."""

    def request(self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes) -> Answer:
        """`path` is not encoded; header names are lower-case."""
        ...


class InProcess:
    """Calls the API of this process."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def request(self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes) -> Answer:
        """Answer at once; a stream is read from the API itself."""
        from simulator.api.exchange import Request

        values = {name: [value] for name, value in query.items()}
        response = self._api.handle(Request(method, path, values, dict(headers), body))
        return Answer(response.status, [(name.lower(), value) for name, value in response.headers], response.body)


class UnixSocket:
    """Speaks HTTP to a control plane on a Unix socket. Connections are kept and used again; any thread may ask."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: list[_Connection] = []

    def request(self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes) -> Answer:
        """Send a request; a body without known length is read as it comes."""
        message = _encode(method, path, query, headers, body)
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_open():
                connection.close()
                continue
            try:
                return self._ask(connection, message)
            except ConnectionError:
                if method != "GET":  # It may have been carried out.
                    raise
        return self._ask(_Connection(self._path), message)

    def _ask(self, connection: _Connection, message: bytes) -> Answer:
        try:
            connection.send(message)
            answer = connection.receive()
        except BaseException:
            connection.close()
            raise
        if isinstance(answer.body, bytes):
            self._idle.append(connection)
        return answer

    def close(self) -> None:
        """Close the kept connections."""
        while self._idle:
            self._idle.pop().close()


def _encode(method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes) -> bytes:
    from urllib.parse import quote, urlencode

    target = quote(path) + ("?" + urlencode(query) if query else "")
    lines = [f"{method} {target} HTTP/1.1", "host: localhost", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join((*lines, "", "")).encode("latin-1") + body


class _Connection:
    """One connection: a request, its answer, and so on."""

    def __init__(self, path: Path) -> None:
        import socket

        self._socket: socket.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._file = self._socket.makefile("rb")
        with unix_address(path) as address:
            self._socket.connect(address)

    def is_open(self) -> bool:
        """Whether the server has not closed it meanwhile."""
        import socket

        try:
            return self._socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False

    def send(self, message: bytes) -> None:
        """Send a whole request."""
        self._socket.sendall(message)

    def receive(self) -> Answer:
        """Read an answer; of one in chunks, only its head."""
        line = self._line()
        version, _, rest = line.partition(" ")
        status = rest[:3]
        if not version.startswith("HTTP/1.") or not status.isdecimal():
            raise ConnectionError(f"not an answer in HTTP: {line[:80]!r}")
        headers: list[tuple[str, str]] = []
        while line := self._line():
            name, _, value = line.partition(":")
            headers.append((name.strip().lower(), value.strip()))
        fields: dict[str, str] = dict(headers)
        if fields.get("transfer-encoding", "").lower() == "chunked":
            return Answer(int(status), headers, _ChunkedBody(self))
        return Answer(int(status), headers, self.read(int(fields.get("content-length", "0"))))

    def _line(self) -> str:
        line = self._file.readline(65537)
        if not line.endswith(b"\n"):
            raise ConnectionError("the control plane has closed the connection")
        return line.decode("latin-1").rstrip("\r\n")

    def read(self, size: int) -> bytes:
        """Exactly so many bytes."""
        data = self._file.read(size)
        if len(data) != size:
            raise ConnectionError("the control plane has closed the connection")
        return data

    def read_chunk(self) -> bytes:
        """The next chunk of a body, empty at its end."""
        text = self._line().partition(";")[0]
        try:
            size = int(text, 16)
        except ValueError:
            raise ConnectionError(f"not a chunk in HTTP: {text[:80]!r}") from None
        data = self.read(size)
        self._line()  # The line end after a chunk; after the last one the empty line (our server sends no trailers).
        return data

    def close(self) -> None:
        """Close it."""
        self._file.close()
        self._socket.close()

    def __del__(self) -> None:
        self.close()

    def cut(self) -> None:
        """End it while another thread reads."""
        import socket

        with contextlib.suppress(OSError):  # It is closed already.
            self._socket.shutdown(socket.SHUT_RDWR)


class _ChunkedBody:
    """A body in chunks, on a connection of its own."""

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection
        self._is_closed = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._is_closed:
            raise StopIteration
        try:
            chunk = self._connection.read_chunk()
        except (OSError, ValueError):
            if self._is_closed:
                raise StopIteration from None
            self.close()
            raise
        if not chunk:
            self.close()
            raise StopIteration
        return chunk

    def close(self) -> None:
        """End it; a thread that reads gets the end."""
        self._is_closed = True
        self._connection.cut()


def header_values(answer: Answer, name: str) -> list[Any]:
    """Every value of a header (lower-case name)."""
    return [value for key, value in answer.headers if key == name]
