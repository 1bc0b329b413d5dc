"""The verbs on the served kinds: get, list, watch, create, update, patch, delete and deletecollection.

Every look at the store and every write happens inside `call`, on the control plane's thread; decoding and encoding
happen on the connection's.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from simulator.api.exchange import JSON, Request, Response, json_response
from simulator.api.forms import Form, form_of
from simulator.api.routes import Route, not_served
from simulator.api.wire import object_tree
from simulator.errors import BadRequest, Invalid, MethodNotAllowed
from simulator.model.field_selectors import parse_field_selector
from simulator.model.kinds import JOB, POD
from simulator.model.kubernetes import from_builtins
from simulator.model.metadata import Key
from simulator.model.selectors import SelectorError, parse_label_selector
from simulator.store.objects import Objects
from simulator.store.registry import Registry

Tree = dict[str, Any]

_ORPHANS_WARNING = (
    "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set "
    "propagationPolicy=Orphan to suppress this warning"
)
_POLICIES = ("Foreground", "Background", "Orphan")


class Resources:
    """Answers requests about objects."""

    def __init__(self, objects: Objects, registry: Registry, call: Callable[..., Any], now: Callable[[], datetime]) -> None:
        self._objects = objects
        self._registry = registry
        self._call = call
        self._now = now

    def answer(self, route: Route, request: Request) -> Response:
        """Answer a request about a collection, an object, or its status."""
        if route.subresource not in ("", *route.kind.subresources):
            raise not_served()
        verbs: dict[tuple[bool, str], Callable[[Route, Request], Response]] = {
            (True, "GET"): self.get,
            (True, "PUT"): self.update,
            (True, "PATCH"): self.patch,
            (True, "DELETE"): self.delete,
            (False, "GET"): self.watch if request.flag("watch") else self.list,
            (False, "POST"): self.create,
            (False, "DELETE"): self.delete_collection,
        }
        verb = verbs.get((bool(route.name), request.method))
        needs_namespace = request.method == "POST" and route.kind.namespaced and not route.namespace
        if verb is None or needs_namespace or (route.subresource and request.method == "DELETE"):
            raise MethodNotAllowed("the server does not allow this method on the requested resource")
        return verb(route, request)

    # --- reading ---

    def get(self, route: Route, request: Request) -> Response:
        """One object."""
        form = form_of(request)
        obj = self._call(lambda: self._registry.get(_key(route)))
        return self._single(obj, route, form)

    def list(self, route: Route, request: Request) -> Response:
        """The objects of a collection that the selectors choose. All of them: `limit` is an upper bound nobody needs."""
        form, matches = form_of(request), _selection(route, request)
        found, version = self._call(lambda: (self._listed(route, matches), self._objects.resource_version))
        return json_response(form.many(found, route.kind, version, self._now()))

    def _listed(self, route: Route, matches: Callable[[Any], bool]) -> Any:
        return [obj for obj in self._objects.list(route.kind.kind, route.namespace or None) if matches(obj)]

    def watch(self, route: Route, request: Request) -> Response:
        """The changes of a collection, as they happen."""
        from simulator.api.watch import WatchOptions, WatchStream

        version = request.parameter("resourceVersion") or "0"
        if not version.isdecimal():
            raise BadRequest(f'Invalid value: "{version}": strconv.ParseUint: parsing "{version}": invalid syntax')
        timeout = request.number("timeoutSeconds")
        options = WatchOptions(
            kind=route.kind,
            namespace=route.namespace or None,
            matches=_selection(route, request),
            form=form_of(request),
            resource_version=int(version),
            timeout_seconds=timeout or None,
            bookmarks=request.flag("allowWatchBookmarks"),
            initial_events=request.flag("sendInitialEvents") if "sendInitialEvents" in request.query else None,
        )
        stream = self._call(lambda: WatchStream(self._objects, options, self._now, self._call))
        return Response(200, [("Content-Type", JSON)], stream)

    # --- writing ---

    def create(self, route: Route, request: Request) -> Response:
        """A new object."""
        from simulator.api.bodies import field_warnings, object_of

        form, dry_run = form_of(request), _dry_run(request.query.get("dryRun", []))
        tree = object_of(request, route.kind)
        warnings = field_warnings(tree, request)
        self._check_namespace(tree, route)
        obj, more = self._call(lambda: self._registry.create(tree, route.kind, self._now(), dry_run=dry_run))
        return self._single(obj, route, form, warnings + more, status=201)

    def update(self, route: Route, request: Request) -> Response:
        """A new state of an object; at `/status` only of its status."""
        from simulator.api.bodies import field_warnings, object_of

        form, dry_run = form_of(request), _dry_run(request.query.get("dryRun", []))
        tree = object_of(request, route.kind)
        warnings = field_warnings(tree, request)
        self._check_name(tree, route)
        obj, more = self._call(lambda: self._replace(route, tree, dry_run))
        return self._single(obj, route, form, warnings + more)

    def patch(self, route: Route, request: Request) -> Response:
        """A change to an object, made and judged in one step."""
        from simulator.api.bodies import patch_warnings
        from simulator.api.patches import apply_patch

        form, dry_run = form_of(request), _dry_run(request.query.get("dryRun", []))

        def change() -> tuple[Any, Any, Any]:
            current = object_tree(self._registry.get(_key(route)))
            tree = apply_patch(current, request.content_type, request.body, route.kind)
            tree = {**tree, "apiVersion": current["apiVersion"], "kind": current["kind"]}
            if tree.get("metadata") is None:
                tree["metadata"] = {}
            warnings = patch_warnings(tree, request)
            self._check_name(tree, route)
            return (*self._replace(route, tree, dry_run), warnings)

        obj, more, warnings = self._call(change)
        return self._single(obj, route, form, warnings + more)

    def _replace(self, route: Route, tree: Tree, dry_run: bool) -> tuple[Any, Any]:
        key = _key(route)
        if route.subresource == "status":
            from simulator.parser import decode

            current = object_tree(self._registry.get(key))
            status = from_builtins(decode({**current, "status": tree.get("status")}), route.kind.type).status
            version = tree["metadata"].get("resourceVersion")
            return self._registry.update_status(key, status, resource_version=version, dry_run=dry_run), []
        return self._registry.update(key, tree, self._now(), dry_run=dry_run)

    def _check_namespace(self, tree: Tree, route: Route) -> None:
        if not route.kind.namespaced:
            return
        namespace = tree["metadata"].get("namespace") or route.namespace
        if namespace != route.namespace:
            raise BadRequest("the namespace of the provided object does not match the namespace sent on the request")
        tree["metadata"]["namespace"] = namespace

    def _check_name(self, tree: Tree, route: Route) -> None:
        self._check_namespace(tree, route)
        name = tree["metadata"].get("name")
        if not name:
            raise BadRequest("name must be provided")
        if name != route.name:
            raise BadRequest(f"the name of the object ({name}) does not match the name on the URL ({route.name})")

    # --- deleting ---

    def delete(self, route: Route, request: Request) -> Response:
        """Delete one object: what is left of it if it has to wait for something, else that it is done."""
        form, options = form_of(request), _delete_options(request)
        key = _key(route)
        warnings = _deletion_warnings(route, options)

        def delete() -> tuple[Any, bool]:
            return self._delete(key, options), self._objects.get(key) is None

        obj, is_gone = self._call(delete)
        if is_gone and route.kind is not POD:
            details = {
                "name": route.name,
                "group": route.kind.group,
                "kind": route.kind.plural,
                "uid": obj.metadata.uid,
            }
            details = {name: value for name, value in details.items() if value}
            status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}
            return json_response(status, warnings=warnings)
        return self._single(obj, route, form, warnings)

    def delete_collection(self, route: Route, request: Request) -> Response:
        """Delete every object that the selectors choose; answers with their list."""
        form, options, matches = form_of(request), _delete_options(request), _selection(route, request)

        def delete() -> tuple[Any, int]:
            found = self._listed(route, matches)
            for obj in found:
                key = Key(route.kind.kind, obj.metadata.namespace or "", obj.metadata.name)
                if self._objects.get(key) is not None:  # An earlier deletion may have taken it along.
                    self._delete(key, options)
            return found, self._objects.resource_version

        found, version = self._call(delete)
        return json_response(form.many(found, route.kind, version, self._now()), warnings=_deletion_warnings(route, options))

    def _delete(self, key: Key, options: Tree) -> Any:
        return self._registry.delete(key, self._now(), **options)

    def _single(self, obj: Any, route: Route, form: Form, warnings: Any = None, status: int = 200) -> Response:
        return json_response(form.single(obj, route.kind, self._now()), status, warnings)


def _deletion_warnings(route: Route, options: Tree) -> list[str]:
    return [_ORPHANS_WARNING] if route.kind is JOB and options["propagation"] is None else []


def _key(route: Route) -> Key:
    return Key(route.kind.kind, route.namespace, route.name)


def _selection(route: Route, request: Request) -> Callable[[Any], bool]:
    """What `labelSelector` and `fieldSelector` choose; raises `BadRequest`."""
    try:
        labels = parse_label_selector(request.parameter("labelSelector"))
        fields = parse_field_selector(request.parameter("fieldSelector"), route.kind.kind)
    except SelectorError as error:
        raise BadRequest(str(error)) from error
    return lambda obj: labels.matches(obj.metadata.labels or {}) and fields.matches(obj)


def _dry_run(values: Any) -> bool:
    for value in values or ():
        if value != "All":
            raise BadRequest(f'dryRun: Unsupported value: "{value}": supported values: "All"')
    return bool(values)


def _delete_options(request: Request) -> Tree:
    """The keyword arguments of `Registry.delete` that the body (DeleteOptions) and the query ask for."""
    body: Any = {}
    if request.body.strip():
        try:
            body = msgspec.json.decode(request.body)
        except msgspec.DecodeError as error:
            raise BadRequest(f"the object provided is unrecognized (must be of type DeleteOptions): {error}") from error
        if not isinstance(body, dict):
            raise BadRequest("the object provided is unrecognized (must be of type DeleteOptions)")
    policy = request.parameter("propagationPolicy") or body.get("propagationPolicy")
    orphan = request.flag("orphanDependents") if "orphanDependents" in request.query else body.get("orphanDependents")
    if policy is not None and orphan is not None:
        raise _invalid_options("propagationPolicy", "orphanDependents and deletionPropagation cannot be both set")
    if policy is not None and policy not in _POLICIES:
        supported = ", ".join(f'"{name}"' for name in (*_POLICIES, "nil"))
        raise _invalid_options("propagationPolicy", f'Unsupported value: "{policy}": supported values: {supported}')
    if orphan is not None:
        policy = "Orphan" if orphan else "Background"
    grace = request.number("gracePeriodSeconds")
    grace = body.get("gracePeriodSeconds") if grace is None else grace
    if grace is not None and not isinstance(grace, int):
        raise BadRequest("the object provided is unrecognized (must be of type DeleteOptions): gracePeriodSeconds")
    preconditions = body.get("preconditions") or {}
    return {
        "propagation": policy,
        "grace_seconds": grace,
        "uid": preconditions.get("uid"),
        "resource_version": preconditions.get("resourceVersion"),
        "dry_run": _dry_run(request.query.get("dryRun") or body.get("dryRun")),
    }


def _invalid_options(field: str, message: str) -> Invalid:
    causes = [{"reason": "FieldValueInvalid", "message": message, "field": field}]
    details = {"group": "meta.k8s.io", "kind": "DeleteOptions", "causes": causes}
    return Invalid(f'DeleteOptions.meta.k8s.io "" is invalid: {field}: {message}', details)
