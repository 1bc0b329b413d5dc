"""Kubernetes resource quantities (`500m`, `64Mi`, `1e3`): read, compare, and write back as the API server does.

All arithmetic is on integers: a quantity is `unscaled * 10**exponent`. Nothing is smaller than 10**-9 (a smaller part is
rounded away from zero), and binary amounts are capped at 2**63 - 1, as in Kubernetes.
"""

from __future__ import annotations

import re
from functools import lru_cache, total_ordering
from typing import NamedTuple

FORMAT_ERROR = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
SUFFIX_ERROR = "unable to parse quantity's suffix"
NUMERIC_ERROR = "unable to parse numeric part of quantity"

_LARGEST = 2**63 - 1
_NANO = -9
_EXACT_DIGITS = 18  # so many decimal digits always fit in 64 bits
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_DECIMAL_SUFFIX = {exponent: suffix for suffix, exponent in _DECIMAL.items()}
_BINARY_SUFFIX = ["", *_BINARY]
# What is read is looser than what the error message says: the number may be missing ("m" is zero).
_TEXT = re.compile(r"([+-]?)0*([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)", re.ASCII)


class QuantityError(ValueError):
    """No quantity; the message is the API server's. For the caller to turn into a finding or an ApiError."""


@total_ordering
class Quantity:
    """An amount: `unscaled * 10**exponent`. `text` is how the API server shows it again."""

    __slots__ = ("exponent", "text", "unscaled")

    def __init__(self, unscaled: int, exponent: int, text: str) -> None:
        self.unscaled = unscaled
        self.exponent = exponent
        self.text = text

    def value(self) -> int:
        """Whole units (bytes, CPUs), rounded up."""
        return self.scaled(0)

    def milli(self) -> int:
        """Thousandths (millicores), rounded up."""
        return self.scaled(-3)

    def scaled(self, exponent: int) -> int:
        """How many `10**exponent`, rounded up."""
        shift = self.exponent - exponent
        return self.unscaled * _ten_to(shift) if shift >= 0 else -(-self.unscaled // _ten_to(-shift))

    def compare(self, other: Quantity) -> int:
        """-1, 0 or 1 as this amount is smaller than, equal to or larger than the other one."""
        sign, other_sign = _sign(self.unscaled), _sign(other.unscaled)
        if sign != other_sign or sign == 0:
            return (sign > other_sign) - (sign < other_sign)
        size, other_size = _magnitude(self), _magnitude(other)
        if size != other_size:  # also keeps absurd exponents from being written out
            return sign if size > other_size else -sign
        lowest = min(self.exponent, other.exponent)
        mine, theirs = self.scaled(lowest), other.scaled(lowest)
        return (mine > theirs) - (mine < theirs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Quantity) and self.compare(other) == 0

    def __lt__(self, other: Quantity) -> bool:
        return self.compare(other) < 0

    def __hash__(self) -> int:
        return hash(_without_tens(self.unscaled, self.exponent))

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Quantity({self.text})"


def parse_quantity(value: str | float | None) -> Quantity:
    """A quantity from a manifest's value: a string, a number (written as JSON writes it), or None, which is zero.

    Raises QuantityError. Anything that is neither (True, a list) is refused as well.
    """
    if isinstance(value, str):
        if any(char < " " for char in value):  # JSON escapes it, and the escape is no quantity
            raise QuantityError(FORMAT_ERROR)
        return _parse(value.strip())
    if value is None:
        return _parse("0")
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise QuantityError(FORMAT_ERROR)
    return _parse(str(value) if isinstance(value, int) else _json_float(value))


def parse_json_quantity(raw: str) -> Quantity:
    """A quantity from the raw text of a JSON value (`"64Mi"`, `1.50`, `null`); raises QuantityError."""
    if raw == "null":
        return _parse("0")
    inner = raw[1:-1] if len(raw) >= 2 and raw[0] == raw[-1] == '"' else raw
    return _parse(inner.strip())


def canonical_quantity(value: str | float | None) -> str:
    """The text that the API server shows for a manifest's value; raises QuantityError."""
    return parse_quantity(value).text


def compare_quantities(first: str, second: str) -> int:
    """-1, 0 or 1 as the first amount is smaller than, equal to or larger than the second; raises QuantityError."""
    return parse_quantity(first).compare(parse_quantity(second))


class _Suffix(NamedTuple):
    base: int
    exponent: int
    format: str  # "decimal" (k, M), "binary" (Ki), "exponent" (e3)


@lru_cache(maxsize=1024)
def _parse(text: str) -> Quantity:
    if not text:
        raise QuantityError(FORMAT_ERROR)
    match = _TEXT.fullmatch(text)
    if not match:
        raise QuantityError(FORMAT_ERROR)
    sign, whole, fraction, suffix_text = match[1], match[2], match[3] or "", match[4]
    suffix = _read_suffix(suffix_text)
    negative = sign == "-"
    digits = (whole or "0") + fraction
    if _is_simple(suffix, whole or "0", fraction):
        unscaled = int(digits) << suffix.exponent if suffix.base == 2 else int(digits)
        exponent = 0 if suffix.base == 2 else suffix.exponent - len(fraction)
        # The server keeps what was written if its digits and exponent are the canonical ones.
        keep = suffix.base == 10 and whole != "" and _canonical_decimal(unscaled, exponent) == (unscaled, exponent)
        form = suffix.format
    else:
        written = text[: len(text) - len(suffix_text)]
        if not any(char.isdigit() for char in written):
            raise QuantityError(NUMERIC_ERROR)
        unscaled, exponent = int(digits), -len(fraction)
        if suffix.base == 2:
            unscaled <<= suffix.exponent
        else:
            exponent += suffix.exponent
        unscaled, exponent = _round_to_nano(unscaled, exponent)
        keep, form = False, suffix.format
        if form == "binary":
            if unscaled > _LARGEST and _compare_to(unscaled, exponent, _LARGEST) > 0:
                unscaled, exponent = _LARGEST, 0
            elif unscaled and _compare_to(unscaled, exponent, 1) < 0:
                form = "decimal"
    if negative:
        unscaled = -unscaled
    return Quantity(unscaled, exponent, text if keep else _canonical_text(unscaled, exponent, form))


def _read_suffix(text: str) -> _Suffix:
    if text in _DECIMAL:
        return _Suffix(10, _DECIMAL[text], "decimal")
    if text in _BINARY:
        return _Suffix(2, _BINARY[text], "binary")
    if text[0] in "eE" and re.fullmatch(r"[+-]?[0-9]+", text[1:]):
        exponent = int(text[1:])
        if abs(exponent) <= _LARGEST:
            return _Suffix(10, (exponent + 2**31) % 2**32 - 2**31, "exponent")  # cut to 32 bits, as Go does
    raise QuantityError(SUFFIX_ERROR)


def _is_simple(suffix: _Suffix, whole: str, fraction: str) -> bool:
    """Whether Kubernetes reads the number without big integers; only then may it keep the text as written."""
    if suffix.base == 10:
        return len(whole) + len(fraction) <= _EXACT_DIGITS and suffix.exponent - len(fraction) >= _NANO
    return not fraction and 15 - len(whole) - suffix.exponent * 3 // 10 - 1 >= 0


def _round_to_nano(unscaled: int, exponent: int) -> tuple[int, int]:
    if exponent >= _NANO or not unscaled:
        return unscaled, max(exponent, _NANO) if not unscaled else exponent
    shift = _NANO - exponent
    if shift > len(str(unscaled)):
        return 1, _NANO
    return -(-unscaled // 10**shift), _NANO


def _canonical_text(unscaled: int, exponent: int, form: str) -> str:
    if not unscaled:
        return "0"
    if form == "binary" and _compare_to(abs(unscaled), exponent, 1024) >= 0:
        whole, exponent_left = _without_tens(unscaled, exponent)
        if exponent_left >= 0:
            amount, times = whole * 10**exponent_left, 0
            while amount % 1024 == 0 and times < len(_BINARY):
                amount, times = amount // 1024, times + 1
            return f"{amount}{_BINARY_SUFFIX[times]}"
    amount, exponent = _canonical_decimal(unscaled, exponent)
    if form == "exponent":
        return f"{amount}e{exponent}" if exponent else str(amount)
    return f"{amount}{_DECIMAL_SUFFIX.get(exponent, '')}"


def _canonical_decimal(unscaled: int, exponent: int) -> tuple[int, int]:
    """The same amount with the largest exponent that is a multiple of three."""
    unscaled, exponent = _without_tens(unscaled, exponent)
    surplus = exponent % 3
    return unscaled * 10**surplus, exponent - surplus


def _without_tens(unscaled: int, exponent: int) -> tuple[int, int]:
    if not unscaled:
        return 0, 0
    while unscaled % 10 == 0:
        unscaled, exponent = unscaled // 10, exponent + 1
    return unscaled, exponent


def _compare_to(unscaled: int, exponent: int, whole: int) -> int:
    """Compare a non-negative amount with a whole number; the exponent is small or negative here."""
    left, right = (unscaled * 10**exponent, whole) if exponent >= 0 else (unscaled, whole * 10**-exponent)
    return (left > right) - (left < right)


def _ten_to(power: int) -> int:
    result: int = 10**power
    return result


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)


def _magnitude(quantity: Quantity) -> int:
    return len(str(abs(quantity.unscaled))) + quantity.exponent


def _json_float(number: float) -> str:
    """A float as Go writes it into JSON: plain between 1e-6 and 1e21, else with an exponent of no leading zero."""
    if number != number or number in (float("inf"), float("-inf")):
        raise QuantityError(FORMAT_ERROR)
    shortest = repr(number)
    if "e" not in shortest:
        return shortest.removesuffix(".0")
    mantissa, exponent = shortest.split("e")
    if not 1e-6 <= abs(number) < 1e21:
        return f"{mantissa}e{'-' if exponent[0] == '-' else '+'}{exponent.lstrip('+-').lstrip('0')}"
    digits = mantissa.lstrip("-").replace(".", "")
    point = int(exponent) + 1
    plain = digits.ljust(point, "0") if point > 0 else "0." + "0" * -point + digits
    return ("-" if number < 0 else "") + plain
