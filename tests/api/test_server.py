"""What the server does with the connection itself: bytes in, bytes out."""

from __future__ import annotations

import socket
import stat
from pathlib import Path

import pytest

from simulator.api.server import Server
from simulator.cli.client import Client, UnixSocket
from simulator.errors import StateError
from simulator.model.kinds import CONFIG_MAP
from tests.api.world import World

POST = b"POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nHost: x\r\n"


def talk(world: World, request: bytes, *, closes: bool = True) -> bytes:
    """Send bytes to the server and return what it answers (until it closes, or once)."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(5)
        client.connect(str(world.socket))
        client.sendall(request)
        answer = client.recv(65536)
        while closes and (more := client.recv(65536)):
            answer += more
        return answer


def test_the_socket_is_private_and_replaces_a_stale_one(world: World, tmp_path: Path) -> None:
    assert stat.S_IMODE(world.socket.stat().st_mode) == 0o600
    stale = tmp_path / "stale.sock"
    with socket.socket(socket.AF_UNIX) as left_over:
        left_over.bind(str(stale))
    server = Server(world.api)
    server.listen_unix(stale)
    Client(UnixSocket(stale)).ping()
    server.close()
    assert not stale.exists()


def test_a_path_longer_than_the_kernel_takes(world: World, tmp_path: Path) -> None:
    folder = tmp_path / ("d" * 60) / ("e" * 60)
    folder.mkdir(parents=True)
    server = Server(world.api)
    server.listen_unix(folder / "api.sock")
    Client(UnixSocket(folder / "api.sock")).ping()
    server.close()


def test_a_folder_that_is_not_there(world: World, tmp_path: Path) -> None:
    with pytest.raises(StateError, match="can't be opened"):
        Server(world.api).listen_unix(tmp_path / "none" / "api.sock")


def test_keep_alive_and_encoded_paths(world: World) -> None:
    world.direct.create(CONFIG_MAP, {"metadata": {"name": "c"}})
    first = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
    second = b"GET /api/v1/configmaps?fieldSelector=metadata.name%3Dc HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    answer = talk(world, first + second)
    assert answer.count(b"HTTP/1.1 200") == 2
    assert b'"name":"c"' in answer


def test_head_and_expect(world: World) -> None:
    answer = talk(world, b"HEAD /version HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.endswith(b"\r\n\r\n")
    body = b'{"metadata":{"name":"c"}}'
    head = POST + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n"
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(5)
        client.connect(str(world.socket))
        client.sendall(head % len(body))
        assert client.recv(1000).startswith(b"HTTP/1.1 100")
        client.sendall(body)
        assert client.recv(65536).startswith(b"HTTP/1.1 201")


def test_yaml_bodies(world: World) -> None:
    body = b"metadata:\n  name: c\ndata:\n  a: 'b'\n"
    head = POST + b"Content-Type: application/yaml\r\n"
    answer = talk(world, head + b"Content-Length: %d\r\n\r\n" % len(body) + body, closes=False)
    assert answer.startswith(b"HTTP/1.1 201")
    assert world.direct.get(CONFIG_MAP, "c")["data"] == {"a": "b"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"metadata: {name: c}\nimmutable: yes\n", 201),  # YAML 1.1, as kubectl reads it: a boolean
        (b"metadata: {name: c}\ndata: {a: 2026-01-01}\n", 201),  # a time is text
        (b"metadata: {name: c\n", 400),
        (b"metadata: {name: \xff}\n", 400),
        (b"metadata: *nothing\n", 400),
        (b"# nothing\n", 400),
    ],
)
def test_yaml_bodies_are_read_as_manifests_are(world: World, body: bytes, expected: int) -> None:
    head = POST + b"Content-Type: application/yaml\r\nConnection: close\r\n"
    answer = talk(world, head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    assert answer.startswith(b"HTTP/1.1 %d" % expected)
    assert expected == 201 or b"the object provided is unrecognized" in answer


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404),
        (
            POST.replace(b"POST", b"PUT") + b"Content-Length: 0\r\nConnection: close\r\n\r\n",
            405,
        ),
        (b"POST /api/v1/configmaps HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", 405),
        (b"GET /api/v1/pods HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\nConnection: close\r\n\r\n", 406),
        (
            POST + b"Content-Length: 1\r\nContent-Type: text/csv\r\nConnection: close\r\n\r\nx",
            415,
        ),
        (
            POST + b"Content-Length: 1\r\nConnection: close\r\n\r\n{",
            400,
        ),
    ],
)
def test_refusals_are_status_objects(world: World, request_: bytes, code: int) -> None:
    answer = talk(world, request_)
    assert answer.startswith(b"HTTP/1.1 %d" % code)
    assert b'"kind":"Status"' in answer


def test_a_body_without_end(world: World) -> None:
    head = POST + b"Transfer-Encoding: chunked\r\n\r\n"
    chunk = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
    try:
        answer = talk(world, head + chunk * 4)
    except ConnectionError:
        return  # The server has stopped reading, and closed before the answer could be read.
    assert answer.startswith(b"HTTP/1.1 413")


def test_tcp_is_loopback_only(world: World) -> None:
    with pytest.raises(ValueError, match="loopback"):
        world.server.listen_tcp(host="0.0.0.0")
    port = world.server.listen_tcp()
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 200")
