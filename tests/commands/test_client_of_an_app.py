"""Registering an app that signs people in by the browser: where its answers may go."""

import pytest

from tests.commands.process import Porchlight

APP = ("client", "add", "--client-id", "wall", "--name", "Photo wall", "--grant", "authorization_code")


def test_an_app_is_registered_with_its_redirect_uris(porchlight: Porchlight) -> None:
    uris = ("https://app.example/back", "http://127.0.0.1/back")
    porchlight.do(*APP, "--redirect-uri", *uris, "--requires-par", "--scope", "openid profile")
    listed = porchlight.do("client", "list")
    (wall,) = [each for each in listed["clients"] if each["client_id"] == "wall"]
    assert (wall["redirect_uris"], wall["requires_par"]) == (list(uris), True)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ((), "needs a redirect URI"),
        (("--redirect-uri", "http://app.example/back"), "write https"),
        (("--redirect-uri", "http://localhost/back"), "http://127.0.0.1/"),
        (("--redirect-uri", "https://*.example/back"), "without wildcards"),
    ],
)
def test_a_redirect_uri_that_cannot_be_trusted_is_refused_in_words(
    porchlight: Porchlight, more: tuple[str, ...], words: str
) -> None:
    ended = porchlight.run(*APP, *more)
    assert ended.code != 0
    assert words in ended.err
