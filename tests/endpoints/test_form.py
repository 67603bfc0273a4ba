"""The form parser: whatever bytes come, it is a form or the law's own refusal."""

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.endpoints.form import parse_form
from server.oauth.errors import InvalidRequest

PIECES = st.sampled_from(
    [b"&", b"=", b"%", b"%00", b"%ff", b"%C3%A9", b"+", b"a", b"client_id", b"\x00", b"\xff", b";"]
)


@given(st.one_of(st.binary(max_size=400), st.lists(PIECES, max_size=40).map(b"".join)))
def test_any_bytes_are_a_form_or_refused(body: bytes) -> None:
    try:
        form = parse_form(body)
    except InvalidRequest:
        return
    for name, value in form.items():
        assert value
        assert "\0" not in name + value


@given(
    st.dictionaries(
        st.text(st.characters(exclude_characters="\0", codec="utf-8")),
        st.text(st.characters(exclude_characters="\0", codec="utf-8")),
        max_size=40,
    )
)
def test_what_a_client_encodes_is_what_is_read(fields: dict[str, str]) -> None:
    assert parse_form(urlencode(fields).encode()) == {name: value for name, value in fields.items() if value}


@pytest.mark.parametrize(
    "body",
    [
        b"a=1&a=1",
        b"a=1&a=2",
        b"a=&a=1",
        b"a&a",
        b"a=1&%61=2",
        b"a=%",
        b"a=%4",
        b"a=%GG",
        b"a=\x00",
        b"a=%80",
        b"a=1&" * 41,
    ],
)
def test_what_is_ambiguous_or_broken_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        parse_form(body)


def test_empty_counts_as_absent_and_plus_is_a_space() -> None:
    assert parse_form(b"a=&b=x+y&c&&=&d=%2B") == {"b": "x y", "d": "+"}
