"""A container's log as the kubelet serves it (4.5).

The engine's stream comes in frames (stream type, length, data), raw with a tty. A line of more than 16 KiB comes in several
frames without a newline, each with its own timestamp if those are asked for: all but the first are taken out.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from simulator.executor.docker.engine import Engine, status_code
from simulator.pods.executor import LogOptions


class LogStream:
    """An iterator over a log's bytes. `close`, from any thread, ends it, also while it waits for more."""

    def __init__(self, response: Any, tty: bool, options: LogOptions) -> None:
        from docker.types import CancellableStream

        chunks = _raw(response) if tty else _lines(response, options.timestamps)
        self._stream = CancellableStream(_limited(chunks, options.limit_bytes), response)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        chunk: bytes = next(self._stream)
        return chunk

    def close(self) -> None:
        """End the stream and give its connection back."""
        self._stream.close()


def open_log(engine: Engine, container: str, options: LogOptions, *, tty: bool | None = None) -> LogStream | None:
    """The log of a container, None if there is no such container. Raises the SDK's errors.

    `tty`: whether it has a terminal, None: to be asked. An inspection waits while the engine takes an ended container down.
    """
    from docker.errors import APIError, create_api_error_from_http_exception
    from requests.exceptions import HTTPError

    parameters: dict[str, Any] = {
        "stdout": 1,
        "stderr": 1,
        "follow": int(options.follow),
        "timestamps": int(options.timestamps),
        "tail": "all" if options.tail_lines is None else options.tail_lines,
    }
    if options.since_time is not None:
        parameters["since"] = epoch_text(options.since_time)
    try:
        if tty is None:
            tty = bool(engine.api.inspect_container(container)["Config"].get("Tty"))
        response = engine.streams.get(
            engine.url(f"/containers/{container}/logs"), params=parameters, stream=True, timeout=(60, None)
        )
        try:
            response.raise_for_status()
        except HTTPError as error:
            raise create_api_error_from_http_exception(error) from error
    except APIError as error:
        if status_code(error) == 404:
            return None
        raise
    return LogStream(response, tty, options)


def epoch_text(instant: datetime) -> str:
    """Seconds since 1970 with all digits that a datetime has, as the engine's `since` takes them."""
    seconds = int(instant.replace(microsecond=0).timestamp())
    return f"{seconds}.{instant.microsecond:06d}"


def _raw(response: Any) -> Iterator[bytes]:
    while chunk := response.raw.read1(65536):
        yield chunk


def _frames(response: Any) -> Iterator[tuple[int, bytes]]:
    read = response.raw.read
    while len(header := read(8)) == 8:
        kind, length = struct.unpack(">BxxxL", header)
        yield kind, read(length)


def _lines(response: Any, timestamps: bool) -> Iterator[bytes]:
    """The frames' data in order; the timestamp of a frame that goes on with a line is taken out."""
    unfinished: set[int] = set()
    for kind, data in _frames(response):
        text = data
        if timestamps and kind in unfinished:
            _, _, text = data.partition(b" ")
        if data.endswith(b"\n"):
            unfinished.discard(kind)
        else:
            unfinished.add(kind)
        yield text


def _limited(chunks: Iterator[bytes], limit: int | None) -> Iterator[bytes]:
    left = limit
    for chunk in chunks:
        if left is None:
            yield chunk
            continue
        yield chunk[:left]
        left -= len(chunk)
        if left <= 0:
            return
