"""No answer leaves bare: security headers everywhere, 303 and nothing else, no way out of the house."""

import base64
import hashlib

import pytest
import requests

from tests.web_verify.memory_desk import PASSWORD
from tests.web_verify.porch import Porch
from web_verify.desk import Problem
from web_verify.headers import LIVE, PASSKEY

# The scripts that a page may run, one at a time, by their hashes, and whom they may ask.
SCRIPTS = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in (LIVE, PASSKEY)]
RUN = [f"script-src 'sha256-{script}'; connect-src 'self'; " for script in SCRIPTS]


def every_answer(porch: Porch) -> list[requests.Response]:
    """One answer of every kind, errors and odd methods included."""
    visitor = porch.visitor()
    guest = [
        visitor.open(path) for path in ("/", "/activate", "/device", "/D/WDJBMJHT", "/D/QQQQ", "/sign-in", "/devices")
    ]
    odd = [visitor.request(method, porch.url + path, allow_redirects=False)
           for method in ("PUT", "DELETE", "OPTIONS", "PATCH", "HEAD", "TRACE")
           for path in ("/device", "/D/WDJBMJHT", "/sign-in", "/nowhere")]  # fmt: skip
    odd += [
        visitor.fill("/nowhere", {}),
        visitor.open("/D/"),
        visitor.open("/static/none.css"),
        visitor.open("/sign-out"),
    ]
    forms = [visitor.fill("/device", {"user_code": "x"}), visitor.submit("/device", ("user_code", "")),
             visitor.fill("/device", b"x" * 9000),
             visitor.submit("/sign-in", ("username", "ana"), ("password", "no"))]  # fmt: skip
    visitor.sign_in()
    signed_in = [visitor.open("/D/WDJBMJHT"), visitor.open("/devices"), visitor.submit("/D/WDJBMJHT"),
                 visitor.submit("/D/WDJBMJHT", ("decision", "deny")), visitor.open("/D/WDJBMJHT")]  # fmt: skip
    porch.desk.problems["PROBLEM"] = Problem("too_many", 1000)
    signed_in.append(visitor.open("/D/PROBLEM"))
    porch.desk.broken = True
    return [*guest, *odd, *forms, *signed_in, visitor.open("/D/WDJBMJHT"), visitor.submit("/sign-out")]


def test_bcp_10_every_answer_forbids_framing_and_carries_the_other_headers(porch: Porch) -> None:
    answers = every_answer(porch)
    statuses = {answer.status_code for answer in answers}
    assert statuses >= {200, 303, 400, 403, 404, 405, 415, 429, 500}
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "form-action 'self'" in policy
        assert "base-uri 'none'" in policy
        assert "script-src" not in policy.replace(RUN[0], "").replace(RUN[1], "")
        assert "unsafe" not in policy
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert "camera=()" in answer.headers["permissions-policy"]


def test_every_page_has_its_language_a_request_id_and_a_way_on(porch: Porch) -> None:
    for answer in every_answer(porch):
        if answer.status_code != 303 and answer.request.method != "HEAD":
            assert '<html lang="en" dir="ltr">' in answer.text
            assert "Request req-7f3a" in answer.text
            assert "<h1>" in answer.text
            assert "<a " in answer.text


def test_bcp_11_every_redirect_is_303(porch: Porch) -> None:
    redirects = [answer for answer in every_answer(porch) if 300 <= answer.status_code < 400]
    assert len(redirects) >= 6
    assert {answer.status_code for answer in redirects} == {303}


EVIL = ("//evil.example", "https:evil.example", "\\\\evil.example", "javascript:alert(1)", "https://evil.example/",
        "/\\evil.example", "\r\nLocation: https://evil.example", "../../evil", "..", "%2f%2fevil.example")  # fmt: skip


@pytest.mark.parametrize("name", ["next", "return_to", "continue", "post_logout_redirect_uri", "redirect_uri", "code"])
def test_bcp_06_no_parameter_leads_out_of_the_house(porch: Porch, name: str) -> None:
    for evil in EVIL:
        stays_inside(porch, name, evil)


def stays_inside(porch: Porch, name: str, evil: str) -> None:
    visitor = porch.visitor()
    fields = (("username", "ana"), ("password", PASSWORD), (name, evil))
    answers = [
        visitor.get(porch.url + path, params={name: evil}, allow_redirects=False)
        for path in ("/", "/device", "/sign-in", "/devices", "/D/WDJBMJHT")
    ]
    answers.append(visitor.submit("/sign-out", *fields))
    answers.append(visitor.submit("/sign-in", *fields))
    answers.append(visitor.get(porch.url + "/sign-in", params={name: evil}, allow_redirects=False))
    assert answers[-2].status_code == 303
    for answer in answers:
        location = answer.headers.get("location", "/device")
        assert location.startswith(("/device", "/sign-in", "/D/"))
        assert "//" not in location
        assert "\\" not in location
        assert "evil" not in answer.headers.get("refresh", "")


def test_bcp_12_no_page_answers_another_origin(porch: Porch) -> None:
    visitor = porch.visitor()
    for method in ("GET", "HEAD", "OPTIONS", "POST"):
        for path in ("/device", "/D/WDJBMJHT", "/sign-in", "/devices", "/nowhere"):
            headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
            answer = visitor.request(method, porch.url + path, headers=headers, allow_redirects=False)
            assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


def test_bcp_12_the_visitors_address_is_the_connections_not_a_headers(porch: Porch) -> None:
    visitor = porch.visitor()
    visitor.open("/D/WDJBMJHT", headers={"X-Forwarded-For": "198.51.100.9", "Forwarded": "for=198.51.100.9"})
    assert {seen.address for seen in porch.desk.visitors} == {"127.0.0.1"}


def test_a_method_that_is_not_served_names_those_that_are(porch: Porch) -> None:
    answer = porch.visitor().put(porch.url + "/device")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, POST")
    assert porch.visitor().open("/sign-out").headers["allow"] == "POST"


def test_the_stylesheet_is_named_after_its_content_and_kept_for_ever(porch: Porch) -> None:
    visitor = porch.visitor()
    path = visitor.open("/device").text.split('rel="stylesheet" href="')[1].split('"')[0]
    for encoding in ("gzip", "identity"):
        sheet = visitor.open(path, headers={"Accept-Encoding": encoding})
        assert sheet.status_code == 200
        assert "immutable" in sheet.headers["cache-control"]
        assert sheet.headers["x-content-type-options"] == "nosniff"
        assert sheet.headers.get("content-encoding") == ("gzip" if encoding == "gzip" else None)
        assert ":root" in sheet.text
    assert "set-cookie" not in sheet.headers
    assert visitor.post(porch.url + path).status_code == 405


def test_nobody_sees_a_traceback(porch: Porch) -> None:
    porch.desk.broken = True
    answer = porch.visitor().open("/D/WDJBMJHT")
    assert answer.status_code == 500
    assert "Something went wrong here" in answer.text
    assert "flooded" not in answer.text
