"""Discovery: which groups, versions and resources there are, in the forms in which clients of different ages ask."""

from __future__ import annotations

from typing import Any

from simulator.api.exchange import JSON, Request, Response, accepted, json_response
from simulator.api.routes import GROUP_VERSIONS
from simulator.model.kinds import Kind

Tree = dict[str, Any]

VERSION = "v1.36.2"
"""The Kubernetes whose behaviour is followed."""

_VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
_SUBRESOURCE_VERBS = {"status": ["get", "patch", "update"], "log": ["get"]}


def version_document() -> Tree:
    """The answer to `/version`."""
    major, minor, _ = VERSION.removeprefix("v").split(".")
    return {
        "major": major,
        "minor": minor,
        "gitVersion": f"{VERSION}+kjsim",
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "",
        "platform": "",
    }


def discover(path: str, request: Request) -> Response | None:
    """The answer to `/version`, `/api`, `/api/v1`, `/apis`, `/apis/batch` and `/apis/batch/v1`, None for other paths."""
    parts = path.strip("/").split("/")
    if parts == ["version"]:
        return json_response(version_document())
    if parts in (["api"], ["apis"]):
        is_core = parts == ["api"]
        for media_type in accepted(request):
            if media_type.parameters.get("as") == "APIGroupDiscoveryList":
                version = media_type.parameters.get("v", "")
                if media_type.type == JSON and version in ("v2", "v2beta1"):
                    content_type = f"{JSON};g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList"
                    return json_response(_aggregated(is_core, version), content_type=content_type)
        return json_response(_core_versions() if is_core else _group_list())
    if len(parts) == 2 and parts[0] == "apis" and parts[1] in _groups():
        return json_response({"kind": "APIGroup", "apiVersion": "v1", **_group(parts[1])})
    version = "/".join(parts[1:])
    kinds = GROUP_VERSIONS.get(version)
    if kinds and parts[0] == ("apis" if kinds[0].group else "api"):
        return json_response(_resource_list(version, kinds))
    return None


def _groups() -> list[str]:
    return list(dict.fromkeys(kinds[0].group for kinds in GROUP_VERSIONS.values() if kinds[0].group))


def _core_versions() -> Tree:
    versions = [version for version, kinds in GROUP_VERSIONS.items() if not kinds[0].group]
    return {"kind": "APIVersions", "versions": versions, "serverAddressByClientCIDRs": []}


def _group_list() -> Tree:
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(group) for group in _groups()]}


def _group(group: str) -> Tree:
    versions = [
        {"groupVersion": version, "version": kinds[0].version}
        for version, kinds in GROUP_VERSIONS.items()
        if kinds[0].group == group
    ]
    return {"name": group, "versions": versions, "preferredVersion": versions[0]}


def _resource_list(group_version: str, kinds: tuple[Kind, ...]) -> Tree:
    resources: list[Tree] = []
    for kind in kinds:
        resource: Tree = {
            "name": kind.plural,
            "singularName": kind.singular,
            "namespaced": kind.namespaced,
            "kind": kind.kind,
            "verbs": _VERBS,
        }
        if kind.short_names:
            resource["shortNames"] = list(kind.short_names)
        if kind.categories:
            resource["categories"] = list(kind.categories)
        resources.append(resource)
        resources += [
            {
                "name": f"{kind.plural}/{subresource}",
                "singularName": "",
                "namespaced": kind.namespaced,
                "kind": kind.kind,
                "verbs": _SUBRESOURCE_VERBS[subresource],
            }
            for subresource in kind.subresources
        ]
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": resources}


def _aggregated(core: bool, version: str) -> Tree:
    items: list[Tree] = []
    for group in [""] if core else _groups():
        versions = [
            {
                "version": kinds[0].version,
                "resources": [_aggregated_resource(kind) for kind in kinds],
                "freshness": "Current",
            }
            for kinds in GROUP_VERSIONS.values()
            if kinds[0].group == group
        ]
        items.append({"metadata": {"name": group} if group else {}, "versions": versions})
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": f"apidiscovery.k8s.io/{version}",
        "metadata": {},
        "items": items,
    }


def _aggregated_resource(kind: Kind) -> Tree:
    response_kind = {"group": kind.group, "version": kind.version, "kind": kind.kind}
    resource: Tree = {
        "resource": kind.plural,
        "responseKind": response_kind,
        "scope": "Namespaced" if kind.namespaced else "Cluster",
        "singularResource": kind.singular,
        "verbs": _VERBS,
    }
    if kind.short_names:
        resource["shortNames"] = list(kind.short_names)
    if kind.categories:
        resource["categories"] = list(kind.categories)
    if kind.subresources:
        resource["subresources"] = [
            {"subresource": name, "responseKind": response_kind, "verbs": _SUBRESOURCE_VERBS[name]}
            for name in kind.subresources
        ]
    return resource
