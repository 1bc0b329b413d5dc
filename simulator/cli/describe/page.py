"""The page that a description is written on, and the parts that every page has."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from simulator.cli.columns import aligned

Json = dict[str, Any]

_LONGEST_ANNOTATION = 140
_HIDDEN_ANNOTATIONS = ("kubectl.kubernetes.io/last-applied-configuration",)


class Page:
    """Lines with tabs, aligned when read. Every write starts with the page's indent and two spaces per level."""

    def __init__(self, parts: list[str] | None = None, indent: str = "") -> None:
        self._parts: list[str] = [] if parts is None else parts
        self._indent = indent

    def write(self, level: int, text: str) -> None:
        """Add text, without a line end of its own; control sequences for terminals are made visible."""
        visible = text.replace("\x1b", "^[").replace("\r", "\\r")
        self._parts.append(f"{self._indent}{'  ' * level}{visible}")

    def line(self, level: int, name: str, value: Any) -> None:
        """Add one line `name: value`."""
        self.write(level, f"{name}:\t{value}\n")

    def nested(self, level: int) -> Page:
        """The same page, where each write is indented by `level` more."""
        return Page(self._parts, self._indent + "  " * level)

    def text(self) -> str:
        """The whole page, aligned."""
        return aligned("".join(self._parts))


def write_labels(page: Page, title: str, labels: Mapping[str, str] | None, indent: str = "") -> None:
    """Labels (or node selectors), one `key=value` a line, sorted."""
    page.write(0, f"{indent}{title}:\t")
    if not labels:
        page.write(0, "<none>\n")
    for i, key in enumerate(sorted(labels or ())):
        if i:
            page.write(0, indent)
            page.write(0, "\t")
        page.write(0, f"{key}={(labels or {})[key]}\n")


def write_annotations(page: Page, title: str, annotations: Mapping[str, str] | None) -> None:
    """Annotations, sorted; long ones and those of several lines below their key, cut to 140 characters."""
    annotations = annotations or {}
    page.write(0, f"{title}:\t")
    keys = sorted(key for key in annotations if key not in _HIDDEN_ANNOTATIONS)
    if not keys:
        page.write(0, "<none>\n")
    for i, key in enumerate(keys):
        if i:
            page.write(0, "\t")
        value = annotations[key].removesuffix("\n")
        if len(value.encode()) + len(key.encode()) + 2 > _LONGEST_ANNOTATION or "\n" in value:
            page.write(0, f"{key}:\n")
            for part in value.split("\n"):
                page.write(0, f"\t  {_shortened(part)}\n")
        else:
            page.write(0, f"{key}: {value}\n")


def _shortened(text: str) -> str:
    limit = _LONGEST_ANNOTATION - 2
    encoded = text.encode()
    return encoded[:limit].decode(errors="replace") + "..." if len(encoded) > limit else text


def write_head(page: Page, metadata: Json) -> None:
    """Name and namespace."""
    page.line(0, "Name", metadata.get("name") or "")
    page.line(0, "Namespace", metadata.get("namespace") or "")


def controlled_by(metadata: Json) -> str:
    """`Job/pingpong`, or empty."""
    for owner in metadata.get("ownerReferences") or ():
        if owner.get("controller"):
            return f"{owner.get('kind') or ''}/{owner.get('name') or ''}"
    return ""


def time_text(timestamp: str | None) -> str:
    """A time as describe shows it: `Sat, 01 Jun 2024 11:59:50 +0000`; an unset one is the year 1."""
    instant = datetime.fromisoformat(timestamp) if timestamp else datetime(1, 1, 1, tzinfo=UTC)
    instant = instant.astimezone(UTC)
    day, month = _DAYS[instant.weekday()], _MONTHS[instant.month - 1]
    return f"{day}, {instant.day:02} {month} {instant.year:04} {instant:%H:%M:%S} +0000"


def optional(value: Any, otherwise: str = "<unset>") -> Any:
    """The value, or a word for its absence."""
    return otherwise if value is None else value


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
