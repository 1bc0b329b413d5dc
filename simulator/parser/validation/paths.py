"""Rules of file paths in manifests."""

from __future__ import annotations

from simulator.parser.validation.field_errors import Errors


def validate_no_backsteps(text: str, errors: Errors, path: str) -> None:
    """No part of it is `..`."""
    if ".." in text.split("/"):
        errors.invalid(path, text, "must not contain '..'")


def validate_descending(text: str, errors: Errors, path: str) -> None:
    """Relative, without `..`."""
    if text.startswith("/"):
        errors.invalid(path, text, "must be a relative path")
    validate_no_backsteps(text, errors, path)


def validate_not_reserved(text: str, errors: Errors, path: str) -> None:
    """Relative, without `..`, and no name that begins with `..` (kept for atomic updates)."""
    validate_descending(text, errors, path)
    if text.startswith("..") and not text.startswith("../") and text != "..":
        errors.invalid(path, text, "must not start with '..'")


def validate_file_mode(mode: int | None, errors: Errors, path: str) -> None:
    """Permission bits, 0 to 0777."""
    if mode is not None and not 0 <= mode <= 0o777:
        errors.invalid(path, mode, "must be a number between 0 and 0777 (octal), both inclusive")
