"""A container's log as the kubelet serves it (4.5).

The engine's stream comes in frames (stream type, length, data), raw with a tty. A line of more than 16 KiB comes in several
frames without a newline, each with its own timestamp if those are asked for: all but the first are taken out.

An engine that follows a log misses what its container printed last if no newline ends it: it writes that down at the
container's end, and ends the stream at the same moment. So it is asked for once more.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from simulator.errors import ServiceUnavailable
from simulator.executor.docker.engine import Engine, is_unreachable, status_code
from simulator.pods.executor import LogOptions

_ENTRIES_OF_ENDS = 2  # of stdout and of stderr

Frame = tuple[int, bytes]
"""What the engine sends at once: which stream it belongs to, and the text."""


class LogStream:
    """An iterator over a log's bytes. `close`, from any thread, ends it, also while it waits for more.

    `ends`: asks for the last frames of a followed log once more, when it has ended. Raises `ServiceUnavailable` where the
    engine goes away in the middle: what follows is not told to be nothing.
    """

    def __init__(
        self, response: Any, tty: bool, options: LogOptions, ends: Callable[[], Iterator[Frame]] | None = None
    ) -> None:
        from docker.types import CancellableStream

        self._is_closed = False
        frames = _raw(response) if tty else _frames(response)
        if ends is not None:
            frames = _with_ends(frames, lambda: iter(()) if self._is_closed else ends())
        self._chunks = _limited(_lines(frames, options.timestamps), options.limit_bytes)
        self._stream = CancellableStream(self._chunks, response)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._chunks)
        except Exception as error:
            if self._is_closed:
                raise StopIteration from None
            if is_unreachable(error):
                raise ServiceUnavailable("the Docker Engine went away") from None
            raise

    def close(self) -> None:
        """End the stream and give its connection back."""
        self._is_closed = True
        self._stream.close()


def open_log(engine: Engine, container: str, options: LogOptions, *, tty: bool | None = None) -> LogStream | None:
    """The log of a container, None if there is no such container. Raises the SDK's errors.

    `tty`: whether it has a terminal, None: to be asked. An inspection waits while the engine takes an ended container down.
    """
    from docker.errors import APIError

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
        response = _request(engine, container, parameters)
    except APIError as error:
        if status_code(error) == 404:
            return None
        raise
    if not options.follow or options.tail_lines == 0:  # Of 0 lines the last one is none, whenever it was printed.
        return LogStream(response, tty, options)

    def ends() -> Iterator[Frame]:
        try:
            again = _request(engine, container, {**parameters, "follow": 0, "tail": _ENTRIES_OF_ENDS})
        except APIError:
            return iter(())  # The container is gone by now.
        return _raw(again) if tty else _frames(again)

    return LogStream(response, tty, options, ends)


def _request(engine: Engine, container: str, parameters: dict[str, Any]) -> Any:
    from docker.errors import create_api_error_from_http_exception
    from requests.exceptions import HTTPError

    url = engine.url(f"/containers/{container}/logs")
    response = engine.streams.get(url, params=parameters, stream=True, timeout=(60, None))
    try:
        response.raise_for_status()
    except HTTPError as error:
        raise create_api_error_from_http_exception(error) from error
    return response


def epoch_text(instant: datetime) -> str:
    """Seconds since 1970 with all digits that a datetime has, as the engine's `since` takes them."""
    seconds = int(instant.replace(microsecond=0).timestamp())
    return f"{seconds}.{instant.microsecond:06d}"


def _raw(response: Any) -> Iterator[Frame]:
    while chunk := response.raw.read1(65536):
        yield 0, chunk


def _frames(response: Any) -> Iterator[Frame]:
    read = response.raw.read
    while len(header := read(8)) == 8:
        kind, length = struct.unpack(">BxxxL", header)
        yield kind, read(length)


def _with_ends(frames: Iterator[Frame], ends: Callable[[], Iterator[Frame]]) -> Iterator[Frame]:
    """The frames, and what was printed last without a newline if they lack it."""
    told: dict[int, bytes] = {}
    for kind, data in frames:
        told[kind] = data if kind else _after_newline(told.get(0, b"") + data)
        yield kind, data
    for kind, data in dict(ends()).items():
        last = data if kind else _after_newline(data)  # Frames are entries of the log; with a tty there are none.
        if last and not last.endswith(b"\n") and told.get(kind) != last:
            yield kind, last


def _after_newline(text: bytes) -> bytes:
    return text[text.rfind(b"\n") + 1 :]


def _lines(frames: Iterator[Frame], timestamps: bool) -> Iterator[bytes]:
    """The frames' data in order; the timestamp of a frame that goes on with a line is taken out."""
    unfinished: set[int] = set()
    for kind, data in frames:
        text = data
        if timestamps and kind in unfinished:
            _, _, text = data.partition(b" ")
        if data.endswith(b"\n"):
            unfinished.discard(kind)
        elif kind:
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
