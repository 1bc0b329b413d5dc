"""The little of OpenAPI that clients need before they write: that the server checks fields itself.

`kubectl apply` and `create` look for the query parameters `fieldValidation` and `dryRun` of the patch operations, and leave
validation to the server where they find them. Schemas are not described.
"""

from __future__ import annotations

from typing import Any

from simulator.api.exchange import Response, json_response
from simulator.api.routes import GROUP_VERSIONS, path_of
from simulator.model.kinds import Kind

Tree = dict[str, Any]


def describe(path: str) -> Response | None:
    """The answer to `/openapi/v3` and below it, None for other paths."""
    prefix, _, group_version = path.strip("/").partition("/v3")
    if prefix != "openapi":
        return None
    documents = {_document_path(version): kinds for version, kinds in GROUP_VERSIONS.items()}
    if not group_version:
        paths = {name: {"serverRelativeURL": f"/openapi/v3/{name}"} for name in documents}
        return json_response({"paths": paths})
    kinds = documents.get(group_version.strip("/"))
    return json_response(_document(kinds)) if kinds else None


def _document_path(version: str) -> str:
    return f"apis/{version}" if "/" in version else f"api/{version}"


def _document(kinds: tuple[Kind, ...]) -> Tree:
    paths = {path_of(kind, "{namespace}", "{name}"): {"patch": _patch_operation(kind)} for kind in kinds}
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "unversioned"},
        "paths": paths,
        "components": {"schemas": {}},
    }


def _patch_operation(kind: Kind) -> Tree:
    names = ("dryRun", "fieldManager", "fieldValidation", "force")
    return {
        "parameters": [{"name": name, "in": "query", "schema": {"type": "string"}} for name in names],
        "responses": {"200": {"description": "OK"}},
        "x-kubernetes-action": "patch",
        "x-kubernetes-group-version-kind": {"group": kind.group, "version": kind.version, "kind": kind.kind},
    }
