"""`kjsim create`: objects of a manifest, or a Job from an image or from a CronJob."""

from __future__ import annotations

from typing import Any

from simulator.cli import manifests
from simulator.cli.flags import Flags, Options
from simulator.cli.output import show_written
from simulator.cli.session import open_session
from simulator.errors import ApiError, KjsimError, UsageError
from simulator.model.kinds import CRON_JOB, JOB, NAMESPACE, kind_named

EXAMPLES = """
kjsim create -f job.yml
kjsim create job once --image=busybox:1.35 -- echo hello
kjsim create job manual --from=cronjob/pingpong    # fire a CronJob by hand
kjsim create cronjob tick --image=busybox:1.35 --schedule='*/5 * * * *' -- date
kjsim create namespace team-a
"""


def add_arguments(flags: Flags) -> None:
    """Declare the flags of `create`."""
    flags.usage = "kjsim create (-f FILE... | job NAME | cronjob NAME | namespace NAME) [flags] [-- COMMAND...]"
    flags.description = "Create objects: those of manifests, or a Job, CronJob or namespace made from flags."
    flags.examples = EXAMPLES
    manifests.add_file_flags(flags)
    flags.add_argument("--from", dest="source", metavar="cronjob/NAME", help="Make the Job from this CronJob's template.")
    flags.add_argument("--image", metavar="IMAGE", help="The image of the Job's only container.")
    flags.add_argument("--schedule", metavar="SCHEDULE", help="When the CronJob fires, in cron's five fields.")
    flags.add_argument("--restart", metavar="POLICY", help="OnFailure or Never (of a CronJob; default OnFailure).")
    flags.add_argument("-o", "--output", metavar="FORMAT", help="name, json or yaml: show the object so.")
    flags.add_argument("--dry-run", metavar="server", help="server or client: do everything but keep the result.")


def run(options: Options) -> int:
    """Create; an object that exists already is an error (exit code 1)."""
    if options.filename:
        return _from_files(options)
    words = options.words
    kind = kind_named(words[0]) if words else None
    if len(words) != 2 or kind not in (JOB, CRON_JOB, NAMESPACE):
        raise UsageError("must specify -f FILE, or `job NAME`, `cronjob NAME`, `namespace NAME`\nSee 'kjsim create --help'.")
    with open_session(options.home, mode="sweep", engine="never") as session:
        client = session.client
        try:
            if kind is NAMESPACE:
                wanted: dict[str, Any] = {"metadata": {"name": words[1]}}
            elif kind is CRON_JOB:
                wanted = _cron_job(words[1], options)
            else:
                wanted = _job(words[1], options, client)
            namespace = options.namespace if kind.namespaced else None
            created = client.create(kind, wanted, namespace, dry_run=bool(options.dry_run))
        except ApiError as error:
            raise KjsimError(f"failed to create {kind.singular}: {error}") from error
        show_written(kind, created, "created", options)
    return 0


def _from_files(options: Options) -> int:
    wanted = manifests.read(options, command="create")
    with open_session(options.home, mode="sweep", engine="never") as session:
        for manifest in wanted:
            namespace = manifest.object["metadata"].get("namespace")
            created = session.client.create(manifest.kind, manifest.object, namespace, dry_run=bool(options.dry_run))
            show_written(manifest.kind, created, "created", options)
    return 0


def _job(name: str, options: Options, client: Any) -> dict[str, Any]:
    if options.source:
        if options.image or options.after_dashes:
            raise UsageError("must specify either --image with a command, or --from")
        from simulator.controllers.cronjob import job_from_cron_job
        from simulator.model.kubernetes import batch_v1, from_builtins, to_builtins

        kind_word, _, source = options.source.partition("/")
        if kind_named(kind_word) is not CRON_JOB or not source:
            raise UsageError(f"from must be an existing cronjob: --from=cronjob/NAME, not {options.source}")
        cron_job = from_builtins(client.get(CRON_JOB, source, options.namespace), batch_v1.CronJob)
        return dict(to_builtins(job_from_cron_job(cron_job, name)))
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": _job_spec(name, options, "Never")}


def _cron_job(name: str, options: Options) -> dict[str, Any]:
    if not options.schedule:
        raise UsageError("schedule must be specified: --schedule='*/5 * * * *'")
    template = {"metadata": {"name": name}, "spec": _job_spec(name, options, options.restart or "OnFailure")}
    spec = {"schedule": options.schedule, "jobTemplate": template}
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": name}, "spec": spec}


def _job_spec(name: str, options: Options, restart_policy: str) -> dict[str, Any]:
    if not options.image:
        raise UsageError("either --image or --from must be specified")
    container: dict[str, Any] = {"name": name, "image": options.image}
    if options.after_dashes:
        container["command"] = list(options.after_dashes)
    return {"template": {"spec": {"restartPolicy": restart_policy, "containers": [container]}}}
