"""What the little HTTP of the Unix socket transport makes of answers, good and bad, byte by byte."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from simulator.cli.client import Client
from simulator.cli.transports import Answer, UnixSocket
from simulator.errors import InternalError, NotFound, ServiceUnavailable
from simulator.model.kinds import CONFIG_MAP

Serve = Callable[..., UnixSocket]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


class Script:
    """A server that answers each connection with the next of some byte strings, then closes it."""

    def __init__(self, path: Path, answers: list[bytes]) -> None:
        self.requests: list[bytes] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._thread = threading.Thread(target=self._serve, args=(answers,), daemon=True)
        self._thread.start()

    def _serve(self, answers: list[bytes]) -> None:
        for answer in answers:
            client, _ = self._listener.accept()
            with client, contextlib.suppress(BrokenPipeError):  # the client may have seen enough
                self.requests.append(client.recv(65536))
                for position in range(0, len(answer), 7):  # In small bits, as a network may deliver them.
                    client.sendall(answer[position : position + 7])

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    scripts: list[Script] = []

    def start(*answers: bytes) -> UnixSocket:
        scripts.append(Script(tmp_path / "s", list(answers)))
        return UnixSocket(tmp_path / "s")

    yield start
    for script in scripts:
        script.close()


def ask(transport: UnixSocket) -> Answer:
    return transport.request("GET", "/a b", {"q": "x=y&z"}, {"accept": "application/json"}, b"")


def test_a_body_of_known_length(serve: Serve) -> None:
    transport = serve(HEAD + b'Content-Length: 5\r\nWarning: 299 - "x"\r\n\r\nhello')
    answer = ask(transport)
    assert (answer.status, answer.body) == (200, b"hello")
    assert ("warning", '299 - "x"') in answer.headers
    transport.close()


def test_a_body_in_chunks(serve: Serve) -> None:
    transport = serve(HEAD + b"Transfer-Encoding: chunked\r\n\r\n3;note=x\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n")
    answer = ask(transport)
    assert not isinstance(answer.body, bytes)
    assert list(answer.body) == [b"abc", b"0123456789"]
    assert list(answer.body) == []


def test_no_body(serve: Serve) -> None:
    assert ask(serve(b"HTTP/1.1 204 No Content\r\n\r\n")).body == b""


def test_a_connection_that_was_closed_meanwhile_is_opened_anew(serve: Serve) -> None:
    whole = HEAD + b"Content-Length: 1\r\n\r\n"
    transport = serve(whole + b"1", whole + b"2")
    assert [ask(transport).body, ask(transport).body] == [b"1", b"2"]
    transport.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        HEAD + b"Content-Length: 50\r\n\r\nshort",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
    ],
)
def test_answers_that_break_off(serve: Serve, answer: bytes) -> None:
    with pytest.raises(ConnectionError):
        ask(serve(answer))


@pytest.mark.parametrize("rest", [b"5\r\nab", b"zz\r\n", b""])
def test_chunks_that_break_off(serve: Serve, rest: bytes) -> None:
    answer = ask(serve(HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n" + rest))
    assert not isinstance(answer.body, bytes)
    assert next(answer.body) == b"ok"
    with pytest.raises(ConnectionError):
        next(answer.body)


def test_nobody_listens(tmp_path: Path) -> None:
    transport = UnixSocket(tmp_path / "none")
    with pytest.raises(FileNotFoundError):
        ask(transport)
    with pytest.raises(ServiceUnavailable, match="the control plane can't be reached: No such file or directory"):
        Client(transport).list(CONFIG_MAP)


def failing(status: bytes, body: bytes) -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)


def test_errors_of_the_server(serve: Serve) -> None:
    client = Client(
        serve(
            failing(b"404 Not Found", b'{"kind":"Status","reason":"NotFound","message":"m","details":{"name":"x"}}'),
            failing(b"500 Oops", b"it broke\n"),
            failing(b"599 Odd", b""),
        )
    )
    with pytest.raises(NotFound) as caught:
        client.get(CONFIG_MAP, "x")
    assert (caught.value.message, caught.value.details) == ("m", {"name": "x"})
    with pytest.raises(InternalError, match="it broke"):
        client.get(CONFIG_MAP, "x")
    with pytest.raises(InternalError, match="the server answers with HTTP 599"):
        client.get(CONFIG_MAP, "x")


def test_warnings_are_handed_on(serve: Serve) -> None:
    warnings: list[str] = []
    head = HEAD + b'Warning: 299 - "unknown field \\"a\\""\r\nContent-Length: 2\r\n\r\n{}'
    Client(serve(head), warnings.append).get(CONFIG_MAP, "x")
    assert warnings == ['unknown field "a"']


def test_the_request_is_encoded(tmp_path: Path) -> None:
    script = Script(tmp_path / "s", [failing(b"200 OK", b"{}")])
    UnixSocket(tmp_path / "s").request("POST", "/a b", {"q": "x=y&z"}, {"content-type": "a/b"}, b"body")
    assert script.requests == [
        b"POST /a%20b?q=x%3Dy%26z HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4\r\ncontent-type: a/b\r\n\r\nbody"
    ]
    script.close()
