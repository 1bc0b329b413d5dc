"""The frame: commands by name, help, and how every error ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from simulator.cli.commands import COMMANDS
from simulator.cli.main import api_message, message_of
from simulator.errors import Invalid, ManifestError, NotFound, Problem, UsageError
from tests.cli.world import kjsim


def test_without_a_command_the_help_is_shown() -> None:
    outcome = kjsim()
    assert outcome.code == 0
    assert outcome.stdout == kjsim("--help").stdout == kjsim("help").stdout
    assert all(f"  {name} " in outcome.stdout for name in COMMANDS)
    assert "Exit codes:" in outcome.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    outcome = kjsim(name, "--help")
    assert (outcome.code, outcome.stderr) == (0, "")
    assert f"Usage:\n  kjsim {name}" in outcome.stdout
    assert outcome.stdout == kjsim("help", name).stdout == kjsim(name, "x", "-h").stdout
    assert max(map(len, outcome.stdout.splitlines())) <= 125


@pytest.mark.parametrize(
    ("word", "suggestions"), [("gett", ["get"]), ("log", ["logs"]), ("lgos", ["logs"]), ("desc", ["describe"]), ("xyz", [])]
)
def test_an_unknown_command_is_told_with_what_is_spelled_like_it(word: str, suggestions: list[str]) -> None:
    outcome = kjsim(word)
    did_you_mean = "\nDid you mean this?\n" + "".join(f"\t{name}\n" for name in suggestions) if suggestions else ""
    assert outcome.both == f'error: unknown command "{word}" for "kjsim"\n{did_you_mean}'
    assert outcome.code == 2


def test_global_flags_stand_before_or_after_the_command(tmp_path: Path) -> None:
    before = kjsim("--home", str(tmp_path / "a"), "-n", "empty", "get", "pods")
    after = kjsim("get", "pods", "--home", str(tmp_path / "a"), "--namespace=empty")
    assert before == after
    assert before.stderr == "No resources found in empty namespace.\n"


def test_version() -> None:
    assert kjsim("version").stdout == kjsim("--version").stdout == kjsim("-v").stdout
    assert kjsim("version").stdout.startswith("kjsim 0.")


def test_a_context_is_not_supported_yet() -> None:
    outcome = kjsim("get", "pods", "--context", "prod")
    assert outcome.code == 2
    assert "--context prod: commands against a real cluster are not supported yet" in outcome.stderr


def test_flags_that_are_wrong() -> None:
    assert kjsim("get", "pods", "--foo").both == "error: unknown flag: --foo\nSee 'kjsim get --help' for usage.\n"
    assert kjsim("--foo").both == "error: unknown flag: --foo\nSee 'kjsim --help' for usage.\n"
    assert kjsim("get", "pods", "-o").code == 2


@pytest.mark.parametrize("name", ["up", "down", "serve", "status", "doctor", "version", "events"])
def test_arguments_that_a_command_has_no_use_for(name: str, tmp_path: Path) -> None:
    outcome = kjsim("--home", str(tmp_path / "home"), name, "now", "please")
    assert outcome.both == f"error: extra arguments: [now please]\nSee 'kjsim {name} --help' for usage.\n"
    assert outcome.code == 2
    assert not (tmp_path / "home").exists()


def test_errors_are_worded_as_kubectl_words_them() -> None:
    assert message_of(NotFound('pods "x" not found')) == 'Error from server (NotFound): pods "x" not found'
    assert message_of(UsageError("no")) == "error: no"
    problems = [Problem("unknown field", file="a.yml", line=3), Problem("no name", file="b.yml")]
    assert message_of(ManifestError(problems)) == "error: a.yml:3: unknown field\nerror: b.yml: no name"


def test_a_refused_object_is_told_field_by_field() -> None:
    causes = [{"field": "spec.a", "message": "Invalid value: 1"}, {"field": "spec.b", "message": "Required value"}]
    one = Invalid("all of it", {"name": "x", "kind": "Job", "group": "batch", "causes": causes[:1]})
    two = Invalid("all of it", {"name": "x", "kind": "Job", "group": "batch", "causes": causes})
    assert api_message(one) == 'The Job "x" is invalid: spec.a: Invalid value: 1'
    assert api_message(two) == 'The Job "x" is invalid: \n* spec.a: Invalid value: 1\n* spec.b: Required value'


def test_a_bug_is_told_in_one_line_and_kept_in_a_file(tmp_path: Path) -> None:
    home = tmp_path / "home"
    program = (
        "import sys, simulator.cli.commands.version as v\n"
        "v.run = lambda options: 1 / 0\n"
        "from simulator.cli.main import main\n"
        f"sys.exit(main(['--home', {str(home)!r}, 'version']))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    log = home / "internal-errors.log"
    assert done.returncode == 1
    assert done.stderr == f"internal error: ZeroDivisionError: division by zero (details in {log}; please report)\n"
    assert "Traceback" in log.read_text()


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    command = f"{sys.executable} -m simulator.cli.main --help | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout in ("141\n", "0\n")


@pytest.mark.parametrize("command", [["get", "pods"], ["logs"], ["get", "pods", "-l"], ["why", "job"], ["delete", "job"]])
def test_bytes_that_are_no_text_are_told(command: list[str], tmp_path: Path) -> None:
    process = subprocess.run(
        [sys.executable, "-m", "simulator.cli.main", "--home", str(tmp_path), *command, b"\xff"], capture_output=True
    )
    assert (process.returncode, process.stderr) == (2, b"error: b'\\xff' on the command line is not UTF-8\n")
    assert not (tmp_path / "internal-errors.log").exists()


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_error(closed: str, tmp_path: Path) -> None:
    command = f"exec '{sys.executable}' -m simulator.cli.main --home '{tmp_path}'"
    file = Path(__file__).parents[2] / "manifests" / "ttl.yml"
    for words, code in ((f"apply -f '{file}'", 0), ("get jobs", 0), ("get job none", 1)):
        process = subprocess.run(["sh", "-c", f"{command} {words} {closed}"], capture_output=True)
        assert (process.returncode, b"Traceback" in process.stderr) == (code, False)
    assert (tmp_path / "kjsim.db").read_bytes().startswith(b"SQLite format 3")
    assert not (tmp_path / "internal-errors.log").exists()


def test_a_process_leaves_at_once_but_not_before_all_is_written() -> None:
    """What Python does at its end is left out: nobody waits for threads, and buffers are emptied all the same."""
    program = (
        "import sys, threading, time, simulator.cli.commands.version as v\n"
        "threading.Thread(target=time.sleep, args=(60,)).start()\n"
        "v.run = lambda options: sys.stdout.write('a line\\nand more') and 3\n"
        "sys.argv = ['kjsim', 'version']\n"
        "from simulator.cli.main import process\n"
        "process()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (3, "a line\nand more", "")
