"""Field selectors (`kubectl get --field-selector status.phase=Running`): what may be asked of each kind, and what matches.

Errors are worded as the API server words them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from simulator.model.quoting import go_quoted
from simulator.model.selectors import SelectorError

_OPERATORS = ("!=", "==", "=")
_METADATA = ("metadata.name", "metadata.namespace")


class FieldTerm(NamedTuple):
    """One condition: the field equals the value, or (`equal` False) differs from it."""

    field: str
    equal: bool
    value: str


class FieldSelector(NamedTuple):
    """Conditions that must all hold for an object of `kind`; none at all match everything."""

    kind: str
    terms: tuple[FieldTerm, ...]

    def matches(self, obj: Any) -> bool:
        """Whether an API struct of this kind is selected."""
        if not self.terms:
            return True
        fields = selectable_fields(self.kind, obj)
        return all((fields.get(term.field, "") == term.value) == term.equal for term in self.terms)


def parse_field_selector(text: str, kind: str) -> FieldSelector:
    """A field selector for objects of a kind (`Pod`); raises SelectorError, also for a field the kind does not offer."""
    terms = []
    for part in sorted(_split_terms(text), key=str.encode):
        if part:
            terms.append(_parse_term(part, text))
    return FieldSelector(kind, tuple(term._replace(field=_supported(term.field, kind)) for term in terms))


def selectable_fields(kind: str, obj: Any) -> dict[str, str]:
    """The fields of an API struct that a selector may ask for, as text."""
    metadata = obj.metadata
    fields = {"metadata.name": metadata.name or "", "metadata.namespace": metadata.namespace or ""}
    if kind in _FIELDS:
        fields |= _FIELDS[kind](obj)
    return fields


def _pod_fields(pod: Any) -> dict[str, str]:
    spec, status = pod.spec, pod.status
    addresses = (status and status.podIPs) or ()
    return {
        "spec.nodeName": (spec and spec.nodeName) or "",
        "spec.restartPolicy": (spec and spec.restartPolicy) or "",
        "spec.schedulerName": (spec and spec.schedulerName) or "",
        "spec.serviceAccountName": (spec and spec.serviceAccountName) or "",
        "spec.hostNetwork": "true" if spec and spec.hostNetwork else "false",
        "status.phase": (status and status.phase) or "",
        "status.podIP": (addresses[0].ip if addresses else status and status.podIP) or "",
        "status.nominatedNodeName": (status and status.nominatedNodeName) or "",
    }


def _job_fields(job: Any) -> dict[str, str]:
    return {"status.successful": str((job.status and job.status.succeeded) or 0)}


def _event_fields(event: Any) -> dict[str, str]:
    about, source = event.involvedObject, event.source
    fields = {f"involvedObject.{name}": getattr(about, name) or "" for name in _REFERENCE}
    return fields | {
        "reason": event.reason or "",
        "type": event.type or "",
        "source": (source and source.component) or event.reportingComponent or "",
        "reportingComponent": event.reportingComponent or "",
    }


def _namespace_fields(namespace: Any) -> dict[str, str]:
    return {"name": namespace.metadata.name or "", "status.phase": (namespace.status and namespace.status.phase) or ""}


def _secret_fields(secret: Any) -> dict[str, str]:
    return {"type": secret.type or ""}


_REFERENCE = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")
_FIELDS: Mapping[str, Callable[[Any], dict[str, str]]] = {
    "Pod": _pod_fields,
    "Job": _job_fields,
    "Event": _event_fields,
    "Namespace": _namespace_fields,
    "Secret": _secret_fields,
}
# What a kind offers beside its metadata; `status.podIPs` and `spec.host` are taken from older clients.
_OFFERED: Mapping[str, tuple[str, ...]] = {
    "Pod": (
        "spec.nodeName",
        "spec.host",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.podIPs",
        "status.nominatedNodeName",
    ),
    "Job": ("status.successful",),
    "Event": (*(f"involvedObject.{name}" for name in _REFERENCE), "reason", "reportingComponent", "source", "type"),
    "Namespace": ("status.phase",),
    "Secret": ("type",),
}


def _supported(field: str, kind: str) -> str:
    offered = _OFFERED.get(kind)
    if field in _METADATA or (offered and field in offered):
        return "spec.nodeName" if field == "spec.host" else field
    if offered is None:
        known = ", ".join(go_quoted(name) for name in _METADATA)
        raise SelectorError(f"{go_quoted(field)} is not a known field selector: only {known}")
    if kind == "Job":
        raise SelectorError(f"field label {go_quoted(field)} not supported for Job")
    raise SelectorError(f"field label not supported: {field}")


def _split_terms(text: str) -> list[str]:
    terms, start, escaped = [], 0, False
    for i, char in enumerate(text):
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == ",":
            terms.append(text[start:i])
            start = i + 1
    return [*terms, text[start:]]


def _parse_term(part: str, text: str) -> FieldTerm:
    for i in range(len(part)):
        for operator in _OPERATORS:
            if part.startswith(operator, i):
                return FieldTerm(part[:i], operator != "!=", _unescape(part[i + len(operator) :]))
    raise SelectorError(f"invalid selector: '{text}'; can't understand '{part}'")


def _unescape(value: str) -> str:
    plain, escaped = "", False
    for char in value:
        if escaped:
            if char not in "\\,=":
                raise SelectorError(f"invalid field selector: invalid escape sequence: \\{char}")
            plain, escaped = plain + char, False
        elif char == "\\":
            escaped = True
        elif char in ",=":
            raise SelectorError(f"invalid field selector: unescaped character in value: {ord(char)}")
        else:
            plain += char
    if escaped:
        raise SelectorError("invalid field selector: invalid escape sequence: \\")
    return plain
