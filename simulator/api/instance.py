"""What kjsim serves beside Kubernetes' API: the decision log of an object, and the state of this instance.

GET  .../jobs/NAME/decisions     (also cronjobs, pods) a DecisionList
GET  /apis/kjsim.dev/v1/status   process, engine, unfinished objects, next instants
POST /apis/kjsim.dev/v1/shutdown ends the control plane
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from simulator import __version__
from simulator.control_plane import ControlPlane
from simulator.model.conditions import finished_condition
from simulator.model.kinds import CRON_JOB, JOB, POD
from simulator.model.metadata import Key
from simulator.pods.executor import Node
from simulator.store.objects import Decision, Objects

Tree = dict[str, Any]


def decision_list(objects: Objects, key: Key) -> Tree:
    """The decisions about an object and about what it controls, oldest first; a CronJob's Jobs, a Job's pods."""
    return {"kind": "DecisionList", "apiVersion": "kjsim.dev/v1", "items": list(map(_decision, objects.decisions(key)))}


def _decision(decision: Decision) -> Tree:
    time, (kind, namespace, name), uid, text = decision
    return {"time": time, "object": {"kind": kind, "namespace": namespace, "name": name, "uid": uid}, "text": text}


def instance_status(control_plane: ControlPlane, node: Node, home: str, process_id: int, now: datetime) -> Tree:
    """The answer to `kjsim status`. `unfinishedJobs` and its like count what still has something before it."""
    objects, engine = control_plane.objects, control_plane.node.engine
    next_time = control_plane.next_time()
    return {
        "kind": "InstanceStatus",
        "apiVersion": "kjsim.dev/v1",
        "processID": process_id,
        "version": __version__,
        "home": home,
        "mode": control_plane.mode.value,
        "time": now.isoformat(),
        "engine": {
            "reachable": engine.reachable,
            "version": node.engine_version,
            "error": engine.error,
        },
        **_unfinished(objects),
        "nextTime": next_time.isoformat() if next_time else None,
    }


def _unfinished(objects: Objects) -> Tree:
    jobs = [job for job in objects.list(JOB.kind) if finished_condition(job) is None and not (job.spec and job.spec.suspend)]
    cron_jobs = [cron_job for cron_job in objects.list(CRON_JOB.kind) if not (cron_job.spec and cron_job.spec.suspend)]
    ended = ("Succeeded", "Failed")
    pods = [pod for pod in objects.list(POD.kind) if pod.status is None or pod.status.phase not in ended]
    return {"unfinishedJobs": len(jobs), "unfinishedCronJobs": len(cron_jobs), "unfinishedPods": len(pods)}
