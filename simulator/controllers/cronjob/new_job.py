"""The Jobs of a CronJob: how they are named and made. semantics/cronjob.md 7."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from simulator.controllers.cronjob.notes import slot_text
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
    assert cron_job.spec is not None
    template, metadata = cron_job.spec.jobTemplate, metadata_of(cron_job)
    stamp = {SCHEDULED_TIMESTAMP: _scheduled(slot, cron_job.spec.timeZone)}
    annotations = template.metadata.annotations if template.metadata else None
    owner = _controller(metadata.name or "", metadata.uid or "")
    return _from_template(cron_job, job_name(cron_job, slot), owner, {**annotations, **stamp} if annotations else stamp)


def job_from_cron_job(cron_job: batch_v1.CronJob, name: str) -> batch_v1.Job:
    """The Job that is made from a CronJob by hand (`create job NAME --from=cronjob/X`)."""
    assert cron_job.spec is not None
    template, metadata = cron_job.spec.jobTemplate, metadata_of(cron_job)
    annotations = template.metadata.annotations if template.metadata else None
    owner = meta_v1.OwnerReference("batch/v1", "CronJob", metadata.name or "", metadata.uid or "")
    return _from_template(cron_job, name, owner, {INSTANTIATE: "manual", **(annotations or {})})


@lru_cache(maxsize=512)
def _controller(name: str, uid: str) -> meta_v1.OwnerReference:
    """How the Jobs of a CronJob name it: all with the same struct, which makes them quick to compare."""
    return meta_v1.OwnerReference("batch/v1", "CronJob", name, uid, blockOwnerDeletion=True, controller=True)


def _from_template(
    cron_job: batch_v1.CronJob, name: str, owner: meta_v1.OwnerReference, annotations: dict[str, str]
) -> batch_v1.Job:
    assert cron_job.spec is not None
    template = cron_job.spec.jobTemplate
    labels = template.metadata.labels if template.metadata else None
    metadata = meta_v1.ObjectMeta(
        name=name,
        namespace=metadata_of(cron_job).namespace,
        labels=dict(labels) if labels else None,
        annotations=annotations,
        ownerReferences=[owner],
    )
    return batch_v1.Job(metadata=metadata, spec=template.spec)


def _scheduled(slot: datetime, zone_name: str | None) -> str:
    """The slot as RFC 3339 in the CronJob's own zone."""
    zone = zone_named(zone_name or "")
    if zone.is_utc:
        return slot_text(slot)
    local = slot.astimezone(zone.info)
    return local.isoformat(timespec="seconds") if local.utcoffset() else slot_text(slot)
