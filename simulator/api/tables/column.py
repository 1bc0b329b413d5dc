"""The head of one table column."""

from __future__ import annotations

from typing import Any, NamedTuple


class Column(NamedTuple):
    """A column as the API describes it; `priority` 1 is shown only with `-o wide`."""

    name: str
    type: str = "string"
    format: str = ""
    priority: int = 0

    def to_definition(self) -> dict[str, Any]:
        """The `TableColumnDefinition`."""
        return {**self._asdict(), "description": ""}
