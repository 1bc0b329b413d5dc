"""The virtual executor: scripted containers on a clock that is set from outside.

Nothing runs. Each container's life is told by a script (how long, how it ends, how it takes a stop) and its reports are
handed out by `poll` once the clock has reached their instant; `next_time` says to which instant the clock can jump. No
threads, no chance: the same commands give the same reports.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from heapq import heappop, heappush

import msgspec

from simulator.clock import Clock
from simulator.errors import NotFound
from simulator.pods.executor import (
    Command,
    ContainerKey,
    ContainerReport,
    CreateSandbox,
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
)

KILLED = 137
"""Exit code of a container that was ended by SIGKILL."""


class Run(msgspec.Struct, frozen=True):
    """The life of one container, told in advance.

    `seconds`: how long it runs by itself, None: until it is stopped. `stop_seconds`: how long after the stop signal it
    ends with `stop_exit_code`, None: it ignores the signal. `create_error`, `start_error`: the engine's text; it never runs.
    `lines`: what it prints, as (seconds after its start, text without newline).
    """

    seconds: float | None = 0.0
    exit_code: int = 0
    reason: str = ""
    message: str = ""
    create_error: str = ""
    start_error: str = ""
    stop_seconds: float | None = None
    stop_exit_code: int = 143
    lines: tuple[tuple[float, str], ...] = ()


class VirtualImage(msgspec.Struct, frozen=True):
    """What is known of an image: `pull_error` empty: it can be pulled; `present`: it is there without a pull."""

    present: bool = True
    pull_error: str = ""
    pull_seconds: float = 0.0
    user: str = ""
    size_bytes: int = 1 << 20


class ExecResult(msgspec.Struct, frozen=True):
    """How an `Exec` ends after `seconds`."""

    exit_code: int = 0
    output: str = ""
    seconds: float = 0.0
    error: str = ""


ContainerScript = Callable[[StartContainer], Run]
ExecScript = Callable[[Exec], ExecResult]


def always(run: Run) -> ContainerScript:
    """A script by which every container lives the same life."""
    return lambda _command: run


class _Container(msgspec.Struct, eq=False):
    key: ContainerKey
    container_id: str
    image: str
    sandbox_attempt: int
    run: Run
    created_time: datetime
    state: str = "created"
    started_time: datetime | None = None
    end_time: datetime | None = None
    exit_code: int = 0
    reason: str = ""
    message: str = ""
    stop_graces: list[tuple[datetime, float]] = []


class _Pod(msgspec.Struct, eq=False):
    sandbox_attempt: int
    ip: str
    ready: bool = True
    containers: dict[ContainerKey, _Container] = {}


# What may happen at an instant: a report that is due, a start or an end of a container.
_Due = Report | tuple[str, _Container]


class VirtualExecutor:
    """Scripted containers.

    `script` tells each container's life from its start command; `images` tells about images by reference (those not in it
    are present). `sandbox_seconds`, `creation_seconds`: how long preparing a pod and creating a container take.
    """

    def __init__(
        self,
        clock: Clock,
        script: ContainerScript | None = None,
        *,
        images: Mapping[str, VirtualImage] | None = None,
        exec_script: ExecScript | None = None,
        node: Node | None = None,
        sandbox_seconds: float = 0.0,
        creation_seconds: float = 0.0,
    ) -> None:
        self._clock = clock
        self._script = script or always(Run())
        self._images = dict(images or {})
        self._exec_script = exec_script or (lambda _command: ExecResult())
        self._node = node or Node(engine_version="virtual")
        self._sandbox_delay = timedelta(seconds=sandbox_seconds)
        self._creation_delay = timedelta(seconds=creation_seconds)
        self._on_news: Callable[[], None] = lambda: None
        self._pods: dict[str, _Pod] = {}
        self._due: list[tuple[datetime, int, _Due]] = []
        self._count = 0
        self._address = 1

    @property
    def node(self) -> Node:
        """What the node can hold, as given."""
        return self._node

    def start(self, on_news: Callable[[], None]) -> None:
        """Report a `Snapshot`. Starting again is what a new process sees: reports that nobody took are lost, lives go on."""
        self._on_news = on_news
        self._take_up_to(self._clock.now())
        self._due = [entry for entry in self._due if isinstance(entry[2], tuple)]
        self._due.sort()
        now = self._clock.now()
        sandboxes = tuple(SandboxReport(uid, pod.sandbox_attempt, now, pod.ready, pod.ip) for uid, pod in self._pods.items())
        containers = tuple(
            self._report(container, now) for pod in self._pods.values() for container in pod.containers.values()
        )
        self._at(now, Snapshot(now, sandboxes, containers))
        on_news()

    def wait_until_connected(self) -> None:
        """There is nothing to wait for."""

    def submit(self, commands: Sequence[Command]) -> None:
        """Take commands; what follows from them at once is there at the next `poll`."""
        now = self._clock.now()
        for command in commands:
            self._carry_out(command, now)
        self._on_news()

    def poll(self) -> list[Report]:
        """The reports whose instant has come, oldest first."""
        return self._take_up_to(self._clock.now())

    def next_time(self) -> datetime | None:
        """The instant of the next report, start or end of a container; None when all is still."""
        return self._due[0][0] if self._due else None

    def logs(self, key: ContainerKey, options: LogOptions) -> Iterator[bytes]:
        """The lines printed so far; following ends there, since the clock stands still meanwhile."""
        container = self._container(key)
        if container is None:
            raise NotFound(f'container "{key.name}" of pod {key.pod_uid} (attempt {key.attempt}) not found')
        return _log_lines(container, self._clock.now(), options)

    def close(self) -> None:
        """Nothing to let go of."""

    # --- commands ---------------------------------------------------------------------------------------------------

    def _carry_out(self, command: Command, now: datetime) -> None:
        match command:
            case StartContainer():
                self._start_container(command, now)
            case CreateSandbox():
                self._create_sandbox(command, now)
            case StopSandbox(pod_uid=uid, attempt=attempt):
                pod = self._pods.get(uid)
                ip = ""
                if pod is not None and pod.sandbox_attempt == attempt:
                    pod.ready = False
                    ip = pod.ip
                self._at(now, SandboxReport(uid, attempt, now, ready=False, ip=ip))
            case RemovePod(pod_uid=uid):
                self._pods.pop(uid, None)
                self._at(now, PodRemoved(uid, now))
            case StopContainer(key=key, grace_seconds=grace):
                self._stop_container(key, grace, now)
            case RemoveContainer(key=key):
                pod = self._pods.get(key.pod_uid)
                if pod is not None:
                    pod.containers.pop(key, None)
                self._at(now, ContainerReport(key, now, "gone"))
            case InspectImage(pod_uid=uid, image=name):
                self._at(now, self._image_report(uid, name, now))
            case PullImage(pod_uid=uid, image=name):
                self._pull(uid, name, now)
            case Exec():
                self._exec(command, now)

    def _create_sandbox(self, command: CreateSandbox, now: datetime) -> None:
        pod = self._pods.get(command.pod.uid)
        if pod is None:
            pod = self._pods[command.pod.uid] = _Pod(command.attempt, self._next_address())
        elif pod.sandbox_attempt != command.attempt:
            pod.sandbox_attempt, pod.ready, pod.ip = command.attempt, True, self._next_address()
        time = now + self._sandbox_delay
        self._at(time, SandboxReport(command.pod.uid, command.attempt, time, ready=True, ip=pod.ip))

    def _start_container(self, command: StartContainer, now: datetime) -> None:
        key = command.key
        pod = self._pods.setdefault(key.pod_uid, _Pod(command.sandbox_attempt, ""))
        existing = pod.containers.get(key)
        if existing is not None:
            if existing.state != "created":
                self._at(now, self._report(existing, now))
            return
        run = self._script(command)
        time = now + self._creation_delay
        if run.create_error:
            self._at(time, StartFailed(key, time, "create", run.create_error))
            return
        self._count += 1
        container = _Container(key, f"{self._count:064x}", command.config.image, command.sandbox_attempt, run, time)
        pod.containers[key] = container
        self._at(time, ("start", container))

    def _stop_container(self, key: ContainerKey, grace: float, now: datetime) -> None:
        container = self._container(key)
        if container is None:
            self._at(now, ContainerReport(key, now, "gone"))
        elif container.state == "exited":
            self._at(now, self._report(container, now))
        else:
            container.stop_graces.append((now, grace))
            if container.state == "running":
                self._shorten(container)

    def _shorten(self, container: _Container) -> None:
        """Bring the end of a running container forward, if the stops that were asked for do."""
        first_time = max(container.stop_graces[0][0], container.started_time or container.stop_graces[0][0])
        kill_time = min(time + timedelta(seconds=grace) for time, grace in container.stop_graces)
        kill_time = max(kill_time, first_time)
        end, code = kill_time, KILLED
        if container.run.stop_seconds is not None:
            ends_itself = first_time + timedelta(seconds=container.run.stop_seconds)
            if ends_itself < kill_time:
                end, code = ends_itself, container.run.stop_exit_code
        if container.end_time is None or end < container.end_time:
            container.end_time, container.exit_code = end, code
            container.reason = container.message = ""
            self._at(end, ("end", container))

    def _pull(self, uid: str, name: str, now: datetime) -> None:
        image = self._images.get(name, VirtualImage())
        time = now + timedelta(seconds=image.pull_seconds)
        if image.pull_error:
            self._at(time, ImageReport(uid, name, time, pull_seconds=image.pull_seconds, error=image.pull_error))
            return
        if not image.present:
            self._images[name] = VirtualImage(True, "", image.pull_seconds, image.user, image.size_bytes)
        self._at(time, self._image_report(uid, name, time, pulled=True))

    def _image_report(self, uid: str, name: str, time: datetime, pulled: bool = False) -> ImageReport:
        image = self._images.get(name, VirtualImage())
        if not image.present and not pulled:
            return ImageReport(uid, name, time)
        return ImageReport(
            uid,
            name,
            time,
            image_id=_image_id(name),
            repo_tags=(name,),
            size_bytes=image.size_bytes,
            user=image.user,
            pulled=pulled,
            pull_seconds=image.pull_seconds if pulled else 0.0,
        )

    def _exec(self, command: Exec, now: datetime) -> None:
        container = self._container(command.key)
        if container is None or container.state != "running":
            self._at(now, ExecReport(command.key, command.token, now, error="container is not running"))
            return
        result = self._exec_script(command)
        seconds, timed_out = result.seconds, False
        if command.timeout_seconds is not None and seconds > command.timeout_seconds:
            seconds, timed_out = command.timeout_seconds, True
        time = now + timedelta(seconds=seconds)
        exit_code = 0 if timed_out else result.exit_code
        output = "" if timed_out else result.output
        self._at(time, ExecReport(command.key, command.token, time, exit_code, output, timed_out, result.error))

    # --- what happens -----------------------------------------------------------------------------------------------

    def _at(self, time: datetime, due: _Due) -> None:
        self._count += 1
        heappush(self._due, (time, self._count, due))

    def _take_up_to(self, now: datetime) -> list[Report]:
        reports: list[Report] = []
        due = self._due
        while due and due[0][0] <= now:
            time, _, what = heappop(due)
            if not isinstance(what, tuple):
                reports.append(what)
                continue
            kind, container = what
            if self._container(container.key) is not container:
                continue  # removed meanwhile
            if kind == "start":
                reports.extend(self._started(container, time))
            elif container.state == "running" and container.end_time == time:
                container.state = "exited"
                reports.append(self._report(container, time))
        return reports

    def _started(self, container: _Container, time: datetime) -> list[Report]:
        run = container.run
        if run.start_error:
            container.state, container.exit_code, container.reason = "exited", 128, "StartError"
            container.message, container.end_time = run.start_error, time
            return [StartFailed(container.key, time, "start", run.start_error), self._report(container, time)]
        container.state, container.started_time = "running", time
        report = self._report(container, time)
        if run.seconds is not None:
            container.end_time = time + timedelta(seconds=run.seconds)
            container.exit_code, container.reason, container.message = run.exit_code, run.reason, run.message
            self._at(container.end_time, ("end", container))
        if container.stop_graces:
            self._shorten(container)
        return [report]

    def _report(self, container: _Container, time: datetime) -> ContainerReport:
        ended = container.state == "exited"
        return ContainerReport(
            container.key,
            time,
            container.state,  # type: ignore[arg-type]
            container.container_id,
            container.image,
            _image_id(container.image),
            container.exit_code if ended else 0,
            container.reason if ended else "",
            container.message if ended else "",
            container.created_time,
            container.started_time,
            container.end_time if ended else None,
            container.sandbox_attempt,
        )

    def _container(self, key: ContainerKey) -> _Container | None:
        pod = self._pods.get(key.pod_uid)
        return pod.containers.get(key) if pod is not None else None

    def _next_address(self) -> str:
        self._address = self._address % 65533 + 1
        return f"10.244.{self._address >> 8}.{self._address & 255}"


@lru_cache(maxsize=256)
def _image_id(name: str) -> str:
    """A made-up but lasting image id."""
    return "sha256:" + name.encode().hex().ljust(64, "0")[:64]


def _log_lines(container: _Container, now: datetime, options: LogOptions) -> Iterator[bytes]:
    if container.started_time is None:
        return
    end = container.end_time if container.state == "exited" and container.end_time is not None else now
    printed = []
    for seconds, text in container.run.lines:
        time = container.started_time + timedelta(seconds=seconds)
        if time <= end and (options.since_time is None or time >= options.since_time):
            stamp = time.strftime("%Y-%m-%dT%H:%M:%S.%f000Z ") if options.timestamps else ""
            printed.append(f"{stamp}{text}\n".encode())
    if options.tail_lines is not None:
        printed = printed[len(printed) - min(options.tail_lines, len(printed)) :]
    left = options.limit_bytes
    for line in printed:
        if left is not None:
            line = line[:left]
            left -= len(line)
        if line:
            yield line
