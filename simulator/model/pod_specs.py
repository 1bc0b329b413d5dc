"""What depends on a pod's spec alone is worked out once for all pods that share the spec.

All pods of a template have the same spec struct, and a stored struct is never changed: the same struct is the same spec.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar, TypeVarTuple

from msgspec.structs import replace

from simulator.model.kubernetes import core_v1

_MOST_REMEMBERED = 512

Others = TypeVarTuple("Others")
Answer = TypeVar("Answer")


def once_per_spec(decide: Callable[[core_v1.Pod, *Others], Answer]) -> Callable[[core_v1.Pod, *Others], Answer]:
    """Remember the answers of a function that looks at nothing of a pod but its spec.

    Further arguments must be hashable. The answer is shared: nobody may change it.
    """
    known: dict[tuple[object, ...], tuple[core_v1.PodSpec | None, Answer]] = {}

    @wraps(decide)
    def remembered(pod: core_v1.Pod, *others: *Others) -> Answer:
        spec = pod.spec
        key = (id(spec), *others)
        found = known.get(key)
        if found is not None and found[0] is spec:  # else another struct had this address before
            return found[1]
        if len(known) >= _MOST_REMEMBERED:
            known.clear()
        answer = decide(pod, *others)
        known[key] = (spec, answer)
        return answer

    return remembered


@once_per_spec
def bound_spec(pod: core_v1.Pod, node_name: str) -> core_v1.PodSpec:
    """The spec of a pod as it is once the pod is on a node."""
    assert pod.spec is not None
    return replace(pod.spec, nodeName=node_name)
