"""The Jobs of a CronJob: how they are named and made. semantics/cronjob.md 7."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from simulator.model.kubernetes import batch_v1, meta_v1
from simulator.model.metadata import metadata_of
from simulator.scheduler import zone_named

SCHEDULED_TIMESTAMP = "batch.kubernetes.io/cronjob-scheduled-timestamp"
INSTANTIATE = "cronjob.kubernetes.io/instantiate"


def job_name(cron_job: batch_v1.CronJob, slot: datetime) -> str:
    """The name of the Job of a slot."""
    return f"{metadata_of(cron_job).name}-{int(slot.timestamp()) // 60}"


def job_for_slot(cron_job: batch_v1.CronJob, slot: datetime) -> batch_v1.Job:
    """The Job that a CronJob starts for a slot."""
    owner = _owner(cron_job)
    owner.controller = owner.blockOwnerDeletion = True
    return _from_template(
        cron_job, job_name(cron_job, slot), owner, lambda own: {**own, SCHEDULED_TIMESTAMP: _scheduled(cron_job, slot)}
    )


def job_from_cron_job(cron_job: batch_v1.CronJob, name: str) -> batch_v1.Job:
    """The Job that is made from a CronJob by hand (`create job NAME --from=cronjob/X`)."""
    return _from_template(cron_job, name, _owner(cron_job), lambda own: {INSTANTIATE: "manual", **own})


def _from_template(
    cron_job: batch_v1.CronJob,
    name: str,
    owner: meta_v1.OwnerReference,
    annotated: Callable[[dict[str, str]], dict[str, str]],
) -> batch_v1.Job:
    assert cron_job.spec is not None
    template = cron_job.spec.jobTemplate
    own = template.metadata or meta_v1.ObjectMeta()
    metadata = meta_v1.ObjectMeta(
        name=name,
        namespace=metadata_of(cron_job).namespace,
        labels=dict(own.labels) if own.labels else None,
        annotations=annotated(own.annotations or {}),
        ownerReferences=[owner],
    )
    return batch_v1.Job(metadata=metadata, spec=template.spec)


def _owner(cron_job: batch_v1.CronJob) -> meta_v1.OwnerReference:
    metadata = metadata_of(cron_job)
    return meta_v1.OwnerReference(apiVersion="batch/v1", kind="CronJob", name=metadata.name or "", uid=metadata.uid or "")


def _scheduled(cron_job: batch_v1.CronJob, slot: datetime) -> str:
    """The slot as RFC 3339 in the CronJob's own zone."""
    assert cron_job.spec is not None
    zone = zone_named(cron_job.spec.timeZone or "")
    local = slot.astimezone(UTC if zone.is_utc else zone.info)
    offset = local.utcoffset()
    if not offset:
        return local.strftime("%Y-%m-%dT%H:%M:%SZ")
    return local.isoformat(timespec="seconds")
