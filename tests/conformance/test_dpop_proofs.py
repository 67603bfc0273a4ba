"""Bad proofs of possession at the token endpoint: each is refused by name, and an approved code outlives them all."""

import http.client
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

import jwt
import pytest
from jwt.algorithms import ECAlgorithm

from server.oauth.device import GRANT_TYPE
from tests.conformance.wire import FORM, StoppedClock, refused, tokens
from tests.dpop import Key
from tests.house import Phone, RunningHouse, furnish, open_house


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    with open_house(tmp_path_factory.mktemp("proofs"), clock=StoppedClock()) as running:
        yield furnish(running)


class Story:
    """A sign-in that is approved, and the key it began with."""

    def __init__(self, house: RunningHouse) -> None:
        self.house, self.key, self.url = house, Key(), house.issuer + "/token"
        proof = self.key.proof("POST", house.issuer + "/device_authorization", house.clock())
        self.started = house.post("/device_authorization", {"client_id": "tv"}, headers={"DPoP": proof}).json()
        Phone(house).approve(self.started)

    def proof(self, url: str = "", ahead: float = 0, **claims: Any) -> str:
        return self.key.proof("POST", url or self.url, self.house.clock() + int(ahead * 1_000), **claims)

    def with_header(self, key: Any = None, algorithm: str = "ES256", **header: Any) -> str:
        """A proof for this very request whose JOSE header is another."""
        said = jwt.decode(self.proof(), options={"verify_signature": False})
        headers = {"typ": "dpop+jwt", "jwk": self.key.jwk} | header
        return jwt.encode(said, self.key.private if key is None else key, algorithm=algorithm, headers=headers)

    def poll(self, proof: str) -> Any:
        return self.house.poll(self.started, headers={"DPoP": proof})


@pytest.fixture
def story(house: RunningHouse) -> Story:
    return Story(house)


def bad_proofs(story: Story) -> dict[str, str]:
    private = json.loads(ECAlgorithm.to_jwk(story.key.private))
    assert "d" in private
    return {
        "an empty one": "",
        "no JWT": "proof",
        "typ JWT": story.with_header(typ="JWT"),
        "alg none": story.with_header(algorithm="none", key=""),
        "alg HS256": story.with_header(algorithm="HS256", key="k" * 32),
        "a private key in it": story.with_header(jwk=private),
        "another key's signature": story.with_header(key=Key().private),
        "no key": story.with_header(jwk=None),
        "no jti": story.proof(jti=None),
        "no htm": story.proof(htm=None),
        "no htu": story.proof(htu=None),
        "no iat": story.proof(iat=None),
        "a jti without end": story.proof(jti="x" * 5_000),
        "another method": story.proof(htm="GET"),
        "another path": story.proof(url=story.house.issuer + "/device_authorization"),
        "another host": story.proof(url="https://evil.example/token"),
        "ten minutes old": story.proof(ahead=-600),
        "from the future": story.proof(ahead=600),
    }


def test_dpop_02_and_05_every_bad_proof_is_refused_by_name_and_uses_nothing_up(story: Story) -> None:
    for name, proof in bad_proofs(story).items():
        print(name)  # what stood last is what failed
        refused(story.poll(proof), "invalid_dpop_proof")
    good = tokens(story.poll(story.proof()))
    assert good["token_type"] == "DPoP"


def test_dpop_02_two_headers_are_one_too_many(story: Story) -> None:
    """Both good, in lines of their own: which of them counts would be anybody's guess."""
    place = urlsplit(story.house.address)
    form = {"grant_type": GRANT_TYPE, "client_id": "tv", "device_code": story.started["device_code"]}
    body = urlencode(form).encode()
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=20)
    try:
        connection.putrequest("POST", "/token")
        for name, value in (*FORM.items(), ("content-length", str(len(body)))):
            connection.putheader(name, value)
        for _ in "12":
            connection.putheader("DPoP", story.proof())
        connection.endheaders(body)
        answer = connection.getresponse()
        said = json.loads(answer.read())
    finally:
        connection.close()
    assert (answer.status, said["error"]) == (400, "invalid_dpop_proof")
    assert tokens(story.poll(story.proof()))["token_type"] == "DPoP"


def test_dpop_03_an_address_is_the_same_however_it_is_written(house: RunningHouse) -> None:
    port = urlsplit(house.issuer).port
    for url in (f"HTTP://127.0.0.1:{port}/token", f"{house.issuer}/token?a=b", f"{house.issuer}/token#part"):
        story = Story(house)
        assert tokens(story.poll(story.proof(url)))["token_type"] == "DPoP", url


@pytest.mark.parametrize("seconds", [5, -30])
def test_dpop_04_a_clock_that_is_a_little_wrong_is_forgiven(story: Story, seconds: float) -> None:
    assert tokens(story.poll(story.proof(ahead=seconds)))["token_type"] == "DPoP"
