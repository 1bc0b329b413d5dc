"""Colour where it is wanted: on a terminal, unless NO_COLOR is set (no-color.org). Nothing is ever said by colour alone."""

from __future__ import annotations

import os
import sys
from typing import NamedTuple, TextIO


class Style(NamedTuple):
    """Puts text in colour, if `is_on`."""

    is_on: bool = False

    def bold(self, text: str) -> str:
        """Bold text."""
        return f"\x1b[1m{text}\x1b[0m" if self.is_on else text

    def dim(self, text: str) -> str:
        """Text that steps back."""
        return f"\x1b[2m{text}\x1b[0m" if self.is_on else text


def style_of(stream: TextIO | None = None) -> Style:
    """The style for a stream (stdout if None)."""
    stream = sys.stdout if stream is None else stream
    return Style(stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb")
