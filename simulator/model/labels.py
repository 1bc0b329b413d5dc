"""What may be a label key, a label value, or a DNS name; the findings are worded as the API server words them."""

from __future__ import annotations

import re

_NAME = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_DNS_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_DNS_SUBDOMAIN = rf"{_DNS_LABEL}(\.{_DNS_LABEL})*"
_NAME_RULE = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
    f" (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{_NAME}')"
)
_VALUE_RULE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end"
    " with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345',"
    f" regex used for validation is '({_NAME})?')"
)
_SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end"
    f" with an alphanumeric character (e.g. 'example.com', regex used for validation is '{_DNS_SUBDOMAIN}')"
)
_DNS_LABEL_RULE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with"
    f" an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '{_DNS_LABEL}')"
)
_is_name = re.compile(_NAME, re.ASCII).fullmatch
_is_dns_label = re.compile(_DNS_LABEL, re.ASCII).fullmatch
_is_dns_subdomain = re.compile(_DNS_SUBDOMAIN, re.ASCII).fullmatch
_LABEL_BYTES = 63
_SUBDOMAIN_CHARACTERS = 253


def label_key_errors(key: str) -> list[str]:
    """What is wrong with a label key (any "qualified name": `name` or `prefix/name`); empty if it is valid."""
    parts = key.split("/")
    if len(parts) > 2:
        return [f"a valid label key {_NAME_RULE} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"]
    errors = []
    if len(parts) == 2:
        errors += [
            f"prefix part {error}" for error in (dns_subdomain_errors(parts[0]) if parts[0] else ["must be non-empty"])
        ]
    name = parts[-1]
    if not name:
        errors.append("name part must be non-empty")
    elif len(name.encode()) > _LABEL_BYTES:
        errors.append(f"name part must be no more than {_LABEL_BYTES} bytes")
    if not _is_name(name):
        errors.append(f"name part {_NAME_RULE}")
    return errors


def label_value_errors(value: str) -> list[str]:
    """What is wrong with a label value; empty if it is valid."""
    errors = []
    if len(value.encode()) > _LABEL_BYTES:
        errors.append(f"must be no more than {_LABEL_BYTES} bytes")
    if value and not _is_name(value):
        errors.append(_VALUE_RULE)
    return errors


def dns_subdomain_errors(name: str) -> list[str]:
    """What keeps `name` from being a DNS subdomain (most object names); empty if it is one."""
    errors = []
    if len(name.encode()) > _SUBDOMAIN_CHARACTERS:
        errors.append(f"must be no more than {_SUBDOMAIN_CHARACTERS} characters")
    if not _is_dns_subdomain(name):
        errors.append(_SUBDOMAIN_RULE)
    return errors


def dns_label_errors(name: str) -> list[str]:
    """What keeps `name` from being a DNS label (container and namespace names); empty if it is one."""
    errors = []
    if len(name.encode()) > _LABEL_BYTES:
        errors.append(f"must be no more than {_LABEL_BYTES} characters")
    if not _is_dns_label(name):
        errors.append("must not contain dots" if _is_dns_subdomain(name) else _DNS_LABEL_RULE)
    return errors
