"""The structural check: does an object fit its type, field by field, before anything else is asked of it?

Finds unknown fields and wrong types in document order, worded as the API server's JSON decoder words them. All of
them are found; the server itself reports the first wrong type alone, or else all unknown fields (`refusal`).
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from msgspec import Struct

from simulator.model.kinds import KINDS
from simulator.model.quantities import QuantityError, parse_quantity
from simulator.parser.schema import Field, Shape, fields_of, shape_of

Path = tuple[str | int, ...]
Tree = dict[str, Any]

_RANGES = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d{1,2}:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)


class Finding(Struct, frozen=True):
    """One misfit. `message` is the server's text; `unknown` marks an unknown field, `nearest` the real name it may mean.

    `breaks_off`: the server's decoder stops here, so that this outdoes a wrong type found earlier.
    """

    path: Path
    message: str
    unknown: bool = False
    nearest: str = ""
    breaks_off: bool = False


def check_structure(obj: Tree) -> list[Finding]:
    """Every misfit of an object of a known kind (`obj["kind"]`), in document order."""
    walk = _Walk()
    walk.value(obj, shape_of(KINDS[obj["kind"]].type), (), "", ())
    return walk.findings


def refusal(obj: Tree, strict: bool = True) -> str | None:
    """Why the API server would refuse to decode the object (HTTP 400), or None: its whole message.

    `strict` is `fieldValidation=Strict`: unknown fields are refused too.
    """
    findings = check_structure(obj)
    wrong = [finding for finding in findings if not finding.unknown]
    if wrong:
        message = next((finding for finding in wrong if finding.breaks_off), wrong[0]).message
    elif findings and strict:
        message = "strict decoding error: " + ", ".join(finding.message for finding in findings)
    else:
        return None
    kind = KINDS[obj["kind"]]
    return f'{kind.kind} in version "{kind.version}" cannot be handled as a {kind.kind}: {message}'


def path_text(path: Path) -> str:
    """`spec.template.spec.containers[0].name` for its parts."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def json_name(value: Any) -> str:
    """What JSON calls the type of a value: `bool`, `number`, `string`, `array`, `object`."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    return "string" if isinstance(value, str) else "array" if isinstance(value, list) else "object"


class _Walk:
    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def value(self, value: Any, shape: Shape, path: Path, struct: str, names: tuple[str, ...]) -> None:
        if value is None:
            return
        kind = shape.kind
        if kind == "struct":
            if isinstance(value, dict):
                self.struct(value, shape.struct, path, names)
            else:
                self.mismatch(value, shape, path, struct, names)
        elif kind == "list":
            if isinstance(value, list):
                assert shape.item is not None
                for index, item in enumerate(value):
                    self.value(item, shape.item, (*path, index), struct, names)
            else:
                self.mismatch(value, shape, path, struct, names)
        elif kind == "map":
            if isinstance(value, dict):
                assert shape.item is not None
                for key, item in value.items():
                    self.value(item, shape.item, (*path, key), struct, names)
            elif shape.go_type == "v1.ResourceList" or not isinstance(value, dict):
                self.mismatch(value, shape, path, struct, names)
        else:
            self.scalar(value, shape, path, struct, names)

    def struct(self, value: Tree, struct: Any, path: Path, names: tuple[str, ...]) -> None:
        fields = fields_of(struct)
        for key, item in value.items():
            field = fields.get(key)
            if field is None:
                where = path_text((*path, key))
                nearest = _nearest(key, fields)
                self.findings.append(Finding((*path, key), f'unknown field "{where}"', True, nearest))
            elif item is not None:
                below = (*names, field.embedded_in, key) if field.embedded_in else (*names, key)
                self.value(item, field.shape, (*path, key), struct.__name__, below)

    def scalar(self, value: Any, shape: Shape, path: Path, struct: str, names: tuple[str, ...]) -> None:
        kind = shape.kind
        if kind == "string":
            fits = isinstance(value, str)
        elif kind == "bool":
            fits = isinstance(value, bool)
        elif kind == "int":
            fits = _fits_integer(value, shape.go_type)
        elif kind == "intOrString":
            fits = isinstance(value, str) or _fits_integer(value, "int32")
        elif kind == "quantity":
            try:
                parse_quantity(value)
            except QuantityError as error:
                self.findings.append(Finding(path, str(error), breaks_off=not isinstance(value, list | dict)))
            return
        elif kind == "time":
            fits = isinstance(value, str)
            if fits and value and not _TIME.fullmatch(value):
                text = f'parsing time "{value}" as "2006-01-02T15:04:05Z07:00": cannot parse "{value}" as "2006"'
                self.findings.append(Finding(path, text, breaks_off=True))
        elif kind == "bytes":
            fits = isinstance(value, str)
            if fits and (offset := _bad_base64(value)) is not None:
                self.findings.append(Finding(path, f"illegal base64 data at input byte {offset}", breaks_off=True))
        else:
            return
        if not fits:
            self.mismatch(value, shape, path, struct, names)

    def mismatch(self, value: Any, shape: Shape, path: Path, struct: str, names: tuple[str, ...]) -> None:
        name = json_name(value)
        if name == "number" and shape.kind in ("int", "intOrString"):
            name += f" {_number_text(value)}"
        where = f"Go struct field {struct}.{'.'.join(names)}" if struct else "Go value"
        self.findings.append(Finding(path, f"json: cannot unmarshal {name} into {where} of type {shape.go_type}"))


def _fits_integer(value: Any, go_type: str) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    lowest, highest = _RANGES[go_type]
    return isinstance(value, int) and lowest <= value <= highest


def _number_text(value: float) -> str:
    return str(value) if isinstance(value, int) else repr(value)


def _bad_base64(text: str) -> int | None:
    stripped = text.replace("\n", "").replace("\r", "")
    for index, character in enumerate(text):
        if not (character.isascii() and (character.isalnum() or character in "+/=\r\n")):
            return index
    try:
        base64.b64decode(stripped, validate=True)
    except binascii.Error:
        return len(stripped) - len(stripped) % 4 if len(stripped) % 4 else max(0, len(stripped) - 1)
    return None


def _nearest(key: str, fields: dict[str, Field]) -> str:
    """The real field that a wrong name may mean: one that differs in letter case only, or is spelt alike."""
    same = next((name for name in fields if name.lower() == key.lower()), "")
    if same:
        return same
    from difflib import get_close_matches

    return next(iter(get_close_matches(key, list(fields), n=1, cutoff=0.6)), "")
