"""Validation of pods and pod templates (semantics/job.md 3, pod-on-docker.md 2)."""

from __future__ import annotations

from simulator.model.labels import dns_label_errors, dns_subdomain_errors, label_key_errors
from simulator.parser.structure import Tree
from simulator.parser.validation.containers import PodContext, validate_containers, validate_image_has_no_blanks
from simulator.parser.validation.field_errors import Errors
from simulator.parser.validation.metadata import validate_annotations, validate_labels, validate_metadata
from simulator.parser.validation.names import in_range, ip_problems, underscored_subdomain_problems
from simulator.parser.validation.pod_annotations import validate_annotations_match_fields, validate_pod_annotations
from simulator.parser.validation.resources import validate_overhead, validate_pod_resources
from simulator.parser.validation.scheduling import validate_affinity, validate_tolerations, validate_topology_spread
from simulator.parser.validation.security import (
    validate_host_process,
    validate_host_users,
    validate_os,
    validate_pod_security,
)
from simulator.parser.validation.volumes import (
    validate_qualified_names,
    validate_resource_claims,
    validate_volumes,
)

_RESTART_POLICIES = ["Always", "OnFailure", "Never"]
_DNS_POLICIES = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"]


def validate_pod_template(template: Tree, errors: Errors, path: str) -> None:
    """A pod template. Errors of its labels and annotations stand beside its metadata, not in it: so does the server."""
    metadata, spec = template.get("metadata") or {}, template.get("spec") or {}
    validate_labels(metadata.get("labels"), errors, f"{path}.labels")
    validate_annotations(metadata.get("annotations"), errors, f"{path}.annotations")
    validate_pod_annotations(metadata.get("annotations") or {}, spec, errors, f"{path}.annotations")
    validate_pod_spec(spec, errors, f"{path}.spec")
    validate_annotations_match_fields(metadata.get("annotations") or {}, spec, errors, f"{path}.spec")
    if spec.get("ephemeralContainers"):
        errors.forbidden(f"{path}.spec.ephemeralContainers", "ephemeral containers not allowed in pod template")


def validate_pod(pod: Tree, errors: Errors) -> None:
    """A pod to be created."""
    metadata, spec = pod["metadata"], pod["spec"]
    annotations = metadata.get("annotations") or {}
    validate_metadata(metadata, errors)
    validate_pod_annotations(annotations, spec, errors, "metadata.annotations")
    validate_pod_spec(spec, errors, "spec", pod_name=metadata.get("name", ""), is_pod=True)
    for name in ("containers", "initContainers"):
        for index, container in enumerate(spec.get(name) or ()):
            validate_image_has_no_blanks(container, errors, f"spec.{name}[{index}]")
    if spec.get("ephemeralContainers"):
        errors.forbidden("spec.ephemeralContainers", "cannot be set on create")
    if spec.get("nodeName") and spec.get("schedulingGates"):
        errors.forbidden("spec.nodeName", "cannot be set until all schedulingGates have been cleared")
    validate_annotations_match_fields(annotations, spec, errors, "spec")


def validate_pod_spec(spec: Tree, errors: Errors, path: str, pod_name: str = "", is_pod: bool = False) -> None:
    """A pod spec, in the server's order."""
    if spec.get("terminationGracePeriodSeconds") is None:
        errors.required(f"{path}.terminationGracePeriodSeconds")
    volumes = validate_volumes(spec.get("volumes") or [], pod_name, errors, f"{path}.volumes")
    claims = {claim["name"] for claim in spec.get("resourceClaims") or () if claim.get("name")}
    validate_resource_claims(spec.get("resourceClaims") or [], errors, f"{path}.resourceClaims")
    restart_policy = spec.get("restartPolicy", "")
    context = PodContext(
        volumes, claims, restart_policy, spec.get("terminationGracePeriodSeconds"), spec.get("hostUsers") is not False
    )
    validate_containers(spec, context, errors, path)
    validate_pod_resources(spec, claims, errors, f"{path}.resources")
    _host_network_ports(spec, errors, path, is_pod)
    _one_of(restart_policy, _RESTART_POLICIES, errors, f"{path}.restartPolicy")
    _one_of(spec.get("dnsPolicy", ""), _DNS_POLICIES, errors, f"{path}.dnsPolicy")
    validate_labels(spec.get("nodeSelector"), errors, f"{path}.nodeSelector")
    validate_pod_security(spec, errors, f"{path}.securityContext")
    validate_affinity(spec.get("affinity"), errors, f"{path}.affinity")
    _dns_config(spec, errors, f"{path}.dnsConfig")
    for index, gate in enumerate(spec.get("readinessGates") or ()):
        kind = gate.get("conditionType", "")
        errors.each_invalid(f"{path}.readinessGates[{index}].conditionType", kind, label_key_errors(kind))
    gates = [gate.get("name", "") for gate in spec.get("schedulingGates") or ()]
    validate_qualified_names(gates, errors, f"{path}.schedulingGates", unique=True)
    validate_topology_spread(spec.get("topologySpreadConstraints") or [], errors, f"{path}.topologySpreadConstraints")
    validate_host_process(spec, errors, path)
    validate_host_users(spec, errors, path)
    _names(spec, errors, path)
    validate_os(spec, errors, path)


