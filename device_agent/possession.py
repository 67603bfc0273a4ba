"""Requests that prove this device's key: a new DPoP proof for each, the server's clock, its nonces (RFC 9449).

Without a key the same requests go out without proofs: whoever asks need not know.
"""

import os

from device_agent.flow.answers import text
from device_agent.http.answer import Answer
from device_agent.http.client import Http

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from device_agent.key import Key

_AUTHORIZATION, _RESOURCE = "authorization server", "resource server"
LONGEST_NONCE = 1_024
SKEW = 2_000  # milliseconds; a smaller difference to the server's clock is no reason for a refusal


class Possession:
    """One road to one server. Never two proofs alike; the nonces of its two roles are kept apart (section 8.2)."""

    def __init__(self, http: Http, key: "Key | None" = None) -> None:
        self.http = http
        self.key = key
        self._nonces = {_AUTHORIZATION: "", _RESOURCE: ""}

    def post_form(
        self,
        url: str,
        form: tuple[tuple[str, str], ...],
        hold_for: int = 0,
        meanwhile: "Callable[[], object] | None" = None,
    ) -> Answer:
        """`Http.post_form` to the authorization server, with a proof. Raises Unreachable or Untrusted."""

        def send(headers: list[tuple[str, str]]) -> Answer:
            return self.http.post_form(url, form, hold_for, headers, meanwhile)

        return self._proved(_AUTHORIZATION, "POST", url, "", send)

    def ask(self, method: str, url: str, token: str, scheme: str, body: bytes = b"") -> Answer:
        """A call with an access token, whose type is `scheme`: Bearer, or DPoP with a proof (section 7.1)."""
        headers = [("Authorization", f"{scheme} {token}")]
        if body:
            headers.append(("Content-Type", "application/json"))

        def send(more: list[tuple[str, str]]) -> Answer:
            return self.http.send(method, url, headers + more, body)

        if scheme == "Bearer":
            return send([])
        return self._proved(_RESOURCE, method, url, token, send)

    def proof_for_mqtt(self, issuer: str, token: str) -> str:
        """The proof that a CONNECT carries, "" without a key; ours, for no standard says how MQTT shows one.

        Ask for the credentials just before: that is where the server's clock and nonce come from.
        """
        return self._proof(_RESOURCE, "CONNECT", issuer + "/mqtt", token) if self.key is not None else ""

    def _proved(
        self, role: str, method: str, url: str, token: str, send: "Callable[[list[tuple[str, str]]], Answer]"
    ) -> Answer:
        if self.key is None:
            return send([])
        guessed = self.http.clock.ahead()
        answer = send([("DPoP", self._proof(role, method, url, token))])
        self._adopt(role, answer)
        if self._is_worth_another(answer, abs(self.http.clock.ahead() - guessed)):
            answer = send([("DPoP", self._proof(role, method, url, token))])
            self._adopt(role, answer)
        return answer

    def _proof(self, role: str, method: str, url: str, token: str) -> str:
        if self.key is None:
            raise ValueError("there is no key to prove")
        claims: dict[str, object] = {
            "jti": os.urandom(12).hex(),
            "htm": method,
            "htu": url.partition("?")[0],
            "iat": self.http.clock.now() // 1_000,
        }
        if self._nonces[role]:
            claims["nonce"] = self._nonces[role]
        if token:
            from device_agent.key import fingerprint

            claims["ath"] = fingerprint(token.encode())
        return self.key.proof(claims)

    def _adopt(self, role: str, answer: Answer) -> None:
        # From every answer, a good one too: the next proof must carry it (section 8.2).
        nonce = answer.headers.get("dpop-nonce", "")
        if 0 < len(nonce) <= LONGEST_NONCE:
            self._nonces[role] = nonce

    def _is_worth_another(self, answer: Answer, was_off_by: int) -> bool:
        """Whether the refusal was for want of a nonce, or for a clock that the answer has put right."""
        if answer.status not in (400, 401):
            return False
        said = text(answer.json(), "error") + answer.headers.get("www-authenticate", "")
        if "use_dpop_nonce" in said:
            return bool(answer.headers.get("dpop-nonce"))
        return "invalid_dpop_proof" in said and was_off_by > SKEW
