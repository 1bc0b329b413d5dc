from __future__ import annotations

import pytest

from simulator.api.exchange import Request, accepted, json_response
from simulator.api.forms import form_of
from simulator.errors import BadRequest, NotAcceptable

KUBECTL = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json"


def asking(accept: str, **query: str) -> Request:
    return Request("GET", "/", {name: [value] for name, value in query.items()}, {"accept": accept})


def test_accept_in_order_of_preference() -> None:
    found = accepted(asking("text/html;q=0.1, application/json;as=Table;v=v1 , */*;q=0.5, a/b;q=odd"))
    assert [media_type.type for media_type in found] == ["application/json", "*/*", "text/html", "a/b"]
    assert found[0].parameters == {"as": "Table", "v": "v1"}


@pytest.mark.parametrize(
    ("accept", "is_table"),
    [
        (KUBECTL, True),
        ("", False),
        ("*/*", False),
        ("application/json", False),
        ("application/json, */*", False),
        ("application/vnd.kubernetes.protobuf,application/json", False),
        ("application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json", False),
    ],
)
def test_the_form_of_an_answer(accept: str, is_table: bool) -> None:
    assert form_of(asking(accept)).is_table is is_table


def test_a_form_that_cannot_be_given() -> None:
    with pytest.raises(NotAcceptable, match="only the following media types are accepted"):
        form_of(asking("application/vnd.kubernetes.protobuf"))


def test_what_comes_with_a_row() -> None:
    assert form_of(asking(KUBECTL)).shown == "Metadata"
    assert form_of(asking(KUBECTL, includeObject="Object")).shown == "Object"


def test_parameters() -> None:
    request = Request(
        "GET", "/", {"a": ["1", "2"], "yes": ["true"], "bare": [""], "no": ["False"], "zero": ["0"], "x": ["x"]}
    )
    assert request.parameter("a") == "1"
    assert request.parameter("none") == ""
    assert [request.flag(name) for name in ("yes", "bare", "no", "zero", "none")] == [True, True, False, False, False]
    assert request.number("a") == 1
    assert request.number("bare") is None
    with pytest.raises(BadRequest, match="invalid syntax"):
        request.number("x")
    typed = Request("POST", "/", {}, {"content-type": "Application/JSON; charset=utf-8"})
    assert typed.content_type == "application/json"


def test_warnings_are_quoted_and_on_one_line() -> None:
    response = json_response({}, warnings=['unknown field "a\\b"', "two\nlines"])
    assert [value for name, value in response.headers if name == "Warning"] == [
        '299 - "unknown field \\"a\\\\b\\""',
        '299 - "two lines"',
    ]
