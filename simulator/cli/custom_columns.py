"""`-o custom-columns=HEADER:PATH,...` and `custom-columns-file=FILE`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from simulator.cli.jsonpath import JsonPath, JsonPathError, go_text, relaxed
from simulator.errors import KjsimError


class CustomColumns(NamedTuple):
    """Headers, and the path of each."""

    headers: tuple[str, ...]
    paths: tuple[JsonPath, ...]

    def row(self, obj: Any) -> list[str]:
        """The cells of one object; `<none>` where a path finds nothing."""
        return [
            ",".join(go_text(value) for value in path.values(obj)) if path.values(obj) else "<none>" for path in self.paths
        ]


def from_argument(text: str) -> CustomColumns:
    """Read `NAME:.metadata.name,PHASE:.status.phase`; raises `KjsimError` with kubectl's text."""
    if not text:
        raise KjsimError("custom-columns format specified but no custom columns given")
    pairs = []
    for part in text.split(","):
        header, colon, path = part.partition(":")
        if not colon:
            raise KjsimError(f"unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>")
        pairs.append((header, path))
    return _columns([header for header, _ in pairs], [path for _, path in pairs])


def from_file(name: str) -> CustomColumns:
    """Read a file with a line of headers and a line of paths; raises `KjsimError` with kubectl's text."""
    if not name:
        raise KjsimError("custom-columns format specified but no custom columns given")
    try:
        lines = Path(name).read_text().splitlines()
    except OSError as error:
        raise KjsimError(f"error reading template {name}, open {name}: {(error.strerror or str(error)).lower()}") from None
    if len(lines) < 2:
        missing = "header line" if not lines else "column spec line"
        raise KjsimError(
            f"invalid template, missing {missing}. Expected format is one line of space separated headers, "
            "one line of space separated column specs."
        )
    headers, paths = lines[0].split(), lines[1].split()
    if len(headers) != len(paths):
        raise KjsimError(f"number of headers ({len(headers)}) and field specifications ({len(paths)}) don't match")
    return _columns(headers, paths)


def _columns(headers: list[str], paths: list[str]) -> CustomColumns:
    try:
        return CustomColumns(tuple(headers), tuple(JsonPath(relaxed(path)) for path in paths))
    except JsonPathError as error:
        raise KjsimError(str(error)) from None
