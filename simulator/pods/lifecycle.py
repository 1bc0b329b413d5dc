"""The pod lifecycle: what the kubelet decides, as a pure function of the pod, what was observed, and the time.

The control plane keeps one `PodRecord` per pod. It folds every executor report into it (`observe`) and calls `sync_pod`
whenever the pod object or the record has changed or `wake_time` has come. The plan that comes back is applied in this
order: keep `record`; write `node_name` and `status` to the store (committed first); record `events`; submit `commands`;
if `remove`, take the object away (unless finalizers hold it). Syncing again at once gives an empty plan.

Rules: semantics/pod-on-docker.md 1.3, 2.6 to 2.11 and 3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from simulator.model.kubernetes import core_v1
from simulator.pods.executor import Command, ContainerKey, ImageReport, Node, Report
from simulator.pods.observed import Observed


@dataclass(frozen=True, slots=True)
class PodEvent:
    """An event on the pod. `field_path` is `spec.containers{main}` for events about a container, else empty."""

    type: str
    reason: str
    message: str
    field_path: str = ""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a pod's environment and volumes come from: look-ups by name in the pod's namespace; None: not there."""

    config_map: Callable[[str], core_v1.ConfigMap | None] = lambda name: None
    secret: Callable[[str], core_v1.Secret | None] = lambda name: None


@dataclass(frozen=True, slots=True)
class PodRecord:
    """What the node remembers of one pod. Opaque to the control plane; changed only by `observe` and `sync_pod`.

    A new pod, and every pod after a restart of the process, begins with `PodRecord(uid)`; the executor's `Snapshot` fills
    it with what exists.
    """

    uid: str
    observed: Observed = field(default_factory=Observed)
    engine_reachable: bool = True


@dataclass(frozen=True, slots=True)
class PodPlan:
    """What one sync decided.

    `record`: to be kept for the next call. `status`: the whole new status of the pod, None when it stays as stored.
    `node_name`: write it to spec.nodeName (the pod is bound now). `commands`: for the executor, in order. `events`: to
    record. `wake_time`: sync again then at the latest, None: only on news. `remove`: the object has a deletionTimestamp and
    nothing of it runs any more. `notes`: causes in plain words, for `kjsim why pod/x`.
    """

    record: PodRecord
    status: core_v1.PodStatus | None = None
    node_name: str | None = None
    commands: tuple[Command, ...] = ()
    events: tuple[PodEvent, ...] = ()
    wake_time: datetime | None = None
    remove: bool = False
    notes: tuple[str, ...] = ()


def observe(record: PodRecord, report: Report, now: datetime) -> PodRecord:
    """Fold one report into the record of a pod.

    `report` is one about this pod (`report_pod_uid`), or an `EngineReport` or `Snapshot`, which are for every pod (a
    snapshot's entries about other pods are passed by). Reports may come twice.
    """
    raise NotImplementedError


def sync_pod(
    pod: core_v1.Pod,
    record: PodRecord,
    node: Node,
    now: datetime,
    *,
    images: Mapping[str, ImageReport],
    sources: Sources,
) -> PodPlan:
    """Decide what to do next for `pod`.

    `images`: by reference, the last `ImageReport` of this node, from whichever pod it came (an image without entry is
    inspected first). `pod` is as stored; its status is what was last written.
    """
    raise NotImplementedError


def sync_orphan(record: PodRecord, now: datetime) -> PodPlan:
    """Clear away what is left of a pod whose object is gone (forced deletion, garbage after a crash).

    Running containers get the least grace (2 s), then everything is removed (`RemovePod`). `remove` is True once nothing is
    left and the record can be dropped.
    """
    raise NotImplementedError


def report_pod_uid(report: Report) -> str | None:
    """The uid of the pod that a report is about; None for `EngineReport` and `Snapshot`, which are for every pod."""
    raise NotImplementedError


def container_key(record: PodRecord, name: str, previous: bool = False) -> ContainerKey | None:
    """The container whose log `kubectl logs` shows for a container name; None: there is none."""
    raise NotImplementedError
