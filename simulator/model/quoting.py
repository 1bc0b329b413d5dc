"""Text in quotes as Go prints it (`%q`): the form in which the API server and its parsers show a string in a message."""

from __future__ import annotations

_SHORT = {"\a": "a", "\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t", "\v": "v", '"': '"', "\\": "\\"}


def go_quoted(text: str) -> str:
    """`text` in double quotes; what can't be seen is escaped (`\\x00`, `\\u200b`, `\\U000e0001`)."""
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    short = _SHORT.get(character)
    if short is not None:
        return f"\\{short}"
    if character.isprintable():
        return character
    code = ord(character)
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
