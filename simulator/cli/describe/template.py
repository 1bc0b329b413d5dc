"""The pod template of a Job or CronJob, and what it shares with a pod: tolerations, topology spread."""

from __future__ import annotations

from simulator.cli.describe.containers import write_containers
from simulator.cli.describe.page import Json, Page, write_annotations, write_labels
from simulator.cli.describe.volumes import write_volumes
from simulator.model.selectors import format_label_selector

_INDENT = "  "


def write_pod_template(page: Page, template: Json) -> None:
    """The part `Pod Template:`."""
    metadata, spec = template.get("metadata") or {}, template.get("spec") or {}
    page.write(0, "Pod Template:\n")
    write_labels(page, "  Labels", metadata.get("labels"))
    if metadata.get("annotations"):
        write_annotations(page, "  Annotations", metadata["annotations"])
    if spec.get("serviceAccountName"):
        page.line(1, "Service Account", spec["serviceAccountName"])
    if spec.get("initContainers"):
        write_containers(page, "Init Containers", spec["initContainers"], space=_INDENT)
    write_containers(page, "Containers", spec.get("containers") or [], space=_INDENT)
    write_volumes(page, spec.get("volumes") or [], _INDENT)
    write_topology_spread(page, spec, _INDENT)
    if spec.get("priorityClassName"):
        page.line(1, "Priority Class Name", spec["priorityClassName"])
    write_labels(page, "Node-Selectors", spec.get("nodeSelector"), _INDENT)
    write_tolerations(page, spec, _INDENT)


def write_tolerations(page: Page, spec: Json, indent: str = "") -> None:
    """Tolerations, sorted by key."""
    page.write(0, f"{indent}Tolerations:\t")
    tolerations = spec.get("tolerations") or []
    if not tolerations:
        page.write(0, "<none>\n")
    for i, toleration in enumerate(sorted(tolerations, key=lambda toleration: toleration.get("key") or "")):
        if i:
            page.write(0, f"{indent}\t")
        page.write(0, f"{_toleration(toleration)}\n")


def _toleration(toleration: Json) -> str:
    key, value, effect = (toleration.get(name) or "" for name in ("key", "value", "effect"))
    text = key + (f"={value}" if value else "") + (f":{effect}" if effect else "")
    if toleration.get("operator") == "Exists" and not value:
        text += " op=Exists" if key or effect else "op=Exists"
    seconds = toleration.get("tolerationSeconds")
    return text if seconds is None else f"{text} for {seconds}s"


def write_topology_spread(page: Page, spec: Json, indent: str = "") -> None:
    """Topology spread constraints, sorted by key; nothing if there are none."""
    constraints = spec.get("topologySpreadConstraints") or []
    for i, constraint in enumerate(sorted(constraints, key=lambda constraint: constraint.get("topologyKey") or "")):
        page.write(0, f"{indent}\t" if i else f"{indent}Topology Spread Constraints:\t")
        page.write(
            0,
            f"{constraint.get('topologyKey') or ''}:{constraint.get('whenUnsatisfiable') or ''}"
            f" when max skew {constraint.get('maxSkew') or 0} is exceeded",
        )
        if constraint.get("labelSelector") is not None:
            page.write(0, f" for selector {format_label_selector(constraint['labelSelector'])}")
        page.write(0, "\n")
