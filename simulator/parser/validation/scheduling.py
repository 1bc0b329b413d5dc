"""Validation of what decides where a pod runs: affinity, tolerations, topology spread."""

from __future__ import annotations

from simulator.model.labels import dns_label_errors, dns_subdomain_errors, label_key_errors, label_value_errors
from simulator.parser.structure import Tree
from simulator.parser.validation.field_errors import Errors
from simulator.parser.validation.metadata import validate_expression, validate_label_selector

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def validate_affinity(affinity: Tree | None, errors: Errors, path: str) -> None:
    """Node affinity, pod affinity and pod anti-affinity."""
    affinity = affinity or {}
    node = affinity.get("nodeAffinity") or {}
    if node.get(_REQUIRED) is not None:
        _node_selector(node[_REQUIRED], errors, f"{path}.nodeAffinity.{_REQUIRED}")
    for index, preferred in enumerate(node.get(_PREFERRED) or ()):
        where = f"{path}.nodeAffinity.{_PREFERRED}[{index}]"
        _weight(preferred, errors, where)
        _node_selector_term(preferred.get("preference") or {}, errors, f"{where}.preference", check_values=False)
    for name in ("podAffinity", "podAntiAffinity"):
        terms = affinity.get(name) or {}
        for index, term in enumerate(terms.get(_REQUIRED) or ()):
            _pod_term(term, errors, f"{path}.{name}.{_REQUIRED}[{index}]")
        for index, weighted in enumerate(terms.get(_PREFERRED) or ()):
            where = f"{path}.{name}.{_PREFERRED}[{index}]"
            _weight(weighted, errors, where)
            _pod_term(weighted.get("podAffinityTerm") or {}, errors, f"{where}.podAffinityTerm")


def _weight(term: Tree, errors: Errors, path: str) -> None:
    weight = term.get("weight", 0)
    if not 1 <= weight <= 100:
        errors.invalid(f"{path}.weight", weight, "must be in the range 1-100")


def _node_selector(selector: Tree, errors: Errors, path: str) -> None:
    terms = selector.get("nodeSelectorTerms") or []
    if not terms:
        errors.required(f"{path}.nodeSelectorTerms", "must have at least one node selector term")
    for index, term in enumerate(terms):
        _node_selector_term(term, errors, f"{path}.nodeSelectorTerms[{index}]", check_values=True)


def _node_selector_term(term: Tree, errors: Errors, path: str, check_values: bool) -> None:
    for index, expression in enumerate(term.get("matchExpressions") or ()):
        validate_expression(expression, errors, f"{path}.matchExpressions[{index}]", check_values, may_compare=True)
    for index, expression in enumerate(term.get("matchFields") or ()):
        _node_field(expression, errors, f"{path}.matchFields[{index}]")


def _node_field(expression: Tree, errors: Errors, path: str) -> None:
    operator, values, key = expression.get("operator", ""), expression.get("values") or [], expression.get("key", "")
    if operator in ("In", "NotIn"):
        if len(values) != 1:
            detail = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
            errors.required(f"{path}.values", detail)
    else:
        errors.invalid(f"{path}.operator", operator, "not a valid selector operator")
    if key != "metadata.name":
        errors.invalid(f"{path}.key", key, "not a valid field selector key")
    else:
        for index, value in enumerate(values):
            errors.each_invalid(f"{path}.values[{index}]", value, dns_subdomain_errors(value))


def _pod_term(term: Tree, errors: Errors, path: str) -> None:
    validate_label_selector(term.get("labelSelector"), errors, f"{path}.labelSelector")
    validate_label_selector(term.get("namespaceSelector"), errors, f"{path}.namespaceSelector")
    for namespace in term.get("namespaces") or ():
        errors.each_invalid(f"{path}.namespace", namespace, dns_label_errors(namespace))
    match, mismatch = term.get("matchLabelKeys") or [], term.get("mismatchLabelKeys") or []
    selector = term.get("labelSelector")
    for name, keys in (("matchLabelKeys", match), ("mismatchLabelKeys", mismatch)):
        if not keys:
            continue
        if selector is None:
            errors.forbidden(f"{path}.{name}", "must not be specified when labelSelector is not set")
            continue
        for index, key in enumerate(keys):
            errors.each_invalid(f"{path}.{name}[{index}]", key, label_key_errors(key))
    if selector is not None:
        used = set(selector.get("matchLabels") or ())
        for expression in selector.get("matchExpressions") or ():
            key = expression.get("key", "")
            if key in match and key in used:
                errors.invalid(f"{path}[{match.index(key)}]", key, "exists in both matchLabelKeys and labelSelector")
            used.add(key)
    for index, key in enumerate(match):
        if key in mismatch:
            detail = "exists in both matchLabelKeys and mismatchLabelKeys"
            errors.invalid(f"{path}.matchLabelKeys[{index}]", key, detail)
    topology = term.get("topologyKey", "")
    if not topology:
        errors.required(f"{path}.topologyKey", "can not be empty")
    errors.each_invalid(f"{path}.topologyKey", topology, label_key_errors(topology))


