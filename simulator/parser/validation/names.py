"""Rules of names, labels, keys and addresses. Each function lists what is wrong with a text; an empty list is good."""

from __future__ import annotations

import re

from simulator.model.labels import dns_subdomain_errors

_UNDERSCORED = r"_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_UNDERSCORED_SUBDOMAIN = rf"{_UNDERSCORED}(\.{_UNDERSCORED})*"
_CONFIG_KEY = "[-._a-zA-Z0-9]+"
_HEADER = "[-A-Za-z0-9]+"
_IDENTIFIER = r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+"

_ALNUM_ENDS = "and must start and end with an alphanumeric character"
_UNDERSCORED_TEXT = (
    f"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', {_ALNUM_ENDS}"
)


def _matches(pattern: str, text: str) -> bool:
    return re.fullmatch(pattern, text, re.ASCII) is not None


def _explain(text: str, pattern: str, *examples: str) -> str:
    listed = " or ".join(f"'{example}', " for example in examples)
    return f"{text} (e.g. {listed}regex used for validation is '{pattern}')"


def _size(text: str) -> int:
    return len(text.encode())


def in_range(lowest: int, highest: int) -> str:
    """What is said of a number outside of a closed range."""
    return f"must be between {lowest} and {highest}, inclusive"


def underscored_subdomain_problems(name: str) -> list[str]:
    """A DNS subdomain that may hold underscores, as in search lists."""
    problems = [] if _size(name) <= 253 else ["must be no more than 253 characters"]
    if not _matches(_UNDERSCORED_SUBDOMAIN, name):
        problems.append(_explain(_UNDERSCORED_TEXT, _UNDERSCORED_SUBDOMAIN, "example.com"))
    return problems


def name_prefix_problems(name: str) -> list[str]:
    """A subdomain that something will be appended to: a final hyphen is fine (`generateName`)."""
    if len(name) > 1 and name.endswith("-"):
        name = name[:-2] + "a"
    return dns_subdomain_errors(name)


def env_name_problems(name: str) -> list[str]:
    """The name of an environment variable: any printable ASCII but `=`."""
    if not name:
        return ["environment variable name must be non-empty"]
    if all(" " <= character <= "~" and character != "=" for character in name):
        return []
    return ["a valid environment variable name must consist only of printable ASCII characters other than '='"]


def config_key_problems(key: str) -> list[str]:
    """A key of a ConfigMap or Secret."""
    problems = [] if _size(key) <= 253 else ["must be no more than 253 characters"]
    if not _matches(_CONFIG_KEY, key):
        text = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
        problems.append(_explain(text, _CONFIG_KEY, "key.name", "KEY_NAME", "key-name"))
    if key in (".", ".."):
        problems.append(f"must not be '{key}'")
    elif key.startswith(".."):
        problems.append("must not start with '..'")
    return problems


def port_name_problems(name: str) -> list[str]:
    """The name of a port: at most 15 of a-z, 0-9 and `-`, with a letter."""
    problems = [] if _size(name) <= 15 else ["must be no more than 15 characters"]
    if not _matches("[-a-z0-9]+", name):
        problems.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not re.search("[a-z]", name):
        problems.append("must contain at least one letter (a-z)")
    if "--" in name:
        problems.append("must not contain consecutive hyphens")
    if name.startswith("-") or name.endswith("-"):
        problems.append("must not begin or end with a hyphen")
    return problems


def port_number_problems(port: int) -> list[str]:
    """A port's number."""
    return [] if 1 <= port <= 65535 else [in_range(1, 65535)]


def id_problems(number: int) -> list[str]:
    """A user's or group's ID."""
    return [] if 0 <= number <= 2**31 - 1 else [in_range(0, 2**31 - 1)]


def header_problems(name: str) -> list[str]:
    """The name of an HTTP header."""
    if _matches(_HEADER, name):
        return []
    return [_explain("a valid HTTP header must consist of alphanumeric characters or '-'", _HEADER, "X-Header-Name")]


def ip_problems(text: str) -> list[str]:
    """An IP address in its strict form: no leading zeros, no IPv4 dressed as IPv6."""
    from ipaddress import AddressValueError, IPv4Address, IPv6Address

    plain = ".".join(part.lstrip("0") or "0" for part in text.split(".")) if _matches(r"[0-9.]+", text) and text else text
    try:
        IPv4Address(plain)
    except AddressValueError:
        try:
            address = IPv6Address(text)
        except AddressValueError:
            return ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"]
        if "%" in text:
            return ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"]
        return ["must not be an IPv4-mapped IPv6 address"] if address.ipv4_mapped else []
    return ["must not have leading 0s"] if plain != text else []


def domain_prefixed_path_problems(text: str) -> list[str]:
    """A path such as `acme.io/foo`: a DNS subdomain, `/`, and more."""
    domain, slash, path = text.partition("/")
    if not slash or not domain or not path:
        return ['must be a domain-prefixed path (such as "acme.io/foo")']
    problems = dns_subdomain_errors(domain)
    if not _matches(_IDENTIFIER, path):
        problems.append(f"Invalid path (regex used for validation is '{_IDENTIFIER}')")
    return problems
