"""`kubectl describe` of a kind without a page of its own: all fields, sorted."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from simulator.cli.describe.page import Json, Page, write_annotations, write_head, write_labels

_SHOWN_ABOVE = frozenset(f".metadata.{name}" for name in ("managedFields", "name", "namespace", "labels", "annotations"))
_ACRONYMS = frozenset(("API", "URL", "UID", "OSB", "GUID"))
_CAMEL_CASE_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z]+|[a-z]+|-+")


def describe_generic(page: Page, obj: Json, now: datetime) -> None:
    """Everything but the events."""
    metadata = obj.get("metadata") or {}
    write_head(page, metadata)
    write_labels(page, "Labels", metadata.get("labels"))
    write_annotations(page, "Annotations", metadata.get("annotations"))
    _write_fields(page, 0, obj, "")


def _write_fields(page: Page, level: int, fields: Json, prefix: str) -> None:
    for name in sorted(fields):
        path, value = f"{prefix}.{name}", fields[name]
        if path in _SHOWN_ABOVE:
            continue
        if isinstance(value, dict):
            page.write(level, f"{_label(name)}:\n")
            _write_fields(page, level + 1, value, path)
        elif isinstance(value, list):
            page.write(level, f"{_label(name)}:\n")
            for item in value:
                if isinstance(item, dict):
                    _write_fields(page, level + 1, item, path)
                else:
                    page.write(level + 1, f"{_value(item)}\n")
        else:
            page.line(level, _label(name), _value(value))


def _label(field: str) -> str:
    """`Involved Object` for `involvedObject`; a name with other characters than letters and dashes stays as it is."""
    if not field.isascii() or not field.replace("-", "").isalpha():
        return field
    parts = _CAMEL_CASE_PARTS.findall(field)
    return " ".join(part.upper() if part.upper() in _ACRONYMS else part[:1].upper() + part[1:] for part in parts)


def _value(value: Any) -> str:
    if value is None:
        return "<nil>"
    return str(value).lower() if isinstance(value, bool) else str(value)
