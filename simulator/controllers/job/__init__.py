"""The Job controller: what a Job needs next, decided from the job, its pods and the time.

`reconcile_job` makes one sync, in the order of semantics/job.md 7:

1. `claim`: which pods are the job's; adopt and release.
2. `sync`: count them (`observed` reads a pod once, `backoff` keeps the record of failures).
3. `verdict`: must it fail or has it succeeded (`failure_policy`, `success_policy`)?
4. `scale`: delete or create pods (`deletion_order`, `new_pod`), or wait for a back-off.
5. `tracking`: count ended pods, let their finalizers go, write the status, end the job (`conditions`).

`causes` puts into words why. Everything is pure: the result is a `Plan`, nothing is carried out here.
"""

from simulator.controllers.job.backoff import JobMemory
from simulator.controllers.job.claim import release_untracked_pod
from simulator.controllers.job.observed import TRACKING_FINALIZER, is_news_to_job
from simulator.controllers.job.reconcile import reconcile_job

__all__ = ["TRACKING_FINALIZER", "JobMemory", "is_news_to_job", "reconcile_job", "release_untracked_pod"]
