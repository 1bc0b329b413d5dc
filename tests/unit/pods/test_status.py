"""The statuses of a pod's end: what one stage takes over from the one before is what it would have made itself."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from simulator.pods.observed import Observed
from simulator.pods.status import StatusUpdate, compute_status
from tests.vectors.cases import cases
from tests.vectors.pod_input import read_observed, read_pod, read_probes, read_time


@pytest.mark.parametrize("case", cases("pod-status"))
@pytest.mark.parametrize("have_all_ended", [False, True])
def test_a_stage_that_knows_the_one_before_makes_the_same_status(case: dict[str, Any], have_all_ended: bool) -> None:
    pod = read_pod(case["pod"])
    now = read_time(case["now"])
    assert now is not None
    observed = read_observed(case)
    if have_all_ended:
        ended = tuple(replace(item, state="exited", finished_time=now) for item in observed.containers)
        observed = replace(observed, containers=ended)
    stopped = Observed(tuple(replace(item, ready=False) for item in observed.sandboxes), observed.containers)
    start_errors = {name: (reason, message) for name, (reason, message) in case.get("startErrors", {}).items()}
    probes = read_probes(case)

    def compute(old: StatusUpdate | None, seen: Observed, stage: Any, before: StatusUpdate | None) -> StatusUpdate | None:
        status = old.status if old is not None else pod.status
        return compute_status(
            pod,
            status,
            seen,
            now,
            host_ip="192.168.65.3",
            start_errors=start_errors,
            probes=probes,
            stage=stage,
            before=before,
        )

    last = compute(None, observed, "sync", None)
    for stage in ("stopped", "terminated"):
        briefly, at_length = compute(last, stopped, stage, last), compute(last, stopped, stage, None)
        if briefly is None or at_length is None:
            assert briefly is at_length
            continue
        assert briefly == at_length
        last = briefly
