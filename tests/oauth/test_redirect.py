"""Redirect URIs: what may be registered, what counts as the same, where a form may lead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.oauth.errors import InvalidRequest
from server.oauth.redirect import answered, check_redirect_uri, form_target, is_registered

FINE = (
    "https://app.example/back",
    "https://app.example",
    "https://app.example:8443/back?x=1",
    "http://127.0.0.1/back",
    "http://127.0.0.1:8080/back",
    "http://[::1]/back",
    "com.example.app:/back",
)
WRONG = (
    "",
    "/back",
    "//app.example/back",
    "app.example/back",
    "https:///back",
    "https://app.example/back#here",
    "https://ann@app.example/back",
    "https://app.example@evil.example/",
    "https://*.example/back",
    "https://app.example/a b",
    "https://app.example/\\evil",
    "https://app.example:port/",
    "https://äpp.example/",
    "https://app.example/" + "x" * 2_000,
    "http://app.example/back",
    "http://localhost/back",
    "http://127.0.0.1.evil.example/back",
    "http://127.0.0.1@evil.example/back",
    "javascript:alert(1)",
    "data:text/html,x",
    "myapp:/back",
    "com.example.app://host/back",
)


@pytest.mark.parametrize("uri", FINE)
def test_it_may_be_registered_and_is_then_the_same_as_itself(uri: str) -> None:
    check_redirect_uri(uri)
    assert is_registered(uri, (uri,))


@pytest.mark.parametrize("uri", WRONG)
def test_it_may_not_be_registered(uri: str) -> None:
    with pytest.raises(InvalidRequest):
        check_redirect_uri(uri)


@given(st.integers(1, 65_535), st.sampled_from(["127.0.0.1", "[::1]"]))
def test_the_port_of_an_app_on_the_same_machine_is_free_and_nothing_else_is(port: int, host: str) -> None:
    registered = f"http://{host}/back"
    assert is_registered(f"http://{host}:{port}/back", (registered,))
    assert is_registered(f"http://{host}:{port}/back", (f"http://{host}:1/back",))
    assert not is_registered(f"http://{host}:{port}/back/", (registered,))
    assert not is_registered(f"https://{host}:{port}/back", (f"https://{host}/back",))
    assert not is_registered(f"http://127.0.0.2:{port}/back", (registered,))


@given(st.text(min_size=1, max_size=5))
def test_a_uri_with_anything_added_is_another_one(added: str) -> None:
    assert not is_registered("https://app.example/back" + added, ("https://app.example/back",))


def test_an_answer_joins_what_is_there() -> None:
    assert answered("https://a.example/b", {"code": "c d"}) == "https://a.example/b?code=c+d"
    assert answered("https://a.example/b?x=1", {"code": "&"}) == "https://a.example/b?x=1&code=%26"


def test_a_form_may_lead_to_the_origin_of_the_app_alone() -> None:
    assert form_target("https://app.example:8443/back?x=1") == "https://app.example:8443"
    assert form_target("com.example.app:/back") == "com.example.app:"
    assert form_target("http://[::1]:9/back") == "http:"
