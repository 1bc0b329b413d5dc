"""Defaults of every served kind, in place on decoded trees (semantics/job.md 2, cronjob.md 1)."""

from __future__ import annotations

import base64
from collections.abc import Callable

from simulator.parser.pod_defaults import set_pod_defaults, set_pod_spec_defaults
from simulator.parser.structure import Tree


def set_defaults(obj: Tree) -> None:
    """Fill in what the API server fills in for the kind of the object."""
    fill = _DEFAULTS.get(obj["kind"])
    if fill:
        fill(obj)


def _job(job: Tree) -> None:
    labels = job["spec"]["template"]["metadata"].get("labels")
    if labels and not job["metadata"].get("labels"):
        job["metadata"]["labels"] = dict(labels)
    spec = job["spec"]
    if "completions" not in spec and "parallelism" not in spec:
        spec["completions"] = spec["parallelism"] = 1
    spec.setdefault("parallelism", 1)
    spec.setdefault("backoffLimit", 2**31 - 1 if "backoffLimitPerIndex" in spec else 6)
    spec.setdefault("completionMode", "NonIndexed")
    spec.setdefault("suspend", False)
    spec.setdefault("manualSelector", False)
    spec.setdefault("podReplacementPolicy", "Failed" if "podFailurePolicy" in spec else "TerminatingOrFailed")
    _job_template(spec)


def _cron_job(cron_job: Tree) -> None:
    spec = cron_job["spec"]
    spec.setdefault("concurrencyPolicy", "Allow")
    spec.setdefault("suspend", False)
    spec.setdefault("successfulJobsHistoryLimit", 3)
    spec.setdefault("failedJobsHistoryLimit", 1)
    _job_template(spec["jobTemplate"]["spec"])


def _job_template(spec: Tree) -> None:
    set_pod_spec_defaults(spec["template"]["spec"])
    for rule in (spec.get("podFailurePolicy") or {}).get("rules") or ():
        for pattern in rule.get("onPodConditions") or ():
            if not pattern.get("status"):
                pattern["status"] = "True"


def _pod(pod: Tree) -> None:
    set_pod_spec_defaults(pod["spec"])
    set_pod_defaults(pod["spec"])


def _secret(secret: Tree) -> None:
    secret.setdefault("type", "Opaque")
    texts = secret.pop("stringData", None) or {}
    if texts:
        data = secret.setdefault("data", {})
        data.update({key: base64.b64encode(text.encode()).decode() for key, text in texts.items()})


def _namespace(namespace: Tree) -> None:
    name = namespace["metadata"].get("name")
    if name:
        namespace["metadata"].setdefault("labels", {})["kubernetes.io/metadata.name"] = name
    spec = namespace.setdefault("spec", {})
    if not spec.get("finalizers"):
        spec["finalizers"] = ["kubernetes"]


_DEFAULTS: dict[str, Callable[[Tree], None]] = {
    "Job": _job, "CronJob": _cron_job, "Pod": _pod, "Secret": _secret, "Namespace": _namespace,
}  # fmt: skip
