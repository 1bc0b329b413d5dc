"""The form in which an answer is given: the objects themselves, or a table of them (`Accept: ...;as=Table`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from simulator.api.exchange import JSON, Request, accepted
from simulator.api.tables import columns, table_row
from simulator.api.wire import item_tree, list_tree, object_tree
from simulator.errors import NotAcceptable
from simulator.model.kinds import Kind

Tree = dict[str, Any]

_PLAIN = ("*/*", "application/*", JSON)


class Form(msgspec.Struct, frozen=True):
    """How objects are shown. `shown` (of a table): what accompanies a row, `Metadata`, `Object` or `None`."""

    is_table: bool = False
    shown: str = "Metadata"

    def single(self, obj: Any, kind: Kind, now: datetime) -> Tree:
        """The answer about one object."""
        tree = object_tree(obj)
        if not self.is_table:
            return tree
        return self._table(kind, [tree], tree["metadata"].get("resourceVersion", ""), now)

    def many(self, objs: Sequence[Any], kind: Kind, resource_version: int, now: datetime) -> Tree:
        """The answer about a collection."""
        if not self.is_table:
            return list_tree(kind, [item_tree(obj) for obj in objs], resource_version)
        return self._table(kind, [object_tree(obj) for obj in objs], str(resource_version), now)

    def event_object(self, tree: Tree, kind: Kind, now: datetime, is_first: bool) -> Tree:
        """The object of one watch event; only the first table of a stream tells its columns."""
        if not self.is_table:
            return tree
        return self._table(kind, [tree], tree["metadata"].get("resourceVersion", ""), now, with_columns=is_first)

    def bookmark_object(self, tree: Tree) -> Tree:
        """The object of a bookmark: it has no row."""
        if not self.is_table:
            return tree
        return {
            "kind": "Table",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": tree["metadata"],
            "columnDefinitions": None,
            "rows": [],
        }

    def _table(
        self, kind: Kind, trees: Sequence[Tree], resource_version: str, now: datetime, with_columns: bool = True
    ) -> Tree:
        return {
            "kind": "Table",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": {"resourceVersion": resource_version},
            "columnDefinitions": columns(kind.kind) if with_columns else None,
            "rows": [table_row(tree, now, self._shown(tree)) for tree in trees],
        }

    def _shown(self, tree: Tree) -> Tree | None:
        if self.shown == "None":
            return None
        if self.shown == "Object":
            return tree
        return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": tree["metadata"]}


def form_of(request: Request) -> Form:
    """The first form of the Accept header that can be given; raises `NotAcceptable` if none can."""
    media_types = accepted(request)
    for media_type in media_types:
        if media_type.type not in _PLAIN:
            continue
        shape = media_type.parameters.get("as")
        if shape is None:
            return Form()
        if shape == "Table" and media_type.parameters.get("v") == "v1":
            return Form(is_table=True, shown=request.parameter("includeObject") or "Metadata")
    if media_types:
        raise NotAcceptable(f"only the following media types are accepted: {JSON}")
    return Form()
