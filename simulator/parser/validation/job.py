"""Validation of Jobs on create and on update (semantics/job.md 3, 4)."""

from __future__ import annotations

import copy
from typing import Any

from simulator.model.labels import dns_label_errors
from simulator.parser.structure import Tree
from simulator.parser.validation.field_errors import Errors
from simulator.parser.validation.job_policies import (
    validate_pod_failure_policy,
    validate_pod_replacement_policy,
    validate_success_policy,
)
from simulator.parser.validation.metadata import (
    IMMUTABLE,
    validate_label_selector,
    validate_metadata,
    validate_metadata_update,
)
from simulator.parser.validation.names import domain_prefixed_path_problems
from simulator.parser.validation.pod import validate_pod_template

_GENERATED = ("controller-uid", "job-name", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name")
_MANY = 100_000
_MANY_PER_INDEX = 10_000
_PER_INDEX_DETAIL = (
    f"must be less than or equal to {_MANY_PER_INDEX} when completions are above {_MANY} "
    "and used with backoff limit per index"
)
_INDEXED_ONLY = "requires indexed completion mode"


def validate_job(job: Tree, errors: Errors) -> None:
    """A Job to be created (decoded, defaulted, with its generated selector)."""
    spec, metadata = job["spec"], job["metadata"]
    validate_metadata(_without_generated_labels(job), errors)
    _generated_selector(job, errors)
    validate_job_spec(spec, errors, "spec")
    selector = spec.get("selector")
    if selector is None:
        errors.required("spec.selector")
    else:
        validate_label_selector(selector, errors, "spec.selector")
    labels = spec["template"]["metadata"].get("labels")
    if _matches(selector, labels or {}) is False:
        errors.invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")
    completions = spec.get("completions")
    if spec.get("completionMode") == "Indexed" and completions is not None and completions > 0:
        pod = f"{metadata.get('name', '')}-{completions - 1}"
        if dns_label_errors(pod):
            detail = f"will not able to create pod with invalid DNS label: {pod}"
            errors.invalid("metadata.name", metadata.get("name", ""), detail)


def _without_generated_labels(job: Tree) -> Tree:
    """The metadata without labels that are nothing but the generated ones: the server adds those when all is checked."""
    metadata = job["metadata"]
    labels = metadata.get("labels")
    if labels and labels == job["spec"]["template"]["metadata"].get("labels") and set(labels) <= set(_GENERATED):
        return {key: value for key, value in metadata.items() if key != "labels"}
    return metadata  # type: ignore[no-any-return]


def validate_job_update(new: Tree, old: Tree, errors: Errors) -> None:
    """A Job to be changed from `old`: the rules of creation, then what is fixed."""
    validate_job(new, errors)
    validate_metadata_update(new["metadata"], old["metadata"], errors)
    spec, before = new["spec"], old["spec"]
    _completions(spec, before, errors)
    _fixed(spec, before, "selector", errors)
    _template(new, old, errors)
    for field in ("completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy"):
        _fixed(spec, before, field, errors)


def _fixed(spec: Tree, before: Tree, field: str, errors: Errors) -> None:
    if spec.get(field) != before.get(field):
        errors.invalid(f"spec.{field}", spec.get(field), IMMUTABLE)


def _completions(spec: Tree, before: Tree, errors: Errors) -> None:
    completions = spec.get("completions")
    if spec.get("completionMode") != "Indexed":
        _fixed(spec, before, "completions", errors)
    elif completions is not None and completions != before.get("completions") and completions != spec.get("parallelism"):
        errors.invalid("spec.completions", completions, "can only be modified in tandem with spec.parallelism")


def _template(new: Tree, old: Tree, errors: Errors) -> None:
    template, before = new["spec"]["template"], old["spec"]["template"]
    if template == before:
        return
    if not _may_change_template(old):
        errors.invalid("spec.template", template, IMMUTABLE)
    elif _fixed_part(template) != _fixed_part(before):
        errors.invalid("spec.template.spec", template["spec"], IMMUTABLE)


def _may_change_template(old: Tree) -> bool:
    """Whether the Job is suspended, with no pod left, and not started or settled in being suspended."""
    status = old.get("status") or {}
    if not old["spec"].get("suspend") or status.get("active"):
        return False
    suspended = any(
        condition.get("type") == "Suspended" and condition.get("status") == "True"
        for condition in status.get("conditions") or ()
    )
    return status.get("startTime") is None or suspended


def _fixed_part(template: Tree) -> Tree:
    """The template without what may change while its Job is suspended."""
    spec = copy.deepcopy(template["spec"])
    for field in ("nodeSelector", "tolerations", "schedulingGates"):
        spec.pop(field, None)
    affinity = spec.get("affinity") or {}
    affinity.pop("nodeAffinity", None)
    if not affinity:
        spec.pop("affinity", None)
    for name in ("containers", "initContainers"):
        for container in spec.get(name) or ():
            container.pop("resources", None)
    metadata = {key: value for key, value in template["metadata"].items() if key not in ("labels", "annotations")}
    return {"metadata": metadata, "spec": spec}


def _generated_selector(job: Tree, errors: Errors) -> None:
    spec, metadata = job["spec"], job["metadata"]
    selector = spec.get("selector")
    if spec.get("manualSelector") or selector is None:
        return
    uid, name = metadata.get("uid", ""), metadata.get("name", "")
    if not uid:
        errors.required("metadata.uid")
    expected = dict(zip(_GENERATED, (uid, name, uid, name), strict=True))
    labels = spec["template"]["metadata"].get("labels") or {}
    for key, value in expected.items():
        where = f"spec.template.metadata.labels[{key}]"
        if key not in labels:
            errors.required(where, f"must be '{value}'")
        elif labels[key] != value:
            errors.invalid(where, labels, f"must be '{value}'")
    if _matches(selector, expected) is False:
        errors.invalid("spec.selector", selector, "`selector` not auto-generated")


def _matches(selector: Tree | None, labels: dict[str, str]) -> bool | None:
    """Whether a selector matches labels; None if it is no valid selector. Without one, nothing is matched."""
    if selector is None:
        return False
    problems = Errors()
    validate_label_selector(selector, problems, "")
    if problems:
        return None
    for key, value in (selector.get("matchLabels") or {}).items():
        if labels.get(key) != value:
            return False
    return all(_fulfils(expression, labels) for expression in selector.get("matchExpressions") or ())


def _fulfils(expression: Tree, labels: dict[str, str]) -> bool:
    value: str | None = labels.get(expression["key"])
    operator = expression["operator"]
    if operator == "In":
        return value is not None and bool(value in expression["values"])
    if operator == "NotIn":
        return value is None or value not in expression["values"]
    exists: bool = operator == "Exists"
    return (value is not None) == exists


def validate_job_spec(spec: Tree, errors: Errors, path: str) -> None:
    """A JobSpec without its selector: of a Job, or of a CronJob's template (where no defaults are filled in)."""
    for field in ("parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished"):
        errors.not_negative(f"{path}.{field}", spec.get(field))
    errors.not_negative(f"{path}.backoffLimitPerIndex", spec.get("backoffLimitPerIndex"))
    errors.not_negative(f"{path}.maxFailedIndexes", spec.get("maxFailedIndexes"))
    if spec.get("maxFailedIndexes") is not None and spec.get("backoffLimitPerIndex") is None:
        errors.required(f"{path}.backoffLimitPerIndex", "when maxFailedIndexes is specified")
    _managed_by(spec.get("managedBy"), errors, f"{path}.managedBy")
    mode = spec.get("completionMode")
    if mode not in (None, "NonIndexed", "Indexed"):
        errors.not_supported(f"{path}.completionMode", mode, ["NonIndexed", "Indexed"])
    if mode == "Indexed":
        _indexed(spec, errors, path)
    elif mode in (None, "NonIndexed"):
        for field in ("backoffLimitPerIndex", "maxFailedIndexes"):
            if spec.get(field) is not None:
                errors.invalid(f"{path}.{field}", spec[field], _INDEXED_ONLY)
    if spec.get("podFailurePolicy") is not None:
        validate_pod_failure_policy(spec, errors, f"{path}.podFailurePolicy")
    if spec.get("successPolicy") is not None:
        if mode != "Indexed":
            errors.invalid(f"{path}.successPolicy", spec["successPolicy"], _INDEXED_ONLY)
        else:
            validate_success_policy(spec, errors, f"{path}.successPolicy")
    validate_pod_replacement_policy(spec, errors, f"{path}.podReplacementPolicy")
    template = spec.get("template") or {}
    validate_pod_template(template, errors, f"{path}.template")
    _restart_policy(spec, (template.get("spec") or {}).get("restartPolicy", ""), errors, path)


def _managed_by(manager: str | None, errors: Errors, path: str) -> None:
    if manager is None:
        return
    if not manager:
        errors.required(path)
    else:
        domain = manager.partition("/")[0]
        for problem in domain_prefixed_path_problems(manager):
            shown: Any = manager
            if problem.startswith(("a lowercase", "must be no more")):
                shown = domain
            elif problem.startswith("Invalid path"):
                shown = manager.partition("/")[2]
            errors.invalid(path, shown, problem)
    if len(manager.encode()) > 63:
        errors.too_long(path, 63)


def _indexed(spec: Tree, errors: Errors, path: str) -> None:
    completions, parallelism, most_failed = (spec.get(name) for name in ("completions", "parallelism", "maxFailedIndexes"))
    if completions is None:
        errors.required(f"{path}.completions", "when completion mode is Indexed")
    if parallelism is not None and parallelism > _MANY:
        detail = f"must be less than or equal to {_MANY} when completion mode is Indexed"
        errors.invalid(f"{path}.parallelism", parallelism, detail)
    if most_failed is not None:
        if completions is not None and most_failed > completions:
            errors.invalid(f"{path}.maxFailedIndexes", most_failed, "must be less than or equal to completions")
        if most_failed > _MANY:
            errors.invalid(f"{path}.maxFailedIndexes", most_failed, f"must be less than or equal to {_MANY}")
    if completions is not None and completions > _MANY and spec.get("backoffLimitPerIndex") is not None:
        if most_failed is None:
            errors.required(f"{path}.maxFailedIndexes", f"must be specified when completions is above {_MANY}")
        if parallelism is not None and parallelism > _MANY_PER_INDEX:
            errors.invalid(f"{path}.parallelism", parallelism, _PER_INDEX_DETAIL)
        if most_failed is not None and most_failed > _MANY_PER_INDEX:
            errors.invalid(f"{path}.maxFailedIndexes", most_failed, _PER_INDEX_DETAIL)


def _restart_policy(spec: Tree, policy: str, errors: Errors, path: str) -> None:
    where = f"{path}.template.spec.restartPolicy"
    if policy in ("", "Always"):
        errors.required(where, 'valid values: "OnFailure", "Never"')
    elif policy not in ("OnFailure", "Never"):
        errors.not_supported(where, policy, ["OnFailure", "Never"])
    elif spec.get("podFailurePolicy") is not None and policy != "Never":
        errors.invalid(where, policy, 'only "Never" is supported when podFailurePolicy is specified')
