"""A small Kubernetes client: what commands ask of the API, over any transport. Objects are plain dicts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any, NamedTuple, Self

import msgspec

from simulator.api.routes import path_of
from simulator.cli.transports import Answer, Chunks, InProcess, Transport, UnixSocket, header_values
from simulator.errors import ApiError, InternalError, KjsimError, ServiceUnavailable
from simulator.model.kinds import Kind

__all__ = ["Client", "InProcess", "Logs", "UnixSocket", "Watch", "WatchEvent"]

Tree = dict[str, Any]

_JSON = "application/json"
_TABLE = f"{_JSON};as=Table;v=v1;g=meta.k8s.io,{_JSON}"
_STRATEGIC_MERGE_PATCH = "application/strategic-merge-patch+json"


class WatchEvent(NamedTuple):
    """One event of a watch: `ADDED`, `MODIFIED`, `DELETED` or `BOOKMARK`, and the object (or its table)."""

    type: str
    object: Tree


class _Closable:
    """A body that is read bit by bit."""

    def __init__(self, chunks: Chunks) -> None:
        self._chunks = chunks

    def close(self) -> None:
        """Have no more of it; a thread that waits for the next bit gets the end."""
        self._chunks.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, type_: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _next_chunk(self) -> bytes:
        try:
            return next(self._chunks)
        except OSError as error:
            raise _unreachable(error) from error


class Watch(_Closable):
    """The events of a watch, as they come. An error event is raised as the `ApiError` that it tells."""

    def __init__(self, chunks: Chunks) -> None:
        super().__init__(chunks)
        self._rest = b""
        self._lines: list[bytes] = []

    def __iter__(self) -> Iterator[WatchEvent]:
        return self

    def __next__(self) -> WatchEvent:
        while not self._lines:
            *lines, self._rest = (self._rest + self._next_chunk()).split(b"\n")
            self._lines = [line for line in lines if line]
        event = msgspec.json.decode(self._lines.pop(0))
        if event["type"] == "ERROR":
            self.close()
            raise _error(event["object"], int(event["object"].get("code") or 500))
        return WatchEvent(event["type"], event["object"])


class Logs(_Closable):
    """The bytes of a log, as they come."""

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return self._next_chunk()


class Client:
    """Asks the API. Every method raises the `ApiError` that the API answers with, `ServiceUnavailable` if it is not reached.

    `namespace` None means all namespaces in `list`, `watch` and `delete_collection`, and for cluster-scoped kinds; elsewhere
    it means `default`. `on_warning` is called with the text of each warning of the server.
    """

    def __init__(self, transport: Transport, on_warning: Callable[[str], None] | None = None) -> None:
        self._transport = transport
        self._on_warning = on_warning

    # --- reading ---

    def get(self, kind: Kind, name: str, namespace: str | None = None) -> Tree:
        """One object."""
        return self._json("GET", _object_path(kind, name, namespace))

    def get_table(self, kind: Kind, name: str, namespace: str | None = None, *, include: str = "Metadata") -> Tree:
        """One object as a `Table`; `include` is `Metadata`, `Object` or `None`."""
        path = _object_path(kind, name, namespace)
        return self._json("GET", path, {"includeObject": include}, accept=_TABLE)

    def list(
        self, kind: Kind, namespace: str | None = None, *, label_selector: str | None = "", field_selector: str | None = ""
    ) -> Tree:
        """The list object of a collection; its items carry no kind."""
        return self._json("GET", _collection_path(kind, namespace), _selectors(label_selector, field_selector))

    def list_table(
        self,
        kind: Kind,
        namespace: str | None = None,
        *,
        label_selector: str | None = "",
        field_selector: str | None = "",
        include: str = "Metadata",
    ) -> Tree:
        """A collection as a `Table`; `include` is what comes with each row: `Metadata`, `Object` or `None`."""
        query = {"includeObject": include, **_selectors(label_selector, field_selector)}
        return self._json("GET", _collection_path(kind, namespace), query, accept=_TABLE)

    def watch(
        self,
        kind: Kind,
        namespace: str | None = None,
        *,
        name: str = "",
        resource_version: str = "",
        label_selector: str | None = "",
        field_selector: str | None = "",
        table: bool = False,
        include: str = "Metadata",
        timeout_seconds: int | None = None,
    ) -> Watch:
        """The changes of a collection (or of one object of it) after a version; without one, first what exists."""
        terms = [term for term in (field_selector, f"metadata.name={name}" if name else "") if term]
        query = {"watch": "true", **_selectors(label_selector, ",".join(terms))}
        if resource_version:
            query["resourceVersion"] = resource_version
        if timeout_seconds:
            query["timeoutSeconds"] = str(timeout_seconds)
        if table:
            query["includeObject"] = include
        answer = self._send("GET", _collection_path(kind, namespace), query, accept=_TABLE if table else _JSON)
        return Watch(_chunks(answer))

    def logs(
        self,
        pod: str,
        namespace: str | None = None,
        *,
        container: str = "",
        follow: bool = False,
        previous: bool = False,
        timestamps: bool = False,
        tail_lines: int | None = None,
        since_seconds: int | None = None,
        since_time: str = "",
        limit_bytes: int | None = None,
    ) -> Logs:
        """The log of a container of a pod (of the only one, if none is named)."""
        from simulator.model.kinds import POD

        options = {
            "container": container,
            "follow": "true" if follow else "",
            "previous": "true" if previous else "",
            "timestamps": "true" if timestamps else "",
            "tailLines": "" if tail_lines is None else str(tail_lines),
            "sinceSeconds": "" if since_seconds is None else str(since_seconds),
            "sinceTime": since_time,
            "limitBytes": "" if limit_bytes is None else str(limit_bytes),
        }
        query = {key: value for key, value in options.items() if value}
        path = _object_path(POD, pod, namespace, "log")
        return Logs(_chunks(self._send("GET", path, query, accept="*/*")))

    def decisions(self, kind: Kind, name: str, namespace: str | None = None) -> Any:
        """The decisions about an object and what it controls, oldest first: dicts with `time`, `object` and `text`."""
        return self._json("GET", _object_path(kind, name, namespace, "decisions"))["items"]

    # --- writing ---

    def create(
        self, kind: Kind, obj: Tree, namespace: str | None = None, *, dry_run: bool = False, field_validation: str = "Strict"
    ) -> Tree:
        """Create an object; in the namespace that it names if none is given."""
        space = (namespace or (obj.get("metadata") or {}).get("namespace") or "default") if kind.namespaced else ""
        query = _writing(dry_run, field_validation)
        return self._json("POST", _collection_path(kind, space), query, body=msgspec.json.encode(obj))

    def replace(
        self, kind: Kind, obj: Tree, *, subresource: str = "", dry_run: bool = False, field_validation: str = "Strict"
    ) -> Tree:
        """Put a new state in place of an object; its resourceVersion, if it has one, must be the current one."""
        metadata = obj["metadata"]
        path = _object_path(kind, metadata["name"], metadata.get("namespace"), subresource)
        return self._json("PUT", path, _writing(dry_run, field_validation), body=msgspec.json.encode(obj))

    def patch(
        self,
        kind: Kind,
        name: str,
        namespace: str | None,
        patch: Any,
        content_type: str = _STRATEGIC_MERGE_PATCH,
        *,
        subresource: str = "",
        dry_run: bool = False,
        field_validation: str = "Strict",
    ) -> Tree:
        """Change an object."""
        path, query = _object_path(kind, name, namespace, subresource), _writing(dry_run, field_validation)
        return self._json("PATCH", path, query, body=msgspec.json.encode(patch), content_type=content_type)

    def delete(
        self, kind: Kind, name: str, namespace: str | None = None, options: Tree | None = None, *, dry_run: bool = False
    ) -> Tree:
        """Delete an object; `options` are fields of DeleteOptions. Returns a `Status`, or the object that still waits."""
        body = msgspec.json.encode({"kind": "DeleteOptions", "apiVersion": "v1", **(options or {})})
        return self._json("DELETE", _object_path(kind, name, namespace), _writing(dry_run), body=body)

    def delete_collection(
        self,
        kind: Kind,
        namespace: str | None = None,
        options: Tree | None = None,
        *,
        label_selector: str | None = "",
        field_selector: str | None = "",
        dry_run: bool = False,
    ) -> Tree:
        """Delete the objects that the selectors choose; returns their list."""
        body = msgspec.json.encode({"kind": "DeleteOptions", "apiVersion": "v1", **(options or {})})
        query = {**_selectors(label_selector, field_selector), **_writing(dry_run)}
        return self._json("DELETE", _collection_path(kind, namespace), query, body=body)

    # --- the instance ---

    def ping(self) -> None:
        """Ask whether the control plane answers; raises `OSError` if it can't be reached."""
        self._transport.request("GET", "/livez", {}, {}, b"")

    def version(self) -> Tree:
        """The version document of the server."""
        return self._json("GET", "/version")

    def status(self) -> Tree:
        """The state of this kjsim: process, home, engine, unfinished objects, next instant."""
        return self._json("GET", "/apis/kjsim.dev/v1/status")

    def shutdown(self) -> None:
        """Ask the control plane to end."""
        self._json("POST", "/apis/kjsim.dev/v1/shutdown")

    # --- how ---

    def _json(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        body: bytes = b"",
        content_type: str = _JSON,
        accept: str = _JSON,
    ) -> Tree:
        answer = self._send(method, path, query or {}, body=body, content_type=content_type, accept=accept)
        tree: Tree = msgspec.json.decode(_whole(answer))
        return tree

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        *,
        body: bytes = b"",
        content_type: str = _JSON,
        accept: str = _JSON,
    ) -> Answer:
        "".join((path, *query.values())).encode()  # Bytes of the command line that are no text are no API's business.
        headers = {"accept": accept}
        if body:
            headers["content-type"] = content_type
        try:
            answer = self._transport.request(method, path, query, headers, body)
        except OSError as error:
            raise _unreachable(error) from error
        if self._on_warning is not None:
            for value in header_values(answer, "warning"):
                self._on_warning(_warning_text(value))
        if answer.status >= 400:
            raise _error_of(answer)
        return answer


