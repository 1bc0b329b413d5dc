"""Label selectors: the language of `kubectl get -l`, the structured selector of a Job, and which labels match them.

Errors are worded as the API server words them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from simulator.model.labels import label_key_errors, label_value_errors
from simulator.model.quoting import go_quoted

if TYPE_CHECKING:  # the types take a while to import, and a command line may need only the language
    from simulator.model.kubernetes import meta_v1

_SPECIAL = "=!(),><"
_OPERATORS = {"=": "In", "==": "In", "!=": "NotIn", "in": "In", "notin": "NotIn", ">": "Gt", "<": "Lt"}
_STRUCTURED = ("In", "NotIn", "Exists", "DoesNotExist")
_OPERATOR_NAMES = "in, notin, =, ==, !=, gt, lt"
_TOKEN = re.compile(r"[ \t\r\n]*(==|!=|[=!(),><]|[^=!(),>< \t\r\n]+|)")
_LARGEST = 2**63 - 1


class SelectorError(ValueError):
    """A selector that can't be read; the message is the API server's. For the caller to turn into a BadRequest."""


class Requirement(NamedTuple):
    """One condition on a label: operator is `In`, `NotIn`, `Exists`, `DoesNotExist`, `Gt` or `Lt`."""

    key: str
    operator: str
    values: frozenset[str] = frozenset()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether the labels fulfil it."""
        value = labels.get(self.key)
        match self.operator:
            case "In":
                return value in self.values
            case "NotIn":
                return value is None or value not in self.values
            case "Exists":
                return value is not None
            case "DoesNotExist":
                return value is None
        limit, number = _integer(next(iter(self.values))), _integer(value or "")
        if limit is None or number is None:
            return False
        return number > limit if self.operator == "Gt" else number < limit


class LabelSelector(NamedTuple):
    """Conditions that must all hold; none at all match everything."""

    requirements: tuple[Requirement, ...]

    def matches(self, labels: Mapping[str, str] | None) -> bool:
        """Whether an object with these labels is selected."""
        labels = labels or {}
        return all(requirement.matches(labels) for requirement in self.requirements)


def matches_label_selector(selector: meta_v1.LabelSelector | None, labels: Mapping[str, str] | None) -> bool:
    """Whether labels match a structured selector, as a Job has it: none matches nothing, an empty one everything.

    An expression with an unknown operator, or with values that don't suit its operator, matches nothing.
    """
    if selector is None:
        return False
    labels = labels or {}
    if any(labels.get(key) != value for key, value in (selector.matchLabels or {}).items()):
        return False
    return all(
        expression.operator in _STRUCTURED
        and bool(expression.values) == (expression.operator in ("In", "NotIn"))
        and Requirement(expression.key, expression.operator, frozenset(expression.values or ())).matches(labels)
        for expression in selector.matchExpressions or ()
    )


def format_label_selector(selector: Mapping[str, Any] | None) -> str:
    """A structured selector (as a plain dict) as text: `app=web,tier in (back,front),!old`, `<none>`, or `<error>`."""
    try:
        return label_selector_text(selector) or "<none>"
    except SelectorError:
        return "<error>"


def label_selector_text(selector: Mapping[str, Any] | None) -> str:
    """A structured selector (as a plain dict) in the language of `-l`; raises SelectorError where it makes no sense."""
    if not selector:
        return ""
    terms = []
    for key, value in (selector.get("matchLabels") or {}).items():
        _check_requirement(key, "In", [value])
        terms.append((key, f"{key}={value}"))
    for expression in selector.get("matchExpressions") or ():
        key, operator, values = expression.get("key", ""), expression.get("operator"), expression.get("values")
        _check_requirement(key, operator, values)
        if operator in ("In", "NotIn"):
            terms.append((key, f"{key} {operator.lower()} ({','.join(sorted(set(values)))})"))
        else:
            terms.append((key, key if operator == "Exists" else f"!{key}"))
    return ",".join(text for _, text in sorted(terms, key=lambda term: term[0]))


def _check_requirement(key: str, operator: Any, values: list[str] | None) -> None:
    if operator not in _STRUCTURED:
        raise SelectorError(f"{go_quoted(operator or '')} is not a valid label selector operator")
    wrong = label_key_errors(key)
    if wrong:
        raise SelectorError(f"key: Invalid value: {go_quoted(key)}: {'; '.join(wrong)}")
    if operator in ("In", "NotIn"):
        if not values:
            shown = "null" if values is None else "[]"
            raise SelectorError(f"values: Invalid value: {shown}: for 'in', 'notin' operators, values set can't be empty")
        _check_values(key, operator, set(values))
    elif values:
        shown = "[" + ",".join(go_quoted(value) for value in values) + "]"
        raise SelectorError(f"values: Invalid value: {shown}: values set must be empty for exists and does not exist")


