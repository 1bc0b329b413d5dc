"""Run benchmarks by name (all if none is named) and print their tables."""

from __future__ import annotations

import sys
from importlib import import_module

NAMES = {
    "commands": "whole commands against docker and kubectl",
    "forecast": "forecasts: runs a second, memory",
    "reconcile": "one reconcile of a Job with many pods",
    "schedule": "next times against bare croniter",
}


def main(arguments: list[str]) -> int:
    """Run them; exit code 2 for a name that does not exist."""
    unknown = [name for name in arguments if name not in NAMES]
    if unknown:
        print(f"unknown benchmark {unknown[0]}; there are: {', '.join(NAMES)}", file=sys.stderr)
        return 2
    for name in arguments or NAMES:
        print(f"\n{name}: {NAMES[name]}")
        for row in import_module(f"tests.bench.{name}").rows():
            print("  " + row, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
