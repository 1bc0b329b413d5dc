"""Validation of ConfigMaps and Secrets."""

from __future__ import annotations

from simulator.parser.structure import Tree
from simulator.parser.validation.field_errors import Errors
from simulator.parser.validation.metadata import IMMUTABLE, validate_metadata
from simulator.parser.validation.names import config_key_problems

_LARGEST = 1024 * 1024
_MARKED = "field is immutable when `immutable` is set"
_REQUIRED_KEYS = {
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
}
_SERVICE_ACCOUNT = "kubernetes.io/service-account.name"


def validate_config_map(config_map: Tree, errors: Errors) -> None:
    """A ConfigMap to be created."""
    validate_metadata(config_map["metadata"], errors)
    _config_map_data(config_map, errors)


def _config_map_data(config_map: Tree, errors: Errors) -> None:
    texts, binary = config_map.get("data") or {}, config_map.get("binaryData") or {}
    for key in sorted(texts):
        errors.each_invalid(f"data[{key}]", key, config_key_problems(key))
        if key in binary:
            errors.invalid(f"data[{key}]", key, "duplicate of key present in binaryData")
    for key in sorted(binary):
        errors.each_invalid(f"binaryData[{key}]", key, config_key_problems(key))
    size = sum(len(text.encode()) for text in texts.values()) + sum(map(_decoded_size, binary.values()))
    if size > _LARGEST:
        errors.too_long("", _LARGEST)


def validate_secret(secret: Tree, errors: Errors) -> None:
    """A Secret to be created."""
    validate_metadata(secret["metadata"], errors)
    _secret_data(secret, errors)


def _secret_data(secret: Tree, errors: Errors) -> None:
    data = secret.get("data") or {}
    for key in sorted(data):
        errors.each_invalid(f"data[{key}]", key, config_key_problems(key))
    if sum(map(_decoded_size, data.values())) > _LARGEST:
        errors.too_long("data", _LARGEST)
    kind = secret.get("type", "")
    for key in _REQUIRED_KEYS.get(kind, ()):
        if key not in data:
            errors.required(f"data[{key}]")
    if kind == "kubernetes.io/service-account-token" and not (secret["metadata"].get("annotations") or {}).get(
        _SERVICE_ACCOUNT
    ):
        errors.required(f"metadata.annotations[{_SERVICE_ACCOUNT}]")
    if kind == "kubernetes.io/basic-auth" and not {"username", "password"} & set(data):
        errors.required("data[username]")
        errors.required("data[password]")


def validate_config_update(new: Tree, old: Tree, errors: Errors) -> None:
    """A ConfigMap or Secret to be changed: its type is fixed, and everything once it is marked immutable."""
    if new["kind"] == "Secret" and new.get("type") != old.get("type"):
        errors.invalid("type", new.get("type", ""), IMMUTABLE)
    if old.get("immutable"):
        if not new.get("immutable"):
            errors.forbidden("immutable", _MARKED)
        for field in ("data", "binaryData"):
            if new.get(field) != old.get(field):
                errors.forbidden(field, _MARKED)
    if new["kind"] == "Secret":
        _secret_data(new, errors)
    else:
        _config_map_data(new, errors)


def _decoded_size(text: str) -> int:
    return len(text) * 3 // 4 - text[-2:].count("=")
