"""Field errors: one broken rule each, worded as the API server words it, and the `Invalid` answer made of them.

`str(error)` is `PATH: KIND: VALUE: DETAIL` (semantics/job.md 3): no value for kinds that show none, no detail part where
it is empty. Values are shown as Go shows them: strings quoted, numbers and booleans plain, everything else as JSON.
"""

from __future__ import annotations

import json
from typing import Any, Final

from msgspec import Struct

from simulator.errors import Invalid
from simulator.model.kinds import Kind
from simulator.model.quoting import go_quoted

NO_VALUE: Final = object()
"""Stands for "this error shows no value"."""

_TITLES = {
    "FieldValueNotFound": "Not found",
    "FieldValueRequired": "Required value",
    "FieldValueDuplicate": "Duplicate value",
    "FieldValueInvalid": "Invalid value",
    "FieldValueNotSupported": "Unsupported value",
    "FieldValueForbidden": "Forbidden",
    "FieldValueTooLong": "Too long",
    "FieldValueTooMany": "Too many",
}


def show(value: Any) -> str:
    """A value as an error shows it."""
    if isinstance(value, str):
        return go_quoted(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character, escape in (
        ("<", "\\u003c"),
        (">", "\\u003e"),
        ("&", "\\u0026"),
        ("\u2028", "\\u2028"),
        ("\u2029", "\\u2029"),
    ):
        text = text.replace(character, escape)
    return text


class FieldError(Struct, frozen=True):
    """One broken rule: its `reason` (as in `Status.details.causes`), field path, value and what is wrong with it."""

    reason: str
    path: str
    value: Any = NO_VALUE
    detail: str = ""

    @property
    def body(self) -> str:
        """The error without its path."""
        parts = [_TITLES[self.reason]]
        if self.value is not NO_VALUE:
            parts.append(show(self.value))
        if self.detail:
            parts.append(self.detail)
        return ": ".join(parts)

    def __str__(self) -> str:
        return f"{self.path}: {self.body}"


class Errors(list[FieldError]):
    """The errors found so far, in the server's order."""

    def required(self, path: str, detail: str = "") -> None:
        """A value is missing."""
        self.append(FieldError("FieldValueRequired", path, detail=detail))

    def invalid(self, path: str, value: Any, detail: str) -> None:
        """A value breaks a rule; `NO_VALUE` where the error shows none."""
        self.append(FieldError("FieldValueInvalid", path, value, detail))

    def each_invalid(self, path: str, value: Any, details: list[str]) -> None:
        """The same value breaks several rules."""
        for detail in details:
            self.invalid(path, value, detail)

    def forbidden(self, path: str, detail: str) -> None:
        """A field may not be set here."""
        self.append(FieldError("FieldValueForbidden", path, detail=detail))

    def duplicate(self, path: str, value: Any) -> None:
        """A value that must be unique occurs again."""
        self.append(FieldError("FieldValueDuplicate", path, value))

    def not_found(self, path: str, value: Any, detail: str = "") -> None:
        """A name refers to nothing."""
        self.append(FieldError("FieldValueNotFound", path, value, detail))

    def not_supported(self, path: str, value: Any, supported: list[str]) -> None:
        """A value is none of those that are known; they are listed in the given order."""
        listed = ", ".join(go_quoted(known) for known in supported)
        self.append(FieldError("FieldValueNotSupported", path, value, f"supported values: {listed}"))

    def too_long(self, path: str, limit: int) -> None:
        """A text has more than `limit` bytes."""
        self.append(FieldError("FieldValueTooLong", path, detail=f"may not be more than {limit} bytes"))

    def too_many(self, path: str, count: int, limit: int) -> None:
        """A list has more than `limit` items."""
        self.append(FieldError("FieldValueTooMany", path, count, f"must have at most {limit} items"))

    def not_negative(self, path: str, value: int | None) -> None:
        """Number fields that may be anything from 0 on; None is no value and fine."""
        if value is not None and value < 0:
            self.invalid(path, value, "must be greater than or equal to 0")


def invalid(kind: Kind, name: str, errors: list[FieldError]) -> Invalid:
    """The 422 answer: `Job.batch "NAME" is invalid: ERROR`, or `[ERROR, ERROR]` with several, and a cause for each."""
    texts = list(dict.fromkeys(str(error) for error in errors))
    listed = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    title = f"{kind.kind}.{kind.group}" if kind.group else kind.kind
    causes = [{"reason": error.reason, "message": error.body, "field": error.path} for error in errors]
    details: dict[str, Any] = {"name": name, "group": kind.group, "kind": kind.kind, "causes": causes}
    return Invalid(
        f"{title} {go_quoted(name)} is invalid: {listed}", {key: value for key, value in details.items() if value}
    )