def _object_path(kind: Kind, name: str, namespace: str | None, subresource: str = "") -> str:
    """The path of an object; never that of all objects: raises `KjsimError` for an empty name, and one with a slash."""
    if not name:
        raise KjsimError("resource name may not be empty")
    return path_of(kind, _segment("namespace", namespace or "default"), _segment("resource name", name), subresource)


def _collection_path(kind: Kind, namespace: str | None) -> str:
    return path_of(kind, _segment("namespace", namespace or ""))


def _segment(what: str, text: str) -> str:
    if "/" in text:
        raise KjsimError(f"invalid {what} \"{text}\": [may not contain '/']")
    return text


def _selectors(labels: str | None, fields: str | None) -> dict[str, str]:
    query = {"labelSelector": labels or "", "fieldSelector": fields or ""}
    return {name: value for name, value in query.items() if value}


def _writing(dry_run: bool, field_validation: str = "") -> dict[str, str]:
    query = {"fieldValidation": field_validation} if field_validation else {}
    return {**query, "dryRun": "All"} if dry_run else query


def _warning_text(value: str) -> str:
    """The text of a `Warning` header (`299 - "text"`)."""
    quoted = value.partition(" - ")[2].strip()
    return re.sub(r"\\(.)", r"\1", quoted[1:-1]) if quoted.startswith('"') else quoted


