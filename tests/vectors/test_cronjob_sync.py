"""cronjob-sync.json: one pass of the CronJob controller."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.model.kubernetes import batch_v1, from_builtins
from tests.vectors.cases import cases, check_keys
from tests.vectors.cron_job_passes import carried_out, check_pass, cron_job_of, instant


@pytest.mark.parametrize("case", cases("cronjob-sync"))
def test_cronjob_sync(case: dict[str, Any]) -> None:
    check_case(case)


def check_case(case: dict[str, Any]) -> None:
    check_keys(case, {"name", "cronjob", "jobs", "now", "expect", "expectFixed", "apiErrors"})
    jobs = [from_builtins(job, batch_v1.Job) for job in case["jobs"]]
    result = carried_out(cron_job_of(case["cronjob"]), jobs, instant(case["now"]), case.get("apiErrors"))
    check_pass(result, case.get("expectFixed", case["expect"]))
