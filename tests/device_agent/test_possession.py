"""Proofs as a server sees them: a new one for each request, with its nonce, at its time; asked again once, no more."""

import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from typing import Any

import pytest

from device_agent.http.client import Http
from device_agent.key import make_key
from device_agent.possession import Possession
from server.oauth.proof import Proof, token_hash
from server.signing.proof import read_proof
from tests.device_agent.mock_server import ME, TOKEN, Asked, MockServer

FORM = (("grant_type", "x"),)


@pytest.fixture
def road() -> Iterator[Possession]:
    http = Http(is_http_allowed=True)
    yield Possession(http, make_key())
    http.close()


def proofs(server: MockServer, path: str) -> list[Proof]:
    return [read_proof(asked.headers["dpop"]) for asked in server.asked_for(path)]


def demanding(nonce: Callable[[], str], *, status: int, good: Any = (200, {})) -> Callable[[Asked], Any]:
    """A server that takes only proofs with the nonce of this moment."""

    def answer(asked: Asked) -> Any:
        if read_proof(asked.headers["dpop"]).nonce == nonce():
            return good
        challenge = {"www-authenticate": 'DPoP error="use_dpop_nonce"'} if status == 401 else {}
        return status, {"error": "use_dpop_nonce"}, {"dpop-nonce": nonce(), **challenge}

    return answer


def test_dpop_04_no_proof_is_ever_used_twice(road: Possession, server: MockServer) -> None:
    for _ in range(3):
        road.post_form(server.issuer + TOKEN, FORM)
        road.ask("GET", server.issuer + ME, "secret", "DPoP")
    seen = proofs(server, TOKEN) + proofs(server, ME)
    assert len({proof.proof_id for proof in seen}) == 6
    assert {proof.jkt for proof in seen} == {road.key.thumbprint() if road.key else ""}


def test_dpop_03_and_12_a_proof_is_for_this_request_and_this_token(road: Possession, server: MockServer) -> None:
    road.post_form(server.issuer + TOKEN, FORM)
    road.ask("GET", server.issuer + ME + "?limit=3", "secret", "DPoP")
    (token,), (me,) = proofs(server, TOKEN), proofs(server, ME)
    assert (token.method, token.url, token.token_hash) == ("POST", server.issuer + TOKEN, None)
    assert (me.method, me.url, me.token_hash) == ("GET", server.issuer + ME, token_hash("secret"))
    assert server.asked_for(ME)[0].headers["authorization"] == "DPoP secret"
    connect = read_proof(road.proof_for_mqtt("https://tv.example/a", "secret"))
    assert (connect.method, connect.url, connect.token_hash) == (
        "CONNECT",
        "https://tv.example/a/mqtt",
        token_hash("secret"),
    )


@pytest.mark.parametrize(("path", "status"), [(TOKEN, 400), (ME, 401)])
def test_dpop_09_a_demanded_nonce_is_adopted_at_once(
    road: Possession, server: MockServer, path: str, status: int
) -> None:
    server.answers[path] = demanding(lambda: "n1", status=status)
    for _ in range(2):
        if path == TOKEN:
            answer = road.post_form(server.issuer + TOKEN, FORM)
        else:
            answer = road.ask("GET", server.issuer + ME, "secret", "DPoP")
        assert answer.status == 200
    assert [proof.nonce for proof in proofs(server, path)] == [None, "n1", "n1"]


def test_dpop_09_a_server_that_is_never_content_is_asked_twice_not_for_ever(
    road: Possession, server: MockServer
) -> None:
    server.answers[TOKEN] = (400, {"error": "use_dpop_nonce"}, {"dpop-nonce": "n"})
    assert road.post_form(server.issuer + TOKEN, FORM).status == 400
    assert len(server.asked) == 2
    server.answers[TOKEN] = (400, {"error": "use_dpop_nonce"})
    assert road.post_form(server.issuer + TOKEN, FORM).status == 400
    assert len(server.asked) == 3, "without a nonce there is nothing to try"


def test_dpop_11_a_nonce_on_a_200_is_carried_by_the_next_proof(road: Possession, server: MockServer) -> None:
    server.answers[TOKEN] = [(200, {}, {"dpop-nonce": f"n{turn}"}) for turn in range(3)]
    for _ in range(4):
        road.post_form(server.issuer + TOKEN, FORM)
    assert [proof.nonce for proof in proofs(server, TOKEN)] == [None, "n0", "n1", "n2"]


def test_dpop_11_nonces_of_the_two_servers_are_kept_apart(road: Possession, server: MockServer) -> None:
    server.answers[TOKEN] = (200, {}, {"dpop-nonce": "of-the-authorization-server"})
    server.answers[ME] = (200, {}, {"dpop-nonce": "of-the-api"})
    for _ in range(2):
        road.post_form(server.issuer + TOKEN, FORM)
        road.ask("GET", server.issuer + ME, "secret", "DPoP")
    assert [proof.nonce for proof in proofs(server, TOKEN)] == [None, "of-the-authorization-server"]
    assert [proof.nonce for proof in proofs(server, ME)] == [None, "of-the-api"]
    assert read_proof(road.proof_for_mqtt(server.issuer, "secret")).nonce == "of-the-api"


def test_a_nonce_without_measure_is_not_carried_about(road: Possession, server: MockServer) -> None:
    server.answers[TOKEN] = (200, {}, {"dpop-nonce": "n" * 5_000})
    for _ in range(2):
        road.post_form(server.issuer + TOKEN, FORM)
    assert [proof.nonce for proof in proofs(server, TOKEN)] == [None, None]


@pytest.mark.parametrize("wrong_by", [-40 * 365 * 86_400, -120, 120, 10 * 365 * 86_400])
def test_a_wrong_clock_is_put_right_by_the_servers_date(
    road: Possession, server: MockServer, monkeypatch: pytest.MonkeyPatch, wrong_by: int
) -> None:
    true = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: true() + wrong_by * 1_000_000_000)

    def token(asked: Asked) -> Any:
        is_fresh = abs(true() // 1_000_000 - read_proof(asked.headers["dpop"]).issued_at) < 10_000
        return (200, {}) if is_fresh else (400, {"error": "invalid_dpop_proof"})

    server.answers[TOKEN] = token
    assert road.post_form(server.issuer + TOKEN, FORM).status == 200
    assert len(server.asked) == 2, "asked again at once, for the answer told the time"
    assert road.post_form(server.issuer + TOKEN, FORM).status == 200
    assert len(server.asked) == 3


def test_with_the_right_time_a_refused_proof_is_not_tried_again(road: Possession, server: MockServer) -> None:
    server.answers[TOKEN] = (400, {"error": "invalid_dpop_proof"}, {"date": formatdate(usegmt=True)})
    assert road.post_form(server.issuer + TOKEN, FORM).status == 400
    assert len(server.asked) == 1


def test_an_unbound_token_goes_without_a_proof(road: Possession, server: MockServer) -> None:
    road.ask("GET", server.issuer + ME, "secret", "Bearer")
    (asked,) = server.asked
    assert asked.headers["authorization"] == "Bearer secret"
    assert "dpop" not in asked.headers


def test_without_a_key_nothing_is_proved_and_nothing_is_asked_twice(server: MockServer) -> None:
    http = Http(is_http_allowed=True)
    road = Possession(http)
    server.answers[TOKEN] = (400, {"error": "use_dpop_nonce"}, {"dpop-nonce": "n"})
    assert road.post_form(server.issuer + TOKEN, FORM).status == 400
    assert "dpop" not in server.asked[0].headers
    assert road.proof_for_mqtt(server.issuer, "secret") == ""
    http.close()
