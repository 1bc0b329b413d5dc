from __future__ import annotations

import pytest

from simulator.model.labels import dns_label_errors, dns_subdomain_errors, label_key_errors, label_value_errors


@pytest.mark.parametrize("key", ["app", "a.b_c-d", "example.com/role", "A", "x" * 63, f"{'a.' * 100}b/x"])
def test_label_keys(key: str) -> None:
    assert label_key_errors(key) == []


@pytest.mark.parametrize(
    ("key", "beginnings"),
    [
        ("", ["name part must be non-empty", "name part must consist of"]),
        ("/x", ["prefix part must be non-empty"]),
        ("a/b/c", ["a valid label key must consist of"]),
        ("x" * 64, ["name part must be no more than 63 bytes"]),
        ("A.b/x", ["prefix part a lowercase RFC 1123 subdomain must consist of"]),
        ("ä", ["name part must consist of"]),
    ],
)
def test_bad_label_keys(key: str, beginnings: list[str]) -> None:
    errors = label_key_errors(key)
    assert [error[: len(start)] for error, start in zip(errors, beginnings, strict=True)] == beginnings


def test_label_values() -> None:
    assert label_value_errors("") == []
    assert label_value_errors("a.b_c-D") == []
    assert label_value_errors("x" * 64) == ["must be no more than 63 bytes"]
    assert label_value_errors("-")[0].startswith("a valid label must be an empty string or consist of")


def test_dns_names() -> None:
    assert dns_subdomain_errors("a-1.b") == []
    assert dns_subdomain_errors("a" * 254) == ["must be no more than 253 characters"]
    assert dns_subdomain_errors("a..b")[0].startswith("a lowercase RFC 1123 subdomain")
    assert dns_label_errors("a-1") == []
    assert dns_label_errors("A")[0].startswith("a lowercase RFC 1123 label")
    assert dns_label_errors("a" * 64)[0].startswith("must be no more than 63")
