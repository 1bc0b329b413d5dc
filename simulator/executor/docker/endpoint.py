"""Where the Docker Engine is: the same answer as the docker command gives, then Podman's sockets.

`DOCKER_HOST`, else `DOCKER_CONTEXT` or the current context of the configuration folder, else the default socket, else
Podman's sockets.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from simulator.errors import EngineUnavailable

_MISSING_SSH = re.compile("paramiko|SSHHTTPAdapter")  # what the SDK calls, imported or not
DEFAULT_SOCKET = "unix:///var/run/docker.sock"


class Endpoint(msgspec.Struct, frozen=True):
    """One place where an engine may answer. `source` says in words where it was found.

    `certificates`: folder with ca.pem, cert.pem and key.pem for TLS, or None; `verify`: whether the server's is checked.
    """

    host: str
    source: str
    certificates: Path | None = None
    verify: bool = True

    @property
    def is_local(self) -> bool:
        """Whether it is a socket of this machine."""
        return self.host.startswith("unix://")


def find_endpoints(environ: Mapping[str, str], home: Path, host: str = "") -> list[Endpoint]:
    """The places to try, in order. `host` (from a flag) overrides everything.

    Raises `EngineUnavailable` if a context is named that does not exist or can't be read.
    """
    if host:
        return [_from_host(host, "--docker-host", environ, home)]
    if environ.get("DOCKER_HOST"):
        return [_from_host(environ["DOCKER_HOST"], "DOCKER_HOST", environ, home)]
    config = Path(environ.get("DOCKER_CONFIG") or home / ".docker")
    context, source = environ.get("DOCKER_CONTEXT", ""), "DOCKER_CONTEXT"
    if not context:
        context, source = _current_context(config), f"the current context of {config / 'config.json'}"
    if context and context != "default":
        return [_from_context(config, context, source)]
    found = [Endpoint(DEFAULT_SOCKET, "the default socket")]
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    if runtime:
        found.append(Endpoint(f"unix://{runtime}/podman/podman.sock", "the user's Podman socket"))
    found.append(Endpoint("unix:///run/podman/podman.sock", "the system's Podman socket"))
    return found


def unavailable(tried: list[tuple[Endpoint, str]]) -> EngineUnavailable:
    """The error that tells what was tried and what to do. `tried`: each endpoint with what went wrong."""
    lines = ["no Docker Engine answers"]
    lines += [f"  {endpoint.host} ({endpoint.source}): {error}" for endpoint, error in tried]
    if any("ermission denied" in error for _, error in tried):
        lines.append(
            "You may not use the socket: join the group that owns it (often `docker`) and log in again, or use sudo."
        )
    elif any(endpoint.host.startswith("ssh://") for endpoint, error in tried if _MISSING_SSH.search(error)):
        lines.append("ssh:// hosts need paramiko: pip install 'docker[ssh]'.")
    else:
        lines.append(
            "Start it (often `sudo systemctl start docker`), or say where it is: DOCKER_HOST, `docker context use`."
        )
    return EngineUnavailable("\n".join(lines))


def _from_host(host: str, source: str, environ: Mapping[str, str], home: Path) -> Endpoint:
    if "://" not in host:
        host = f"unix://{host}" if host.startswith("/") else f"tcp://{host}"
    verify = bool(environ.get("DOCKER_TLS_VERIFY"))
    if not host.startswith("tcp://") or not (verify or environ.get("DOCKER_TLS")):
        return Endpoint(host, source)
    return Endpoint(host, source, Path(environ.get("DOCKER_CERT_PATH") or home / ".docker"), verify)


def _current_context(config: Path) -> str:
    try:
        content = json.loads((config / "config.json").read_bytes())
    except (OSError, ValueError):
        return ""  # as the docker command: no file, no context
    name = content.get("currentContext") if isinstance(content, dict) else None
    return name if isinstance(name, str) else ""


def _from_context(config: Path, context: str, source: str) -> Endpoint:
    from hashlib import sha256

    folder = sha256(context.encode()).hexdigest()
    path = config / "contexts" / "meta" / folder / "meta.json"
    try:
        docker = json.loads(path.read_bytes())["Endpoints"]["docker"]
        host = docker["Host"]
    except FileNotFoundError:
        raise EngineUnavailable(
            f'the Docker context "{context}" ({source}) does not exist; `docker context ls` lists those that do'
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EngineUnavailable(f'the Docker context "{context}" ({source}) can\'t be read: {path}: {error}') from None
    certificates = config / "contexts" / "tls" / folder / "docker"
    return Endpoint(
        host,
        f'context "{context}"',
        certificates if certificates.is_dir() else None,
        verify=not docker.get("SkipTLSVerify", False),
    )
