"""The Kubernetes API as a function from request to response, independent of connections and threads.

`handle` never raises: whatever goes wrong becomes a `Status`. What it needs of the store it does through `call`, which
runs a function on the control plane's thread and commits. What only some requests need is imported when they come:
`kjsim get` and its like host an API for one answer.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from typing import Any

from simulator.api.exchange import Request, Response, json_response
from simulator.api.resources import Resources
from simulator.api.routes import Route, parse_path
from simulator.control_plane import ControlPlane
from simulator.errors import ApiError, InternalError, KjsimError, MethodNotAllowed, NotFound, ServiceUnavailable
from simulator.model.kinds import CRON_JOB, JOB, POD
from simulator.model.metadata import Key
from simulator.pods.executor import ContainerKey, Executor

_STATUS_PATH = "/apis/kjsim.dev/v1/status"
_SHUTDOWN_PATH = "/apis/kjsim.dev/v1/shutdown"
_HEALTH = ("/healthz", "/readyz", "/livez")
_TEXT = [("Content-Type", "text/plain")]


class Api:
    """The API of one control plane.

    `call` runs a function on the control plane's thread, commits, and returns its result or raises its error. `shutdown` is
    called when a client asks for the end (None: it may not). `on_bug` is told of errors that should not happen.
    """

    def __init__(
        self,
        control_plane: ControlPlane,
        call: Callable[[Callable[[], Any]], Any],
        now: Callable[[], datetime],
        executor: Executor,
        *,
        home: str = "",
        shutdown: Callable[[], None] | None = None,
        on_bug: Callable[[Exception], None] = lambda error: None,
    ) -> None:
        self._control_plane = control_plane
        self._objects = control_plane.objects
        self._call = call
        self._now = now
        self._executor = executor
        self._home = home
        self._shutdown = shutdown
        self._on_bug = on_bug
        self._resources = Resources(control_plane.objects, control_plane.registry, call, now)

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        try:
            return self._answer(request)
        except ApiError as error:
            return _status(error)
        except KjsimError as error:
            return _status(InternalError(f"Internal error occurred: {error}"))
        except Exception as error:
            self._on_bug(error)
            return _status(InternalError(f"Internal error occurred: {error!r}"))

    def _answer(self, request: Request) -> Response:
        path = request.path.rstrip("/") or "/"
        if path in (_SHUTDOWN_PATH, _STATUS_PATH):
            return self._instance(path, request)
        if request.method in ("GET", "HEAD"):
            answer = self._about_the_server(path, request)
            if answer is not None:
                return answer
        route = parse_path(path)
        if route.subresource == "decisions" and route.kind in (JOB, CRON_JOB, POD):
            return self._decisions(route, request)
        if route.subresource == "log" and route.kind is POD:
            return self._log(route, request)
        return self._resources.answer(route, request)

    def _about_the_server(self, path: str, request: Request) -> Response | None:
        if path in _HEALTH:
            if path == "/readyz":
                self._call(lambda: None)
            return Response(200, _TEXT, b"ok")
        first, *rest = path.strip("/").split("/")
        if first == "openapi":
            from simulator.api.openapi import describe

            return describe(path)
        if len(rest) <= {"version": 0, "api": 1, "apis": 2}.get(first, -1):
            from simulator.api.discovery import discover

            return discover(path, request)
        return None

    def _instance(self, path: str, request: Request) -> Response:
        if request.method != ("POST" if path == _SHUTDOWN_PATH else "GET"):
            raise MethodNotAllowed("the server does not allow this method on the requested resource")
        if path == _STATUS_PATH:
            from simulator.api.instance import instance_status

            plane, node, home = self._control_plane, self._executor.node, self._home
            status = self._call(lambda: instance_status(plane, node, home, os.getpid(), self._now()))
            return json_response(status)
        if self._shutdown is None:
            raise MethodNotAllowed("this control plane lives as long as the command that hosts it: end that command")
        self._shutdown()
        return json_response({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"})

    def _decisions(self, route: Route, request: Request) -> Response:
        from simulator.api.instance import decision_list

        _only_get(request)
        key = Key(route.kind.kind, route.namespace, route.name)

        def decisions() -> Any:
            found = decision_list(self._objects, key)
            if not found["items"]:
                self._control_plane.registry.get(key)  # A name that nobody ever had is an error.
            return found

        return json_response(self._call(decisions))

    def _log(self, route: Route, request: Request) -> Response:
        from simulator.api.pod_logs import LogStream, container_name, log_container_id, log_options

        _only_get(request)
        options = log_options(request, self._now())
        key = Key(route.kind.kind, route.namespace, route.name)
        pod, record, engine = self._call(lambda: self._pod_on_node(key))
        name = container_name(pod, request.parameter("container"))
        if not pod.spec.nodeName:
            return Response(200, _TEXT, b"")
        container_id = log_container_id(pod.status, route.name, name, request.flag("previous"))
        engine_id = container_id.rpartition("://")[2]
        containers = record.observed.all_of(name) if record is not None else ()
        found = next((one for one in containers if one.container_id.rpartition("://")[2] == engine_id), None)
        if found is None and not engine.reachable:
            raise ServiceUnavailable(f"the log can't be read: {engine.error}")
        if found is not None:
            try:
                chunks = self._executor.logs(ContainerKey(pod.metadata.uid, name, found.attempt), options)
                return Response(200, _TEXT, LogStream(chunks))
            except NotFound:
                pass
        return Response(200, _TEXT, f"unable to retrieve container logs for {container_id}".encode())

    def _pod_on_node(self, key: Key) -> tuple[Any, Any, Any]:
        pod, node = self._control_plane.registry.get(key), self._control_plane.node
        return pod, node.record(pod.metadata.uid), node.engine


def _only_get(request: Request) -> None:
    if request.method != "GET":
        raise MethodNotAllowed("the server does not allow this method on the requested resource")


def _status(error: ApiError) -> Response:
    status = error.to_status()
    if "details" in status:
        status["details"] = {name: value for name, value in status["details"].items() if value != ""}
    return json_response(status, error.code)
