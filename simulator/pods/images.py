"""Images: policy, names that can't be, and the kubelet's words about pulling. Source: semantics/pod-on-docker.md 2.11."""

from __future__ import annotations

import re
from functools import lru_cache

from simulator.model.durations import format_go_duration
from simulator.model.kubernetes import core_v1
from simulator.pods.executor import ImageReport

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_DOMAIN_PART = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_DOMAIN = rf"(?:{_DOMAIN_PART}(?:\.{_DOMAIN_PART})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"
_REFERENCE = re.compile(
    rf"(?P<name>(?:{_DOMAIN}/)?{_COMPONENT}(?:/{_COMPONENT})*)(?::(?P<tag>\w[\w.-]{{0,127}}))?(?:@(?P<digest>{_DIGEST}))?",
    re.ASCII,
)
_ANONYMOUS_ID = re.compile(r"[a-f0-9]{64}")
_LONGEST_NAME = 255
_DIGEST_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}


@lru_cache(maxsize=256)
def reference_error(image: str) -> str | None:
    """What is wrong with an image reference, in the words of the reference parser; None: nothing."""
    if _ANONYMOUS_ID.fullmatch(image):
        return f"invalid repository name ({image}), cannot specify 64-byte hexadecimal strings"
    first, slash, rest = image.partition("/")
    has_domain = bool(slash) and (any(mark in first for mark in ".:") or first == "localhost" or first.lower() != first)
    domain, remainder = (first, rest) if has_domain else ("docker.io", image)
    if not has_domain and "/" not in remainder:
        remainder = f"library/{remainder}"
    repository = remainder.partition(":")[0]
    if repository.lower() != repository:
        return f"invalid reference format: repository name ({repository}) must be lowercase"
    match = _REFERENCE.fullmatch(f"{domain}/{remainder}")
    if match is None:
        return "invalid reference format"
    if len(match["name"]) > _LONGEST_NAME:
        return "repository name must not be more than 255 characters"
    if match["digest"]:
        algorithm, _, digits = match["digest"].partition(":")
        if algorithm not in _DIGEST_LENGTHS:
            return "unsupported digest algorithm"
        if len(digits) != _DIGEST_LENGTHS[algorithm]:
            return "invalid checksum digest length"
    return None


def pull_policy(container: core_v1.Container) -> str:
    """`Always`, `IfNotPresent` or `Never`; the default goes by the tag."""
    if container.imagePullPolicy:
        return container.imagePullPolicy
    image = container.image or ""
    if "@" in image:
        return "IfNotPresent"
    tag = image.rpartition("/")[2].partition(":")[2]
    return "Always" if tag in ("", "latest") else "IfNotPresent"


def invalid_name_message(image: str, error: str) -> str:
    """The message of `InvalidImageName`."""
    return f'Failed to apply default image tag "{image}": couldn\'t parse image name "{image}": {error}'


def present_message(image: str) -> str:
    """The message of `Pulled` when nothing had to be pulled."""
    return f'Container image "{image}" already present on machine and can be accessed by the pod'


def absent_message(image: str) -> str:
    """The message of `ErrImageNeverPull`."""
    return f'Container image "{image}" is not present with pull policy of Never'


def pulled_message(report: ImageReport) -> str:
    """The message of `Pulled` after a pull."""
    duration = format_go_duration(round(report.pull_seconds * 1e9) // 1_000_000 * 1_000_000)
    return (
        f'Successfully pulled image "{report.image}" in {duration} ({duration} including waiting). '
        f"Image size: {report.size_bytes} bytes."
    )


def pull_failure(image: str, error: str) -> tuple[str, str]:
    """Waiting reason and message of a failed pull."""
    for reason, because in (
        ("RegistryUnavailable", "the registry is unavailable"),
        ("SignatureValidationFailed", "the signature validation failed"),
    ):
        if error.startswith(reason):
            return reason, f"image pull failed for {image} because {because}{error.removeprefix(reason)}"
    return "ErrImagePull", error


def status_image(reference: str, report: ImageReport | None, engine_image: str, engine_id: str) -> tuple[str, str]:
    """`image` and `imageID` of a container status (3.5), from what is known of the image and what the engine shows."""
    if report is not None and report.image_id:
        name = report.repo_tags[0] if report.repo_tags else reference
        if report.repo_digests:
            return name, f"docker-pullable://{report.repo_digests[0]}"
        return name, f"docker://{report.image_id}"
    image_id = f"docker://{engine_id}" if engine_id and "://" not in engine_id else engine_id
    return engine_image or reference, image_id
