"""What goes in and out of the API: requests, responses, query parameters and content types. Knows no connection."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import msgspec

from simulator.errors import BadRequest

JSON = "application/json"
YAML = "application/yaml"


class Stream(Protocol):
    """A body that goes on: an iterator of chunks that another thread may `close` when the client has gone."""

    def __iter__(self) -> Iterator[bytes]:
        """The stream itself."""
        ...

    def __next__(self) -> bytes:
        """The next chunk; may wait for it."""
        ...

    def close(self) -> None:
        """End the stream: `__next__` stops, also one that is waiting."""
        ...


class Request(msgspec.Struct, frozen=True):
    """One request. `path` is decoded, header names are lower-case."""

    method: str
    path: str
    query: dict[str, list[str]] = {}
    headers: dict[str, str] = {}
    body: bytes = b""

    def parameter(self, name: str) -> str:
        """The first value of a query parameter, empty if it is absent."""
        values = self.query.get(name)
        return values[0] if values else ""

    def flag(self, name: str) -> bool:
        """A boolean query parameter as the API server reads it: everything but `false` and `0` is true if present."""
        return name in self.query and self.parameter(name).lower() not in ("false", "0")

    def number(self, name: str) -> int | None:
        """An integer query parameter, None if it is absent or empty; raises `BadRequest`."""
        text = self.parameter(name)
        if not text:
            return None
        try:
            return int(text)
        except ValueError:
            raise BadRequest(f'strconv.ParseInt: parsing "{text}": invalid syntax') from None

    @property
    def content_type(self) -> str:
        """The media type of the body, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Response(msgspec.Struct):
    """One response; a body that is no `bytes` is sent in chunks as it comes."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes | Stream


def json_response(content: Any, status: int = 200, warnings: list[str] | None = None, content_type: str = JSON) -> Response:
    """A response with a JSON body, and `Warning` headers."""
    headers = [("Content-Type", content_type)]
    headers += [("Warning", f"299 - {_quoted(warning)}") for warning in warnings or ()]
    return Response(status, headers, msgspec.json.encode(content) + b"\n")


def _quoted(text: str) -> str:
    """A quoted-string of HTTP: one line, quotes and backslashes escaped."""
    line = " ".join(text.split())
    return '"' + line.replace("\\", "\\\\").replace('"', '\\"') + '"'


class MediaType(msgspec.Struct, frozen=True):
    """One entry of an Accept header: the type, its parameters (`as`, `v`, `g`)."""

    type: str
    parameters: dict[str, str]


def accepted(request: Request) -> list[MediaType]:
    """The entries of the Accept header, in the order in which they are preferred."""
    entries: list[tuple[float, MediaType]] = []
    for text in request.headers.get("accept", "").split(","):
        kind, *rest = (part.strip() for part in text.split(";"))
        if kind:
            parameters = dict(part.partition("=")[::2] for part in rest)
            try:
                weight = float(parameters.pop("q", "1"))
            except ValueError:
                weight = 0.0
            entries.append((-weight, MediaType(kind.lower(), parameters)))
    return [media_type for _, media_type in sorted(entries, key=lambda entry: entry[0])]
