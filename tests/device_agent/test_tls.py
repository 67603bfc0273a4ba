"""Every road is TLS, and a certificate that is not good ends it before anything was sent (DEV-03)."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.certificate import certificate
from tests.device_agent.mock_server import MockServer
from tests.device_agent.process import Agent


def serve(path: Path) -> MockServer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return MockServer(tls=context)


@pytest.fixture
def good(tmp_path: Path) -> Iterator[tuple[MockServer, Path]]:
    path = certificate(tmp_path / "good.pem")
    with serve(path) as server:
        yield server, path


def test_dev_03_an_unknown_certificate_ends_it_and_nothing_was_sent(
    agent: Agent, good: tuple[MockServer, Path]
) -> None:
    server, _ = good
    ended = agent.run("login", "--server", server.issuer, "--json")
    assert ended.code == 5
    assert ended.events[-1]["code"] == "untrusted"
    assert "self-signed" in ended.events[-1]["message"]
    assert "--ca-file" in ended.events[-1]["hint"]
    assert server.asked == []


def test_dev_03_the_switch_for_http_does_not_weaken_https(agent: Agent, good: tuple[MockServer, Path]) -> None:
    server, _ = good
    assert agent.run("login", "--server", server.issuer, "--insecure-http").code == 5
    assert server.asked == []


@pytest.mark.parametrize(("name", "days"), [("other.example", 2), ("127.0.0.1", -1)], ids=["other name", "expired"])
def test_dev_03_a_trusted_certificate_must_also_fit(agent: Agent, tmp_path: Path, name: str, days: int) -> None:
    path = certificate(tmp_path / "bad.pem", name, days)
    with serve(path) as server:
        ended = agent.run("login", "--server", server.issuer, "--ca-file", str(path))
        assert ended.code == 5
        assert server.asked == []
        # An expired certificate may be the server's fault, or that of a device that lost its clock.
        assert ("Correct the date and time of this device." in ended.err) == (days < 0)


def test_a_private_authority_can_be_trusted(agent: Agent, good: tuple[MockServer, Path]) -> None:
    server, path = good
    ended = agent.run("login", "--server", server.issuer, "--ca-file", str(path))
    assert ended.code == 0
    assert "Signed in as Ana Ruiz (ana)" in ended.err


def test_dev_03_a_certificate_that_turns_bad_while_waiting_ends_it(
    agent: Agent, good: tuple[MockServer, Path], tmp_path: Path
) -> None:
    server, path = good
    with serve(certificate(tmp_path / "thief.pem")) as thief:
        server.answers["/.well-known/oauth-authorization-server"] = (
            200,
            server.metadata(token_endpoint=thief.issuer + "/token"),
        )
        ended = agent.run("login", "--server", server.issuer, "--ca-file", str(path))
        assert ended.code == 5
        assert thief.asked == []


def test_a_ca_file_that_is_none_is_said(agent: Agent, good: tuple[MockServer, Path], tmp_path: Path) -> None:
    server, _ = good
    (tmp_path / "empty.pem").write_text("")
    for name, why in (("missing.pem", "No such file"), ("empty.pem", "no certificate")):
        ended = agent.run("login", "--server", server.issuer, "--ca-file", str(tmp_path / name))
        assert ended.code == 2
        assert f"{name} cannot be used" in ended.err
        assert why in ended.err


def test_a_server_that_speaks_no_tls_is_not_trusted(agent: Agent, server: MockServer) -> None:
    ended = agent.run("login", "--server", server.issuer.replace("http:", "https:"))
    assert ended.code == 5
    assert server.asked == []