def validate_tolerations(tolerations: list[Tree], errors: Errors, path: str) -> None:
    """A pod's tolerations; errors of a value stand at the operator."""
    for index, toleration in enumerate(tolerations):
        where = f"{path}[{index}]"
        key, operator, value = (toleration.get(name, "") for name in ("key", "operator", "value"))
        effect = toleration.get("effect", "")
        if key:
            errors.each_invalid(f"{where}.key", key, label_key_errors(key))
        elif operator != "Exists":
            detail = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
            errors.invalid(f"{where}.operator", operator, detail)
        if toleration.get("tolerationSeconds") is not None and effect != "NoExecute":
            errors.invalid(f"{where}.effect", effect, "effect must be 'NoExecute' when `tolerationSeconds` is set")
        if operator in ("", "Equal"):
            problems = label_value_errors(value)
            if problems:
                errors.invalid(f"{where}.operator", value, ";".join(problems))
        elif operator == "Exists":
            if value:
                errors.invalid(f"{where}.operator", value, "value must be empty when `operator` is 'Exists'")
        else:  # Lt and Gt are known, but their feature is off by default
            errors.not_supported(f"{where}.operator", operator, ["Equal", "Exists", "Lt", "Gt"])
        if effect and effect not in ("NoSchedule", "PreferNoSchedule", "NoExecute"):
            errors.not_supported(f"{where}.effect", effect, ["NoSchedule", "PreferNoSchedule", "NoExecute"])


def validate_topology_spread(constraints: list[Tree], errors: Errors, path: str) -> None:
    """A pod's topology spread constraints."""
    pairs = [(constraint.get("topologyKey", ""), constraint.get("whenUnsatisfiable", "")) for constraint in constraints]
    for index, constraint in enumerate(constraints):
        where = f"{path}[{index}]"
        topology, action = pairs[index]
        if constraint.get("maxSkew", 0) <= 0:
            errors.invalid(f"{where}.maxSkew", constraint.get("maxSkew", 0), "must be greater than zero")
        if not topology:
            errors.required(f"{where}.topologyKey", "can not be empty")
        if action not in ("DoNotSchedule", "ScheduleAnyway"):
            errors.not_supported(f"{where}.whenUnsatisfiable", action, ["DoNotSchedule", "ScheduleAnyway"])
        if pairs[index] in pairs[index + 1 :]:
            errors.duplicate(f"{where}.{{topologyKey, whenUnsatisfiable}}", f"{{{topology}, {action}}}")
        domains = constraint.get("minDomains")
        if domains is not None:
            if domains <= 0:
                errors.invalid(f"{where}.minDomains", domains, "must be greater than zero")
            if action != "DoNotSchedule":
                detail = f"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}"
                errors.invalid(f"{where}.minDomains", domains, detail)
        for name in ("nodeAffinityPolicy", "nodeTaintsPolicy"):
            if constraint.get(name) is not None and constraint[name] not in ("Honor", "Ignore"):
                errors.not_supported(f"{where}.{name}", constraint[name], ["Honor", "Ignore"])
        _spread_label_keys(constraint, errors, f"{where}.matchLabelKeys")
        validate_label_selector(constraint.get("labelSelector"), errors, f"{where}.labelSelector")


def _spread_label_keys(constraint: Tree, errors: Errors, path: str) -> None:
    keys, selector = constraint.get("matchLabelKeys") or [], constraint.get("labelSelector")
    if keys and selector is None:
        errors.forbidden(path, "must not be specified when labelSelector is not set")
    used = {*((selector or {}).get("matchLabels") or ())}
    used |= {expression.get("key", "") for expression in (selector or {}).get("matchExpressions") or ()}
    for index, key in enumerate(keys):
        errors.each_invalid(f"{path}[{index}]", key, label_key_errors(key))
        if key in used:
            errors.invalid(f"{path}[{index}]", key, "exists in both matchLabelKeys and labelSelector")
