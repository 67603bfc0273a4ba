"""No other site, no other visitor and no mere visit changes anything (RFC 8628 section 5.4, RFC 9700 section 4.7)."""

import base64

import pytest

from tests.web_verify.memory_desk import PASSWORD
from tests.web_verify.porch import Phone, Porch, open_porch

FORMS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("/device", (("user_code", "WDJBMJHT"),)),
    ("/D/WDJBMJHT", (("decision", "approve"),)),
    ("/d/wdjbmjht", (("decision", "deny"),)),
    ("/sign-in", (("username", "ana"), ("password", PASSWORD))),
    ("/sign-out", ()),
    ("/devices/sign-out", ()),
    ("/devices/any/sign-out", ()),
)


def refused(visitor: Phone, path: str, fields: list[tuple[str, str]], **headers: str) -> None:
    before, calls = visitor.porch.desk.state(), list(visitor.porch.desk.calls)
    answer = visitor.fill(path, fields, headers=headers)
    assert answer.status_code == 403
    assert "Nothing was changed" in answer.text
    assert "access-control-allow-origin" not in answer.headers
    assert visitor.porch.desk.state() == before
    assert visitor.porch.desk.calls == calls


@pytest.mark.parametrize(("path", "fields"), FORMS)
def test_dev_42_a_form_without_its_token_is_refused(
    porch: Porch, path: str, fields: tuple[tuple[str, str], ...]
) -> None:
    visitor = porch.visitor().sign_in()
    token = visitor.token()
    stranger = porch.visitor().sign_in().token()
    for wrong in ((), (("form_token", ""),), (("form_token", stranger),), (("form_token", token + "x"),),
                  (("form_token", "\u00e9\ud7ff"),), (("form_token", token), ("form_token", token))):  # fmt: skip
        refused(visitor, path, [*fields, *wrong])


@pytest.mark.parametrize(("path", "fields"), FORMS)
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "same-origin, cross-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://[broken"},
        {"Origin": "http://127.0.0.1"},
    ],
)
def test_dev_42_a_form_from_another_site_is_refused_even_with_its_token(
    porch: Porch, path: str, fields: tuple[tuple[str, str], ...], headers: dict[str, str]
) -> None:
    visitor = porch.visitor().sign_in()
    refused(visitor, path, [("form_token", visitor.token()), *fields], **headers)


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "same-origin", "Origin": "null"}, {"Origin": "null"}, {}])
def test_our_own_form_passes_whatever_little_the_browser_tells(porch: Porch, headers: dict[str, str]) -> None:
    visitor = porch.visitor()
    assert visitor.submit("/device", ("user_code", "WDJBMJHT"), headers=headers).status_code == 303
    same = {"Origin": porch.url}
    assert visitor.submit("/device", ("user_code", "WDJBMJHT"), headers=same).status_code == 303


def test_a_visitor_without_a_cookie_cannot_post(porch: Porch) -> None:
    token = porch.visitor().token()
    refused(porch.visitor(), "/device", [("form_token", token), ("user_code", "WDJBMJHT")])


def test_dev_19_no_get_and_no_head_changes_anything(porch: Porch) -> None:
    visitor = porch.visitor().sign_in()
    visitor.submit("/D/WDJBMJHT", ("decision", "approve"))
    device = porch.desk.owned["ana"][0].device_id
    before = porch.desk.state()
    paths = ("/", "/device", "/D/WDJBMJHT", "/sign-in?code=WDJBMJHT", "/sign-out", "/devices", "/devices/sign-out",
             f"/devices/{device}/sign-out")  # fmt: skip
    for path in paths:
        visitor.open(path)
        assert visitor.head(porch.url + path, allow_redirects=False).content == b""
    assert porch.desk.state() == before


def test_a_sign_in_gives_a_new_secret_so_that_a_planted_one_is_worth_nothing(porch: Porch) -> None:
    visitor = porch.visitor()
    visitor.open("/device")
    planted = visitor.secret()
    visitor.sign_in()
    assert visitor.secret() != planted
    assert planted not in porch.desk.sessions


def test_the_cookie_is_kept_from_scripts_other_sites_and_other_paths(porch: Porch) -> None:
    cookie = porch.visitor().open("/device").headers["set-cookie"]
    name, value = cookie.split(";")[0].split("=", 1)
    assert name == "porchlight_session"
    assert len(base64.urlsafe_b64decode(value + "=")) == 32
    lower = cookie.lower()
    assert "httponly" in lower
    assert "samesite=lax" in lower
    assert "path=/" in lower
    assert "domain" not in lower
    assert "max-age" not in lower


@pytest.mark.parametrize(
    ("prefix", "name", "path"), [("", "__Host-porchlight_session", "/"), ("/t1", "porchlight_session", "/t1")]
)
def test_over_https_the_cookie_is_secure_and_bound_to_the_issuer(prefix: str, name: str, path: str) -> None:
    with open_porch(prefix, secure_cookies=True) as porch:
        cookie = porch.visitor().open("/device").headers["set-cookie"]
        assert cookie.startswith(f"{name}=")
        assert "; Secure" in cookie
        assert f"Path={path};" in cookie + ";"


@pytest.mark.parametrize("value", ["short", "x" * 300, "a b" * 20, "ü" * 40, "", '"' * 40])
def test_an_odd_cookie_is_replaced_not_trusted(porch: Porch, value: str) -> None:
    visitor = porch.visitor()
    answer = visitor.open("/device", headers={"Cookie": f"porchlight_session={value}".encode()})
    assert answer.status_code == 200
    assert "porchlight_session=" in answer.headers["set-cookie"]


def test_under_a_prefix_every_link_and_redirect_stays_under_it() -> None:
    with open_porch("/t1") as porch:
        visitor = porch.visitor()
        assert visitor.open("/").headers["location"] == "/t1/device"
        visitor.sign_in()
        assert visitor.submit("/device", ("user_code", "WDJBMJHT")).headers["location"] == "/t1/D/WDJBMJHT"
        page = visitor.open("/D/WDJBMJHT").text
        links = [part.split('"')[0] for part in page.replace('action="', 'href="').split('href="')[1:]]
        assert links
        assert all(link.startswith(("/t1/", "data:")) for link in links)
