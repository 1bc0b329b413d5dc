"""The command `kjsim`: finds the command that is meant, runs it, and turns every error into a message and an exit code."""

from __future__ import annotations

import contextlib
import errno
import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import NoReturn

try:
    from simulator.cli.commands import COMMANDS, Command
    from simulator.cli.flags import Flags, Options
    from simulator.errors import ApiError, Interrupted, KjsimError, ManifestError, StateError, UsageError
except KeyboardInterrupt:  # before anything has begun: no traceback
    sys.exit(130)

BROKEN_PIPE = 141  # what a shell shows for a program that SIGPIPE ended

_COLLECT_AFTER = 50_000
"""New objects between two rounds of the garbage collector. Python's own 700 make it look again and again at modules that are
being imported, of which nothing is garbage; hardly anything here is in cycles."""

_SWITCH_SECONDS = 0.0005
"""How long a busy thread keeps others waiting. With Python's own 5 ms, a thread that talks to the engine may lose as much at
each system call of a request while another one imports modules."""

EXIT_CODES = """\
  0    it is done; of `run`: the Job is complete
  1    it failed, or the object isn't there; of `run`: the Job failed
  2    the command line or a manifest can't be understood; nothing has been done
  3    no Docker Engine answers
  4    the state directory can't be used
  124  --timeout has passed
  130  Ctrl-C"""

INTRODUCTION = """\
kjsim runs Kubernetes Jobs and CronJobs on your Docker Engine, as a cluster would, without a cluster."""

EXAMPLES = """\
  kjsim run job.yml                 # run it, see it run
  kjsim logs job/pingpong           # afterwards: what it wrote
  kjsim get pods                    # what became of its pods
  kjsim why job/pingpong            # why all of this happened
  kjsim up; kjsim apply -f cron.yml # CronJobs that fire with no terminal open"""


def process() -> NoReturn:
    """The whole life of a process `kjsim`: run its command line, then leave at once.

    Left to itself, Python would take apart every module and object first: 20 to 30 ms, for memory that the system takes back
    anyway. Commands have ended what needs an end (control plane, database, streams) when they return.
    """
    gc.set_threshold(_COLLECT_AFTER)
    sys.setswitchinterval(_SWITCH_SECONDS)
    code = main()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line (without the program's name; the process's own if None) and return its exit code.

    Whatever goes wrong is told on stderr in a few lines; a traceback is only ever written to a file.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    _prepare_output()
    home: Path | None = None
    try:
        flags = Flags("kjsim")
        flags.add_argument("-v", "--version", action="store_true")
        _add_global_flags(flags)
        options = flags.parse(arguments, stop_at_word=True)
        home = options.home
        code = _dispatch(options)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        return _quiet_pipe()
    except KeyboardInterrupt:
        return _told("", Interrupted.exit_code)
    except UnicodeEncodeError as error:
        # Bytes that are no text can be the name of a file, but nothing that the API knows.
        wrong = next((argument for argument in arguments if not _is_text(argument)), None)
        if wrong is None:
            return _told(_internal_error(error, home, arguments), 1)
        return _told(f"error: {os.fsencode(wrong)!r} on the command line is not UTF-8", UsageError.exit_code)
    except KjsimError as error:
        return _told(message_of(error), error.exit_code)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return _told(f"error: {error.strerror}: free some space and try again", StateError.exit_code)
        return _told(_internal_error(error, home, arguments), 1)
    except Exception as error:  # the last resort: tell it in one line, keep the rest
        return _told(_internal_error(error, home, arguments), 1)


def message_of(error: KjsimError) -> str:
    """An error as it is shown: `error: ...`, or `Error from server (REASON): ...` as kubectl words an answer of the API."""
    if isinstance(error, ApiError):
        return api_message(error)
    if isinstance(error, Interrupted):
        return str(error)
    if isinstance(error, ManifestError):
        return "\n".join(f"error: {problem}" for problem in error.problems)
    return f"error: {error}"


def api_message(error: ApiError) -> str:
    """An answer of the API as kubectl words it; for a refused object, what is wrong with it."""
    details = error.details
    if error.reason != "Invalid" or not (details.get("name") or details.get("causes")):
        return f"Error from server ({error.reason}): {error}"
    head = (
        f'The {details.get("kind", "")} "{details["name"]}" is invalid' if details.get("name") else "The request is invalid"
    )
    causes = [f"{cause['field']}: {cause['message']}" for cause in details.get("causes", ())]
    if not causes:
        return f"{head}: {error}"
    if len(causes) == 1:
        return f"{head}: {causes[0]}"
    return f"{head}: " + "".join(f"\n* {cause}" for cause in causes)


