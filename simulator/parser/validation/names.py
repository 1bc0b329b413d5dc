"""Rules of names, labels, keys and addresses. Each function lists what is wrong with a text; an empty list is good."""

from __future__ import annotations

import re

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_UNDERSCORED = r"_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_UNDERSCORED_SUBDOMAIN = rf"{_UNDERSCORED}(\.{_UNDERSCORED})*"
_QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_LABEL_VALUE = f"({_QUALIFIED})?"
_CONFIG_KEY = "[-._a-zA-Z0-9]+"
_HEADER = "[-A-Za-z0-9]+"
_IDENTIFIER = r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+"

_ALNUM_ENDS = "and must start and end with an alphanumeric character"
_LABEL_TEXT = f"a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', {_ALNUM_ENDS}"
_SUBDOMAIN_TEXT = (
    f"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', {_ALNUM_ENDS}"
)
_UNDERSCORED_TEXT = (
    f"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', {_ALNUM_ENDS}"
)
_QUALIFIED_TEXT = f"must consist of alphanumeric characters, '-', '_' or '.', {_ALNUM_ENDS}"
_LABEL_VALUE_TEXT = (
    f"a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', {_ALNUM_ENDS}"
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


def label_problems(name: str) -> list[str]:
    """A DNS label: at most 63 of a-z, 0-9 and `-`."""
    problems = [] if _size(name) <= 63 else ["must be no more than 63 characters"]
    if not _matches(_LABEL, name):
        dotted = _matches(_SUBDOMAIN, name)
        problems.append("must not contain dots" if dotted else _explain(_LABEL_TEXT, _LABEL, "my-name", "123-abc"))
    return problems


def subdomain_problems(name: str) -> list[str]:
    """A DNS subdomain: labels joined by dots, at most 253 characters."""
    problems = [] if _size(name) <= 253 else ["must be no more than 253 characters"]
    if not _matches(_SUBDOMAIN, name):
        problems.append(_explain(_SUBDOMAIN_TEXT, _SUBDOMAIN, "example.com"))
    return problems


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
    return subdomain_problems(name)


def qualified_name_problems(name: str) -> list[str]:
    """A label key: a name of at most 63 bytes, maybe after a DNS subdomain and `/`."""
    problems = []
    parts = name.split("/")
    explained = _explain(_QUALIFIED_TEXT, _QUALIFIED, "MyName", "my.name", "123-abc")
    if len(parts) > 2:
        return [f"a valid label key {explained} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"]
    if len(parts) == 2:
        if parts[0]:
            problems += [f"prefix part {problem}" for problem in subdomain_problems(parts[0])]
        else:
            problems.append("prefix part must be non-empty")
    last = parts[-1]
    if not last:
        problems.append("name part must be non-empty")
    elif _size(last) > 63:
        problems.append("name part must be no more than 63 bytes")
    if not _matches(_QUALIFIED, last):
        problems.append(f"name part {explained}")
    return problems


def label_value_problems(value: str) -> list[str]:
    """A label's value: empty, or at most 63 bytes of letters, digits, `-`, `_`, `.`."""
    problems = [] if _size(value) <= 63 else ["must be no more than 63 bytes"]
    if not _matches(_LABEL_VALUE, value):
        problems.append(_explain(_LABEL_VALUE_TEXT, _LABEL_VALUE, "MyValue", "my_value", "12345"))
    return problems


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
    problems = subdomain_problems(domain)
    if not _matches(_IDENTIFIER, path):
        problems.append(f"Invalid path (regex used for validation is '{_IDENTIFIER}')")
    return problems
