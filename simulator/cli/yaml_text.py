"""Objects as YAML, exactly as kubectl prints it: sorted keys, block scalars, and quotes where its Go library sets them.

PyYAML makes other choices (and is slow to import); what is needed for printing plain dicts is small enough to have here.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import cmp_to_key
from typing import Any

_INDENT = 2
_LONGEST_SIMPLE_KEY = 128
_WIDTH = 80  # a line that is longer is broken at the next space
_WORDS = frozenset(
    spelling
    for word in ("y", "yes", "true", "on", "n", "no", "false", "off", "null", "~")
    for spelling in (word, word.capitalize(), word.upper())
) | frozenset((".nan", ".NaN", ".NAN", *(f"{sign}.{word}" for sign in ("", "+", "-") for word in ("inf", "Inf", "INF"))))
_INTEGER = re.compile(r"[-+]?(0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|0|[1-9][0-9]*)", re.ASCII)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
_BASE_60 = re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?", re.ASCII)
_TIME = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"
    r"(?:(?:[Tt]([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[.,][0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2}))"
    r"|(?: +([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[.,][0-9]+)?))?",
    re.ASCII,
)
_LARGEST_UNSIGNED = 2**64 - 1
_SMALLEST_SIGNED = -(2**63)
_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*", re.ASCII)  # needs no closer look, unless it is one of the words
_ALWAYS_SPECIAL_AT_START = frozenset("#,[]{}&*!|>'\"%@`")
_BREAKS = "\n\r\x85\u2028\u2029"
_ESCAPES = {
    "\0": "\\0",
    "\a": "\\a",
    "\b": "\\b",
    "\t": "\\t",
    "\n": "\\n",
    "\v": "\\v",
    "\f": "\\f",
    "\r": "\\r",
    "\x1b": "\\e",
    '"': '\\"',
    "\\": "\\\\",
    "\x85": "\\N",
    "\u2028": "\\L",
    "\u2029": "\\P",
}


def yaml_text(value: dict[str, Any]) -> str:
    """A mapping of strings, numbers, truth values, None, lists and mappings as a YAML document."""
    if not value:
        return "{}\n"
    lines: list[str] = []
    _mapping(lines, value, 0, "")
    return "\n".join(lines) + "\n"


def _mapping(lines: list[str], value: dict[str, Any], indent: int, first: str) -> None:
    """Add the lines of a mapping; `first` stands before the first one instead of the indent."""
    margin = " " * indent
    for key in _sorted(value):
        start = first or margin
        first = ""
        if len(key.encode()) > _LONGEST_SIMPLE_KEY or any(char in _BREAKS for char in key):
            _node(lines, key, indent, f"{start}?", is_key=False)
            _node(lines, value[key], indent, f"{margin}:", is_key=False)
        else:
            _node(lines, value[key], indent, f"{start}{_key(key)}:", is_key=True)


def _node(lines: list[str], value: Any, indent: int, start: str, *, is_key: bool) -> None:
    """Add a value that belongs to `start` (`key:`, `?` or `:`) in a mapping at `indent`."""
    if isinstance(value, dict) and value:
        if is_key:
            lines.append(start)
            _mapping(lines, value, indent + _INDENT, "")
        else:
            _mapping(lines, value, indent + _INDENT, f"{start} ")
    elif isinstance(value, (list, tuple)) and value:
        if is_key:
            lines.append(start)
            _sequence(lines, value, indent, "")
        else:
            _sequence(lines, value, indent + _INDENT, f"{start} ")
    else:
        lines.append(f"{start} {_scalar(value, indent, len(start) + 1)}")


def _sequence(lines: list[str], values: Any, indent: int, first: str) -> None:
    margin = " " * indent
    for value in values:
        start = f"{first or margin}-"
        first = ""
        if isinstance(value, dict) and value:
            _mapping(lines, value, indent + _INDENT, f"{start} ")
        elif isinstance(value, (list, tuple)) and value:
            _sequence(lines, value, indent + _INDENT, f"{start} ")
        else:
            lines.append(f"{start} {_scalar(value, indent, len(start) + 1)}")


def _scalar(value: Any, indent: int, column: int) -> str:
    if isinstance(value, str):
        return _string(value, indent, column)
    if value is None:
        return "null"
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, (dict, list, tuple)):
        return "{}" if isinstance(value, dict) else "[]"
    return str(value)


def _key(text: str) -> str:
    return _string(text, 0, None)


def _float(value: float) -> str:
    if value == int(value) and abs(value) < 1e21:
        return str(int(value))
    mantissa, _, exponent = repr(value).partition("e")
    return (
        f"{mantissa}e{exponent[0] if exponent[0] in '+-' else '+'}{exponent.lstrip('+-').zfill(2)}" if exponent else mantissa
    )


def _string(text: str, indent: int, column: int | None) -> str:
    """A string that begins at `column` (None: a key, which stays on its line) in a collection at `indent`."""
    if _PLAIN.fullmatch(text) and text not in _WORDS:
        return text
    style = _Analysis(text)
    if "\n" in text:
        if style.literal and column is not None:
            return _literal(text, indent + _INDENT)
    elif not _means_something_else(text):
        if style.plain:
            return _wrapped(text, text, indent, column)
        if style.single_quoted:
            return _wrapped(text, "'" + text.replace("'", "''") + "'", indent, column)
    return _double_quoted(text, indent, column)


def _wrapped(text: str, written: str, indent: int, column: int | None) -> str:
    """`written` with line breaks instead of single spaces where its line is too long."""
    if column is None or column + len(written) <= _WIDTH or " " not in text.strip(" "):
        return written
    margin = "\n" + " " * (indent + _INDENT)
    first, last = (2, len(written) - 2) if written != text else (0, len(written))  # not at the ends of what is quoted
    parts = []
    for i, char in enumerate(written):
        if char == " " and column > _WIDTH and first <= i < last and written[i - 1] != " " and written[i + 1 : i + 2] != " ":
            parts.append(margin)
            column = indent + _INDENT
        else:
            parts.append(char)
            column += 1
    return "".join(parts)


def _means_something_else(text: str) -> bool:
    """Whether the text without quotes would be read as a number, a truth value, a time or nothing."""
    if not text or text in _WORDS:
        return True
    if text[0] not in "+-.0123456789":
        return False
    if _BASE_60.fullmatch(text) or (text[0] not in "+-." and _is_time(text)):
        return True
    plain = text if text[0] == "." else text.replace("_", "")
    if text[0] != "." and _INTEGER.fullmatch(plain) and _SMALLEST_SIGNED <= _read_integer(plain) <= _LARGEST_UNSIGNED:
        return True
    return bool(_FLOAT.fullmatch(plain)) and abs(float(plain)) != float("inf")


def _read_integer(text: str) -> int:
    sign, digits = (-1, text[1:]) if text[0] == "-" else (1, text.lstrip("+"))
    if len(digits) > 1 and digits[0] == "0" and digits[1].isdigit():
        return sign * int(digits, 8)
    return sign * int(digits, 0)


def _is_time(text: str) -> bool:
    match = _TIME.fullmatch(text)
    if not match:
        return False
    numbers = [int(part) for part in match.groups() if part is not None]
    try:
        datetime(*numbers)  # type: ignore[arg-type]  # noqa: DTZ001
    except ValueError:
        return False
    return True


class _Analysis:
    """In which ways a string can be written, by the rules of libyaml's emitter outside of flow collections."""

    def __init__(self, text: str) -> None:
        breaks = [i for i, char in enumerate(text) if char in _BREAKS]
        special = not all(_is_printable(char) or char in "\n" for char in text)
        space_break = any(i and text[i - 1] == " " for i in breaks)
        break_space = any(i + 1 < len(text) and text[i + 1] == " " for i in breaks)
        self.literal = not (text.endswith(" ") or space_break or special)
        self.single_quoted = not (break_space or space_break or special)
        self.plain = (
            self.single_quoted
            and not breaks
            and not text.startswith(" ")
            and not text.endswith(" ")
            and not _has_indicators(text)
        )


