"""The little of OpenAPI that clients need before they write: that the server checks fields itself.

`kubectl apply` and `create` look for the query parameters `fieldValidation` and `dryRun` of the patch operations, and leave
validation to the server where they find them. Schemas are not described. Clients up to 1.28 read version 2, in Protocol
Buffers.
"""

from __future__ import annotations

from typing import Any

import msgspec

from simulator.api.exchange import Response, json_response
from simulator.api.routes import GROUP_VERSIONS, path_of
from simulator.model.kinds import Kind

Tree = dict[str, Any]


_PARAMETERS = ("dryRun", "fieldManager", "fieldValidation", "force")
_GROUP_VERSION_KIND = "x-kubernetes-group-version-kind"
_V2_TYPE = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"


def describe(path: str) -> Response | None:
    """The answer to `/openapi/v2`, `/openapi/v3` and below it, None for other paths."""
    if path == "/openapi/v2":
        return Response(200, [("Content-Type", _V2_TYPE)], _document_v2())
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
    return {
        "parameters": [{"name": name, "in": "query", "schema": {"type": "string"}} for name in _PARAMETERS],
        "responses": {"200": {"description": "OK"}},
        "x-kubernetes-action": "patch",
        _GROUP_VERSION_KIND: _group_version_kind(kind),
    }


def _group_version_kind(kind: Kind) -> Tree:
    return {"group": kind.group, "version": kind.version, "kind": kind.kind}


# --- version 2: the message `openapi.v2.Document` and those in it, field by field ---


def _document_v2() -> bytes:
    info = _field(1, b"Kubernetes") + _field(2, b"unversioned")
    paths = b"".join(_field(2, _named_path_item(kind)) for kinds in GROUP_VERSIONS.values() for kind in kinds)
    return _field(1, b"2.0") + _field(2, info) + _field(8, paths)


def _named_path_item(kind: Kind) -> bytes:
    parameters = b"".join(_field(8, _query_parameter(name)) for name in _PARAMETERS)
    value = _field(2, msgspec.json.encode(_group_version_kind(kind)))  # JSON is YAML.
    extension = _field(13, _field(1, _GROUP_VERSION_KIND.encode()) + _field(2, value))
    path_item = _field(8, parameters + extension)
    return _field(1, path_of(kind, "{namespace}", "{name}").encode()) + _field(2, path_item)


def _query_parameter(name: str) -> bytes:
    query = _field(2, b"query") + _field(4, name.encode()) + _field(6, b"string")
    return _field(1, _field(2, _field(3, query)))  # ParametersItem > Parameter > NonBodyParameter


def _field(number: int, content: bytes) -> bytes:
    """One field of a message: a string or a message within."""
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*encoded, number))
