"""ttl.json: the ttl-after-finished controller."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.controllers.plan import Delete
from simulator.controllers.ttl import NoExpiry, expiry_time, is_ttl_concern, reconcile_ttl
from simulator.model.kubernetes import batch_v1, from_builtins
from tests.vectors.cases import cases, check_keys
from tests.vectors.cron_job_passes import instant


def job_of(manifest: dict[str, Any]) -> batch_v1.Job:
    """The Job; the template, which the file leaves out, does not matter here."""
    spec = {"template": {}, **manifest.get("spec", {})}
    return from_builtins({**manifest, "spec": spec}, batch_v1.Job)


@pytest.mark.parametrize("case", cases("ttl"))
def test_ttl(case: dict[str, Any]) -> None:
    check_keys(case, {"name", "job", "fresh", "now", "expect"})
    job, now = job_of(case["job"]), instant(case["now"])
    fresh = case.get("fresh", case["job"])
    plan = reconcile_ttl(job, fresh and job_of(fresh), now)
    deletions = [operation for operation in plan.operations if isinstance(operation, Delete)]
    assert len(deletions) == len(plan.operations)
    found: dict[str, Any] = {
        "looksAt": is_ttl_concern(job),
        "delete": bool(deletions),
        "requeueAfterSeconds": plan.requeue_after_seconds,
    }
    if deletions:
        found |= {"propagationPolicy": deletions[0].propagation, "uid": deletions[0].uid}
    if plan.error is not None:
        found["error"] = plan.error
    try:
        expiry = expiry_time(job)
        found |= {"expiresAt": expiry, "timeLeftSeconds": (expiry - now).total_seconds()}
    except NoExpiry as error:
        found["timeLeftError"] = str(error)
    expected = dict(case["expect"])
    if "expiresAt" in expected:
        expected["expiresAt"] = instant(expected["expiresAt"])
    assert found == expected