def _has_indicators(text: str) -> bool:
    first, second = text[:1], text[1:2]
    if text.startswith(("---", "...")) or first in _ALWAYS_SPECIAL_AT_START:
        return True
    if first in ("?", ":", "-") and second in ("", " ", "\t"):
        return True
    return ": " in text or ":\t" in text or text.endswith(":") or " #" in text or "\t#" in text


def _is_printable(char: str) -> bool:
    """libyaml's notion: no tab, and nothing beyond 16 bits."""
    return " " <= char <= "~" or ("\xa0" <= char <= "\ufffd" and not "\ud800" <= char <= "\udfff" and char != "\ufeff")


def _literal(text: str, indent: int) -> str:
    hint = str(_INDENT) if text[0] in " \n" else ""
    if not text.endswith("\n"):
        hint += "-"
    elif text == "\n" or text.endswith("\n\n"):
        hint += "+"
    margin = " " * indent
    body = text.removesuffix("\n").split("\n")
    return "\n".join([f"|{hint}", *(f"{margin}{line}" if line else "" for line in body)])


def _double_quoted(text: str, indent: int, column: int | None) -> str:
    """The string with escapes; a long line is broken at a space, with a backslash before further spaces."""
    parts = ['"']
    position = 0 if column is None else column + 1
    for i, char in enumerate(text):
        can_break = char == " " and column is not None and position > _WIDTH and 0 < i < len(text) - 1
        if can_break and text[i - 1] != " ":
            parts.append("\n" + " " * (indent + _INDENT) + ("\\" if text[i + 1] == " " else ""))
            position = indent + _INDENT + (text[i + 1] == " ")
        else:
            written = _ESCAPES.get(char) or (char if _is_printable(char) else _escape(char))
            parts.append(written)
            position += len(written)
    return "".join(parts) + '"'


