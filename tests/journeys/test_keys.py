"""The signing keys over a server's life: encrypted at rest once there is a secret, and refused by name without it."""

from pathlib import Path

import pytest

from server.oauth.store import StorageError
from server.signing.keys import is_locked
from tests.house import furnish, open_house

SECRET = "a key-encryption secret"


def test_a_secret_encrypts_the_keys_that_are_there_and_tokens_stay_good(tmp_path: Path) -> None:
    issuer = "http://127.0.0.1:8628"
    with open_house(tmp_path, issuer=issuer) as house:
        tokens = furnish(house).sign_in()
        keys = house.do(house.app.house.store.keys())
        assert not any(is_locked(key) for key in keys)
    with open_house(tmp_path, issuer=issuer, key_secret=SECRET) as house:
        assert all(is_locked(key) for key in house.do(house.app.house.store.keys()))
        assert house.me(tokens).status_code == 200
    database = b"".join(path.read_bytes() for path in tmp_path.glob("porchlight.db*"))
    assert b"BEGIN ENCRYPTED PRIVATE KEY" in database
    with pytest.raises(StorageError, match="key_secret"), open_house(tmp_path, issuer=issuer):
        pass


@pytest.mark.parametrize("algorithm", ["RS256", "EdDSA"])
def test_an_operator_chooses_how_tokens_are_signed(tmp_path: Path, algorithm: str) -> None:
    with open_house(tmp_path, signing_algorithm=algorithm) as house:
        assert house.me(furnish(house).sign_in()).status_code == 200
        assert algorithm in {jwk["alg"] for jwk in house.get("/jwks").json()["keys"]}
