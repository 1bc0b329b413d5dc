"""What `apply` and `run` do with a manifest: create the object, or change it as kubectl's client-side apply does.

The manifest is kept in an annotation. At the next apply three states are compared: the annotation (what was applied last),
the manifest, and the live object. What the manifest no longer says is taken away, what it says is set, and what others have
set stays. Lists are replaced whole: the API server's defaults make them equal again where nothing has changed.
"""

from __future__ import annotations

import json
from typing import Any, Literal

from msgspec import Struct

from simulator.cli.client import Client
from simulator.errors import NotFound, UsageError
from simulator.model.kinds import Kind
from simulator.model.three_way import three_way

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
MERGE_PATCH = "application/merge-patch+json"

Tree = dict[str, Any]


class Applied(Struct, frozen=True):
    """What became of one manifest: the verb that is shown, and the object as the API returned it."""

    verb: Literal["created", "configured", "unchanged"]
    object: Tree


def apply(client: Client, kind: Kind, manifest: Tree, *, dry_run: bool = False) -> Applied:
    """Create the object of a manifest, or bring the live one in line with it; raises `UsageError` if it has no name."""
    if not manifest["metadata"].get("name"):
        raise UsageError(f"from {manifest['metadata']['generateName']}: cannot use generate name with apply")
    name, namespace = manifest["metadata"]["name"], manifest["metadata"].get("namespace", "default")
    wanted = _annotated(manifest)
    try:
        live = client.get(kind, name, namespace)
    except NotFound:
        return Applied("created", client.create(kind, wanted, namespace, dry_run=dry_run))
    last = json.loads((live["metadata"].get("annotations") or {}).get(LAST_APPLIED) or "{}")
    patch = three_way(last, wanted, live)
    if not patch:
        return Applied("unchanged", live)
    changed = client.patch(kind, name, namespace, patch, MERGE_PATCH, dry_run=dry_run)
    is_same = changed["metadata"].get("resourceVersion") == live["metadata"].get("resourceVersion")
    return Applied("unchanged" if is_same and not dry_run else "configured", changed)


def _annotated(manifest: Tree) -> Tree:
    """A manifest with itself in the annotation, as kubectl writes it."""
    kept = json.loads(json.dumps(manifest))
    kept.pop("status", None)
    metadata = kept["metadata"]
    metadata.setdefault("annotations", {})
    metadata["annotations"] = {key: value for key, value in (metadata["annotations"] or {}).items() if key != LAST_APPLIED}
    text = json.dumps(kept, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"
    metadata["annotations"] = {**metadata["annotations"], LAST_APPLIED: text}
    return dict(kept)
