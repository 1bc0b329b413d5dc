"""Whether a container is to run again after it ended: its restart rules, its own policy, the pod's policy.

Source: semantics/pod-on-docker.md 3.3 and 2.9.
"""

from __future__ import annotations

from simulator.model.kubernetes import core_v1
from simulator.pods.observed import Observed, ObservedContainer

RESTART_ALL_CONTAINERS = "RestartAllContainers"


def is_sidecar(container: core_v1.Container) -> bool:
    """Whether an *init* container is a sidecar (2.9)."""
    return container.restartPolicy == "Always"


def pod_restart_policy(pod: core_v1.Pod) -> str:
    """The pod's restart policy; Always where the manifest leaves it out."""
    spec = pod.spec
    return (spec is not None and spec.restartPolicy) or "Always"


def effective_policy(pod: core_v1.Pod, container: core_v1.Container) -> str:
    """A container's own restart policy, else the pod's."""
    return container.restartPolicy or pod_restart_policy(pod)


def matching_action(container: core_v1.Container, exit_code: int) -> str | None:
    """The action of the first restart rule that an exit code meets: `Restart`, `RestartAllContainers`, or None."""
    for rule in container.restartPolicyRules or ():
        if rule.exitCodes is None:
            continue
        is_listed = exit_code in (rule.exitCodes.values or ())
        if is_listed == (rule.exitCodes.operator == "In"):
            return rule.action
    return None


def restarts_after(pod: core_v1.Pod, container: core_v1.Container, exit_code: int) -> bool:
    """Whether policy and rules ask for another run after `exit_code`, leaving deletion aside."""
    if container.restartPolicyRules and matching_action(container, exit_code) is not None:
        return True
    policy = effective_policy(pod, container)
    return policy == "Always" or (policy == "OnFailure" and exit_code != 0)


def should_restart(pod: core_v1.Pod, container: core_v1.Container, observed: Observed) -> bool:
    """Whether a container that is not running is to be started, going by its latest instance.

    Nothing starts once the pod is being deleted; what was never started, or hangs in `created` or `unknown`, is.
    """
    if pod.metadata is not None and pod.metadata.deletionTimestamp is not None:
        return False
    latest = observed.latest(container.name)
    if latest is None or latest.state in ("created", "unknown"):
        return True
    if latest.state == "running":
        return False
    return restarts_after(pod, container, latest.exit_code)


def init_has_failed(latest: ObservedContainer) -> bool:
    """Whether the latest instance of a regular init container counts as failed; killed for memory always does (2.9)."""
    return latest.reason == "OOMKilled" or latest.state == "unknown" or (latest.state == "exited" and latest.exit_code != 0)


def has_restart_all_rule(pod: core_v1.Pod) -> bool:
    """Whether any container of the pod may ask for a restart of all."""
    if pod.spec is None:
        return False
    for container in (*(pod.spec.initContainers or ()), *pod.spec.containers):
        for rule in container.restartPolicyRules or ():
            if rule.action == RESTART_ALL_CONTAINERS:
                return True
    return False
