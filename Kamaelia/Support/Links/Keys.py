"""The proof that both ends of a link know the same key, without sending it.

Each end sends a random number. The proof is the HMAC-SHA256 of the role of the sender, the name of
the link, and both numbers, so that neither a recorded proof nor the peer's own proof is of use.
"""

from __future__ import annotations

import hmac
import json
import secrets


def newNonce() -> str:
    """Return a random number as text."""
    return secrets.token_hex(32)


def proofOf(key: str, role: str, link: str, first: str, second: str) -> str:
    """Return the proof of the end with `role`; the nonces are in the order of the greetings."""
    content = json.dumps([role, link, first, second]).encode("ascii")
    return hmac.new(key.encode("utf-8"), content, "sha256").hexdigest()


def isProof(given: object, expected: str) -> bool:
    """Compare two proofs in constant time."""
    return isinstance(given, str) and hmac.compare_digest(
        given.encode("utf-8", "replace"), expected.encode("ascii")
    )
