"""How a run begins: the objects of the manifests are created, replaced, joined or resumed."""

from __future__ import annotations

import time
from collections.abc import Callable, Container
from datetime import datetime
from typing import Any

from simulator.cli.applying import MERGE_PATCH, apply
from simulator.cli.client import Client
from simulator.cli.output import qualified
from simulator.cli.run.progress import finished, owner_uid
from simulator.errors import KjsimError, NotFound
from simulator.model.kinds import CRON_JOB, JOB, POD
from simulator.model.kubernetes import batch_v1, from_builtins, to_builtins

Tree = dict[str, Any]
Say = Callable[[str], None]

_DELETE_PATIENCE_SECONDS = 60.0
_LONGEST_PREFIX = 48
"""So that the name of a Job that is fired by hand stays within 63 characters."""


def start_job(client: Client, manifest: Tree, say: Say, unfinished: Container[str] = ()) -> Tree:
    """Create the Job of a manifest; one that has finished is replaced, one that runs is joined, a suspended one resumed.

    `unfinished`: uids of Jobs that ran when this run began. One of them that has ended since, at the first look at its pods
    after a crash, is not replaced: its work would be done twice.
    """
    name, namespace = manifest["metadata"].get("name"), manifest["metadata"]["namespace"]
    if not name:  # generateName: another one each time
        return _resumed(client, client.create(JOB, manifest, namespace), say)
    title = qualified(JOB, name)
    try:
        live = client.get(JOB, name, namespace)
    except NotFound:
        return _create(client, manifest, say)
    end = finished(live)
    if end is not None and live["metadata"]["uid"] in unfinished:
        say(f"{title} has ended while no control plane was alive: this is how (run it again to replace it)")
        return live
    if end is not None:
        say(f"{title} has ended ({end['type']}): replacing it")
        _delete(client, live)
        return _create(client, manifest, say)
    if live["metadata"].get("deletionTimestamp"):
        say(f"{title} is being deleted: waiting for its end")
        _wait_until_gone(client, live)
        return _create(client, manifest, say)
    if live["spec"].get("suspend"):
        say(f"{title} resumed")
        return client.patch(JOB, name, namespace, {"spec": {"suspend": False}}, MERGE_PATCH)
    say(f"{title} is running already: joining it (a changed manifest counts only after its end)")
    return live


def start_cron_job(client: Client, manifest: Tree, say: Say) -> Tree:
    """Create or change the CronJob of a manifest; a suspended one is resumed."""
    applied = apply(client, CRON_JOB, manifest)
    name, namespace = applied.object["metadata"]["name"], applied.object["metadata"]["namespace"]
    say(f"{qualified(CRON_JOB, name)} {applied.verb}")
    cron_job = applied.object
    if cron_job["spec"].get("suspend"):
        say(f"{qualified(CRON_JOB, name)} resumed")
        cron_job = client.patch(CRON_JOB, name, namespace, {"spec": {"suspend": False}}, MERGE_PATCH)
        _resume_jobs(client, cron_job, say)
    return cron_job


def fire(client: Client, cron_job: Tree, now: datetime, say: Say) -> Tree:
    """Make one Job from a CronJob's template at once, as `kjsim create job --from` does."""
    from simulator.controllers.cronjob import job_from_cron_job

    name, namespace = cron_job["metadata"]["name"], cron_job["metadata"]["namespace"]
    job_name = f"{name[:_LONGEST_PREFIX]}-now-{int(now.timestamp())}"
    wanted = job_from_cron_job(from_builtins(cron_job, batch_v1.CronJob), job_name)
    job = client.create(JOB, to_builtins(wanted), namespace)
    say(f"{qualified(JOB, job_name)} created by hand")
    return job


def _resume_jobs(client: Client, cron_job: Tree, say: Say) -> None:
    """Resume the Jobs of a CronJob that were suspended with it."""
    namespace = cron_job["metadata"]["namespace"]
    for job in client.list(JOB, namespace)["items"]:
        if owner_uid(job) == cron_job["metadata"]["uid"] and job["spec"].get("suspend") and not finished(job):
            client.patch(JOB, job["metadata"]["name"], namespace, {"spec": {"suspend": False}}, MERGE_PATCH)
            say(f"{qualified(JOB, job['metadata']['name'])} resumed")


def clear_away(client: Client) -> None:
    """Delete every CronJob, Job and pod, without grace."""
    for kind in (CRON_JOB, JOB, POD):
        client.delete_collection(kind, None, {"propagationPolicy": "Background", "gracePeriodSeconds": 0})


def unfinished_others(client: Client, own: list[tuple[str, str, str]]) -> list[str]:
    """What else goes on while this process is the control plane: `job/x`, `cronjob/y`. `own`: (kind, namespace, name)."""
    others = []
    for kind in (JOB, CRON_JOB):
        for obj in client.list(kind, None)["items"]:
            metadata, spec = obj["metadata"], obj["spec"]
            if (kind.kind, metadata["namespace"], metadata["name"]) in own or spec.get("suspend"):
                continue
            if kind is JOB and finished(obj):
                continue
            others.append(f"{kind.singular}/{metadata['name']}")
    return others


def _create(client: Client, manifest: Tree, say: Say) -> Tree:
    return _resumed(client, apply(client, JOB, manifest).object, say)


def _resumed(client: Client, job: Tree, say: Say) -> Tree:
    """Tell of a Job that was created; one that its manifest suspends is resumed: it is to be run."""
    say(f"{qualified(JOB, job['metadata']['name'])} created")
    if job["spec"].get("suspend"):
        say(f"{qualified(JOB, job['metadata']['name'])} is suspended by its manifest: resuming it")
        metadata = job["metadata"]
        return client.patch(JOB, metadata["name"], metadata["namespace"], {"spec": {"suspend": False}}, MERGE_PATCH)
    return job


def _delete(client: Client, job: Tree) -> None:
    metadata = job["metadata"]
    client.delete(JOB, metadata["name"], metadata["namespace"], {"propagationPolicy": "Background"})
    _wait_until_gone(client, job)


def _wait_until_gone(client: Client, job: Tree) -> None:
    metadata = job["metadata"]
    deadline = time.monotonic() + _DELETE_PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            if client.get(JOB, metadata["name"], metadata["namespace"])["metadata"]["uid"] != metadata["uid"]:
                return
        except NotFound:
            return
        time.sleep(0.02)
    raise KjsimError(
        f"job/{metadata['name']} is still there after {_DELETE_PATIENCE_SECONDS:g} s: delete it, then try again"
    )
