"""The environment of a container, and `$(NAME)` in commands. Source: semantics/pod-on-docker.md 2.2."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence

from simulator.model.kubernetes import core_v1
from simulator.pods.field_references import field_value, resource_value
from simulator.pods.sources import ConfigError, Placement, Sources

Lookup = Callable[[str], str | None]


def expand(text: str, lookup: Lookup) -> str:
    """`text` with `$(NAME)` replaced where `lookup` knows NAME; `$$` is one `$`; all else stays."""
    parts: list[str] = []
    position = 0
    while True:
        dollar = text.find("$", position)
        if dollar < 0 or dollar + 1 >= len(text):
            parts.append(text[position:])
            return "".join(parts)
        parts.append(text[position:dollar])
        following = text[dollar + 1]
        position = dollar + 2
        if following == "$":
            parts.append("$")
        elif following != "(":
            parts.append(text[dollar:position])
        else:
            end = text.find(")", position)
            if end < 0:
                parts.append("$(")
                continue
            name = text[position:end]
            value = lookup(name)
            parts.append(text[dollar : end + 1] if value is None else value)
            position = end + 1


def expand_all(words: Sequence[str] | None, env: Mapping[str, str]) -> tuple[str, ...] | None:
    """A command or its arguments with the final environment put in; None stays None (the image's)."""
    return None if words is None else tuple(expand(word, env.get) for word in words)


def probe_command(container: core_v1.Container, command: Sequence[str]) -> tuple[str, ...]:
    """The command of an exec probe: it sees the values of the `env` list as written, nothing else."""
    written = {variable.name: variable.value or "" for variable in container.env or ()}
    return tuple(expand(word, written.get) for word in command)


def build_environment(
    pod: core_v1.Pod, container: core_v1.Container, sources: Sources, placement: Placement
) -> dict[str, str]:
    """The environment of a container; raises ConfigError where a source that is needed is missing."""
    if not container.env and not container.envFrom and not sources.services:
        return {}
    assert pod.metadata is not None
    assert pod.spec is not None
    namespace = pod.metadata.namespace or "default"
    services = service_variables(sources.services, namespace, pod.spec.enableServiceLinks is not False)
    result: dict[str, str] = {}
    for source in container.envFrom or ():
        prefix = source.prefix or ""
        result.update({prefix + key: value for key, value in _all_keys(source, sources).items()})
    seen = dict(result)
    for variable in container.env or ():
        value = _value_of(pod, container, variable, sources, placement, namespace, seen, services)
        if value is None:
            continue
        seen[variable.name] = value
        result[variable.name] = value
    return services | result


def _value_of(
    pod: core_v1.Pod,
    container: core_v1.Container,
    variable: core_v1.EnvVar,
    sources: Sources,
    placement: Placement,
    namespace: str,
    seen: Mapping[str, str],
    services: Mapping[str, str],
) -> str | None:
    """The value of one entry of the `env` list; None: an optional source is missing, the entry is left out."""
    if variable.value:
        return expand(variable.value, lambda name: seen[name] if name in seen else services.get(name))
    origin = variable.valueFrom
    if origin is None:
        return ""
    if origin.fieldRef is not None:
        return field_value(pod, origin.fieldRef, placement)
    if origin.resourceFieldRef is not None:
        return resource_value(pod, container, origin.resourceFieldRef, placement)
    if origin.configMapKeyRef is not None:
        config_key = origin.configMapKeyRef
        data = _config_map(sources, config_key.name or "", bool(config_key.optional))
        return _key(data, config_key.key, bool(config_key.optional), f"ConfigMap {namespace}/{config_key.name}")
    if origin.secretKeyRef is not None:
        secret_key = origin.secretKeyRef
        data = _secret(sources, secret_key.name or "", bool(secret_key.optional))
        return _key(data, secret_key.key, bool(secret_key.optional), f"Secret {namespace}/{secret_key.name}")
    return ""


def _key(data: Mapping[str, str] | None, key: str, is_optional: bool, where: str) -> str | None:
    if data is not None and key in data:
        return data[key]
    if is_optional:
        return None
    raise ConfigError(f"couldn't find key {key} in {where}")


def _all_keys(source: core_v1.EnvFromSource, sources: Sources) -> Mapping[str, str]:
    data = None
    if source.configMapRef is not None:
        data = _config_map(sources, source.configMapRef.name or "", bool(source.configMapRef.optional))
    elif source.secretRef is not None:
        data = _secret(sources, source.secretRef.name or "", bool(source.secretRef.optional))
    return data or {}


def _config_map(sources: Sources, name: str, is_optional: bool) -> Mapping[str, str] | None:
    found = sources.config_map(name)
    if found is None:
        if is_optional:
            return None
        raise ConfigError(f'configmap "{name}" not found')
    return found.data or {}


def _secret(sources: Sources, name: str, is_optional: bool) -> Mapping[str, str] | None:
    found = sources.secret(name)
    if found is None:
        if is_optional:
            return None
        raise ConfigError(f'secret "{name}" not found')
    return {key: value.decode(errors="replace") for key, value in secret_data(found).items()}


def secret_data(secret: core_v1.Secret) -> dict[str, bytes]:
    """What a secret holds, decoded; `stringData` that nobody has folded in yet counts too."""
    data = {key: base64.b64decode(value) for key, value in (secret.data or {}).items()}
    return data | {key: value.encode() for key, value in (secret.stringData or {}).items()}


def service_variables(services: Sequence[core_v1.Service], namespace: str, has_links: bool) -> dict[str, str]:
    """The variables of the Services: those of the pod's namespace if it wants links, and always the API's own."""
    by_name: dict[str, core_v1.Service] = {}
    for service in services:
        assert service.metadata is not None
        name = service.metadata.name or ""
        is_own = has_links and (service.metadata.namespace or "default") == namespace
        is_api = name == "kubernetes" and (service.metadata.namespace or "default") == "default"
        if is_own or (is_api and name not in by_name):
            by_name[name] = service
    variables: dict[str, str] = {}
    for service in by_name.values():
        address = service.spec.clusterIP if service.spec else None
        if address and address != "None":
            variables |= _variables_of(service, address)
    return variables


def _variables_of(service: core_v1.Service, address: str) -> dict[str, str]:
    assert service.metadata is not None
    assert service.spec is not None
    name = (service.metadata.name or "").replace("-", "_").upper()
    ports = service.spec.ports or []
    if not ports:
        return {}
    host = f"[{address}]" if ":" in address else address
    variables = {f"{name}_SERVICE_HOST": address, f"{name}_SERVICE_PORT": str(ports[0].port)}
    for port in ports:
        if port.name:
            variables[f"{name}_SERVICE_PORT_{port.name.replace('-', '_').upper()}"] = str(port.port)
    for index, port in enumerate(ports):
        protocol = (port.protocol or "TCP").lower()
        url = f"{protocol}://{host}:{port.port}"
        if index == 0:
            variables[f"{name}_PORT"] = url
        prefix = f"{name}_PORT_{port.port}_{protocol.upper()}"
        variables |= {prefix: url, f"{prefix}_PROTO": protocol, f"{prefix}_PORT": str(port.port), f"{prefix}_ADDR": address}
    return variables


def sub_path(mount: core_v1.VolumeMount, env: Mapping[str, str]) -> str:
    """The `subPath` of a mount, its expression expanded; raises ConfigError where a variable is missing or empty."""
    if not mount.subPathExpr:
        return mount.subPath or ""
    missing: list[str] = []

    def lookup(name: str) -> str | None:
        value = env.get(name)
        if not value:
            missing.append(name)
        return value

    expanded = expand(mount.subPathExpr, lookup)
    if missing:
        raise ConfigError(f"missing value for {', '.join(sorted(set(missing)))}")
    return expanded
