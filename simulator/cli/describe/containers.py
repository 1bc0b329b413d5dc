"""The containers of a pod or pod template."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

from simulator.cli.describe.page import Json, Page, time_text
from simulator.model.quantities import QuantityError, parse_quantity
from simulator.model.quoting import go_quoted

FieldResolver = Callable[[str], str]


def write_containers(
    page: Page,
    label: str,
    containers: Sequence[Json],
    statuses: Sequence[Json] = (),
    resolve_field: FieldResolver | None = None,
    space: str = "",
) -> None:
    """A part `Containers:`; `statuses` are those of a pod, `resolve_field` gives the value of a field path of it."""
    by_name = {status.get("name"): status for status in statuses}
    page.write(0, f"{space}{label}:\n" if containers else f"{space}{label}: <none>\n")
    for container in containers:
        status = by_name.get(container.get("name"))
        _write_basics(page, container, status, space)
        _write_command(page, container)
        if status is not None:
            _write_status(page, status)
        write_resources(page, 2, container.get("resources") or {})
        for field, title in (("livenessProbe", "Liveness"), ("readinessProbe", "Readiness"), ("startupProbe", "Startup")):
            if container.get(field) is not None:
                page.line(2, title, _probe(container[field]))
        _write_environment(page, container, resolve_field)
        _write_mounts(page, container)


def write_resources(page: Page, level: int, resources: Json) -> None:
    """Limits and requests, sorted by name; nothing where there are none."""
    for field, title in (("limits", "Limits"), ("requests", "Requests")):
        amounts = resources.get(field) or {}
        if amounts:
            page.write(level, f"{title}:\n")
        for name in sorted(amounts):
            page.line(level + 1, name, _amount(amounts[name]))


def write_seccomp(page: Page, level: int, security_context: Json | None) -> None:
    """The seccomp profile, if there is one."""
    profile = (security_context or {}).get("seccompProfile")
    if profile is None:
        return
    page.line(level, "SeccompProfile", profile.get("type") or "")
    if profile.get("type") == "Localhost":
        page.line(level + bool(level), "LocalhostProfile", profile.get("localhostProfile") or "")


def _amount(value: Any) -> str:
    try:
        return parse_quantity(value).text
    except QuantityError:
        return str(value)


def _write_basics(page: Page, container: Json, status: Json | None, space: str) -> None:
    page.write(1, f"{' ' if space else ''}{container.get('name') or ''}:\n")
    if status is not None:
        page.line(2, "Container ID", status.get("containerID") or "")
    page.line(2, "Image", container.get("image") or "")
    if status is not None:
        page.line(2, "Image ID", status.get("imageID") or "")
    for title, field in (("Port", "containerPort"), ("Host Port", "hostPort")):
        ports = [_port(port, field) for port in container.get("ports") or ()]
        page.line(2, f"{title}s" if len(ports) > 1 else title, ", ".join(ports) or "<none>")
    write_seccomp(page, 2, container.get("securityContext"))


def _port(port: Json, field: str) -> str:
    text = f"{port.get(field) or 0}/{port.get('protocol') or ''}"
    return f"{text} ({port['name']})" if port.get("name") else text


def _write_command(page: Page, container: Json) -> None:
    for field, title in (("command", "Command"), ("args", "Args")):
        words = container.get(field) or ()
        if words:
            page.write(2, f"{title}:\n")
        for word in words:
            for line in word.split("\n"):
                page.write(3, f"{line}\n")


def _write_status(page: Page, status: Json) -> None:
    _write_state(page, "State", status.get("state") or {})
    last = status.get("lastState") or {}
    if last.get("terminated") is not None:
        _write_state(page, "Last State", last)
    page.line(2, "Ready", bool(status.get("ready")))
    page.line(2, "Restart Count", status.get("restartCount") or 0)


def _write_state(page: Page, title: str, state: Json) -> None:
    running, waiting, terminated = (state.get(name) for name in ("running", "waiting", "terminated"))
    if running is not None:
        page.line(2, title, "Running")
        page.line(3, "Started", time_text(running.get("startedAt")))
    elif waiting is not None:
        page.line(2, title, "Waiting")
        if waiting.get("reason"):
            page.line(3, "Reason", waiting["reason"])
    elif terminated is not None:
        page.line(2, title, "Terminated")
        if terminated.get("reason"):
            page.line(3, "Reason", terminated["reason"])
        if terminated.get("message"):
            page.line(3, "Message", terminated["message"])
        page.line(3, "Exit Code", terminated.get("exitCode") or 0)
        if (terminated.get("signal") or 0) > 0:
            page.line(3, "Signal", terminated["signal"])
        page.line(3, "Started", time_text(terminated.get("startedAt")))
        page.line(3, "Finished", time_text(terminated.get("finishedAt")))
    else:
        page.line(2, title, "Waiting")


def _probe(probe: Json) -> str:
    delay, timeout, period, success, failure = (
        probe.get(name) or 0
        for name in ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold")
    )
    timing = f"delay={delay}s timeout={timeout}s period={period}s #success={success} #failure={failure}"
    if probe.get("exec") is not None:
        return f"exec [{' '.join(probe['exec'].get('command') or ())}] {timing}"
    if probe.get("httpGet") is not None:
        return f"http-get {_url(probe['httpGet'])} {timing}"
    if probe.get("tcpSocket") is not None:
        socket = probe["tcpSocket"]
        return f"tcp-socket {socket.get('host') or ''}:{socket.get('port') or 0} {timing}"
    if probe.get("grpc") is not None:
        return f"grpc <pod>:{probe['grpc'].get('port') or 0} {probe['grpc'].get('service') or ''} {timing}"
    return f"unknown {timing}"


def _url(action: Json) -> str:
    scheme, host = (action.get("scheme") or "").lower(), action.get("host") or ""
    path = quote(action.get("path") or "", safe="/$&+,:;=@~")
    if path and not path.startswith("/"):
        path = f"/{path}"
    host = f"[{host}]" if ":" in host else host
    return f"{scheme + ':' if scheme else ''}//{host}:{action.get('port') or 0}{path}"


def _write_environment(page: Page, container: Json, resolve_field: FieldResolver | None) -> None:
    sources, variables = container.get("envFrom") or (), container.get("env") or ()
    if sources:
        page.write(2, "Environment Variables from:\n")
    for source in sources:
        kind = (
            "ConfigMap"
            if source.get("configMapRef") is not None
            else "Secret"
            if source.get("secretRef") is not None
            else ""
        )
        reference = source.get("configMapRef") or source.get("secretRef") or {}
        prefix = f" with prefix '{source['prefix']}'" if source.get("prefix") else ""
        page.write(3, f"{reference.get('name') or ''}\t{kind}{prefix}\tOptional: {_truth(reference.get('optional'))}\n")
    page.write(2, "Environment:\n" if variables else "Environment:\t<none>\n")
    for variable in variables:
        name = variable.get("name") or ""
        if variable.get("valueFrom") is None:
            for i, line in enumerate((variable.get("value") or "").split("\n")):
                page.write(3, f"\t{line}\n" if i else f"{name}:\t{line}\n")
        else:
            _write_reference(page, name, variable["valueFrom"], container, resolve_field)


def _write_reference(page: Page, name: str, source: Json, container: Json, resolve_field: FieldResolver | None) -> None:
    if source.get("fieldRef") is not None:
        path = source["fieldRef"].get("fieldPath") or ""
        value = resolve_field(path) if resolve_field else ""
        page.line(3, name, f"{value} ({source['fieldRef'].get('apiVersion') or ''}:{path})")
    elif source.get("resourceFieldRef") is not None:
        resource = source["resourceFieldRef"].get("resource") or ""
        value = _resource_value(source["resourceFieldRef"], container)
        if value == "0" and resource in ("limits.cpu", "limits.memory"):
            value = "node allocatable"
        page.line(3, name, f"{value} ({resource})")
    elif source.get("secretKeyRef") is not None:
        reference = source["secretKeyRef"]
        where = f"the key '{reference.get('key') or ''}' in secret '{reference.get('name') or ''}'"
        page.line(3, name, f"<set to {where}>\tOptional: {_truth(reference.get('optional'))}")
    elif source.get("configMapKeyRef") is not None:
        reference = source["configMapKeyRef"]
        where = f"the key '{reference.get('key') or ''}' of config map '{reference.get('name') or ''}'"
        page.line(3, name, f"<set to {where}>\tOptional: {_truth(reference.get('optional'))}")


def _resource_value(reference: Json, container: Json) -> str:
    """A container's own limit or request in units of the divisor, rounded up; empty for what can't be asked for."""
    kind, _, resource = (reference.get("resource") or "").partition(".")
    known = resource in ("cpu", "memory", "ephemeral-storage") or resource.startswith("hugepages-")
    if kind not in ("limits", "requests") or not known:
        return ""
    try:
        amount = parse_quantity(((container.get("resources") or {}).get(kind) or {}).get(resource))
        divisor = parse_quantity(reference.get("divisor"))
    except QuantityError:
        return ""
    if divisor.unscaled == 0:
        divisor = parse_quantity("1")
    unit = -3 if resource == "cpu" else 0
    return str(-(-amount.scaled(unit) // divisor.scaled(unit)))


def _write_mounts(page: Page, container: Json) -> None:
    mounts, devices = container.get("volumeMounts") or (), container.get("volumeDevices") or ()
    page.write(2, "Mounts:\n" if mounts else "Mounts:\t<none>\n")
    for mount in sorted(mounts, key=lambda mount: mount.get("mountPath") or ""):
        flags = "ro" if mount.get("readOnly") else "rw"
        if mount.get("subPath"):
            flags += f",path={go_quoted(mount['subPath'])}"
        page.write(3, f"{mount.get('mountPath') or ''} from {mount.get('name') or ''} ({flags})\n")
    if devices:
        page.write(2, "Devices:\n" if mounts else "Devices:\t<none>\n")
    for device in sorted(devices, key=lambda device: device.get("devicePath") or ""):
        page.write(3, f"{device.get('devicePath') or ''} from {device.get('name') or ''}\n")


def _truth(value: Any) -> str:
    return "true" if value else "false"
