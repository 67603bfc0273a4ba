"""The form encoding agrees with the standard library's, whatever the text."""

from urllib.parse import parse_qsl, urlencode

from hypothesis import given
from hypothesis import strategies as st

from device_agent.flow.form import encode_form


@given(st.lists(st.tuples(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8")))))
def test_every_text_arrives_as_it_was(pairs: list[tuple[str, str]]) -> None:
    encoded = encode_form(tuple(pairs)).decode()
    assert parse_qsl(encoded, keep_blank_values=True, strict_parsing=bool(pairs)) == pairs
    assert urlencode(pairs).replace("~", "%7E").replace("%2A", "*") == encoded
