"""Pods' containers: creating, starting, stopping, and noticing the end (2.1, 2.7, 3.2, 5.5).

A container's life as it is followed here: starting (a start command is being carried out), running, ending (its end was
noticed and is being looked at), ended. All changes of a life, and the reports of them, happen under one lock, so that the
reports of a container come in the order of its life.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from time import monotonic
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from simulator.executor.docker.body import INSTANCE, POD_UID, Attachment, container_body, container_name
from simulator.executor.docker.engine import engine_text, explanation, is_unreachable, status_code
from simulator.executor.docker.images import seccomp_profile
from simulator.executor.docker.look import Look
from simulator.executor.docker.messages import termination_message
from simulator.executor.docker.reports import address_of, container_report, key_of
from simulator.executor.docker.room import Room
from simulator.executor.docker.sandboxes import Sandboxes
from simulator.pods.executor import ContainerKey, ContainerReport, Report, StartContainer, StartFailed

START_TRIES = 5

NETWORK_ERRORS = (
    "port is already allocated",
    "bind: address already in use",
    "driver failed programming external connectivity",
    "failed to set up container networking",
    "failed to create endpoint",
)
"""A start that fails so is no fault of the container: its network is the pod's (1.6), so it is tried again later."""


class _Life(msgspec.Struct):
    """What is known of one container.

    `kill_at`: when SIGKILL is due (`time.monotonic`), None: no stop was asked for. `tty` None: not known yet.
    """

    phase: Literal["starting", "running", "ending", "ended"]
    container_id: str = ""
    tty: bool | None = None
    report: ContainerReport | None = None
    died: bool = False
    removing: bool = False
    stop_signal: str = ""
    kill_at: float | None = None
    signalled: bool = False


