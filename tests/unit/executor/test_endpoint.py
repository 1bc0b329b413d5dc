from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest

from simulator.errors import EngineUnavailable
from simulator.executor.docker.endpoint import Endpoint, find_endpoints, unavailable


def context(home: Path, name: str, **docker: object) -> Path:
    folder = sha256(name.encode()).hexdigest()
    meta = home / ".docker" / "contexts" / "meta" / folder
    meta.mkdir(parents=True)
    (meta / "meta.json").write_text(json.dumps({"Name": name, "Endpoints": {"docker": docker}}))
    return home / ".docker" / "contexts" / "tls" / folder / "docker"


def test_defaults(tmp_path: Path) -> None:
    found = find_endpoints({"XDG_RUNTIME_DIR": "/run/user/7"}, tmp_path)
    assert [endpoint.host for endpoint in found] == [
        "unix:///var/run/docker.sock",
        "unix:///run/user/7/podman/podman.sock",
        "unix:///run/podman/podman.sock",
    ]


def test_flag_wins_over_everything(tmp_path: Path) -> None:
    found = find_endpoints({"DOCKER_HOST": "tcp://a:1", "DOCKER_CONTEXT": "x"}, tmp_path, "/run/b.sock")
    assert [endpoint.host for endpoint in found] == ["unix:///run/b.sock"]


def test_docker_host_wins_over_context(tmp_path: Path) -> None:
    assert find_endpoints({"DOCKER_HOST": "tcp://a:1", "DOCKER_CONTEXT": "x"}, tmp_path) == [
        Endpoint("tcp://a:1", "DOCKER_HOST")
    ]


def test_tls_of_docker_host(tmp_path: Path) -> None:
    environ = {"DOCKER_HOST": "tcp://a:1", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/certs"}
    assert find_endpoints(environ, tmp_path) == [Endpoint("tcp://a:1", "DOCKER_HOST", Path("/certs"), True)]


def test_current_context(tmp_path: Path) -> None:
    certificates = context(tmp_path, "far", Host="tcp://far:2376", SkipTLSVerify=True)
    certificates.mkdir(parents=True)
    (tmp_path / ".docker" / "config.json").write_text('{"currentContext": "far"}')
    assert find_endpoints({}, tmp_path) == [Endpoint("tcp://far:2376", 'context "far"', certificates, False)]


def test_docker_context_wins_over_current_context(tmp_path: Path) -> None:
    context(tmp_path, "near", Host="unix:///near.sock")
    (tmp_path / ".docker" / "config.json").write_text('{"currentContext": "far"}')
    assert find_endpoints({"DOCKER_CONTEXT": "near"}, tmp_path)[0].host == "unix:///near.sock"


def test_default_context_is_the_default_socket(tmp_path: Path) -> None:
    assert find_endpoints({"DOCKER_CONTEXT": "default"}, tmp_path)[0].host == "unix:///var/run/docker.sock"


def test_context_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match=r'the Docker context "gone" .* does not exist'):
        find_endpoints({"DOCKER_CONTEXT": "gone"}, tmp_path)


def test_unreadable_context(tmp_path: Path) -> None:
    context(tmp_path, "odd")
    with pytest.raises(EngineUnavailable, match="can't be read"):
        find_endpoints({"DOCKER_CONTEXT": "odd"}, tmp_path)


def test_error_tells_what_was_tried_and_what_to_do() -> None:
    error = unavailable([(Endpoint("unix:///a", "the default socket"), "Permission denied")])
    assert str(error).splitlines() == [
        "no Docker Engine answers",
        "  unix:///a (the default socket): Permission denied",
        "You may not use the socket: join the group that owns it (often `docker`) and log in again, or use sudo.",
    ]
    assert error.exit_code == 3


@pytest.mark.parametrize("error", ["No module named 'paramiko'", "name 'SSHHTTPAdapter' is not defined"])
def test_ssh_without_its_library(error: str) -> None:
    """The SDK stumbles over what it could not import."""
    told = str(unavailable([(Endpoint("ssh://host", "DOCKER_HOST"), error)]))
    assert told.endswith("ssh:// hosts need paramiko: pip install 'docker[ssh]'.")
