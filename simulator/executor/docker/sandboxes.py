"""Pods' sandboxes: address, volumes and, where two containers share a pod, the infra container (1.1 to 1.4)."""

from __future__ import annotations

import threading
from typing import Any

import msgspec

from simulator.executor.docker.body import KIND, POD_IP, POD_UID, Attachment, container_name, infra_body
from simulator.executor.docker.engine import engine_text, explanation, status_code
from simulator.executor.docker.reports import address_of, sandbox_attempt_of
from simulator.executor.docker.room import Room
from simulator.executor.docker.volumes import VolumeError
from simulator.pods.executor import CreateSandbox, PodConfig, SandboxReport, StopSandbox

ADDRESS_TRIES = 5


class _Sandbox(msgspec.Struct):
    attempt: int
    infra_id: str = ""
    ip: str = ""
    ready: bool = True


class Sandboxes:
    """The sandboxes of one instance. Methods are called in worker threads and raise the SDK's errors."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._lock = threading.Lock()
        self._sandboxes: dict[str, _Sandbox] = {}

    def create(self, command: CreateSandbox) -> None:
        """Prepare a pod; a sandbox that is there already is reported again."""
        from docker.errors import APIError

        pod, attempt = command.pod, command.attempt
        sandbox = self._sandboxes.get(pod.uid)
        if sandbox is None or sandbox.attempt != attempt or not sandbox.ready:
            try:
                sandbox = self._prepare(pod, attempt)
            except VolumeError as error:
                self._send(pod.uid, attempt, ready=False, error=str(error))
                return
            except APIError as error:
                self._send(pod.uid, attempt, ready=False, error=engine_text(error))
                return
            with self._lock:
                self._sandboxes[pod.uid] = sandbox
        self._room.send([self._report(pod.uid, sandbox)])

    def stop(self, command: StopSandbox) -> None:
        """Remove the infra container and give the address back; volumes stay for a next attempt."""
        sandbox = self._sandboxes.get(command.pod_uid)
        ip = ""
        if sandbox is not None and sandbox.attempt == command.attempt:
            sandbox.ready = False
            ip = sandbox.ip
            if sandbox.infra_id:
                self._remove(sandbox.infra_id)
                sandbox.infra_id = ""
            self._room.network.give_back(command.pod_uid)
        self._send(command.pod_uid, command.attempt, ready=False, ip=ip)

    def forget(self, pod_uid: str) -> None:
        """The pod was removed with all its containers."""
        with self._lock:
            self._sandboxes.pop(pod_uid, None)
        self._room.network.give_back(pod_uid)

    def attachment(self, pod: PodConfig, attempt: int) -> Attachment:
        """How a container of the pod is connected; raises `LookupError` if its infra container is not there."""
        if not pod.needs_sandbox:
            return self._room.network.attachment(pod)
        sandbox = self._sandboxes.get(pod.uid)
        if sandbox is None or sandbox.attempt != attempt or not sandbox.infra_id:
            raise LookupError(f'pod "{pod.name}" has no sandbox of attempt {attempt}')
        return Attachment("container", infra_id=sandbox.infra_id)

    def address_seen(self, pod_uid: str, attempt: int, ip: str) -> SandboxReport | None:
        """The address of a pod without infra container, seen at its container; the report, if it is news.

        A restarted container may get another address from the engine's default bridge; the newest is told.
        """
        with self._lock:
            sandbox = self._sandboxes.setdefault(pod_uid, _Sandbox(attempt))
            if not ip or sandbox.infra_id or sandbox.attempt != attempt or sandbox.ip == ip:
                return None
            sandbox.ip = ip
        return self._report(pod_uid, sandbox)

    def ended(self, infra_id: str, labels: dict[str, str]) -> None:
        """An infra container died or was removed."""
        uid = labels.get(POD_UID, "")
        sandbox = self._sandboxes.get(uid)
        if sandbox is not None and sandbox.infra_id == infra_id and sandbox.ready:
            sandbox.ready = False
            self._send(uid, sandbox.attempt, ready=False, ip=sandbox.ip, error="the infra container has ended")

    def rebuild(self, containers: list[dict[str, Any]], addresses: dict[str, str]) -> list[SandboxReport]:
        """The sandboxes that a list of all containers shows; infra containers count, else any container of a pod.

        `addresses`: what inspections showed, by pod uid.
        """
        found: dict[str, _Sandbox] = {}
        for container in containers:
            labels = container.get("Labels") or {}
            uid, kind = labels.get(POD_UID, ""), labels.get(KIND, "")
            if not uid or kind == "stager":
                continue
            attempt = sandbox_attempt_of(labels)
            known = found.get(uid)
            if known is not None and (known.attempt > attempt or (known.infra_id and kind != "infra")):
                continue
            ip = labels.get(POD_IP, "")
            if kind == "infra":
                running = container.get("State") == "running"
                found[uid] = _Sandbox(attempt, container["Id"], ip or _listed_address(container), running)
            elif labels.get(KIND):
                joined = str((container.get("HostConfig") or {}).get("NetworkMode", "")).startswith("container:")
                ip = ip or (known.ip if known is not None else "") or addresses.get(uid, "")
                found[uid] = _Sandbox(attempt, "", ip, ready=not joined)
        with self._lock:
            for uid, sandbox in found.items():
                old = self._sandboxes.get(uid)
                if old is not None and old.attempt == sandbox.attempt:
                    sandbox.ip = sandbox.ip or old.ip
            kept = {uid: old for uid, old in self._sandboxes.items() if not old.infra_id and uid not in found}
            self._sandboxes = {**kept, **found}
        self._room.network.known((uid, sandbox.ip) for uid, sandbox in found.items() if sandbox.ip)
        return [self._report(uid, sandbox) for uid, sandbox in found.items()]

    # --- making -----------------------------------------------------------------------------------------------------

    def _prepare(self, pod: PodConfig, attempt: int) -> _Sandbox:
        old = self._sandboxes.get(pod.uid)
        if old is not None and old.infra_id:
            self._remove(old.infra_id)
        self._room.volumes.prepare(pod)
        attachment = self._room.network.attachment(pod)
        if not pod.needs_sandbox:
            return _Sandbox(attempt, ip=attachment.ip or self._host_ip(attachment))
        for _ in range(ADDRESS_TRIES):
            try:
                inspection = self._start_infra(pod, attempt, attachment)
                break
            except Exception as error:
                text = explanation(error)
                if "Address already in use" in text:
                    attachment = self._room.network.another(pod)
                elif status_code(error) == 404 and "network" in text:
                    self._room.network.forget()
                    attachment = self._room.network.another(pod)
                elif status_code(error) == 404 and "image" in text.lower():
                    self._room.infra.forget()
                else:
                    raise
        else:
            inspection = self._start_infra(pod, attempt, attachment)
        ip = attachment.ip or self._host_ip(attachment) or address_of(inspection)
        return _Sandbox(attempt, inspection["Id"], ip)

    def _host_ip(self, attachment: Attachment) -> str:
        return self._room.engine.node.internal_ip if attachment.mode == "host" else ""

    def _start_infra(self, pod: PodConfig, attempt: int, attachment: Attachment) -> dict[str, Any]:
        api = self._room.engine.api
        body = infra_body(pod, self._room.infra.name(), instance=self._room.instance, attempt=attempt, attachment=attachment)
        mounts = self._room.volumes.infra_mounts(pod)
        if mounts:
            body["HostConfig"]["Mounts"] = mounts
        if not self._room.engine.node.allows_negative_oom_score:
            body["HostConfig"]["OomScoreAdj"] = 0
        name = container_name(pod, "POD", attempt)
        try:
            infra_id: str = api.create_container_from_config(body, name=name)["Id"]
        except Exception as error:
            if status_code(error) != 409:
                raise
            existing: dict[str, Any] = api.inspect_container(name)
            if existing["State"]["Running"]:
                return existing
            self._remove(existing["Id"])
            infra_id = api.create_container_from_config(body, name=name)["Id"]
        try:
            api.start(infra_id)
        except Exception as error:
            self._remove(infra_id)
            if self._room.engine.learn_from_refusal(explanation(error), body["HostConfig"]["OomScoreAdj"]):
                return self._start_infra(pod, attempt, attachment)
            raise
        inspection: dict[str, Any] = api.inspect_container(infra_id)
        return inspection

    def _remove(self, infra_id: str) -> None:
        try:
            self._room.engine.api.remove_container(infra_id, v=True, force=True)
        except Exception as error:
            if status_code(error) not in (404, 409):  # gone, or being removed
                raise

    def _report(self, uid: str, sandbox: _Sandbox) -> SandboxReport:
        awaits = sandbox.ready and not sandbox.ip and not sandbox.infra_id
        return SandboxReport(uid, sandbox.attempt, self._room.clock.now(), sandbox.ready, sandbox.ip, awaits_address=awaits)

    def _send(self, uid: str, attempt: int, *, ready: bool, ip: str = "", error: str = "") -> None:
        self._room.send([SandboxReport(uid, attempt, self._room.clock.now(), ready, ip, error)])


def _listed_address(container: dict[str, Any]) -> str:
    networks = (container.get("NetworkSettings") or {}).get("Networks") or {}
    return next((network["IPAddress"] for network in networks.values() if network.get("IPAddress")), "")
