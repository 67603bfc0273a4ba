"""The description of our interface: whole, true to the route table and to the words of the law, and had for nothing."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openapi_spec_validator
import pytest
from starlette.routing import Route

from server.oauth import errors
from server.oauth.errors import OAuthError
from server.openapi.document import about, document, walked
from tests.house import RunningHouse, open_house
from tests.openapi.witness import Witness

# Words of the law that no answer over HTTP carries, and where they are said in place of one.
ELSEWHERE = {
    "login_required": "at the app's redirect URI",
    "consent_required": "at the app's redirect URI",
    "transaction_failed": "in a push to the app's own server",
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    with open_house(tmp_path_factory.mktemp("openapi")) as running:
        yield running


@pytest.fixture(scope="module")
def said(house: RunningHouse) -> dict[str, Any]:
    answer = house.get("/openapi.json")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.headers["cache-control"] == "public, max-age=300"
    content: dict[str, Any] = answer.json()
    return content


def responses(said: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every answer of every operation, references followed: the operationId, the status, the answer."""
    for path in said["paths"].values():
        for one in path.values():
            for status, answer in one["responses"].items() if isinstance(one, dict) else ():
                name = answer.get("$ref", "").rpartition("/")[2]
                yield one["operationId"], status, said["components"]["responses"][name] if name else answer


def words(answer: dict[str, Any]) -> set[str]:
    """The error words that an answer may carry."""
    schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
    return {*schema.get("properties", {}).get("error", {}).get("enum", ())}


def every_refusal(kind: type[OAuthError] = OAuthError) -> Iterator[type[OAuthError]]:
    for each in kind.__subclasses__():
        yield each
        yield from every_refusal(each)


def test_the_description_is_openapi(said: dict[str, Any], house: RunningHouse) -> None:
    openapi_spec_validator.validate(said)
    assert said["openapi"] == "3.1.1"
    assert said["servers"] == [{"url": house.issuer}]


def test_every_route_says_what_it_takes_and_answers_and_by_the_methods_it_has(house: RunningHouse) -> None:
    for _, route in walked(house.app._router.routes):
        assert {*about(route)} == {*(route.methods or about(route))} - {"HEAD"}, route.path


def test_a_route_that_says_nothing_is_noticed(house: RunningHouse) -> None:
    with pytest.raises(LookupError, match="/new does not say"):
        document(house.app.house.settings, [Route("/new", lambda request: None)])


def test_every_word_is_the_laws_and_stands_at_its_status(said: dict[str, Any]) -> None:
    known = {(kind.error, str(kind.status)) for kind in every_refusal() if hasattr(kind, "error")}
    documented = {(word, status) for _, status, answer in responses(said) for word in words(answer)}
    assert documented - known == {("server_error", "500")}


def test_every_word_of_the_law_is_documented_or_said_elsewhere(said: dict[str, Any]) -> None:
    law = {kind.error for kind in vars(errors).values() if isinstance(kind, type) and hasattr(kind, "error")}
    documented = {word for _, _, answer in responses(said) for word in words(answer)}
    assert law - documented == {*ELSEWHERE}


def test_who_is_refused_without_a_proof_of_who_they_are_is_told_how_to_give_one(said: dict[str, Any]) -> None:
    challenged = [answer for _, status, answer in responses(said) if status == "401"]
    assert challenged
    assert all(answer["headers"]["www-authenticate"]["required"] for answer in challenged)


def test_an_issuer_with_a_path_is_described_from_there(tmp_path: Path) -> None:
    with open_house(tmp_path, issuer="https://tv.example.com/t1") as house:
        said = house.get("/openapi.json").json()
    openapi_spec_validator.validate(said)
    assert said["servers"] == [{"url": "https://tv.example.com/t1"}]
    well_known = said["paths"]["/.well-known/oauth-authorization-server/t1"]
    assert well_known["servers"] == [{"url": "https://tv.example.com"}]
    assert "/token" in said["paths"]


@pytest.mark.parametrize("path", ["/openapi.json/more", "/bc-authorize/more", "/register/a/b", "/mqtt", "/api/nothing"])
def test_a_program_that_is_lost_reads_json(house: RunningHouse, path: str) -> None:
    lost = house.get(path)
    assert (lost.status_code, lost.json()) == (404, {"error": "not_found"})


def test_a_person_who_is_lost_reads_a_page(house: RunningHouse) -> None:
    for path in ("/nothing", "/authorize/more", "/devices/a/b/c", "/tokens"):
        assert house.get(path).headers["content-type"].startswith("text/html"), path


def test_a_refused_method_names_all_the_methods_of_its_path(house: RunningHouse) -> None:
    answer = house.web.put(house.issuer + "/api/readings", timeout=40)
    assert answer.status_code == 405
    assert {*answer.headers["allow"].split(", ")} == {"GET", "HEAD", "POST", "DELETE"}


def test_a_server_that_nobody_asks_carries_no_description() -> None:
    check = "import server.app, sys; print([name for name in sys.modules if name.startswith('server.openapi')])"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"


def test_the_witness_notices_what_is_not_documented(tmp_path: Path) -> None:
    with open_house(tmp_path) as house:
        witness = Witness(house.app)
        house.get("/health")
        assert witness.undocumented == []
        witness._paths["/health"]["get"]["responses"].pop("200")
        house.get("/health")
    assert [each.partition(":")[0] for each in witness.undocumented] == ["GET /health 200"]
    assert witness.answered["GET /health", 200] == 2
