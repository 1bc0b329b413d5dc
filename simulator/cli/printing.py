"""What `get` prints: the server's tables in kubectl's columns, and objects as YAML or JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from simulator.cli.columns import aligned

Json = dict[str, Any]

_PADDING = 3
_MIN_WIDTH = 6
_HTML = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


class TablePrinter:
    """Prints the tables of one kind, in columns that never become narrower, so that a watch goes on below its list.

    `wide`: the columns of priority 1 too. `headers`: a first line with the names. `namespace`: a first column with it.
    `kind`: what stands before each name (`job.batch`), empty for nothing. `label_columns`: labels shown as columns.
    """

    def __init__(
        self,
        *,
        wide: bool = False,
        headers: bool = True,
        namespace: bool = False,
        kind: str = "",
        show_labels: bool = False,
        label_columns: Sequence[str] = (),
    ) -> None:
        self._wide = wide
        self._headers_due = headers
        self._namespace = namespace
        self._kind = kind
        self._show_labels = show_labels
        self._label_columns = label_columns
        self._columns: list[Json] = []
        self._widths: list[int] = []

    def text(self, table: Json) -> str:
        """The lines of a `Table`: all of a list, or what one watch event brings (which may lack column definitions)."""
        self._columns = table.get("columnDefinitions") or self._columns
        lines = []
        if self._headers_due:
            self._headers_due = False
            lines.append("\t".join(self._header()))
        lines += ["\t".join(self._row(row)) for row in table.get("rows") or ()]
        return aligned("".join(f"{line}\n" for line in lines), _PADDING, _MIN_WIDTH, self._widths)

    def _header(self) -> Iterable[str]:
        if self._namespace:
            yield "NAMESPACE"
        for column in self._columns:
            if self._is_shown(column):
                yield column["name"].upper()
        for label in self._label_columns:
            yield label.split("/")[-1].upper()
        if self._show_labels:
            yield "LABELS"

    def _row(self, row: Json) -> Iterable[str]:
        metadata = (row.get("object") or {}).get("metadata") or {}
        labels = metadata.get("labels") or {}
        if self._namespace:
            yield metadata.get("namespace") or ""
        for column, cell in zip(self._columns, row.get("cells") or (), strict=False):
            if self._is_shown(column):
                prefix = f"{self._kind}/" if self._kind and column.get("format") == "name" else ""
                yield prefix + cell_text(cell)
        for label in self._label_columns:
            yield labels.get(label, "")
        if self._show_labels:
            yield labels_text(labels)

    def _is_shown(self, column: Json) -> bool:
        return self._wide or not column.get("priority")


def cell_text(cell: Any) -> str:
    """One cell: text is cut at its first line end, and can't control the terminal."""
    if cell is None:
        return ""
    if not isinstance(cell, str):
        return str(cell).lower() if isinstance(cell, bool) else str(cell)
    end = min((i for i in (cell.find(char) for char in "\f\n\r") if i >= 0), default=-1)
    return (cell if end < 0 else f"{cell[:end]}...").replace("\x1b", "^[")


def labels_text(labels: Mapping[str, str] | None) -> str:
    """`app=web,tier=front`, or `<none>`."""
    return ",".join(sorted(f"{key}={value}" for key, value in (labels or {}).items())) or "<none>"


def list_object(items: Sequence[Json]) -> Json:
    """Several objects as the one that kubectl makes of them."""
    return {"apiVersion": "v1", "items": list(items), "kind": "List", "metadata": {"resourceVersion": ""}}


def object_text(obj: Json, form: str, *, show_managed_fields: bool = False) -> str:
    """A plain dict as `yaml` or `json`, keys sorted, with a line end; managed fields only if asked for."""
    shown = obj if show_managed_fields else _without_managed_fields(obj)
    if form == "yaml":
        from simulator.cli.yaml_text import yaml_text

        return yaml_text(shown)
    return _json_text(shown)


def _json_text(obj: Json) -> str:
    import msgspec

    plain = msgspec.json.format(msgspec.json.encode(obj, order="sorted"), indent=4).decode()
    # Go escapes what could end a script element; these characters occur only in strings.
    for char, escape in _HTML.items():
        plain = plain.replace(char, escape)
    return plain + "\n"


def _without_managed_fields(obj: Json) -> Json:
    shown = obj
    metadata = obj.get("metadata")
    if isinstance(metadata, dict) and "managedFields" in metadata:
        shown = {**obj, "metadata": {key: value for key, value in metadata.items() if key != "managedFields"}}
    items = obj.get("items")
    if isinstance(items, list):
        shown = {**shown, "items": [_without_managed_fields(item) if isinstance(item, dict) else item for item in items]}
    return shown
