"""Running a command in a container, with a time limit (2.8, 4.6)."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from time import monotonic, sleep
from typing import Any

from simulator.clock import Clock
from simulator.executor.docker.engine import Engine, engine_text
from simulator.pods.executor import Exec, ExecReport

MOST_BYTES = 10 << 10
"""Of the output, as a probe keeps it."""


def run_exec(engine: Engine, clock: Clock, container: str, command: Exec) -> ExecReport:
    """Run it and wait, `timeout_seconds` at most (the engine can't kill it: it is left alone then).

    A refusal of the engine becomes the report's `error`; an engine that doesn't answer is raised.
    """
    from docker.errors import APIError

    try:
        exec_id = engine.api.exec_create(container, list(command.command))["Id"]
        stream = engine.streams.exec_start(exec_id, socket=True)
        output, ended = _read(stream, command.timeout_seconds)
        if not ended:
            return ExecReport(command.key, command.token, clock.now(), output=output, timed_out=True)
        return ExecReport(command.key, command.token, clock.now(), _exit_code(engine, exec_id), output)
    except APIError as error:
        return ExecReport(command.key, command.token, clock.now(), error=engine_text(error))


def _exit_code(engine: Engine, exec_id: str) -> int:
    for _ in range(5):
        state = engine.api.exec_inspect(exec_id)
        if not state["Running"]:
            break
        sleep(0.02)  # the output's end can be seen a moment before the exit is
    return int(state["ExitCode"] or 0)


def _read(stream: Any, timeout_seconds: float | None) -> tuple[str, bool]:
    """The output and whether it came to its end in time."""
    connection: socket.socket = getattr(stream, "_sock", stream)
    deadline = None if timeout_seconds is None else monotonic() + timeout_seconds
    output = bytearray()
    try:
        for data in _frames(connection, deadline):
            output += data[: MOST_BYTES - len(output)]
        ended = True
    except TimeoutError:
        ended = False
    finally:
        stream.close()
        connection.close()  # closing the stream only gives up its share
    return output.decode("utf-8", "replace"), ended


def _frames(connection: socket.socket, deadline: float | None) -> Iterator[bytes]:
    while len(header := _exactly(connection, 8, deadline)) == 8:
        yield _exactly(connection, struct.unpack(">xxxxL", header)[0], deadline)


def _exactly(connection: socket.socket, size: int, deadline: float | None) -> bytes:
    content = b""
    while len(content) < size:
        left = None if deadline is None else deadline - monotonic()
        if left is not None and left <= 0:
            raise TimeoutError
        connection.settimeout(left)
        chunk = connection.recv(size - len(content))
        if not chunk:
            break
        content += chunk
    return content
