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


def test_an_app_is_registered_with_where_a_sign_out_leads_and_is_told(porchlight: Porchlight) -> None:
    away, told = "https://app.example/signed-out", "https://app.example/told"
    back = ("--redirect-uri", "https://app.example/back")
    porchlight.do(*APP, *back, "--post-logout-redirect-uri", away, "--backchannel-logout-uri", told)
    (wall,) = [each for each in porchlight.do("client", "list")["clients"] if each["client_id"] == "wall"]
    assert (wall["post_logout_redirect_uris"], wall["backchannel_logout_uri"]) == ([away], told)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--post-logout-redirect-uri", "http://app.example/"), "write https"),
        (("--backchannel-logout-uri", "http://app.example/"), "write https"),
        (("--backchannel-logout-uri", "com.example.app:/told"), "https URL"),
        (("--may-introspect",), "authenticates"),
    ],
)
def test_what_a_sign_out_or_an_introspection_cannot_use_is_refused_in_words(
    porchlight: Porchlight, more: tuple[str, ...], words: str
) -> None:
    ended = porchlight.run(*APP, "--redirect-uri", "https://app.example/back", *more)
    assert ended.code != 0
    assert words in ended.err


def test_a_resource_server_is_registered_with_its_audience(porchlight: Porchlight) -> None:
    feed = ("client", "add", "--client-id", "feed", "--name", "Feed", "--confidential")
    porchlight.do(*feed, "--may-introspect", "--resource", "https://feed.example/api")
    (listed,) = [each for each in porchlight.do("client", "list")["clients"] if each["client_id"] == "feed"]
    assert (listed["may_introspect"], listed["resource"]) == (True, "https://feed.example/api")


ASKS = ("client", "add", "--client-id", "door", "--name", "Front door", "--confidential", "--scope", "openid")


def test_an_app_that_asks_people_is_registered_with_how_it_gets_its_tokens(porchlight: Porchlight) -> None:
    hears = "https://door.example/hear"
    made = porchlight.do(*ASKS, "--ciba", "push", "--notify-at", hears, "--grant", "refresh_token")
    assert made["grants"] == ["refresh_token", "urn:openid:params:grant-type:ciba"]
    (door,) = [each for each in porchlight.do("client", "list")["clients"] if each["client_id"] == "door"]
    assert door["backchannel_token_delivery_mode"] == "push"
    assert door["backchannel_client_notification_endpoint"] == hears


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--ciba", "ping"), "goes with ping and push"),
        (("--ciba", "poll", "--notify-at", "https://door.example/hear"), "goes with ping and push"),
        (("--ciba", "ping", "--notify-at", "http://door.example/hear"), "begins with https"),
        (("--ciba", "ping", "--notify-at", "https://127.0.0.1/hear"), "not public"),
        (("--ciba", "ping", "--notify-at", "https://169.254.169.254/hear"), "not public"),
        (("--grant", "ciba"), "backchannel_token_delivery_mode"),
        (("--ciba-user-code",), "go with the grant"),
    ],
)
def test_ciba_14_an_app_that_could_not_be_notified_is_refused_in_words(
    porchlight: Porchlight, more: tuple[str, ...], words: str
) -> None:
    ended = porchlight.run(*ASKS, *more)
    assert ended.code != 0
    assert words in ended.err
