import pytest

from simulator.cli.flags import Flags, duration, integer
from simulator.errors import UsageError


def flags() -> Flags:
    made = Flags("kjsim get")
    made.add_argument("-o", "--output", metavar="FORMAT", help="The form.")
    made.add_argument("-w", "--watch", action="store_true", help="Go on.")
    made.add_argument("-A", "--all-namespaces", action="store_true")
    made.add_argument("-L", "--label-columns", action="append")
    made.add_argument("--tail", type=integer, default=-1)
    made.add_argument("--since", type=duration, default=0.0)
    made.add_argument("--show-all", action="store_true", hidden=True)
    return made


def test_flags_and_words_come_in_any_order() -> None:
    options = flags().parse(
        ["pods", "-owide", "-Aw", "nope", "--tail", "-1", "-L", "a", "--label-columns=b", "--since=1m30s"]
    )
    assert options.words == ["pods", "nope"]
    assert (options.output, options.watch, options.all_namespaces) == ("wide", True, True)
    assert (options.tail, options.since, options.label_columns) == (-1, 90.0, ["a", "b"])
    assert options.after_dashes is None


@pytest.mark.parametrize("arguments", [["-o", "wide"], ["-o=wide"], ["-owide"], ["--output", "wide"], ["--output=wide"]])
def test_a_value_can_be_given_in_every_form(arguments: list[str]) -> None:
    assert flags().parse(arguments).output == "wide"


def test_a_switch_can_be_turned_off() -> None:
    assert flags().parse(["--watch=false"]).watch is False
    assert flags().parse(["-w=0"]).watch is False


def test_what_follows_two_dashes_is_kept_apart() -> None:
    options = flags().parse(["x", "--", "echo", "-o", "--"])
    assert (options.words, options.after_dashes) == (["x"], ["echo", "-o", "--"])


def test_reading_can_end_at_the_first_word() -> None:
    assert flags().parse(["-w", "get", "-o", "x"], stop_at_word=True).words == ["get", "-o", "x"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--foo"], "unknown flag: --foo"),
        (["-x"], "unknown shorthand flag: 'x' in -x"),
        (["-wx"], "unknown shorthand flag: 'x' in -x"),
        (["-o"], "flag needs an argument: 'o' in -o"),
        (["-wo"], "flag needs an argument: 'o' in -o"),
        (["--output"], "flag needs an argument: --output"),
        (["--=x"], "bad flag syntax: --=x"),
        (["--tail=abc"], 'invalid argument "abc" for "--tail" flag: strconv.ParseInt: parsing "abc": invalid syntax'),
        (
            ["--watch=maybe"],
            'invalid argument "maybe" for "-w, --watch" flag: strconv.ParseBool: parsing "maybe": invalid syntax',
        ),
        (["--since=abc"], 'invalid argument "abc" for "--since" flag: time: invalid duration "abc"'),
        (["--since=5"], 'invalid argument "5" for "--since" flag: time: missing unit in duration "5"'),
    ],
)
def test_mistakes_are_named_as_kubectl_names_them(arguments: list[str], problem: str) -> None:
    with pytest.raises(UsageError) as error:
        flags().parse(arguments)
    assert str(error.value) == f"{problem}\nSee 'kjsim get --help' for usage."


def test_help_shows_description_examples_flags_and_usage() -> None:
    made = flags()
    made.description, made.examples, made.usage = "List objects.", "kjsim get pods  # all", "kjsim get TYPE"
    text = made.help()
    assert text.startswith("List objects.\n\nExamples:\n  kjsim get pods  # all\n\nFlags:\n  -o, --output FORMAT")
    assert text.endswith("Usage:\n  kjsim get TYPE\n")
    assert "--show-all" not in text
