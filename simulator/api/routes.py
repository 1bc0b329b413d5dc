"""Paths of the API: which kind, namespace, name and subresource a request is about."""

from __future__ import annotations

import msgspec

from simulator.errors import NotFound
from simulator.model.kinds import KINDS, NAMESPACE, Kind

GROUP_VERSIONS: dict[str, tuple[Kind, ...]] = {
    version: tuple(kind for kind in KINDS.values() if kind.api_version == version)
    for version in dict.fromkeys(kind.api_version for kind in KINDS.values())
}


class Route(msgspec.Struct, frozen=True):
    """What a path names. `namespace` empty: all namespaces, or a cluster-scoped kind. `name` empty: the collection."""

    kind: Kind
    namespace: str = ""
    name: str = ""
    subresource: str = ""


def not_served() -> NotFound:
    """The answer to a path that leads nowhere."""
    return NotFound("the server could not find the requested resource")


def parse_path(path: str) -> Route:
    """The route of a path below `/api/v1` or `/apis/GROUP/VERSION`; raises `NotFound` for any other."""
    parts = path.strip("/").split("/")
    if parts[0] == "api" and len(parts) > 2:
        version, rest = parts[1], parts[2:]
    elif parts[0] == "apis" and len(parts) > 3:
        version, rest = "/".join(parts[1:3]), parts[3:]
    else:
        raise not_served()
    kinds = {kind.plural: kind for kind in GROUP_VERSIONS.get(version, ())}
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 2 and rest[2] in kinds and kinds[rest[2]].namespaced:
        namespace, rest = rest[1], rest[2:]
    kind = kinds.get(rest[0])
    if kind is None or len(rest) > 3 or "" in rest:
        raise not_served()
    name, subresource = (*rest[1:], "", "")[:2]
    if name and kind.namespaced and not namespace:
        raise not_served()
    return Route(kind, namespace, name, subresource)


def path_of(kind: Kind, namespace: str = "", name: str = "", subresource: str = "") -> str:
    """The path of a collection or object; an empty namespace means all of them."""
    path = f"/apis/{kind.api_version}" if kind.group else f"/api/{kind.version}"
    if namespace and kind is not NAMESPACE and kind.namespaced:
        path += f"/namespaces/{namespace}"
    return "/".join(part for part in (path, kind.plural, name, subresource) if part)