class Containers:
    """The containers of one instance. Methods with a command are called in worker threads and raise the SDK's errors.

    `guarded` makes a task of a function: it deals with what the function raises, for the command that it serves.
    """

    def __init__(self, room: Room, sandboxes: Sandboxes, guarded: Callable[..., Callable[[], None]]) -> None:
        self._room = room
        self._sandboxes = sandboxes
        self._guarded = guarded
        self._lock = threading.Lock()
        self._lives: dict[ContainerKey, _Life] = {}

    def container_id(self, key: ContainerKey) -> str:
        """The engine's id of a container, empty if it is not known."""
        life = self._lives.get(key)
        return life.container_id if life is not None else ""

    def has_terminal(self, key: ContainerKey) -> bool | None:
        """Whether a container has a terminal; None if it is not known."""
        life = self._lives.get(key)
        return life.tty if life is not None else None

    # --- starting ---------------------------------------------------------------------------------------------------

    def start(self, command: StartContainer, done: Callable[[], None]) -> None:
        """Create the container, and start it when a start slot is free. `done` is called at the very end, come what may."""
        with self._lock:
            life = self._lives.get(command.key)
            if life is not None:
                if life.report is not None and life.phase != "starting":
                    self._room.send([life.report])
                done()
                return
            life = self._lives[command.key] = _Life("starting")
        try:
            attachment = self._sandboxes.attachment(command.pod, command.sandbox_attempt)
            body = self._body(command, attachment)
            is_new = self._create(command, life, body)
        except BaseException:
            self._drop(command.key, life)
            done()
            raise
        if not is_new:
            done()
            return

        def start() -> None:
            try:
                self._start(command, life, body, attachment)
            except BaseException:
                self._drop(command.key, life)
                raise
            finally:
                done()

        self._room.starts.run(self._guarded(command, start))

    def _body(self, command: StartContainer, attachment: Attachment) -> dict[str, Any]:
        config, security = command.config, command.config.security
        image_user, seccomp = "", None
        if security is not None:
            if security.runAsGroup is not None and security.runAsUser is None:
                image = self._room.images.find(config.image)
                image_user = image.user if image is not None else ""
            profile = security.seccompProfile
            if profile is not None and profile.type == "Localhost" and profile.localhostProfile:
                seccomp = seccomp_profile(self._room.state_dir / "seccomp" / profile.localhostProfile)
        return container_body(
            command.key,
            command.pod,
            config,
            instance=self._room.instance,
            sandbox_attempt=command.sandbox_attempt,
            attachment=attachment,
            mounts=self._room.volumes.mounts(command.key, command.pod, config),
            image_user=image_user,
            seccomp=seccomp,
            allows_negative_oom_score=self._room.engine.node.allows_negative_oom_score,
        )

    def _create(self, command: StartContainer, life: _Life, body: dict[str, Any]) -> bool:
        """Create it; False if one of the same key was found and adopted, or the engine refused."""
        from docker.errors import APIError

        name = container_name(command.pod, command.key.name, command.key.attempt)
        for _ in range(START_TRIES):
            try:
                life.container_id = self._room.engine.api.create_container_from_config(body, name=name)["Id"]
                return True
            except APIError as error:
                if status_code(error) != 409:
                    self._refused(command, life, "create", error)
                    return False
            existing = self._inspect(name)
            if existing is None:
                name = f"{name}_{os.urandom(4).hex()}"  # the name is taken by what can't be seen: about to go
                continue
            labels = existing["Config"].get("Labels") or {}
            if labels.get(INSTANCE) != self._room.instance:
                name = f"{name}_{os.urandom(4).hex()}"
            elif existing["State"]["Status"] == "created" or key_of(labels) != command.key:
                self._remove(existing["Id"])  # never started: made again, since its settings may have changed
            else:
                self._adopt(command.key, life, existing)
                return False
        raise RuntimeError(f"no free name for container {command.key}")

    def _start(self, command: StartContainer, life: _Life, body: dict[str, Any], attachment: Attachment) -> None:
        from docker.errors import APIError

        for _ in range(START_TRIES):
            look = Look(self._room, life.container_id, attachment)
            try:
                self._room.engine.api.start(life.container_id)
                inspection = look.result()
                break
            except APIError as error:
                look.give_up()
                can_be_mended = self._can_be_mended(command, body, error)
                is_network = any(part in explanation(error) for part in NETWORK_ERRORS)
                if not can_be_mended and not is_network:
                    self._refused(command, life, "start", error)
                    return
                self._remove(life.container_id)
                if not can_be_mended:
                    self._refused(command, life, "create", error)
                    return
                if not self._create(command, life, body):
                    return
        else:
            raise RuntimeError(f"container {command.key} could not be started {START_TRIES} times")
        self._started(command, life, inspection, look.address)

    def _can_be_mended(self, command: StartContainer, body: dict[str, Any], error: Exception) -> bool:
        """Whether a second try with a changed body may do: then the body is changed."""
        text, network = explanation(error), self._room.network
        host = body["HostConfig"]
        if self._room.engine.learn_from_refusal(text, host["OomScoreAdj"]):
            host["OomScoreAdj"] = 0
            return True
        if network.name != host.get("NetworkMode"):
            return False
        if "Address already in use" not in text:
            if not (status_code(error) == 404 and "network" in text):
                return False
            network.forget()
        attachment = network.another(command.pod)
        fresh = self._body(command, attachment)
        body.clear()
        body.update(fresh)
        report = self._sandboxes.address_seen(command.key.pod_uid, command.sandbox_attempt, attachment.ip)
        if report is not None:
            self._room.send([report])
        return True

    def _started(self, command: StartContainer, life: _Life, inspection: dict[str, Any], address: str) -> None:
        key = command.key
        report = container_report(inspection, self._room.clock.now())
        has_ended = report.state == "exited"
        report = replace(report, state="running", exit_code=0, reason="", message="", finished_time=None)
        if report.started_time is None:
            report = replace(report, started_time=report.time)
        reports: list[Report] = [report]
        if address:
            sandbox = self._sandboxes.address_seen(key.pod_uid, command.sandbox_attempt, address)
            if sandbox is not None:
                reports.insert(0, sandbox)
        with self._lock:
            life.phase, life.report = "running", report
            life.tty = bool(inspection["Config"].get("Tty"))
            life.stop_signal = inspection["Config"].get("StopSignal") or "SIGTERM"
            self._room.send(reports)
            life.died = life.died or has_ended
        self._catch_up(key, life)

    def _catch_up(self, key: ContainerKey, life: _Life) -> None:
        """Do what was put off while the container was being started: see to its end, or stop it."""
        if life.died:
            self.died(key)
        elif life.kill_at is not None:
            self._stop_running(key, life)

    def _refused(self, command: StartContainer, life: _Life, stage: Literal["create", "start"], error: Exception) -> None:
        now, text = self._room.clock.now(), engine_text(error)
        if status_code(error) == 404:
            self._room.images.forget(command.config.image)
        reports: list[Report] = [StartFailed(command.key, now, stage, text)]
        inspection = self._inspect(life.container_id) if stage == "start" else None
        with self._lock:
            if inspection is None:
                self._lives.pop(command.key, None)
            else:
                life.phase = "ended"
                report = container_report(inspection, now, text)
                if report.state != "exited":  # an engine that keeps no exit code of a failed start
                    inspection["State"].update(Status="created", ExitCode=127)
                    report = container_report(inspection, now, text)
                life.report = replace(report, finished_time=now)
                reports.append(life.report)
            self._room.send(reports)
        if life.report is not None:
            self._room.ended.keep(life.report)

    # --- the end ----------------------------------------------------------------------------------------------------

    def died(self, key: ContainerKey) -> None:
        """The engine says that it has ended. Called from any thread."""
        with self._lock:
            life = self._lives.get(key)
            if life is None:
                return
            if life.phase == "starting":
                life.died = True  # the thread that starts it goes on from there
            elif life.phase == "running":
                life.phase = "ending"
                self._room.workers.run(lambda: self._look_at_end(key, life))

    def _look_at_end(self, key: ContainerKey, life: _Life) -> None:
        try:
            report = self._end_report(key, life)
        except Exception as error:
            with self._lock:
                life.phase = "running"  # the next list finds it again
            if not is_unreachable(error):
                self._room.later.after(1.0, lambda: self.died(key))
            return
        with self._lock:
            if self._lives.get(key) is not life:
                return
            if report is None:
                life.phase = "running"
                return
            if report.state == "gone":
                del self._lives[key]
            else:
                life.phase, life.report = "ended", report
            self._room.send([report])
        self._room.ended.keep(report)

    def _end_report(self, key: ContainerKey, life: _Life) -> ContainerReport | None:
        """What became of it; None if it runs after all."""
        inspection = self._inspect(life.container_id)
        if inspection is None:
            return ContainerReport(key, self._room.clock.now(), "gone")
        if inspection["State"].get("Running"):
            return None
        return self._whole_report(key, inspection)

    def _whole_report(self, key: ContainerKey, inspection: dict[str, Any]) -> ContainerReport:
        message = ""
        if inspection["State"].get("Status") == "exited":
            local = self._room.volumes.message_path(key)
            message = termination_message(self._room.engine, inspection, local)
        return container_report(inspection, self._room.clock.now(), message)

    def destroyed(self, key: ContainerKey, container_id: str) -> None:
        """Somebody removed it. Called from any thread."""
        with self._lock:
            life = self._lives.get(key)
            if life is not None and life.container_id == container_id and not life.removing and life.phase != "starting":
                del self._lives[key]
                self._room.send([ContainerReport(key, self._room.clock.now(), "gone")])

    # --- stopping and removing --------------------------------------------------------------------------------------

    def stop(self, key: ContainerKey, grace_seconds: float) -> None:
        """Signal it, and kill it when the grace is over; a second call can only shorten that."""
        with self._lock:
            life = self._lives.get(key)
            if life is None:
                self._room.send([ContainerReport(key, self._room.clock.now(), "gone")])
                return
            if life.phase == "ended":
                if life.report is not None:
                    self._room.send([life.report])
                return
            kill_at = monotonic() + max(0.0, grace_seconds)
            if life.kill_at is None or kill_at < life.kill_at:
                life.kill_at = kill_at
            if life.phase != "running":
                return
        self._stop_running(key, life)

    def _stop_running(self, key: ContainerKey, life: _Life) -> None:
        with self._lock:
            if life.kill_at is None:
                return
            left = life.kill_at - monotonic()
            must_signal, life.signalled = not life.signalled, True
        if left <= 0:
            self._kill(key, life)
            return
        self._room.later.after(left, lambda: self._room.workers.run(lambda: self._kill(key, life)))
        if must_signal:
            try:
                self._signal(key, life, life.stop_signal)
            except BaseException:
                life.signalled = False  # the stop is tried again, and so must the signal be
                raise

    def _kill(self, key: ContainerKey, life: _Life) -> None:
        try:
            self._signal(key, life, "SIGKILL")
        except Exception:  # the engine does not answer: an order to kill stays an order
            self._room.later.after(1.0, lambda: self._room.workers.run(lambda: self._kill(key, life)))

    def _signal(self, key: ContainerKey, life: _Life, signal: str) -> None:
        if life.phase != "running" or self._lives.get(key) is not life:
            return
        from docker.errors import APIError

        try:
            self._room.engine.api.kill(life.container_id, signal=signal)
        except APIError as error:
            if status_code(error) not in (404, 409):  # else it has ended meanwhile
                raise
            self.died(key)

    def remove(self, key: ContainerKey) -> None:
        """Remove it with its anonymous volumes and its message file."""
        with self._lock:
            life = self._lives.get(key)
            if life is not None:
                life.removing = True
        if life is not None and life.container_id:
            self._remove(life.container_id)
        self._room.volumes.remove_message(key)
        with self._lock:
            self._lives.pop(key, None)
            self._room.send([ContainerReport(key, self._room.clock.now(), "gone")])

    def remove_pod(self, pod_uid: str) -> None:
        """Remove all containers of a pod, infra and stager among them."""
        with self._lock:
            for key, life in self._lives.items():
                if key.pod_uid == pod_uid:
                    life.removing = True
        labels = [f"{INSTANCE}={self._room.instance}", f"{POD_UID}={pod_uid}"]
        for container in self._room.engine.api.containers(all=True, filters={"label": labels}):
            self._remove(container["Id"])
        with self._lock:
            for key in [key for key in self._lives if key.pod_uid == pod_uid]:
                del self._lives[key]

    def _remove(self, container_id: str) -> None:
        try:
            self._room.engine.api.remove_container(container_id, v=True, force=True)
        except Exception as error:
            if status_code(error) not in (404, 409):  # gone, or being removed
                raise

    # --- what exists ------------------------------------------------------------------------------------------------

    def rebuild(self, containers: list[dict[str, Any]]) -> tuple[list[ContainerReport], dict[str, str]]:
        """Take over what a list of all containers shows: reports, and the addresses of running ones by pod uid."""
        found: dict[ContainerKey, ContainerReport] = {}
        addresses: dict[str, str] = {}
        for container in containers:
            key = key_of(container.get("Labels") or {})
            if key is None:
                continue
            life = self._lives.get(key)
            if life is not None and life.phase == "ended" and life.report is not None:
                found[key] = life.report
                continue
            known = self._room.ended.get(container["Id"]) if container.get("State") in ("exited", "created") else None
            if known is not None:
                found[key] = known
                self._take_over(key, known)
                continue
            inspection = self._inspect(container["Id"])
            if inspection is None:
                continue
            report = self._whole_report(key, inspection)
            found[key] = report
            self._room.ended.keep(report)
            address = address_of(inspection) if report.state == "running" else ""
            if address:
                addresses[key.pod_uid] = address
            self._take_over(key, report, inspection["Config"].get("StopSignal") or "")
        with self._lock:
            unlisted = [(key, life) for key, life in self._lives.items() if key not in found and life.phase != "starting"]
        for key, life in unlisted:
            if self._inspect(life.container_id) is not None:
                continue  # it was made after the list
            with self._lock:
                if self._lives.get(key) is life:
                    del self._lives[key]
        return list(found.values()), addresses

    def tell_all(self, listed: list[ContainerReport], send: Callable[[tuple[ContainerReport, ...]], None]) -> None:
        """Call `send` with the last report of every container: of those in `listed`, and of those started since.

        No report of a container comes between: what is not in a snapshot counts as gone.
        """
        with self._lock:
            reports = {report.key: report for report in listed}
            reports |= {key: life.report for key, life in self._lives.items() if life.report is not None}
            send(tuple(reports.values()))

    def _take_over(self, key: ContainerKey, report: ContainerReport, stop_signal: str = "") -> None:
        with self._lock:
            life = self._lives.get(key)
            if life is not None and life.phase == "starting":
                return
            if report.state == "created":
                self._lives.pop(key, None)  # never started: the next start command makes it again
                return
            life = self._lives.setdefault(key, _Life("running"))
            life.container_id, life.report = report.container_id, report
            life.phase = "running" if report.state == "running" else "ended"
            life.stop_signal = stop_signal or "SIGTERM"

    def _adopt(self, key: ContainerKey, life: _Life, inspection: dict[str, Any]) -> None:
        report = self._whole_report(key, inspection)
        with self._lock:
            life.container_id, life.report = report.container_id, report
            life.phase = "running" if report.state == "running" else "ended"
            life.stop_signal = inspection["Config"].get("StopSignal") or "SIGTERM"
            self._room.send([report])
        self._catch_up(key, life)

    def compare(self, containers: list[dict[str, Any]]) -> None:
        """A list of all containers: look at those that should run and are not listed as running."""
        running = {container["Id"] for container in containers if container.get("State") == "running"}
        with self._lock:
            missing = [
                key for key, life in self._lives.items() if life.phase == "running" and life.container_id not in running
            ]
        for key in missing:
            self.died(key)

    def _drop(self, key: ContainerKey, life: _Life) -> None:
        with self._lock:
            if self._lives.get(key) is life and life.phase == "starting":
                del self._lives[key]

    def _inspect(self, container: str) -> dict[str, Any] | None:
        from docker.errors import NotFound

        try:
            inspection: dict[str, Any] = self._room.engine.api.inspect_container(container)
        except NotFound:
            return None
        return inspection