def _names(spec: Tree, errors: Errors, path: str) -> None:
    for name in ("serviceAccountName", "nodeName"):
        if spec.get(name):
            errors.each_invalid(f"{path}.{name}", spec[name], dns_subdomain_errors(spec[name]))
    deadline = spec.get("activeDeadlineSeconds")
    if deadline is not None and not 1 <= deadline <= 2**31 - 1:
        errors.invalid(f"{path}.activeDeadlineSeconds", deadline, in_range(1, 2**31 - 1))
    for name in ("hostname", "subdomain"):
        if spec.get(name):
            errors.each_invalid(f"{path}.{name}", spec[name], dns_label_errors(spec[name]))
    override = spec.get("hostnameOverride")
    if override is not None:
        if spec.get("hostNetwork"):
            errors.forbidden(f"{path}.hostnameOverride", "may not be specified when hostNetwork is true")
        if spec.get("setHostnameAsFQDN"):
            errors.forbidden(f"{path}.hostnameOverride", "may not be specified when setHostnameAsFQDN is true")
        problems = dns_subdomain_errors(override)
        if len(override.encode()) > 64:
            problems.insert(0, "must be no more than 64 characters")
        errors.each_invalid(f"{path}.hostnameOverride", override, problems)
    validate_tolerations(spec.get("tolerations") or [], errors, f"{path}.tolerations")
    for index, alias in enumerate(spec.get("hostAliases") or ()):
        where = f"{path}.hostAliases[{index}]"
        errors.each_invalid(f"{where}.ip", alias.get("ip", ""), ip_problems(alias.get("ip", "")))
        for position, hostname in enumerate(alias.get("hostnames") or ()):
            errors.each_invalid(f"{where}.hostnames[{position}]", hostname, dns_subdomain_errors(hostname))
    if spec.get("priorityClassName"):
        errors.each_invalid(
            f"{path}.priorityClassName", spec["priorityClassName"], dns_subdomain_errors(spec["priorityClassName"])
        )
    runtime = spec.get("runtimeClassName")
    if runtime is not None:
        errors.each_invalid(f"{path}.runtimeClassName", runtime, dns_subdomain_errors(runtime))
    if spec.get("preemptionPolicy") is not None:
        _one_of(spec["preemptionPolicy"], ["PreemptLowerPriority", "Never"], errors, f"{path}.preemptionPolicy")
    if spec.get("overhead"):
        validate_overhead(spec["overhead"], errors, f"{path}.overhead")


def _one_of(value: str, supported: list[str], errors: Errors, path: str) -> None:
    if not value:
        errors.required(path)
    elif value not in supported:
        errors.not_supported(path, value, supported)


def _host_network_ports(spec: Tree, errors: Errors, path: str, is_pod: bool) -> None:
    if not spec.get("hostNetwork"):
        return
    for index, container in enumerate(spec.get("containers") or ()):
        for position, port in enumerate(container.get("ports") or ()):
            host_port = port.get("hostPort", 0)
            if (is_pod or host_port) and host_port != port.get("containerPort", 0):
                where = f"{path}.containers[{index}].ports[{position}].hostPort"
                errors.invalid(where, host_port, "must match `containerPort` when `hostNetwork` is true")


