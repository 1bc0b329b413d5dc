"""A forecast as one page: HTML, style, script and data in one file that fetches nothing."""

from __future__ import annotations

import json
from importlib.resources import files

from simulator.forecast.report import report
from simulator.forecast.simulation import Forecast

# What could end a script element, or a line of a script, inside the data.
_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def page(forecast: Forecast) -> str:
    """The text of the page (`page.html` with the report in it)."""
    data = json.dumps(report(forecast), separators=(",", ":"), ensure_ascii=False)
    for character, escape in _ESCAPES.items():
        data = data.replace(character, escape)
    template = files("simulator.forecast").joinpath("page.html").read_text(encoding="utf-8")
    before, after = template.split(">DATA<")
    return f"{before}>{data}<{after}"
