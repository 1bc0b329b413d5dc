"""Bodies of requests: decoding them, and judging what does not fit the type."""

from __future__ import annotations

from typing import Any

import msgspec

from simulator.api.exchange import JSON, YAML, Request
from simulator.api.patches import STRATEGIC_MERGE_PATCH
from simulator.api.strategic_merge import go_text
from simulator.errors import BadRequest, Invalid, UnsupportedMediaType
from simulator.model.kinds import Kind
from simulator.model.quoting import go_quoted
from simulator.parser.structure import check_structure, refusal

Tree = dict[str, Any]

_YAML_TYPES = (YAML, "application/x-yaml", "text/yaml", "text/x-yaml")


def decode(request: Request) -> Any:
    """The body as plain values; raises `BadRequest` where it can't be read, `UnsupportedMediaType`."""
    content_type = request.content_type or JSON
    if content_type in _YAML_TYPES:
        return _decode_yaml(request.body)
    if content_type != JSON:
        raise UnsupportedMediaType(
            f"the body of the request was in an unknown format - accepted media types include: {JSON}, {YAML}"
        )
    try:
        return msgspec.json.decode(request.body)
    except msgspec.DecodeError as error:
        raise BadRequest(f"the object provided is unrecognized: {error}") from error


def _decode_yaml(body: bytes) -> Any:
    """The first document of a body, read as manifests are: plain words mean what they mean to kubectl."""
    from simulator.parser.yaml_documents import read_documents

    try:
        documents, problems = read_documents(body.decode(), "")
    except UnicodeDecodeError as error:
        raise BadRequest(f"the object provided is unrecognized: {error}") from error
    if problems:
        raise BadRequest(f"the object provided is unrecognized: {problems[0].message}")
    return documents[0].tree if documents else None


def object_of(request: Request, kind: Kind) -> Tree:
    """The object in the body, which must be of this kind; its metadata is a dict. Raises `BadRequest`."""
    tree = decode(request)
    if not isinstance(tree, dict):
        raise BadRequest(f"the object provided is unrecognized (must be of type {kind.kind})")
    api_version, name = tree.get("apiVersion") or kind.api_version, tree.get("kind") or kind.kind
    if api_version != kind.api_version:
        raise BadRequest(
            f"the API version in the data ({api_version}) does not match the expected API version ({kind.api_version})"
        )
    if name != kind.kind:
        raise BadRequest(
            f'{name} in version "{kind.version}" cannot be handled as a {kind.kind}: '
            f"converting ({kind.version}.{name}) to {kind.kind}: unknown conversion"
        )
    tree = {**tree, "apiVersion": kind.api_version, "kind": kind.kind}
    if tree.get("metadata") is None:
        tree["metadata"] = {}
    return tree


def field_warnings(tree: Tree, request: Request) -> list[str]:
    """Judge a written object's fields as `fieldValidation` asks: warnings about unknown ones, or `BadRequest`.

    Wrong types are always refused.
    """
    mode = _field_validation(request)
    text = refusal(tree, strict=mode == "Strict")
    if text is not None:
        raise BadRequest(text)
    return _unknown_fields(tree) if mode == "Warn" else []


def patch_warnings(tree: Tree, request: Request) -> list[str]:
    """The same for an object that a patch has made; here what does not fit is `Invalid`."""
    mode = _field_validation(request)
    text = refusal(tree, strict=mode == "Strict")
    if text is None:
        return _unknown_fields(tree) if mode == "Warn" else []
    is_strategic = request.content_type == STRATEGIC_MERGE_PATCH
    value = go_text(msgspec.json.decode(request.body)) if is_strategic else msgspec.json.encode(tree).decode()
    reason = text.partition(f" cannot be handled as a {tree['kind']}: ")[2]
    message = f"Invalid value: {go_quoted(value)}: {reason}"
    causes = [{"reason": "FieldValueInvalid", "message": message, "field": "patch"}]
    raise Invalid(f' "" is invalid: patch: {message}', {"causes": causes})


def _field_validation(request: Request) -> str:
    mode = request.parameter("fieldValidation") or "Warn"
    if mode not in ("Ignore", "Warn", "Strict"):
        raise BadRequest(f'fieldValidation: Unsupported value: "{mode}": supported values: "", "Ignore", "Warn", "Strict"')
    return mode


def _unknown_fields(tree: Tree) -> list[str]:
    return [finding.message for finding in check_structure(tree) if finding.unknown]
