"""The connection to the engine: clients, API version, facts about the node, and how errors are told.

Two clients: one for calls, one for streams (events, logs), which hold their connection. The API version is negotiated once
and pinned (semantics/pod-on-docker.md 5.4).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from simulator.errors import EngineUnavailable
from simulator.executor.docker.endpoint import Endpoint, unavailable
from simulator.pods.executor import Node

if TYPE_CHECKING:
    from docker.api.client import APIClient

NEWEST_API = (1, 51)
"""The newest API version that the engine tests ran against."""

CALL_SECONDS = 120
"""Read timeout of calls that are no streams; a start can take seconds under load."""

_ALLOWS_NEGATIVE_OOM_SCORE = "allows_negative_oom_score"

ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


class Engine:
    """An engine that has answered."""

    def __init__(self, endpoint: Endpoint, version: tuple[int, int], facts: Facts) -> None:
        self.endpoint = endpoint
        self.facts = facts
        self.version = version
        # Any: the SDK's stubs know only a part of its methods.
        self.api: Any = _client(endpoint, _text(version))
        self.streams: Any = _client(endpoint, _text(version))
        self.daemon_id = ""
        self.is_rootless = False
        self.node = Node()

    def learn(self) -> None:
        """Ask what the node is (`GET /info`, 2.10)."""
        info = self.api.info()
        self.daemon_id = str(info.get("ID") or info.get("Name") or self.endpoint.host)
        self.is_rootless = any("rootless" in option for option in info.get("SecurityOptions") or ())
        machine = str(info.get("Architecture") or "")
        self.node = Node(
            internal_ip=_host_address(self.endpoint),
            cpu_milli=1000 * int(info.get("NCPU") or 1),
            memory_bytes=int(info.get("MemTotal") or 1 << 30),
            architecture=ARCHITECTURES.get(machine, machine or "amd64"),
            engine_version=str(info.get("ServerVersion") or ""),
            allows_negative_oom_score=not self.is_rootless
            and self.facts.get(self.daemon_id, _ALLOWS_NEGATIVE_OOM_SCORE) is not False,
        )

    def learn_from_refusal(self, text: str, oom_score_adj: int) -> bool:
        """Whether a start may have been refused because of a negative OOM score: it is not asked for again then.

        The container runtime writes the score early, and some versions say no more than that their child is gone.
        """
        if oom_score_adj >= 0 or not any(part in text for part in ("oom_score_adj", "final child's PID")):
            return False
        self.node = replace(self.node, allows_negative_oom_score=False)
        self.facts.put(self.daemon_id, _ALLOWS_NEGATIVE_OOM_SCORE, False)
        return True

    def has_image(self, reference: str) -> bool:
        """Whether an image is present locally."""
        from docker.errors import ImageNotFound

        try:
            self.api.inspect_image(reference)
        except ImageNotFound:
            return False
        return True

    def url(self, path: str) -> str:
        """The address of an API path, for the calls that the SDK has no method for."""
        return f"{self.api.base_url}/v{_text(self.version)}{path}"

    def close(self) -> None:
        """Close the connections."""
        self.api.close()
        self.streams.close()


def knock(endpoint: Endpoint) -> None:
    """Raise `OSError` if nobody listens at a socket of this machine: found out before the SDK is even imported."""
    if not endpoint.is_local:
        return
    import socket

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(10)
        probe.connect(endpoint.host.removeprefix("unix://"))


def connect(endpoints: Sequence[Endpoint], facts: Facts) -> Engine:
    """The first engine that answers; raises `EngineUnavailable` with all that was tried."""
    tried: list[tuple[Endpoint, str]] = []
    for endpoint in endpoints:
        try:
            knock(endpoint)
            return _connect(endpoint, facts)
        except OSError as error:
            tried.append((endpoint, plain_error(error)))
    raise unavailable(tried)


def _connect(endpoint: Endpoint, facts: Facts) -> Engine:
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    try:
        return Engine(endpoint, _negotiate(endpoint), facts)
    except (DockerException, RequestException, ImportError, ValueError) as error:
        raise OSError(plain_error(error)) from error


def _negotiate(endpoint: Endpoint) -> tuple[int, int]:
    """max(the server's oldest version, min(the server's newest, `NEWEST_API`)).

    The answer to a ping holds the newest; only where that is above ours the oldest matters, and costs a slow call.
    """
    client = _client(endpoint, _text(NEWEST_API))
    try:
        answer = client.get(f"{client.base_url}/_ping", timeout=10)
        answer.raise_for_status()
        newest = _parse(answer.headers.get("Api-Version", ""))
        if newest is not None and newest <= NEWEST_API:
            return newest
        versions = client.version(api_version=False)
        newest = _parse(versions.get("ApiVersion", "")) or NEWEST_API
        oldest = _parse(versions.get("MinAPIVersion", "")) or (1, 24)
        return max(oldest, min(newest, NEWEST_API))
    finally:
        client.close()


def _client(endpoint: Endpoint, version: str) -> APIClient:
    from docker.api.client import APIClient
    from docker.tls import TLSConfig

    tls: TLSConfig | bool = False
    if endpoint.certificates is not None:
        folder = endpoint.certificates
        tls = TLSConfig(
            client_cert=(str(folder / "cert.pem"), str(folder / "key.pem")) if (folder / "cert.pem").exists() else None,
            ca_cert=str(folder / "ca.pem") if (folder / "ca.pem").exists() else None,
            verify=endpoint.verify,
        )
    client = APIClient(base_url=endpoint.host, version=version, timeout=CALL_SECONDS, tls=tls, max_pool_size=64)
    client.trust_env = False  # reading proxies from the environment is half of a call's cost
    return client


def _parse(text: str) -> tuple[int, int] | None:
    major, _, minor = text.partition(".")
    return (int(major), int(minor)) if major.isdigit() and minor.isdigit() else None


def _text(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"


def _host_address(endpoint: Endpoint) -> str:
    """The address of the engine's host as others see it; 127.0.0.1 where nothing better is known."""
    import socket
    from urllib.parse import urlsplit

    try:
        if not endpoint.is_local:
            return socket.gethostbyname(urlsplit(endpoint.host).hostname or "127.0.0.1")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(("192.0.2.1", 9))  # sends nothing: the kernel only picks the route
            return str(probe.getsockname()[0])
    except OSError:
        return "127.0.0.1"


