"""`kubectl describe` of config maps, secrets and namespaces."""

from __future__ import annotations

from base64 import b64decode
from datetime import datetime

from simulator.cli.describe.page import Json, Page, write_annotations, write_head, write_labels


def describe_config_map(page: Page, config_map: Json, now: datetime) -> None:
    """Everything but the events."""
    _write_metadata(page, config_map)
    page.write(0, "\nData\n====\n")
    for key, value in sorted((config_map.get("data") or {}).items()):
        page.write(0, f"{key}:\n----\n")
        page.write(0, f"{value}\n\n")
    page.write(0, "\nBinaryData\n====\n")
    for key, value in sorted((config_map.get("binaryData") or {}).items()):
        page.write(0, f"{key}: {len(b64decode(value))} bytes\n")
    page.write(0, "\n")


def describe_secret(page: Page, secret: Json, now: datetime) -> None:
    """The keys and how long their values are, never the values."""
    _write_metadata(page, secret)
    page.write(0, f"\nType:\t{secret.get('type') or ''}\n\nData\n====\n")
    for key, value in sorted((secret.get("data") or {}).items()):
        page.line(0, key, f"{len(b64decode(value))} bytes")


def describe_namespace(page: Page, namespace: Json, now: datetime) -> None:
    """Name, labels and status; quotas and limit ranges don't exist here."""
    metadata = namespace.get("metadata") or {}
    page.line(0, "Name", metadata.get("name") or "")
    write_labels(page, "Labels", metadata.get("labels"))
    write_annotations(page, "Annotations", metadata.get("annotations"))
    page.line(0, "Status", (namespace.get("status") or {}).get("phase") or "")
    page.write(0, "\nNo resource quota.\n")
    page.write(0, "\nNo LimitRange resource.\n")


def _write_metadata(page: Page, obj: Json) -> None:
    metadata = obj.get("metadata") or {}
    write_head(page, metadata)
    write_labels(page, "Labels", metadata.get("labels"))
    write_annotations(page, "Annotations", metadata.get("annotations"))
