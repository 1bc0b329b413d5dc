"""`kubectl describe pod`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from simulator.api.tables.ages import age
from simulator.cli.describe.containers import write_containers, write_resources, write_seccomp
from simulator.cli.describe.page import Json, Page, controlled_by, time_text, write_annotations, write_head, write_labels
from simulator.cli.describe.template import write_tolerations, write_topology_spread
from simulator.cli.describe.volumes import write_volumes


def describe_pod(page: Page, pod: Json, now: datetime) -> None:
    """Everything but the events."""
    metadata, spec, status = pod.get("metadata") or {}, pod.get("spec") or {}, pod.get("status") or {}
    write_head(page, metadata)
    _write_placement(page, spec, status)
    write_labels(page, "Labels", metadata.get("labels"))
    write_annotations(page, "Annotations", metadata.get("annotations"))
    _write_status(page, metadata, status, now)
    write_seccomp(page, 0, spec.get("securityContext"))
    _write_addresses(page, status)
    controller = controlled_by(metadata)
    if controller:
        page.line(0, "Controlled By", controller)
    if status.get("nominatedNodeName"):
        page.line(0, "NominatedNodeName", status["nominatedNodeName"])
    if spec.get("resources") is not None:
        page.write(0, "Resources:\n")
        write_resources(page, 1, spec["resources"])
    resolve = _field_resolver(metadata)
    init_statuses, statuses = status.get("initContainerStatuses") or (), status.get("containerStatuses") or ()
    if spec.get("initContainers"):
        write_containers(page, "Init Containers", spec["initContainers"], init_statuses, resolve)
    write_containers(page, "Containers", spec.get("containers") or (), statuses, resolve)
    if spec.get("ephemeralContainers"):
        ephemeral = status.get("ephemeralContainerStatuses") or ()
        write_containers(page, "Ephemeral Containers", spec["ephemeralContainers"], ephemeral, resolve)
    _write_conditions(page, spec, status)
    write_volumes(page, spec.get("volumes") or ())
    page.line(0, "QoS Class", status.get("qosClass") or _qos_class(pod))
    write_labels(page, "Node-Selectors", spec.get("nodeSelector"))
    write_tolerations(page, spec)
    write_topology_spread(page, spec)


def _write_placement(page: Page, spec: Json, status: Json) -> None:
    if spec.get("priority") is not None:
        page.line(0, "Priority", spec["priority"])
    for title, field in (
        ("Priority Class Name", "priorityClassName"),
        ("Runtime Class Name", "runtimeClassName"),
        ("Service Account", "serviceAccountName"),
    ):
        if spec.get(field):
            page.line(0, title, spec[field])
    node = spec.get("nodeName")
    page.line(0, "Node", f"{node}/{status.get('hostIP') or ''}" if node else "<none>")
    if status.get("startTime"):
        page.line(0, "Start Time", time_text(status["startTime"]))


def _write_status(page: Page, metadata: Json, status: Json, now: datetime) -> None:
    phase = status.get("phase") or ""
    if metadata.get("deletionTimestamp") and phase not in ("Failed", "Succeeded"):
        page.line(0, "Status", f"Terminating (lasts {age(metadata['deletionTimestamp'], now)})")
        page.line(0, "Termination Grace Period", f"{metadata.get('deletionGracePeriodSeconds') or 0}s")
    else:
        page.line(0, "Status", phase)
    for title, field in (("Reason", "reason"), ("Message", "message")):
        if status.get(field):
            page.line(0, title, status[field])


def _write_addresses(page: Page, status: Json) -> None:
    addresses = status.get("podIPs") or ()
    page.line(0, "IP", status.get("podIP") or "")
    page.write(0, "IPs:\n" if addresses else "IPs:\t<none>\n")
    for address in addresses:
        page.line(1, "IP", address.get("ip") or "")


def _write_conditions(page: Page, spec: Json, status: Json) -> None:
    conditions, gates = status.get("conditions") or (), spec.get("readinessGates") or ()
    if gates:
        page.write(0, "Readiness Gates:\n  Type\tStatus\n")
    for gate in gates:
        kind = gate.get("conditionType")
        state = next((c.get("status") or "" for c in conditions if c.get("type") == kind), "<none>")
        page.write(1, f"{kind} \t{state} \n")
    if conditions:
        page.write(0, "Conditions:\n  Type\tStatus\n")
    for condition in conditions:
        page.write(1, f"{condition.get('type') or ''} \t{condition.get('status') or ''} \n")


def _field_resolver(metadata: Json) -> Callable[[str], str]:
    fields = {"metadata.name": metadata.get("name") or "", "metadata.namespace": metadata.get("namespace") or ""}
    return lambda path: fields.get(path, "")


def _qos_class(pod: Json) -> str:
    from simulator.model.kubernetes import core_v1, from_builtins  # rarely needed, and the types take a while to import
    from simulator.pods.resources import qos_class

    return qos_class(from_builtins(pod, core_v1.Pod))