def parse_label_selector(text: str) -> LabelSelector:
    """A selector as typed after `-l` (`app=web,tier in (front,back),!old,n>5`); raises SelectorError."""
    return LabelSelector(tuple(_Parser(text).requirements()))


class _Parser:
    """Reads a selector token by token. A token is its text; the end is the empty text."""

    def __init__(self, text: str) -> None:
        self._tokens = _TOKEN.findall(text.split("\0")[0])
        self._position = 0

    def requirements(self) -> Iterable[Requirement]:
        while self._next:
            if not _is_word(self._next) and self._next != "!":
                raise SelectorError(f"found '{self._next}', expected: !, identifier, or 'end of string'")
            try:
                yield self._requirement()
            except SelectorError as error:
                raise SelectorError(f"unable to parse requirement: {error}") from None
            if not self._next:
                return
            if self._next != ",":
                raise SelectorError(f"found '{self._next}', expected: ',' or 'end of string'")
            self._take()
            if not _is_word(self._next) and self._next != "!":
                raise SelectorError(f"found '{self._next}', expected: identifier after ','")

    @property
    def _next(self) -> str:
        token: str = self._tokens[self._position] if self._position < len(self._tokens) else ""
        return token

    def _take(self) -> str:
        token = self._next
        self._position += 1
        return token

    def _requirement(self) -> Requirement:
        absent = self._next == "!"
        if absent:
            self._take()
        key = self._take()
        if not _is_word(key):
            raise SelectorError(f"found '{key}', expected: identifier")
        errors = label_key_errors(key)
        if errors:
            raise SelectorError(f"<nil>: Invalid value: {go_quoted(key)}: {'; '.join(errors)}")
        if absent:
            return Requirement(key, "DoesNotExist")
        if self._next in ("", ","):
            return Requirement(key, "Exists")
        word = self._take()
        if word not in _OPERATORS:
            raise SelectorError(f"found '{word}', expected: {_OPERATOR_NAMES}")
        values = self._values() if word in ("in", "notin") else {self._value()}
        operator = _OPERATORS[word]
        _check_values(key, operator, values)
        return Requirement(key, operator, frozenset(values))

    def _value(self) -> str:
        if self._next in ("", ","):
            return ""
        value = self._take()
        if not _is_word(value):
            raise SelectorError(f"found '{value}', expected: identifier")
        return value

    def _values(self) -> set[str]:
        opening = self._take()
        if opening != "(":
            raise SelectorError(f"found '{opening}' expected: '('")
        if self._next == ")":
            self._take()
            return {""}
        if self._next != "," and not _is_word(self._next):
            raise SelectorError(f"found '{self._next}', expected: ',', ')' or identifier")
        values: set[str] = set()
        while True:
            token = self._take()
            if _is_word(token):
                values.add(token)
                if self._next not in (",", ")"):
                    raise SelectorError(f"found '{self._next}', expected: ',' or ')'")
            elif token == ",":
                if not values or self._next == ")":
                    values.add("")
                if self._next == ",":
                    self._take()
                    values.add("")
            else:
                raise SelectorError(f"found '{token}', expected: ',', or identifier")
            if self._next == ")":
                self._take()
                return values


def _is_word(token: str) -> bool:
    return token != "" and token[0] not in _SPECIAL


def _check_values(key: str, operator: str, values: set[str]) -> None:
    ordered = sorted(values, key=str.encode)
    errors = [
        f"values[{i}]: Invalid value: {go_quoted(value)}: for 'Gt', 'Lt' operators, the value must be an integer"
        for i, value in enumerate(ordered)
        if operator in ("Gt", "Lt") and _integer(value) is None
    ]
    for i, value in enumerate(ordered):
        wrong = label_value_errors(value)
        if wrong:
            errors.append(f"values[{i}][{key}]: Invalid value: {go_quoted(value)}: {'; '.join(wrong)}")
    if errors:
        raise SelectorError(errors[0] if len(errors) == 1 else f"[{', '.join(errors)}]")


def _integer(text: str) -> int | None:
    """A 64-bit number in plain decimal digits, or None."""
    if not re.fullmatch(r"[+-]?[0-9]+", text, re.ASCII):
        return None
    number = int(text)
    return number if -_LARGEST - 1 <= number <= _LARGEST else None
