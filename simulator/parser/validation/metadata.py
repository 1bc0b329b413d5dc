"""Validation of object metadata, labels, annotations and label selectors (semantics/job.md 3, 4)."""

from __future__ import annotations

from simulator.model.labels import dns_label_errors, dns_subdomain_errors, label_key_errors, label_value_errors
from simulator.parser.structure import Tree
from simulator.parser.validation.field_errors import Errors
from simulator.parser.validation.names import name_prefix_problems

_ANNOTATIONS_LIMIT = 256 * 1024
_STANDARD_FINALIZERS = ("kubernetes", "orphan", "foregroundDeletion")
IMMUTABLE = "field is immutable"


def validate_metadata(metadata: Tree, errors: Errors, path: str = "metadata", namespaced: bool = True) -> None:
    """The metadata of an object to be created."""
    name = metadata.get("name", "")
    if metadata.get("generateName"):
        errors.each_invalid(f"{path}.generateName", metadata["generateName"], name_prefix_problems(metadata["generateName"]))
    if not name:
        errors.required(f"{path}.name", "name or generateName is required")
    else:
        errors.each_invalid(f"{path}.name", name, dns_subdomain_errors(name) if namespaced else dns_label_errors(name))
    namespace = metadata.get("namespace", "")
    if namespaced:
        if not namespace:
            errors.required(f"{path}.namespace")
        else:
            errors.each_invalid(f"{path}.namespace", namespace, dns_label_errors(namespace))
    elif namespace:
        errors.forbidden(f"{path}.namespace", "not allowed on this type")
    _common(metadata, errors, path)
    _standard_finalizers(metadata, errors, path)


def validate_metadata_update(new: Tree, old: Tree, errors: Errors, path: str = "metadata") -> None:
    """The metadata of an object to be changed: what is fixed, and the rules of creation for the rest."""
    for field in ("name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"):
        if new.get(field) != old.get(field):
            errors.invalid(
                f"{path}.{field}", new.get(field, "" if field in ("name", "namespace", "uid") else None), IMMUTABLE
            )
    if new.get("generation", 0) < old.get("generation", 0):
        errors.invalid(f"{path}.generation", new.get("generation", 0), "must not be decremented")
    _common(new, errors, path)
    if old.get("deletionTimestamp"):
        added = [name for name in new.get("finalizers") or () if name not in (old.get("finalizers") or ())]
        if added:
            errors.forbidden(
                f"{path}.finalizers",
                f"no new finalizers can be added if the object is being deleted, found new finalizers {added}",
            )
    _standard_finalizers(new, errors, path)


def _common(metadata: Tree, errors: Errors, path: str) -> None:
    errors.not_negative(f"{path}.generation", metadata.get("generation"))
    validate_labels(metadata.get("labels"), errors, f"{path}.labels")
    validate_annotations(metadata.get("annotations"), errors, f"{path}.annotations")
    _owner_references(metadata.get("ownerReferences") or [], errors, f"{path}.ownerReferences")
    _finalizers(metadata.get("finalizers") or [], errors, f"{path}.finalizers")


def _finalizers(finalizers: list[str], errors: Errors, path: str) -> None:
    for finalizer in finalizers:
        errors.each_invalid(path, finalizer, label_key_errors(finalizer))
    if "orphan" in finalizers and "foregroundDeletion" in finalizers:
        errors.invalid(path, finalizers, "finalizer orphan and foregroundDeletion cannot be both set")


def _standard_finalizers(metadata: Tree, errors: Errors, path: str) -> None:
    for index, finalizer in enumerate(metadata.get("finalizers") or ()):
        if "/" not in finalizer and finalizer not in _STANDARD_FINALIZERS:
            detail = "name is neither a standard finalizer name nor is it fully qualified"
            errors.invalid(f"{path}.finalizers[{index}]", finalizer, detail)


def _owner_references(references: list[Tree], errors: Errors, path: str) -> None:
    controller = ""
    for reference in references:
        group, _, version = reference.get("apiVersion", "").rpartition("/")
        if not version or "/" in group:
            errors.invalid(f"{path}.apiVersion", reference.get("apiVersion", ""), "version must not be empty")
        for field in ("kind", "name", "uid"):
            if not reference.get(field):
                errors.invalid(f"{path}.{field}", "", "must not be empty")
        if reference.get("apiVersion") == "v1" and reference.get("kind") == "Event":
            errors.invalid(path, _in_order(reference), "/v1, Kind=Event is disallowed from being an owner")
        if reference.get("controller"):
            named = f"{reference.get('kind', '')}/{reference.get('name', '')}"
            if controller:
                found = f'Found "true" in references for {controller} and {named}'
                detail = f"Only one reference can have Controller set to true. {found}"
                errors.invalid(path, [_in_order(each) for each in references], detail)
            else:
                controller = named


def _in_order(reference: Tree) -> Tree:
    order = ("apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion")
    return {key: reference[key] for key in order if key in reference}


def validate_labels(labels: dict[str, str] | None, errors: Errors, path: str) -> None:
    """Keys are qualified names, values label values; every error stands at the map's own path."""
    for key, value in sorted((labels or {}).items()):
        errors.each_invalid(path, key, label_key_errors(key))
        errors.each_invalid(path, value, label_value_errors(value))


def validate_annotations(annotations: dict[str, str] | None, errors: Errors, path: str) -> None:
    """Keys are qualified names in any letter case; all together at most 256 KiB."""
    total = 0
    for key, value in sorted((annotations or {}).items()):
        errors.each_invalid(path, key, label_key_errors(key.lower()))
        total += len(key.encode()) + len(value.encode())
    if total > _ANNOTATIONS_LIMIT:
        errors.too_long(path, _ANNOTATIONS_LIMIT)


def validate_label_selector(selector: Tree | None, errors: Errors, path: str, check_values: bool = True) -> None:
    """A label selector; `check_values`: values must be label values."""
    if selector is None:
        return
    validate_labels(selector.get("matchLabels"), errors, f"{path}.matchLabels")
    for index, expression in enumerate(selector.get("matchExpressions") or ()):
        validate_expression(expression, errors, f"{path}.matchExpressions[{index}]", check_values)


def validate_expression(
    expression: Tree, errors: Errors, path: str, check_values: bool, *, may_compare: bool = False
) -> None:
    """One requirement of a selector; `may_compare`: a node selector's, which may also ask for more or less than a number."""
    operator, values = expression.get("operator", ""), expression.get("values") or []
    if operator in ("In", "NotIn"):
        if not values:
            errors.required(f"{path}.values", "must be specified when `operator` is 'In' or 'NotIn'")
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            errors.forbidden(f"{path}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
    elif may_compare and operator in ("Gt", "Lt"):
        if len(values) != 1:
            errors.required(f"{path}.values", "must be specified single value when `operator` is 'Lt' or 'Gt'")
    else:
        errors.invalid(f"{path}.operator", operator, "not a valid selector operator")
    errors.each_invalid(f"{path}.key", expression.get("key", ""), label_key_errors(expression.get("key", "")))
    if check_values:
        for index, value in enumerate(values):
            errors.each_invalid(f"{path}.values[{index}]", value, label_value_errors(value))
