"""Whose logs `kjsim logs` prints: which pod of a Job, which containers of a pod (kubectl's rules). Pods are plain dicts."""

from __future__ import annotations

from typing import Any, NamedTuple

from simulator.errors import KjsimError

Pod = dict[str, Any]

DEFAULT_CONTAINER_ANNOTATION = "kubectl.kubernetes.io/default-container"


class Source(NamedTuple):
    """One log: a container of a pod."""

    pod: str
    container: str

    @property
    def prefix(self) -> str:
        """What `--prefix` puts before each line."""
        return f"[pod/{self.pod}/{self.container}] "


class Choice(NamedTuple):
    """The logs of one pod, and what to tell about a container that was chosen for the user (or empty)."""

    sources: tuple[Source, ...]
    note: str = ""


def choose_containers(pod: Pod, *, container: str = "", all_containers: bool = False) -> Choice:
    """The containers of `pod` whose logs are meant; raises `KjsimError` if there is none of that name."""
    name, spec = pod["metadata"]["name"], pod.get("spec") or {}
    main = [c["name"] for c in spec.get("containers") or ()]
    init = [c["name"] for c in spec.get("initContainers") or ()]
    if all_containers:
        return Choice(tuple(Source(name, c) for c in init + main))
    listed = ", ".join([*main, *(f"{c} (init)" for c in init)])
    if container:
        if container not in main + init:
            raise KjsimError(f"container {container} is not valid for pod {name} out of: {listed}")
        return Choice((Source(name, container),))
    preset = (pod["metadata"].get("annotations") or {}).get(DEFAULT_CONTAINER_ANNOTATION)
    if preset and preset in main + init:
        return Choice((Source(name, preset),))
    note = f'Defaulted container "{main[0]}" out of: {listed}' if len(main) + len(init) > 1 else ""
    return Choice((Source(name, main[0]),), note)


def by_interest(pods: list[Pod]) -> list[Pod]:
    """Pods in the order in which kubectl picks one for its log: running, ready for longest, most restarts, oldest."""
    return sorted(pods, key=_interest)


def _interest(pod: Pod) -> tuple[Any, ...]:
    status = pod.get("status") or {}
    ready = next((c for c in status.get("conditions") or () if c["type"] == "Ready" and c["status"] == "True"), None)
    restarts = max((c.get("restartCount", 0) for c in status.get("containerStatuses") or ()), default=0)
    return (
        not (pod.get("spec") or {}).get("nodeName"),
        {"Unknown": 1, "Pending": 2}.get(status.get("phase", ""), 0),
        ready is None,
        ready["lastTransitionTime"] if ready and ready.get("lastTransitionTime") else "~",
        -restarts,
        pod["metadata"].get("creationTimestamp") or "~",
    )
