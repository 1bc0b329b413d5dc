"""Validation: is the object one that the API server would accept? Rules in the server's words and order.

`validate_create(obj)` and `validate_update(old, new)` take decoded trees as `simulator.parser.admission` makes them and give
the errors and, for an object without errors, the warnings. `invalid` turns errors into the 422 answer.

    field_errors   what an error is and says           names, paths    rules of texts
    metadata       names, labels, owners, selectors    job, job_policies, job_status, cron_job, pod, config: kinds
    containers, environment, probes, security, volumes, legacy_volumes, resources, scheduling, pod_annotations: of a pod
    warnings       what is accepted with a word
"""

from __future__ import annotations

from simulator.model.kubernetes import batch_v1
from simulator.parser.decoding import decode
from simulator.parser.structure import Tree
from simulator.parser.validation.config import validate_config_map, validate_config_update, validate_secret
from simulator.parser.validation.cron_job import validate_cron_job, validate_cron_job_update
from simulator.parser.validation.field_errors import Errors, FieldError, invalid
from simulator.parser.validation.job import validate_job, validate_job_update
from simulator.parser.validation.job_status import validate_job_status_update
from simulator.parser.validation.metadata import validate_metadata, validate_metadata_update
from simulator.parser.validation.pod import validate_pod, validate_pod_update
from simulator.parser.validation.warnings import job_spec_warnings, name_warnings, pod_warnings

__all__ = ["FieldError", "invalid", "validate_create", "validate_status_update", "validate_update"]

_TZ_WARNING = (
    "cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, "
    "see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details"
)


def validate_create(obj: Tree) -> tuple[list[FieldError], list[str]]:
    """Errors and warnings of an object to be created, made by `prepare_for_create`."""
    errors = Errors()
    warnings: list[str] = []
    kind = obj["kind"]
    if kind == "Job":
        validate_job(obj, errors)
        warnings += name_warnings(obj["metadata"].get("name", ""))
        warnings += job_spec_warnings(obj["spec"], "spec")
    elif kind == "CronJob":
        validate_cron_job(obj, errors)
        warnings += name_warnings(obj["metadata"].get("name", ""))
        warnings += job_spec_warnings(obj["spec"]["jobTemplate"]["spec"], "spec.jobTemplate.spec")
    elif kind == "Pod":
        validate_pod(obj, errors)
        warnings += pod_warnings(obj, "")
    elif kind == "ConfigMap":
        validate_config_map(obj, errors)
    elif kind == "Secret":
        validate_secret(obj, errors)
    else:
        validate_metadata(obj["metadata"], errors, namespaced=kind != "Namespace")
    return _once(errors), [] if errors else warnings


def validate_update(old: Tree, new: Tree) -> tuple[list[FieldError], list[str]]:
    """Errors and warnings of an update of `old` (as stored) to `new`, made by `prepare_for_update`."""
    errors = Errors()
    warnings: list[str] = []
    kind, old = new["kind"], decode(old)
    changed = new["metadata"].get("generation") != old["metadata"].get("generation")
    if kind == "Job":
        validate_job_update(new, old, errors)
        if changed:
            warnings += job_spec_warnings(new["spec"], "spec")
    elif kind == "CronJob":
        validate_cron_job_update(new, old, errors)
        if "TZ" in new["spec"].get("schedule", ""):
            warnings.append(_TZ_WARNING)
        if changed:
            warnings += job_spec_warnings(new["spec"]["jobTemplate"]["spec"], "spec.jobTemplate.spec")
    else:
        validate_metadata_update(new["metadata"], old["metadata"], errors)
        if kind in ("ConfigMap", "Secret"):
            validate_config_update(new, old, errors)
        elif kind == "Pod":
            validate_pod_update(new, old, errors)
    return _once(errors), [] if errors else warnings


def validate_status_update(old: batch_v1.Job, new: batch_v1.Job) -> list[FieldError]:
    """Errors of a write of a Job's status alone; other kinds have no rules for it."""
    errors = Errors()
    validate_job_status_update(new, old, errors)
    return _once(errors) if errors else errors


def _once(errors: Errors) -> list[FieldError]:
    """Each error once, where several steps of the server's find it again."""
    seen: set[str] = set()
    kept = []
    for error in errors:
        if str(error) not in seen:
            seen.add(str(error))
            kept.append(error)
    return kept