def _dns_config(spec: Tree, errors: Errors, path: str) -> None:
    config = spec.get("dnsConfig")
    servers = (config or {}).get("nameservers") or []
    if spec.get("dnsPolicy") == "None":
        if config is None:
            errors.required(path, "must provide `dnsConfig` when `dnsPolicy` is None")
            return
        if not servers:
            errors.required(f"{path}.nameservers", "must provide at least one DNS nameserver when `dnsPolicy` is None")
            return
    if config is None:
        return
    if len(servers) > 3:
        errors.invalid(f"{path}.nameservers", servers, "must not have more than 3 nameservers")
    for index, server in enumerate(servers):
        errors.each_invalid(f"{path}.nameservers[{index}]", server, ip_problems(server))
    searches = config.get("searches") or []
    if len(searches) > 32:
        errors.invalid(f"{path}.searches", searches, "must not have more than 32 search paths")
    if len(" ".join(searches).encode()) > 2048:
        detail = "must not have more than 2048 characters (including spaces) in the search list"
        errors.invalid(f"{path}.searches", searches, detail)
    for index, search in enumerate(searches):
        if search != ".":
            trimmed = search.removesuffix(".")
            errors.each_invalid(f"{path}.searches[{index}]", trimmed, underscored_subdomain_problems(trimmed))
    for index, option in enumerate(config.get("options") or ()):
        if not option.get("name"):
            errors.required(f"{path}.options[{index}]", "must not be empty")


_POD_UPDATES = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)


def validate_pod_update(new: Tree, old: Tree, errors: Errors) -> None:
    """A pod to be changed from `old`; its metadata is checked elsewhere. The server's diff is left out of the message."""
    spec, before = new["spec"], old["spec"]
    validate_pod_annotations(new["metadata"].get("annotations") or {}, spec, errors, "metadata.annotations")
    for name in ("containers", "initContainers"):
        if len(spec.get(name) or ()) != len(before.get(name) or ()):
            errors.forbidden(f"spec.{name}", "pod updates may not add or remove containers")
            return
        for index, container in enumerate(spec.get(name) or ()):
            if not container.get("image"):
                errors.required(f"spec.{name}[{index}].image")
            validate_image_has_no_blanks(container, errors, f"spec.{name}[{index}]")
    deadline, old_deadline = spec.get("activeDeadlineSeconds"), before.get("activeDeadlineSeconds")
    if deadline is not None and not 0 <= deadline <= 2**31 - 1:
        errors.invalid("spec.activeDeadlineSeconds", deadline, in_range(0, 2**31 - 1))
    elif old_deadline is not None and deadline is None:
        errors.invalid("spec.activeDeadlineSeconds", None, "must not update from a positive integer to nil value")
    elif old_deadline is not None and deadline > old_deadline:
        detail = "must be less than or equal to previous value"
        errors.invalid("spec.activeDeadlineSeconds", deadline, detail)
    kept = [{**toleration, "tolerationSeconds": None} for toleration in spec.get("tolerations") or ()]
    if any({**toleration, "tolerationSeconds": None} not in kept for toleration in before.get("tolerations") or ()):
        errors.forbidden("spec.tolerations", "existing toleration can not be modified except its tolerationSeconds")
    else:
        validate_tolerations(spec.get("tolerations") or [], errors, "spec.tolerations")
    if _unchangeable(spec, before) != _unchangeable(before, before):
        errors.forbidden("spec", _POD_UPDATES)


def _unchangeable(spec: Tree, before: Tree) -> Tree:
    """The part of a pod spec that an update may not touch."""
    rest = {
        key: value for key, value in spec.items() if key not in ("activeDeadlineSeconds", "tolerations", "schedulingGates")
    }
    if (before.get("terminationGracePeriodSeconds") or 0) < 0 and rest.get("terminationGracePeriodSeconds") == 1:
        rest["terminationGracePeriodSeconds"] = before["terminationGracePeriodSeconds"]
    for name in ("containers", "initContainers"):
        rest[name] = [{**container, "image": ""} for container in spec.get(name) or ()]
    return rest
