"""Which inboxes have woken their feeders in the current turn, so that they need not search again.

When a message is taken from an inbox, the components that feed it and sleep in `pause()` are woken.
If thousands of components feed one inbox, a search among them for each message would be slow. No
component falls asleep during the turn of another, so one search in each turn is enough.

`searched` contains the identities of the inboxes. Axon.Sinks uses it, and Axon.RunQueue clears it.
"""

from __future__ import annotations

__all__ = ["searched"]

searched: set[int] = set()