def _escape(char: str) -> str:
    code = ord(char)
    if code <= 0xFF:
        return f"\\x{code:02X}"
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


def _sorted(value: dict[str, Any]) -> list[str]:
    keys = sorted(value)
    # Letters and separators sort as they are; only digits ask for the slower comparison.
    return keys if all(_PLAIN_KEY.fullmatch(key) for key in keys) else sorted(keys, key=cmp_to_key(_compare))


_PLAIN_KEY = re.compile(r"[A-Za-z]*", re.ASCII)


def _compare(first: str, second: str) -> int:
    """Keys in the Go library's order: other characters before letters, numbers by their value."""
    for i, (a, b) in enumerate(zip(first, second, strict=False)):
        if a == b:
            continue
        if a.isalpha() and b.isalpha():
            return -1 if a < b else 1
        if a.isalpha() or b.isalpha():
            return -1 if b.isalpha() else 1
        return _compare_numbers(first, second, i)
    return (len(first) > len(second)) - (len(first) < len(second))


def _compare_numbers(first: str, second: str, at: int) -> int:
    lead = 0
    if "0" in (first[at], second[at]):
        j = at - 1
        while j >= 0 and first[j].isdecimal():
            if first[j] != "0":
                lead = 1
                break
            j -= 1
    (a, a_end), (b, b_end) = _number(first, at, lead), _number(second, at, lead)
    left, right = (a, a_end, first[at]), (b, b_end, second[at])
    return -1 if left < right else 1


def _number(text: str, at: int, lead: int) -> tuple[int, int]:
    number, end = lead, at
    while end < len(text) and text[end].isdecimal():
        number, end = number * 10 + int(text[end]), end + 1
    return number, end
