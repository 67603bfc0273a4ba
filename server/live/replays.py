"""Proofs of possession seen lately by this server: one that is shown again is refused (RFC 9449 section 11.1).

This memory is this server's own and costs no write; before a proof buys tokens the storage is asked too, for all.
"""

from typing import Final

from server.oauth.proof import REMEMBERED_FOR, InvalidProof, Proof

MOST: Final = 200_000


class Replays:
    """What was seen, until it is too old to be shown again."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], int] = {}

    def __len__(self) -> int:
        return len(self._seen)

    def see(self, proof: Proof) -> None:
        """Raise `InvalidProof` for a proof that was seen before."""
        key = (proof.jkt, proof.proof_id)
        if key in self._seen:
            raise InvalidProof("the proof was used before; make a new one for each request")
        if len(self._seen) >= MOST:
            self._seen.pop(next(iter(self._seen)))
        self._seen[key] = proof.issued_at + REMEMBERED_FOR

    def sweep(self, now: int) -> None:
        """Forget those that are too old by themselves."""
        self._seen = {key: until for key, until in self._seen.items() if now < until}