def _dispatch(options: Options) -> int:
    words = options.words
    if options.version:
        return _run(COMMANDS["version"], [], options)
    if words[:1] == ["help"]:
        words = [*words[1:2], "--help"] if len(words) > 1 else []
        options.help = not words
    if not words:
        print(main_help(), end="")
        return 0
    command = COMMANDS.get(words[0])
    if command is None:
        raise UsageError(unknown_command(words[0]))
    return _run(command, words[1:], options)


def _run(command: Command, arguments: list[str], before: Options) -> int:
    module = import_module(command.path)
    flags = Flags(f"kjsim {command.name}")
    flags.description = f"{command.summary}."
    module.add_arguments(flags)
    _add_global_flags(flags)
    if before.help or wants_help(arguments):
        print(flags.help(), end="")
        return 0
    options = flags.parse(arguments)
    for name in ("home", "context", "namespace"):  # those given before the command
        if getattr(options, name) is None:
            setattr(options, name, getattr(before, name))
    if options.context:
        raise UsageError(f"--context {options.context}: commands against a real cluster are not supported yet; use kubectl")
    options.namespace = options.namespace or "default"
    code: int = module.run(options)
    return code


def wants_help(arguments: Sequence[str]) -> bool:
    """Whether `-h` or `--help` is among the arguments, before any `--`."""
    for argument in arguments:
        if argument == "--":
            return False
        if argument in ("-h", "--help"):
            return True
    return False


def _add_global_flags(flags: Flags) -> None:
    flags.add_argument("-n", "--namespace", metavar="NAME", help="The namespace (default: default).")
    flags.add_argument(
        "--home", type=Path, metavar="DIR", help="The state directory (else KJSIM_HOME, else ~/.local/state/kjsim)."
    )
    flags.add_argument("--context", metavar="NAME", hidden=True)
    flags.add_argument("-h", "--help", action="store_true", help="Show this help.")


def main_help() -> str:
    """The text of `kjsim --help`."""
    groups: dict[str, list[Command]] = {}
    for command in COMMANDS.values():
        groups.setdefault(command.group, []).append(command)
    width = max(len(name) for name in COMMANDS)
    parts = [INTRODUCTION, "Examples:\n" + EXAMPLES]
    parts += [
        f"{group}:\n" + "\n".join(f"  {command.name:<{width}}  {command.summary}" for command in commands)
        for group, commands in groups.items()
    ]
    parts += [
        "Exit codes:\n" + EXIT_CODES,
        "Usage:\n  kjsim [--home DIR] [-n NAMESPACE] COMMAND [flags]\n\n`kjsim COMMAND --help` tells more, with examples.",
    ]
    return "\n\n".join(parts) + "\n"


def unknown_command(word: str) -> str:
    """The message for a command that doesn't exist, with those that are spelled like it, as kubectl suggests them."""
    from difflib import get_close_matches

    near = get_close_matches(word.lower(), COMMANDS, n=3, cutoff=0.6)
    near += [name for name in COMMANDS if name not in near and name.startswith(word.lower())]
    message = f'unknown command "{word}" for "kjsim"'
    return message + ("\n\nDid you mean this?\n" + "\n".join(f"\t{name}" for name in near) if near else "")


def _is_text(argument: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in argument)


def _fill_closed_streams() -> None:
    """Let the null device take the place of a closed standard stream.

    Otherwise the next file to be opened would get its number, the database say, and what is printed would go there.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(descriptor)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # as Python has it where the stream was closed at the start
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115  # open as long as the process


def _prepare_output() -> None:
    _fill_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # Lines leave when they are written, also into a pipe; nothing that a container prints can't be printed.
            stream.reconfigure(line_buffering=True, errors="backslashreplace")


def _told(message: str, code: int) -> int:
    try:
        sys.stdout.flush()
        if message:
            print(message, file=sys.stderr)
    except BrokenPipeError:
        return _quiet_pipe()
    except OSError:  # stdout or stderr is a file on a full disk: nothing more can be told
        return code
    return code


def _quiet_pipe() -> int:
    """Nobody reads any more: say nothing, and let Python's own flush at the end go nowhere."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
    except (OSError, ValueError):
        pass
    return BROKEN_PIPE


def _internal_error(error: Exception, home: Path | None, arguments: Sequence[str]) -> str:
    from traceback import format_exception

    from simulator import __version__
    from simulator.clock import RealClock
    from simulator.store.state_directory import StateDirectory, default_home

    summary = f"internal error: {type(error).__name__}: {error}".splitlines()[0]
    directory = StateDirectory(home or default_home())
    file = directory.home / "internal-errors.log"
    try:
        directory.create()
        with file.open("a", encoding="utf-8", errors="backslashreplace") as log:
            log.write(f"--- {RealClock().now().isoformat()} kjsim {__version__}: kjsim {' '.join(arguments)}\n")
            log.writelines(format_exception(error))
    except (OSError, KjsimError):
        return f"{summary} (the details could not be written to {file}; please report)"
    return f"{summary} (details in {file}; please report)"


if __name__ == "__main__":
    process()
