"""Random Jobs and CronJobs, every field of their specs among them; all of them can end in some minutes of virtual time."""

from __future__ import annotations

from random import Random
from typing import Any

Tree = dict[str, Any]

EXIT_CODES = (1, 3, 42, 137)
FOREIGN = "example.com/another-controller"


def job(rng: Random, name: str) -> Tree:
    """A Job's manifest."""
    metadata = {"name": name, "namespace": "default", "labels": {"app": name}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": job_spec(rng, name)}


def cron_job(rng: Random, name: str) -> Tree:
    """A CronJob's manifest; its Jobs are small."""
    spec: Tree = {
        "schedule": rng.choice(["* * * * *", "*/2 * * * *", "1-59/3 * * * *"]),
        "concurrencyPolicy": rng.choice(["Allow", "Forbid", "Replace"]),
        "jobTemplate": {"metadata": {"labels": {"app": name}}, "spec": job_spec(rng, "", small=True)},
    }
    _maybe(rng, spec, "timeZone", ["Etc/UTC", "Europe/Berlin", "America/New_York"])
    _maybe(rng, spec, "startingDeadlineSeconds", [15, 200])
    _maybe(rng, spec, "successfulJobsHistoryLimit", [0, 1, 5])
    _maybe(rng, spec, "failedJobsHistoryLimit", [0, 2])
    metadata = {"name": name, "namespace": "default"}
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": metadata, "spec": spec}


def job_spec(rng: Random, name: str, *, small: bool = False) -> Tree:
    """A Job's spec. `name` is the value of the label by which a manual selector finds pods (empty: none is used)."""
    spec: Tree = {}
    _maybe(rng, spec, "parallelism", [1, 2, 3] if small else [0, 1, 2, 3, 5, 8], 0.8)
    is_indexed = rng.random() < 0.5
    if is_indexed:
        spec["completionMode"] = "Indexed"
        spec["completions"] = rng.choice([1, 2, 3, 5, 9])
        _set_index_fields(rng, spec)
    else:
        _maybe(rng, spec, "completions", [0, 1, 2, 3, 6], 0.6)
    _maybe(rng, spec, "backoffLimit", [0, 1, 2, 4], 0.8)
    _maybe(rng, spec, "activeDeadlineSeconds", [0, 5, 30, 120], 0.2)
    _maybe(rng, spec, "ttlSecondsAfterFinished", [0, 7, 100], 0.2)
    _maybe(rng, spec, "suspend", [True], 0.1)
    restart_policy = rng.choice(["Never", "OnFailure"])
    template: Tree = {"metadata": {"labels": {"app": name or "small"}}, "spec": pod_spec(rng, restart_policy)}
    if restart_policy == "Never" and rng.random() < 0.35:
        spec["podFailurePolicy"] = _failure_policy(rng, spec)
        _maybe(rng, spec, "podReplacementPolicy", ["Failed"])
    else:
        _maybe(rng, spec, "podReplacementPolicy", ["Failed", "TerminatingOrFailed"])
    if name and rng.random() < 0.15:
        spec["manualSelector"] = True
        spec["selector"] = {"matchLabels": {"app": name}}
    _maybe(rng, spec, "managedBy", [FOREIGN, "kubernetes.io/job-controller"], 0.06)
    return {**spec, "template": template}


def _set_index_fields(rng: Random, spec: Tree) -> None:
    completions = spec["completions"]
    if rng.random() < 0.5:
        spec["backoffLimitPerIndex"] = rng.choice([0, 1, 2])
        _maybe(rng, spec, "maxFailedIndexes", range(completions + 1), 0.4)
    if rng.random() < 0.3:
        count: Tree = {"succeededCount": rng.randint(1, completions)}
        last = rng.randrange(completions)
        spec["successPolicy"] = {"rules": [rng.choice([count, {"succeededIndexes": "0" if last == 0 else f"0-{last}"}])]}


def _failure_policy(rng: Random, spec: Tree) -> Tree:
    actions = ["Count", "FailJob", "Ignore"] + (["FailIndex"] if "backoffLimitPerIndex" in spec else [])
    rules: list[Tree] = []
    for _ in range(rng.randint(1, 3)):
        rule: Tree = {"action": rng.choice(actions)}
        if rng.random() < 0.3:
            rule["onPodConditions"] = [{"type": "DisruptionTarget"}]
        else:
            # An exit code that is always ignored makes a Job that never ends: only the rarer ones are.
            codes = sorted(rng.sample(EXIT_CODES[1:] if rule["action"] == "Ignore" else EXIT_CODES, 2))
            rule["onExitCodes"] = {"operator": "In", "values": codes}
            if rule["action"] != "Ignore" and rng.random() < 0.3:
                rule["onExitCodes"]["operator"] = "NotIn"
        rules.append(rule)
    return {"rules": rules}


def pod_spec(rng: Random, restart_policy: str) -> Tree:
    """A pod's spec with one container or more."""
    spec: Tree = {"restartPolicy": restart_policy, "containers": [_container("main")]}
    _maybe(rng, spec, "terminationGracePeriodSeconds", [0, 1, 30])
    if rng.random() < 0.15:
        spec["containers"].append(_container("second"))
    init = [_container("prepare")] if rng.random() < 0.15 else []
    if rng.random() < 0.1:
        init.append({**_container("sidecar"), "restartPolicy": "Always"})
    if init:
        spec["initContainers"] = init
    if rng.random() < 0.1:
        spec["containers"][0]["image"] = "pulled:1"
        spec["containers"][0]["imagePullPolicy"] = "Always"
    return spec


def _container(name: str) -> Tree:
    return {"name": name, "image": "present:1"}


def _maybe(rng: Random, spec: Tree, name: str, values: Any, chance: float = 0.5) -> None:
    if rng.random() < chance:
        spec[name] = rng.choice(list(values))
