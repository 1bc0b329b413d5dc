"""The API over HTTP/1.1: Unix socket and loopback TCP, a thread per connection.

Only a process that serves imports this module, with h11 and what belongs to it.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import h11

from simulator.api.exchange import Request, Response, json_response
from simulator.api.unix_address import unix_address
from simulator.errors import BadRequest, KjsimError, StateError

_READ_SIZE = 65536
_LARGEST_BODY = 3 * 1024 * 1024
_BACKLOG = 128
_JOIN_SECONDS = 2.0


class Server:
    """Serves an API on any number of listening sockets. Threads are daemons; `close` ends them all."""

    def __init__(self, api: Any) -> None:
        self._handle: Callable[[Request], Response] = api.handle
        self._listeners: list[socket.socket] = []
        self._socket_files: list[Path] = []
        self._threads: list[threading.Thread] = []
        self._connections: set[_Connection] = set()
        self._lock = threading.Lock()
        self._is_closed = False

    def listen_unix(self, path: Path) -> None:
        """Serve on a Unix socket of mode 0600; a socket file that is left over from another process is replaced."""
        path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with unix_address(path) as address:
                listener.bind(address)
            path.chmod(0o600)
        except OSError as error:
            listener.close()
            raise StateError(f"the socket {path} can't be opened: {error.strerror or error}") from error
        self._socket_files.append(path)
        self._listen(listener)

    def listen_tcp(self, port: int = 0, host: str = "127.0.0.1") -> int:
        """Serve on a TCP port (0: any free one) of a loopback address, the only kind that is allowed; returns the port."""
        if host not in ("127.0.0.1", "::1"):
            raise ValueError(f"{host} is not a loopback address")
        listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        self._listen(listener)
        bound: int = listener.getsockname()[1]
        return bound

    def _listen(self, listener: socket.socket) -> None:
        listener.listen(_BACKLOG)
        self._listeners.append(listener)
        thread = threading.Thread(target=self._accept, args=(listener,), name="api-listener", daemon=True)
        thread.start()
        self._threads.append(thread)

    def _accept(self, listener: socket.socket) -> None:
        while not self._is_closed:
            try:
                client, _ = listener.accept()
            except OSError:
                if self._is_closed:
                    return
                threading.Event().wait(0.05)  # Out of file descriptors, say: some will be free again.
                continue
            if client.family != socket.AF_UNIX:
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = _Connection(client, self._handle)
            with self._lock:
                self._connections.add(connection)
            threading.Thread(target=self._serve, args=(connection,), name="api-connection", daemon=True).start()

    def _serve(self, connection: _Connection) -> None:
        try:
            connection.serve()
        finally:
            with self._lock:
                self._connections.discard(connection)

    def close(self) -> None:
        """Stop listening, cut every connection, remove the socket files."""
        self._is_closed = True
        for listener in self._listeners:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(_JOIN_SECONDS)
        for listener in self._listeners:
            listener.close()
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            connection.cut()
        for path in self._socket_files:
            path.unlink(missing_ok=True)


class _Connection:
    """One client: its requests one after the other."""

    def __init__(self, client: socket.socket, handle: Callable[[Request], Response]) -> None:
        self._socket = client
        self._handle = handle
        self._http = h11.Connection(h11.SERVER)

    def cut(self) -> None:
        """End the connection from another thread."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def serve(self) -> None:
        """Answer requests until either side ends the connection."""
        try:
            while self._serve_one():
                self._http.start_next_cycle()
        except h11.RemoteProtocolError as error:
            self._refuse(error)
        except (OSError, KjsimError):
            pass  # The client has gone, or a stream has failed; what was promised can't be sent any more.
        finally:
            self._socket.close()

    def _serve_one(self) -> bool:
        """Answer one request; False if the connection is over."""
        request = self._read_request()
        if request is None:
            return False
        response = self._handle(request)
        if isinstance(response.body, bytes):
            self._send_whole(response, b"" if request.method == "HEAD" else response.body)
        else:
            self._send_stream(response)
        return self._http.our_state is h11.DONE and self._http.their_state is h11.DONE

    def _read_request(self) -> Request | None:
        head: h11.Request | None = None
        body = bytearray()
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                if self._http.they_are_waiting_for_100_continue:
                    self._send(h11.InformationalResponse(status_code=100, headers=[]))
                self._http.receive_data(self._socket.recv(_READ_SIZE))
            elif isinstance(event, h11.Request):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > _LARGEST_BODY:
                    raise h11.RemoteProtocolError("Request entity too large: limit is 3145728", error_status_hint=413)
            elif isinstance(event, h11.EndOfMessage) and head is not None:
                return _request(head, bytes(body))
            else:
                return None

    def _send_whole(self, response: Response, body: bytes) -> None:
        length = str(len(response.body)) if isinstance(response.body, bytes) else "0"
        head = h11.Response(status_code=response.status, headers=[*response.headers, ("Content-Length", length)])
        self._send(head, *([h11.Data(data=body)] if body else []), h11.EndOfMessage())

    def _send_stream(self, response: Response) -> None:
        """Send a body as it comes, until it ends or the client has gone; the connection ends with it."""
        stream = response.body
        assert not isinstance(stream, bytes)
        watcher = threading.Thread(target=self._close_when_gone, args=(stream,), name="api-watcher", daemon=True)
        try:
            self._send(h11.Response(status_code=response.status, headers=[*response.headers, ("Connection", "close")]))
            watcher.start()
            for chunk in stream:
                if chunk:
                    self._send(h11.Data(data=chunk))
            self._send(h11.EndOfMessage())
        finally:
            stream.close()
            self.cut()

    def _close_when_gone(self, stream: Any) -> None:
        """Wait until the client sends or closes; a closed connection ends the stream."""
        try:
            is_gone = not self._socket.recv(1, socket.MSG_PEEK)
        except OSError:
            is_gone = True
        if is_gone:
            stream.close()

    def _send(self, *events: Any) -> None:
        data = b"".join(self._http.send(event) or b"" for event in events)
        if data:
            self._socket.sendall(data)

    def _refuse(self, error: h11.RemoteProtocolError) -> None:
        """Answer what is no HTTP, if the client still listens."""
        if self._http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        response = json_response(BadRequest(str(error)).to_status(), error.error_status_hint)
        response.headers.append(("Connection", "close"))
        with contextlib.suppress(OSError, h11.LocalProtocolError):
            assert isinstance(response.body, bytes)
            self._send_whole(response, response.body)


def _request(head: h11.Request, body: bytes) -> Request:
    target = urlsplit(head.target.decode("ascii", "replace"))
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in head.headers}
    return Request(
        method=head.method.decode("ascii"),
        path=unquote(target.path),
        query=parse_qs(target.query, keep_blank_values=True),
        headers=headers,
        body=body,
    )