def _chunks(answer: Answer) -> Chunks:
    return _Once(answer.body) if isinstance(answer.body, bytes) else answer.body


def _whole(answer: Answer) -> bytes:
    return answer.body if isinstance(answer.body, bytes) else b"".join(answer.body)


class _Once:
    """A body that came whole, as the only chunk."""

    def __init__(self, body: bytes) -> None:
        self._rest = [body] if body else []

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if not self._rest:
            raise StopIteration
        return self._rest.pop()

    def close(self) -> None:
        self._rest = []


def _error_of(answer: Answer) -> ApiError:
    body = _whole(answer)
    try:
        status = msgspec.json.decode(body)
    except msgspec.DecodeError:
        status = {}
    if not isinstance(status, dict) or status.get("kind") != "Status":
        status = {"message": body.decode("utf-8", "replace").strip() or f"the server answers with HTTP {answer.status}"}
    return _error(status, answer.status)


def _error(status: Tree, code: int) -> ApiError:
    """The error that a Status names, by its reason, else by its code."""
    kinds = ApiError.__subclasses__()
    by_reason = (kind for kind in kinds if kind.reason == status.get("reason"))
    by_code = (kind for kind in kinds if kind.code == code)
    kind = next(by_reason, None) or next(by_code, InternalError)
    return kind(status.get("message") or "", status.get("details") or {})


def _unreachable(error: OSError) -> ServiceUnavailable:
    return ServiceUnavailable(f"the control plane can't be reached: {error.strerror or error}")
