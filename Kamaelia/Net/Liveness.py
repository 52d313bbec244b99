"""The keys at a Redis server that show which ends of a link are alive.

How does it work?
-----------------
An end has a key `name:alive:token`, which expires if it is not set again in time.
"""

from __future__ import annotations

from typing import Any

KEEPALIVE = 10_000  # milliseconds that a blocking read lasts


def milliseconds(seconds: float) -> int:
    """Return a time in milliseconds, at least 1."""
    return max(1, round(seconds * 1000))


def aliveKey(name: str, token: str) -> str:
    """Return the key that exists while an end lives; without a token, its beginning."""
    return f"{name}:alive:{token}"


def showLife(client: Any, key: str, heartbeat: float) -> Any:
    """Set the key of an end for `heartbeat` seconds; return what the client returns."""
    return client.set(key, "1", px=milliseconds(heartbeat))