# --- errors ---------------------------------------------------------------------------------------------------------


def status_code(error: Exception) -> int:
    """The HTTP code of an engine's error answer; 0 for any other error."""
    return int(getattr(getattr(error, "response", None), "status_code", 0) or 0)


def explanation(error: Exception) -> str:
    """The engine's own words, without a prefix."""
    return str(getattr(error, "explanation", "") or error).strip()


def engine_text(error: Exception) -> str:
    """An error as the docker command shows it: `Error response from daemon: <text>`."""
    return f"Error response from daemon: {explanation(error)}" if status_code(error) else explanation(error)


def is_unreachable(error: BaseException) -> bool:
    """Whether an error means that the engine did not answer (as opposed to: it refused)."""
    from docker.errors import APIError
    from urllib3.exceptions import HTTPError

    # requests' errors are OSErrors, and so is an APIError.
    return isinstance(error, OSError | HTTPError) and not isinstance(error, APIError)


def plain_error(error: BaseException) -> str:
    """The innermost cause in words: `No such file or directory` rather than four nested exceptions."""
    seen: set[int] = set()
    inner: BaseException = error
    while id(inner) not in seen:
        seen.add(id(inner))
        nested = [argument for argument in inner.args if isinstance(argument, BaseException)]
        following = nested[0] if nested else (inner.__cause__ or inner.__context__)
        if following is None:
            break
        inner = following
    if isinstance(inner, OSError) and inner.strerror:
        return inner.strerror
    return str(inner) or type(inner).__name__


# --- what was found out about an engine once ------------------------------------------------------------------------


class Facts:
    """What had to be tried out with an engine, kept by daemon ID in the state directory's `engine.json`."""

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / "engine.json"

    def get(self, daemon_id: str, fact: str) -> Any:
        """The value, or None if it was never found out."""
        return self._read().get(daemon_id, {}).get(fact)

    def put(self, daemon_id: str, fact: str, value: Any) -> None:
        """Keep it; a state directory that can't be written costs only the next try."""
        facts = self._read()
        facts.setdefault(daemon_id, {})[fact] = value
        temporary = self._path.with_suffix(".json.new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(json.dumps(facts, indent=1))
            temporary.replace(self._path)
        except OSError:
            return

    def _read(self) -> dict[str, dict[str, Any]]:
        try:
            facts = json.loads(self._path.read_bytes())
        except (OSError, ValueError):
            return {}
        return facts if isinstance(facts, dict) else {}


__all__ = [
    "Engine",
    "EngineUnavailable",
    "Facts",
    "connect",
    "engine_text",
    "explanation",
    "is_unreachable",
    "knock",
    "plain_error",
    "status_code",
]
