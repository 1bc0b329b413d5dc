import pytest

from simulator.cli.resources import Named, Resources, check_selection, read_resources
from simulator.errors import KjsimError, UsageError
from simulator.model.kinds import CRON_JOB, JOB, POD


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["pods"], Resources(kinds=(POD,))),
        (["Pods"], Resources(kinds=(POD,))),
        (["po,jobs,pod"], Resources(kinds=(POD, JOB))),
        (["jobs.v1.batch"], Resources(kinds=(JOB,))),
        (["all"], Resources(kinds=(POD, CRON_JOB, JOB))),
        (["job", "a", "b"], Resources(objects=(Named(JOB, "a"), Named(JOB, "b")))),
        (["job/a", "cj/b"], Resources(objects=(Named(JOB, "a"), Named(CRON_JOB, "b")))),
        (["pods,jobs", "x"], Resources(objects=(Named(POD, "x"), Named(JOB, "x")))),
        ([], Resources()),
    ],
)
def test_words_name_kinds_or_objects(words: list[str], meant: Resources) -> None:
    assert read_resources(words) == meant


MIXED = (
    "there is no need to specify a resource type as a separate argument when passing arguments in resource/name form "
    "(e.g. 'kjsim get resource/<resource_name>' instead of 'kjsim get resource resource/<resource_name>'"
)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["pods/"], "arguments in resource/name form must have a single resource and name"),
        (["/x"], "arguments in resource/name form must have a single resource and name"),
        (["a/b/c"], "arguments in resource/name form may not have more than one slash"),
        (["pods", "a/b"], MIXED),
        (["pods/x", "jobs"], MIXED),
        (["pods,jobs", "x/y"], "arguments in resource/name form may not have more than one slash"),
        (["pods", ""], "resource name may not be empty"),
    ],
)
def test_words_that_do_not_go_together(words: list[str], problem: str) -> None:
    with pytest.raises(KjsimError) as error:
        read_resources(words)
    assert str(error.value) == problem


@pytest.mark.parametrize("words", [["nosuch"], ["nosuch/x"], ["pods,nosuch"], ["nosuch", "x"]])
def test_a_kind_that_does_not_exist(words: list[str]) -> None:
    with pytest.raises(UsageError, match='the server doesn\'t have a resource type "nosuch"'):
        read_resources(words)


def test_names_go_neither_with_a_selector_nor_with_all_namespaces() -> None:
    named = read_resources(["pod", "x"])
    with pytest.raises(KjsimError, match="name cannot be provided when a selector is specified"):
        check_selection(named, selector="a=b", all_namespaces=False)
    with pytest.raises(KjsimError, match="a resource cannot be retrieved by name across all namespaces"):
        check_selection(named, selector=None, all_namespaces=True)
