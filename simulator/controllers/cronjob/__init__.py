"""The CronJob controller: which Job is started when, which are kept, and when to look again. semantics/cronjob.md 5 to 8.

`sync` is one pass, `missed` the arithmetic of slots, `new_job` the Jobs it makes, `edit` what a changed CronJob wakes.
"""

from simulator.controllers.cronjob.edit import Edit, enqueue_after_edit
from simulator.controllers.cronjob.missed import next_slot
from simulator.controllers.cronjob.new_job import INSTANTIATE, SCHEDULED_TIMESTAMP, job_from_cron_job, job_name
from simulator.controllers.cronjob.sync import reconcile_cron_job, schedule_of, sync_cron_job

__all__ = [
    "INSTANTIATE",
    "SCHEDULED_TIMESTAMP",
    "Edit",
    "enqueue_after_edit",
    "job_from_cron_job",
    "job_name",
    "next_slot",
    "reconcile_cron_job",
    "schedule_of",
    "sync_cron_job",
]
