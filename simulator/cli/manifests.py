"""The manifests of a command line: read, checked and warned about, before anything is created."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulator import parser
from simulator.cli.output import warn
from simulator.errors import Invalid, KjsimError, Problem, UsageError

if TYPE_CHECKING:
    from simulator.cli.flags import Flags
    from simulator.parser import Manifest


def add_file_flags(flags: Flags) -> None:
    """Declare the flags that name manifests, as `read` and the commands that read for themselves take them."""
    flags.add_argument("-f", "--filename", action="append", metavar="FILE", help="A file, a folder, or - (may be repeated).")
    flags.add_argument("-R", "--recursive", action="store_true", help="Folders with all that is below them.")


def read(options: Any, *, command: str) -> list[Manifest]:
    """The manifests of `-f` (or of the arguments), each with its namespace set; raises `ManifestError` with all problems.

    Fields that kjsim can't honour are announced on stderr, once each.
    """
    names = [*options.filename, *options.words]
    if not names:
        raise UsageError(f"must specify a file: kjsim {command} -f FILE (or `-` for standard input)")
    checked = parser.check_paths(names, options.namespace, recursive=options.recursive)
    if not checked and command in ("apply", "create", "validate"):
        raise KjsimError(f"no objects passed to {command}")
    for manifest in checked:
        for text in manifest.warnings:
            warn(text)
    return checked


def refusal_text(manifest: Manifest, refusal: Invalid) -> str:
    """What the API server says against a change, each cause with the file and line of the field that it names."""
    causes = refusal.details.get("causes", ())
    if not causes:
        return str(refusal)
    problems = []
    for cause in causes:
        line, column = manifest.position(cause["field"])
        problems.append(Problem(f"{cause['field']}: {cause['message']}", cause["field"], manifest.file, line, column))
    return "\n".join(f"{'error: ' if number else ''}{problem}" for number, problem in enumerate(problems))
