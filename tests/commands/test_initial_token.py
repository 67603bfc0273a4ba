"""What an operator says about apps that register themselves and about devices that are known beforehand."""

from pathlib import Path

import pytest
import requests

from server.oauth.device import GRANT_TYPE
from tests.commands.process import Porchlight, told
from tests.dpop import Key
from tests.waiting import wait_until


def register(issuer: str, token: str, metadata: dict[str, object]) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return requests.post(f"{issuer}/register", json=metadata, headers=headers, timeout=40)


def test_a_token_is_shown_once_and_registers_as_often_as_was_said(porchlight: Porchlight) -> None:
    opened = porchlight.do("initial-token", "add", "--uses", "2", "--scope", "profile", "--note", "stand 4")
    token = opened["initial_access_token"]
    kept = b"".join(path.read_bytes() for path in porchlight.data.iterdir())
    assert token.encode() not in kept
    with porchlight.serve() as server:
        first = register(server.issuer, token, {"client_name": "Hall"}).json()
        assert (first["grant_types"], first["scope"]) == ([GRANT_TYPE, "refresh_token"], "profile")
        [listed] = porchlight.do("initial-token", "list")["tokens"]
        assert (listed["uses_left"], listed["note"], "initial_access_token" in listed) == (1, "stand 4", False)
        porchlight.do("initial-token", "end", opened["token_id"])
        assert register(server.issuer, token, {}).status_code == 401
        assert porchlight.do("initial-token", "list") == {"tokens": []}
        assert server.post("/device_authorization", {"client_id": first["client_id"]}).status_code == 200


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("initial-token add --uses 0", "--uses is a number from 1"),
        ("initial-token add --expires-in 5", "--expires-in is 60 to"),
        ("initial-token add --grant magic", "grant magic is not known"),
        ("initial-token add --scope tea", "scope tea is not known"),
        ("initial-token add --method magic", "invalid choice: 'magic'"),
        ("initial-token end nothing", "there is no initial access token nothing"),
        ("client remove tv nobody", "there is no client nobody; nothing was removed"),
        ("device allow --client tv", "name 1 to 1000000 keys"),
        ("device allow --client tv --jkt short", "key 1 is no thumbprint"),
        ("device allow --client nobody --jkt " + "x" * 43, "there is no client nobody"),
        ("device known --client nobody", "there is no client nobody"),
        ("device allow --client tv --file nowhere", "--file: nowhere cannot be read"),
        ("client add --client-id x --name X --known-devices --grant refresh_token", "--known-devices goes with"),
        ("client add --client-id x --name X --tls-subject nonsense --grant device_code", "is a distinguished name"),
        ("client add --client-id x --name X --tls-self-signed --grant device_code", "--tls-self-signed needs the keys"),
        (
            "client add --client-id x --name X --jwks-uri https://127.0.0.1/ --grant device_code",
            "--jwks-uri: the address is not public",
        ),
        (
            "client add --client-id x --name X --jwks-uri https://x.example/ --tls-subject CN=a --grant device_code",
            "choose one",
        ),
    ],
)
def test_a_slip_is_answered_in_one_line(
    furnished: Path, capsys: pytest.CaptureFixture[str], command: str, words: str
) -> None:
    code, out, err = told(capsys, *command.split(" "), data=furnished)
    assert code > 0
    assert out == ""
    assert words in err


def test_known_devices_are_allowed_in_bulk_listed_and_taken_back(porchlight: Porchlight, tmp_path: Path) -> None:
    add = ("client", "add", "--client-id", "kiosk", "--name", "Kiosk", "--grant", "device_code", "--known-devices")
    assert porchlight.run(*add, "--scope", "profile").code == 0
    keys = [Key() for _ in range(3)]
    fleet = tmp_path / "fleet.txt"
    fleet.write_text("# hall\n" + "\n".join(key.jkt for key in keys[:2]) + "  # the second\n\n")
    added = porchlight.do("device", "allow", "--client", "kiosk", "--file", str(fleet))
    assert (added["added"], added["known_before"], added["is_for_known_devices"]) == (2, 0, True)
    again = porchlight.do(
        "device", "allow", "--client", "kiosk", "--file", "-", stdin=f"{keys[0].jkt}\n{keys[2].jkt}\n"
    )
    assert (again["added"], again["known_before"]) == (1, 1)
    assert porchlight.do("device", "allow", "--client", "tv", "--jkt", keys[0].jkt)["is_for_known_devices"] is False
    listed = porchlight.do("device", "known", "--client", "kiosk")["devices"]
    assert {row["jkt"] for row in listed} == {key.jkt for key in keys}
    gone = porchlight.do("device", "disallow", "--client", "kiosk", "--jkt", keys[1].jkt)
    assert (gone["removed"], gone["devices_signed_out"]) == (1, 0)
    assert len(porchlight.do("device", "known", "--client", "kiosk")["devices"]) == 2


def test_a_removed_app_is_gone_while_the_server_runs(porchlight: Porchlight) -> None:
    with porchlight.serve() as server:
        tokens = server.sign_in()
        removed = porchlight.do("client", "remove", "tv")
        assert (removed["removed"], removed["devices_signed_out"]) == (["tv"], 1)
        wait_until(lambda: server.me(tokens).status_code == 401)
        assert server.refresh(tokens).json()["error"] == "invalid_client"
        assert porchlight.do("client", "list") == {"clients": []}
