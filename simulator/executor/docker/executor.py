"""The Docker executor: takes commands, hands them to threads, gathers reports.

The way of a pod with one container: `submit` gives each command to a worker; the worker prepares (`sandboxes`), creates
and starts (`containers`); the watch's thread hears `die`, a worker inspects, and the report is there for `poll`. What the
engine can't take because it does not answer is kept and done when it is back.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from simulator.clock import Clock, RealClock
from simulator.errors import EngineUnavailable, KjsimError, NotFound, ServiceUnavailable
from simulator.executor.docker.body import INSTANCE, KIND, POD_UID
from simulator.executor.docker.containers import Containers
from simulator.executor.docker.ended import EndedContainers
from simulator.executor.docker.endpoint import find_endpoints
from simulator.executor.docker.engine import Engine, Facts, connect, engine_text, is_unreachable, knock, status_code
from simulator.executor.docker.exec import run_exec
from simulator.executor.docker.images import Images
from simulator.executor.docker.logs import open_log
from simulator.executor.docker.network import PodNetwork, PodNetworkMode
from simulator.executor.docker.reports import key_of
from simulator.executor.docker.room import Room
from simulator.executor.docker.sandbox import InfraImage
from simulator.executor.docker.sandboxes import Sandboxes
from simulator.executor.docker.volumes import VolumeError, VolumeMode, Volumes
from simulator.executor.docker.watch import LIST_SECONDS, Watch
from simulator.executor.docker.workers import Later, Task, Workers
from simulator.pods.executor import (
    Command,
    ContainerKey,
    CreateSandbox,
    EngineReport,
    Exec,
    ExecReport,
    ImageReport,
    InspectImage,
    LogOptions,
    Node,
    PodRemoved,
    PullImage,
    RemoveContainer,
    RemovePod,
    Report,
    SandboxReport,
    Snapshot,
    StartContainer,
    StartFailed,
    StopContainer,
    StopSandbox,
    command_pod_uid,
)

WORKERS = 32
PULLS = 8
RETRY_SECONDS = 1.0

_log = logging.getLogger(__name__)


class DockerExecutor:
    """Containers on a Docker Engine; all that it makes carries the label `kjsim.io/instance=<instance>`.

    `host` overrides how the engine is found (`unix:///...`, `tcp://...`). `pod_network`: semantics/pod-on-docker.md 1.6.
    `max_starts`: starts at the same time, 0: by the number of CPUs (D7). `start` returns at once and connects in a
    thread; `wait_until_connected` raises `EngineUnavailable` if no engine answers.
    """

    def __init__(
        self,
        instance: str,
        state_dir: Path,
        *,
        clock: Clock | None = None,
        host: str = "",
        pod_network: PodNetworkMode = "cluster",
        volume_mode: VolumeMode = "auto",
        max_starts: int = 0,
        infra_image: str = "",
    ) -> None:
        self._instance = instance
        self._state_dir = state_dir
        self._clock = clock or RealClock()
        self._host = host
        self._pod_network: PodNetworkMode = pod_network
        self._volume_mode: VolumeMode = volume_mode
        self._max_starts = max_starts
        self._infra_image = infra_image
        self._on_news: Callable[[], None] = lambda: None
        self._reports: list[Report] = []
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        self._room: Room | None = None
        self._sandboxes: Sandboxes
        self._containers: Containers
        self._watch = Watch(instance, self)
        self._workers = Workers(WORKERS, "kjsim-docker")
        self._pulls = Workers(PULLS, "kjsim-docker-pull")
        self._later = Later("kjsim-docker-later")
        self._is_reachable = False
        self._was_lost = False
        self._closed = threading.Event()
        self._settled = threading.Event()
        self._failure: EngineUnavailable | None = None
        self._deferred: list[Command] = []
        self._busy: dict[str, int] = {}
        self._removals: dict[str, RemovePod] = {}

    # --- the protocol -----------------------------------------------------------------------------------------------

    @property
    def node(self) -> Node:
        """What the node can hold; the defaults until the engine has answered."""
        return self._engine.node if self._engine is not None else Node()

    def start(self, on_news: Callable[[], None]) -> None:
        """Connect in a thread; a `Snapshot` follows, or an `EngineReport` that says why not (it goes on trying)."""
        self._on_news = on_news
        threading.Thread(target=self._run, name="kjsim-docker-watch", daemon=True).start()

    def wait_until_connected(self, timeout_seconds: float = 20.0) -> None:
        """Return once the engine has answered, the snapshot follows; raises `EngineUnavailable` with what was tried."""
        if not self._settled.wait(timeout_seconds):
            raise EngineUnavailable(f"the Docker Engine has not answered for {timeout_seconds:g} s")
        if self._failure is not None:
            raise self._failure

    def submit(self, commands: Sequence[Command]) -> None:
        """Take commands; never blocks."""
        for command in commands:
            with self._lock:
                if not self._is_reachable:
                    self._deferred.append(command)
                    continue
            self._dispatch(command)

    def poll(self) -> list[Report]:
        """The reports since the last call, oldest first."""
        with self._lock:
            reports, self._reports = self._reports, []
        return reports

    def next_time(self) -> datetime | None:
        """None: nobody knows what containers will do."""
        return None

    def logs(self, key: ContainerKey, options: LogOptions) -> Iterator[bytes]:
        """The log of a container as the kubelet serves it.

        The iterator has a method `close`, for any thread, that ends a following one. Raises `NotFound`, or
        `ServiceUnavailable` while no engine answers.
        """
        if self._engine is None or self._room is None or not self._settled.is_set():
            raise ServiceUnavailable("the Docker Engine does not answer")
        try:
            container = self._containers.container_id(key)
            tty = self._containers.has_terminal(key)
            log = open_log(self._engine, container, options, tty=tty) if container else None
        except Exception as error:
            if not is_unreachable(error):
                raise
            raise ServiceUnavailable("the Docker Engine does not answer") from None
        if log is None:
            raise NotFound(f'container "{key.name}" of pod {key.pod_uid} (attempt {key.attempt}) not found')
        return log

    def close(self) -> None:
        """Let go of the engine; containers go on."""
        self._closed.set()
        self._watch.close()
        self._later.close()
        self._workers.close()
        self._pulls.close()
        if self._room is not None:
            self._room.starts.close()
        if self._engine is not None:
            self._engine.close()

    def remove_all(self) -> None:
        """Remove everything of this instance from the engine: containers, volumes (claims too), the network.

        Blocks; raises the SDK's errors. For the end of a state directory, not for a session's end.
        """
        engine = self._engine
        if engine is None:
            raise EngineUnavailable("the Docker Engine does not answer")
        filters = {"label": [f"{INSTANCE}={self._instance}"]}
        for container in engine.api.containers(all=True, filters=filters):
            _unless_gone(lambda: engine.api.remove_container(container["Id"], v=True, force=True))  # noqa: B023
        for volume in engine.api.volumes(filters=filters).get("Volumes") or ():
            _unless_gone(lambda: engine.api.remove_volume(volume["Name"], force=True))  # noqa: B023
        for network in engine.api.networks(filters=filters):
            _unless_gone(lambda: engine.api.remove_network(network["Id"]))  # noqa: B023

    # --- commands ---------------------------------------------------------------------------------------------------

    def _dispatch(self, command: Command) -> None:
        uid = command_pod_uid(command)
        with self._lock:
            if isinstance(command, RemovePod):
                self._removals[uid] = command
                if self._busy.get(uid):
                    return  # the last one that is busy with the pod goes on with it
            elif isinstance(command, CreateSandbox | StartContainer):
                if uid in self._removals:
                    return  # overtaken: `PodRemoved` answers
                self._busy[uid] = self._busy.get(uid, 0) + 1
        # Pulls are slow: many at once must not keep stops and ends waiting.
        workers = self._pulls if isinstance(command, PullImage) else self._workers
        workers.run(self._guarded(command, lambda: self._carry_out(command)))

    def _carry_out(self, command: Command) -> None:
        room = self._room
        assert room is not None
        match command:
            case StartContainer():
                self._containers.start(command, lambda: self._no_longer_busy(command.key.pod_uid))
            case CreateSandbox():
                try:
                    self._sandboxes.create(command)
                finally:
                    self._no_longer_busy(command.pod.uid)
            case StopContainer(key=key, grace_seconds=grace):
                self._containers.stop(key, grace)
            case RemoveContainer(key=key):
                self._containers.remove(key)
            case StopSandbox():
                self._sandboxes.stop(command)
            case RemovePod(pod_uid=uid):
                self._remove_pod(room, uid)
            case InspectImage(pod_uid=uid, image=image):
                self._send([room.images.inspect(uid, image)])
            case PullImage(pod_uid=uid, image=image):
                self._send([room.images.pull(uid, image)])
            case Exec():
                container = self._containers.container_id(command.key)
                if not container:
                    self._fail(command, "the container does not exist")
                    return
                self._send([run_exec(room.engine, self._clock, container, command)])

    def _remove_pod(self, room: Room, uid: str) -> None:
        self._containers.remove_pod(uid)
        self._sandboxes.forget(uid)
        room.volumes.remove(uid)
        with self._lock:
            self._removals.pop(uid, None)
        self._send([PodRemoved(uid, self._clock.now())])

    def _no_longer_busy(self, uid: str) -> None:
        with self._lock:
            count = self._busy.get(uid, 1) - 1
            if count:
                self._busy[uid] = count
                return
            self._busy.pop(uid, None)
            removal = self._removals.get(uid)
        if removal is not None:
            self._workers.run(self._guarded(removal, lambda: self._carry_out(removal)))

    def _guarded(self, command: Command, function: Task) -> Task:
        """A task that never raises: what the engine could not take is kept for later, what failed is reported."""

        def task() -> None:
            try:
                function()
            except Exception as error:
                if self._closed.is_set():
                    return
                if is_unreachable(error):
                    with self._lock:
                        self._deferred.append(command)
                        again = self._is_reachable
                    if again:  # only this call failed; the watch has noticed nothing yet
                        self._later.after(RETRY_SECONDS, self._submit_deferred)
                    return
                self._failed(command, error)

        return task

    def _failed(self, command: Command, error: Exception) -> None:
        if not status_code(error) and not isinstance(error, VolumeError | LookupError | KjsimError):
            _log.error("%s failed", type(command).__name__, exc_info=error)
        if isinstance(command, RemovePod | RemoveContainer | StopSandbox | StopContainer):
            # Nobody else would do it: try until it is done.
            self._later.after(RETRY_SECONDS, lambda: self._dispatch(command))
            return
        self._fail(command, engine_text(error))

    def _fail(self, command: Command, text: str) -> None:
        now = self._clock.now()
        report: Report
        match command:
            case StartContainer(key=key):
                report = StartFailed(key, now, "create", text)
            case CreateSandbox(pod=pod, attempt=attempt):
                report = SandboxReport(pod.uid, attempt, now, ready=False, error=text)
            case Exec(key=key, token=token):
                report = ExecReport(key, token, now, error=text)
            case InspectImage(pod_uid=uid, image=image) | PullImage(pod_uid=uid, image=image):
                report = ImageReport(uid, image, now, error=text)
            case _:
                return
        self._send([report])

    def _submit_deferred(self) -> None:
        with self._lock:
            if not self._is_reachable:
                return
            deferred, self._deferred = self._deferred, []
        for command in deferred:
            self._dispatch(command)

    def _send(self, reports: list[Report]) -> None:
        with self._lock:
            self._reports += reports
        self._on_news()

    # --- the connection ---------------------------------------------------------------------------------------------

    def _run(self) -> None:
        engine = self._connect()
        if engine is None:
            return
        room = self._furnish(engine)
        self._sandboxes = Sandboxes(room)
        self._containers = Containers(room, self._sandboxes, self._guarded)
        self._room = room  # last: who sees it may use the others
        self._later.after(LIST_SECONDS, self._look)
        self._watch.run(engine, self._learn)

    def _connect(self) -> Engine | None:
        delay = 0.1
        while not self._closed.is_set():
            try:
                endpoints = find_endpoints(os.environ, Path.home(), self._host)
                self._engine = connect(endpoints, Facts(self._state_dir))
                return self._engine
            except EngineUnavailable as error:
                if self._failure is None:
                    self._send([EngineReport(self._clock.now(), reachable=False, error=str(error))])
                    self._was_lost = True
                self._failure = error
                self._settled.set()
            self._closed.wait(delay)
            delay = min(2 * delay, 5.0)
        return None

    def _furnish(self, engine: Engine) -> Room:
        infra = InfraImage(engine, self._infra_image)
        starts = self._max_starts or min(max(2 * (os.cpu_count() or 1), 2), 4)
        return Room(
            instance=self._instance,
            state_dir=self._state_dir,
            clock=self._clock,
            engine=engine,
            images=Images(engine, self._clock),
            network=PodNetwork(engine, self._instance, self._pod_network),
            infra=infra,
            volumes=Volumes(engine, self._state_dir, self._instance, infra, self._volume_mode),
            ended=EndedContainers(self._state_dir),
            workers=self._workers,
            starts=Workers(starts, "kjsim-docker-start"),
            later=self._later,
            send=self._send,
        )

    def _learn(self) -> None:
        """What the node is, asked at each connection while the stream is opened and the containers are listed."""
        assert self._engine is not None
        self._learned = threading.Event()
        engine, learned = self._engine, self._learned
        knock(engine.endpoint)

        def learn() -> None:
            try:
                engine.learn()
            except Exception as error:
                _log.debug("the engine says nothing about itself", exc_info=error)
            finally:
                learned.set()

        self._workers.run(learn)

    def on_connected(self, containers: list[dict[str, Any]]) -> None:
        """The stream is open: tell all that exists, then do what was kept."""
        room = self._room
        assert room is not None
        for container in containers:
            labels = container.get("Labels") or {}
            if labels.get(KIND) == "stager" and POD_UID not in labels:
                self._workers.run(lambda lost=container["Id"]: _remove_quietly(room.engine, lost))  # type: ignore[misc]
        reports, addresses = self._containers.rebuild(containers)
        sandboxes = self._sandboxes.rebuild(containers, addresses)
        self._failure = None
        self._settled.set()  # the objects of a run can be made meanwhile
        self._learned.wait()
        now = self._clock.now()
        news: list[Report] = [EngineReport(now, reachable=True)] if self._was_lost else []
        with self._lock:
            self._is_reachable, self._was_lost = True, False
        self._containers.tell_all(reports, lambda all_: self._send([*news, Snapshot(now, tuple(sandboxes), all_)]))
        self._submit_deferred()
        self._forget_removed(containers)

    def on_list(self, containers: list[dict[str, Any]]) -> None:
        """All that exists, from time to time: events may be lost."""
        self._containers.compare(containers)
        self._forget_removed(containers)

    def _forget_removed(self, containers: list[dict[str, Any]]) -> None:
        if self._room is not None:
            self._room.ended.prune({container["Id"] for container in containers})

    def on_event(self, action: str, container_id: str, attributes: dict[str, str]) -> None:
        """An event of one of our containers."""
        if action not in ("die", "destroy", "remove"):
            return
        key = key_of(attributes)
        if key is None:
            if attributes.get(KIND) == "infra":
                self._sandboxes.ended(container_id, attributes)
        elif action == "die":
            self._containers.died(key)
        else:
            self._containers.destroyed(key, container_id)

    def on_lost(self, error: str) -> None:
        """The engine no longer answers."""
        with self._lock:
            self._is_reachable, self._was_lost = False, True
        self._send([EngineReport(self._clock.now(), reachable=False, error=error)])

    def _look(self) -> None:
        self._workers.run(self._watch.look)
        self._later.after(LIST_SECONDS, self._look)


def _unless_gone(call: Callable[[], object]) -> None:
    try:
        call()
    except Exception as error:
        if status_code(error) not in (404, 409):
            raise


def _remove_quietly(engine: Engine, container: str) -> None:
    try:
        engine.api.remove_container(container, v=True, force=True)
    except Exception as error:
        _log.debug("a leftover of an earlier process stays", exc_info=error)
